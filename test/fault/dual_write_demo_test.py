"""A short form of the demonstration: the original's order errs, ours does not."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import dual_write_demo

BINARY = Path(os.environ.get("DATASTORAGE_BINARY", dual_write_demo.ROOT / "build/datastorage"))
KINDS = {"lost", "orphaned", "mis_adopted", "dirty", "pending", "converge_s"}


class DualWriteDemo(unittest.TestCase):
    def test_original_disagrees_with_itself_for_good_and_ours_does_not(self):
        if not BINARY.exists():
            self.fail(f"{BINARY} is not built; set DATASTORAGE_BINARY")
        with tempfile.TemporaryDirectory() as folder:
            run = subprocess.run(
                [sys.executable, dual_write_demo.__file__, "--kills", "2", "--seed", "7",
                 "--binary", BINARY, "--patience", "90", "--original-patience", "2", "--folder",
                 folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=400)
        print(run.stdout)
        self.assertEqual(run.returncode, 0, "see above")
        tallies = json.loads(run.stdout.splitlines()[-1])
        self.assertEqual(set(tallies), {"original", "ours"})
        for tally in tallies.values():
            self.assertEqual(set(tally), KINDS)
        original = tallies["original"]
        self.assertGreater(original["orphaned"] + original["mis_adopted"], 0)
        self.assertGreater(original["pending"], 0)
        self.assertIsNone(original["converge_s"])


if __name__ == "__main__":
    unittest.main()
