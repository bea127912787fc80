"""The service as a process of its own: started, killed, stopped."""

import http.client
import json
import os
import queue
import signal
import subprocess
import threading

START_SECONDS_MAX = 120
STOP_SECONDS_MAX = 60


class Service:
    """`port` changes with each start. Threads: start, kill and stop from one thread only."""

    def __init__(self, binary, folder, log_path):
        self._command = [str(binary), "serve", "--embedder", "lexical", "--data", str(folder),
                         "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0",
                         "--log-level", "warning", "--drain-delay", "0s"]
        self._log_path = log_path
        self._process = None
        self.port = None

    def start(self):
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("DATASTORAGE_")}
        with open(self._log_path, "ab") as log:
            self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=log,
                                             text=True, env=environment)
        lines = queue.Queue()
        threading.Thread(target=self._read, args=(self._process.stdout, lines),
                         daemon=True).start()
        while True:
            try:
                line = lines.get(timeout=START_SECONDS_MAX)
            except queue.Empty:
                line = None
            if line is None:
                self.kill()
                raise RuntimeError(f"the service did not start; see {self._log_path}")
            if line.startswith("listening on http://"):
                self.port = int(line.rsplit(":", 1)[1])
                return

    @staticmethod
    def _read(stream, lines):
        for line in stream:
            lines.put(line)
        lines.put(None)
        stream.close()

    def has_ended(self):
        return self._process.poll() is not None

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
        if self._process is not None and not self.has_ended():
            self.kill()


def post_json(connection: http.client.HTTPConnection, path, document):
    connection.request("POST", path, json.dumps(document), {"Content-Type": "application/json"})
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        raise RuntimeError(f"POST {path}: {response.status} {body[:300]!r}")
    return json.loads(body)
