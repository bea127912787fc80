"""Writes of every kind, one after the other on a thread each, while failpoints are hit; what each
was answered, and so what must be there in the end."""

import collections
import json
import threading
import time

from http_caller import RETRY_STATUSES, Caller
from made_texts import text_of

KINDS = ("create", "strict", "patch", "erase")
DECIDED_SECONDS_MAX = 60
PAUSE = 0.015  # s, between the writes of a thread.
RETRY_SECONDS_MAX = 0.1
POOL = 40
START_TIME = "2025-03-04T05:06:07Z"
PATH = "/api/v1/audit/remediation"
JSON = {"Content-Type": "application/json"}


class Thing:
    """A record, as its writer knows it."""

    def __init__(self, key, text):
        self.key, self.text = key, text
        self.id, self.version, self.fate = None, 0, "unsent"
        self.requests = 0
        self.old_texts = []
        self.changed = threading.Event()

    def is_there(self):
        return self.fate == "live"


class OperatorPort:
    """A service by its operator's port, for a Caller."""

    def __init__(self, service):
        self._service = service

    @property
    def port(self):
        return self._service.metrics_port


class Writer:
    """One thread's. Carries a write out until it is decided."""

    def __init__(self, load, kind=None):
        self.load, self._kind = load, kind
        self._caller = Caller([load.service], on_sent=self._note_sent)
        self._operator = Caller([OperatorPort(load.service)], on_sent=self._note_sent)

    def _note_sent(self):
        if self._kind:
            self.load.note_in_flight(self._kind, 1)

    def close(self):
        self._caller.close()
        self._operator.close()

    def create(self, thing, is_strict=False):
        document = {
            "name": thing.key, "namespace": "prod", "phase": "processing", "status": "running",
            "action_type": "restart", "start_time": START_TIME, "alert_fingerprint": "00ff00ff",
            "remediation_request_id": thing.key, "severity": "warning",
            "environment": "production", "cluster_name": "eu-1", "target_resource": "pod/web-1",
            "summary": thing.text}
        headers = {**JSON, "Idempotency-Key": f"{thing.key}/c"}
        if is_strict:
            headers["Prefer"] = "write=strict"
        thing.fate = "creating"
        return self._decide(thing, self._caller, ("POST", PATH, encoded(document), headers))

    def patch(self, thing, text):
        thing.old_texts.append(thing.text)
        thing.text = text
        return self._decide(thing, self._caller, (
            "PATCH", f"{PATH}/{thing.id}", encoded({"summary": text}),
            {"Content-Type": "application/merge-patch+json",
             "If-Match": f'"{thing.version}.s"',
             "Idempotency-Key": f"{thing.key}/p{thing.version}"}))

    def erase(self, thing):
        document = {"id": thing.id, "who": "failpoints", "why": "a test"}
        return self._decide(thing, self._operator,
                            ("POST", "/admin/erase", encoded(document), JSON))

    def repeat(self, request):
        """The same again, until it is answered well. (status, document)."""
        reply, _ = self._caller.ask_until_answered(*request, retry_seconds_max=RETRY_SECONDS_MAX)
        return (reply.status, reply.document()) if reply else (None, None)

    def _decide(self, thing, caller, request):
        """The answer of success; None when the creation was refused and nothing is stored."""
        deadline, pause = time.monotonic() + DECIDED_SECONDS_MAX, threading.Event()
        may_be_stored, method = False, request[0]
        thing.request = request
        self.load.touch(thing)
        while time.monotonic() < deadline:
            reply = caller.ask(*request)
            if self._kind:
                self.load.note_in_flight(self._kind, -1)
            thing.requests += 1
            document = (reply.document() if reply else None) or {}
            status = reply.status if reply else None
            self.load.count(f"answer_{status}")
            if status in (200, 201) or (status == 410 and "/erase" in request[1]):
                return self._accept(thing, request, document, may_be_stored)
            is_busy = status == 409 and reply.headers["Retry-After"]
            if reply is not None and status not in RETRY_STATUSES and not is_busy:
                raise Broken(f"{method} {thing.key}: {status} {reply.body[:300]!r}")
            is_refused = document.get("outcome") == "none" and not is_busy
            if is_refused and not may_be_stored and thing.fate == "creating":
                thing.fate = "refused"
                return None
            may_be_stored = may_be_stored or not is_refused
            pause.wait(RETRY_SECONDS_MAX)
        raise Broken(f"{method} {thing.key} is not decided in {DECIDED_SECONDS_MAX} s")

    @staticmethod
    def _accept(thing, request, document, may_be_stored):
        if "/erase" in request[1]:
            thing.fate = "erased"
            return document
        if thing.id is not None and document["id"] != thing.id:
            raise Broken(f"{thing.key} has the ids {thing.id} and {document['id']}")
        version = thing.version + 1
        if document["version"] != version:
            raise Broken(f"{thing.key}: version {document['version']} instead of {version}")
        thing.id, thing.version, thing.fate = document["id"], version, "live"
        return document


