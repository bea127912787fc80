#!/usr/bin/env python3
"""Damages the index by hand and has it mended; puts the records back to an older state under it.

100 vectors are deleted, 100 altered under the same stamp, 100 of no record are added, and one gets
a stamp of the far future: `reconcile --deep` finds exactly these and mends them, a second one finds
nothing. Under load it reports no difference where there is none. With the vectors on a server of
their own, the records are then put back to a copy while the index stays ahead: afterwards both
agree. Prints the tally, its last line as JSON; exit status 1 unless all of that held.
"""

import argparse
import collections
import http.client
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Where `make test` puts numpy; a machine's own numpy does as well.
sys.path.append(str(ROOT / ".deps/python"))

from journal import Journal, JournalFacts  # noqa: E402
from load_options import add_load_options, end_run, work_folder  # noqa: E402
from made_records import COUNT_USUAL, Maker  # noqa: E402
from server_process import await_true  # noqa: E402
from service_fleet import DATABASE, Fleet  # noqa: E402
from service_process import post_json  # noqa: E402
from stage import Stage  # noqa: E402
from storm_checker import STORM_FAULTS, StormChecker, check_points, copy_database  # noqa: E402

PATCHED_SHARE = 0.5
CONVERGENCE_SECONDS_MAX = 120
DAMAGED = 100  # Of each kind.
FAR_FUTURE = 2**50
KINDS = ("missing", "stale", "altered", "foreign")
WANTED = {"missing": DAMAGED, "stale": 1, "altered": DAMAGED, "foreign": DAMAGED}
NOTHING = dict.fromkeys(KINDS, 0)
RUNS_UNDER_LOAD = 3  # At least.
ACKNOWLEDGED_MIN = 5 * DAMAGED  # Of a load, however slow the machine: enough vectors to damage.
# A vector that points the other way. The places of a vector, whichever holds it.
OPPOSITE = "(SELECT array_agg(-x ORDER BY n) FROM unnest(v::real[]) WITH ORDINALITY AS u (x, n))"
PLACES = ("vector_head", "vector_body")
# Lots of the maker's records, each written by a stage of its own.
LOTS = ("filled", "under_load", "left_behind", "afterwards")


def quoted(ids):
    return ", ".join(f"'{each}'" for each in ids)


