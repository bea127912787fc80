#!/usr/bin/env python3
"""Carries the runbook of docs/operations.md out on real servers under load, reads what is left.

point-in-time: a base backup and an archive of the log, then back to a moment in the middle.
synchronous: the primary is killed, its standby is promoted, nothing acknowledged may be missing.
asynchronous: the same with a standby that lags; what it never had is lost, and nothing else.
Each ends with new writes, a deep reconcile and a checker that shares no code with the service.
Prints the tally, its last line as JSON; exit status 1 unless all is so.
"""

import argparse
import collections
import datetime
import json
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Where `make test` puts numpy; a machine's own numpy does as well.
sys.path.append(str(ROOT / ".deps/python"))

from journal import Journal, JournalFacts  # noqa: E402
from load_options import add_load_options  # noqa: E402
from made_records import COUNT_USUAL, Maker  # noqa: E402
from postgres_process import PASSWORD, Postgres  # noqa: E402
from runbook import Runbook  # noqa: E402
from search_check import check_searches  # noqa: E402
from server_process import await_true, unused_port  # noqa: E402
from service_fleet import DATABASE, ROLE, Fleet  # noqa: E402
from service_process import Service  # noqa: E402
from stage import Stage  # noqa: E402
from storm_checker import (STORM_FAULTS, StormChecker, check_indexes,  # noqa: E402
                           check_points, copy_database)
from storm_reader import Readers  # noqa: E402

PATCHED_SHARE = 0.5
SERVICES = 2
SEARCHES_A_SECOND, READERS = 5, 2
CONVERGENCE_SECONDS_MAX = 60
OPERATOR_SECONDS = 1.0  # From a primary's end to the first command.
SEARCHES = 200
STAMPS = ("record", "vector_point", "pending_vector", "embedding")
ASYNCHRONOUS = "asynchronous_standby"  # As `doctor` calls it.


