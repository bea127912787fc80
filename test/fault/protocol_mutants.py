#!/usr/bin/env python3
"""The simulator's mutants on real servers: each takes one guard of the dual write away, and must be
caught by the least that shows its lack, a cell of the failpoint matrix or a scene of
mutant_scenes.py. The same is played with the guard, and then nothing may be broken.

Prints a table and the same as a line of JSON; exit status 1 unless every mutant is caught and the
healthy service is never accused. What cannot exist here is n/a, with its reason.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import mutant_scenes as scenes
from failpoint_lane import Cell, Servers
from failpoints import INVARIANTS
from load_options import ROOT
from mutant_stand import IN_OPENSEARCH, Change, Conditions, Stand
from opensearch_process import Opensearch
from storm import GUARD, NO_GUARD

TRIES_MAX = 8  # The machine may be too busy for a scene that has to be quick.
SIMULATED = ROOT / "test/mutants/mutants_test.cc"
TWICE = "OverSqlite"  # Ends the names of those that are simulated once more over another store.
KEEPS_STAMP = ("raise_record_stamps", "WHERE r.id = u.id", "WHERE r.id = u.id AND false")
PATIENT = Conditions(patience_ms=8_000)
LATE = PATIENT._replace(vectors_sql=scenes.LATE_VECTORS)
LAZY_LOG = ("ALTER DATABASE {database} SET synchronous_commit = off",
            "ALTER SYSTEM SET wal_writer_delay = '10s'", "SELECT pg_reload_conf()")
# After the transaction, so that its other statements still see what they took.
FORGET_TOMBSTONES = (
    "CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
    "SET search_path = public AS $$ BEGIN DELETE FROM vector_point "
    "WHERE record_id = NEW.record_id AND NOT is_live; RETURN NULL; END $$",
    "CREATE CONSTRAINT TRIGGER forget AFTER INSERT OR UPDATE ON vector_point DEFERRABLE "
    "INITIALLY DEFERRED FOR EACH ROW WHEN (NOT NEW.is_live) EXECUTE FUNCTION forget()")


class Case(NamedTuple):
    name: str  # As the simulator has it.
    change: Change
    scene: object  # Of mutant_scenes, or a Cell.
    conditions: Conditions = Conditions()

    def key(self):
        """Of what the healthy service must pass: once for all mutants that share it."""
        return self.scene, self.conditions


def in_cell(name, *words):
    """A mutant of the engine that a cell of the matrix catches."""
    switch = "k" + name.removesuffix(TWICE)
    return Case(name, Change(switch=switch), Cell(*words), Conditions(placement=words[0]))


CASES = (
    Case("NoCompareAndSet",
         Change(statement="pgvector/take_points.sql", old="WHERE p.stamp < excluded.stamp",
                new="WHERE true"), scenes.patched_before_it_arrives, LATE),
    Case("NoTombstone", Change(vectors_sql=FORGET_TOMBSTONES), scenes.erased_before_it_arrives,
         LATE),
    Case("SerialIds", Change(switch="kSerialIds"), scenes.created_meanwhile, PATIENT),
    Case("NoStampGuard",
         Change(statement="queries/settle_pending.sql", old="WHERE p.stamp = u.stamp AND p.state",
                new="WHERE p.state"), scenes.changed_while_settled),
    Case("NoFence", Change(switch="kNoFence"), scenes.fenced_while_it_commits, PATIENT),
    Case("EarlyStamp", Change(records_sql=("ALTER SEQUENCE stamp CACHE 1000",)),
         scenes.patched_by_two_replicas),
    Case("OnePendingRow",
         Change(statement="queries/active_sets.sql", old="ORDER BY s.set_id",
                new="ORDER BY s.set_id LIMIT 1"), scenes.created_in_a_move),
    Case("UnguardedEmbedding", Change(switch="kUnguardedEmbedding"),
         scenes.changed_while_embedded),
    Case("SameStamp",
         Change(statement=f"queries/{KEEPS_STAMP[0]}.sql", old=KEEPS_STAMP[1],
                new=KEEPS_STAMP[2]), scenes.embedded_later),
    Case("AsynchronousT1", Change(program=(GUARD, NO_GUARD)), scenes.killed_after_the_answer,
         Conditions(records_sql=LAZY_LOG)),
    in_cell("OriginalOrder", "separate", "kBeforeRecord", "killed", "default", "create"),
    Case("EarlyT2", Change(switch="kEarlySettle"), scenes.searched_when_settled,
         Conditions(placement=IN_OPENSEARCH)),
    in_cell("SyncedUnanswered", "separate", "kBeforeSend", "error", "default", "create"),
    in_cell("LostIsFailed", "separate", "kAfterRecord", "error", "default", "create"),
    Case("IndexFirst", Change(switch="kIndexFirst"), scenes.applied_while_searched),
    in_cell("SettlesUnsent", "separate", "kBeforeRelaySend", "error", "default", "create"),
    in_cell("LeavesEarly", "in_process", "kBeforeRecord", "hang", "default", "create"),
    in_cell("NeverEnters", "in_process", "kAfterRecord", "hang", "default", "create"),
    in_cell("SettlesUnsentOverSqlite", "in_process", "kBeforeRelaySend", "error", "default",
            "create"),
    in_cell("NeverEntersOverSqlite", "in_process", "kBeforeEmbedding", "hang", "default",
            "patch"),
)
NOT_APPLICABLE = {
    "NoSyncsOverSqlite": "what is not synced goes with the machine's power, and stays when "
                         "processes are killed: test/sqlite/power_cut_test.cc has a disk for it",
}


def simulated():
    """The names of the simulator's mutants."""
    text = SIMULATED.read_text()
    text = text[text.index("Cases() {"):text.index("class Mutants ")]
    found = re.findall(r'(OverSqlite\()?(?:\{\{\.name = |Store\(|Engine\()"(\w+)"', text)
    return [name + (TWICE if is_twice else "") for is_twice, name in found]


