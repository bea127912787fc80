#!/usr/bin/env python3
"""What a durable creation costs on PostgreSQL: the service beside bare programs, on one private
server, in one run. Prints tables, and leaves all figures in a JSON file.

Ways are taken in turns, `--rounds` times, so that what disturbs the machine disturbs all of them.
Times are those of one machine; the ratios travel. A round has to be long enough for the server's
own upkeep, such as flushing the list of new words every few thousand records, to fall into each.
"""

import argparse
import json
import sys
import time
from pathlib import Path

from private_server import ROOT, PrivateServer
from ratios import shown, table
from ways import (CONNECTIONS, HNSW, TABLES, BareWay, Programs, ServiceWay, grouped_way, measured,
                  middle, ratios_of, single_way)

SETTINGS = ["shared_buffers=1GB", "max_wal_size=8GB", "checkpoint_timeout=15min",
            "maintenance_work_mem=512MB", "max_connections=150",
            # Parallel builds of HNSW are broken before pgvector 0.8.2.
            "max_parallel_maintenance_workers=0"]
SERVICES = {
    "service deferred": ["--vectors", "pgvector", "--vectors-write", "deferred"],
    "service inline": ["--vectors", "pgvector", "--vectors-write", "inline"],
    "service memory": ["--vectors", "memory"],
}
REST_SECONDS_MAX = 600
SINGLE, PLAIN = "(a) single, indexed", "(b) single, plain"
GROUPED, GROUPED_RECORDS = "(c) grouped", "(c) without pgvector's tables"
COLUMNS = [("records/s", "per_second", 0), ("p50 ms", "p50_ms", 1), ("p95 ms", "p95_ms", 1),
           ("p99 ms", "p99_ms", 1), ("server µs", "server_us", 0), ("service µs", "service_us", 0),
           ("load µs", "load_us", 0), ("batch", "batch", 1), ("cached", "cached", 2),
           # Of the deferred vectors, while the records were stored; the others then.
           ("moved", "moved", 2),
           ("then s", "settle_seconds", 1), ("then server µs", "settle_server_us", 0),
           ("then service µs", "settle_service_us", 0)]


def say(text=""):
    print(text, flush=True)


def row_of(name, runs):
    return [name, *(f"{middle(runs, key):.{digits}f}" for _, key, digits in COLUMNS)]


def print_runs(runs):
    heads = ["way", *(head for head, _, _ in COLUMNS)]
    say("\n".join(table(heads, [row_of(name, own) for name, own in runs.items()])))