class Scene:
    """Two services under load, and servers that the runbook is carried out on."""

    def __init__(self, options, folder):
        self.options, self.folder = options, Path(folder)
        self.folder.mkdir()
        self.maker = Maker(options.seed, options.records, PATCHED_SHARE)
        self.journal_path = self.folder / "journal"
        self.journal = Journal(self.journal_path)
        self.runbook = Runbook(self.say)
        self.programs = self.folder / "bin"  # Whatever the binary is called.
        self.programs.mkdir()
        (self.programs / "datastorage").symlink_to(options.binary.resolve())
        self.fleet = Fleet(options.binary, self.folder, 0)
        self.other = self.make_other()
        store = self.store_url()
        self.fleet.services = [
            Service(options.binary, self.folder / "data", self.folder / f"service_{n}.log",
                    ("--store", store, "--cache", self.fleet.redis.url, "--vectors", "pgvector"),
                    unused_port()) for n in range(SERVICES)]
        self.tally, self.told = collections.Counter(), []
        self.begun, self._reference = time.monotonic(), {}

    def say(self, text):
        print(f"[{time.monotonic() - self.begun:6.1f} s] {text}", flush=True)

    def run(self):
        """The tally."""
        with self.fleet, self.other:
            self.fleet.start()
            self.carry_out()
            for service in self.fleet.services:
                if service.stop() != 0:
                    raise RuntimeError("SIGTERM: a service did not end well")
        return self.tally

    # Load.

    def start_writers(self, first):
        """Of the first half of the records, or of the second."""
        half = self.options.records // 2
        records = range(half) if first else range(half, self.options.records)
        writers = Stage(self.maker, self.fleet.services, self.journal, self.options, records)
        readers = Readers(writers, SEARCHES_A_SECOND, READERS)
        writers.start()
        readers.start()
        return writers, readers

    def wait(self, writers, share):
        """Until that share of the seconds of a load has gone."""
        pause, until = threading.Event(), writers.begun + self.options.seconds * share
        while (left := until - time.monotonic()) > 0:
            writers.raise_failure()
            pause.wait(min(left, 0.1))

    def finish(self, writers, readers, stage):
        writers.finish()
        readers.finish()
        self.tally[f"acknowledged_{stage}"] = writers.tally["acknowledged"]
        for name in ("attempts", "connections_lost", "refused_none", "refused_unknown",
                     "stored_by_a_cut_attempt", "read_back", "searched"):
            self.tally[name] += writers.tally[name]
        for kind in (*STORM_FAULTS, "not_found"):
            self.tally[kind] += writers.tally[kind]
        self.tally["approximate_and_missed_too_often"] += writers.misses_too_much()
        self.told += writers.told
        self.say(f"{stage}: {writers.tally['acknowledged']} writes are acknowledged")

    def kill_primary(self, writers):
        """With a write in flight, if there are writers."""
        with writers.state:
            writers.state.wait_for(lambda: writers.in_flight, 5)
            self.tally["writes_in_flight_at_the_kill"] = len(writers.in_flight)
            self.fleet.postgres.kill()
        self.say(f"the primary is killed, {self.tally['writes_in_flight_at_the_kill']} writes in "
                 "flight")
        return time.monotonic()

    def mark(self, name):
        self.journal.add({"mark": name})

    def facts_until(self, name):
        """What the journal says before a mark."""
        before = self.folder / f"journal.{name}"
        with open(self.journal_path, encoding="ascii") as lines, open(
                before, "w", encoding="ascii") as copy:
            for line in lines:
                if json.loads(line).get("mark") == name:
                    return JournalFacts(self._closed(copy, before))
                copy.write(line)
        raise RuntimeError(f"there is no mark {name}")

    @staticmethod
    def _closed(file, path):
        file.close()
        return path

    # The runbook.

    def variables(self, server):
        service = self.fleet.services[0]
        path = f"{self.programs}:{server.environment()['PATH']}"
        return {**server.environment(), "PATH": path, "DATASTORAGE_STORE": self.store_url(),
                "DATASTORAGE_VECTORS": "pgvector", "DATASTORAGE_EMBEDDER": "lexical",
                "DATASTORAGE_CACHE": self.fleet.redis.url,
                "DATASTORAGE_SERVER": f"http://127.0.0.1:{service.port}",
                "DATASTORAGE_ADMIN": f"http://127.0.0.1:{service.metrics_port}"}

    def follow(self, name, server, **more):
        """A block that the server's own user runs."""
        return self.runbook.run(name, {**server.environment(), **more}, server.user)

    def doctor_says(self, server):
        return self.runbook.run("doctor", self.variables(server))

    def reconcile(self, server, what):
        report = json.loads(self.runbook.run("reconcile", self.variables(server)).splitlines()[-1])
        self.tally["records_reconciled"] += report["checked"]
        self.tally["index_differences"] += sum(
            report[name] for name in ("missing", "stale", "altered", "foreign"))
        self.say(f"{what}: reconcile --deep {report}")

    # What is left.

    def check(self, server, facts, what):
        """Of everything that the database holds. The findings are returned and told."""
        await_true(lambda: not any(int(count) for count, in server.rows(
            DATABASE, "SELECT count(*) FROM pending_vector")), "nothing is pending",
            CONVERGENCE_SECONDS_MAX)
        copy = self.folder / "copy.db"
        copy.unlink(missing_ok=True)
        copy_database(server, DATABASE, copy)
        checker = StormChecker(copy, self.maker, facts, self._reference)
        findings = checker.run()
        check_points(server, DATABASE, checker)
        check_indexes(server, DATABASE, findings)
        for kind in STORM_FAULTS:
            self.tally[kind] += findings.counts[kind]
        self.told += findings.told
        self.tally[f"records_{what}"] = findings.counted["records"]
        self.say(f"{what}: {findings.counted}, {dict(findings.counts)}")
        return checker

    def lost_beside(self, server, facts):
        """How many of the acknowledged writes in `facts` the database lacks: no fault here."""
        copy = self.folder / "copy.db"
        copy_database(server, DATABASE, copy)
        counts = StormChecker(copy, self.maker, facts, self._reference).run().counts
        copy.unlink()
        return counts["lost"]

    def highest_stamp(self, server):
        wanted = ", ".join(f"(SELECT max(stamp) FROM {table})" for table in STAMPS)
        (highest,), = server.rows(DATABASE, f"SELECT greatest({wanted})")
        return int(highest)

    def go_on(self, server, facts):
        """New writes, on top of what `facts` tells: all as ever, under higher stamps."""
        before = self.highest_stamp(server)
        writers, readers = self.start_writers(first=False)
        self.wait(writers, 0.5)
        self.finish(writers, readers, "afterwards")
        self._add_facts(facts, JournalFacts(self.journal_path))
        checker = self.check(server, facts, "afterwards")
        stamps = dict(server.rows(DATABASE, "SELECT id, stamp FROM record"))
        self.tally["stamps_not_above_the_ones_before"] = sum(
            int(stamps[record_id]) <= before for record_id in writers.ids.values())
        self.tally["stamps_given_twice"] = len(stamps) - len(set(stamps.values()))
        searches = check_searches(self.fleet.services[0].port, checker, SEARCHES,
                                  self.options.seed)
        self.tally["searches"], self.tally["wrong_searches"] = searches.asked, searches.wrong
        self.told += searches.told
        self.reconcile(server, "afterwards")

    def _add_facts(self, facts, all_facts):
        """Those of the second half of the records."""
        half = self.options.records // 2

        def is_new(operation):
            return int(operation[1:].partition(".")[0]) >= half

        facts.sent.update(filter(is_new, all_facts.sent))
        facts.refused.update(filter(is_new, all_facts.refused))
        facts.acked.update((name, told) for name, told in all_facts.acked.items() if is_new(name))

    def is_good(self):
        tally = self.tally
        wrong = (*STORM_FAULTS, "not_found", "index_differences", "wrong_searches",
                 "stamps_not_above_the_ones_before", "stamps_given_twice",
                 "approximate_and_missed_too_often")
        return (not any(tally[name] for name in wrong) and tally["searches"] > 0
                and tally["acknowledged_before"] > 0 and tally["acknowledged_afterwards"] > 0
                and tally["records_reconciled"] > 0)


