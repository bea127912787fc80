#!/usr/bin/env python3
"""The original's order of the dual write and ours, on the same two servers under the same kills.

Each writes the same texts at the same rate while the writer (the service), the server of records
and the server of vectors are killed, and the latter stopped, at the same moments. Then both stores
of each are compared until they agree, or for --patience seconds. What each number counts is printed
beside it; the last line is JSON. Exit status 1 unless all of ours are zero and ours converged.
"""

import argparse
import collections
import json
import random
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Where `make test` puts numpy; a machine's own numpy does as well.
sys.path.append(str(ROOT / ".deps/python"))

import numpy as np  # noqa: E402

from http_caller import Caller  # noqa: E402
from libpq import Failure, Session  # noqa: E402
from load_options import add_load_options  # noqa: E402
from made_texts import text_of, vector_of, vector_text  # noqa: E402
from original_order import RECORDS, VECTORS as VECTOR_TABLE  # noqa: E402
from server_process import start_child  # noqa: E402
from service_fleet import DATABASE, Fleet, VECTORS  # noqa: E402
from storm_checker import HALF_ERROR_MAX, HALF_HEADER_SIZE, POINTS  # noqa: E402

ORIGINAL = "original"  # The database of the original's order, on either server.
COUNTS = ("lost", "orphaned", "mis_adopted", "dirty", "pending")
WORDS = {"lost": "acknowledged, and not among the records",
         "orphaned": "vectors without a record",
         "mis_adopted": "vectors under the id of another text's record",
         "dirty": "shown by a search, and never committed",
         "pending": "records without their vector, at the end",
         "converge_s": "s until both stores agreed, since all servers were up; none: never"}
OPERATIONS_A_RUN = 20_000  # Of the original's program: numbers of one never meet another's.
SEARCH_PAUSE = 0.02
POLL_PAUSE = 0.25
# `both`: vectors hang, and while they do records are killed and come back.
VICTIMS = ("writer", "records", "vectors", "hung_vectors", "both")
# A server that has just come back often goes once more.
KILLED_AGAIN, AGAIN_SHARE, AGAIN_SECONDS = ("records", "vectors"), 0.5, (0.0, 0.2)
BOTH_SECONDS = (0.02, 0.1)
DOWN_SECONDS = {"writer": 0.2, "records": 0.2, "vectors": 0.5, "hung_vectors": 1.5, "both": 0.2}


class OriginalOrder:
    """The original's program, restarted after each kill. Threads: `process` from one only."""

    def __init__(self, demo):
        self.demo, self.folder, self.fleet = demo, demo.folder, demo.fleet
        self.journal, self.runs = self.folder / "original_journal", 0
        self.urls = [server.url(ORIGINAL) for server in (self.fleet.postgres, self.fleet.vectors)]
        for url, table in zip(self.urls, (RECORDS, "CREATE EXTENSION IF NOT EXISTS vector")):
            Session(url).run(table)
        Session(self.urls[1]).run(VECTOR_TABLE)

    def launch(self):
        self.process = start_child(
            [sys.executable, Path(__file__).with_name("original_order.py"), "--records",
             self.urls[0], "--vectors", self.urls[1], "--journal", self.journal, "--first",
             self.runs * OPERATIONS_A_RUN, "--rate", self.demo.options.rate, "--threads",
             self.demo.options.connections], self.folder / "original.log")
        self.runs += 1

    def kill(self):
        self.process.kill()
        self.process.wait()

    stop = kill  # At the end of the load, like any other moment.

    def facts(self):
        lines = [json.loads(line) for line in self.journal.read_text().splitlines()]
        return {kind: {operation for what, operation, _ in lines if what == kind}
                for kind in ("sent", "acked", "acked_without_vector", "failed")}

    def recent_operation(self):
        if not self.journal.exists():
            return None
        with open(self.journal, "rb") as journal:
            journal.seek(max(0, journal.seek(0, 2) - 2_000))
            sent = [json.loads(line)[1] for line in journal.read().splitlines()[1:]
                    if line.startswith(b'["sent"') and line.endswith(b"]")]
        return sent[-1] if sent else None

    def make_search(self):
        vectors = Session(self.urls[1])

        def search(operation):
            """What is shown is what the vector server holds beside the vectors."""
            rows = vectors.run("SELECT operation FROM vectors ORDER BY embedding <=> "
                               "$1::text::vector LIMIT 3", vector_text(text_of(operation)))
            return [int(shown) for shown, in rows]
        return search

    def compare(self):
        """(counts but dirty, operations that are committed)."""
        records = {int(i): int(operation) for i, operation in self.fleet.postgres.rows(
            ORIGINAL, "SELECT id, operation FROM remediation_audit")}
        vectors = {int(i): int(operation) for i, operation in self.fleet.vectors.rows(
            ORIGINAL, "SELECT id, operation FROM vectors")}
        committed, facts = set(records.values()), self.facts()
        return {"lost": len((facts["acked"] | facts["acked_without_vector"]) - committed),
                "orphaned": len(vectors.keys() - records.keys()),
                "mis_adopted": sum(records[i] != operation for i, operation in vectors.items()
                                   if i in records),
                "pending": sum(vectors.get(i) != operation for i, operation in records.items()),
                }, committed


