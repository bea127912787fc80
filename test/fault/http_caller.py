"""One caller's connections to the replicas of a service: asks one, and turns to the next."""

import http.client
import json
import threading
import time
from typing import NamedTuple

ANSWER_SECONDS_MAX = 60  # Of one attempt.
UNANSWERED_SECONDS_MAX = 90  # Of all attempts.
RETRY_STATUSES = (429, 503)
LOST_PAUSE = 0.1  # s, before what was lost with its connection is asked again.


class Reply(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def document(self):
        """None when the body is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Caller:
    """Threads: none. `services` have a `port`. `on_sent` is called when a request was wholly
    sent."""

    def __init__(self, services, place=0, on_sent=lambda: None):
        self._services, self._place, self._on_sent = services, place % len(services), on_sent
        self._connections = {}

    def turn(self):
        self._place = (self._place + 1) % len(self._services)

    def ask(self, method, path, body=None, headers=None):
        """One attempt; None when the connection was refused, or was lost before the answer."""
        port = self._services[self._place].port
        connection = self._connections.get(port)
        if connection is None:
            connection = self._connections[port] = http.client.HTTPConnection(
                "127.0.0.1", port, timeout=ANSWER_SECONDS_MAX)
        try:
            connection.request(method, path, body, headers or {})
            self._on_sent()
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        except (OSError, http.client.HTTPException):
            connection.close()
            return None

    def ask_until_answered(self, *request, retry_seconds_max=1.0):
        """Turns to another replica and retries by Retry-After. (reply, attempts); the reply is
        None when there was none that is to be."""
        deadline, pause, attempts = time.monotonic() + UNANSWERED_SECONDS_MAX, threading.Event(), 0
        while time.monotonic() < deadline:
            reply = self.ask(*request)
            attempts += 1
            if reply is not None and reply.status not in RETRY_STATUSES:
                return reply, attempts
            after = LOST_PAUSE if reply is None else float(reply.headers["Retry-After"])
            self.turn()
            pause.wait(min(after, retry_seconds_max))
        return None, attempts

    def ask_json(self, path, document):
        return self.ask("POST", path, json.dumps(document).encode(),
                        {"Content-Type": "application/json"})

    def close(self):
        for connection in self._connections.values():
            connection.close()