class PointInTime(Scene):
    def make_other(self):
        return Postgres(self.folder / "restored", port=self.fleet.postgres.port, has_cluster=False)

    def store_url(self):
        return self.fleet.postgres.url(DATABASE, ROLE)

    def carry_out(self):
        primary, restored = self.fleet.postgres, self.other
        places = {"ARCHIVE": primary.folder / "archive", "BACKUP": primary.folder / "backup",
                  "OLD": primary.data, "DATA": restored.data}
        self.follow("archive", primary, **places)
        primary.stop()
        primary.start()
        writers, readers = self.start_writers(first=True)
        self.wait(writers, 0.25)
        self.follow("backup", primary, **places)
        self.wait(writers, 0.6)
        target = self._take_moment()
        self.wait(writers, 1.0)
        self.finish(writers, readers, "before")
        self.tally["highest_stamp_that_was_left_behind"] = self.highest_stamp(primary)
        for service in self.fleet.services:
            service.stop()
        primary.kill()
        begun = time.monotonic()
        self.follow("restore", restored, TARGET=target, **places)
        restored.start()
        self.follow("restored", restored, **places)
        self.tally["seconds_to_restore"] = round(time.monotonic() - begun, 1)
        for service in self.fleet.services:
            service.start()
        facts = self._facts()
        self.check(restored, facts, "restored")
        self.tally["writes_left_behind"] = len(
            JournalFacts(self.journal_path).acked.keys() - facts.acked.keys())
        self.doctor_says(restored)
        self.reconcile(restored, "restored")
        self.go_on(restored, facts)

    def _take_moment(self):
        """What is in the journal before the first mark was acknowledged before the moment, what
        comes after the second one was sent after it."""
        self.mark("acknowledged")
        now = datetime.datetime.now(datetime.timezone.utc)
        self.mark("sent")
        self.say(f"the moment to go back to: {now}")
        return now.isoformat(sep=" ", timespec="microseconds")

    def _facts(self):
        facts, later = self.facts_until("acknowledged"), self.facts_until("sent")
        facts.sent, facts.refused = later.sent, later.refused
        return facts

    def is_good(self):
        return (super().is_good() and self.tally["records_restored"] > 0
                and self.tally["writes_left_behind"] > 0)


class Promotion(Scene):
    """Of a standby."""

    def make_other(self):
        return Postgres(self.folder / "standby", has_cluster=False)

    def store_url(self):
        hosts = ",".join(f"127.0.0.1:{server.port}" for server in (self.fleet.postgres, self.other))
        return (f"postgresql://{ROLE}:{PASSWORD}@{hosts}/{DATABASE}"
                "?target_session_attrs=read-write")

    def make_standby(self):
        primary, standby = self.fleet.postgres, self.other
        self.follow("standby", primary, STANDBY=standby.data)
        standby.start()
        await_true(lambda: ASYNCHRONOUS in self.doctor_says(primary),
                   "doctor warns of a standby that no commit waits for")
        self.tally["doctor_warned_of_an_asynchronous_standby"] = 1

    def promote(self):
        """When the first write was acknowledged after it, the pause is known."""
        threading.Event().wait(OPERATOR_SECONDS)
        begun = time.monotonic()
        self.follow("promote", self.other)
        self.tally["seconds_of_the_promotion"] = round(time.monotonic() - begun, 2)
        return time.monotonic()


