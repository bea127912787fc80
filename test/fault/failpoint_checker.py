"""Holds the stores of one lane against what its writers were answered. Reads PostgreSQL by libpq
and SQLite's file by itself; shares nothing with the service.
"""

import sqlite3
import sys
import uuid
from pathlib import Path

# Where `make test` puts numpy; a machine's own numpy does as well.
sys.path.append(str(Path(__file__).resolve().parents[2] / ".deps/python"))

import numpy as np  # noqa: E402

from file_checker import REFERENCE_ERROR_MAX  # noqa: E402
from libpq import Session  # noqa: E402
from made_texts import vector_of  # noqa: E402
from storm_checker import HALF_ERROR_MAX, HALF_HEADER_SIZE  # noqa: E402

TOLD_MAX, TOLD_LENGTH_MAX = 8, 400
POINTS = ("SELECT p.record_id, p.stamp, p.is_live, encode(halfvec_send(h.v), 'hex'), "
          "encode(halfvec_send(b.v), 'hex') FROM vector_point AS p LEFT JOIN vector_head AS h "
          "USING (record_id) LEFT JOIN vector_body AS b USING (record_id) "
          "WHERE p.record_id = ANY ($1::text::uuid[])")


def array(values):
    return "{" + ",".join(values) + "}"


class PostgresStores:
    """Records in one database, vectors in it too or in another one."""

    has_points = True

    def __init__(self, records_url, vectors_url):
        self._records, self._vectors = Session(records_url), Session(vectors_url)

    def close(self):
        self._records.close()
        self._vectors.close()

    def look_in(self, vectors_url):
        """From now on, as searches do."""
        self._vectors.close()
        self._vectors = Session(vectors_url)

    def records(self, keys):
        return [(key, record_id, int(version), int(stamp), summary, bytes.fromhex(vector))
                for key, record_id, version, stamp, summary, vector in self._records.run(
                    "SELECT r.remediation_request_id, r.id, r.version, r.stamp, "
                    "r.body->>'summary', encode(e.v, 'hex') FROM record AS r LEFT JOIN embedding "
                    "AS e ON e.record_id = r.id WHERE r.remediation_request_id = "
                    "ANY ($1::text::text[])", array(keys))]

    def key_holders(self, keys):
        """(key, id, the intent's stamp or nothing)."""
        return self._records.run("SELECT key, id, intent_stamp FROM natural_key WHERE key = "
                                 "ANY ($1::text::text[])", array(keys))

    def known(self, ids):
        """Those that are, or were, a committed record."""
        return {record_id for record_id, in self._records.run(
            "SELECT id FROM record WHERE id = ANY ($1::text::uuid[]) UNION ALL "
            "SELECT id FROM erasure WHERE id = ANY ($1::text::uuid[])", array(ids))}

    def points(self, ids):
        return {record_id: (int(stamp), is_live == "t",
                            [bytes.fromhex(each)[HALF_HEADER_SIZE:] for each in places if each])
                for record_id, stamp, is_live, *places in self._vectors.run(POINTS, array(ids))}

    def pending(self):
        return int(self._records.run("SELECT count(*) FROM pending_vector")[0][0])

    def totals(self):
        records, versions = self._records.run("SELECT count(*), sum(version) FROM record")[0]
        points, highest = self._vectors.run("SELECT count(*) FILTER (WHERE is_live), "
                                            "max(stamp) FROM vector_point")[0]
        drawn, = self._records.run("SELECT pg_sequence_last_value('stamp'::regclass)")[0]
        return {"records": int(records), "versions": int(versions or 0), "points": int(points),
                "highest": int(highest or 0), "drawn": int(drawn)}


class SqliteStores:
    """Records in a file; their vectors are in the service's memory, and seen by searches only."""

    has_points = False

    def __init__(self, path):
        self._path = path

    def close(self):
        pass

    def _run(self, sql, values=()):
        database = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=30)
        try:
            marks = ", ".join("?" * len(values))
            return database.execute(sql.replace("(?)", f"({marks})"), tuple(values)).fetchall()
        finally:
            database.close()

    def records(self, keys):
        return [(key, str(uuid.UUID(bytes=record_id)), version, stamp, summary, vector or b"")
                for key, record_id, version, stamp, summary, vector in self._run(
                    "SELECT r.remediation_request_id, r.id, r.version, r.stamp, "
                    "json_extract(r.body, '$.summary'), e.v FROM record AS r LEFT JOIN embedding "
                    "AS e ON e.record_id = r.id WHERE r.remediation_request_id IN (?)", keys)]

    def key_holders(self, keys):
        return [(key, str(uuid.UUID(bytes=record_id)), intent) for key, record_id, intent in
                self._run("SELECT key, id, intent_stamp FROM natural_key WHERE key IN (?)", keys)]

    def known(self, ids):
        values = [uuid.UUID(each).bytes for each in ids]
        return {str(uuid.UUID(bytes=record_id)) for table in ("record", "erasure")
                for record_id, in self._run(f"SELECT id FROM {table} WHERE id IN (?)", values)}

    def points(self, _):
        return {}

    def pending(self):
        return self._run("SELECT count(*) FROM pending_vector")[0][0]

    def totals(self):
        records, versions = self._run("SELECT count(*), sum(version) FROM record")[0]
        return {"records": records, "versions": versions or 0}


