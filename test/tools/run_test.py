"""tools/run.sh with a stand-in for the program: starting, starting again, failing, stopping."""

import os
import shutil
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Answers as the service does where run.sh asks; `crash` in the tree makes it end while starting.
PROGRAM = r'''#!/usr/bin/python3
import http.server, pathlib, socketserver, sys
if sys.argv[1] == "serve":
    if pathlib.Path("crash").exists():
        sys.exit("the model is missing")
    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"version": "0"}')
    host, port = sys.argv[sys.argv.index("--listen") + 1].split(":")
    socketserver.TCPServer.allow_reuse_address = True
    socketserver.TCPServer((host, int(port)), Answers).serve_forever()
print("did", sys.argv[1])
'''
BUILD = r'''#!/bin/bash
cd "$(dirname "$0")/.."
mkdir -p build
cmp -s program build/datastorage || { cp program build/datastorage; chmod +x build/datastorage; }
'''


def is_running(pid):
    """False for one that has ended and waits to be reaped, too."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except OSError:
        return False


class Run(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.tree = Path(self.folder.name)
        (self.tree / "tools").mkdir()
        for name in ("run.sh", "common.sh"):
            shutil.copy(ROOT / "tools" / name, self.tree / "tools")
        (self.tree / "tools/build.sh").write_text(BUILD)
        (self.tree / "tools/build.sh").chmod(0o755)
        (self.tree / "program").write_text(PROGRAM)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.addCleanup(self.run_script, "stop")

    def run_script(self, action):
        environment = dict(os.environ, DATASTORAGE_LISTEN=f"127.0.0.1:{self.port}")
        return subprocess.run([self.tree / "tools/run.sh", action], env=environment, text=True,
                              timeout=60, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)

    def pid(self):
        return int((self.tree / "data/service.pid").read_text())

    def test_starts_loads_searches_and_stays_up(self):
        done = self.run_script("start")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"(?s)starting the service.*did import.*did search.*stays up")
        self.assertTrue(is_running(self.pid()))

    def test_second_start_keeps_the_running_service(self):
        self.run_script("start")
        first = self.pid()
        done = self.run_script("start")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("answers", done.stdout)
        self.assertEqual(self.pid(), first)

    def test_new_program_replaces_the_running_one(self):
        self.run_script("start")
        first = self.pid()
        (self.tree / "program").write_text(PROGRAM + "# newer\n")
        done = self.run_script("start")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertNotEqual(self.pid(), first)
        self.assertFalse(is_running(first))

    def test_service_that_ends_while_starting_is_told_with_its_log(self):
        (self.tree / "crash").touch()
        done = self.run_script("start")
        self.assertEqual(done.returncode, 1)
        self.assertIn("the model is missing", done.stdout)
        self.assertIn("next:", done.stdout)

    def test_port_of_another_program_is_told(self):
        with socket.create_server(("127.0.0.1", self.port)):
            done = self.run_script("start")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"another program answers on 127.0.0.1:{self.port}", done.stdout)
        self.assertIn("next:", done.stdout)

    def test_stop_ends_the_service_and_may_be_repeated(self):
        self.run_script("start")
        pid = self.pid()
        self.assertIn("stopped", self.run_script("stop").stdout)
        self.assertFalse(is_running(pid))
        self.assertIn("no service", self.run_script("stop").stdout)


if __name__ == "__main__":
    unittest.main()
