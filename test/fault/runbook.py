"""The commands of docs/operations.md, run as they are written there.

A block that begins with "```sh NAME" can be run under that name. What it needs to know stands in
capitals, and is given as variables of the shell.
"""

import os
import re
import subprocess
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs/operations.md"
COMMAND_SECONDS_MAX = 300


class Runbook:
    """`said` is called with each command's output. Threads: none."""

    def __init__(self, said=lambda text: None, page=PAGE):
        self._blocks = dict(re.findall(r"^```sh (\S+)\n(.*?)^```$", page.read_text("utf-8"),
                                       re.MULTILINE | re.DOTALL))
        self._said, self.used = said, set()

    @property
    def names(self):
        return set(self._blocks)

    def run(self, name, variables, user=None):
        """Its standard output. The first command that fails ends it, with an error."""
        self.used.add(name)
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith(("DATASTORAGE_", "PG"))}
        environment.update({key: str(value) for key, value in variables.items()})
        as_user = ["--reuid", user, "--regid", user, "--clear-groups"] if user else []
        done = subprocess.run(
            ["setpriv", *as_user, "--pdeathsig", "KILL", "--", "bash", "-euo", "pipefail", "-c",
             self._blocks[name]], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            cwd="/", env=environment, timeout=COMMAND_SECONDS_MAX)
        self._said(f"runbook, {name}: {' '.join(done.stdout.split())[:200]}")
        if done.returncode != 0:
            raise RuntimeError(f"runbook, {name}: exit status {done.returncode}: {done.stdout}"
                               f"{done.stderr}")
        return done.stdout
