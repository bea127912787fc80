"""One service with failpoints over stores of its own: carries out cells of the matrix."""

import contextlib
import json
import subprocess
import threading
import time
from pathlib import Path
from typing import NamedTuple

from failpoint_checker import Checker, PostgresStores, SqliteStores
from failpoint_control import Control
from failpoint_load import KINDS, PATH, Broken, Load, Writer
from http_caller import Caller
from postgres_process import PASSWORD, Postgres
from server_process import await_true
from service_process import Service, post_json
import http.client

PLACEMENTS = ("in_process", "same_database", "separate")
ROLE = "service"
HIT_SECONDS_MAX = 20
ANSWERED_SECONDS = 1.0  # Less than the failpoint hangs.
IN_FLIGHT_SECONDS_MAX = 8  # Less than the failpoint waits.
GONE_ON_SECONDS_MAX = 20
CONVERGENCE_SECONDS_MAX = 60
LIMIT = 20
SEARCHED = 5  # Of a cell's writes, besides that which met the failpoint.
SAME_TEXT = 0.999


class Cell(NamedTuple):
    placement: str
    point: str
    fault: str
    mode: str  # default, strict
    op: str  # create, patch, erase

    def __str__(self):
        return " ".join(self)


class Outcome(NamedTuple):
    cell: Cell
    state: str  # ok, failed, missed (not reached)
    in_flight: dict
    findings: list
    passed: set  # Failpoints, by the cell's own write.
    seconds: float


