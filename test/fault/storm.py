#!/usr/bin/env python3
"""Writes and searches while PostgreSQL, Redis and the service are killed, then reads PostgreSQL.
With `--vectors separate` a second PostgreSQL has the vectors, with `opensearch` a node of
OpenSearch, with `opensearch-cluster` three; it, or one node at a time, is killed, and stopped for a
while, too.

Every write that was acknowledged must be there once, whole, with the vector of its own text, and
nothing that was shown or refused may say otherwise. Prints the tally, its last line as JSON; exit
status 1 unless all faults are zero and each kill met a write in flight. With --mutant the service
commits asynchronously, and the loss must be found.
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

from journal import Journal, JournalFacts  # noqa: E402
from load_options import add_load_options, end_run, work_folder  # noqa: E402
from made_records import COUNT_USUAL, Maker  # noqa: E402
from opensearch_checker import check_held  # noqa: E402
from server_process import await_true  # noqa: E402
from search_check import check_searches  # noqa: E402
from service_fleet import DATABASE, NODES, Fleet  # noqa: E402
from service_process import post_json  # noqa: E402
from storm_checker import (STORM_FAULTS, StormChecker, check_indexes,  # noqa: E402
                           copy_database)
from storm_client import MISSED_SHARE_MAX, Writers  # noqa: E402
from storm_reader import Readers  # noqa: E402

PATCHED_SHARE = 0.5
SEARCHES_A_SECOND, READERS = 5, 2
CONVERGENCE_SECONDS_MAX = 60
STALL_SECONDS_MAX = 90
DOWN_SECONDS_MAX = 0.3
HUNG_SECONDS_MAX = 4.0  # Longer than a write waits for an index.
# No write waits for these: at their end, those under way may have asked them.
UNAWAITED = ("redis", "vectors", "hung_vectors")
OVERLAP_SHARE = 0.25  # Of kills: come while what was killed before is still down.
ANSWERS_UNDER_WAY = 0.15  # s; replies that left before a kill are read in this time.
SEARCHES = 1_000
GIVES_UP_SHARE, GIVES_UP_SHARE_FAR = 0.3, 0.95
WRITERS_FAULTS = ("false_failure", "doubled", "lost", "not_found")
# In a copy of the program the service no longer turns on what the database has turned off.
GUARD, NO_GUARD = b"'synchronous_commit') = 'off'", b"'synchronous_commit') = 'OFF'"


class Victim:
    """A server that is killed and comes back. Threads: none."""

    down_seconds_max = DOWN_SECONDS_MAX

    def __init__(self, name, server):
        self.name, self.server = name, server
        self.is_up, self.is_launched = True, True
        self.relaunch_at = self._launched_at = 0.0
        self.refused_starts, self.slowest_start = 0, 0.0  # The latter in s.

    def strike(self):
        self.server.kill()

    def went_down(self, relaunch_at):
        self.is_up = self.is_launched = False
        self.relaunch_at = relaunch_at

    def tend(self):
        now = time.monotonic()
        if not self.is_launched:
            if now >= self.relaunch_at:
                self.server.launch()
                self.is_launched, self._launched_at = True, now
        elif self.server.has_ended():
            if self.is_up:
                raise RuntimeError(f"{self.name} ended by itself")
            self.refused_starts += 1  # Such as: the service starts while PostgreSQL does not yet.
            self.went_down(now + 0.1)
        elif not self.is_up:
            self.is_up = self.server.is_ready()
            self.slowest_start = max(self.slowest_start, now - self._launched_at)


class HungVictim(Victim):
    """One that is stopped, and goes on: its sessions stay, and nobody is answered."""

    down_seconds_max = HUNG_SECONDS_MAX

    def strike(self):
        self.server.pause()

    def tend(self):
        if not self.is_up and time.monotonic() >= self.relaunch_at:
            self.server.resume()
            self.is_up = self.is_launched = True


class Storm:
    def __init__(self, options, folder):
        self.options, self.folder = options, Path(folder)
        self.maker = Maker(options.seed, options.records, PATCHED_SHARE)
        self.journal = Journal(self.folder / "journal")
        binary = self._mutated(options.binary) if options.mutant else options.binary
        self.fleet = Fleet(binary, self.folder, 1, options.vectors)
        self.writers = Writers(self.maker, self.fleet.services, self.journal, options)
        self.readers = Readers(self.writers, SEARCHES_A_SECOND, READERS)
        self.victims = {"postgres": Victim("postgres", self.fleet.postgres),
                        "service": Victim("service", self.fleet.services[0]),
                        "redis": Victim("redis", self.fleet.redis)}
        if self.fleet.vectors:
            self.victims["vectors"] = Victim("vectors", self.fleet.vectors)
            self.victims["hung_vectors"] = HungVictim("hung_vectors", self.fleet.vectors)
        self.tally, self.begun = collections.Counter(), time.monotonic()

    def say(self, text):
        print(f"[{time.monotonic() - self.begun:6.1f} s] {text}", flush=True)

    def _mutated(self, binary):
        program = Path(binary).read_bytes()
        if program.count(GUARD) != 1:
            raise RuntimeError(f"{binary} does not hold the statement that the mutant changes")
        mutant = self.folder / "mutant"
        mutant.write_bytes(program.replace(GUARD, NO_GUARD))
        mutant.chmod(0o755)
        return mutant

    def _commit_asynchronously(self):
        for statement in (f"ALTER DATABASE {DATABASE} SET synchronous_commit = off",
                          "ALTER SYSTEM SET wal_writer_delay = '10s'",  # So that a little is lost.
                          "SELECT pg_reload_conf()"):
            self.fleet.postgres.run("postgres", statement)
        self.fleet.services[0].stop()
        self.fleet.services[0].start()

    def run(self):
        """(checker after the last kill, searches). The tally is filled."""
        with self.fleet as fleet:
            fleet.start()
            if self.options.mutant:
                self._commit_asynchronously()
            self.writers.start()
            self.readers.start()
            self._kill_by_and_by(random.Random(self.options.seed))
            self._let_end()
            self._read_index()
            fleet.services[0].kill()
            fleet.crash()
            checker = self.check()
            fleet.services[0].start()
            searches = check_searches(fleet.services[0].port, checker, self.options.searches,
                                      self.options.seed)
            self.say(f"searches: {searches.asked} asked, {searches.exact} exact, "
                     f"{searches.missed} missed, {searches.wrong} wrong")
            if fleet.services[0].stop() != 0:
                raise RuntimeError("SIGTERM: the service did not end well")
        return checker, searches

    # Kills.

    def _kill_by_and_by(self, rng):
        plan = [name for name in self.options.victims for _ in range(self.options.kills)]
        rng.shuffle(plan)
        pause, overlaps, were_up = threading.Event(), False, True
        next_kill = time.monotonic() + rng.uniform(0.5, self.options.gap)
        while plan or not self._all_up():
            self.writers.raise_failure()
            for victim in self.victims.values():
                victim.tend()
            now, are_up = time.monotonic(), self._all_up()
            if are_up and not were_up and not overlaps:
                next_kill = now + rng.uniform(0.0, self.options.gap)
            were_up = are_up
            may_kill = plan and (are_up or overlaps) and self._may_strike(self.victims[plan[-1]])
            if may_kill and now >= next_kill:
                if self._kill(self.victims[plan[-1]], rng):
                    plan.pop()
                overlaps = rng.random() < OVERLAP_SHARE
                next_kill = time.monotonic() + rng.uniform(0.0, self.options.gap)
                were_up = False
            if are_up and now - max(self.writers.answered_at, self.begun) > STALL_SECONDS_MAX:
                raise RuntimeError("no write is answered although every server is up")
            pause.wait(0.005)

    def _all_up(self):
        return all(victim.is_up for victim in self.victims.values())

    def _may_strike(self, victim):
        """Not while it, or another way to strike the same server, is at work."""
        return all(other.is_up for other in self.victims.values() if other.server is victim.server)

    def _kill(self, victim, rng):
        """False when no write was in flight, or each was answered already: it does not count."""
        writers = self.writers
        with writers.state:
            if not writers.state.wait_for(lambda: writers.in_flight, 5):
                return False
            in_flight = list(writers.in_flight.values())
            victim.strike()
            killed_at = time.monotonic()
        with writers.state:  # Replies that were on their way are still read, and count as answers.
            writers.state.wait_for(lambda: not any(
                write in writers.in_flight.values() for write in in_flight), ANSWERS_UNDER_WAY)
            cut = [write.name for write in in_flight if not write.is_answered]
        if victim.name in UNAWAITED:
            cut = [write.name for write in in_flight]
        victim.went_down(killed_at + rng.uniform(0.0, victim.down_seconds_max))
        self.tally[f"kills_of_{victim.name}"] += 1
        self.tally[f"kills_of_{victim.name}_with_write_in_flight"] += bool(cut)
        self.tally[f"writes_in_flight_at_kills_of_{victim.name}"] += len(cut)
        self.journal.add({"killed": self.tally["kills"]})
        self.tally["kills"] += 1
        if self.tally["kills"] % 10 == 1 or self.options.kills < 10:
            self.say(f"kill number {self.tally['kills']}, {victim.name}: {len(cut)} writes in "
                     f"flight, {writers.tally['acknowledged']} acknowledged")
        return bool(cut)

    # The end.

    def _let_end(self):
        writers = self.writers
        elapsed = time.monotonic() - writers.begun
        with writers.state:
            self.tally["writes_a_second"] = round(writers.tally["acknowledged"] / elapsed, 1)
        self.tally["seconds"] = round(elapsed, 1)
        writers.finish()
        self.readers.finish()
        writers.raise_failure()
        begun = time.monotonic()
        await_true(lambda: self._pending() == 0, "nothing is pending", CONVERGENCE_SECONDS_MAX)
        self.tally["convergence_seconds"] = round(time.monotonic() - begun, 2)
        self.say(f"{writers.tally['acknowledged']} writes are acknowledged, nothing is pending "
                 "any more")

    def _pending(self):
        (count,), = self.fleet.rows("SELECT count(*) FROM pending_vector")
        return int(count)

    def _read_index(self):
        """The service's own comparison of index and records, which reads vectors back."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.fleet.services[0].metrics_port, timeout=600)
        found = post_json(connection, "/admin/reconcile", {"dry_run": True, "deep": True})
        connection.close()
        self.say(f"reconcile --deep: {found}")
        self.tally["index_differences"] = sum(
            found[name] for name in ("missing", "stale", "altered", "foreign"))

    def check(self):
        """After a kill of both, so that what is read is what PostgreSQL recovers by itself."""
        copy = self.folder / "copy.db"
        copy.unlink(missing_ok=True)
        copy_database(self.fleet.postgres, DATABASE, copy)
        checker = StormChecker(copy, self.maker, self.facts())
        checker.has_ended_intents = self.fleet.vectors is not None
        findings = checker.run()
        check_indexes(self.fleet.postgres, DATABASE, findings)
        if self.options.vectors != "memory":
            (drawn,), = self.fleet.rows("SELECT pg_sequence_last_value('stamp'::regclass)")
            points = check_held(self.fleet, checker, int(drawn))
            (self.folder / "points.json").write_text(json.dumps(points))
        self.say(f"the database after kill -9: {findings.counted}, {dict(findings.counts)}")
        return checker

    def facts(self):
        return JournalFacts(self.folder / "journal")


