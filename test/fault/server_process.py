"""Servers of a test's own: children that end with it, on loopback ports, each killed whole."""

import os
import random
import socket
import subprocess
import threading
import time

READY_SECONDS_MAX = 60


def unused_port():
    """Of those that the system gives to no client, so that none takes it while its server is
    down."""
    rng = random.SystemRandom()
    while True:
        port = rng.randrange(10_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def start_child(command, log_path, stdout=None, user=None, folder=None):
    """Ends with the calling thread. `stdout`, if any, in place of the log."""
    as_user = ["--reuid", user, "--regid", user, "--clear-groups"] if user else []
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(("DATASTORAGE_", "PG"))}
    with open(log_path, "ab") as log:
        return subprocess.Popen(
            ["setpriv", *as_user, "--pdeathsig", "KILL", "--", *map(str, command)],
            stdin=subprocess.DEVNULL, stdout=stdout or log, stderr=log, cwd=folder,
            env=environment, start_new_session=True)


def await_true(is_true, what, seconds=READY_SECONDS_MAX, pause_seconds=0.005):
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while not is_true():
        if time.monotonic() > deadline:
            raise RuntimeError(f"not within {seconds} s: {what}")
        pause.wait(pause_seconds)
