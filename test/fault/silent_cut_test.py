"""A service with its index in memory, whose machine is cut off without a word, and its successor.

Each machine is a network namespace, the cable between them a pair of virtual devices: only root can
have them, and only with iproute2.
"""

import ctypes
import os
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from postgres_process import ROOT, Postgres
from server_process import await_true
from service_fleet import DATABASE
from service_process import Service

BINARY = Path(os.environ.get("DATASTORAGE_BINARY", ROOT / "build/datastorage"))
CLONE_NEWNET = 0x40000000
HERE, THERE, NETWORK = "10.77.0.1", "10.77.0.2", "10.77.0.0/24"
# The successor waits for 20 s at its start; the rest is for a busy machine.
SUCCESSION_SECONDS_MAX = 25
UNAVAILABLE = 69


def run(*command):
    subprocess.run(list(map(str, command)), check=True, capture_output=True)


class Machine:
    """Beside the one of the test: a network of its own, with a cable to ours."""

    def __init__(self):
        ours = os.readlink("/proc/self/ns/net")
        self._holder = subprocess.Popen(["unshare", "--net", "sleep", "600"])
        network = f"/proc/{self._holder.pid}/ns/net"
        await_true(lambda: os.readlink(network) != ours, "there is another network")
        run("ip", "link", "add", "here", "type", "veth", "peer", "name", "there", "netns",
            self._holder.pid)
        run("ip", "addr", "add", f"{HERE}/24", "dev", "here")
        run("ip", "link", "set", "here", "up")
        run(*self.command("ip", "addr", "add", f"{THERE}/24", "dev", "there"))
        run(*self.command("ip", "link", "set", "lo", "up"))
        self.plug_in()

    def command(self, *words):
        return ["nsenter", f"--net=/proc/{self._holder.pid}/ns/net", "--", *words]

    def cut(self):
        run(*self.command("ip", "link", "set", "there", "down"))

    def plug_in(self):
        run(*self.command("ip", "link", "set", "there", "up"))

    def end(self):
        self._holder.kill()
        self._holder.wait()


@unittest.skipUnless(os.geteuid() == 0 and shutil.which("ip"), "only root has other networks")
class SilentCut(unittest.TestCase):
    def setUp(self):
        self.assertTrue(BINARY.exists(), f"{BINARY} is not built; set DATASTORAGE_BINARY")
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
            self.skipTest("this machine gives no other networks")
        run("ip", "link", "set", "lo", "up")
        self.machine = Machine()
        self.addCleanup(self.machine.end)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.postgres = Postgres(self.folder / "postgres", (f"listen_addresses=127.0.0.1,{HERE}",))
        with open(self.postgres.data / "pg_hba.conf", "a", encoding="ascii") as rules:
            rules.write(f"host all all {NETWORK} scram-sha-256\n")
        self.enterContext(self.postgres)
        self.postgres.start()
        self.postgres.run("postgres", f"CREATE DATABASE {DATABASE}")

    def service(self, name, host, command=lambda *words: words):
        url = self.postgres.url(DATABASE).replace("127.0.0.1", host)
        service = Service(BINARY, self.folder / name, self.folder / f"{name}.log",
                          ("--store", url, "--vectors", "memory"))
        service._command = command(*service._command)
        return self.enterContext(service)

    def test_the_successor_has_the_place_within_seconds_and_the_former_ends(self):
        former = self.service("former", HERE, self.machine.command)
        former.start()
        self.machine.cut()
        begun = time.monotonic()
        self.service("successor", "127.0.0.1").start()
        seconds = time.monotonic() - begun
        print(f"the successor listens {seconds:.1f} s after the cut")
        self.assertLess(seconds, SUCCESSION_SECONDS_MAX)
        self.assertFalse(former.has_ended())
        self.machine.plug_in()
        await_true(former.has_ended, "the former service ends, since another has its place")
        self.assertEqual(former.exit_status(), UNAVAILABLE)
        self.assertIn("another service has taken the database: this one has ended",
                      (self.folder / "former.log").read_text())


if __name__ == "__main__":
    unittest.main()