class Reconciled:
    """One service over its stores."""

    def __init__(self, options, folder):
        self.options, self.folder = options, Path(folder)
        self.maker = Maker(options.seed, options.records, PATCHED_SHARE)
        self.journal_path = self.folder / "journal"
        self.journal = Journal(self.journal_path)
        self.fleet = Fleet(options.binary, self.folder, 1, options.vectors)
        self.tally, self.told = collections.Counter(), []
        self.begun = time.monotonic()

    def say(self, text):
        print(f"[{time.monotonic() - self.begun:6.1f} s] {text}", flush=True)

    def run(self):
        with self.fleet as fleet:
            fleet.start()
            self.load("filled")
            self.settle()
            self.damage()
            self.check(JournalFacts(self.journal_path), "mended")
            self.under_load()
            if self.options.vectors == "separate":
                self.put_back()
            if fleet.services[0].stop() != 0:
                raise RuntimeError("SIGTERM: the service did not end well")

    # The load.

    def load(self, lot, meanwhile=None):
        """A lot's records for the seconds of a load, and `meanwhile` again and again beside it."""
        size = self.options.records // len(LOTS)
        begin = LOTS.index(lot) * size
        stage = Stage(self.maker, self.fleet.services, self.journal, self.options,
                      range(begin, begin + size))
        stage.start()
        pause, until = threading.Event(), stage.begun + self.options.seconds
        while ((left := until - time.monotonic()) > 0 or (meanwhile and meanwhile.runs_on())
               or stage.tally["acknowledged"] < ACKNOWLEDGED_MIN):
            stage.raise_failure()
            if meanwhile:
                meanwhile()
            pause.wait(max(0.0, min(left, 0.1)))
        stage.finish()
        for kind in (*STORM_FAULTS, "not_found"):
            self.tally[kind] += stage.tally[kind]
        self.tally[f"acknowledged_{lot}"] = stage.tally["acknowledged"]
        self.told += stage.told
        self.say(f"{lot}: {stage.tally['acknowledged']} writes are acknowledged")

    def settle(self):
        await_true(lambda: next(self.fleet.rows("SELECT count(*) FROM pending_vector")) == ["0"],
                   "nothing is pending", CONVERGENCE_SECONDS_MAX)

    def reconcile(self, dry_run):
        service = self.fleet.services[0]
        connection = http.client.HTTPConnection("127.0.0.1", service.metrics_port, timeout=600)
        try:
            return post_json(connection, "/admin/reconcile", {"dry_run": dry_run, "deep": True})
        finally:
            connection.close()

    def ready(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.fleet.services[0].port)
        connection.request("GET", "/readyz?verbose")
        body = connection.getresponse().read().decode()
        connection.close()
        return body

    # By hand.

    def damage(self):
        server, database = self.fleet.place_of_vectors()
        count = 2 * DAMAGED + 1
        ids = [each for each, in server.rows(
            database, "SELECT record_id FROM vector_point WHERE is_live "
            f"ORDER BY md5(record_id::text) LIMIT {count}")]
        if len(ids) < count:
            raise RuntimeError(f"there are {len(ids)} vectors only")
        deleted, altered, future = ids[:DAMAGED], ids[DAMAGED:-1], ids[-1]
        statements = [f"DELETE FROM {table} WHERE record_id IN ({quoted(deleted)})"
                      for table in ("vector_point", *PLACES)]
        statements += [f"UPDATE {table} SET v = {OPPOSITE}::halfvec(384) "
                       f"WHERE record_id IN ({quoted(altered)})" for table in PLACES]
        statements += [
            "CREATE TABLE stray AS SELECT gen_random_uuid() AS id, stamp, v FROM vector_point JOIN "
            f"(SELECT * FROM vector_head UNION ALL SELECT record_id, v FROM vector_body) AS held "
            f"USING (record_id) LIMIT {DAMAGED}",
            "INSERT INTO vector_point SELECT id, stamp, true FROM stray",
            "INSERT INTO vector_head SELECT id, v FROM stray",
            "DROP TABLE stray",
            f"UPDATE vector_point SET stamp = {FAR_FUTURE} WHERE record_id = '{future}'"]
        server.run(database, "; ".join(statements))
        self.tally["damages"] = sum(WANTED.values())
        self.expect(self.reconcile(dry_run=True), WANTED, 0)
        self.expect(self.reconcile(dry_run=False), WANTED, self.tally["damages"])
        self.settle()
        self.expect(self.reconcile(dry_run=False), NOTHING, 0)

    def expect(self, report, wanted, mended):
        self.say(f"reconcile --deep: {report}")
        found = {kind: report[kind] for kind in KINDS}
        if found != wanted or report["mended"] != mended:
            self.tally["wrong_reports"] += 1
            self.told.append(f"reconcile: {report}, not {wanted} and {mended} mended")
        self.tally["found"] += sum(found.values()) if report["mended"] else 0

    # While writers work.

    def under_load(self):
        self.load("under_load", UnderLoad(self))
        self.settle()
        self.check(JournalFacts(self.journal_path), "after_the_load")

    # The index is ahead of the records.

    def put_back(self):
        postgres, service = self.fleet.postgres, self.fleet.services[0]
        service.stop()
        postgres.stop()
        kept = postgres.folder / "kept"
        subprocess.run(["cp", "-a", postgres.data, kept], check=True)
        facts = JournalFacts(self.journal_path)
        postgres.start()
        service.start()
        self.load("left_behind")
        service.kill()
        postgres.kill()
        shutil.rmtree(postgres.data)
        kept.rename(postgres.data)
        postgres.start()
        service.start()
        # By itself it notices, and uses the index again once every difference has a row.
        await_true(lambda: "vector_index" not in self.ready(), "the index is used again",
                   CONVERGENCE_SECONDS_MAX)
        self.settle()
        report = self.reconcile(dry_run=False)
        self.say(f"put back: {report}")
        self.tally["left_by_the_start"] = sum(report[kind] for kind in KINDS)
        self.settle()
        self.expect(self.reconcile(dry_run=True), NOTHING, 0)
        self.check(facts, "put_back")
        self.load("afterwards")
        self.settle()
        self.expect(self.reconcile(dry_run=True), NOTHING, 0)
        self.check(self._facts_without("left_behind"), "afterwards")

    def _facts_without(self, lot):
        facts, size = JournalFacts(self.journal_path), self.options.records // len(LOTS)

        def is_kept(operation):
            return int(operation[1:].partition(".")[0]) // size != LOTS.index(lot)

        facts.sent = set(filter(is_kept, facts.sent))
        facts.refused = set(filter(is_kept, facts.refused))
        facts.acked = {name: told for name, told in facts.acked.items() if is_kept(name)}
        return facts

    # What is left.

    def check(self, facts, what):
        copy = self.folder / "copy.db"
        copy.unlink(missing_ok=True)
        copy_database(self.fleet.postgres, DATABASE, copy)
        checker = StormChecker(copy, self.maker, facts)
        findings = checker.run()
        (highest,), = self.fleet.rows("SELECT last_value FROM stamp")
        check_points(*self.fleet.place_of_vectors(), checker, int(highest))
        for kind in STORM_FAULTS:
            self.tally[kind] += findings.counts[kind]
        self.told += findings.told
        self.say(f"{what}: {findings.counted}, {dict(findings.counts)}")

    def is_good(self):
        tally = self.tally
        wrong = (*STORM_FAULTS, "not_found", "wrong_reports", "false_differences")
        return (not any(tally[name] for name in wrong) and tally["found"] == tally["damages"]
                and tally["runs_under_load"] >= RUNS_UNDER_LOAD)


class UnderLoad:
    """Reconciles beside the writers, in turn only looking and mending."""

    def __init__(self, run):
        self._run = run

    def runs_on(self):
        return self._run.tally["runs_under_load"] < RUNS_UNDER_LOAD

    def __call__(self):
        tally = self._run.tally
        report = self._run.reconcile(dry_run=tally["runs_under_load"] % 2 == 0)
        tally["runs_under_load"] += 1
        differences = sum(report[kind] for kind in KINDS)
        tally["false_differences"] += differences
        if differences:
            self._run.told.append(f"under load: {report}")


def options_of():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--vectors", choices=("pgvector", "separate"), default="separate")
    parser.add_argument("--seconds", type=float, default=60, help="of each load")
    parser.add_argument("--rate", type=float, default=200, help="writes a second")
    add_load_options(parser, connections=16, retry_seconds_max=10.0, gives_up_share=0.0,
                     records=COUNT_USUAL // 2)
    return parser.parse_args()


def main():
    options = options_of()
    folder = work_folder(options, "reconcile_")
    print(f"seed {options.seed}, {options.seconds:g} s a load, vectors {options.vectors}, in "
          f"{folder}", flush=True)
    reconciled = Reconciled(options, folder)
    reconciled.run()
    for what in reconciled.told:
        print(what)
    good = reconciled.is_good()
    return end_run({"seed": options.seed, **reconciled.tally}, good, options, folder)


if __name__ == "__main__":
    sys.exit(main())
