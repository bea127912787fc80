"""A sample of the failpoint matrix, and guards taken away that it must miss."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import failpoints

BINARY = Path(os.environ.get("DATASTORAGE_FAILPOINTS_BINARY",
                             failpoints.ROOT / "build/dev/datastorage_failpoints"))
SEED = "7"
# Mutant → words of the cell that must find it, where records are in SQLite.
FOUND_IN = {"kLostIsFailed": ("kAfterRecord", "error", "default", "create"),
            "kSettlesUnsent": ("kBeforeRelaySend", "error", "default", "create"),
            "kNeverEnters": ("kAfterRecord", "hang", "default", "create"),
            "kLeavesEarly": ("kBeforeRecord", "hang", "default", "create")}


class Failpoints(unittest.TestCase):
    def _run(self, *options):
        if not BINARY.exists():
            self.fail(f"{BINARY} is not built; set DATASTORAGE_FAILPOINTS_BINARY")
        with tempfile.TemporaryDirectory(prefix="fp_") as folder:
            run = subprocess.run(
                [sys.executable, failpoints.__file__, "--seed", SEED, "--binary", BINARY,
                 "--folder", folder, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True, timeout=400)
        print(run.stdout)
        self.assertEqual(run.returncode, 0, "see above")
        return json.loads(run.stdout.splitlines()[-1])

    def test_each_failpoint_is_hit_and_nothing_is_broken(self):
        tally = self._run("--sample")
        self.assertEqual(tally["ok"], tally["failpoints"])
        self.assertGreater(tally["not_applicable"], 0)
        for name in (*failpoints.PLACEMENTS, *failpoints.FAULTS):
            self.assertGreater(tally[f"ok_{name}"], 0, name)

    def test_removed_guards_are_found(self):
        for mutant, words in FOUND_IN.items():
            with self.subTest(mutant):
                tally = self._run("--placements", "in_process", "--mutant", mutant, "--only",
                                  *words)
                self.assertEqual((tally["cells"], tally["failed"]), (1, 1))


if __name__ == "__main__":
    unittest.main()