def tally_of(storm, checker, searches):
    writers, findings = storm.writers, checker.findings
    tally = {"seed": storm.options.seed, **storm.tally,
             **{name: writers.tally[name] for name in (
                 "acknowledged", "creations", "strict", "patches", "echoes", "attempts",
                 "connections_lost", "refused_none", "refused_unknown", "busy", "given_up",
                 "stored_by_a_cut_attempt", "vector_synced", "vector_pending", "vector_none",
                 "read_back", "searched", "missed", "default_failed")},
             "refused_starts": sum(v.refused_starts for v in storm.victims.values()),
             **{f"slowest_start_of_{v.name}": round(v.slowest_start, 1)
                for v in storm.victims.values()},
             "shown": storm.readers.tally["shown"],
             "searches_failed": storm.readers.tally["failed"],
             "searches_degraded": storm.readers.tally["degraded"], **findings.counted}
    for kind in (*STORM_FAULTS, "not_found"):
        tally[kind] = findings.counts[kind] + writers.tally[kind]
    return {**tally, "searches": searches.asked, "wrong_searches": searches.wrong,
            "missed_by_approximate_searches": searches.missed}


def faults_of(tally):
    return sum(tally[kind] for kind in (*STORM_FAULTS, "not_found", "index_differences",
                                        "wrong_searches"))


