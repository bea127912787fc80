"""The service as a process of its own: started, killed, stopped."""

import http.client
import json
import queue
import signal
import subprocess
import threading

from server_process import await_true, start_child

START_SECONDS_MAX = 120
STOP_SECONDS_MAX = 60


class Service:
    """`port` and `metrics_port` change with each start, unless a port is given. Threads: launched,
    killed and stopped from one thread only."""

    def __init__(self, binary, folder, log_path, options=(), port=0):
        self._command = [str(binary), "serve", "--embedder", "lexical", "--data", str(folder),
                         "--listen", f"127.0.0.1:{port}", "--metrics", "127.0.0.1:0",
                         "--log-level", "warning", *options]
        if "--drain-delay" not in options:
            self._command += ["--drain-delay", "0s"]
        self._log_path = log_path
        self._process, self._lines, self._is_listening = None, None, False
        self.port, self.metrics_port = port or None, None

    def launch(self):
        """Returns at once; `is_ready` tells when it answers."""
        self._process = start_child(self._command, self._log_path, stdout=subprocess.PIPE)
        self._lines, self._is_listening = queue.Queue(), False
        threading.Thread(target=self._read, args=(self._process.stdout, self._lines),
                         daemon=True).start()

    @staticmethod
    def _read(stream, lines):
        for line in stream:
            lines.put(line.decode())
        stream.close()

    def is_ready(self):
        while not self._is_listening and not self._lines.empty():
            line = self._lines.get()
            if line.startswith("metrics on http://"):
                self.metrics_port = int(line.rsplit(":", 1)[1])
            elif line.startswith("listening on http://"):
                self.port, self._is_listening = int(line.rsplit(":", 1)[1]), True
        return self._is_listening

    def start(self):
        self.launch()
        try:
            await_true(lambda: self.is_ready() or self.has_ended(), "the service listens",
                       START_SECONDS_MAX)
        except RuntimeError:
            self.kill()
            raise
        if self.has_ended():
            raise RuntimeError(f"the service did not start; see {self._log_path}")

    def has_ended(self):
        return self._process is None or self._process.poll() is not None

    def exit_status(self):
        """REQUIRES: it has ended."""
        return self._process.poll()

    def kill(self):
        self._process.kill()
        return self._process.wait()

    def stop(self):
        """The exit status after SIGTERM."""
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(timeout=STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.kill()
            raise RuntimeError("the service did not stop on SIGTERM") from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.has_ended():
            self.kill()


def post_json(connection: http.client.HTTPConnection, path, document):
    connection.request("POST", path, json.dumps(document), {"Content-Type": "application/json"})
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        raise RuntimeError(f"POST {path}: {response.status} {body[:300]!r}")
    return json.loads(body)
