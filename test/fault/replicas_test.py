"""Rolling restarts of three replicas, in a size for every test run."""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("DATASTORAGE_BINARY", ROOT / "build/datastorage"))
SECONDS, ROLLS = 24, 2


class RollingRestarts(unittest.TestCase):
    def test_fail_no_request_and_lose_no_write(self):
        self.assertTrue(BINARY.exists(), f"{BINARY} is not built; set DATASTORAGE_BINARY")
        # Processors are shared with other tests: no rate is asked.
        run = subprocess.run(
            [sys.executable, Path(__file__).with_name("replicas.py"), "--seconds", str(SECONDS),
             "--rolls", str(ROLLS), "--records", "12000", "--rate-min", "0", "--search-rate-min",
             "0", "--binary", BINARY],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=280)
        print(run.stdout)
        self.assertEqual(run.returncode, 0, "see the tally above; the folder it names is kept")
        tally = json.loads(run.stdout.splitlines()[-1])
        self.assertGreater(tally["acknowledged"], 0)
        self.assertEqual(tally["listed"], tally["records"])


if __name__ == "__main__":
    unittest.main()