def is_good(tally, storm):
    options = storm.options
    return (faults_of(tally) == 0 and tally["searches"] > 0 and not storm.writers.misses_too_much()
            and tally["missed_by_approximate_searches"] <= MISSED_SHARE_MAX * tally["searches"]
            and all(tally[f"kills_of_{name}_with_write_in_flight"] == options.kills
                    for name in options.victims)
            and tally["writes_a_second"] >= options.rate_min)


def options_of(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--kills", type=int, default=100, help="of each server")
    parser.add_argument("--victims", nargs="+", help="by default all there are")
    parser.add_argument("--gap", type=float, default=1.0, help="s between kills, at most")
    parser.add_argument("--rate", type=float, default=260, help="writes a second")
    parser.add_argument("--rate-min", type=float, default=200, help="acknowledged, or it fails")
    parser.add_argument("--vectors", default="pgvector",
                        choices=("pgvector", "memory", "separate", *NODES))
    parser.add_argument("--mutant", action="store_true", help="commit asynchronously")
    add_load_options(parser, connections=24, retry_seconds_max=0.25, records=COUNT_USUAL)
    options = parser.parse_args(arguments)
    options.searches = SEARCHES
    if options.gives_up_share is None:
        # A node takes long to start: the strict ones would come to hold every connection.
        options.gives_up_share = GIVES_UP_SHARE_FAR if options.vectors in NODES else GIVES_UP_SHARE
    far = ("vectors", "hung_vectors") if options.vectors in ("separate", *NODES) else ()
    options.victims = options.victims or ("postgres", "service", "redis", *far)
    return options


def main():
    options = options_of()
    folder = work_folder(options, "storm_")
    print(f"seed {options.seed}, {options.kills} kills of each of {', '.join(options.victims)}, "
          f"in {folder}", flush=True)
    storm = Storm(options, folder)
    checker, searches = storm.run()
    for what in (*storm.writers.told, *checker.findings.told, *searches.told):
        print(what)
    tally = tally_of(storm, checker, searches)
    good = tally["lost"] > 0 if options.mutant else is_good(tally, storm)
    return end_run(tally, good, options, folder)


if __name__ == "__main__":
    sys.exit(main())
