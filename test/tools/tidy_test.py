"""Each rule of tools/tidy.py goes red for what it forbids and stays green beside it."""

import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tools"))
import tidy  # noqa: E402
import tidy_picture as picture  # noqa: E402

HEADER = "// What it is.\n#pragma once\n"


def faults_of(files: dict, exceptions=None) -> list:
    """The (rule, path, line) of each fault in a tree of these files and no others."""
    with tempfile.TemporaryDirectory() as folder:
        for path, content in files.items():
            target = Path(folder) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content if isinstance(content, bytes) else content.encode())
        with mock.patch.object(picture, "EXCEPTIONS", exceptions or {"empty-name": {}}):
            return [(fault.rule, fault.path, fault.line) for fault in tidy.check(Path(folder))]


def in_header(folder: str, line: str, name: str = "thing") -> dict:
    return {f"src/{folder}/{name}.h": f"{HEADER}{line}\n"}


# name, the tree that is wrong, (rule, line) of its only fault, the same tree put right.
CASES = [
    ("upward include", in_header("domain", '#include "engine/relay.h"'), ("layer", 3),
     in_header("engine", '#include "domain/record.h"')),
    ("adapter includes adapter", in_header("sqlite", '#include "scan/index.h"'), ("layer", 3),
     in_header("sqlite", '#include "ports/record_store.h"')),
    ("somebody includes app", in_header("http", '#include "app/config.h"'), ("layer", 3),
     in_header("app", '#include "http/server.h"')),
    ("folder outside the picture", in_header("misc", ""), ("layer", 1), in_header("base", "")),
    ("build has another picture", {"src/CMakeLists.txt": "ds_library(domain DEPS base engine)\n"},
     ("layer", 1), {"src/CMakeLists.txt": "ds_library(domain DEPS base LIBS engine)\n"}),
    ("library in a foreign folder", in_header("engine", "#include <sqlite3.h>"), ("library", 3),
     in_header("sqlite", "#include <sqlite3.h>")),
    ("Beast outside http", in_header("client", "#include <boost/beast/core.hpp>"), ("library", 3),
     in_header("http", "#include <boost/beast/core.hpp>")),
    ("library nobody owns", in_header("base", "#include <rapidjson/reader.h>"), ("library", 3),
     in_header("base", "#include <vector>")),
    ("I/O in the domain", in_header("domain", "#include <unistd.h>"), ("library", 3),
     in_header("base", "#include <unistd.h>")),
    ("mutex in the engine", in_header("engine", "std::mutex mutex_;"), ("runtime", 3),
     in_header("scan", "std::mutex mutex_;")),
    ("thread in a port", in_header("ports", "std::jthread worker_;"), ("runtime", 3),
     in_header("ports", "Thread worker_;  // Not a std::jthread.")),
    ("sleep in the engine", in_header("engine", "runtime.sleep_for(kWait);"), ("runtime", 3),
     in_header("engine", "runtime.Sleep(kWait);")),
    ("clock read outside base", in_header("http", "auto now = steady_clock::now();"),
     ("runtime", 3), in_header("base", "auto now = steady_clock::now();")),
    ("braces beside co_await", in_header("http", "co_await Write({1, 2});"), ("coroutine", 3),
     in_header("http", "co_await Write(pair);")),
    ("lambda beside co_await", in_header("http", "co_await Run([&] );"), ("coroutine", 3),
     in_header("http", "co_await Run(task);")),
    ("coroutine outside http", in_header("engine", "co_await Next();"), ("coroutine", 3),
     in_header("engine", "Next();  // No co_await.")),
    ("empty type name", in_header("engine", "class RecordManager {};"), ("empty-name", 3),
     in_header("engine", "class RecordWriter {};")),
    ("handler outside http", in_header("engine", "struct WriteHandler {"), ("empty-name", 3),
     in_header("http", "struct WriteHandler {")),
    ("empty file name", in_header("base", "", "string_utils"), ("empty-name", 1),
     in_header("base", "", "string_view")),
    ("long header", in_header("base", "\n" * 148), ("size", 151), in_header("base", "\n" * 147)),
    ("long source", {"src/base/main.cc": "//\n" * 401, "test/base/main_test.cc": ""}, ("size", 401),
     {"src/base/main.cc": "//\n" * 400, "test/base/main_test.cc": ""}),
    ("long architecture", {"ARCHITECTURE.md": "x\n" * 251}, ("size", 251),
     {"ARCHITECTURE.md": "x\n" * 250}),
    ("long decision", {"docs/adr/0001-x.md": "x\n" * 61}, ("size", 61),
     {"docs/adr/0001-x.md": "x\n" * 60}),
    ("long line", in_header("base", "/" * 101), ("line-length", 3), in_header("base", "ä" * 100)),
    ("no mirror test", {"src/base/clock.cc": "// Time.\n"}, ("mirror-test", 1),
     {"src/base/clock.cc": "// Time.\n", "test/base/clock_test.cc": ""}),
    ("no pragma once", {"src/base/clock.h": "// Time.\n"}, ("header", 1), in_header("base", "")),
    ("no file comment", {"src/base/clock.h": "#pragma once\n"}, ("header", 1),
     in_header("base", "")),
    ("statement without comment", {"sql/sqlite/queries/get.sql": "SELECT 1;\n"}, ("header", 1),
     {"sql/sqlite/queries/get.sql": "-- get: one record.\nSELECT 1;\n"}),
    ("sleep in a test", {"test/base/a_test.cc": "std::this_thread::sleep_for(1s);\n"},
     ("sleep-in-test", 1), {"test/base/a_test.cc": "clock.Advance(1s);  // No sleep(1).\n"}),
    ("sleep in a Python test", {"test/app/a_test.py": "time.sleep(1)\n"}, ("sleep-in-test", 1),
     {"test/app/a_test.py": "sleepers = wait_until(done)\n"}),
    ("date in a comment", in_header("base", "// Changed 2024-05-06."), ("date", 3),
     in_header("base", "// Such as 2024-05-06T07:08:09Z.")),
    ("stage in a comment", in_header("base", "// Added on day 5."), ("stage", 3),
     in_header("base", "// Kept for a day.")),
    ("requirement number", in_header("base", "// See BR-STORAGE-014."), ("ticket", 3),
     in_header("base", "// See docs/invariants.md.")),
    ("ticket number", in_header("base", "// Because of #12."), ("ticket", 3),
     in_header("base", "// TODO(#12): when the index can.")),
    ("todo without a number", in_header("base", "// TODO: later."), ("todo", 3),
     in_header("base", "// TODO(#12): when it can.")),
    ("path of a machine", {"README.md": "see /home/ann/notes\n"}, ("machine-path", 1),
     {"README.md": "see src/home/notes and ~/notes\n"}),
    ("registry", {"docs/a.md": "from pypi.org\n"}, ("registry", 1), {"docs/a.md": "with pip\n"}),
    ("report", {"docs/a.md": "✅ 14/14\n"}, ("report", 1), {"docs/a.md": "14 of 14\n"}),
    ("binary in git", {"docs/a.png": b"\x89PNG\0"}, ("binary", 1), {"docs/a.svg": "<svg/>"}),
    ("built file in git", {"tools/a.pyc": "x"}, ("binary", 1), {"tools/a.py": "x = 1\n"}),
    ("huge file", {"samples/a.txt": "x" * 4_000_001}, ("binary", 1), {"samples/a.txt": "x"}),
]


