"""The server of vectors away under writes, for some seconds each way."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import vectors_away

BINARY = Path(os.environ.get("DATASTORAGE_BINARY", vectors_away.ROOT / "build/datastorage"))


class VectorsAway(unittest.TestCase):
    def test_no_default_write_fails_and_the_backlog_drains(self):
        if not BINARY.exists():
            self.fail(f"{BINARY} is not built; set DATASTORAGE_BINARY")
        with tempfile.TemporaryDirectory() as folder:
            # Processors are shared with other tests: the pace is low, and no drain rate is asked.
            run = subprocess.run(
                [sys.executable, vectors_away.__file__, "--seconds", "8", "--rate", "60",
                 "--drain-min", "0", "--seed", "7", "--binary", BINARY, "--folder", folder],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=400)
        print(run.stdout)
        self.assertEqual(run.returncode, 0, "see the tally above")
        tally = json.loads(run.stdout.splitlines()[-1])
        for scene in ("refused", "hung"):
            self.assertGreater(tally[f"{scene}_pending"], 0)
            self.assertGreater(tally[f"{scene}_degraded"], 0)


if __name__ == "__main__":
    unittest.main()