class Broken(Exception):
    """A promise is broken, as an answer shows."""


def encoded(document):
    return json.dumps(document).encode()


class Load:
    """Threads: one a kind, and whoever asks; `state` guards all."""

    def __init__(self, service, name):
        self.service, self.name = service, name
        self.state = threading.Condition()
        self.in_flight, self.tally = collections.Counter(), collections.Counter()
        self.things, self.failure = [], None
        self._touched, self._numbers = {}, 0
        self._fresh, self._patched = collections.deque(), collections.deque()
        self._is_running, self._is_hurried, self._is_ended, self._busy = False, False, False, 0
        self._threads = [threading.Thread(target=self._work, args=(kind,), daemon=True)
                         for kind in KINDS]

    def new_thing(self):
        with self.state:
            self._numbers += 1
            thing = Thing(f"{self.name}-{self._numbers}", self._text())
            self.things.append(thing)
        return thing

    def _text(self):
        self._numbers += 1
        return text_of(self._numbers)

    def new_text(self):
        with self.state:
            return self._text()

    def touch(self, thing):
        with self.state:
            self._touched[thing.key] = thing

    def take_touched(self):
        with self.state:
            touched, self._touched = list(self._touched.values()), {}
        return touched

    def count(self, what):
        with self.state:
            self.tally[what] += 1

    def note_in_flight(self, kind, change):
        with self.state:
            self.in_flight[kind] = max(0, self.in_flight[kind] + change)
            self.state.notify_all()

    # The threads.

    def start(self):
        for thread in self._threads:
            thread.start()

    def fill_pool(self):
        writer = Writer(self)
        while len(self._fresh) < POOL:
            thing = self.new_thing()
            if writer.create(thing):
                self._fresh.append(thing)
        writer.close()

    def _work(self, kind):
        writer = Writer(self, kind)
        try:
            while self._may_begin():
                try:
                    self._carry_out(kind, writer)
                finally:
                    with self.state:
                        self._busy -= 1
                        self.state.notify_all()
        except BaseException as error:  # The main thread raises it.
            with self.state:
                self.failure = self.failure or error
                self.state.notify_all()
        finally:
            writer.close()

    def _may_begin(self):
        with self.state:
            self.state.wait_for(lambda: self._is_hurried or self._is_ended, PAUSE)
            self.state.wait_for(lambda: self._is_running or self._is_ended)
            self._busy += not self._is_ended
            return not self._is_ended

    def _carry_out(self, kind, writer):
        if kind in ("create", "strict"):
            thing = self.new_thing()
            if writer.create(thing, kind == "strict") and len(self._fresh) < 2 * POOL:
                self._fresh.append(thing)
            return
        if len(self._fresh) < POOL // 2 and not self._is_hurried:
            return  # There must be one left when all others wait for a failpoint.
        pool = self._patched if kind == "erase" and self._patched else self._fresh
        try:
            thing = pool.popleft()
        except IndexError:
            return
        if kind == "erase":
            writer.erase(thing)
            return
        writer.patch(thing, self.new_text())
        if len(self._patched) < POOL // 2:
            self._patched.append(thing)
        else:
            self._fresh.append(thing)

    def resume(self):
        with self.state:
            self._is_running = True
            self.state.notify_all()

    def await_all_in_flight(self, seconds):
        """How many of each kind are sent and not answered, as soon as there is one of each."""
        with self.state:
            self._is_hurried = True
            self.state.notify_all()
            self.state.wait_for(
                lambda: all(self.in_flight[kind] > 0 for kind in KINDS) or self.failure, seconds)
            self._is_hurried = False
            return dict(self.in_flight)

    def pause(self):
        """Returns when all that was begun is decided."""
        with self.state:
            self._is_running = False
            if not self.state.wait_for(lambda: self._busy == 0, 2 * DECIDED_SECONDS_MAX):
                raise Broken("a write is not decided")
        self.raise_failure()

    def raise_failure(self):
        if self.failure is not None:
            raise self.failure

    def end(self):
        with self.state:
            self._is_ended = True
            self.state.notify_all()
        for thread in self._threads:
            thread.join(DECIDED_SECONDS_MAX)
