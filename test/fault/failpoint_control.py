"""The test's end of the socket of datastorage_failpoints; failpoint_program.cc has the other."""

import socket
import threading
import time
from typing import NamedTuple

FAULTS = ("killed", "error", "hang")
ARM_SECONDS_MAX = 30


class Failpoint(NamedTuple):
    name: str
    step: str  # Of docs/dual-write.md.
    after: tuple  # Names of those that must have failed to get there.


class Control:
    """Serves one service after the other. Threads: one that listens; all else from the test's."""

    def __init__(self, path):
        self.path = str(path)
        self.points = {}
        self.passed, self.hit, self.has_gone_on = set(), None, False
        self.searches = 0  # That are held.
        self._state = threading.Condition()
        self._connection, self._is_ready, self._is_armed = None, False, False
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen(1)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._state:
                self._connection, self._is_ready = connection, False
            with connection, connection.makefile("r", encoding="ascii") as lines:
                try:
                    for line in lines:
                        self._note(line.rstrip("\n"))
                except OSError:
                    pass
            with self._state:
                self._connection, self._is_ready = None, False
                self._state.notify_all()

    def _note(self, line):
        what, _, rest = line.partition(" ")
        with self._state:
            if what == "point":
                name, step, after = rest.split("\t")
                self.points[name] = Failpoint(name, step, tuple(after.split()))
            elif what == "ready":
                self._is_ready = True
            elif what == "armed":
                self._is_armed = True
            elif what == "pass":
                self.passed.add(rest)
            elif what == "hit":
                self.hit = rest
            elif what == "searched":
                self.searches += 1
            elif what == "went":
                self.has_gone_on = True
            self._state.notify_all()

    def _say(self, line):
        with self._state:
            if not self._state.wait_for(lambda: self._is_ready, ARM_SECONDS_MAX):
                raise RuntimeError("the service with failpoints does not report")
            self._is_armed = False
            self._connection.sendall(line.encode() + b"\n")

    def await_points(self):
        with self._state:
            if not self._state.wait_for(lambda: self._is_ready, ARM_SECONDS_MAX):
                raise RuntimeError("the service with failpoints does not report")
        return self.points

    def arm(self, aim, plan):
        """`plan`: (failpoint, fault), the last of which is hit once."""
        self.passed, self.hit, self.has_gone_on = set(), None, False
        self._say(" ".join(["arm", aim, *(f"{name}:{fault}" for name, fault in plan)]))
        self._await_armed()

    def disarm(self):
        self._say("disarm")
        self._await_armed()

    def _await_armed(self):
        with self._state:
            if not self._state.wait_for(lambda: self._is_armed, ARM_SECONDS_MAX):
                raise RuntimeError("the service does not take its orders")

    def await_hit(self, is_over, seconds):
        """Whether it was hit before that time, or before `is_over` for the second time asked."""
        deadline = time.monotonic() + seconds
        with self._state:
            while self.hit is None and time.monotonic() < deadline and not is_over():
                self._state.wait(0.02)
            return self.hit is not None

    def go(self):
        self._say("go")

    def hold_searches(self):
        """Those to come stop once they have asked the index."""
        self.searches = 0
        self._say("hold")
        self._await_armed()

    def await_search(self, seconds):
        with self._state:
            return self._state.wait_for(lambda: self.searches > 0, seconds)

    def release_searches(self):
        self._say("release")
        self._await_armed()

    def await_gone_on(self, seconds):
        with self._state:
            return self._state.wait_for(lambda: self.has_gone_on, seconds)

    def close(self):
        self._listener.close()
