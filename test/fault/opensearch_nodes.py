#!/usr/bin/env python3
"""Three nodes of OpenSearch under writes and searches: one is killed and brought back, one is
stopped and goes on; by turns that of the shard's primary and the one that manages the cluster.

No default write may fail, and no search; what was acknowledged is there once, whole, with the
vector of its own text in each copy of the shard, and is found by it. Prints the tally, its last
line as JSON; exit status 1 unless all of that held. --rounds and --seconds make the long form.
"""

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Where `make test` puts numpy; a machine's own numpy does as well.
sys.path.append(str(ROOT / ".deps/python"))

from load_options import add_load_options, end_run, work_folder  # noqa: E402
from made_records import COUNT_USUAL  # noqa: E402
from server_process import await_true  # noqa: E402
from storm import GIVES_UP_SHARE_FAR, Storm, faults_of, tally_of  # noqa: E402
from storm_client import MISSED_SHARE_MAX  # noqa: E402

WARM_SECONDS = 5
WHOLE_SECONDS_MAX = 600  # A busy machine takes minutes to start a node and copy a shard.
COUNTED = ("acknowledged", "vector_synced", "vector_pending")
GOES_ON_SECONDS_MAX = 120
GOES_ON = ("acknowledged", "vector_synced", "searches")


class Nodes(Storm):
    """The storm with a plan of its own."""

    def _kill_by_and_by(self, rng):
        cluster = self.fleet.vectors
        self._spend(WARM_SECONDS)
        for n in range(self.options.rounds):
            choose = cluster.manager if n % 2 else cluster.node_of_primary
            self._scene("killed", choose(), (cluster.kill, cluster.launch))
            self._scene("stopped", choose(), (cluster.pause, cluster.resume))

    def _spend(self, seconds):
        self._await(lambda end=time.monotonic() + seconds: time.monotonic() >= end, seconds + 60,
                    "some time has passed")

    def _await(self, is_true, seconds, what):
        def is_over():
            self.writers.raise_failure()
            return is_true()
        await_true(is_over, what, seconds)

    def _counts(self):
        with self.writers.state, self.readers.state:
            return {**{name: self.writers.tally[name] for name in COUNTED},
                    **{name: self.readers.tally[name] for name in ("searches", "degraded")}}

    def _scene(self, name, node, ways):
        strike, bring_back = ways
        cluster, before = self.fleet.vectors, self._counts()
        is_manager = node is cluster.manager()
        cluster.choose(node)
        strike()
        self._spend(self.options.seconds / 2)
        halfway = self._counts()
        self._spend(self.options.seconds / 2)
        # Later than what was answered just before the strike.
        self._await(lambda: all(self._counts()[what] > halfway[what] for what in GOES_ON),
                    GOES_ON_SECONDS_MAX, "writes, vectors and searches go on without the node")
        after, away = self._counts(), time.monotonic()
        bring_back()
        self._await(cluster.is_ready, WHOLE_SECONDS_MAX, "every node is back, each copy whole")
        took, grown = time.monotonic() - away, {what: after[what] - before[what] for what in after}
        for what, count in grown.items():
            self.tally[f"{name}_{what}"] += count
        self.tally[name] += 1
        self.say(f"{node.name} {name}{', the manager' * is_manager}: without it {grown}; "
                 f"whole again in {took:.0f} s")


def is_good(tally, nodes):
    return (faults_of(tally) == 0 and tally["default_failed"] == 0
            and tally["searches_failed"] == 0 and tally["copies"] == 2
            and not nodes.writers.misses_too_much()
            and tally["missed_by_approximate_searches"] <= MISSED_SHARE_MAX * tally["searches"])


def options_of():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=float, default=30, help="that a node is away")
    parser.add_argument("--rounds", type=int, default=1, help="of one killed and one stopped")
    parser.add_argument("--rate", type=float, default=60, help="writes a second")
    add_load_options(parser, connections=64, retry_seconds_max=1.0,
                     gives_up_share=GIVES_UP_SHARE_FAR, records=COUNT_USUAL)
    options = parser.parse_args()
    options.vectors, options.mutant, options.searches = "opensearch-cluster", False, options.records
    return options


def main():
    options = options_of()
    folder = work_folder(options, "opensearch_nodes_")
    print(f"seed {options.seed}, {options.rounds} rounds, in {folder}", flush=True)
    nodes = Nodes(options, folder)
    checker, searches = nodes.run()
    for what in (*nodes.writers.told, *checker.findings.told, *searches.told):
        print(what)
    tally = tally_of(nodes, checker, searches)
    good = is_good(tally, nodes)
    return end_run(tally, good, options, folder)


if __name__ == "__main__":
    sys.exit(main())