class Checker:
    """`findings` grows with each fault. `things`: all that the lane's writers ever sent."""

    def __init__(self, stores, things):
        self._stores, self._things, self.findings = stores, things, []

    def add(self, invariant, what):
        if len(self.findings) < TOLD_MAX:
            self.findings.append(f"{invariant}: {what}"[:TOLD_LENGTH_MAX])

    def check(self, things):
        """Of those, all; of the others, how many there are. REQUIRES: each write is decided."""
        keys = [thing.key for thing in things]
        rows, holders = {}, {}
        for key, *row in self._stores.records(keys):
            rows.setdefault(key, []).append(row)
        for key, record_id, intent in self._stores.key_holders(keys):
            holders[key] = (record_id, intent)
        ids = [thing.id for thing in things if thing.id]
        points, known = self._stores.points(ids), self._stores.known(ids)
        for thing in things:
            self._check_thing(thing, rows.get(thing.key, []), holders.get(thing.key))
            if thing.fate == "erased" and thing.id not in known:
                self.add("I2", f"{thing.key} was erased, and nothing tells of it")
            if self._stores.has_points:
                self._check_point(thing, rows.get(thing.key, []), points.get(thing.id))
        self._check_totals()

    def _check_thing(self, thing, rows, holder):
        if not thing.is_there():
            if rows or holder:
                invariant = "I8" if thing.fate == "refused" else "I2"
                found = [row[:4] for row in rows]
                self.add(invariant, f"{thing.key} is {thing.fate}, and there: {found} {holder}")
            return
        if len(rows) != 1:
            self.add("I7" if rows else "I2", f"{thing.key} is there {len(rows)} times")
            return
        (record_id, version, _, summary, vector), = rows
        if (record_id, version, summary) != (thing.id, thing.version, thing.text):
            self.add("I2", f"{thing.key} is {(record_id, version, summary)}, acknowledged were "
                           f"{(thing.id, thing.version, thing.text)}")
        if holder is None or holder[0] != thing.id or holder[1]:
            self.add("I7", f"the natural key of {thing.key} is held by {holder}")
        if not is_near(vector, "<f4", thing.text, REFERENCE_ERROR_MAX):
            self.add("I2", f"{thing.key} has not the embedding of its text")

    def _check_point(self, thing, rows, point):
        if not thing.is_there():
            if point is not None and point[1]:
                self.add("I3", f"{thing.key} is {thing.fate}, and its vector lives")
            return
        if point is None or not point[1] or len(point[2]) != 1:
            self.add("I2", f"the vector of {thing.key} is not there once: {point and point[:2]}")
            return
        if rows and point[0] != rows[0][2]:
            self.add("I1", f"{thing.key} has stamp {rows[0][2]}, its vector {point[0]}")
        if not is_near(point[2][0], ">f2", thing.text, HALF_ERROR_MAX + REFERENCE_ERROR_MAX):
            self.add("I2", f"the vector of {thing.key} is that of another text")

    def _check_totals(self):
        totals = self._stores.totals()
        there = [thing for thing in list(self._things) if thing.is_there()]
        wanted = {"records": len(there), "versions": sum(thing.version for thing in there)}
        if self._stores.has_points:
            wanted["points"] = len(there)
            if totals["highest"] > totals["drawn"]:
                self.add("I1", f"a vector has a stamp that was never drawn: {totals}")
        for name, count in wanted.items():
            if totals[name] != count:
                self.add("I3" if name == "points" else "I2",
                         f"{totals[name]} {name}, acknowledged are {count}")

    def check_shown(self, shown):
        for record_id in shown - (self._stores.known(sorted(shown)) if shown else set()):
            self.add("I4", f"{record_id} was shown, and was never committed")

    def check_synced(self, thing):
        """Right after the answer that said so."""
        if not self._stores.has_points:
            return
        point = self._stores.points([thing.id]).get(thing.id)
        if point is None or not point[1]:
            self.add("I6", f"{thing.key} was synced, and its vector is not in the index: {point}")


def is_near(vector, form, text, error_max):
    found = np.frombuffer(vector, form).astype(np.float64)
    want = vector_of(text)
    return found.shape == want.shape and np.abs(found - want).max() <= error_max
