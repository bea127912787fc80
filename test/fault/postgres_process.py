"""A private PostgreSQL with pgvector, and what it holds as psql tells it.

The server finds its extensions beside its own binary: a copy of that, with links to all else, is
given pgvector without touching the system's installation. As root it runs as the user postgres.
"""

import contextlib
import csv
import io
import os
import shutil
import signal
import socket
import struct
import subprocess
from pathlib import Path

from server_process import await_true, start_child, unused_port

ROOT = Path(__file__).resolve().parents[2]
PGVECTOR = ROOT / ".deps/pgvector"
PASSWORD = "s3cret-of-the-tests"
PROTOCOL = 196_608  # 3.0
NULL = r"\N"
STOP_SECONDS_MAX = 60
# After a crash the server syncs its files, by syncfs at once instead of one by one.
SETTINGS = ("listen_addresses=127.0.0.1", "fsync=on", "recovery_init_sync_method=syncfs",
            "shared_buffers=64MB", "jit=off", "max_wal_size=512MB", "max_connections=60")
csv.field_size_limit(1 << 26)


class Postgres:
    """Its port stays over restarts. Threads: started and killed from one thread only."""

    def __init__(self, folder, settings=(), port=None, has_cluster=True):
        """Without a cluster of its own: its data folder is to be filled before it is started."""
        self.folder, self.port = Path(folder), port or unused_port()
        self.data = self.folder / "data"
        self.user = "postgres" if os.geteuid() == 0 else None
        self._settings, self._process = (*SETTINGS, *settings), None
        self.folder.mkdir()
        self._installed = self._newest_installation()
        self.programs = self._installed / "bin"
        self._make_installation()
        with contextlib.suppress(PermissionError):  # Where the parent belongs to another.
            os.chmod(self.folder.parent, 0o755)
        if self.user:
            shutil.chown(self.folder, self.user, self.user)
        if has_cluster:
            self._make_cluster()

    @staticmethod
    def _newest_installation():
        found = [path.parents[1] for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
        if not found:
            raise RuntimeError("no PostgreSQL is installed: run tools/install_packages.sh test")
        return max(found, key=lambda path: int(path.name))

    def _make_installation(self):
        version = self._installed.name
        ours, share = Path("lib/postgresql") / version, Path("share/postgresql") / version
        system_share = Path("/usr") / share
        root = self.folder / "usr"
        (root / ours / "bin").mkdir(parents=True)
        self._postgres = root / ours / "bin/postgres"
        shutil.copy2(self._installed / "bin/postgres", self._postgres)
        link_entries(self._installed / "lib", root / ours / "lib")
        link_entries(system_share, root / share)
        if not (PGVECTOR / "vector.so").exists() or (root / ours / "lib/vector.so").exists():
            return
        shutil.copy2(PGVECTOR / "vector.so", root / ours / "lib")
        (root / share / "extension").unlink()
        link_entries(system_share / "extension", root / share / "extension")
        for path in (*PGVECTOR.glob("vector*.sql"), PGVECTOR / "vector.control"):
            shutil.copy2(path, root / share / "extension")

    def _make_cluster(self):
        password = self.folder / "password"
        password.write_text(PASSWORD + "\n")
        if self.user:
            shutil.chown(password, self.user, self.user)
        process = start_child(
            [self.programs / "initdb", f"--pgdata={self.data}", "--no-sync",
             "--no-instructions", "--locale=C", "--encoding=UTF8", "--username=postgres",
             "--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={password}"],
            self.folder / "log", user=self.user, folder=self.folder)
        if process.wait() != 0:
            raise RuntimeError(f"initdb failed; see {self.folder / 'log'}")

    # The server.

    def launch(self):
        options = [word for setting in self._settings for word in ("-c", setting)]
        self._process = start_child(
            [self._postgres, "-D", self.data, "-c", f"port={self.port}", "-c",
             f"unix_socket_directories={self.folder}", *options],
            self.folder / "log", user=self.user, folder=self.folder)

    def is_ready(self):
        body = struct.pack("!i", PROTOCOL) + b"user\0postgres\0database\0postgres\0\0"
        with socket.socket(socket.AF_UNIX) as session:
            try:
                session.connect(str(self.folder / f".s.PGSQL.{self.port}"))
                session.sendall(struct.pack("!i", len(body) + 4) + body)
                return session.recv(1) == b"R"
            except OSError:
                return False

    def has_ended(self):
        return self._process is None or self._process.poll() is not None

    def start(self):
        self.launch()
        await_true(lambda: self.has_ended() or self.is_ready(), "PostgreSQL answers")
        if self.has_ended():
            raise RuntimeError(f"PostgreSQL ended at its start; see {self.folder / 'log'}")

    def kill(self):
        """SIGKILL for the postmaster and all of its processes, as in a power cut of the machine."""
        postmaster = self._process.pid
        os.kill(postmaster, signal.SIGSTOP)  # Starts no more processes.
        processes = [postmaster, *children_of(postmaster)]
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._process.wait()
        # The next start counts on their shared memory being let go.
        await_true(lambda: all(map(is_gone, processes)), "a killed server is gone")

    def pause(self):
        """SIGSTOP for all of its processes: connections stay, and nothing is answered."""
        os.kill(self._process.pid, signal.SIGSTOP)
        for process in children_of(self._process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGSTOP)

    def resume(self):
        for process in (*children_of(self._process.pid), self._process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)

    def stop(self):
        """As an administrator does: sessions are cut, standbys and the archive get all there is."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(timeout=STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"PostgreSQL does not stop; see {self.folder / 'log'}") from None

    def environment(self):
        """For the server's own tools: where it is, and where they are."""
        return {"PATH": f"{self.programs}:{os.environ['PATH']}", "PGHOST": str(self.folder),
                "PGPORT": str(self.port), "PGUSER": "postgres", "PGDATABASE": "postgres"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.has_ended():
            self.kill()

    # What is in it.

    def url(self, database, user="postgres"):
        return f"postgresql://{user}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def _psql(self, database, sql):
        return ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder), "-p",
                str(self.port), "-U", "postgres", "-d", database, "-c", sql]

    def run(self, database, sql):
        done = subprocess.run(self._psql(database, sql), capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"psql: {done.stderr.strip()}")

    def rows(self, database, query):
        """The rows of a query one by one, as texts; None for NULL."""
        copy = f"COPY ({query}) TO STDOUT (FORMAT csv, NULL '{NULL}')"
        psql = subprocess.Popen(self._psql(database, copy), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)
        with psql:
            for row in csv.reader(io.TextIOWrapper(psql.stdout, "utf-8", newline="")):
                yield [None if value == NULL else value for value in row]
            error = psql.stderr.read().decode()
        if psql.returncode != 0:
            raise RuntimeError(f"psql: {error.strip()}")


def link_entries(source, target):
    target.mkdir(parents=True)
    for path in source.iterdir():
        (target / path.name).symlink_to(path)


def state_of(process):
    """(letter, parent) of a process; a gone one has the letter "?"."""
    try:
        text = Path(f"/proc/{process}/stat").read_text(errors="replace")
    except OSError:
        return "?", 0
    letter, parent = text[text.rindex(")") + 1:].split()[:2]
    return letter, int(parent)


def is_gone(process):
    return state_of(process)[0] in "?ZX"


def children_of(parent):
    return [int(path.name) for path in Path("/proc").iterdir()
            if path.name.isdigit() and state_of(path.name)[1] == parent]
