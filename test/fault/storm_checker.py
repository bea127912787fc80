"""Holds a PostgreSQL database against the records that were sent and the journal of what happened.

The tables are copied by psql into an SQLite file of the same names, which FileChecker reads; what
only PostgreSQL has is looked at in place. Shares nothing with the service.
"""

import sqlite3
import uuid

import numpy as np

from file_checker import KINDS_OF_FAULT, FileChecker

# `orphaned`: a vector without a record, or without its embedding; `stale`: one of another stamp
# than its record's, or of one that was never issued.
STORM_FAULTS = (*KINDS_OF_FAULT, "dirty", "false_failure", "orphaned", "stale")
# Of `record`, what is no column of SQLite's.
LEFT_OUT = ("metadata", "metadata_scalars", "words", "word_count", "legacy_id")
# Of a record's members: what an index of vectors does not filter by.
NO_FILTERS = ("metadata", "summary", "error_message", "root_cause", "recommendation")
COLUMNS = {"record": None, "record_version": ("record_id", "version", "body"),
           "natural_key": ("kind", "key", "id", "intent_stamp"),
           "idempotency_key": ("key", "http_status", "id", "version"),
           "vector_set": ("set_id", "space", "state"),
           "pending_vector": ("set_id", "record_id", "stamp", "state"),
           "embedding": ("record_id", "space", "stamp", "text_hash", "v")}
# By type: how psql writes a column, and how its text is read.
TYPES = {"uuid": ("replace({}::text, '-', '')", bytes.fromhex),
         "bytea": ("encode({}, 'hex')", bytes.fromhex),
         "timestamp with time zone": ("(extract(epoch FROM {}) * 1000000)::bigint", int),
         "boolean": ("{}::int", int), "bigint": ("{}", int), "integer": ("{}", int),
         "double precision": ("{}", float), "text": ("{}", str), "json": ("{}::text", str)}
# A unit vector's component and its half differ by no more, and a little for the length.
HALF_ERROR_MAX = 2.0**-12 + 2.0**-20
HALF_HEADER_SIZE = 4  # Of a halfvec's binary form: dimensions, then nothing; numbers follow.
# Each id that pgvector's tables hold: stamp, whether it is live, its vector in head and body.
POINTS = ("SELECT p.record_id, p.stamp, p.is_live, encode(halfvec_send(h.v), 'hex'), "
          "encode(halfvec_send(b.v), 'hex') FROM vector_point AS p LEFT JOIN vector_head AS h "
          "USING (record_id) LEFT JOIN vector_body AS b USING (record_id)")
COINED = "^z[ue]([a-z][aiou]){3}k$"
BATCH = 5_000


def copy_database(postgres, database, path):
    """An SQLite file with the tables that FileChecker reads."""
    target = sqlite3.connect(path, isolation_level=None)
    target.execute("PRAGMA journal_mode = OFF")
    target.execute("BEGIN")
    for table, names in COLUMNS.items():
        _copy_table(postgres, database, target, (table, names))
    target.execute("CREATE INDEX record_by_id ON record (id)")
    target.execute("CREATE INDEX embedding_by_record ON embedding (record_id)")
    target.execute("CREATE VIRTUAL TABLE record_text USING fts5 (words)")
    words = postgres.rows(
        database, "SELECT replace(id::text, '-', ''), (SELECT string_agg(word, ' ') FROM "
        f"unnest(tsvector_to_array(words)) AS word WHERE word ~ '{COINED}') FROM record")
    target.executemany("INSERT INTO record_text (rowid, words) SELECT no, ? FROM record "
                       "WHERE id = ?", ((text or "", bytes.fromhex(i)) for i, text in words))
    target.execute("COMMIT")
    target.close()


def _copy_table(postgres, database, target, wanted):
    table, names = wanted
    types = dict(postgres.rows(
        database, "SELECT column_name, data_type FROM information_schema.columns WHERE "
        f"table_schema = 'public' AND table_name = '{table}' ORDER BY ordinal_position"))
    names = names or [name for name in types if name not in LEFT_OUT]
    own = ["no INTEGER PRIMARY KEY"] if table == "record" else []
    # As the service's own SQLite file has it, so that the same damage can be done to both.
    made = ["summary AS (json_extract(body, '$.summary')) VIRTUAL"] if table == "record" else []
    target.execute(f"CREATE TABLE {table} ({', '.join([*own, *names, *made])})")
    readers = [TYPES[types[name]][1] for name in names]
    selected = ", ".join(TYPES[types[name]][0].format(name) for name in names)
    rows = postgres.rows(database, f"SELECT {selected} FROM {table}")
    target.executemany(
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
        ([None if text is None else read(text) for text, read in zip(row, readers)]
         for row in rows))


