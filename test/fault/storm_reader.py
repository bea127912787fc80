"""Connections that list and search all the while, and journal what they were shown."""

import collections
import json
import random
import threading
import time

from http_caller import UNANSWERED_SECONDS_MAX, Caller
from made_records import KINDS

SEARCH_LIMIT, LIST_LIMIT = 10, 50
MODES = ("hybrid", "semantic", "text")


class Readers:
    """Threads: `state` guards all members below it. Each connection is a thread."""

    def __init__(self, writers, rate, connections):
        """`rate`: searches a second; lists are a quarter of that beside them."""
        self.writers, self.rate = writers, rate
        self.state = threading.Condition()
        self.tally, self.latencies = collections.Counter(), []  # s, of searches, retries included.
        self._ended, self._tickets = threading.Event(), 0
        self._threads = [threading.Thread(target=self._work, args=(n,), daemon=True)
                         for n in range(connections)]

    def start(self):
        self.begun = time.monotonic()
        for thread in self._threads:
            thread.start()

    def finish(self):
        self._ended.set()
        for thread in self._threads:
            thread.join(2 * UNANSWERED_SECONDS_MAX)
            if thread.is_alive():
                raise RuntimeError("a search is not answered")

    def _work(self, number):
        rng = random.Random(number)
        caller = Caller(self.writers.services, number)
        try:
            while True:
                with self.state:
                    ticket = self._tickets
                    self._tickets += 1
                due = self.begun + ticket / self.rate
                if self._ended.wait(max(0.0, due - time.monotonic())) or self._ended.is_set():
                    return
                self._search(caller, rng)
                if ticket % 4 == 0:
                    self._list(caller, rng)
        except BaseException as error:  # The main thread raises it.
            self.writers.failure = error
        finally:
            caller.close()

    def _ask(self, caller, *request):
        reply, attempts = caller.ask_until_answered(
            *request, retry_seconds_max=self.writers.options.retry_seconds_max)
        with self.state:
            self.tally["attempts"] += attempts
            self.tally["answered"] += reply is not None
            self.tally["failed"] += attempts - (reply is not None)
        if reply is None or reply.status != 200:
            what = "no answer" if reply is None else f"{reply.status} {reply.body[:300]!r}"
            self.writers.add_fault("false_failure", f"{request[:3]}: {what}")
            return None
        return reply.document()

    def _search(self, caller, rng):
        writers = self.writers
        text = writers.maker.summary(rng.randrange(writers.maker.text_count))
        begun = time.monotonic()
        document = self._ask(caller, "POST", "/api/v1/audit/search", json.dumps(
            {"q": text, "mode": rng.choice(MODES), "limit": SEARCH_LIMIT,
             "fields": ["id", "version"]}).encode(), {"Content-Type": "application/json"})
        with self.state:
            self.latencies.append(time.monotonic() - begun)
            self.tally["searches"] += 1
            self.tally["degraded"] += bool(document and document["degraded"])
        if document is not None:
            self._note([hit["record"] for hit in document["hits"]])

    def _list(self, caller, rng):
        document = self._ask(caller, "GET", f"/api/v1/audit/{rng.choice(KINDS)}"
                             f"?sort=-created_at&limit={LIST_LIMIT}&fields=id,version")
        if document is not None:
            self._note(document["items"])

    def _note(self, records):
        if not records:
            return
        self.writers.journal.add({"seen": [[record["id"], record["version"]]
                                           for record in records]})
        with self.state:
            self.tally["shown"] += len(records)
