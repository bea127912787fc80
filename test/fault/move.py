#!/usr/bin/env python3
"""Moves searches from pgvector beside the records to an engine on a server of its own, as
docs/operations.md says, under writes and searches: two replicas are restarted one after the other
with both places, the move begins, both are killed in the midst of the filling and go on, and in the
end are restarted with the new place alone.

No write may fail, every record is found by its own text from its acknowledgement on, and no search
finds less than before; in the end the old set is retired, nothing is pending, and a deep reconcile
finds no difference. Prints the tally, its last line as JSON; exit status 1 unless all of that held.
"""

import argparse
import collections
import http.client
import json
import random
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Where `make test` puts numpy; a machine's own numpy does as well.
sys.path.append(str(ROOT / ".deps/python"))

from exact_json import dump  # noqa: E402
from file_checker import COINED  # noqa: E402
from http_caller import Caller  # noqa: E402
from journal import Journal, JournalFacts  # noqa: E402
from load_options import add_load_options, end_run, work_folder  # noqa: E402
from made_records import COUNT_MAX, Maker  # noqa: E402
from postgres_process import Postgres  # noqa: E402
from reference_vectors import embedded_text  # noqa: E402
from server_process import await_true, unused_port  # noqa: E402
from service_process import Service, post_json  # noqa: E402
from storm_checker import STORM_FAULTS, StormChecker, check_points, copy_database  # noqa: E402

DATABASE, VECTORS = "audit", "vectors"
REPLICAS = 2
STRICT_SHARE, SEARCHED_SHARE = 0.05, 0.2
LIMIT = 20  # Of a search by a record's own words, which hardly any other shares.
BATCH = 200
SCENE_SECONDS = 2  # Of load between two steps.
MOVED_SECONDS_MAX = 600
ASK_PAUSE = 0.05  # s, before what was not answered is asked again.
KEY_BUSY = b"/problems/key-busy"
TOLD_MAX = 20
CONFIGURATION = 78  # The exit code.
APPROXIMATE_MISSES_MAX = 0.02  # As recall@10 of 0.98 allows.
FAULTS = ("failed", "not_found", "found_less", "strict_wrong", "wrong_start")


