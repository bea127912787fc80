"""Three of the simulator's mutants on real servers, and the healthy service in the same scenes."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import mutant_stand
import protocol_mutants

BINARY = Path(os.environ.get("DATASTORAGE_FAILPOINTS_BINARY",
                             mutant_stand.ROOT / "build/dev/datastorage_failpoints"))
# A statement, a trigger of the vectors' server, a switch of the store.
QUICK = ("NoCompareAndSet", "NoTombstone", "NoFence")


class ProtocolMutants(unittest.TestCase):
    def test_each_mutant_of_the_simulator_has_its_case(self):
        cases = [case.name for case in protocol_mutants.CASES]
        self.assertCountEqual([*cases, *protocol_mutants.NOT_APPLICABLE],
                              protocol_mutants.simulated())

    def test_a_changed_statement_is_as_long_as_its_comment_allows(self):
        text = (mutant_stand.ROOT / "sql/postgres/queries/active_sets.sql").read_bytes()
        change = mutant_stand.Change(statement="queries/active_sets.sql", old="ORDER BY s.set_id",
                                     new="ORDER BY s.set_id LIMIT 1")
        changed = mutant_stand.changed_program(b"\0before" + text + b"after", change)
        self.assertEqual(len(changed), len(text) + 12)
        self.assertIn(b"ORDER BY s.set_id LIMIT 1;", changed)
        with self.assertRaises(RuntimeError):
            mutant_stand.changed_program(b"another program", change)

    def test_removed_guards_are_caught_and_the_healthy_service_is_not_accused(self):
        if not BINARY.exists():
            self.fail(f"{BINARY} is not built; set DATASTORAGE_FAILPOINTS_BINARY")
        with tempfile.TemporaryDirectory(prefix="mt_") as folder:
            run = subprocess.run(
                [sys.executable, protocol_mutants.__file__, "--binary", BINARY, "--folder", folder,
                 "--only", *QUICK], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                timeout=400)
        print(run.stdout)
        self.assertEqual(run.returncode, 0, "see above")
        tally = json.loads(run.stdout.splitlines()[-1])
        self.assertEqual((tally["caught"], tally["healthy_accused"]), (len(QUICK), 0))


if __name__ == "__main__":
    unittest.main()
