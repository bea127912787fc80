"""Connections that create and patch records at a pace, whatever is killed or rolled meanwhile.

What was sent and what was answered is in the journal before anything else happens. A write that
was not answered, or refused with Retry-After, is sent again, the same bytes under the same key.
A write that is held up does not slow the pace for long: what is owed is made good afterwards.
"""

import collections
import random
import threading
import time
import urllib.parse

from exact_json import dump
from http_caller import LOST_PAUSE, RETRY_STATUSES, UNANSWERED_SECONDS_MAX, Caller
from reference_vectors import embedded_text

STRICT_SHARE = 2 / 7  # Of creations, so that of all writes a fifth is strict.
PATCH_SHARE = 0.3
ECHO_SHARE = 0.03  # Of writes: sent once more although they were answered.
KEYED_SHARE = 0.6  # Of creations: under an idempotency key, the rest under their natural key only.
READ_BACK_SHARE, SEARCH_SHARE = 0.05, 0.02
SEARCH_LIMIT = 20
SIMILARITY_MIN = 0.999
MISSED_SHARE_MAX = 0.02  # Of searches that say they are approximate, by a record's own text.
FAULTS_TOLD_MAX = 30


class Write:
    """One write, sent until it is answered. Threads: one at a time."""

    def __init__(self, name, request, is_strict=False, gives_up=False):
        self.name, self.request = name, request
        self.is_strict, self.gives_up = is_strict, gives_up
        self.is_echo = False  # Was answered before.
        self.may_be_stored = False  # By an attempt whose outcome is not known.
        self.is_answered = False  # Well, by the attempt in flight.

    def is_creation(self):
        return self.name.startswith("c")

    def is_keyed(self):
        return "Idempotency-Key" in self.request[3]

    def place(self):
        """(record, version that is made)."""
        record, _, patch = self.name[1:].partition(".")
        return int(record), int(patch or 0) + 1