class Benchmark:
    def __init__(self, arguments):
        self.arguments = arguments
        self.programs = Programs(arguments.programs)
        self.results = {}
        self.services = {name: options for name, options in SERVICES.items()
                         if not arguments.services or name.split()[1] in arguments.services}

    def compare(self, server):
        """Every way in turns, from empty tables."""
        count, rounds = self.arguments.records, self.arguments.rounds
        say(f"\n== {rounds} rounds of {count} records a way, {CONNECTIONS} connections")
        services = [ServiceWay(name.split()[1], server, self.programs, *options)
                    for name, options in self.services.items()]
        for way in services:
            way.warm(0, count * (rounds + 1))
        # The batches that the service makes are those of the bare group commit.
        calibration = services[0].store(0, count)
        services[0].settle(calibration)
        batch = max(1, round(calibration["batch"]))
        ways = dict(zip(self.services, services))
        ways |= {SINGLE: single_way("a", server, self.programs, True),
                 PLAIN: single_way("b", server, self.programs, False),
                 GROUPED: grouped_way("c", server, self.programs, batch, True),
                 GROUPED_RECORDS: grouped_way("records", server, self.programs, batch)}
        try:
            runs = self._take_turns(ways, count, rounds)
        finally:
            for way in services:
                way.stop()
        print_runs(runs)
        ratios = {}
        for figure, base in (("per_second", SINGLE), ("server_us", GROUPED)):
            ratios[figure] = ratios_of(runs, figure, base)
            say(f"\n{figure} beside {base}, with 95 % intervals:")
            for name, interval in ratios[figure].items():
                say(f"  {name}: {shown(interval)}")
        self.results["compare"] = {"batch": batch, "runs": runs, "ratios": ratios}

    def _take_turns(self, ways, count, rounds):
        runs = {name: [] for name in ways}
        names = list(ways)
        for turn in range(rounds):
            # Another one goes first each time.
            for name in names[turn % len(names):] + names[:turn % len(names)]:
                figures = ways[name].store((turn + 1) * count, count)
                ways[name].settle(figures)
                runs[name].append(figures)
                say(f"  round {turn + 1}, {name}: {figures['per_second']:.0f}/s, "
                    f"server {figures['server_us']:.0f} µs, service {figures['service_us']:.0f} µs")
        return runs

    def sustain(self, server):
        """More than the head of deferred vectors holds, until all of them are in their index."""
        count = self.arguments.sustained
        say(f"\n== sustained: {count} records, and until every vector is in its index")
        runs = {}
        names = [name for name in self.services if name != "service memory"]
        for name in [*names, SINGLE]:
            way = (single_way("sustain", server, self.programs, True) if name == SINGLE else
                   ServiceWay("sustain_" + name.split()[1], server, self.programs,
                              *self.services[name]))
            try:
                figures = way.store(0, count)
                way.settle(figures)
            finally:
                way.stop()
            figures["whole_seconds"] = figures["seconds"] + figures.get("settle_seconds", 0.0)
            runs[name] = [figures]
        print_runs(runs)
        base = runs[SINGLE][0]["whole_seconds"]
        for name in names:
            whole = runs[name][0]["whole_seconds"]
            say(f"  {name}: {count / whole:.0f} records/s in all, {base / whole:.2f} x {SINGLE}")
        self.results["sustain"] = runs

    def open_loop(self, server):
        """A rate that does not wait for answers, beside bare commits at the same rate."""
        rate, seconds = self.arguments.rate, self.arguments.seconds
        say(f"\n== open loop, {rate} creates a second for {seconds} s")
        bare = BareWay("empty", server, self.programs, way="empty", connections=CONNECTIONS)
        server.run(TABLES, bare.database)
        name, options = next(iter(self.services.items()))
        way = ServiceWay("open", server, self.programs, *options)
        count = int(rate * seconds)
        try:
            way.warm(0, count)
            runs = {"bare commit": [], name: []}
            for _ in range(self.arguments.rounds_of_rates):
                load = bare.load(0, count, rate=rate)
                runs["bare commit"].append(measured(load, server))
                runs[name].append(way.store(len(runs[name]) * count, count, rate=rate))
                way.settle(runs[name][-1])
        finally:
            way.stop()
        print_runs(runs)
        self.results["open_loop"] = {"rate": rate, "runs": runs}

    def grow(self, server):
        """What a creation costs in tables of each size."""
        name, options = next(iter(self.services.items()))
        way = ServiceWay("growth", server, self.programs, *options)
        single = single_way("growth", server, self.programs, False)
        count = self.arguments.records
        stored = 0
        self.results["growth"] = {}
        try:
            for size in self.arguments.sizes:
                say(f"\n== tables of {size} records")
                for each in (way, single):
                    filled = each.store(stored, size - stored)
                    each.settle(filled)
                    say(f"  filled {each.name}: {filled['seconds']:.0f} s, "
                        f"then {filled.get('settle_seconds', 0):.0f} s")
                begun = time.monotonic()
                server.run(f"CREATE INDEX audit_by_embedding ON audit {HNSW}", single.database)
                say(f"  index of (a) built: {time.monotonic() - begun:.0f} s")
                stored = size
                runs = {name: [], SINGLE: []}
                for _ in range(self.arguments.rounds_of_rates):
                    for key, each in ((name, way), (SINGLE, single)):
                        figures = each.store(stored, count)
                        each.settle(figures)
                        runs[key].append(figures)
                    stored += count
                print_runs(runs)
                self.results["growth"][size] = runs
                server.run("DROP INDEX audit_by_embedding", single.database)
        finally:
            way.stop()

    def search(self, server):
        """Semantic searches alone, and while others create."""
        rate, seconds = self.arguments.rate, self.arguments.seconds
        searches, stored = self.arguments.searches, max(self.arguments.sizes)
        say(f"\n== {searches} semantic searches a second over {stored} records, alone and beside "
            f"{rate} creates a second")
        name, options = next(iter(self.services.items()))
        way = ServiceWay("search", server, self.programs, *options)
        runs = {"searches alone": [], "searches beside": [], "creates": []}
        try:
            way.settle(way.store(0, stored))
            way.service.wake()
            self._await_rest(server)
            count = int(rate * seconds)
            for turn in range(self.arguments.rounds_of_rates):
                ask = {"rate": searches, "connections": 8}
                alone = way.load("search", 0, int(searches * seconds), seed=2 * turn + 3, **ask)
                runs["searches alone"].append(measured(alone, server, way.service))
                create = way.load("create", stored, count, rate=rate)
                beside = way.load("search", 0, int(searches * seconds), seed=2 * turn + 2, **ask)
                create.go()
                runs["searches beside"].append(measured(beside, server, way.service))
                create.wait()
                runs["creates"].append(create.figures())
                stored += count
        finally:
            way.stop()
        print_runs(runs)
        self.results["search"] = {"records": stored, "runs": runs}

    @staticmethod
    def _await_rest(server, seconds=4.0, share=0.05):
        """Until the server has no work left, such as merging segments."""
        end = time.monotonic() + REST_SECONDS_MAX
        while time.monotonic() < end:
            before = server.cpu_seconds()
            time.sleep(seconds)
            if server.cpu_seconds() - before < share * seconds:
                return
        raise RuntimeError("the server does not come to rest")

    def run(self):
        with PrivateServer(SETTINGS) as server:
            say(f"{server.run('SELECT version()')}\nfsync "
                f"{server.run('SHOW fsync')}, synchronous_commit "
                f"{server.run('SHOW synchronous_commit')}")
            for part in self.arguments.parts:
                getattr(self, part)(server)
        self.arguments.out.parent.mkdir(parents=True, exist_ok=True)
        self.arguments.out.write_text(json.dumps(self.results, indent=1) + "\n")
        say(f"\nall figures: {self.arguments.out}")


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    whole = lambda text: [int(part) for part in text.split(",")]
    words = lambda text: [part for part in text.split(",") if part]
    add = parser.add_argument
    add("--programs", type=Path, default=ROOT / "build/bench", help="folder of the built programs")
    add("--parts", type=words, default=["compare", "sustain", "open_loop", "grow", "search"])
    add("--services", type=words, default=[], help="deferred,inline,memory; default: all")
    add("--records", type=int, default=5000, help="of a way in a round")
    add("--rounds", type=int, default=5)
    add("--sustained", type=int, default=20_000, help="records")
    add("--rounds-of-rates", type=int, default=3)
    add("--rate", type=float, default=500)
    add("--seconds", type=float, default=20)
    add("--searches", type=float, default=20, help="a second")
    add("--sizes", type=whole, default=[10_000, 100_000])
    add("--out", type=Path, default=ROOT / "build/bench/postgres.json")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(Benchmark(parse(sys.argv[1:])).run())
