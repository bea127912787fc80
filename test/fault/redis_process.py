"""A private Redis on a loopback port that keeps nothing: killed, it comes back empty."""

import socket
from pathlib import Path

from server_process import await_true, start_child, unused_port

PROGRAMS = tuple(Path(f"/usr/{place}bin/{name}-server")
                 for name in ("redis", "valkey") for place in ("", "local/"))
# The same program: it tells what to be by the name it is called.
OTHER_NAME = Path("/usr/bin/redis-check-rdb")


class Redis:
    """Its port stays over restarts. Threads: started and killed from one thread only."""

    def __init__(self, folder):
        self.folder, self.port, self._process = Path(folder), unused_port(), None
        self.folder.mkdir()
        self._program = next((path for path in PROGRAMS if path.exists()), None)
        if self._program is None:
            if not OTHER_NAME.exists():
                raise RuntimeError("there is no Redis: run tools/install_packages.sh test")
            self._program = self.folder / "redis-server"
            self._program.symlink_to(OTHER_NAME)

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    def launch(self):
        self._process = start_child(
            [self._program, "--port", self.port, "--bind", "127.0.0.1", "--dir", self.folder,
             "--save", "", "--appendonly", "no", "--daemonize", "no"], self.folder / "log")

    def is_ready(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as session:
                session.sendall(b"PING\r\n")
                return session.recv(5) == b"+PONG"
        except OSError:
            return False

    def has_ended(self):
        return self._process is None or self._process.poll() is not None

    def start(self):
        self.launch()
        await_true(lambda: self.has_ended() or self.is_ready(), "Redis answers")
        if self.has_ended():
            raise RuntimeError(f"Redis ended at its start; see {self.folder / 'log'}")

    def kill(self):
        self._process.kill()
        self._process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.has_ended():
            self.kill()
