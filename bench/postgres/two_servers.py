#!/usr/bin/env python3
"""What a write costs with the vectors on a second PostgreSQL: the service beside a bare program
that does it in the Go original's order, on the same two servers, in one run.

Ways are taken in turns, `--rounds` times. Then the server of vectors answers later than it does, by
`--delay-ms`: the original's order holds a connection of the database meanwhile.
"""

import argparse
import contextlib
import json
import subprocess
import sys
from pathlib import Path

from benchmark import SETTINGS
from private_server import ROOT, PrivateServer
from processes import Load
from ratios import shown, table
from ways import CONNECTIONS, HNSW, TABLES, Programs, ServiceWay, measured, middle, ratios_of

VECTOR_TABLE = "CREATE EXTENSION vector; CREATE TABLE audit_vector (id bigint PRIMARY KEY, " \
               "embedding vector(384) NOT NULL)"
ORIGINAL, PLAIN = "original's order", "original's order, no vector index"
DEFAULT, STRICT = "service, default", "service, strict"
# Half of them may wait for vectors: each connection's strict creation finds a place.
WORKERS = str(2 * CONNECTIONS)
CLIENTS = 512  # Of the slow part; the original's share its connections.
COLUMNS = [("records/s", "per_second", 0), ("p50 ms", "p50_ms", 1), ("p99 ms", "p99_ms", 1),
           ("records' server µs", "server_us", 0), ("program µs", "program_us", 0),
           ("outside µs", "outside_us", 0), ("vectors' server µs", "vectors_us", 0),
           ("synced", "synced_share", 2)]


def say(text=""):
    print(text, flush=True)


class OriginalWay:
    def __init__(self, name, servers, programs, is_indexed=True, port=None):
        self.records, self.vectors = servers
        self.database = self.records.make_database(f"original_{name}")
        self.records.run(TABLES.replace("CREATE EXTENSION vector;", "").replace(
            "embedding vector(384),", ""), self.database)
        self.vectors.make_database(self.database)
        self.vectors.run(VECTOR_TABLE, self.database)
        if is_indexed:
            self.vectors.run(f"CREATE INDEX vector_by_cosine ON audit_vector {HNSW}", self.database)
        self.programs = programs
        self.options = {"way": "original", "connections": CONNECTIONS,
                        "conninfo": self.records.conninfo(self.database),
                        "vectors": with_port(self.vectors, self.vectors.conninfo(self.database),
                                             port)}

    def store(self, first, count, **more):
        before = self.vectors.cpu_seconds()
        load = Load(self.programs.commit_load, first=first, count=count, **(self.options | more))
        figures = measured(load, self.records)
        return completed(figures, "load_us", self.vectors.cpu_seconds() - before)

    def stop(self):
        pass


class SeparateWay:
    """The service, whose cost of vectors is counted until all are in their index."""

    def __init__(self, name, servers, programs, prefer="", port=None):
        self.records, self.vectors = servers
        database = self.vectors.make_database(f"separate_{name}")
        self.way = ServiceWay(name, self.records, programs, "--workers", WORKERS, "--vectors",
                              with_port(self.vectors, self.vectors.url(database), port))
        self.prefer = {"prefer": prefer} if prefer else {}

    def warm(self, first, count):
        self.way.warm(first, count)

    def store(self, first, count, **more):
        before = self.vectors.cpu_seconds()
        figures = self.way.store(first, count, **(self.prefer | more))
        self.way.settle(figures)
        figures["server_us"] += figures["settle_server_us"]
        figures["service_us"] += figures["settle_service_us"]
        figures["synced_share"] = figures.get("synced", 0) / count
        return completed(figures, "service_us", self.vectors.cpu_seconds() - before)

    def stop(self):
        self.way.stop()


def with_port(server, address, port):
    return address.replace(str(server.port), str(port)) if port else address


def completed(figures, program, vectors_cpu):
    figures["program_us"] = figures[program]
    figures["outside_us"] = figures["server_us"] + figures["program_us"]
    figures["vectors_us"] = vectors_cpu / figures["count"] * 1e6
    return figures


