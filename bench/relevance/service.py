"""A client for the audit service's HTTP API, and a way to start a service of one's own.

Only what the programs of this folder need: batch import, waiting for vectors, get, search.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BATCH_LINES = 500
RETRIES = 8
REQUEST_TIMEOUT_S = 300
START_TIMEOUT_S = 180
STOP_TIMEOUT_S = 30
LISTENING = re.compile(r"\blistening on (http://\S+)")


class ServiceError(Exception):
    """An answer that is not the one the API promises, or none at all."""


class Service:
    """A running service at `url`. Safe to use from several threads: it keeps no connection."""

    def __init__(self, url):
        self.url = url.rstrip("/")

    def request(self, method, path, body=None, media_type="application/json"):
        """The body of a 2xx answer as text; 429 and 503 are tried again as the answer asks."""
        for attempt in range(RETRIES):
            try:
                return self._send(method, path, body, media_type)
            except urllib.error.HTTPError as error:
                text = error.read().decode("utf-8", "replace")
                if error.code not in (429, 503) or attempt == RETRIES - 1:
                    raise ServiceError(f"{method} {path[:200]}: {error.code} {text}") from error
                time.sleep(min(float(error.headers.get("Retry-After") or 1), 10))
            except OSError as error:
                raise ServiceError(f"{method} {self.url}{path[:200]}: {error}") from error
        raise AssertionError("unreachable")

    def _send(self, method, path, body, media_type):
        request = urllib.request.Request(self.url + path, data=body, method=method)
        if body is not None:
            request.add_header("Content-Type", media_type)
        with urllib.request.urlopen(request, timeout=REQUEST_TIMEOUT_S) as answer:
            return answer.read().decode("utf-8")

    def get(self, path, **parameters):
        query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
        return json.loads(self.request("GET", path + query))

    def import_lines(self, lines):
        """Stores import lines (`{"kind", "record"}`); raises on the first one not stored."""
        for begin in range(0, len(lines), BATCH_LINES):
            part = lines[begin : begin + BATCH_LINES]
            body = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in part)
            answer = self.request(
                "POST", "/api/v1/audit/batch", body.encode("utf-8"), "application/x-ndjson"
            )
            check_batch(answer, begin, len(part))

    def wait_until_embedded(self, kinds=("remediation",), timeout_s=1800):
        """Returns when no record of these kinds waits for its vector."""
        deadline = time.monotonic() + timeout_s
        for kind in kinds:
            while self.get(f"/api/v1/audit/{kind}", vector="pending", limit=1)["items"]:
                if time.monotonic() > deadline:
                    raise ServiceError(f"{kind} records still pending after {timeout_s} s")
                time.sleep(0.5)

    def search(self, text, mode, limit, fields):
        """The hits of a search among remediations, best first."""
        asked = {"q": text, "mode": mode, "kind": "remediation", "limit": limit, "fields": fields}
        answer = self.get("/api/v1/audit/search", **asked)
        if answer.get("degraded"):
            raise ServiceError(f"search answered degraded: {answer['degraded']}")
        return answer["hits"]

    def search_all(self, texts, mode, limit, fields, threads=2):
        """`search` for many texts, in their order."""
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(lambda text: self.search(text, mode, limit, fields), texts))


def check_batch(answer, begin, expected):
    """Raises unless each of `expected` lines was stored, or had been stored before."""
    items = [json.loads(line) for line in answer.splitlines() if line.strip()]
    for item in items:
        if item["status"] not in (200, 201, "created", "existing"):
            raise ServiceError(f"line {begin + item['index'] + 1} not stored: {json.dumps(item)}")
    if len(items) != expected:
        raise ServiceError(f"{expected} lines sent, {len(items)} results received")


class _Output:
    """Reads a process's output to its end, so that it never blocks, and keeps the last lines."""

    def __init__(self, process):
        self._lines = []
        self._url = None
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._read, args=(process.stdout,), daemon=True)
        self._thread.start()

    def _read(self, stream):
        for line in stream:
            with self._changed:
                self._lines = (self._lines + [line])[-50:]
                match = LISTENING.search(line)
                self._url = self._url or (match and match.group(1))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait_for_url(self):
        with self._changed:
            self._changed.wait_for(lambda: self._url or self._ended, START_TIMEOUT_S)
            if not self._url:
                raise ServiceError("the service did not start:\n" + "".join(self._lines))
            return self._url


@contextmanager
def own_service(binary, options=()):
    """Starts the service on free ports with an empty data folder, and removes both at the end."""
    folder = tempfile.mkdtemp(prefix="relevance-")
    command = [str(binary), "serve", "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"]
    command += ["--data", folder, *options]
    try:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT
        )
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise ServiceError(f"{binary}: {error.strerror}") from error
    try:
        yield Service(_Output(process).wait_for_url())
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def add_service_arguments(parser):
    parser.add_argument("--server", help="URL of a running service; default: start one")
    parser.add_argument(
        "--binary",
        type=Path,
        default=Path(os.environ.get("DS_TEST_BINARY", ROOT / "build" / "datastorage")),
        help="the service to start (build/datastorage)",
    )
    parser.add_argument(
        "--serve-option",
        action="append",
        default=[],
        metavar="OPTION",
        help="passed on to `datastorage serve`, as in --serve-option=--embedder=lexical",
    )


@contextmanager
def chosen_service(arguments):
    """The running service that the arguments name, else one started for the occasion."""
    if arguments.server:
        yield Service(arguments.server)
        return
    with own_service(arguments.binary, arguments.serve_option) as service:
        yield service
