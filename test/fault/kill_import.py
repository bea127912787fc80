#!/usr/bin/env python3
"""Imports records while the service is killed again and again, then reads the database itself.

Every record that was acknowledged must be there once, whole, with its own vector, and be found.
Prints the tally, its last line as JSON; exit status 1 unless all faults are zero.
With --mutant, copies of the database are damaged on purpose, and each damage must be found.
"""

import argparse
import collections
import json
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Where `make test` puts numpy; a machine's own numpy does as well.
sys.path.append(str(ROOT / ".deps/python"))

from file_checker import KINDS_OF_FAULT, FileChecker  # noqa: E402
from import_client import Importer  # noqa: E402
from journal import Journal, JournalFacts  # noqa: E402
from made_records import Maker  # noqa: E402
from mutants import MUTANTS, mutated_copy  # noqa: E402
from search_check import check_searches  # noqa: E402
from service_process import Service  # noqa: E402

DATABASE = "datastorage.db"
IMPORT_SECONDS_MAX = 7_200
RELAY_SECONDS_MAX = 60
SEARCHES = 2_000


class Run:
    """One import with its kills. `folder` is made, and holds all that is left of it."""

    def __init__(self, options, folder):
        self.options, self.folder = options, Path(folder)
        self.data = self.folder / "data"
        self.data.mkdir()
        self.maker = Maker(options.seed, options.records)
        self.journal = Journal(self.folder / "journal")
        self.service = Service(options.binary, self.data, self.folder / "service.log")
        self.importer = Importer(self.maker, self.service, self.journal, options.seed)
        self.kills = collections.Counter()
        self.reference, self.begun = {}, time.monotonic()

    def say(self, text):
        print(f"[{time.monotonic() - self.begun:6.1f} s] {text}", flush=True)

    def run(self):
        """(findings after a kill, findings after a stop, searches)."""
        with self.service:
            self.service.start()
            self.importer.start()
            self._kill_by_and_by(random.Random(self.options.seed))
            self._wait_until(self.importer.is_done)
            self.say(f"all {self.importer.total} operations are acknowledged; last kill -9")
            self.service.kill()
            after_kill = self.check("after kill -9")
            self.service.start()
            pending = self._wait_for_relay()
            searches = check_searches(self.service.port, after_kill, SEARCHES, self.options.seed)
            self.say(f"searches: {searches.asked} asked, {searches.exact} exact, "
                     f"{searches.wrong} wrong; {pending} pending")
            status = self.service.stop()
            if status != 0:
                raise RuntimeError(f"SIGTERM: the service ended with {status}")
        return after_kill.findings, self.check("after a stop").findings, searches

    def _wait_until(self, condition):
        deadline = time.monotonic() + IMPORT_SECONDS_MAX
        with self.importer.state:
            while not condition():
                self.importer.state.wait(1)
                if time.monotonic() > deadline:
                    raise RuntimeError("the import did not end in time")
                if self.importer.is_up and self.service.has_ended():
                    raise RuntimeError("the service ended by itself")

    def _kill_by_and_by(self, rng):
        """At random moments, one in each equal share of the import, with a write under way."""
        importer, share = self.importer, self.importer.total / max(self.options.kills, 1)
        delay_max = min(0.05, share / 100_000)
        for number in range(self.options.kills):
            due = int(share * (number + rng.uniform(0.1, 0.9)))
            self._wait_until(lambda: importer.is_done() or importer.acked_count >= due)
            while not self._kill_in_flight(time.monotonic() + rng.uniform(0, delay_max)):
                pass

    def _kill_in_flight(self, moment):
        """Kills and starts anew. False when every reply had already left: that does not count."""
        importer = self.importer
        with importer.state:
            while (left := moment - time.monotonic()) > 0:
                importer.state.wait(left)
            while not importer.unanswered:
                if importer.is_done():
                    raise RuntimeError("the import ended before the kill was due")
                importer.state.wait(0.001)
            importer.is_up = False
            sent = [name for names in importer.unanswered.values() for name in names]
            self.service.kill()
            killed_at = time.time_ns() // 1_000_000
        # Replies that were on their way are still read, and count as answers.
        self._wait_until(lambda: importer.is_done() or not importer.unanswered)
        with importer.state:
            cut = [name for name in sent if name not in importer.ids]
            importer.cut.update(dict.fromkeys(cut, killed_at))
            self._count_kill(cut)
            self.service.start()
            importer.is_up = True
            importer.generation += 1
            importer.state.notify_all()
        return bool(cut)

    def _count_kill(self, cut):
        self.kills["kills"] += 1
        self.kills["with_write_in_flight"] += bool(cut)
        self.kills["writes_in_flight"] += len(cut)
        self.journal.add({"killed": self.kills["kills"]})
        self.say(f"kill -9 number {self.kills['kills']}: {self.importer.acked_count} of "
                 f"{self.importer.total} acknowledged, {len(cut)} writes in flight")

    def _wait_for_relay(self):
        database = sqlite3.connect(f"file:{self.data / DATABASE}?mode=ro", uri=True)
        deadline = time.monotonic() + RELAY_SECONDS_MAX
        with self.importer.state:
            while True:
                (pending,), = database.execute("SELECT count(*) FROM pending_vector").fetchall()
                if pending == 0 or time.monotonic() > deadline:
                    database.close()
                    return pending
                self.importer.state.wait(0.05)

    def check(self, when):
        """Checks a copy of the database, so that the service's own recovery is not forestalled."""
        copy = self.folder / "copy"
        copy.mkdir(exist_ok=True)
        for suffix in ("", "-wal"):
            (copy / (DATABASE + suffix)).unlink(missing_ok=True)
            if (self.data / (DATABASE + suffix)).exists():
                shutil.copyfile(self.data / (DATABASE + suffix), copy / (DATABASE + suffix))
        (copy / (DATABASE + "-shm")).unlink(missing_ok=True)
        checker = FileChecker(copy / DATABASE, self.maker, self.facts(), self.reference)
        findings = checker.run()
        self.say(f"the file {when}: {checker.findings.counted}, "
                 f"{(copy / DATABASE).stat().st_size} bytes, {dict(findings.counts)}")
        return checker

    def facts(self):
        return JournalFacts(self.folder / "journal")

    def surviving_mutants(self):
        """Damage that the checker did not see. REQUIRES: `run` has ended well."""
        surviving = []
        for mutant, (kind, _) in MUTANTS.items():
            target = self.folder / "mutant.db"
            mutated_copy(self.folder / "copy" / DATABASE, target, mutant)
            findings = FileChecker(target, self.maker, self.facts(), self.reference).run()
            told = [what for what in findings.told if what.startswith(kind)]
            self.say(f"mutant: {mutant}: {told[0] if told else 'NOT FOUND'}")
            if not findings.counts[kind]:
                surviving.append(mutant)
            target.unlink()
        return surviving