class Synchronous(Promotion):
    def carry_out(self):
        primary, standby = self.fleet.postgres, self.other
        self.make_standby()
        self.follow("synchronous", primary)
        await_true(lambda: ASYNCHRONOUS not in self.doctor_says(primary),
                   "doctor warns no more, since each commit waits for the standby")
        writers, readers = self.start_writers(first=True)
        self.wait(writers, 0.4)
        killed_at = self.kill_primary(writers)
        promoted_at = self.promote()
        self.wait(writers, 1.0)
        self.tally["seconds_without_writes"] = round(writers.longest_pause(killed_at), 2)
        first = next((at for at in writers.times if at > promoted_at), time.monotonic())
        self.tally["seconds_from_promotion_to_a_write"] = round(first - promoted_at, 2)
        self.tally["acknowledged_since_the_kill"] = sum(at > killed_at for at in writers.times)
        self.finish(writers, readers, "before")
        facts = JournalFacts(self.journal_path)
        self.check(standby, facts, "promoted")
        self.reconcile(standby, "promoted")
        self.go_on(standby, facts)

    def is_good(self):
        return (super().is_good() and self.tally["writes_in_flight_at_the_kill"] > 0
                and self.tally["acknowledged_since_the_kill"] > 0)


class Asynchronous(Promotion):
    def carry_out(self):
        primary, standby = self.fleet.postgres, self.other
        self.make_standby()
        writers, readers = self.start_writers(first=True)
        self.wait(writers, 0.5)
        self.mark("received")
        (position,), = primary.rows("postgres", "SELECT pg_current_wal_lsn()")
        await_true(lambda: self._has_replayed(position), "the standby has what came before")
        # From here on it lags.
        standby.run("postgres", "ALTER SYSTEM SET primary_conninfo = ''")
        standby.run("postgres", "SELECT pg_reload_conf()")
        self.wait(writers, 1.0)
        self.finish(writers, readers, "before")
        self.tally["highest_stamp_that_was_left_behind"] = self.highest_stamp(primary)
        primary.kill()
        self.promote()
        facts, all_facts = self.facts_until("received"), JournalFacts(self.journal_path)
        facts.sent, facts.refused = all_facts.sent, all_facts.refused
        self.tally["lost_that_the_standby_never_had"] = self.lost_beside(standby, all_facts)
        self.check(standby, facts, "promoted")
        self.reconcile(standby, "promoted")
        self.go_on(standby, facts)

    def _has_replayed(self, position):
        (has_it,), = self.other.rows(
            "postgres", f"SELECT pg_last_wal_replay_lsn() >= '{position}'::pg_lsn")
        return has_it == "t"

    def is_good(self):
        return super().is_good() and self.tally["lost_that_the_standby_never_had"] > 0


SCENES = {"point-in-time": PointInTime, "synchronous": Synchronous, "asynchronous": Asynchronous}
# Between them they run every block of the runbook.
COMPLETE = {"point-in-time", "synchronous"}


def options_of(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--scenes", nargs="+", default=tuple(SCENES), choices=tuple(SCENES))
    parser.add_argument("--seconds", type=float, default=60, help="of load in each scene")
    parser.add_argument("--rate", type=float, default=200, help="writes a second")
    add_load_options(parser, connections=16, retry_seconds_max=10.0, gives_up_share=0.0,
                     records=COUNT_USUAL // 4)
    return parser.parse_args(arguments)


def main():
    options = options_of()
    folder = Path(options.folder or tempfile.mkdtemp(prefix="restore_"))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    print(f"seed {options.seed}, {options.seconds:g} s of load a scene, in {folder}", flush=True)
    tallies, used, good = {}, set(), True
    for name in options.scenes:
        scene = SCENES[name](options, folder / name)
        scene.say(f"== {name}")
        tallies[name] = scene.run()
        used |= scene.runbook.used
        is_good = scene.is_good()
        good = good and is_good
        for what in (f"== {name}: {'good' if is_good else 'NOT GOOD'}", *scene.told):
            print(what)
        for what, value in tallies[name].items():
            print(f"{what:44}{value:>12}")
    if COMPLETE <= set(options.scenes) and used != Runbook().names:
        print(f"nobody ran these blocks of the runbook: {Runbook().names - used}")
        good = False
    if good and not options.folder:
        shutil.rmtree(folder)
    print(json.dumps({"seed": options.seed, **tallies}))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