class Servers:
    """A context: what the lanes of PostgreSQL share."""

    def __init__(self, folder, is_needed):
        self.postgres = Postgres(Path(folder) / "postgres") if is_needed else None
        self.vectors = Postgres(Path(folder) / "vectors") if is_needed else None
        self._ends = contextlib.ExitStack()

    def __enter__(self):
        for server in filter(None, (self.postgres, self.vectors)):
            self._ends.enter_context(server)
            server.start()
            server.run("postgres", f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")
        return self

    def __exit__(self, *_):
        self._ends.close()


class ArmedService(Service):
    def __init__(self, binary, folder, log_path, options, environment):
        super().__init__(binary, folder, log_path, options)
        words = [f"{name}={value}" for name, value in environment.items()]
        self._command = ["env", *words, *self._command]


class Lane:
    """Threads: one runs its cells."""

    def __init__(self, placement, name, servers, options, folder):
        self.placement, self.name, self._servers = placement, name, servers
        self._options, self._folder = options, Path(folder)
        self._folder.mkdir()
        self._round, self._is_open, self.cell_count = 0, False, 0
        self.patched = 0  # Cells in which the record was changed while its failpoint hung.
        self.control = Control(self._folder / "control")

    def open(self):
        """On stores that are new."""
        self._round, self.cell_count = self._round + 1, 0
        name, folder = f"{self.name}_{self._round}", self._folder / str(self._round)
        folder.mkdir()
        options, self.stores = self._make_stores(name, folder)
        self.service = self._make_service(folder, options)
        self.service.start()
        self._is_open = True
        self.control.await_points()
        self.load = Load(self.service, name.replace("_", "-"))
        self.shown, self._watched = set(), None
        self.load.fill_pool()
        self.load.start()
        self._reads_end = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _make_service(self, folder, options):
        environment = {"DS_FAILPOINTS": self.control.path, **self._environment()}
        return ArmedService(self._options.binary, folder / "data", self._folder / "log", options,
                            environment)

    def _environment(self):
        return {"DS_ENGINE_MUTANT": self._options.mutant} if self._options.mutant else {}

    def _make_stores(self, name, folder):
        if self.placement == "in_process":
            return (), SqliteStores(folder / "data/datastorage.db")
        servers, role = self._servers, ROLE
        records, vectors = f"audit_{name}", f"vectors_{name}"
        servers.postgres.run("postgres", f"CREATE DATABASE {records}")
        url = servers.postgres.url(records)
        place, place_of_owner, vectors_url = "pgvector", "pgvector", url
        if self.placement == "separate":
            servers.vectors.run("postgres", f"CREATE DATABASE {vectors}")
            place = servers.vectors.url(vectors, role)
            place_of_owner = vectors_url = servers.vectors.url(vectors)
        done = subprocess.run(
            [self._options.binary, "migrate", "--store", url, "--service-role", role, "--vectors",
             place_of_owner], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"migrate: {done.stdout}{done.stderr}")
        return ("--store", servers.postgres.url(records, role), "--store-sessions", "3",
                "--vectors", place), PostgresStores(url, vectors_url)

    def close(self):
        if not self._is_open:
            return
        self._is_open = False
        self._reads_end.set()
        self.service.kill()
        self.load.end()
        self._reader.join()
        self.stores.close()

    # What searches show meanwhile.

    def _read(self):
        caller = Caller([self.service])
        while not self._reads_end.wait(0.03):
            thing = self._watched
            reply = thing and caller.ask_json("/api/v1/audit/search", search_of(thing.text))
            if reply and reply.status == 200:
                self.shown.update(hit["record"]["id"] for hit in reply.document()["hits"])
        caller.close()

    # A cell.

    def run(self, cell):
        begun = time.monotonic()
        if not self._is_open:
            self.open()
        self.cell_count += 1
        is_hit, in_flight, self._passed = True, {}, None

        def act(thing, checker):
            nonlocal is_hit, in_flight
            is_hit, in_flight = self._act(cell, thing, checker)

        findings = self._judged(act)
        state = "failed" if findings else "ok" if is_hit else "missed"
        passed = self.control.passed if self._passed is None else self._passed
        return Outcome(cell, state, in_flight, findings, set(passed), time.monotonic() - begun)

    def _judged(self, act):
        """Findings of what `act(thing, checker)` does to a new record, and to others. With any,
        the lane is closed. REQUIRES: it is open."""
        checker = Checker(self.stores, self.load.things)
        try:
            thing = self.load.new_thing()
            act(thing, checker)
            self._check(thing, checker)
        except Broken as error:
            checker.add("answer", str(error))
        except (RuntimeError, OSError, http.client.HTTPException) as error:
            checker.add("run", f"{type(error).__name__}: {error}")
        if checker.findings:
            self.close()
        return checker.findings

    def _plan(self, cell):
        """A strict creation without its embedding would come to nothing at once."""
        before = [name for name in self.control.points[cell.point].after
                  if not (cell.mode == "strict" and name == "kBeforeEmbedding")]
        return [*((name, "error") for name in before), (cell.point, cell.fault)]

    def _act(self, cell, thing, checker):
        """(whether it was hit, how many of each kind were in flight then)."""
        self.load.resume()
        writer = Writer(self.load)
        if cell.op != "create":
            writer.create(thing)
            await_true(lambda: self._is_synced(writer, thing), "a record is synced",
                       CONVERGENCE_SECONDS_MAX)
        self._watched, failures, answers = thing, [], []
        aim = thing.key if cell.op == "create" else thing.id
        self.control.arm(aim, self._plan(cell))
        aimed = threading.Thread(target=self._write_aimed, daemon=True,
                                 args=(cell, writer, thing, (answers, failures, checker)))
        aimed.start()
        in_flight = {}
        is_hit = self.control.await_hit(lambda: bool(failures), HIT_SECONDS_MAX)
        if is_hit:
            in_flight = self.load.await_all_in_flight(IN_FLIGHT_SECONDS_MAX)
            if any(not in_flight.get(kind) for kind in KINDS):
                checker.add("run", f"not each kind of write was in flight: {in_flight}")
            self.control.go()
            self._see_through(cell, aimed, writer, thing)
        else:
            self.control.disarm()
        aimed.join()
        if failures:
            raise failures[0]
        self.load.pause()
        self._watched = None
        self._repeat(writer, thing, answers)
        writer.close()
        return is_hit, in_flight

    def _see_through(self, cell, aimed, writer, thing):
        if cell.fault == "killed":
            await_true(self.service.has_ended, "the failpoint kills", GONE_ON_SECONDS_MAX)
            self.service.start()
            return
        if cell.fault == "hang":
            # Answered before what hangs: a later change of the record, which must not be undone.
            aimed.join(ANSWERED_SECONDS)
            if not aimed.is_alive() and thing.is_there():
                self._passed = set(self.control.passed)
                writer.patch(thing, self.load.new_text())
                self.patched += 1
        if not self.control.await_gone_on(GONE_ON_SECONDS_MAX):
            raise RuntimeError("the failpoint does not go on")

    def _write_aimed(self, cell, writer, thing, results):
        answers, failures, checker = results
        try:
            if cell.op == "create":
                answer = writer.create(thing, cell.mode == "strict")
            elif cell.op == "patch":
                answer = writer.patch(thing, self.load.new_text())
            else:
                answer = writer.erase(thing)
            if answer and thing.is_there():
                answers.append(answer)
                self._look_at_once(writer, thing, answer, checker)
        except BaseException as error:  # The lane's thread raises it.
            failures.append(error)

    def _is_synced(self, writer, thing):
        status, document = writer.repeat(("GET", f"{PATH}/{thing.id}"))
        return status == 200 and document["vector"] == "synced"

    def _look_at_once(self, writer, thing, answer, checker):
        """Acknowledged: found at once by its words, and by meaning if its vector was sent."""
        is_synced = answer["vector"] == "synced"
        if is_synced:
            checker.check_synced(thing)
        for mode in ("text", "semantic") if is_synced else ("text",):
            if thing.id not in self._hits(writer, thing.text, mode):
                checker.add("I6", f"{thing.key} is acknowledged, and not found by {mode}: {answer}")

    def _hits(self, writer, text, mode="semantic"):
        """id → similarity, of those that are shown."""
        status, document = writer.repeat(
            ("POST", "/api/v1/audit/search", json.dumps(search_of(text, mode)).encode(),
             {"Content-Type": "application/json"}))
        if status != 200:
            raise Broken(f"a search answers {status} {document}")
        return {hit["record"]["id"]: hit.get("similarity", 0) for hit in document["hits"]}

    def _repeat(self, writer, thing, answers):
        """The same request under the same key is answered the same, and makes nothing."""
        if not answers:
            return
        status, document = writer.repeat(thing.request)
        found = (status, document and document.get("id"), document and document.get("version"))
        if status not in (200, 201) or found[1:] != (thing.id, thing.version):
            raise Broken(f"I7: {thing.key} repeated: {found}, before {answers[0]}")

    def _check(self, aimed, checker):
        await_true(lambda: self.stores.pending() == 0, "nothing is pending",
                   CONVERGENCE_SECONDS_MAX)
        touched = self.load.take_touched()
        checker.check(touched)
        shown, self.shown = self.shown, set()
        checker.check_shown(set(shown))  # The reader may be adding to it.
        writer = Writer(self.load)
        for thing in (aimed, *touched[-SEARCHED:]):
            hits = self._hits(writer, thing.text)
            if thing.is_there() and hits.get(thing.id, 0) < SAME_TEXT:
                checker.add("I6", f"{thing.key} is not found by its text: {hits}")
            if not thing.is_there() and any(each > SAME_TEXT for each in hits.values()):
                checker.add("I4", f"{thing.key} is {thing.fate}, and shown")
            for text in thing.old_texts:
                if self._hits(writer, text).get(thing.id, 0) > SAME_TEXT:
                    checker.add("I2", f"{thing.key} is shown under a text that it had")
        writer.close()

    def finish(self):
        """Findings of all that the lane has written, and of the service's own comparison."""
        if not self._is_open:
            return []
        checker = Checker(self.stores, self.load.things)
        checker.check(self.load.things)
        connection = http.client.HTTPConnection("127.0.0.1", self.service.metrics_port, timeout=600)
        found = post_json(connection, "/admin/reconcile", {"dry_run": True, "deep": True})
        connection.close()
        if sum(found[name] for name in ("missing", "stale", "altered", "foreign")):
            checker.add("I2", f"reconcile --deep: {found}")
        return checker.findings


def search_of(text, mode="semantic"):
    return {"q": text, "mode": mode, "limit": LIMIT, "fields": ["id"]}
