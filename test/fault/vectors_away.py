#!/usr/bin/env python3
"""Takes the server of vectors away under writes, once so that it refuses, once so that it hangs.

No default write may fail, each record is found at once, and searches say that they are degraded; a
strict creation answers 503 and leaves nothing. When the server is back, the backlog drains while
writes go on, and both stores agree. Prints the tally, its last line as JSON; exit status 1 unless
all of that held. --seconds 600 is the long form.
"""

import argparse
import collections
import http.client
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
from opensearch_checker import check_held  # noqa: E402
from reference_vectors import embedded_text  # noqa: E402
from server_process import await_true  # noqa: E402
from service_fleet import DATABASE, Fleet  # noqa: E402
from service_process import post_json  # noqa: E402
from storm_checker import STORM_FAULTS, StormChecker, copy_database  # noqa: E402

STRICT_SHARE = 0.05
# Of creations, looked for at once. Without the index each search by meaning reads all embeddings:
# more of them than this would be the load, and not the writes.
SEARCHED_SHARE_MAX, SEARCHED_A_SECOND = 0.05, 1.0
LIMIT = 20  # Of a search by a record's own words, which hardly any other shares.
WARM_SECONDS = 2
NOTICED_SECONDS_MAX = 15
DRAIN_SECONDS_MAX = 600
COUNTED_SECONDS = 1.0  # From one look at a backlog to the next: counting it is work for its server.
STILL_PENDING = 20  # At most, of writes under way: the backlog has drained.
TOLD_MAX = 20
FAULTS = ("failed", "not_found", "strict_wrong", "not_degraded", "not_ready")


class Away:
    """Threads: each connection is one; `state` guards the tally and all below it."""

    def __init__(self, options, folder):
        self.options, self.folder = options, Path(folder)
        self.maker = Maker(options.seed, options.records, 0.0)
        self.journal = Journal(self.folder / "journal")
        self.fleet = Fleet(options.binary, self.folder, 1, options.vectors)
        self.searched_share = min(SEARCHED_SHARE_MAX, SEARCHED_A_SECOND / options.rate)
        self.state = threading.Condition()
        self.tally, self.told = collections.Counter(), []
        self.latencies = collections.defaultdict(list)  # Of default writes, by phase, in s.
        self.phase, self.failure = "before", None
        self._ended, self._tickets = threading.Event(), 0
        self.begun = time.monotonic()

    def say(self, text):
        print(f"[{time.monotonic() - self.begun:6.1f} s] {text}", flush=True)

    def fault(self, kind, what):
        with self.state:
            self.tally[kind] += 1
            if len(self.told) < TOLD_MAX:
                self.told.append(f"{kind} ({self.phase}): {what}")

    # The load.

    def _work(self, number):
        rng = random.Random(self.options.seed * 1_009 + number)
        caller = Caller(self.fleet.services)
        try:
            while True:
                with self.state:
                    ticket = self._tickets
                    self._tickets += 1
                due = self._load_begun + ticket / self.options.rate
                if self._ended.wait(max(0.0, due - time.monotonic())) or self._ended.is_set():
                    return
                if ticket >= self.maker.count:
                    raise RuntimeError("there are no more records to create")
                self._create(caller, ticket, rng)
        except BaseException as error:  # The main thread raises it.
            self.failure = error
        finally:
            caller.close()

    def _create(self, caller, i, rng):
        kind, members = self.maker.record(i)
        headers = {"Content-Type": "application/json"}
        is_strict = rng.random() < STRICT_SHARE
        if is_strict:
            headers["Prefer"] = "write=strict"
        self.journal.add({"sent": [f"c{i}"]})
        phase, begun = self.phase, time.monotonic()
        reply = caller.ask("POST", f"/api/v1/audit/{kind}", dump(members).encode(), headers)
        took = time.monotonic() - begun
        document = reply.document() if reply else None
        if reply is None or reply.status != 201:
            self._refused(i, reply, is_strict, phase)
            return
        self.journal.add({"acked": [[f"c{i}", document["id"], 1, 201]]})
        with self.state:
            self.tally["acknowledged"] += 1
            self.tally[f"{phase}_{document['vector']}"] += 1
            if not is_strict:
                self.latencies[phase].append(took)
        if rng.random() < self.searched_share:
            self._search(caller, document, phase)

    def _refused(self, i, reply, is_strict, phase):
        document = (reply.document() if reply else None) or {}
        # Also for a moment after the server is back, and wherever the machine is slow.
        if is_strict and reply and reply.status == 503 and document.get("outcome") == "none":
            self.journal.add({"refused": [f"c{i}"]})
            with self.state:
                self.tally["strict_refused"] += phase in ("refused", "hung")
            return
        what = "no answer" if reply is None else f"{reply.status} {reply.body[:300]!r}"
        self.fault("strict_wrong" if is_strict else "failed", f"c{i}: {what}")

    def _search(self, caller, record, phase):
        """By its words it is found from its acknowledgement on; by meaning, too, unless the answer
        says that embeddings are missing, since the model was busy."""
        text = embedded_text(record)
        words = " ".join(COINED.findall(text or ""))
        if not words:
            return
        for mode, question in (("text", words), ("semantic", text)):
            reply = caller.ask_json("/api/v1/audit/search", {
                "q": question, "mode": mode, "limit": LIMIT, "fields": ["id"]})
            document = reply.document() if reply and reply.status == 200 else {}
            codes = [each["code"] for each in document.get("degraded", ())]
            with self.state:
                self.tally[f"searched_by_{mode}"] += 1
                self.tally[f"{phase}_degraded"] += "index_unavailable" in codes
            hits = document.get("hits", [])
            is_there = any(hit["record"]["id"] == record["id"] for hit in hits)
            may_miss = mode == "semantic" and ("pending_embeddings" in codes or
                                               document.get("completeness") == "approximate")
            if not is_there and not may_miss:
                self.fault("not_found", f"{mode} {record['id']}: {reply and reply.body[:300]!r}")

    # The scenes.

    def pending(self):
        (count,), = self.fleet.rows("SELECT count(*) FROM pending_vector")
        return int(count)

    def ready(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.fleet.services[0].port)
        connection.request("GET", "/readyz?verbose")
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        return response.status, body

    def spend(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.failure is not None:
                raise self.failure
            self._ended.wait(min(0.1, max(0.0, end - time.monotonic())))

    def scene(self, name, take_away, bring_back):
        before = self.pending()
        self.phase, begun = name, time.monotonic()
        take_away()
        await_true(lambda: "vector_index" in self.ready()[1], "readyz names the index",
                   NOTICED_SECONDS_MAX)
        status, body = self.ready()
        if status != 200:
            self.fault("not_ready", f"{status} {body[:300]}")
        self.spend(max(0.0, self.options.seconds - (time.monotonic() - begun)))
        if not self.tally[f"{name}_degraded"]:
            self.fault("not_degraded", f"no search of {name} said that it is degraded")
        backlog = self.pending()
        bring_back()
        back = time.monotonic()
        grew = (backlog - before) / (back - begun)
        self.phase = f"after_{name}"
        await_true(lambda: self.pending() <= STILL_PENDING or self.failure, "the backlog drained",
                   DRAIN_SECONDS_MAX, COUNTED_SECONDS)
        took = max(time.monotonic() - back, 0.1)
        drained = backlog / took
        self.tally[f"{name}_backlog"] = backlog
        self.tally[f"{name}_drain_seconds"] = round(took, 1)
        self.tally[f"{name}_drain_factor"] = round(drained / max(grew, 1e-9), 1)
        self.say(f"{name}: {backlog} pending after {back - begun:.0f} s, drained in {took:.1f} s, "
                 f"{drained / max(grew, 1e-9):.1f} times as fast as it grew")
        await_true(lambda: "vector_index" not in self.ready()[1], "readyz is content", 30)
        self.spend(WARM_SECONDS)

    def run(self):
        with self.fleet as fleet:
            fleet.start()
            self._load_begun = time.monotonic()
            threads = [threading.Thread(target=self._work, args=(n,), daemon=True)
                       for n in range(self.options.connections)]
            for thread in threads:
                thread.start()
            self.spend(WARM_SECONDS)
            server = fleet.vectors
            self.scene("refused", server.kill, server.start)
            self.scene("hung", server.pause, server.resume)
            self._ended.set()
            for thread in threads:
                thread.join()
            if self.failure is not None:
                raise self.failure
            await_true(lambda: self.pending() == 0, "nothing is pending", 60)
            return self.check()

    def check(self):
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.fleet.services[0].metrics_port, timeout=600)
        found = post_json(connection, "/admin/reconcile", {"dry_run": True, "deep": True})
        connection.close()
        self.tally["index_differences"] = sum(
            found[name] for name in ("missing", "stale", "altered", "foreign"))
        copy = self.folder / "copy.db"
        copy_database(self.fleet.postgres, DATABASE, copy)
        checker = StormChecker(copy, self.maker, JournalFacts(self.folder / "journal"))
        checker.run()
        check_held(self.fleet, checker)
        return checker.findings


