"""Rolling restarts of three replicas, in a size for every test run."""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path
from unittest import mock

import replicas
from http_caller import Reply
from made_records import Maker

BINARY = Path(os.environ.get("DATASTORAGE_BINARY", replicas.ROOT / "build/datastorage"))
SECONDS, ROLLS = 24, 2


class CannedCaller:
    """In place of a replica: lists and finds the records that it was made of."""

    def __init__(self, services):
        (self.records,) = services

    def ask(self, _, path):
        items = self.records if "/remediation?" in path else []
        return Reply(200, {}, json.dumps({"items": items, "next_cursor": None}).encode())

    def ask_json(self, _, question):
        hits = [{"record": record, "score": 0.5} for record in self.records]
        return Reply(200, {}, json.dumps({"hits": hits}).encode())

    def close(self):
        pass


class Differences(unittest.TestCase):
    def told(self, *records_of_replicas):
        with mock.patch.object(replicas, "Caller", CannedCaller):
            differences = replicas.Differences(records_of_replicas, Maker(1, 10))
            return differences.find({"a", "b"}, seed=1)

    def test_are_none_where_all_answer_alike(self):
        records = [{"id": "a", "version": 1}, {"id": "b", "version": 2}]
        self.assertEqual(self.told(records, records, records), [])

    def test_are_told_of_order_and_versions_and_of_what_is_listed(self):
        records = [{"id": "a", "version": 1}, {"id": "b", "version": 2}]
        for other in (records[::-1], records[:1], [records[0], {"id": "b", "version": 1}],
                      records + records[:1]):
            with self.subTest(other):
                self.assertGreater(len(self.told(records, records, other)), 1)
        self.assertEqual(len(self.told(records[:1])), 1)


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
