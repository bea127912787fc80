#!/usr/bin/env python3
"""Tests of bench/relevance: metrics against values worked out by hand, and the programs' whole
course against a small service that speaks the API in this process.
"""

import json
import math
import random
import sys
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench" / "relevance"))

import metrics  # noqa: E402
import paraphrases  # noqa: E402
import records  # noqa: E402
import relevance  # noqa: E402
from service import Service, ServiceError, check_batch  # noqa: E402


class Metrics(unittest.TestCase):
    def test_ndcg_weighs_grades_and_ranks(self):
        # Gains 0, 3, 1 at ranks 1, 2, 3; ideal 3, 1.
        worked_out = (3 / math.log2(3) + 1 / 2) / (3 + 1 / math.log2(3))
        self.assertAlmostEqual(metrics.ndcg(["x", "a", "b"], {"a": 2, "b": 1}), worked_out)
        self.assertAlmostEqual(worked_out, 0.6590, places=4)

    def test_ndcg_of_the_best_order_is_one_and_of_nothing_zero(self):
        self.assertEqual(metrics.ndcg(["a", "b"], {"b": 1, "a": 2}), 1.0)
        self.assertEqual(metrics.ndcg([], {"a": 2}), 0.0)

    def test_ndcg_looks_at_ten_documents_in_the_ranking_and_in_the_ideal(self):
        eleventh = [f"x{i}" for i in range(10)] + ["a"]
        self.assertEqual(metrics.ndcg(eleventh, {"a": 2}), 0.0)
        many = {f"d{i}": 1 for i in range(20)}
        self.assertAlmostEqual(metrics.ndcg(list(many), many), 1.0)

    def test_recall_divides_by_what_ten_places_can_hold(self):
        many = {f"d{i}": 1 for i in range(20)}
        self.assertEqual(metrics.recall(list(many), many), 1.0)
        self.assertEqual(metrics.recall(["a", "x"], {"a": 1, "b": 2}), 0.5)

    def test_reciprocal_rank_and_success_take_the_first_of_any_grade(self):
        ranking = ["x", "y", "b", "a"]
        self.assertAlmostEqual(metrics.reciprocal_rank(ranking, {"a": 2, "b": 1}), 1 / 3)
        self.assertEqual(metrics.reciprocal_rank(ranking, {"z": 2}), 0.0)
        self.assertEqual(metrics.success(ranking, {"b": 1}, 2), 0.0)
        self.assertEqual(metrics.success(ranking, {"b": 1}, 3), 1.0)

    def test_a_ranking_that_repeats_a_document_is_refused(self):
        with self.assertRaises(ValueError):
            metrics.judge(["a", "a"], {"a": 2})

    def test_percentile_goes_between_neighbours(self):
        self.assertEqual(metrics.percentile([0, 10], 0.025), 0.25)
        self.assertEqual(metrics.percentile([1, 2, 3], 0.5), 2)

    def test_intervals_hold_the_mean_and_have_the_expected_width(self):
        values = [0.0] * 50 + [1.0] * 50
        low, high = metrics.bootstrap_interval(values)
        # The mean's standard error is 0.05, so the interval is close to 0.5 ± 0.098.
        self.assertAlmostEqual(low, 0.402, delta=0.02)
        self.assertAlmostEqual(high, 0.598, delta=0.02)

    def test_pairing_removes_what_both_sides_share(self):
        source = random.Random(7)
        theirs = [source.random() for _ in range(200)]
        ours = [value + 0.01 for value in theirs]
        low, high = metrics.paired_interval(ours, theirs)
        self.assertAlmostEqual(low, 0.01)
        self.assertAlmostEqual(high, 0.01)
        with self.assertRaises(ValueError):
            metrics.paired_interval(ours, theirs[1:])


class Gate(unittest.TestCase):
    def result(self, ndcg, low):
        return {"modes": {"hybrid": {"ndcg@10": [ndcg, 0, 1]}}, "hybrid-text": [0.03, low, 0.05]}

    def test_passes_only_above_the_gate_and_above_text(self):
        self.assertEqual(relevance.failures(self.result(0.63, 0.01), 0.62), [])
        self.assertEqual(len(relevance.failures(self.result(0.61, 0.01), 0.62)), 1)
        self.assertEqual(len(relevance.failures(self.result(0.63, 0.0), 0.62)), 1)
        self.assertEqual(len(relevance.failures(self.result(0.5, -0.1), 0.62)), 2)


class RandomMembers(unittest.TestCase):
    def test_follow_from_the_seed_and_hold_the_text_once(self):
        first = relevance.random_record("some text", random.Random(5))
        second = relevance.random_record("other text", random.Random(5))
        self.assertEqual(first.pop("summary"), "some text")
        self.assertEqual(second.pop("summary"), "other text")
        self.assertEqual(first, second)


class BatchAnswers(unittest.TestCase):
    def test_name_the_line_that_was_not_stored(self):
        check_batch('{"index":0,"status":201}\n{"index":1,"status":200}\n', 0, 2)
        with self.assertRaisesRegex(ServiceError, "line 502 not stored"):
            check_batch('{"index":0,"status":201}\n{"index":1,"status":422}\n', 500, 2)
        with self.assertRaisesRegex(ServiceError, "3 lines sent, 1 results"):
            check_batch('{"index":0,"status":201}\n', 0, 3)


