"""The checker of kill_import.py itself: silent about a whole file, and blind to no damage."""

import argparse
import os
import tempfile
import unittest
from pathlib import Path

import kill_import
from file_checker import FileChecker
from journal import JournalFacts
from made_records import Maker
from mutants import MUTANTS, mutated_copy

BINARY = Path(os.environ.get("DATASTORAGE_BINARY", kill_import.ROOT / "build/datastorage"))
RECORDS, SEED = 300, 11


class Checker(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not BINARY.exists():
            raise AssertionError(f"{BINARY} is not built; set DATASTORAGE_BINARY")
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        options = argparse.Namespace(records=RECORDS, kills=0, seed=SEED, binary=BINARY)
        cls.run_of_import = kill_import.Run(options, folder.name)
        cls.results = cls.run_of_import.run()
        cls.folder = Path(folder.name)
        cls.whole = cls.folder / "copy" / kill_import.DATABASE

    def findings(self, path, seed=SEED, facts=None):
        return FileChecker(path, Maker(seed, RECORDS), facts or self.run_of_import.facts(),
                           self.run_of_import.reference).run()

    def test_finds_nothing_in_a_whole_file(self):
        after_kill, after_stop, searches = self.results
        for findings in (after_kill, after_stop):
            self.assertEqual(findings.fault_count(), 0, findings.told)
        self.assertEqual(searches.wrong, 0, searches.told)
        self.assertGreater(searches.asked, RECORDS // 2)

    def test_finds_every_damage(self):
        for mutant, (kind, _) in MUTANTS.items():
            with self.subTest(mutant):
                target = self.folder / "mutant.db"
                mutated_copy(self.whole, target, mutant)
                findings = self.findings(target)
                self.assertGreater(findings.counts[kind], 0, dict(findings.counts))

    def test_finds_what_was_acknowledged_and_is_not_stored(self):
        facts = self.run_of_import.facts()
        unpatched = next(i for i in range(RECORDS) if facts.version_acked(i) == 1)
        facts.acked[f"p{unpatched}.1"] = (facts.acked[f"c{unpatched}"][0], 2)
        facts.sent.add(f"p{unpatched}.1")
        self.assertEqual(self.findings(self.whole, facts=facts).counts["lost"], 1)

    def test_finds_records_that_were_never_sent(self):
        self.assertEqual(self.findings(self.whole, seed=SEED + 1).counts["lost"], RECORDS)
        self.assertGreaterEqual(self.findings(self.whole, seed=SEED + 1).counts["unsent"], RECORDS)

    def test_finds_one_operation_acknowledged_under_two_ids(self):
        path = self.folder / "journal_of_two"
        path.write_text('{"acked":[["c1","a",1,201]]}\n{"acked":[["c1","b",1,201]]}\n')
        self.assertEqual(len(JournalFacts(path).contradictions), 1)


if __name__ == "__main__":
    unittest.main()