class OurOrder:
    """The service under the same load, over HTTP. Threads: the load's own."""

    def __init__(self, demo):
        self.demo, self.fleet = demo, demo.fleet
        self.service = self.fleet.services[0]
        self.state, self._tickets = threading.Lock(), 0
        self.told = {"sent": set(), "acked": set(), "failed": set()}
        self._ended, self._threads = threading.Event(), []
        self._last = None

    def launch(self):
        self.service.launch()
        if self._threads:
            return
        self._begun = time.monotonic()
        self._threads = [threading.Thread(target=self._work, daemon=True)
                         for _ in range(self.demo.options.connections)]
        for thread in self._threads:
            thread.start()

    def kill(self):
        self.service.kill()

    def stop(self):
        """At the end of the load: a last kill, and the service is started to finish its work."""
        self._ended.set()
        self.service.kill()
        for thread in self._threads:
            thread.join()
        self.service.start()

    def _work(self):
        caller, pause = Caller([self.service]), threading.Event()
        while not self._ended.is_set():
            with self.state:
                operation = self._tickets
                self._tickets += 1
            pause.wait(max(0.0, self._begun + operation / self.demo.options.rate
                           - time.monotonic()))
            self._note("sent", operation)
            self._last = operation
            reply = caller.ask("POST", "/api/v1/audit/execution", json.dumps({
                "workflow_id": "demo", "execution_id": f"e{operation}", "action_type": "restart",
                "target_resource": "deployment/shop", "cluster_name": "east", "success": True,
                "start_time": "2026-03-01T10:00:00Z", "summary": text_of(operation)}).encode(),
                {"Content-Type": "application/json"})
            is_there = reply is not None and reply.status in (200, 201)
            self._note("acked" if is_there else "failed", operation)
            if reply is not None and reply.status not in (200, 201, 503):
                self.demo.failure = f"{reply.status} {reply.body[:300]!r}"
        caller.close()

    def _note(self, what, operation):
        with self.state:
            self.told[what].add(operation)

    def facts(self):
        with self.state:
            return {kind: set(operations) for kind, operations in self.told.items()}

    def recent_operation(self):
        return self._last

    def make_search(self):
        caller = Caller([self.service])

        def search(operation):
            reply = caller.ask_json("/api/v1/audit/search", {
                "q": text_of(operation), "mode": "semantic", "limit": 3,
                "fields": ["execution_id"]})
            hits = reply.document()["hits"] if reply and reply.status == 200 else []
            return [int(hit["record"]["execution_id"][1:]) for hit in hits]
        return search

    def compare(self):
        records = {i: int(key[1:]) for i, key in self.fleet.rows(
            "SELECT id, execution_id FROM record")}
        pending = {i for i, in self.fleet.rows("SELECT record_id FROM pending_vector")}
        held = {}
        for i, _, is_live, *places in self.fleet.vectors.rows(VECTORS, POINTS):
            vector = next((place for place in places if place is not None), None)
            if is_live == "t" and vector is not None:
                held[i] = np.frombuffer(bytes.fromhex(vector)[HALF_HEADER_SIZE:], ">f2")
        is_own = {i: i in records and bool(np.abs(
            vector.astype(np.float64) - vector_of(text_of(records[i]))).max() <= HALF_ERROR_MAX)
            for i, vector in held.items()}
        committed, without = set(records.values()), {i for i in records if not is_own.get(i)}
        return {"lost": len(self.facts()["acked"] - committed),
                "orphaned": len(held.keys() - records.keys() - pending),
                "mis_adopted": sum(not own for i, own in is_own.items()
                                   if i in records and i not in pending),
                "pending": len(without | (pending & records.keys()))}, committed


