"""The checkers of kill_import.py itself: silent about a whole file, and blind to no damage."""

import argparse
import os
import tempfile
import types
import unittest
from pathlib import Path

import kill_import
import numpy as np
import search_check
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
        self.assertEqual(searches.wrong + searches.missed, 0, searches.told)
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


class Judge(unittest.TestCase):
    """Of three records' searches: the first is asked for by its own text."""

    def judged(self, completeness, *hits):
        rows = np.eye(5, dtype=np.float32)
        matrix = np.stack([rows[0], (rows[0] + rows[1]) / np.sqrt(np.float32(2)), rows[2], rows[3]])
        checked = types.SimpleNamespace(texts=list("tuvw"), matrix=matrix, ids=list("abcd"))
        tally = search_check.SearchTally()
        hits = [{"record": {"id": record_id}, "similarity": value} for record_id, value in hits]
        answer = {"completeness": completeness, "degraded": [], "hits": hits}
        search_check.judge(tally, checked, answer,
                           (0, np.sort(matrix @ matrix[0])[:0:-1], dict(zip("abcd", range(4)))))
        return tally.wrong, tally.missed

    def test_takes_the_nearest_records(self):
        self.assertEqual(self.judged("exact", ("a", 1.0), ("b", 0.70711), ("d", 0.0)), (0, 0))

    def test_refuses_an_exact_answer_without_the_nearest(self):
        self.assertEqual(self.judged("exact", ("b", 0.70711), ("c", 0.0), ("d", 0.0)), (1, 0))

    def test_counts_what_an_approximate_answer_missed(self):
        self.assertEqual(self.judged("approximate", ("b", 0.70711), ("c", 0.0), ("d", 0.0)), (0, 1))

    def test_refuses_a_similarity_that_is_not_that_of_the_record(self):
        self.assertEqual(self.judged("approximate", ("a", 1.0), ("b", 0.9), ("c", 0.0)), (1, 0))
        self.assertEqual(self.judged("approximate", ("a", 1.0), ("x", 0.9), ("c", 0.0)), (1, 0))


if __name__ == "__main__":
    unittest.main()
