"""The runbook of docs/operations.md, carried out in a size for every test run."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import restore
from runbook import Runbook

BINARY = Path(os.environ.get("DATASTORAGE_BINARY", restore.ROOT / "build/datastorage"))


class Commands(unittest.TestCase):
    def runbook(self, text):
        page = tempfile.NamedTemporaryFile("w", suffix=".md")
        self.addCleanup(page.close)
        page.write(text)
        page.flush()
        return Runbook(page=Path(page.name))

    def test_are_those_of_the_page_with_what_is_given(self):
        runbook = self.runbook("Text.\n```sh first\necho \"$WHAT\"\n```\n```sh second\nfalse\n```\n"
                               "```sh\nexit 9\n```\n")
        self.assertEqual(runbook.names, {"first", "second"})
        self.assertEqual(runbook.run("first", {"WHAT": "a word"}), "a word\n")
        self.assertEqual(runbook.used, {"first"})

    def test_end_with_the_first_that_fails(self):
        runbook = self.runbook("```sh one\nfalse\ntrue\n```\n```sh two\necho $NOT_GIVEN\n```\n")
        for name in ("one", "two"):
            with self.assertRaises(RuntimeError):
                runbook.run(name, {})


class RestoreAndPromotion(unittest.TestCase):
    def test_keep_what_the_runbook_promises(self):
        self.assertTrue(BINARY.exists(), f"{BINARY} is not built; set DATASTORAGE_BINARY")
        # Processors are shared with other tests.
        run = subprocess.run(
            [sys.executable, Path(__file__).with_name("restore.py"), "--scenes",
             *sorted(restore.COMPLETE), "--seconds", "5", "--rate", "60", "--records", "1200",
             "--binary", BINARY],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=500)
        print(run.stdout)
        self.assertEqual(run.returncode, 0, "see the tallies above; the folder is kept")
        tallies = json.loads(run.stdout.splitlines()[-1])
        for scene in restore.COMPLETE:
            self.assertGreater(tallies[scene]["acknowledged_afterwards"], 0)


if __name__ == "__main__":
    unittest.main()
