"""The ways to store a record that are held against each other, each in a database of its own."""

import time
from pathlib import Path

from processes import Load, Service
from ratios import ratio

CONNECTIONS = 32
GROUP_CONNECTIONS = 2
DRAIN_SECONDS_MAX = 3600
HNSW = "USING hnsw (embedding vector_cosine_ops) WITH (m = 16, ef_construction = 64)"

# The members of a remediation beside its vector, as the Go original had them. Of its indexes only
# those without which it would not be the same table.
TABLES = """
CREATE EXTENSION vector;
CREATE TABLE audit (
  id bigserial PRIMARY KEY, name text NOT NULL, namespace text NOT NULL, phase text NOT NULL,
  action_type text NOT NULL, status text NOT NULL, start_time timestamptz NOT NULL,
  end_time timestamptz, duration bigint, remediation_request_id text NOT NULL UNIQUE,
  alert_fingerprint text, severity text, environment text, cluster_name text,
  target_resource text, summary text, metadata text, embedding vector(384),
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE number (value integer);
"""


class Programs:
    """Where the built programs are."""

    def __init__(self, folder):
        self.http_load = Path(folder) / "http_load"
        self.commit_load = Path(folder) / "commit_load"
        self.service = Path(folder) / "datastorage"


def measured(load, server, service=None):
    """Lets a ready load run; its figures, with what a record cost the server and the service."""
    server_before = server.cpu_seconds()
    service_before = service.cpu_seconds() if service else 0.0
    load.go()
    load.wait()
    server_cpu = server.cpu_seconds() - server_before
    service_cpu = service.cpu_seconds() - service_before if service else 0.0
    figures = load.figures()
    figures["server_us"] = server_cpu / figures["count"] * 1e6
    figures["service_us"] = service_cpu / figures["count"] * 1e6
    figures["load_us"] = figures["load_cpu_seconds"] / figures["count"] * 1e6
    return figures


class BareWay:
    """A libpq program without a service."""

    def __init__(self, name, server, programs, **options):
        self.name, self.server, self.programs = name, server, programs
        self.options = options
        self.database = server.make_database(f"bare_{name}")
        self.conninfo = server.conninfo(self.database)

    def load(self, first, count, **more):
        return Load(self.programs.commit_load, conninfo=self.conninfo, first=first, count=count,
                    **(self.options | more))

    def store(self, first, count):
        return measured(self.load(first, count), self.server)

    def settle(self, _):
        pass

    def stop(self):
        pass


def single_way(name, server, programs, is_indexed):
    way = BareWay(name, server, programs, way="single", connections=CONNECTIONS)
    server.run(TABLES, way.database)
    if is_indexed:
        server.run(f"CREATE INDEX audit_by_embedding ON audit {HNSW}", way.database)
    return way


def grouped_way(name, server, programs, batch, has_pgvector=False, way="grouped"):
    way = BareWay(name, server, programs, way=way, connections=GROUP_CONNECTIONS, batch=batch)
    Load.run_once(programs.commit_load, "--conninfo", way.conninfo, "--migrate",
                  *(["--pgvector"] if has_pgvector else []))
    return way


class ServiceWay:
    """The service itself, over HTTP; asleep unless it is measured."""

    def __init__(self, name, server, programs, *options):
        self.name, self.server, self.programs = name, server, programs
        self.database = server.make_database(f"service_{name}")
        self.has_pgvector = "pgvector" in options
        self.service = Service(programs.service, "--store", server.url(self.database),
                               "--embedder", "lexical", *options)
        self.service.sleep()

    def load(self, what, first, count, **more):
        options = {"connections": CONNECTIONS} | more
        return Load(self.programs.http_load, url=self.service.url, what=what, first=first,
                    count=count, **options)

    def warm(self, first, count):
        """Has the embeddings of records to come computed, as searches of their texts."""
        self.service.wake()
        load = self.load("ask", first, count)
        load.go()
        load.wait()
        load.figures()
        self.service.sleep()

    def store(self, first, count, **more):
        self.service.wake()
        hits, batches = self.service.metric("cache_hits_total"), self._batches()
        figures = measured(self.load("create", first, count, **more), self.server, self.service)
        figures["cached"] = (self.service.metric("cache_hits_total") - hits) / count
        after = self._batches()
        figures["batch"] = (after[0] - batches[0]) / max(after[1] - batches[1], 1)
        return figures

    def _batches(self):
        return [self.service.metric(f"commit_batch_size_{part}") for part in ("sum", "count")]

    def pending_count(self):
        """Vectors that are not where they belong yet."""
        tables = ["pending_vector", "vector_head"] if self.has_pgvector else ["pending_vector"]
        counts = " + ".join(f"(SELECT count(*) FROM {table})" for table in tables)
        return int(self.server.run(f"SELECT {counts}", self.database))

    def settle(self, figures):
        """Waits until what was left for later is done; notes how long and at what cost."""
        begun, before = time.monotonic(), self.server.cpu_seconds()
        service_before = self.service.cpu_seconds()
        # The gauge is cheaper than a session a question, and a moment behind.
        while self.service.metric("vector_head_rows") > 0 or self.pending_count() > 0:
            if time.monotonic() > begun + DRAIN_SECONDS_MAX:
                raise RuntimeError(f"{self.name}: vectors are still pending")
            time.sleep(0.25)
        count = figures["count"]
        figures["settle_seconds"] = time.monotonic() - begun
        figures["settle_server_us"] = (self.server.cpu_seconds() - before) / count * 1e6
        figures["settle_service_us"] = (
            self.service.cpu_seconds() - service_before) / count * 1e6
        self.service.sleep()

    def stop(self):
        self.service.stop()


def middle(runs, name):
    """Over runs: the mean of a cost, the median of any other; 0 where a way does not have it."""
    values = sorted(run.get(name, 0.0) for run in runs)
    # A cost comes in bursts, such as a flush in every third run: none of them may be left out.
    return sum(values) / len(values) if name.endswith("_us") else values[len(values) // 2]


def ratios_of(runs, name, base):
    """Of figure `name`: each way beside way `base`, from runs taken in turns."""
    theirs = [run[name] for run in runs[base]]
    return {way: ratio(theirs, [run[name] for run in own]) for way, own in runs.items()}