class Stage:
    """The servers of all cases, each started when first needed, and what is played on them."""

    def __init__(self, options, folder):
        self.options, self.folder = options, Path(folder)
        self._ends, self._servers, self._count = contextlib.ExitStack(), None, 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._ends.close()

    def _servers_for(self, placement):
        if placement == "in_process":
            return None
        if self._servers is None:
            self._servers = self._ends.enter_context(Servers(self.folder, True))
            self._servers.nodes = None
        if placement == IN_OPENSEARCH and self._servers.nodes is None:
            nodes = Opensearch(self.folder / "nodes")
            self._servers.nodes = self._ends.enter_context(nodes)
            nodes.start()
        return self._servers

    def play(self, case, change, tries=1):
        """(findings of a broken promise, tries). Other findings are a run that went wrong."""
        servers = self._servers_for(case.conditions.placement)
        self._count += 1
        name = f"m{self._count}"
        stand = Stand(name, servers, self.options, case.conditions, change, self.folder / name)
        try:
            for turn in range(1, tries + 1):
                findings = self._play_once(stand, case.scene)
                broken = [each for each in findings if each.partition(":")[0] in INVARIANTS]
                if broken or (change is None and findings):
                    return broken or findings, turn
                for what in findings:
                    print(f"    {case.name}: {what}", flush=True)
        finally:
            stand.close()
        return [], tries

    @staticmethod
    def _play_once(stand, scene):
        if not isinstance(scene, Cell):
            return stand.run_scene(scene)
        outcome = stand.run(scene)
        return [f"run: {scene} was not reached"] if outcome.state == "missed" else outcome.findings


def told_of(scene):
    return str(scene) if isinstance(scene, Cell) else scene.__name__.replace("_", " ")


def run(stage, cases):
    """(rows of the table, the tally)."""
    begun, healthy, rows = time.monotonic(), {}, []
    for case in cases:
        if case.key() not in healthy:
            healthy[case.key()] = stage.play(case, None)[0]
        findings, tries = stage.play(case, case.change, TRIES_MAX)
        rows.append((case.name, told_of(case.scene), tries, findings, healthy[case.key()]))
        caught = f"caught, {findings[0][:110]}" if findings else "NOT CAUGHT"
        print(f"{case.name}: {told_of(case.scene)}: {caught} (try {tries})", flush=True)
        for what in healthy[case.key()]:
            print(f"    THE HEALTHY SERVICE IS ACCUSED: {what}", flush=True)
    return rows, {
        "mutants": len(rows), "caught": sum(bool(row[3]) for row in rows),
        "missed": [row[0] for row in rows if not row[3]],
        "not_applicable": len(NOT_APPLICABLE), "healthy_runs": len(healthy),
        "healthy_accused": sum(bool(each) for each in healthy.values()),
        "seconds": round(time.monotonic() - begun, 1)}


def print_table(rows):
    print(f"\n{'mutant':26}{'caught as':12}{'tries':>5}  by")
    for name, scene, tries, findings, _ in rows:
        kinds = ",".join(sorted({each.partition(":")[0] for each in findings})) or "NOT CAUGHT"
        print(f"{name:26}{kinds:12}{tries:>5}  {scene}")
    for name, reason in NOT_APPLICABLE.items():
        print(f"{name:26}{'n/a':12}{'':>5}  {reason}")


class Options(NamedTuple):
    """What a Lane asks of the matrix's options."""

    binary: Path
    mutant: str = ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--only", nargs="+", choices=[case.name for case in CASES])
    parser.add_argument("--binary", type=Path, default=Path(os.environ.get(
        "DATASTORAGE_FAILPOINTS_BINARY", ROOT / "build/dev/datastorage_failpoints")))
    parser.add_argument("--folder", help="where to work; made, and kept")
    options = parser.parse_args()
    unknown = set(simulated()) ^ ({case.name for case in CASES} | set(NOT_APPLICABLE))
    if unknown:
        raise SystemExit(f"not both in {SIMULATED.name} and here: {', '.join(sorted(unknown))}")
    folder = Path(options.folder or tempfile.mkdtemp(prefix="mt_"))
    folder.mkdir(parents=True, exist_ok=True)
    print(f"in {folder}", flush=True)
    cases = [case for case in CASES if case.name in (options.only or (case.name,))]
    with Stage(Options(options.binary), folder) as stage:
        rows, tally = run(stage, cases)
    is_good = not tally["missed"] and not tally["healthy_accused"]
    if is_good and not options.folder:
        shutil.rmtree(folder, ignore_errors=True)
    print_table(rows)
    print(json.dumps(tally))
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
