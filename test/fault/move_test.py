"""Searches move to a second PostgreSQL under writes, with few records."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import move

BINARY = Path(os.environ.get("DATASTORAGE_BINARY", move.ROOT / "build/datastorage"))


class MoveToAnotherPostgres(unittest.TestCase):
    def test_no_search_finds_less_and_no_write_fails(self):
        if not BINARY.exists():
            self.fail(f"{BINARY} is not built; set DATASTORAGE_BINARY")
        with tempfile.TemporaryDirectory() as folder:
            # Processors are shared with other tests: the pace is low.
            run = subprocess.run(
                [sys.executable, move.__file__, "--before", "2500", "--rate", "40",
                 "--connections", "8", "--seed", "7", "--binary", BINARY, "--folder", folder],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=400)
        print(run.stdout)
        self.assertEqual(run.returncode, 0, "see the tally above")
        tally = json.loads(run.stdout.splitlines()[-1])
        self.assertGreater(tally.get("searched_filling", 0) + tally["searched_killed"], 0)


class Judgement(unittest.TestCase):
    GOOD = {**dict.fromkeys((*move.FAULTS, *move.STORM_FAULTS, "index_differences"), 0),
            "old_set_retired": 1, "new_set_live": 1, "left_when_killed": 9, "index_checked": 9,
            "searched_both": 1, "searched_moved": 1}

    def test_takes_nothing_less_than_a_whole_move(self):
        self.assertTrue(move.is_good(self.GOOD))
        for name, value in (("failed", 1), ("not_found", 1), ("found_less", 1), ("lost", 1),
                            ("index_differences", 1), ("old_set_retired", 0), ("new_set_live", 0),
                            ("left_when_killed", 0), ("index_checked", 0), ("searched_moved", 0)):
            self.assertFalse(move.is_good({**self.GOOD, name: value}), name)


if __name__ == "__main__":
    unittest.main()