class Move:
    """Threads: each connection is one; `state` guards the tally and all below it."""

    def __init__(self, options, folder):
        self.options, self.folder = options, Path(folder)
        self.maker = Maker(options.seed, options.records, 0.0)
        self.journal = Journal(self.folder / "journal")
        self.postgres = Postgres(self.folder / "postgres")
        self.target = self._make_target()
        self.ports = [unused_port() for _ in range(REPLICAS)]
        self.services = []
        self.state = threading.Condition()
        self.tally, self.told = collections.Counter(), []
        self.acknowledged = []  # (id, embedded text), in order.
        self.phase, self.failure = "before", None
        self._ended, self._tickets = threading.Event(), 0
        self.begun = time.monotonic()

    # The servers.

    def _make_target(self):
        if self.options.to == "postgresql":
            return Postgres(self.folder / "target")
        from opensearch_process import Opensearch
        return Opensearch(self.folder / "target")

    def places(self):
        """What --vectors was, and is to be."""
        return "pgvector", (self.target.url(VECTORS) if self.options.to == "postgresql"
                            else self.target.url())

    def _service(self, number, *vectors):
        return Service(self.options.binary, self.folder / "data",
                       self.folder / f"service_{number}.log",
                       ("--store", self.postgres.url(DATABASE), *vectors),
                       self.ports[number])

    def start(self):
        self.postgres.start()
        self.postgres.run("postgres", f"CREATE DATABASE {DATABASE}")
        self.target.start()
        if self.options.to == "postgresql":
            self.target.run("postgres", f"CREATE DATABASE {VECTORS}")
        for number in range(REPLICAS):
            self.services.append(self._service(number, "--vectors", self.places()[0]))
            self.services[number].start()

    def replace(self, number, *vectors):
        """A replica ends in good order, and starts with other places of vectors."""
        if self.services[number].stop() != 0:
            self.fault("failed", f"replica {number} did not end well")
        self.services[number] = self._service(number, *vectors)
        self.services[number].start()

    def end(self):
        self._ended.set()
        for each in (*self.services, self.target, self.postgres):
            each.__exit__(None, None, None)

    def ask_operator(self, path, document, number=0):
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.services[number].metrics_port, timeout=600)
        try:
            return post_json(connection, path, document)
        finally:
            connection.close()

    def report(self, number=0):
        return self.ask_operator("/admin/reindex", {"action": "report"}, number)

    def count(self, query):
        (count,), = self.postgres.rows(DATABASE, query)
        return int(count)

    def pending(self):
        return self.count("SELECT count(*) FROM pending_vector")

    # The load.

    def say(self, text):
        print(f"[{time.monotonic() - self.begun:6.1f} s] {text}", flush=True)

    def fault(self, kind, what):
        with self.state:
            self.tally[kind] += 1
            if len(self.told) < TOLD_MAX:
                self.told.append(f"{kind} ({self.phase}): {what}")

    def acked(self, i, record_id):
        self.journal.add({"acked": [[f"c{i}", record_id, 1, 201]]})
        _, members = self.maker.record(i)
        with self.state:
            self.tally["acknowledged"] += 1
            self.acknowledged.append((record_id, embedded_text(members)))

    def fill(self):
        """What is there before, by batches."""
        caller = Caller(self.services)
        for first in range(0, self.options.before, BATCH):
            numbers = range(first, min(first + BATCH, self.options.before))
            self.journal.add({"sent": [f"c{i}" for i in numbers]})
            body = b"[" + b",".join(self.maker.item(i) for i in numbers) + b"]"
            # Asked again, it answers 200 for what is there.
            reply = self._ask(caller, "POST", "/api/v1/audit/batch", body,
                              {"Content-Type": "application/json"})
            for i, item in zip(numbers, reply.document()["items"]):
                if item["status"] not in (200, 201):
                    raise RuntimeError(f"c{i}: {item}")
                self.acked(i, item["id"])
        caller.close()
        self._tickets = self.options.before

    def _work(self, number):
        rng = random.Random(self.options.seed * 1_009 + number)
        caller = Caller(self.services, number)
        try:
            while True:
                with self.state:
                    ticket = self._tickets
                    self._tickets += 1
                due = self._load_begun + (ticket - self.options.before) / self.options.rate
                if self._ended.wait(max(0.0, due - time.monotonic())) or self._ended.is_set():
                    return
                if ticket >= self.maker.count * 3 // 5:
                    raise RuntimeError("there are no more records with a text of their own")
                self._create(caller, ticket, rng)
                if rng.random() < SEARCHED_SHARE:
                    self._search(caller, rng)
        except BaseException as error:  # The main thread raises it.
            self.failure = error
        finally:
            caller.close()

    def _ask(self, caller, *request):
        """Until there is an answer: a replica that ends or is killed gives none, the other does. A
        strict creation that was under way in it keeps its key until its intent's lease ends."""
        end = time.monotonic() + MOVED_SECONDS_MAX
        while time.monotonic() < end and not self._ended.is_set():
            reply = caller.ask(*request)
            if reply is not None and (reply.status != 409 or KEY_BUSY not in reply.body):
                return reply
            with self.state:
                self.tally["unanswered" if reply is None else "key_busy"] += 1
            caller.turn()
            self._ended.wait(ASK_PAUSE)
        return None

    def _create(self, caller, i, rng):
        kind, members = self.maker.record(i)
        headers = {"Content-Type": "application/json", "Idempotency-Key": f"c{i}"}
        is_strict = rng.random() < STRICT_SHARE
        if is_strict:
            headers["Prefer"] = "write=strict"
        self.journal.add({"sent": [f"c{i}"]})
        reply = self._ask(caller, "POST", f"/api/v1/audit/{kind}", dump(members).encode(), headers)
        if reply is None:  # The end of the load.
            return
        document = reply.document() or {}
        if reply.status == 201:
            self.acked(i, document["id"])
        elif is_strict and reply.status == 503 and document.get("outcome") == "none":
            self.journal.add({"refused": [f"c{i}"]})
            with self.state:
                self.tally[f"strict_refused_{self.phase}"] += 1
        else:
            self.fault("strict_wrong" if is_strict else "failed",
                       f"c{i}: {reply.status} {reply.body[:300]!r}")

    def _search(self, caller, rng):
        """One of the latest or of all: it is found by its words and by meaning, and there are as
        many hits as there always were."""
        with self.state:
            known = self.acknowledged[-50:] if rng.random() < 0.5 else self.acknowledged
            record_id, text = rng.choice(known)
        words = " ".join(COINED.findall(text or ""))
        if not words:
            return
        phase = self.phase
        for mode, question in (("text", words), ("semantic", text)):
            body = json.dumps({"q": question, "mode": mode, "limit": LIMIT, "fields": ["id"]})
            reply = self._ask(caller, "POST", "/api/v1/audit/search", body.encode(),
                              {"Content-Type": "application/json"})
            if reply is None:
                return
            document = reply.document() if reply.status == 200 else {}
            codes = [each["code"] for each in document.get("degraded", ())]
            hits = document.get("hits", [])
            with self.state:
                self.tally[f"searched_{phase}"] += 1
                self.tally[f"degraded_{phase}"] += bool(codes)
                self.tally["searched_by_meaning"] += mode == "semantic"
            # Where the model was busy, the answer says that embeddings are missing.
            may_miss = mode == "semantic" and "pending_embeddings" in codes
            is_missed = all(hit["record"]["id"] != record_id for hit in hits)
            is_approximate = document.get("completeness") == "approximate"
            if is_missed and mode == "semantic" and is_approximate:
                self.tally["missed_approximate"] += 1  # Of a graph: is_good() bounds them.
            elif is_missed and not may_miss:
                self.fault("not_found", f"{mode} {record_id}: {reply.status} {reply.body[:300]!r}")
            if mode == "semantic" and len(hits) != LIMIT:
                self.fault("found_less", f"{len(hits)} hits: {reply.body[:300]!r}")

    def spend(self, seconds=SCENE_SECONDS):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.failure is not None:
                raise self.failure
            self._ended.wait(min(0.1, max(0.0, end - time.monotonic())))

    def enter(self, phase, what):
        self.phase = phase
        self.say(what)

    # The steps.

    def run(self):
        self.start()
        self.fill()
        self.say(f"{self.options.before} records are there")
        self._load_begun = time.monotonic()
        threads = [threading.Thread(target=self._work, args=(n,), daemon=True)
                   for n in range(self.options.connections)]
        for thread in threads:
            thread.start()
        self.spend()
        self.move()
        self._ended.set()
        for thread in threads:
            thread.join()
        if self.failure is not None:
            raise self.failure
        await_true(lambda: self.pending() == 0, "nothing is pending", 120)
        return self.check()

    def move(self):
        old, new = self.places()
        both = ("--vectors", new, "--vectors-from", old)
        self.refuse_to_start(new)
        self.enter("both", "replicas start again one by one, with both places")
        for number in range(REPLICAS):
            self.replace(number, *both)
            self.spend()
        self.enter("filling", "the move begins")
        moving = time.monotonic()
        begun = threading.Thread(target=self.begin_move)
        begun.start()
        await_true(self.is_partly_filled, "a part is there", MOVED_SECONDS_MAX)
        for service in self.services:
            service.kill()
        begun.join()
        left = self.left()
        self.tally["left_when_killed"] = left
        self.enter("killed", f"both replicas are killed with {left} vectors left")
        for number in range(REPLICAS):
            self.services[number] = self._service(number, *both)
            self.services[number].start()
        await_true(lambda: self.failure or not self.report()["moving"], "searches have moved",
                   MOVED_SECONDS_MAX)
        self.tally["moved_seconds"] = round(time.monotonic() - moving, 1)
        self.enter("moved", "searches have moved")
        self.spend()
        for number in range(REPLICAS):
            self.replace(number, "--vectors", new)
            self.spend()
        self.refuse_to_start(old)

    def begin_move(self):
        """What it answers is told when the kill did not come between."""
        try:
            self.ask_operator("/admin/reindex", {})
        except (OSError, http.client.HTTPException) as error:
            self.say(f"the answer to the beginning was lost: {error}")

    def is_partly_filled(self):
        """Or wholly, which is too late, and told in the end. A set in preparation has no rows."""
        report = self.report(1)
        is_filling = any(each["state"] == "filling" for each in report["sets"])
        has_begun = is_filling or report["sets"][0]["engine"] != "pgvector"
        return self.failure or has_begun and report["left"] < self.options.before

    def left(self):
        """Of what was there before the load; ids rise with time."""
        last = max(record_id for record_id, _ in self.acknowledged[:self.options.before])
        return self.count("SELECT count(*) FROM pending_vector JOIN vector_set USING (set_id) "
                          f"WHERE vector_set.state = 'filling' AND record_id <= '{last}'")

    def refuse_to_start(self, vectors):
        """A replica that does not know where searches are now says so, and changes nothing."""
        log = self.folder / "refused.log"
        service = Service(self.options.binary, self.folder / "data", log,
                          ("--store", self.postgres.url(DATABASE), "--vectors", vectors))
        service.launch()
        await_true(lambda: service.has_ended() or service.is_ready(), "it gives up", 60)
        if not service.has_ended() or service.exit_status() != CONFIGURATION:
            self.fault("wrong_start", f"--vectors {vectors} was not refused")
            service.kill()
        elif "--vectors-from" not in log.read_text():
            self.fault("wrong_start", log.read_text()[-300:])

    # The end.

    def check(self):
        found = self.ask_operator("/admin/reconcile", {"dry_run": True, "deep": True})
        self.tally["index_checked"] = found["checked"]
        self.tally["index_differences"] = sum(
            found[name] for name in ("missing", "stale", "altered", "foreign"))
        self.tally["old_set_retired"] = self.count(
            "SELECT count(*) FROM vector_set WHERE engine = 'pgvector' AND state = 'retired'")
        self.tally["new_set_live"] = self.count(
            f"SELECT count(*) FROM vector_set WHERE engine = '{self.options.to}' "
            "AND state = 'live'")
        copy = self.folder / "copy.db"
        copy_database(self.postgres, DATABASE, copy)
        checker = StormChecker(copy, self.maker, JournalFacts(self.folder / "journal"))
        checker.run()
        if self.options.to == "postgresql":
            check_points(self.target, VECTORS, checker)
        return checker.findings


