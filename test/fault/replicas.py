#!/usr/bin/env python3
"""Replicas of the service over one PostgreSQL and Redis, each restarted again and again under load.

The client goes to another replica when one refuses or closes, and retries by Retry-After: no
request may fail, none that was acknowledged may be lost, and at the end lists and searches are the
same on every replica. Prints the tally, its last line as JSON; exit status 1 unless all is so.
"""

import argparse
import collections
import random
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Where `make test` puts numpy; a machine's own numpy does as well.
sys.path.append(str(ROOT / ".deps/python"))

from http_caller import Caller  # noqa: E402
from journal import Journal, JournalFacts  # noqa: E402
from load_options import add_load_options, end_run, work_folder  # noqa: E402
from made_records import COUNT_USUAL, KINDS, Maker  # noqa: E402
from server_process import await_true  # noqa: E402
from service_fleet import DATABASE, Fleet  # noqa: E402
from storm_checker import (STORM_FAULTS, StormChecker, check_points,  # noqa: E402
                           copy_database)
from storm_client import Writers  # noqa: E402
from storm_reader import MODES, Readers  # noqa: E402

REPLICAS = 3
PATCHED_SHARE = 0.5
SEARCH_CONNECTIONS = 6
DRAIN_DELAY = "1s"
CONVERGENCE_SECONDS_MAX = 60
PAGE = 500
SEARCHES_COMPARED = 60


class Differences:
    """What replicas answer differently, as sentences."""

    def __init__(self, services, maker):
        self._callers = [Caller([service]) for service in services]
        self._maker = maker
        self.listed, self.told = 0, []

    def find(self, stored_ids, seed):
        listed = set()
        for kind in KINDS:
            walks = [self._walk(kind, [caller]) for caller in self._callers]
            walks.append(self._walk(kind, self._callers))  # Each page from another replica.
            if any(walk != walks[0] for walk in walks):
                self.told.append(f"lists of {kind}: {[len(walk) for walk in walks]} records, or "
                                 "others, or in another order")
            self._add_repeated(kind, walks[0])
            listed.update(record_id for record_id, _ in walks[0])
        self.listed = len(listed)
        if listed != stored_ids:
            self.told.append(f"{len(listed - stored_ids)} records are listed and not stored, "
                             f"{len(stored_ids - listed)} the other way round")
        self._compare_searches(random.Random(seed))
        for caller in self._callers:
            caller.close()
        return self.told

    def _add_repeated(self, kind, walk):
        if len(dict(walk)) != len(walk):
            self.told.append(f"the list of {kind} shows a record twice")

    def _walk(self, kind, callers):
        path = f"/api/v1/audit/{kind}?sort=-created_at&limit={PAGE}&fields=id,version"
        found, cursor, page = [], "", 0
        while cursor is not None:
            reply = callers[page % len(callers)].ask("GET", path + cursor)
            document = reply.document()
            if reply.status != 200:
                raise RuntimeError(f"{path}: {reply.status} {document}")
            found += [(item["id"], item["version"]) for item in document["items"]]
            after = document.get("next_cursor")
            cursor, page = after and f"&cursor={after}", page + 1
        return found

    def _compare_searches(self, rng):
        for _ in range(SEARCHES_COMPARED):
            question = {"q": self._maker.summary(rng.randrange(self._maker.text_count)),
                        "mode": rng.choice(MODES), "limit": 10, "fields": ["id", "version"]}
            answers = []
            for caller in self._callers:
                document = caller.ask_json("/api/v1/audit/search", question).document()
                answers.append([(hit["record"]["id"], hit["record"]["version"],
                                 round(hit["score"], 5)) for hit in document["hits"]])
            if any(answer != answers[0] for answer in answers):
                self.told.append(f"{question}: {answers}"[:600])