class Writers:
    """Threads: `state` guards all members below it. Each connection is a thread."""

    def __init__(self, maker, services, journal, options):
        """Of the options: seed, rate (writes a second), connections, retry_seconds_max, and
        gives_up_share: of creations, not tried again after "nothing was stored"."""
        self.maker, self.services, self.journal, self.options = maker, services, journal, options
        self.state = threading.Condition()
        self.in_flight = {}  # Of each connection with a write wholly sent: the write.
        self.tally, self.told, self.failure = collections.Counter(), [], None
        self.answered_at = 0.0
        self.latencies = []  # s, from the first attempt of a write to its answer.
        self.ids = {}
        self._ended = threading.Event()
        self._tickets, self._echoes, self._patches = 0, collections.deque(), collections.deque()
        self._order = list(range(maker.count))
        random.Random(options.seed).shuffle(self._order)
        self._threads = [threading.Thread(target=self._work, args=(n,), daemon=True)
                         for n in range(options.connections)]

    def start(self):
        self.begun = time.monotonic()
        for thread in self._threads:
            thread.start()

    def finish(self):
        """Begins nothing more, and returns when all that was begun is answered."""
        self._ended.set()
        for thread in self._threads:
            thread.join(2 * UNANSWERED_SECONDS_MAX)
            if thread.is_alive():
                raise RuntimeError("a write is not answered")
        self.raise_failure()

    def raise_failure(self):
        if self.failure is not None:
            raise self.failure

    def add_fault(self, kind, what):
        with self.state:
            self.tally[kind] += 1
            if len(self.told) < FAULTS_TOLD_MAX:
                self.told.append(f"{kind}: {what}")

    # What comes next.

    def _next(self, rng):
        """At its moment; None at the end."""
        with self.state:
            ticket = self._tickets
            self._tickets += 1
        due = self.begun + ticket / self.options.rate
        if self._ended.wait(max(0.0, due - time.monotonic())) or self._ended.is_set():
            return None
        with self.state:
            if self._echoes and rng.random() < ECHO_SHARE:
                return self._echoes.popleft()
            begun = self.tally["patches"] + self.tally["creations"] + 1
            if self._patches and self.tally["patches"] < PATCH_SHARE * begun:
                return self._patch(*self._patches.popleft())
            if not self._order:
                raise RuntimeError("there are no more records to create: raise --records")
            return self._creation(self._order.pop())

    def _creation(self, i):
        rng = random.Random(self.options.seed * 1_000_003 + i)
        kind, members = self.maker.record(i)
        headers = {"Content-Type": "application/json"}
        is_strict = rng.random() < STRICT_SHARE
        if is_strict:
            headers["Prefer"] = "write=strict"
        if rng.random() < KEYED_SHARE:
            headers["Idempotency-Key"] = f"c{i}"
        self.tally["creations"] += 1
        self.tally["strict"] += is_strict
        return Write(f"c{i}", ("POST", f"/api/v1/audit/{kind}", dump(members, i % 3 == 0).encode(),
                               headers), is_strict,
                     rng.random() < self.options.gives_up_share)

    def _patch(self, i, place):
        kind, key = self.maker.natural_key(i)
        path = self.ids[i] if i % 2 else "key:" + urllib.parse.quote(key, safe="")
        self.tally["patches"] += 1
        return Write(f"p{i}.{place}", (
            "PATCH", f"/api/v1/audit/{kind}/{path}",
            dump(self.maker.patches(i)[place - 1]).encode(),
            {"Content-Type": "application/merge-patch+json", "If-Match": f'"{place}.s"',
             "Idempotency-Key": f"p{i}.{place}"}))

    # Of one connection.

    def _work(self, number):
        rng = random.Random(self.options.seed * 1_009 + number)
        current = []

        def note_sent():
            with self.state:
                self.in_flight[number] = current[0]

        caller = Caller(self.services, number, note_sent)
        reader = Caller(self.services, number)
        try:
            while (write := self._next(rng)) is not None:
                current[:] = [write]
                begun = time.monotonic()
                self.journal.add({"sent": [write.name]})
                answer = self._carry_out(number, caller, write, rng)
                if answer is not None:
                    with self.state:
                        self.latencies.append(time.monotonic() - begun)
                    self._look_after(reader, write, answer, rng)
        except BaseException as error:  # The main thread raises it.
            with self.state:
                self.failure = error
                self._ended.set()
        finally:
            caller.close()
            reader.close()

    def _carry_out(self, number, caller, write, rng):
        """The answer of success; None when there was none that is to be."""
        deadline, pause = time.monotonic() + UNANSWERED_SECONDS_MAX, threading.Event()
        while time.monotonic() < deadline:
            write.is_answered = False
            reply = caller.ask(*write.request)
            write.is_answered = reply is not None and reply.status in (200, 201)
            answer, wait = self._judge(write, reply)
            with self.state:
                self.in_flight.pop(number, None)
                self.tally["attempts"] += 1
                self.state.notify_all()
            if wait is None:
                return answer
            caller.turn()
            pause.wait(wait * rng.uniform(0.5, 1.0) if reply is None else wait)
        self.add_fault("false_failure", f"{write.name} was not answered well in "
                                        f"{UNANSWERED_SECONDS_MAX} s")
        return None

    def _judge(self, write, reply):
        """(the answer of success or None, s to wait before another attempt or None)."""
        document = reply and reply.document()
        if reply is not None and reply.status in (200, 201) and document is not None:
            return self._accept(write, reply, document), None
        if not write.is_strict:
            self._count("default_failed")  # An attempt, of which the next one may do well.
        if reply is None:
            write.may_be_stored = True
            self._count("connections_lost")
            return None, LOST_PAUSE
        after = reply.headers["Retry-After"]
        is_busy = reply.status == 409 and after is not None  # The key's first request still runs.
        if (reply.status not in RETRY_STATUSES and not is_busy) or after is None:
            self.add_fault("false_failure", f"{write.name}: {reply.status} {reply.body[:400]!r}")
            return None, None
        return None, self._refused(write, document, float(after), is_busy)

    def _refused(self, write, document, after, is_busy):
        outcome = (document or {}).get("outcome")
        if outcome not in ("none", "unknown"):
            self.add_fault("false_failure", f"{write.name}: a refusal without outcome: {document}")
        self._count("busy" if is_busy else f"refused_{outcome}")
        if outcome != "none":
            write.may_be_stored = True
        if write.gives_up and not write.may_be_stored and not write.is_echo and not is_busy:
            self.journal.add({"refused": [write.name]})
            self._count("given_up")
            return None
        return min(after, self.options.retry_seconds_max)

    def _accept(self, write, reply, document):
        i, version = write.place()
        is_replayed = reply.headers["Idempotency-Replayed"] == "true"
        was_there = is_replayed or (write.is_creation() and reply.status == 200)
        if was_there and not write.may_be_stored and not write.is_echo:
            self.add_fault("false_failure", f"{write.name}: {reply.status}, stored by an attempt "
                                            "that was answered with outcome none")
        if write.is_echo and not was_there:
            self.add_fault("doubled", f"{write.name}: carried out anew when it was sent again")
        if not was_there and document.get("version") != version:
            self.add_fault("false_failure", f"{write.name}: version {document.get('version')}")
        self.journal.add({"acked": [[write.name, document["id"], version, reply.status]]})
        with self.state:
            self.answered_at = time.monotonic()
            if write.is_echo:
                self.tally["echoes"] += 1
                return document
            self.tally["acknowledged"] += 1
            self.tally["stored_by_a_cut_attempt"] += was_there
            self.tally[f"vector_{document['vector']}"] += 1
            self.ids[i] = document["id"]
        return document

    def _count(self, what):
        with self.state:
            self.tally[what] += 1

    # What an acknowledged write promises.

    def _look_after(self, reader, write, answer, rng):
        i, version = write.place()
        if rng.random() < READ_BACK_SHARE:
            kind = self.maker.natural_key(i)[0]
            reply = reader.ask("GET", f"/api/v1/audit/{kind}/{answer['id']}")
            self._judge_read(write, version, reply)
        if rng.random() < SEARCH_SHARE and answer["vector"] == "synced" and not write.is_echo:
            text = answer.get("summary") and embedded_text(answer)
            if text:
                self._judge_search(answer["id"], reader.ask_json("/api/v1/audit/search", {
                    "q": text, "mode": "semantic", "limit": SEARCH_LIMIT, "fields": ["id"]}))

        if write.is_echo:
            return
        with self.state:  # Not before: a patch may change the text that was searched for.
            if version <= len(self.maker.patches(i)):
                self._patches.append((i, version))
            if rng.random() < ECHO_SHARE:
                write.is_echo = True
                self._echoes.append(write)

    def _judge_read(self, write, version, reply):
        if reply is None or reply.status in RETRY_STATUSES:
            return
        self._count("read_back")
        if reply.status != 200 or reply.document()["version"] < version:
            self.add_fault("lost", f"{write.name} is acknowledged and reads as {reply.status} "
                                   f"{reply.body[:200]!r}")

    def _judge_search(self, record_id, reply):
        if reply is None or reply.status in RETRY_STATUSES:
            return
        self._count("searched")
        document = reply.document() if reply.status == 200 else {}
        hits = document.get("hits", [])
        is_crowded = len(hits) == SEARCH_LIMIT and hits[-1]["similarity"] > SIMILARITY_MIN
        if is_crowded or any(hit["record"]["id"] == record_id for hit in hits):
            return
        if document.get("completeness") == "approximate":
            self._count("missed")  # A vector index may, now and then.
            return
        self.add_fault("not_found", f"{record_id} was synced: {reply.status} "
                                    f"{reply.body[:200]!r}")

    def misses_too_much(self):
        return self.tally["missed"] > max(1, MISSED_SHARE_MAX * self.tally["searched"])