class Demo:
    def __init__(self, options, folder):
        self.options, self.folder = options, Path(folder)
        self.fleet = Fleet(options.binary, self.folder, 1, "separate")
        self.begun, self.failure = time.monotonic(), None

    def say(self, text):
        print(f"[{time.monotonic() - self.begun:6.1f} s] {text}", flush=True)

    def plan(self):
        """(s since the load began, victim, s between two blows where there are two), the same for
        both orders."""
        rng = random.Random(self.options.seed)
        victims = [victim for victim in VICTIMS for _ in range(self.options.kills)]
        rng.shuffle(victims)
        moment, plan = 2.0, []
        for victim in victims:
            is_twice = victim == "both" or (victim in KILLED_AGAIN and
                                            rng.random() < AGAIN_SHARE)
            again = rng.uniform(*(BOTH_SECONDS if victim == "both" else AGAIN_SECONDS))
            plan.append((moment, victim, again if is_twice else None))
            moment += DOWN_SECONDS[victim] + rng.uniform(0.4, 1.2)
        return plan

    def strike(self, order, victim, again):
        server = {"records": self.fleet.postgres}.get(victim, self.fleet.vectors)
        pause = threading.Event()
        if victim == "writer":
            order.kill()
            pause.wait(DOWN_SECONDS[victim])
            order.launch()
        elif victim == "both":
            server.pause()
            pause.wait(again)
            self.fleet.postgres.kill()
            pause.wait(DOWN_SECONDS[victim])
            self.fleet.postgres.start()
            server.resume()
        elif victim == "hung_vectors":
            server.pause()
            pause.wait(DOWN_SECONDS[victim])
            server.resume()
        else:
            server.kill()
            pause.wait(DOWN_SECONDS[victim])
            server.start()
            if again is not None:
                pause.wait(again)
                server.kill()
                server.start()

    def search_all_the_while(self, order, ended, shown):
        search = order.make_search()
        while not ended.wait(SEARCH_PAUSE):
            operation = order.recent_operation()
            if operation is None:
                continue
            try:
                found = search(operation)
            except Failure:
                continue
            shown.update(found)

    def run(self, name, order, patience):
        """The counts. Leaves nothing running but the servers, and the service if it is ours."""
        order.launch()
        load_begun, ended, shown = time.monotonic(), threading.Event(), collections.Counter()
        reader = threading.Thread(target=self.search_all_the_while, args=(order, ended, shown),
                                  daemon=True)
        reader.start()
        pause = threading.Event()
        for moment, victim, again in self.plan():
            pause.wait(max(0.0, load_begun + moment - time.monotonic()))
            self.strike(order, victim, again)
        pause.wait(1.0)
        order.stop()
        ended.set()
        reader.join()
        up = time.monotonic()
        while True:
            counts, committed = order.compare()
            is_equal = not (counts["orphaned"] or counts["mis_adopted"] or counts["pending"])
            if is_equal or time.monotonic() - up > patience:
                break
            pause.wait(POLL_PAUSE)
        counts["dirty"] = len(set(shown) - committed)
        counts["converge_s"] = round(time.monotonic() - up, 1) if is_equal else None
        facts = order.facts()
        self.say(f"{name}: {len(facts['sent'])} writes sent, {len(facts['failed'])} failed, "
                 f"{len(committed)} committed, {len(set(shown))} shown")
        if self.failure:
            raise RuntimeError(self.failure)
        return {kind: counts[kind] for kind in (*COUNTS, "converge_s")}

    def both(self):
        with self.fleet as fleet:
            fleet.start()
            fleet.services[0].stop()
            for server in (fleet.postgres, fleet.vectors):
                server.run("postgres", f"CREATE DATABASE {ORIGINAL}")
            twice = sum(again is not None for _, _, again in self.plan())
            self.say(f"{len(self.plan()) + twice} kills each: {self.options.kills} of each of "
                     f"{', '.join(VICTIMS)}, {twice} of them twice")
            return {"original": self.run("the original's order", OriginalOrder(self),
                                         self.options.original_patience),
                    "ours": self.run("ours", OurOrder(self), self.options.patience)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--kills", type=int, default=8, help="of each victim")
    parser.add_argument("--rate", type=float, default=150, help="writes a second")
    parser.add_argument("--patience", type=float, default=90, help="s to wait for agreement")
    parser.add_argument("--original-patience", type=float, default=15, help="nobody mends there")
    add_load_options(parser, connections=16)
    options = parser.parse_args()
    folder = options.folder or tempfile.mkdtemp(prefix="dual_write_demo_")
    Path(folder).mkdir(parents=True, exist_ok=True)
    print(f"seed {options.seed}, in {folder}", flush=True)
    tallies = Demo(options, folder).both()
    print(f"{'':12}{'original':>10}{'ours':>8}")
    for kind, words in WORDS.items():
        numbers = ["none" if tally[kind] is None else tally[kind] for tally in tallies.values()]
        print(f"{kind:12}{numbers[0]:>10}{numbers[1]:>8}  {words}")
    ours = tallies["ours"]
    good = not any(ours[kind] for kind in COUNTS) and ours["converge_s"] is not None
    if good and not options.folder:
        shutil.rmtree(folder)
    print(json.dumps(tallies))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