class StormChecker(FileChecker):
    """`writers` are the connections' own findings: their tally and what they tell."""

    def run(self):
        findings = super().run()
        for kind in STORM_FAULTS:
            findings.counts.setdefault(kind, 0)
        return findings

    def _check_records(self):
        rows = [(str(uuid.UUID(bytes=record_id)), stamp, version) for record_id, stamp, version in
                self._rows("SELECT id, stamp, version FROM record")]
        self.stamps = {record_id: stamp for record_id, stamp, _ in rows}
        self.versions = {record_id: version for record_id, _, version in rows}
        self._check_shown()
        self._check_refused()
        super()._check_records()

    def members_of(self, record_id):
        """What searches filter by: short members by value, times in µs. REQUIRES: it has run."""
        i, _, stored = self._contents[uuid.UUID(record_id).bytes]
        return {"id": record_id, "kind": self.maker.natural_key(i)[0],
                "version": self.versions[record_id],
                **{name: value for name, value in stored.items() if name not in NO_FILTERS}}

    def _check_shown(self):
        """Whatever a list or a search has shown was committed, and so it is there."""
        versions = dict(self._rows("SELECT id, version FROM record"))
        for record_id, version in self.facts.seen.items():
            stored = versions.get(uuid.UUID(record_id).bytes, 0)
            if stored < version:
                self.findings.add("dirty", f"{record_id} was shown in version {version}, stored "
                                           f"is {stored}")

    def _check_refused(self):
        """What was answered with "nothing was stored", and not tried again, is not there."""
        there = {(kind, key) for kind, key in self._rows("SELECT kind, key FROM natural_key")}
        for name in sorted(self.facts.refused):
            if self.maker.natural_key(int(name[1:])) in there:
                self.findings.add("false_failure", f"{name} was refused with outcome none, and is "
                                                   "there")


def check_indexes(postgres, database, findings):
    """Every B-tree of the recovered database agrees with its table."""
    postgres.run(database, "CREATE EXTENSION IF NOT EXISTS amcheck")
    try:
        (count,), = postgres.rows(
            database, "SELECT count(bt_index_check(index => i.indexrelid::regclass, "
            "heapallindexed => true)) FROM pg_index AS i JOIN pg_class AS c ON c.oid = "
            "i.indexrelid JOIN pg_am AS a ON a.oid = c.relam AND a.amname = 'btree' "
            "WHERE c.relkind = 'i' AND c.relnamespace = 'public'::regnamespace")
        findings.counted["btrees_checked"] = int(count)
    except RuntimeError as error:
        findings.add("broken", str(error))


def check_points(postgres, database, checker, highest_stamp=None):
    """pgvector's tables, beside the records or on another server: each embedding is there once, in
    the head or in the body, as its half, under the stamp of its record, and nothing else is alive.
    `highest_stamp`: none above it was ever drawn. REQUIRES: `checker` has run, and nothing is
    pending."""
    points = list(postgres.rows(database, POINTS))
    (strays,), = postgres.rows(
        database, "SELECT count(*) FROM (SELECT record_id FROM vector_head UNION ALL SELECT "
        "record_id FROM vector_body) AS held WHERE NOT EXISTS (SELECT FROM vector_point AS p "
        "WHERE p.record_id = held.record_id)")
    if strays != "0":
        checker.findings.add("orphaned", f"{strays} vectors that no point names")
    judge_points(points, checker, highest_stamp)
    return points


def judge_points(points, checker, highest_stamp=None):
    findings, wanted = checker.findings, dict(zip(checker.ids, checker.matrix))
    findings.counted["points"] = findings.counted["points_in_head"] = 0
    for record_id, stamp, is_live, *places in points:
        held = [bytes.fromhex(place)[HALF_HEADER_SIZE:] for place in places if place is not None]
        findings.counted["points"] += is_live == "t"
        findings.counted["points_in_head"] += places[0] is not None
        if highest_stamp is not None and int(stamp) > highest_stamp:
            findings.add("stale", f"the stamp of {record_id} was never drawn: {stamp}")
        if len(held) != (is_live == "t"):
            findings.add("doubled", f"the point of {record_id} has {len(held)} vectors")
        if is_live != "t":
            continue
        want = wanted.pop(record_id, None)
        if want is None:
            findings.add("orphaned", f"a point of {record_id}, which has no embedding")
            continue
        if int(stamp) != checker.stamps[record_id]:
            findings.add("stale", f"the point of {record_id} has stamp {stamp}, its record "
                                  f"{checker.stamps[record_id]}")
        if held and not np.abs(np.frombuffer(held[0], ">f2") - want).max() <= HALF_ERROR_MAX:
            findings.add("wrong_vector", f"the point of {record_id} has another vector")
    for record_id in wanted:
        findings.add("lost", f"there is no point of {record_id}")
