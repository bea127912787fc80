#!/usr/bin/env python3
"""The failpoint matrix on real servers: {failpoint} × {killed, error, hang past the deadline} ×
{default, strict} × {create, patch, erase} × {vectors in process, in the same database, in another
PostgreSQL}. In each cell a write meets its failpoint while writes of every kind are in flight; the
service is restarted if it was killed, the relay finishes, and a checker that shares no code with
the service looks for broken invariants.

The failpoints are those that the program names. A cell that cannot be reached is n/a with its
reason, and is not counted. Prints a line a cell, then counts, the last line as JSON; exit status 1
unless every other cell was hit and nothing is broken. With --mutant a guard of the engine is taken
away, and some cell must find it.
"""

import argparse
import collections
import json
import os
import queue
import random
import re
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

from failpoint_control import FAULTS, Control  # noqa: E402
from failpoint_lane import PLACEMENTS, ArmedService, Cell, Lane, Servers  # noqa: E402
from failpoint_load import KINDS  # noqa: E402
from failpoint_reach import why_not  # noqa: E402

MODES, OPS = ("default", "strict"), ("create", "patch", "erase")
FAILED_MAX = 12
CELLS_MAX = 40  # Of a lane over the same stores.
INVARIANTS = {f"I{number}" for number in range(1, 9)} | {"answer"}


def points_of(binary, folder):
    """What the program says of itself."""
    control = Control(folder / "control")
    with ArmedService(binary, folder / "data", folder / "log", (),
                      {"DS_FAILPOINTS": control.path}) as service:
        service.launch()
        points = dict(control.await_points())
    control.close()
    return points


def mutants():
    """name → number, of the engine's mutants."""
    text = (ROOT / "src/engine/mutant.h").read_text()
    names = re.findall(r"^  (k\w+),", text, re.MULTILINE)
    return {name: number for number, name in enumerate(names) if name != "kNone"}