class SpokenApi(BaseHTTPRequestHandler):
    """Enough of the API for the programs: ranks by the number of shared words."""

    store = {}
    refusals = 0

    def log_message(self, *_):
        pass

    def answer(self, text, status=200, **headers):
        body = text.encode("utf-8")
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode("utf-8")
        if SpokenApi.refusals:
            SpokenApi.refusals -= 1
            return self.answer("{}", 503, Retry_After="0")
        results = []
        for index, line in enumerate(body.splitlines()):
            record = json.loads(line)["record"]
            record = {name: value for name, value in record.items() if value is not None}
            if isinstance(record.get("metadata"), str):
                record["metadata"] = json.loads(record["metadata"])
            self.store[record["remediation_request_id"]] = record
            results.append(json.dumps({"index": index, "status": 201}))
        return self.answer("\n".join(results) + "\n")

    def do_GET(self):
        parts = urlsplit(self.path)
        parameters = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/api/v1/audit/search":
            return self.answer(json.dumps({"hits": self.search(parameters), "degraded": []}))
        if "/key:" in parts.path:
            return self.answer(json.dumps(self.store[unquote(parts.path.split("/key:")[1])]))
        return self.answer(json.dumps({"items": [], "next_cursor": None}))

    def search(self, parameters):
        words = set(parameters["q"].lower().split())
        if parameters["mode"] == "text":
            words = set()
        shared = lambda record: len(words & set(record["summary"].lower().split()))
        ranked = sorted(self.store.values(), key=shared, reverse=True)
        members = parameters["fields"].split(",")
        return [
            {"record": {member: record[member] for member in members if member in record}}
            for record in ranked[: int(parameters["limit"])]
        ]


class Course(unittest.TestCase):
    def setUp(self):
        SpokenApi.store = {}
        SpokenApi.refusals = 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), SpokenApi)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.service = Service(f"http://127.0.0.1:{self.server.server_port}")
        self.folder = tempfile.TemporaryDirectory()

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()
        self.folder.cleanup()

    def write(self, name, text):
        (Path(self.folder.name) / name).write_text(text, encoding="utf-8")

    def write_corpus(self):
        texts = [f"word{i} word{i}b" for i in range(30)]
        documents = [{"id": f"doc{i}", "text": text, "title": "T"} for i, text in enumerate(texts)]
        queries = [{"id": f"q{i}", "kind": "short", "text": f"word{i}"} for i in range(30)]
        self.write("corpus.jsonl", "".join(json.dumps(value) + "\n" for value in documents))
        self.write("queries.jsonl", "".join(json.dumps(value) + "\n" for value in queries))
        judged = "".join(f"q{i}\tdoc{i}\t2\n" for i in range(29))
        self.write("qrels.tsv", "query-id\tdoc-id\tgrade\n" + judged)

    def test_measures_each_mode_and_sends_only_the_text(self):
        self.write_corpus()
        SpokenApi.refusals = 1
        result = relevance.measure(self.service, Path(self.folder.name), seed=3)
        self.assertEqual(result["modes"]["hybrid"]["queries"], 29)
        self.assertEqual(result["modes"]["hybrid"]["ndcg@10"], [1.0, 1.0, 1.0])
        self.assertLess(result["modes"]["text"]["ndcg@10"][0], 0.5)
        self.assertEqual(relevance.failures(result, 0.62), [])
        self.assertNotIn("title", json.dumps(list(SpokenApi.store.values())))
        self.assertNotIn("doc1", json.dumps(list(SpokenApi.store.values())))

    def test_records_are_checked_by_key_and_by_summary(self):
        sent = [
            {
                "remediation_request_id": f"rr/{i}",
                "summary": f"story{i} alone",
                "start_time": "2026-03-01T00:02:18.727Z",
                "error_message": None,
                "metadata": '{"attempt": 1}',
            }
            for i in range(5)
        ]
        self.assertEqual(records.check(self.service, sent, "hybrid"), [])
        SpokenApi.store["rr/2"]["start_time"] = "2026-03-01T00:02:19Z"
        self.assertRegex(records.check_by_key(self.service, sent[2]), "rr/2: .*start_time")
        hits = self.service.search("story3", "hybrid", 2, "remediation_request_id,summary")
        self.assertIsNone(records.check_by_summary(sent[3], hits, 1))
        self.assertRegex(records.check_by_summary(sent[4], hits, 1), "none of the first")
        self.assertRegex(records.check_by_summary(sent[3], [], 1), "none of the first")

    def test_paraphrases_count_the_kinds_of_the_first_three(self):
        for i in range(6):
            SpokenApi.store[f"rr{i}"] = {
                "summary": f"tale{i}",
                "metadata": {"failure_kind": f"kind-{i}"},
            }
        asked = [{"query": "tale5", "kind": "kind-5"}, {"query": "tale1", "kind": "kind-4"}]
        found = paraphrases.run(self.service, asked)
        self.assertEqual(paraphrases.count(asked, found, "semantic"), 1)
        self.assertEqual(len(found[0]["semantic"]), 3)

    def test_an_error_answer_says_which_request_failed(self):
        with self.assertRaisesRegex(ServiceError, "127.0.0.1:9/"):
            Service("http://127.0.0.1:9").get("/api/v1/audit/remediation")


if __name__ == "__main__":
    unittest.main()
