"""PostgreSQL, Redis and replicas of the service over them, all private to a test."""

import contextlib
import subprocess
from pathlib import Path

from postgres_process import PASSWORD, Postgres
from redis_process import Redis
from server_process import unused_port
from service_process import Service

DATABASE, ROLE = "audit", "service"


class Fleet:
    """A context: leaves nothing running. Ports stay over restarts. The service has a role of its
    own that may do no more than a service needs."""

    def __init__(self, binary, folder, count, options=()):
        self.binary, self.folder, self._options = Path(binary), Path(folder), options
        self.postgres = Postgres(self.folder / "postgres")
        self.redis = Redis(self.folder / "redis")
        self.services = [
            Service(binary, self.folder / "data", self.folder / f"service_{n}.log",
                    ("--store", self.postgres.url(DATABASE, ROLE), "--cache", self.redis.url,
                     *options), unused_port())
            for n in range(count)]
        self._ends = contextlib.ExitStack()

    def start(self):
        for server in (self.postgres, self.redis):
            server.start()
        self.postgres.run("postgres", f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")
        self.postgres.run("postgres", f"CREATE DATABASE {DATABASE}")
        migration = subprocess.run(
            [self.binary, "migrate", "--store", self.postgres.url(DATABASE), "--service-role", ROLE,
             *self._options], capture_output=True, text=True)
        if migration.returncode != 0:
            raise RuntimeError(f"migrate: {migration.stdout}{migration.stderr}")
        for service in self.services:
            service.start()

    def rows(self, query):
        return self.postgres.rows(DATABASE, query)

    def __enter__(self):
        for server in (self.postgres, self.redis, *self.services):
            self._ends.enter_context(server)
        return self

    def __exit__(self, *_):
        self._ends.close()