class Matrix:
    """Threads: one a lane; `_state` guards the outcomes."""

    def __init__(self, options, points):
        self.options, self.points = options, points
        self.cells, self.unreachable = [], {}
        for placement in options.placements:
            for name in points:
                for fault in FAULTS:
                    for mode in MODES:
                        for op in OPS:
                            self._add(Cell(placement, name, fault, mode, op))
        self.outcomes, self.told, self.patched = [], [], 0
        self._state = threading.Lock()
        self._is_over = False
        self.begun = time.monotonic()

    def _add(self, cell):
        reason = why_not(self.points[cell.point].step, cell.placement, cell.mode, cell.op)
        if reason:
            self.unreachable[cell] = reason
        elif all(wanted in cell for wanted in self.options.only):
            self.cells.append(cell)

    def sample(self, rng):
        """Each failpoint once, with faults and placements by turns; all kinds of writes."""
        chosen, turn = [], 0
        by_point = collections.defaultdict(list)
        for cell in self.cells:
            by_point[cell.point].append(cell)
        for cells in by_point.values():
            fault = FAULTS[turn % len(FAULTS)]
            placement = self.options.placements[turn // 2 % len(self.options.placements)]
            fit = [c for c in cells if c.fault == fault]
            chosen.append(rng.choice([c for c in fit if c.placement == placement] or fit))
            turn += 1
        self.cells = chosen

    def run(self, servers, folder):
        lanes = []
        for placement in self.options.placements:
            cells = queue.SimpleQueue()
            for cell in self.cells:
                if cell.placement == placement:
                    cells.put(cell)
            for number in range(min(self.options.lanes, cells.qsize())):
                lane = Lane(placement, f"{placement}_{number}", servers, self.options,
                            folder / f"{placement}_{number}")
                lanes.append(threading.Thread(target=self._work, args=(lane, cells)))
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()

    def _work(self, lane, cells):
        try:
            while not self._is_over:
                try:
                    cell = cells.get_nowait()
                except queue.Empty:
                    break
                if lane.cell_count == CELLS_MAX:
                    self._finish(lane)
                self._note(lane.run(cell))
            self._finish(lane)
        except BaseException as error:
            self._tell([f"{lane.name}: {type(error).__name__}: {error}"])
            raise
        finally:
            with self._state:
                self.patched += lane.patched
            lane.close()

    def _finish(self, lane):
        self._tell([f"{lane.name}: {what}" for what in lane.finish()])
        lane.close()

    def _tell(self, findings):
        with self._state:
            self.told += findings
            for what in findings:
                print(what, flush=True)

    def _note(self, outcome):
        with self._state:
            self.outcomes.append(outcome)
            cell, state = outcome.cell, outcome.state
            in_flight = " ".join(f"{kind} {outcome.in_flight.get(kind, 0)}" for kind in KINDS)
            word = {"missed": "FAILED not reached, and no reason is known",
                    "failed": "FAILED"}.get(state, state)
            print(f"{cell}: hit {int(state != 'missed')}, in flight {in_flight}: {word} "
                  f"({outcome.seconds:.1f} s)", flush=True)
            for what in outcome.findings:
                print(f"    {what}", flush=True)
            for other, reason in self._refuted(outcome):
                self.told.append(f"{other}: n/a is refuted: {reason}")
                print(self.told[-1], flush=True)
            failed = sum(each.state != "ok" for each in self.outcomes)
            self._is_over = self.is_mutant_found() if self.options.mutant else failed >= FAILED_MAX

    def _refuted(self, outcome):
        for name in outcome.passed:
            reached = outcome.cell._replace(point=name)
            reason = self.unreachable.get(reached)
            if reason:
                yield reached, reason

    def is_mutant_found(self):
        """By a broken invariant, not by a run that went wrong."""
        return any(what.partition(":")[0] in INVARIANTS
                   for each in self.outcomes for what in each.findings)

    def tally(self):
        states = collections.Counter(each.state for each in self.outcomes)
        tally = {"seed": self.options.seed, "failpoints": len(self.points),
                 "cells": len(self.cells), "run": len(self.outcomes), "ok": states["ok"],
                 "failed": states["failed"], "not_reached": states["missed"],
                 "not_applicable": len(self.unreachable),
                 "patched_while_it_hung": self.patched, "other_findings": len(self.told)}
        for placement in self.options.placements:
            tally[f"ok_{placement}"] = sum(
                each.state == "ok" and each.cell.placement == placement for each in self.outcomes)
        for fault in FAULTS:
            tally[f"ok_{fault}"] = sum(
                each.state == "ok" and each.cell.fault == fault for each in self.outcomes)
        for kind in KINDS:
            tally[f"{kind}_in_flight"] = sum(
                each.in_flight.get(kind, 0) for each in self.outcomes)
        tally["seconds"] = round(time.monotonic() - self.begun, 1)
        return tally


def options_of(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--placements", nargs="+", default=PLACEMENTS, choices=PLACEMENTS)
    parser.add_argument("--sample", action="store_true", help="each failpoint once")
    parser.add_argument("--only", nargs="*", default=(), help="words that a cell's name must hold")
    parser.add_argument("--lanes", type=int, default=1, help="services at a time, each placement")
    parser.add_argument("--mutant", choices=sorted(mutants()), help="a guard to take away")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--binary", type=Path, default=Path(os.environ.get(
        "DATASTORAGE_FAILPOINTS_BINARY", ROOT / "build/dev/datastorage_failpoints")))
    parser.add_argument("--folder", help="where to work; made, and kept")
    options = parser.parse_args(arguments)
    if options.mutant:
        options.mutant = str(mutants()[options.mutant])
    return options


def main():
    options = options_of()
    folder = Path(options.folder or tempfile.mkdtemp(prefix="fp_"))
    folder.mkdir(parents=True, exist_ok=True)
    print(f"seed {options.seed}, in {folder}", flush=True)
    (folder / "list").mkdir()
    matrix = Matrix(options, points_of(options.binary, folder / "list"))
    rng = random.Random(options.seed)
    if options.sample:
        matrix.sample(rng)
    else:
        rng.shuffle(matrix.cells)
    for cell, reason in matrix.unreachable.items():
        if not options.sample and not options.only:
            print(f"{cell}: n/a {reason}")
    needed = any(cell.placement != "in_process" for cell in matrix.cells)
    with Servers(folder, needed) as servers:
        matrix.run(servers, folder)
    tally = matrix.tally()
    is_good = matrix.is_mutant_found() if options.mutant else (
        tally["ok"] == tally["cells"] > 0 == tally["other_findings"])
    if is_good and not options.folder:
        shutil.rmtree(folder, ignore_errors=True)
    for name, value in tally.items():
        print(f"{name:24}{value:>10}")
    print(json.dumps(tally))
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
