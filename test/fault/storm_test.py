"""The storm in a size for every test run, its mutant, and what its checker sees of damage."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import storm
from journal import JournalFacts
from made_records import Maker
from mutants import MUTANTS, mutated_copy
from storm_checker import StormChecker

BINARY = Path(os.environ.get("DATASTORAGE_BINARY", storm.ROOT / "build/datastorage"))
RECORDS, SEED, KILLS = 8_000, 7, 3
# Damage to what only SQLite's own text index has.
LEFT_OUT = ("drop an entry of the text index",)


def run_storm(folder, *options):
    """Its exit status and its tally. Processors are shared with other tests: no rate is asked."""
    run = subprocess.run(
        [sys.executable, Path(__file__).with_name("storm.py"), "--records", str(RECORDS),
         "--seed", str(SEED), "--binary", BINARY, "--rate", "150", "--rate-min", "0",
         "--gap", "1.5", "--folder", folder, *options],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=580)
    print(run.stdout)
    return run.returncode, json.loads(run.stdout.splitlines()[-1])


class StormRun:
    """One storm for all tests of a class, run with its OPTIONS."""

    @classmethod
    def setUpClass(cls):
        if not BINARY.exists():
            raise AssertionError(f"{BINARY} is not built; set DATASTORAGE_BINARY")
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.status, cls.tally = run_storm(cls.folder, *cls.OPTIONS)


class Storm(StormRun, unittest.TestCase):
    OPTIONS = ("--kills", str(KILLS))

    def test_every_acknowledged_write_is_there_once_and_whole(self):
        self.assertEqual(self.status, 0, "see the tally above")
        for victim in ("postgres", "service", "redis"):
            self.assertEqual(self.tally[f"kills_of_{victim}_with_write_in_flight"], KILLS)
        for what in ("patches", "strict", "echoes", "read_back", "shown", "vectors"):
            self.assertGreater(self.tally[what], 0, what)

    def findings(self, path, facts=None):
        maker = Maker(SEED, RECORDS, storm.PATCHED_SHARE)
        facts = facts or JournalFacts(self.folder / "journal")
        return StormChecker(path, maker, facts).run()

    def test_checker_finds_every_damage(self):
        for mutant, (kind, _) in MUTANTS.items():
            if mutant in LEFT_OUT:
                continue
            with self.subTest(mutant):
                target = self.folder / "mutant.db"
                mutated_copy(self.folder / "copy.db", target, mutant)
                findings = self.findings(target)
                self.assertGreater(findings.counts[kind], 0, dict(findings.counts))

    def test_checker_finds_what_was_shown_or_refused_otherwise(self):
        facts = JournalFacts(self.folder / "journal")
        facts.refused.add(next(name for name in facts.acked if name.startswith("c")))
        shown = next(iter(facts.seen))
        facts.seen[shown] += 9
        findings = self.findings(self.folder / "copy.db", facts)
        self.assertEqual((findings.counts["dirty"], findings.counts["false_failure"]), (1, 1))


class AsynchronousCommit(unittest.TestCase):
    def test_is_found_out(self):
        with tempfile.TemporaryDirectory() as folder:
            status, tally = run_storm(folder, "--mutant", "--victims", "postgres", "--kills", "3")
        self.assertEqual(status, 0, "a service that loses what it acknowledged was not noticed")
        self.assertGreater(tally["lost"], 0)


if __name__ == "__main__":
    unittest.main()
