"""A PostgreSQL of one's own: in a temporary folder, on a free port, with pgvector where it was
fetched to, and gone at the end. Durable: fsync and synchronous_commit are on.
"""

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PGVECTOR = ROOT / ".deps" / "pgvector"
SUPERUSER = "postgres"
START_SECONDS_MAX = 60
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PR_SET_PDEATHSIG = 1


class ServerError(Exception):
    """The server could not be started, or refused a statement."""


def installed_version_folder():
    """/usr/lib/postgresql/N of the newest server that is installed."""
    found = [path for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if not found:
        raise ServerError("no PostgreSQL server is installed: run tools/install_packages.sh test")
    return max(found, key=lambda path: int(path.parents[1].name)).parents[1]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def process_times(pid):
    """(parent, own seconds, seconds of ended children) of a process; None once it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    seconds = [int(ticks) / TICKS_PER_SECOND for ticks in fields[11:15]]
    return int(fields[1]), seconds[0] + seconds[1], seconds[2] + seconds[3]


def running_seconds(pid):
    """Of a process of one thread, to the nanosecond: many sessions do little each. 0 once gone."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        times = process_times(pid)
        return times[1] if times else 0.0


def dying_with_parent(by):
    """For Popen's preexec_fn: the process gets this signal when this program ends, however."""
    return lambda: ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, by)


class PrivateServer:
    """A running server; use it in a `with`."""

    def __init__(self, settings=()):
        self.folder = Path(tempfile.mkdtemp(prefix="datastorage-bench-"))
        # Root may not run it; then it runs as its package's user.
        self.user = SUPERUSER if os.geteuid() == 0 else None
        self.port = free_port()
        self.settings = settings
        self.process = None
        try:
            self.bin = self._make_installation()
            self._make_cluster()
            self._start()
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _make_installation(self):
        """A copy of the binary finds its extensions beside itself: there pgvector can be added."""
        installed = installed_version_folder()
        version = installed.name
        share = Path("/usr/share/postgresql") / version
        lib_copy = self.folder / "usr/lib/postgresql" / version / "lib"
        share_copy = self.folder / "usr/share/postgresql" / version
        bin_copy = lib_copy.parent / "bin"
        bin_copy.mkdir(parents=True)
        shutil.copy(installed / "bin/postgres", bin_copy)
        shutil.copytree(installed / "lib", lib_copy, copy_function=os.symlink)
        shutil.copytree(share, share_copy, copy_function=os.symlink)
        if (PGVECTOR / "vector.so").exists() and not (lib_copy / "vector.so").exists():
            shutil.copy(PGVECTOR / "vector.so", lib_copy)
            for path in [*PGVECTOR.glob("vector*.control"), *PGVECTOR.glob("vector*.sql")]:
                shutil.copy(path, share_copy / "extension")
        return bin_copy

    def _command(self, command):
        owner = {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}
        return {"args": [str(part) for part in command], "cwd": self.folder, **owner}

    def _make_cluster(self):
        if self.user:
            entry = pwd.getpwnam(self.user)
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
        initdb = installed_version_folder() / "bin/initdb"
        done = subprocess.run(
            **self._command([initdb, f"--pgdata={self.folder / 'data'}", "--no-sync",
                             "--no-instructions", "--locale=C", "--encoding=UTF8",
                             f"--username={SUPERUSER}", "--auth=trust"]),
            capture_output=True, text=True)
        if done.returncode != 0:
            raise ServerError(f"initdb: {done.stdout}{done.stderr}")

    def _start(self):
        settings = ["listen_addresses=127.0.0.1", f"port={self.port}",
                    f"unix_socket_directories={self.folder}", "fsync=on", "synchronous_commit=on",
                    "jit=off", *self.settings]
        options = [part for setting in settings for part in ("-c", setting)]
        # Opened as ourselves, written to by the server.
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                **self._command([self.bin / "postgres", "-D", self.folder / "data", *options]),
                stdout=log, stderr=log, preexec_fn=dying_with_parent(signal.SIGQUIT))
        end = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                return self.run("SELECT 1")
            except ServerError as error:
                if self.process.poll() is not None or time.monotonic() > end:
                    log = (self.folder / "log").read_text()
                    raise ServerError(f"the server does not start: {error}\n{log}") from error
                time.sleep(0.05)

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)  # At once: nothing of it is kept.
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def conninfo(self, database="postgres"):
        return f"host=127.0.0.1 port={self.port} user={SUPERUSER} dbname={database}"

    def url(self, database):
        return f"postgresql://{SUPERUSER}@127.0.0.1:{self.port}/{database}"

    def run(self, sql, database="postgres"):
        """Runs statements; returns what they print, a row a line, columns parted by |."""
        done = subprocess.run(
            [installed_version_folder() / "bin/psql", "-XqAt", "-v", "ON_ERROR_STOP=1",
             "-d", self.conninfo(database)],
            input=sql, capture_output=True, text=True)
        if done.returncode != 0:
            raise ServerError(done.stderr.strip())
        return done.stdout.strip()

    def make_database(self, name):
        self.run(f"CREATE DATABASE {name}")
        return name

    def cpu_seconds(self):
        """Processor time of all of its processes so far, ended ones too."""
        while True:
            parent = process_times(self.process.pid)
            total = running_seconds(self.process.pid) + parent[2]
            for entry in Path("/proc").iterdir():
                child = process_times(entry.name) if entry.name.isdigit() else None
                if child is not None and child[0] == self.process.pid:
                    total += running_seconds(entry.name)
            # A session that ended in between was counted twice, or not at all.
            if process_times(self.process.pid)[2] == parent[2]:
                return total