def is_good(tally):
    return (sum(tally[kind] for kind in (*FAULTS, *STORM_FAULTS, "index_differences")) == 0
            and tally.get("missed_approximate", 0)
            <= APPROXIMATE_MISSES_MAX * tally.get("searched_by_meaning", 0)
            and tally["old_set_retired"] == tally["new_set_live"] == 1
            and tally["left_when_killed"] > 0
            and tally["index_checked"] > 0
            and all(tally.get(f"searched_{phase}", 0) > 0 for phase in ("both", "moved")))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--to", choices=("postgresql", "opensearch"), default="postgresql")
    parser.add_argument("--before", type=int, default=20_000, help="records before the load")
    parser.add_argument("--rate", type=float, default=100, help="writes a second")
    add_load_options(parser, connections=16, records=COUNT_MAX)
    options = parser.parse_args()
    folder = work_folder(options, "move_")
    print(f"seed {options.seed}, to {options.to}, in {folder}", flush=True)
    move = Move(options, folder)
    try:
        findings = move.run()
    finally:
        move.end()
    for what in (*move.told, *findings.told):
        print(what)
    tally = {"seed": options.seed, **move.tally, **{kind: move.tally[kind] for kind in FAULTS},
             **{kind: findings.counts[kind] for kind in STORM_FAULTS}, **findings.counted}
    good = is_good(tally)
    return end_run(tally, good, options, folder)


if __name__ == "__main__":
    sys.exit(main())