def tally_of(run, after_kill, after_stop, searches):
    facts, importer = run.facts(), run.importer
    tally = {"seed": run.options.seed, "records_sent": run.maker.count,
             "acknowledged": len(facts.acked),
             "acknowledged_records": sum(name.startswith("c") for name in facts.acked),
             "acknowledged_patches": sum(name.startswith("p") for name in facts.acked),
             "kills_asked": run.options.kills, "kills": run.kills["kills"],
             "kills_with_write_in_flight": run.kills["with_write_in_flight"],
             "writes_in_flight_at_kills": run.kills["writes_in_flight"],
             **{name: importer.tally[name] for name in (
                 "cut_committed", "cut_not_committed", "refused_as_busy",
                 "connections_closed_by_service")}}
    for kind in KINDS_OF_FAULT:  # A fault that both checks found counts once.
        tally[kind] = max(after_kill.counts[kind], after_stop.counts[kind])
    return {**tally, **after_stop.counted, "pending_left": after_stop.counts["pending"],
            "searches": searches.asked, "wrong_searches": searches.wrong + searches.missed}


def is_good(tally):
    faults = sum(tally[kind] for kind in (*KINDS_OF_FAULT, "pending_left", "wrong_searches"))
    return (faults == 0 and tally["kills_with_write_in_flight"] == tally["kills_asked"]
            and tally["acknowledged_records"] == tally["records_sent"] and tally["searches"] > 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--binary", type=Path, default=Path(os.environ.get(
        "DATASTORAGE_BINARY", ROOT / "build/datastorage")))
    parser.add_argument("--folder", help="where to work; made, and kept")
    parser.add_argument("--mutant", action="store_true",
                        help="damage copies of the database: each damage must be found")
    options = parser.parse_args()
    folder = options.folder or tempfile.mkdtemp(prefix="kill_import_")
    Path(folder).mkdir(parents=True, exist_ok=True)
    print(f"seed {options.seed}, {options.records} records, {options.kills} kills, in {folder}")
    run = Run(options, folder)
    after_kill, after_stop, searches = run.run()
    for what in after_kill.told + after_stop.told + searches.told:
        print(what)
    surviving = run.surviving_mutants() if options.mutant else []
    tally = tally_of(run, after_kill, after_stop, searches)
    good = is_good(tally) and not surviving
    if good and not options.folder:
        shutil.rmtree(folder)
    for name, value in tally.items():
        print(f"{name:32}{value:>12}")
    if options.mutant:
        tally["mutants"], tally["mutants_not_found"] = len(MUTANTS), len(surviving)
    print(json.dumps(tally))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
