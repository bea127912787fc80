"""The programs of a measurement: a service of one's own, and what loads it."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import urllib.request
from pathlib import Path

from private_server import dying_with_parent, process_times

START_SECONDS_MAX = 120
STOP_SECONDS_MAX = 30


class LoadError(Exception):
    """A program did not do what it was started for."""


class Load:
    """http_load or commit_load: ready when this returns, see bench/load/stage.h."""

    def __init__(self, program, **options):
        named = [part for name, value in options.items()
                 for part in (f"--{name.replace('_', '-')}", str(value))]
        self.name = Path(program).name
        self.process = subprocess.Popen([str(program), *named], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        preexec_fn=dying_with_parent(signal.SIGKILL))
        self._expect("ready")

    @staticmethod
    def run_once(program, *arguments):
        """For what is not measured."""
        done = subprocess.run([str(program), *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            raise LoadError(f"{program}: {done.stderr}")

    def _expect(self, word):
        line = self._read_line()
        if line != word:
            raise LoadError(f"{self.name} said {line!r}, not {word!r}")

    def _read_line(self):
        line = self.process.stdout.readline().strip()
        if not line:
            raise LoadError(f"{self.name} ended: {self.process.communicate()[1]}")
        return line

    def _answer(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def go(self):
        self._answer()

    def wait(self):
        """Returns when all requests are answered, with every connection still open."""
        self._expect("done")

    def figures(self):
        self._answer()
        figures = json.loads(self._read_line())
        self.process.communicate()
        if figures.get("failed"):
            raise LoadError(f"{self.name}: {figures}")
        return figures


class Service:
    """`datastorage serve` in an empty data folder of its own; use it in a `with`."""

    def __init__(self, binary, *options):
        self.folder = tempfile.mkdtemp(prefix="datastorage-bench-service-")
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith("DATASTORAGE_")}
        self.process = subprocess.Popen(
            [str(binary), "serve", "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--data",
             self.folder, "--drain-delay", "0", "--log-level", "warning", *options],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=kept,
            preexec_fn=dying_with_parent(signal.SIGKILL))
        self.url = self.metrics_url = None
        # It must never block on a full pipe.
        self.reader = threading.Thread(target=self.process.stdout.read, daemon=True)
        watchdog = threading.Timer(START_SECONDS_MAX, self.process.kill)
        watchdog.start()
        said = []
        for line in self.process.stdout:
            said.append(line)
            found = re.search(r"\b(listening|metrics) on (http://\S+)", line)
            if found and found.group(1) == "metrics":
                self.metrics_url = found.group(2)
            elif found:
                self.url = found.group(2)
                break
        watchdog.cancel()
        self.reader.start()
        if self.url is None:
            self.stop()
            raise LoadError("the service did not start:\n" + "".join(said))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.wake()
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.reader.join()
        self.process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def sleep(self):
        """Does nothing until it is woken: so that it costs nothing while others are measured."""
        self.process.send_signal(signal.SIGSTOP)

    def wake(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)

    def cpu_seconds(self):
        return process_times(self.process.pid)[1]

    def metric(self, name):
        """The sum over a metric's labels; 0 where it has not been counted yet."""
        with urllib.request.urlopen(f"{self.metrics_url}/metrics", timeout=30) as answer:
            text = answer.read().decode("utf-8")
        found = re.findall(rf"^datastorage_{name}(?:\{{[^}}]*\}})? (\S+)$", text, re.MULTILINE)
        return sum(float(value) for value in found)
