"""PostgreSQL, Redis and replicas of the service over them, all private to a test. Where asked for,
vectors are in a second PostgreSQL or in OpenSearch."""

import contextlib
import subprocess
from pathlib import Path

from opensearch_process import Opensearch
from postgres_process import PASSWORD, Postgres
from redis_process import Redis
from server_process import unused_port
from service_process import Service

DATABASE, ROLE = "audit", "service"
VECTORS = "vectors"  # The database of the second server.
# Vectors on a server that is no PostgreSQL: how many nodes.
NODES = {"opensearch": 1, "opensearch-cluster": 3}


class Fleet:
    """A context: leaves nothing running. Ports stay over restarts. The service has a role of its
    own that may do no more than a service needs. `vectors`: "memory", "pgvector", "separate" or one
    of NODES."""

    def __init__(self, binary, folder, count, vectors="pgvector", options=()):
        self.binary, self.folder = Path(binary), Path(folder)
        self.postgres = Postgres(self.folder / "postgres")
        self.redis = Redis(self.folder / "redis")
        self.vectors, self._vectors = None, vectors
        if vectors == "separate":
            self.vectors = Postgres(self.folder / "vectors")
        elif vectors in NODES:
            self.vectors = Opensearch(self.folder / "vectors", NODES[vectors])
        self.services = [
            Service(binary, self.folder / "data", self.folder / f"service_{n}.log",
                    ("--store", self.postgres.url(DATABASE, ROLE), "--cache", self.redis.url,
                     *self._vectors_option(ROLE), *options), unused_port())
            for n in range(count)]
        self._ends = contextlib.ExitStack()

    def servers(self):
        return [server for server in (self.postgres, self.vectors, self.redis) if server]

    def _vectors_option(self, role):
        place = self.vectors.url(VECTORS, role) if self.vectors else self._vectors
        return ("--vectors", place)

    def start(self):
        if self.has_nodes():
            self.vectors.launch()  # It takes longest.
        for server in self.servers():
            server.start()
        for server, database in ((self.postgres, DATABASE), (self.vectors, VECTORS)):
            if isinstance(server, Postgres):
                server.run("postgres", f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")
                server.run("postgres", f"CREATE DATABASE {database}")
        migration = subprocess.run(
            [self.binary, "migrate", "--store", self.postgres.url(DATABASE), "--service-role", ROLE,
             *self._vectors_option("postgres")], capture_output=True, text=True)
        if migration.returncode != 0:
            raise RuntimeError(f"migrate: {migration.stdout}{migration.stderr}")
        for service in self.services:
            service.start()

    def has_nodes(self):
        return isinstance(self.vectors, Opensearch)

    def crash(self):
        """Kills records and vectors; they are as their servers recover them by themselves."""
        for server in filter(None, (self.postgres, self.vectors)):
            (server.kill_all if server is self.vectors and self.has_nodes() else server.kill)()
            server.start()

    def rows(self, query):
        return self.postgres.rows(DATABASE, query)

    def place_of_vectors(self):
        """(server, database) of the tables of vectors."""
        return (self.vectors, VECTORS) if self.vectors else (self.postgres, DATABASE)

    def __enter__(self):
        for server in (*self.servers(), *self.services):
            self._ends.enter_context(server)
        return self

    def __exit__(self, *_):
        self._ends.close()