class Tidy(unittest.TestCase):
    def test_each_rule_is_red_for_its_fault_only(self):
        for name, wrong, (rule, line), right in CASES:
            with self.subTest(name):
                found = faults_of(wrong)
                self.assertEqual([(found_rule, found_line) for found_rule, _, found_line in found],
                                 [(rule, line)])
                self.assertEqual(faults_of(right), [])

    def test_every_rule_has_a_case(self):
        named = {case[2][0] for case in CASES}
        self.assertEqual(named, {"layer", "library", "runtime", "coroutine", "empty-name", "size",
                                 "line-length", "mirror-test", "header", "sleep-in-test", "date",
                                 "stage", "ticket", "todo", "machine-path", "registry", "report",
                                 "binary"})

    def test_every_edge_outside_the_picture_is_red(self):
        for folder, allowed in picture.LAYERS.items():
            for other in picture.LAYERS:
                expected = [] if other in allowed or other == folder else ["layer"]
                with self.subTest(f"{folder} includes {other}"):
                    found = faults_of(in_header(folder, f'#include "{other}/x.h"'))
                    self.assertEqual([rule for rule, _, _ in found], expected)

    def test_exception_covers_its_file_and_must_be_needed(self):
        tree = {"src/base/clock.cc": "// Time.\n"}
        excused = {"mirror-test": {"src/base/clock.cc": "why"}, "empty-name": {}}
        self.assertEqual(faults_of(tree, excused), [])
        tree["test/base/clock_test.cc"] = ""
        self.assertEqual([rule for rule, _, _ in faults_of(tree, excused)], ["exception"])

    def test_git_ignored_files_are_passed_by(self):
        self.assertNotIn(".deps", {path.split("/")[0] for path in tidy.paths_of(ROOT)})


if __name__ == "__main__":
    unittest.main()