class Replicas:
    def __init__(self, options, folder):
        self.options, self.folder = options, Path(folder)
        self.maker = Maker(options.seed, options.records, PATCHED_SHARE)
        self.journal = Journal(self.folder / "journal")
        self.fleet = Fleet(options.binary, self.folder, REPLICAS, options.vectors, (
            "--drain-delay", DRAIN_DELAY))
        self.writers = Writers(self.maker, self.fleet.services, self.journal, options)
        self.readers = Readers(self.writers, options.search_rate, SEARCH_CONNECTIONS)
        self.tally, self.begun = collections.Counter(), time.monotonic()

    def say(self, text):
        print(f"[{time.monotonic() - self.begun:6.1f} s] {text}", flush=True)

    def run(self):
        """(findings in the database, differences of the replicas)."""
        with self.fleet as fleet:
            fleet.start()
            self.writers.start()
            self.readers.start()
            self._roll_by_and_by()
            elapsed = time.monotonic() - self.writers.begun
            self.tally["seconds"] = round(elapsed, 1)
            self.tally["writes_a_second"] = round(
                self.writers.tally["acknowledged"] / elapsed, 1)
            self.tally["searches_a_second"] = round(self.readers.tally["searches"] / elapsed, 1)
            self.writers.finish()
            self.readers.finish()
            self.writers.raise_failure()
            await_true(lambda: not any(int(count) for count, in fleet.rows(
                "SELECT count(*) FROM pending_vector")), "nothing is pending",
                CONVERGENCE_SECONDS_MAX)
            ids = {record_id for record_id, in fleet.rows("SELECT id FROM record")}
            differences = Differences(fleet.services, self.maker)
            told = differences.find(ids, self.options.seed)
            self.tally["listed"] = differences.listed
            findings = self._check()
            for service in fleet.services:
                if service.stop() != 0:
                    raise RuntimeError("SIGTERM: a replica did not end well")
        return findings, told

    def _check(self):
        copy_database(self.fleet.postgres, DATABASE, self.folder / "copy.db")
        checker = StormChecker(self.folder / "copy.db", self.maker,
                               JournalFacts(self.folder / "journal"))
        checker.run()
        check_points(*self.fleet.place_of_vectors(), checker)
        return checker.findings

    def _roll_by_and_by(self):
        """Each replica in its turn: stopped as an operator does, awaited, started."""
        pause, rolls = threading.Event(), REPLICAS * self.options.rolls
        for number in range(rolls):
            due = self.writers.begun + self.options.seconds * (number + 0.5) / rolls
            self._keep_going(pause, due)
            place = number % REPLICAS
            service = self.fleet.services[place]
            status = service.stop()
            if status != 0:
                raise RuntimeError(f"SIGTERM: replica {place} ended with {status}")
            service.start()
            self.tally[f"rolls_of_replica_{place}"] += 1
            self.say(f"replica {place} was restarted; "
                     f"{self.writers.tally['acknowledged']} writes acknowledged")
        self._keep_going(pause, self.writers.begun + self.options.seconds)

    def _keep_going(self, pause, until):
        while (left := until - time.monotonic()) > 0:
            self.writers.raise_failure()
            if any(service.has_ended() for service in self.fleet.services):
                raise RuntimeError("a replica ended by itself")
            pause.wait(min(left, 0.1))


def percentiles(name, seconds):
    """p50, p95, p99 in ms."""
    ordered = sorted(seconds)
    return {f"{name}_p{share}_ms": round(
        1_000 * ordered[min(len(ordered) - 1, len(ordered) * share // 100)], 1)
        for share in (50, 95, 99)}


def tally_of(replicas, findings, differences):
    writers, readers = replicas.writers, replicas.readers
    tally = {"seed": replicas.options.seed, **replicas.tally,
             **{name: writers.tally[name] for name in (
                 "acknowledged", "creations", "strict", "patches", "echoes", "attempts",
                 "connections_lost", "refused_none", "refused_unknown", "busy",
                 "stored_by_a_cut_attempt", "vector_synced", "vector_pending", "vector_none",
                 "searched", "missed")},
             "searches": readers.tally["searches"], "shown": readers.tally["shown"],
             **percentiles("write", writers.latencies), **percentiles("search", readers.latencies),
             **findings.counted, "differences": len(differences)}
    for kind in (*STORM_FAULTS, "not_found"):
        tally[kind] = findings.counts[kind] + writers.tally[kind]
    return tally


def is_good(tally, replicas):
    options = replicas.options
    faults = sum(tally[kind] for kind in (*STORM_FAULTS, "not_found", "differences"))
    return (faults == 0 and not replicas.writers.misses_too_much()
            and all(tally[f"rolls_of_replica_{n}"] == options.rolls for n in range(REPLICAS))
            and tally["writes_a_second"] >= options.rate_min
            and tally["searches_a_second"] >= options.search_rate_min)


def options_of(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--vectors", default="pgvector", choices=("pgvector", "separate"))
    parser.add_argument("--rolls", type=int, default=6, help="restarts of each replica")
    parser.add_argument("--rate", type=float, default=220, help="writes a second")
    parser.add_argument("--rate-min", type=float, default=200, help="acknowledged, or it fails")
    parser.add_argument("--search-rate", type=float, default=22, help="searches a second")
    parser.add_argument("--search-rate-min", type=float, default=20)
    add_load_options(parser, connections=24, retry_seconds_max=10.0, gives_up_share=0.0,
                     records=COUNT_USUAL)
    return parser.parse_args(arguments)


def main():
    options = options_of()
    folder = work_folder(options, "replicas_")
    print(f"seed {options.seed}, {REPLICAS} replicas for {options.seconds:g} s, each restarted "
          f"{options.rolls} times, in {folder}", flush=True)
    replicas = Replicas(options, folder)
    findings, differences = replicas.run()
    for what in (*replicas.writers.told, *findings.told, *differences[:10]):
        print(what)
    tally = tally_of(replicas, findings, differences)
    good = is_good(tally, replicas)
    return end_run(tally, good, options, folder)


if __name__ == "__main__":
    sys.exit(main())
