"""Damage to the index is found and mended, and records are put back under it: the short form."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import reconcile

BINARY = Path(os.environ.get("DATASTORAGE_BINARY", reconcile.ROOT / "build/datastorage"))


class Reconcile(unittest.TestCase):
    def _run(self, *options):
        if not BINARY.exists():
            self.fail(f"{BINARY} is not built; set DATASTORAGE_BINARY")
        with tempfile.TemporaryDirectory() as folder:
            run = subprocess.run(
                [sys.executable, reconcile.__file__, "--seconds", "4", "--rate", "150",
                 "--records", "8000", "--seed", "5", "--binary", BINARY, "--folder", folder,
                 *options],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=400)
        print(run.stdout)
        self.assertEqual(run.returncode, 0, "see the tally above")
        return json.loads(run.stdout.splitlines()[-1])

    def test_vectors_on_another_server_are_as_the_records_say(self):
        tally = self._run("--vectors", "separate")
        self.assertGreater(tally["acknowledged_left_behind"], 0)
        self.assertGreater(tally["acknowledged_afterwards"], 0)

    def test_vectors_beside_the_records_are_as_they_say(self):
        self._run("--vectors", "pgvector")


if __name__ == "__main__":
    unittest.main()
