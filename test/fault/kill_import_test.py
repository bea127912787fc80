"""The import under kill -9, in a size for every test run; kill_import.py alone runs it whole."""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("DATASTORAGE_BINARY", ROOT / "build/datastorage"))
RECORDS, KILLS = 4_000, 3


class KillImport(unittest.TestCase):
    def test_every_acknowledged_record_is_there_once_and_whole(self):
        self.assertTrue(BINARY.exists(), f"{BINARY} is not built; set DATASTORAGE_BINARY")
        run = subprocess.run(
            [sys.executable, Path(__file__).with_name("kill_import.py"), "--records", str(RECORDS),
             "--kills", str(KILLS), "--binary", BINARY],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=280)
        print(run.stdout)
        self.assertEqual(run.returncode, 0, "see the tally above; the folder it names is kept")
        tally = json.loads(run.stdout.splitlines()[-1])
        self.assertEqual(tally["acknowledged_records"], RECORDS)
        self.assertEqual(tally["kills_with_write_in_flight"], KILLS)


if __name__ == "__main__":
    unittest.main()