@contextlib.contextmanager
def delayed(server, milliseconds):
    """The port of a way to the server on which its answers take longer."""
    program = Path(__file__).parent / "delay_proxy.py"
    proxy = subprocess.Popen([sys.executable, program, str(server.port), str(milliseconds)],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield int(proxy.stdout.readline())
    finally:
        proxy.kill()
        proxy.wait()


def print_runs(runs):
    rows = [[name, *(f"{middle(own, key):.{digits}f}" for _, key, digits in COLUMNS)]
            for name, own in runs.items()]
    say("\n".join(table(["way", *(head for head, _, _ in COLUMNS)], rows)))


def take_turns(ways, counts, rounds, **more):
    runs, stored = {name: [] for name in ways}, dict.fromkeys(ways, 0)
    names = list(ways)
    for turn in range(rounds):
        for name in names[turn % len(names):] + names[:turn % len(names)]:
            runs[name].append(ways[name].store(stored[name], counts[name],
                                               **more.get(name.partition(",")[0], {})))
            stored[name] += counts[name]
            say(f"  round {turn + 1}, {name}: {runs[name][-1]['per_second']:.0f}/s")
    return runs


def compare(servers, programs, options):
    say(f"\n== {options.rounds} rounds of {options.records} records a way, {CONNECTIONS} "
        "connections, embeddings cached")
    ways = {DEFAULT: SeparateWay("default", servers, programs),
            STRICT: SeparateWay("strict", servers, programs, "write=strict"),
            ORIGINAL: OriginalWay("indexed", servers, programs),
            PLAIN: OriginalWay("plain", servers, programs, is_indexed=False)}
    try:
        for name in (DEFAULT, STRICT):
            ways[name].warm(0, options.records * options.rounds)
        runs = take_turns(ways, dict.fromkeys(ways, options.records), options.rounds)
    finally:
        for way in ways.values():
            way.stop()
    print_runs(runs)
    say("\nwith 95 % intervals:")
    ratios = {}
    for figure, way, base in (("per_second", DEFAULT, ORIGINAL), ("p99_ms", DEFAULT, ORIGINAL),
                              ("outside_us", DEFAULT, ORIGINAL), ("per_second", STRICT, DEFAULT)):
        ratios[f"{figure}, {way} : {base}"] = ratios_of(runs, figure, base)[way]
        say(f"  {figure}, {way} : {base}: {shown(ratios[f'{figure}, {way} : {base}'])}")
    return {"runs": runs, "ratios": ratios}


def slow(servers, programs, options):
    say(f"\n== the server of vectors answers {options.delay_ms} ms later, {CLIENTS} clients, "
        f"{CONNECTIONS} connections of each server")
    with delayed(servers[1], options.delay_ms) as port:
        ways = {DEFAULT: SeparateWay("slow", servers, programs, port=port),
                ORIGINAL: OriginalWay("slow", servers, programs, port=port)}
        try:
            ways[DEFAULT].warm(0, options.records * options.rounds)
            runs = take_turns(ways, {DEFAULT: options.records, ORIGINAL: options.slow_records},
                              options.rounds, **{"service": {"connections": CLIENTS}})
        finally:
            for way in ways.values():
                way.stop()
    print_runs(runs)
    found = ratios_of(runs, "per_second", ORIGINAL)[DEFAULT]
    say(f"\nper_second, {DEFAULT} : {ORIGINAL}: {shown(found)}")
    return {"runs": runs, "ratio": found}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    add = parser.add_argument
    add("--programs", type=Path, default=ROOT / "build/bench", help="folder of the built programs")
    add("--records", type=int, default=5000, help="of a way in a round")
    add("--rounds", type=int, default=3)
    add("--delay-ms", type=int, default=200)
    add("--slow-records", type=int, default=800, help="of the original's order in a slow round")
    add("--out", type=Path, default=ROOT / "build/bench/two_servers.json")
    options = parser.parse_args()
    programs = Programs(options.programs)
    with PrivateServer(SETTINGS) as records, PrivateServer(SETTINGS) as vectors:
        servers = (records, vectors)
        results = {"compare": compare(servers, programs, options),
                   "slow": slow(servers, programs, options)}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(results, indent=1) + "\n")
    say(f"\nall figures: {options.out}")


if __name__ == "__main__":
    sys.exit(main())
