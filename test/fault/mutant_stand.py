"""One guard of the protocol taken away on real servers, and the service with its stores that lacks
it: by a switch of the program with failpoints, by another statement in a copy of it, or by what is
done to the databases. None of it is in the program that is shipped.
"""

import re
from pathlib import Path
from typing import NamedTuple

from failpoint_checker import PostgresStores
from failpoint_lane import PLACEMENTS, Lane
from opensearch_process import INDEX

ROOT = Path(__file__).resolve().parents[2]
IN_OPENSEARCH = "opensearch"
SWITCHES = {"DS_ENGINE_MUTANT": "src/engine/mutant.h", "DS_STORE_MUTANT": "src/postgres/mutant.h"}


class Change(NamedTuple):
    """What takes the guard away; several at a time, if need be."""

    switch: str = ""  # An enumerator of the headers of SWITCHES.
    statement: str = ""  # A file of sql/postgres, in which `old` becomes `new`.
    old: str = ""
    new: str = ""
    records_sql: tuple = ()  # Run in the records' database, as its owner.
    vectors_sql: tuple = ()  # In that of the vectors.
    program: tuple = ()  # (bytes, as many others) of the program.


class Conditions(NamedTuple):
    """What a scene needs, with the guard and without it."""

    placement: str = "separate"
    vectors_sql: tuple = ()
    records_sql: tuple = ()
    patience_ms: int = 0  # Of a write; 0: the program's own.


def switches_of(name):
    """The environment that turns it on."""
    for variable, header in SWITCHES.items():
        names = re.findall(r"^  (k\w+),", (ROOT / header).read_text(), re.MULTILINE)
        if name in names:
            return {variable: str(names.index(name))}
    raise RuntimeError(f"no header of mutants has {name}")


def changed_program(program, change):
    """Its bytes with the statement, or the bytes, of the change. The texts of sql/ are in it as
    they are; a longer one takes the place of its own comment."""
    replaced = []
    if change.statement:
        text = (ROOT / "sql/postgres" / change.statement).read_text()
        if text.count(change.old) != 1:
            raise RuntimeError(f"{change.statement} has not \"{change.old}\" once")
        code = "".join(line for line in text.splitlines(True) if not line.startswith("--"))
        changed = "\n" + code.replace(change.old, change.new)
        place = text[min(text.index(code) - 1, len(text) - len(changed)):].encode()
        replaced.append((place, changed.encode().ljust(len(place))))
    if change.program:
        replaced.append(change.program)
    for old, new in replaced:
        if program.count(old) != 1 or len(old) != len(new):
            raise RuntimeError(f"the program has {program.count(old)} of {old[:60]!r}")
        program = program.replace(old, new)
    return program


class RecordStores(PostgresStores):
    """Records in a database; their vectors are seen by searches only."""

    has_points = False

    def __init__(self, records_url):
        super().__init__(records_url, records_url)

    def points(self, _):
        return {}

    def totals(self):
        records, versions = self._records.run("SELECT count(*), sum(version) FROM record")[0]
        return {"records": int(records), "versions": int(versions or 0)}


class Stand(Lane):
    """A lane under those conditions, with that change or none. `run_scene` tells what a scene on
    it broke."""

    def __init__(self, name, servers, options, conditions, change, folder):
        super().__init__(conditions.placement, name, servers, options, folder)
        self.conditions, self.change = conditions, change or Change()
        self.servers = servers
        if self.change.statement or self.change.program:
            binary = Path(folder) / "program"
            binary.write_bytes(changed_program(Path(options.binary).read_bytes(), self.change))
            binary.chmod(0o755)
            self._options = options._replace(binary=binary)

    def _environment(self):
        found = switches_of(self.change.switch) if self.change.switch else {}
        if self.conditions.patience_ms:
            found["DS_REQUEST_PATIENCE_MS"] = str(self.conditions.patience_ms)
        if self.placement == IN_OPENSEARCH:
            found["DS_SETTLE_HURRY"] = "1"
        return found

    def _make_stores(self, name, folder):
        if self.placement not in PLACEMENTS:
            return self._make_records(name)
        made = super()._make_stores(name, folder)
        self.records = f"audit_{name}"
        self.vectors = f"vectors_{name}" if self.placement == "separate" else self.records
        if self.placement == "in_process":
            return made
        vectors = self.servers.vectors if self.placement == "separate" else self.servers.postgres
        for statement in (*self.conditions.vectors_sql, *self.change.vectors_sql):
            vectors.run(self.vectors, statement)
        for statement in (*self.conditions.records_sql, *self.change.records_sql):
            self.servers.postgres.run(self.records, statement.format(database=self.records))
        return made

    def _make_records(self, name):
        """Of a service whose vectors are in an index of OpenSearch that nobody else refreshes."""
        self.records, index = f"audit_{name}", f"{INDEX}_{name}".lower()
        self.servers.postgres.run("postgres", f"CREATE DATABASE {self.records}")
        url = self.servers.postgres.url(self.records)
        self.index = index
        vectors = self.servers.nodes.url().replace(f"/{INDEX}?", f"/{index}?")
        return ("--store", url, "--store-sessions", "3", "--vectors", vectors), RecordStores(url)

    # What scenes ask for.

    @property
    def folder(self):
        return self._folder

    @property
    def binary(self):
        return self._options.binary

    def run_scene(self, scene):
        """Its findings."""
        if not self._is_open:
            self.open()
        self._passed = None
        return self._judged(lambda thing, checker: scene(self, thing, checker))

    def replace_service(self, *options):
        """It ends, and one with those options is there instead."""
        if self.service.stop() != 0:
            raise RuntimeError("SIGTERM: the service did not end well")
        self.service = self.load.service = self._make_service(self._folder, options)
        self.service.start()
        self.control.await_points()

    def is_synced(self, writer, thing):
        return self._is_synced(writer, thing)

    def hits(self, writer, text):
        return self._hits(writer, text)
