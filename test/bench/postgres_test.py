#!/usr/bin/env python3
"""Tests of bench/postgres and the load programs: ratios against values worked out by hand, and
every program for a moment against a real server and a real service, so that they do not rot.

DATASTORAGE_BINARY names the service; the load programs are built beside it.
"""

import math
import os
import sys
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench" / "postgres"))

import benchmark  # noqa: E402
import ratios  # noqa: E402
from private_server import PrivateServer, process_times  # noqa: E402
from processes import Load, LoadError, Service  # noqa: E402
from ways import Programs, grouped_way, measured, single_way  # noqa: E402

BINARY = Path(os.environ.get("DATASTORAGE_BINARY", ROOT / "build/dev/datastorage"))
PROGRAMS = Programs(BINARY.parent)


class Ratios(unittest.TestCase):
    def test_the_interval_is_students_over_the_logarithms(self):
        middle, low, high = ratios.ratio([100, 100, 100], [200, 400, 800])
        self.assertAlmostEqual(middle, 4.0)
        # The logarithms' standard deviation is log 2, of three; t for two degrees is 4.303.
        reach = 4.303 * math.log(2) / math.sqrt(3)
        self.assertAlmostEqual(low, 4 / math.exp(reach))
        self.assertAlmostEqual(high, 4 * math.exp(reach))

    def test_what_disturbs_both_of_a_turn_cancels_out(self):
        middle, low, high = ratios.ratio([100, 10, 1000], [300, 30, 3000])
        for value in (middle, low, high):
            self.assertAlmostEqual(value, 3.0)

    def test_one_turn_says_nothing_about_the_spread(self):
        self.assertEqual(ratios.ratio([2], [6])[1:], [0.0, math.inf])
        with self.assertRaises(ValueError):
            ratios.ratio([1, 2], [1])

    def test_columns_are_as_wide_as_their_widest_cell(self):
        self.assertEqual(ratios.table(["way", "n"], [["a", 10]]), ["way | n", "a   | 10"])


class Answering(BaseHTTPRequestHandler):
    """Answers as a service that says one thing; keeps what was asked."""

    protocol_version = "HTTP/1.1"
    status = 201
    asked = []

    def log_message(self, *_):
        pass

    def do_POST(self):
        self.asked.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        body = b'{"vector":"synced"}'
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class HttpLoad(unittest.TestCase):
    def setUp(self):
        Answering.asked, Answering.status = [], 201
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()

    def run_load(self, **options):
        load = Load(PROGRAMS.http_load, url=self.url, connections=3, **options)
        load.go()
        load.wait()
        return load.figures()

    def test_sends_each_record_once_and_counts_the_answers(self):
        figures = self.run_load(count=20)
        self.assertEqual(figures["count"], 20)
        self.assertEqual(figures["good"], 20)
        self.assertEqual(figures["synced"], 20)
        self.assertEqual(len(set(self.asked_bodies())), 20)
        self.assertLessEqual(figures["p50_ms"], figures["p99_ms"])
        self.assertLessEqual(figures["p99_ms"], figures["most_ms"])

    def test_an_open_loop_keeps_its_rate_although_answers_would_allow_more(self):
        figures = self.run_load(count=50, rate=200)
        self.assertEqual(figures["count"], 50)
        self.assertLess(figures["per_second"], 400)

    def test_refusals_are_failures_of_the_run(self):
        Answering.status = 503
        with self.assertRaisesRegex(LoadError, "status_503"):
            self.run_load(count=3)

    def test_searches_carry_an_embedding(self):
        self.run_load(count=2, what="search")
        self.assertIn(b'"embedding":[', self.asked_bodies()[0])

    def asked_bodies(self):
        return [body for _, body in Answering.asked]


class BareWays(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = PrivateServer(["shared_buffers=32MB"])
        cls.addClassCleanup(cls.server.stop)

    def test_single_inserts_are_durable_rows_with_their_vectors(self):
        way = single_way("indexed", self.server, PROGRAMS, True)
        figures = way.store(0, 40)
        self.assertEqual(figures["count"], 40)
        self.assertGreater(figures["server_us"], 0)
        rows = self.server.run(
            "SELECT count(DISTINCT embedding::text), min(vector_norm(embedding)) > 0.99 FROM audit",
            way.database)
        self.assertEqual(rows, "40|t")

    def test_grouped_inserts_fill_the_tables_of_the_service(self):
        way = grouped_way("grouped", self.server, PROGRAMS, 8, True)
        self.assertEqual(way.store(0, 20)["count"], 20)
        tables = ["record", "embedding", "natural_key", "vector_point", "vector_head",
                  "record_other"]
        counts = [self.server.run(f"SELECT count(*) FROM {table}", way.database)
                  for table in tables]
        self.assertEqual(counts, ["20"] * 5 + ["0"])

    def test_the_stores_own_commits_fill_the_same_tables(self):
        way = grouped_way("store", self.server, PROGRAMS, 8, way="store")
        self.assertEqual(way.store(0, 20)["count"], 20)
        self.assertEqual(self.server.run("SELECT count(*) FROM record", way.database), "20")

    def test_a_refused_row_ends_the_program(self):
        way = single_way("plain", self.server, PROGRAMS, False)
        way.store(0, 5)
        with self.assertRaisesRegex(LoadError, "duplicate key"):
            way.store(0, 5)

    def test_processor_time_of_sessions_that_ended_still_counts(self):
        before = self.server.cpu_seconds()
        self.server.run("SELECT count(*) FROM generate_series(1, 1500000)")
        self.assertGreater(self.server.cpu_seconds() - before, 0.05)


class OneService(unittest.TestCase):
    def test_a_creation_after_a_search_for_its_text_finds_its_embedding_in_the_cache(self):
        with Service(BINARY, "--embedder", "lexical") as service:
            for what in ("ask", "create"):
                before = service.metric("cache_hits_total")
                load = Load(PROGRAMS.http_load, url=service.url, what=what, count=20, connections=4)
                figures = measured_alone(load, service)
                self.assertEqual(figures["count"], 20)
            self.assertEqual(service.metric("cache_hits_total") - before, 20)
            self.assertEqual(figures["synced"], 20)
            self.assertGreater(service.metric("commit_batch_size_count"), 0)


class NoServer:
    """In place of a server of which nothing is asked."""

    @staticmethod
    def cpu_seconds():
        return process_times(os.getpid())[1]


def measured_alone(load, service):
    return measured(load, NoServer(), service)


class CommandLine(unittest.TestCase):
    def test_sizes_and_parts_are_lists(self):
        arguments = benchmark.parse(["--sizes", "10,20", "--parts", "grow"])
        self.assertEqual((arguments.sizes, arguments.parts), ([10, 20], ["grow"]))


if __name__ == "__main__":
    unittest.main()