def share(latencies, part):
    ordered = sorted(latencies)
    return round(1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))], 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=float, default=30, help="that the server is away")
    parser.add_argument("--vectors", default="separate", choices=("separate", "opensearch"))
    parser.add_argument("--rate", type=float, default=200, help="writes a second")
    parser.add_argument("--drain-min", type=float, default=3, help="drain rate by growth, at least")
    add_load_options(parser, connections=32, records=0)
    options = parser.parse_args()
    options.records = options.records or min(
        COUNT_MAX, int(options.rate * (4 * options.seconds + 240)))
    folder = work_folder(options, "vectors_away_")
    print(f"seed {options.seed}, {options.seconds:.0f} s each, in {folder}", flush=True)
    away = Away(options, folder)
    findings = away.run()
    for what in (*away.told, *findings.told):
        print(what)
    tally = {"seed": options.seed, **away.tally, **{kind: away.tally[kind] for kind in FAULTS},
             **{kind: findings.counts[kind] for kind in STORM_FAULTS}, **findings.counted}
    for phase, latencies in away.latencies.items():
        tally[f"{phase}_p50_ms"] = share(latencies, 0.5)
        tally[f"{phase}_p99_ms"] = share(latencies, 0.99)
    drained = min(away.tally["refused_drain_factor"], away.tally["hung_drain_factor"])
    good = (sum(tally[kind] for kind in (*FAULTS, *STORM_FAULTS, "index_differences")) == 0
            and drained >= options.drain_min and away.tally["strict_refused"] > 0
            and away.tally["searched_by_semantic"] > 0)
    return end_run(tally, good, options, folder)


if __name__ == "__main__":
    sys.exit(main())
