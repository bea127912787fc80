"""Sixteen connections that write all records and patches, and go on after the service is killed.

What was sent and what was answered is in the journal before anything else happens. What was not
answered is sent again, the same bytes under the same keys.
"""

import collections
import http.client
import json
import random
import threading
import urllib.parse
from typing import NamedTuple

from exact_json import dump

CONNECTIONS = 16
ANSWER_SECONDS_MAX = 120
SINGLES_SHARE = 0.12
RETRY_STATUSES = (429, 503)
REPLAYED = 208  # In the journal: an answer that was kept under its key.


class Unexpected(Exception):
    """The service answered what it must not answer."""


class Task(NamedTuple):
    how: str  # batch, single or patch.
    operations: tuple  # Record numbers, or for a patch one (record, place).


class Importer:
    """Threads: `state` guards all members below it; the killer holds it while it kills."""

    def __init__(self, maker, service, journal, seed):
        self.maker, self.service, self.journal = maker, service, journal
        self._patches = [self._with_patches(i) for i in range(maker.count)]
        self.total = maker.count + sum(self._patches)
        self.state = threading.Condition()
        self.is_up, self.generation, self.failure = True, 0, None
        self.unanswered = {}  # Of each connection with a request wholly sent: its operations.
        self.cut = {}  # Operations that a kill left without an answer, and when that was, in ms.
        self.tally = collections.Counter()
        self.acked_count = 0
        self._tasks = collections.deque(self._plan(random.Random(seed)))
        self._due_patches = collections.deque()
        self._sent, self._sent_again, self.ids = set(), set(), {}

    def _with_patches(self, i):
        return len(self.maker.patches(i))

    def _plan(self, rng):
        singles = [i for i in range(self.maker.count) if rng.random() < SINGLES_SHARE]
        others = sorted(set(range(self.maker.count)) - set(singles))
        size_max = max(self.maker.count // 200, 4)  # A short import has enough requests, too.
        tasks = [Task("single", (i,)) for i in singles]
        while others:
            size = min(rng.choice((20, 60, 90, 100, 110, 140, 300)), size_max)
            tasks.append(Task("batch", tuple(others[:size])))
            del others[:size]
        rng.shuffle(tasks)
        return tasks

    def start(self):
        for number in range(CONNECTIONS):
            threading.Thread(target=self._work, args=(number,), daemon=True).start()

    def is_done(self):
        """Raises what a connection met. REQUIRES: the caller holds `state`."""
        if self.failure is not None:
            raise self.failure
        return self.acked_count == self.total

    # Of one connection.

    def _work(self, number):
        connection, generation = http.client.HTTPConnection("127.0.0.1"), None
        rng = random.Random(number)
        try:
            while True:
                with self.state:
                    task = self._next(rng)
                    if task is None:
                        return
                    if generation != self.generation:
                        generation = self.generation
                        connection.close()
                        connection = http.client.HTTPConnection(
                            "127.0.0.1", self.service.port, timeout=ANSWER_SECONDS_MAX)
                try:
                    self._run(number, connection, task)
                except (OSError, http.client.HTTPException):
                    connection.close()
                    with self.state:
                        self._lost_connection(number, task, generation)
        except BaseException as error:  # The main thread raises it.
            with self.state:
                self.failure = error
                self.state.notify_all()
        finally:
            connection.close()

    def _next(self, rng):
        while True:
            if self.acked_count == self.total or self.failure is not None:
                return None
            if self.is_up:
                if self._due_patches and (not self._tasks or rng.random() < 0.6):
                    return self._due_patches.popleft()
                if self._tasks:
                    return self._tasks.popleft()
            self.state.wait()

    def _lost_connection(self, number, task, generation):
        self.unanswered.pop(number, None)
        self._again(task)
        if self.is_up and self.generation == generation:
            if self.service.has_ended():
                raise Unexpected("the service ended by itself")
            self.tally["connections_closed_by_service"] += 1

    def _again(self, task):
        left = tuple(o for o in task.operations if self._name(task, o) not in self.ids)
        if left:
            self._tasks.appendleft(task._replace(operations=left))
        self.state.notify_all()

    @staticmethod
    def _name(task, operation):
        return "p{}.{}".format(*operation) if task.how == "patch" else f"c{operation}"

    def _run(self, number, connection, task):
        names = [self._name(task, operation) for operation in task.operations]
        self.journal.add({"sent": names})
        {"batch": self._batch, "single": self._single, "patch": self._patch}[task.how](
            number, connection, task, names)

    def _send(self, number, connection, names, request):
        connection.request(*request)
        with self.state:
            self._sent_again.update(name for name in names if name in self._sent)
            self._sent.update(names)
            self.unanswered[number] = list(names)
        return connection.getresponse()

    def _answered(self, number, acks, waiting):
        """Journals the answers; `waiting` are the names still without one."""
        if acks:
            self.journal.add({"acked": acks})
        with self.state:
            for name, record_id, _, status in acks:
                self._count(name, record_id, status)
                self.ids[name] = record_id
                self._make_patch_due(name)
            self.acked_count += len(acks)
            if waiting:
                self.unanswered[number] = waiting
            else:
                self.unanswered.pop(number, None)
            self.state.notify_all()

    def _count(self, name, record_id, status):
        """Of what a kill cut off: had the service committed it? The id tells when it was made."""
        killed_at = self.cut.pop(name, None)
        if killed_at is None:
            return
        if name.startswith("p"):
            self.tally["cut_committed" if status == REPLAYED else "cut_not_committed"] += 1
        else:
            made_at = int(record_id.replace("-", "")[:12], 16)
            self.tally["cut_committed" if made_at <= killed_at else "cut_not_committed"] += 1

    def _make_patch_due(self, name):
        i, _, place = name[1:].partition(".")
        place = int(place or 0) + 1
        if place <= self._patches[int(i)]:
            self._due_patches.append(Task("patch", ((int(i), place),)))

    def _batch(self, number, connection, task, names):
        body = b"\n".join(self.maker.item(i) for i in task.operations)
        response = self._send(number, connection, names, (
            "POST", "/api/v1/audit/batch", body, {"Content-Type": "application/x-ndjson"}))
        if response.status != 200:
            self._refused(number, task, response.status, response.read())
            return
        acks, refused, read = [], False, 0
        try:
            for line in response:
                if not line.endswith(b"\n"):
                    break
                result = json.loads(line)
                if result["index"] != read:
                    raise Unexpected(f"result {result['index']} stands at {read}")
                read += 1
                if result["status"] in RETRY_STATUSES:
                    refused = True
                    continue
                self._must_succeed(names[read - 1], result["status"], line)
                acks.append((names[read - 1], result["id"], 1, result["status"]))
        finally:  # What was read before the connection broke was acknowledged.
            self._answered(number, acks, names[read:])
        if refused or read < len(names):
            if not refused:
                raise ConnectionError("the answer ended early")
            with self.state:
                self.tally["refused_as_busy"] += 1
                self.unanswered.pop(number, None)
                self._again(task)

    def _single(self, number, connection, task, names):
        i = task.operations[0]
        kind, members = self.maker.record(i)
        response = self._send(number, connection, names, (
            "POST", f"/api/v1/audit/{kind}", dump(members, i % 3 == 0).encode(),
            {"Content-Type": "application/json", "Idempotency-Key": f"c{i}"}))
        body = response.read()
        if response.status in RETRY_STATUSES:
            self._refused(number, task, response.status, body)
            return
        self._must_succeed(names[0], response.status, body)
        if not response.headers["ETag"].startswith('"1.'):
            raise Unexpected(f"{names[0]}: ETag {response.headers['ETag']}")
        status = REPLAYED if response.headers["Idempotency-Replayed"] else response.status
        self._answered(number, [(names[0], json.loads(body)["id"], 1, status)], [])

    def _patch(self, number, connection, task, names):
        i, place = task.operations[0]
        kind, key = self.maker.natural_key(i)
        path = self.ids[f"c{i}"] if i % 2 else "key:" + urllib.parse.quote(key, safe="")
        response = self._send(number, connection, names, (
            "PATCH", f"/api/v1/audit/{kind}/{path}",
            dump(self.maker.patches(i)[place - 1]).encode(),
            {"Content-Type": "application/merge-patch+json", "Idempotency-Key": names[0],
             "If-Match": f'"{place}.s"'}))
        body = response.read()
        if response.status in RETRY_STATUSES:
            self._refused(number, task, response.status, body)
            return
        answer = json.loads(body)
        if response.status != 200 or answer["version"] != place + 1:
            raise Unexpected(f"{names[0]}: {response.status} {body[:500]!r}")
        status = REPLAYED if response.headers["Idempotency-Replayed"] else 200
        self._answered(number, [(names[0], answer["id"], place + 1, status)], [])

    def _must_succeed(self, name, status, text):
        if status not in (200, 201):
            raise Unexpected(f"{name}: {status} {text[:500]!r}")
        with self.state:
            is_again = name in self._sent_again
        if status == 200 and not is_again:
            raise Unexpected(f"{name}: 200 for what was never sent before: {text[:500]!r}")

    def _refused(self, number, task, status, body):
        if status not in RETRY_STATUSES:
            raise Unexpected(f"{task.how} of {task.operations[:3]}…: {status} {body[:500]!r}")
        with self.state:
            self.tally["refused_as_busy"] += 1
            self.unanswered.pop(number, None)
            self._again(task)
