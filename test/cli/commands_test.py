"""The program as people and scripts meet it: the real binary, a real service, exit codes, streams.

DATASTORAGE_BINARY names the program. Each class starts one service on free ports, with the lexical
embedder, on a folder of its own.
"""

import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

BINARY = os.environ.get("DATASTORAGE_BINARY", "build/datastorage")
START_SECONDS_MAX = 60


def environment(**changes):
    """Our own environment without settings that would reach the program."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith("DATASTORAGE_")}
    return kept | changes


def run(*arguments, text=None, **changes):
    return subprocess.run([BINARY, *arguments], input=text, capture_output=True, encoding="utf-8",
                          env=environment(**changes), timeout=120)


def remediation(number, **changes):
    record = {"name": f"fix-{number}", "namespace": "shop", "phase": "pending",
              "action_type": "restart_pod", "status": "running",
              "start_time": "2026-03-01T00:00:00Z", "remediation_request_id": f"rr-{number}",
              "summary": f"the pod number {number} ran out of memory and was killed"}
    return record | changes


def ndjson(records, kind="remediation"):
    return "".join(json.dumps({"kind": kind, "record": record}) + "\n" for record in records)


class Service:
    """`datastorage serve` as a process; `url` is known once it listens."""

    def __init__(self, folder, listen="127.0.0.1:0"):
        self.log = []
        self.process = subprocess.Popen(
            [BINARY, "serve", "--data", str(folder), "--embedder", "lexical", "--drain-delay", "0",
             "--listen", listen, "--metrics", "127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", env=environment())
        watchdog = threading.Timer(START_SECONDS_MAX, self.process.kill)
        watchdog.start()
        self.url = None
        for line in self.process.stdout:
            self.log.append(line)
            found = re.match(r"listening on (http://\S+)", line)
            if found:
                self.url = found.group(1)
                break
        watchdog.cancel()
        if self.url is None:
            raise AssertionError("the service did not start:\n" + "".join(self.log))
        # Nobody reads the log from here on; a full pipe would stop the service.
        self.drain = threading.Thread(target=lambda: self.log.extend(self.process.stdout))
        self.drain.start()

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        code = self.process.wait(timeout=60)
        self.drain.join()
        self.process.stdout.close()
        return code


class CommandTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.service = Service(cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        code = cls.service.end()
        cls.folder.cleanup()
        assert code == 0, f"the service ended with {code}"

    def command(self, *arguments, text=None, code=0):
        result = run(*arguments, "--server", self.service.url, text=text)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result

    def answer(self, *arguments, text=None):
        return json.loads(self.command(*arguments, "--json", text=text).stdout)


class Operators(unittest.TestCase):
    """Backup, erase, reconcile, and a restore into a folder of its own."""

    def command(self, *arguments, code=0, text=None):
        admin = next(re.match(r"metrics on (\S+)", line) for line in self.service.log
                     if line.startswith("metrics on")).group(1)
        result = run(*arguments, "--server", self.service.url, "--admin", admin, text=text)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result

    def test_what_is_erased_comes_back_with_an_older_backup_only(self):
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as other:
            self.service = Service(folder)
            for number in ("one", "two"):
                self.command("record", "remediation", text=json.dumps(remediation(number)))
            self.assertEqual(self.command("backup", "before.db").stdout, "before.db\n")
            self.command("backup", "before.db", code=2)
            self.command("backup", "../before.db", code=2)
            self.command("erase", "remediation", "key:rr-one", "--why", "asked to", code=2)
            self.command("erase", "remediation", "key:rr-one", "--why", "asked to", "--who", "me",
                         "--yes")
            self.assertIn("erased", self.command("get", "remediation", "key:rr-one", code=1).stderr)
            self.assertNotIn("fix-one", self.command("search", "pod number one memory").stdout)
            self.assertIn("may not be used again", self.command(
                "record", "remediation", code=65, text=json.dumps(remediation("one"))).stderr)
            found = json.loads(self.command("reconcile", "--deep", "--json").stdout)
            self.assertEqual(found, {"checked": 1, "missing": 0, "stale": 0, "altered": 0,
                                     "foreign": 0, "mended": 0, "skipped_sets": 0})
            self.command("backup", "after.db")
            in_use = run("restore", f"{folder}/backups/before.db", "--data", folder, "--force")
            self.assertEqual(in_use.returncode, 69)
            self.assertIn("in use by process", in_use.stderr)
            self.assertEqual(self.service.end(), 0)

            for backup, code in (("after.db", 1), ("before.db", 0)):
                restored = run("restore", f"{folder}/backups/{backup}", "--data", other, "--force")
                self.assertEqual(restored.returncode, 0, restored.stderr)
                self.assertEqual(
                    run("restore", f"{folder}/backups/{backup}", "--data", other).returncode, 1)
                self.service = Service(other)
                self.command("get", "remediation", "key:rr-one", code=code)
                self.command("get", "remediation", "key:rr-two")
                self.assertEqual(self.service.end(), 0)
            self.assertEqual(run("restore", __file__, "--data", other, "--force").returncode, 65)


class OneRecord(CommandTest):
    def test_a_record_is_stored_once_read_changed_and_remembered(self):
        record = json.dumps(remediation("one"))
        stored = self.command("record", "remediation", text=record)
        identity = stored.stdout.strip()
        self.assertRegex(identity, r"^[0-9a-f-]{36}$")
        self.assertIn("stored", stored.stderr)
        again = self.command("record", "remediation", text=record)
        self.assertEqual(again.stdout.strip(), identity)
        self.assertIn("exists already", again.stderr)

        by_key = self.answer("get", "remediation", "key:rr-one")
        self.assertEqual(by_key["id"], identity)
        self.assertEqual(by_key["version"], 1)
        changed = self.answer("patch", "remediation", identity, "--if-match", "1",
                              text='{"phase": "processing"}')
        self.assertEqual((changed["version"], changed["phase"]), (2, "processing"))
        stale = self.command("patch", "remediation", identity, "--if-match", "1",
                             text='{"phase": "completed"}', code=65)
        self.assertIn("error:", stale.stderr)
        versions = self.answer("history", "remediation", identity)["items"]
        self.assertEqual([version["version"] for version in versions], [2, 1])

    def test_a_refused_record_names_every_violation(self):
        refused = self.command("record", "remediation", text='{"name": "", "extra": 1}', code=65)
        self.assertEqual(refused.stdout, "")
        for pointer in ("/name", "/namespace", "/start_time", "/extra"):
            self.assertIn(pointer + ":", refused.stderr)

    def test_an_unknown_record_is_a_problem_found(self):
        self.assertIn("error:", self.command("get", "workflow", "key:none", code=1).stderr)

    def test_a_record_cannot_drive_the_terminal(self):
        evil = remediation("evil", summary="\x1b]0;owned\x07 \u202etxt.exe and more words")
        self.command("record", "remediation", text=json.dumps(evil))
        for arguments in (("get", "remediation", "key:rr-evil"), ("search", "owned txt exe"),
                          ("list", "remediation")):
            shown = self.command(*arguments).stdout
            self.assertNotRegex(shown, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")
        self.assertIn("\\u{1b}]0;owned\\u{7}", self.command("get", "remediation",
                                                            "key:rr-evil").stdout)


class ManyRecords(CommandTest):
    COUNT = 1_234

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        records = [remediation(i, severity="critical" if i % 10 == 0 else "warning")
                   for i in range(cls.COUNT)]
        cls.lines = ndjson(records)
        first = run("import", "-", "--json", "--server", cls.service.url, text=cls.lines)
        assert json.loads(first.stdout) == {"stored": cls.COUNT, "existing": 0, "refused": 0}, first

    def test_a_repeated_import_changes_nothing(self):
        counts = self.answer("import", "-", text=self.lines)
        self.assertEqual(counts, {"stored": 0, "existing": self.COUNT, "refused": 0})

    def test_refused_lines_are_named_and_the_others_stored(self):
        text = (ndjson([remediation("good")]) + "{broken\n\n"
                + ndjson([remediation("bad", phase="never")]) + ndjson([remediation(7, name="x")]))
        done = self.command("import", "-", text=text, code=65)
        self.assertRegex(done.stdout, r"^stored 1, existing 0, refused 3 ")
        self.assertEqual(re.findall(r"^line (\d+):", done.stderr, re.M), ["2", "4", "5"])
        self.assertIn("/record/phase", done.stderr)

    def test_bare_records_are_imported_by_kind(self):
        bare = json.dumps(remediation("bare")) + "\n"
        counts = self.answer("import", "-", "--kind", "remediation", text=bare)
        self.assertEqual(counts["stored"], 1)

    def test_lists_filter_page_and_count(self):
        critical = self.answer("list", "remediation", "--filter", "severity=critical", "--count",
                               "--limit", "5")
        self.assertEqual(critical["count"], 124)
        self.assertEqual(len(critical["items"]), 5)
        lines = self.command("list", "remediation", "--where", "severity:critical", "--limit", "50",
                             "--all", "--json").stdout.splitlines()
        self.assertEqual(len({json.loads(line)["id"] for line in lines}), 124)

    def test_search_finds_by_words_of_the_summary(self):
        hits = self.answer("search", "pod", "number", "777", "--mode", "text")["hits"]
        self.assertEqual(hits[0]["record"]["remediation_request_id"], "rr-777")
        shown = self.command("search", "pod number 777 killed", "--limit", "2")
        self.assertRegex(shown.stdout, r"^SIMILARITY +KIND")
        self.assertIn("2 hits", shown.stderr)
        self.assertNotIn("rank", shown.stderr)
        shown = self.command("search", "pod number 777 killed", "--limit", "2", "--explain")
        self.assertEqual(len(re.findall('^[0-9a-f-]{36} {"semantic":{"rank":', shown.stderr,
                                        re.MULTILINE)), 2)
        near = self.answer("similar", "remediation", "key:rr-777", "--limit", "3")["hits"]
        self.assertNotIn("rr-777", [hit["record"]["remediation_request_id"] for hit in near])

    def test_what_is_exported_can_be_imported_elsewhere(self):
        exported = self.command("export", "--where", "severity:critical").stdout
        self.assertEqual(len(exported.splitlines()), 124)
        with tempfile.TemporaryDirectory() as folder:
            other = Service(folder)
            try:
                taken = run("import", "-", "--json", "--server", other.url, text=exported)
                again = run("export", "--server", other.url).stdout
            finally:
                other.end()
        self.assertEqual(json.loads(taken.stdout)["stored"], 124)
        self.assertEqual(sorted(again.splitlines()), sorted(exported.splitlines()))
        full = self.command("export", "--full", "--where", "name:fix-0").stdout
        self.assertIn('"version":1', full)

    def test_wrong_filters_are_wrong_usage(self):
        for arguments in (["--where", "(("], ["--filter", "colour=red"], ["--limit", "0"]):
            self.assertIn("error:", self.command("list", "remediation", *arguments, code=2).stderr)


class Surroundings(CommandTest):
    def test_doctor_finds_nothing_wrong_and_tells_programs_so(self):
        report = self.answer("doctor", "--data", self.folder.name, "--embedder", "lexical")
        self.assertTrue(report["ok"])
        self.assertIn("data folder", [finding["check"] for finding in report["findings"]])

    def test_doctor_names_the_next_step_for_missing_model_files(self):
        with tempfile.TemporaryDirectory() as nothing:
            shown = self.command("doctor", "--data", self.folder.name, "--model-dir", nothing,
                                 code=1).stdout
        self.assertRegex(shown, r"problem +embedder +.*model\.safetensors")
        self.assertIn("next: fetch the model", shown)

    def test_a_second_service_on_the_folder_is_told_who_holds_it(self):
        second = run("serve", "--data", self.folder.name, "--embedder", "lexical", "--listen",
                     "127.0.0.1:0", "--metrics", "127.0.0.1:0")
        self.assertEqual(second.returncode, 69)
        self.assertIn(str(self.service.process.pid), second.stderr)

    def test_the_description_of_the_api_is_openapi(self):
        self.assertTrue(json.loads(self.command("openapi").stdout)["openapi"].startswith("3.1"))

    def test_the_last_lines_of_the_start_name_the_addresses(self):
        lines = [line for line in self.service.log if not line.startswith("{")]
        self.assertRegex(lines[-2], r"^metrics on http://127\.0\.0\.1:\d+$")
        self.assertRegex(lines[-1], r"^listening on http://127\.0\.0\.1:\d+$")

    def test_the_server_can_be_named_by_the_environment(self):
        self.assertEqual(run("list", "workflow", DATASTORAGE_SERVER=self.service.url).returncode, 0)


class WithoutAService(unittest.TestCase):
    def test_nobody_there_is_unavailable(self):
        for arguments in (["get", "workflow", "x"], ["search", "x"], ["export"]):
            gone = run(*arguments, "--server", "http://127.0.0.1:1")
            self.assertEqual((gone.returncode, gone.stdout), (69, ""))
            self.assertIn("next:", gone.stderr)

    def test_wrong_configuration_is_told_whole(self):
        wrong = run("serve", "--listen", "0.0.0.0:8080", "--workers", "x", "--embedder", "y")
        self.assertEqual(wrong.returncode, 78)
        for name in ("--listen", "--workers", "--embedder"):
            self.assertIn(name, wrong.stderr)

    def test_wrong_usage_is_exit_code_2(self):
        for arguments in ([], ["fly"], ["get", "pod", "x"], ["serve", "--lisen", "x"]):
            self.assertEqual(run(*arguments).returncode, 2, arguments)

    def test_missing_model_files_are_told_before_anything_starts(self):
        with tempfile.TemporaryDirectory() as folder:
            failed = run("serve", "--data", folder, "--model-dir", folder, "--listen",
                         "127.0.0.1:0", "--metrics", "127.0.0.1:0")
        self.assertEqual(failed.returncode, 78)
        self.assertIn("--embedder lexical", failed.stderr)

    def test_output_that_cannot_be_written_is_a_problem(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            failed = subprocess.run([BINARY, "config", "print"], stdout=full, env=environment(),
                                    stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(failed.returncode, 1)

    def test_config_print_names_origins(self):
        shown = run("config", "print", "--workers", "3", DATASTORAGE_LOG_LEVEL="debug").stdout
        self.assertRegex(shown, r"workers: 3 +# --workers")
        self.assertRegex(shown, r"log-level: debug +# DATASTORAGE_LOG_LEVEL")


class KilledServices(unittest.TestCase):
    """An import goes on while its service is killed and started again on the same port."""

    COUNT = 30_000
    KILL_COUNT = 3

    def test_nothing_is_lost_and_nothing_is_there_twice(self):
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder) / "data"
            lines = Path(folder) / "lines.ndjson"
            lines.write_text(ndjson(remediation(i) for i in range(self.COUNT)), encoding="utf-8")
            service = Service(data)
            address = service.url.removeprefix("http://")
            importing = subprocess.Popen([BINARY, "import", str(lines), "--json", "--server",
                                          service.url], stdout=subprocess.PIPE, env=environment(),
                                         stderr=subprocess.DEVNULL, encoding="utf-8")
            killed = 0
            while killed < self.KILL_COUNT:
                self.wait_for_records(service.url, (killed + 1) * self.COUNT // 8)
                self.assertIsNone(importing.poll(), "the import ended before the kills")
                service.end(signal.SIGKILL)
                killed += 1
                service = Service(data, address)
            counts = json.loads(importing.communicate(timeout=120)[0])
            exported = run("export", "--server", service.url).stdout.splitlines()
            self.assertEqual(service.end(), 0)
        keys = [json.loads(line)["record"]["remediation_request_id"] for line in exported]
        self.assertEqual(importing.returncode, 0)
        self.assertEqual(counts["stored"] + counts["existing"], self.COUNT)
        self.assertEqual(counts["refused"], 0)
        self.assertEqual(len(keys), self.COUNT)
        self.assertEqual(set(keys), {f"rr-{i}" for i in range(self.COUNT)})

    def wait_for_records(self, url, count):
        """Polls until so many are stored; the command's own time is the pause."""
        for _ in range(10_000):
            page = run("list", "remediation", "--limit", "1", "--count", "--json", "--server", url)
            if page.returncode == 0 and json.loads(page.stdout)["count"] >= count:
                return
        self.fail(f"{count} records were never there")


if __name__ == "__main__":
    unittest.main()
