"""Holds a database file against the records that were sent and the journal of what was answered.

Reads the file with sqlite3 and numpy alone; shares nothing with the service. The file should be a
copy: opening it may finish its write-ahead log.
"""

import collections
import re
import sqlite3
import uuid

import numpy as np

from exact_json import parse
from made_records import KEY_MEMBERS, content
from reference_vectors import DIMENSIONS, MODEL, ReferenceVectors, embedded_text

# What may be wrong; `pending` alone is no fault while the relay may still work.
KINDS_OF_FAULT = ("lost", "doubled", "altered", "unsent", "wrong_vector", "not_in_text_index",
                  "broken")
COINED = re.compile(r"\bz[ue](?:[a-z][aiou]){3}k\b")
REFERENCE_ERROR_MAX = 1e-5
FAULTS_TOLD_MAX = 20
# Columns of `record` that are no members of its content.
OWN_COLUMNS = {"no", "id", "kind", "version", "stamp", "attempt", "content_hash", "text_hash",
               "created_at", "updated_at", "name_parts", "body"}


class Findings:
    def __init__(self):
        self.counts = collections.Counter({kind: 0 for kind in KINDS_OF_FAULT})
        self.counts["pending"] = 0
        self.told = []
        self.counted = {}  # What was looked at.

    def add(self, kind, what):
        self.counts[kind] += 1
        if len(self.told) < FAULTS_TOLD_MAX:
            self.told.append(f"{kind}: {what}")

    def fault_count(self):
        return sum(self.counts[kind] for kind in KINDS_OF_FAULT)


class FileChecker:
    """After `run`, the vectors that are there: `ids`, `texts`, `matrix`, row by row."""

    def __init__(self, path, maker, facts, reference=None):
        self.maker, self.facts, self.findings = maker, facts, Findings()
        self.reference = reference if reference is not None else {}
        self._database = sqlite3.connect(path)
        self._database.execute("PRAGMA foreign_keys = OFF")
        self._versions = collections.defaultdict(dict)
        self._contents, self._expected_words = {}, collections.defaultdict(set)
        self.ids, self.texts, self.matrix = [], [], np.zeros((0, DIMENSIONS), np.float32)
        # A strict creation that came to nothing leaves a row until its tombstone is sent; that it
        # is gone need not survive a crash.
        self.has_ended_intents = False

    def run(self):
        self._add_integrity("PRAGMA integrity_check")
        for what in self.facts.contradictions:
            self.findings.add("doubled", what)
        self._read_versions()
        self._check_records()
        self._check_keys()
        self._check_vectors()
        self._check_text_index()
        self._database.close()
        return self.findings

    def _add_integrity(self, statement):
        try:
            rows = self._database.execute(statement).fetchall()
        except sqlite3.DatabaseError as error:
            rows = [(str(error),)]
        if rows not in ([("ok",)], []):
            self.findings.add("broken", f"{statement}: {rows[:3]}")

    def _rows(self, statement):
        return self._database.execute(statement).fetchall()

    def _read_versions(self):
        for record_id, version, body in self._database.execute(
                "SELECT record_id, version, body FROM record_version"):
            self._versions[record_id][version] = body

    # Records.

    def _check_records(self):
        columns = [row[1] for row in self._database.execute("PRAGMA table_info(record)")
                   if row[1] not in OWN_COLUMNS]
        head = ("no", "id", "kind", "version", "text_hash", "body")
        places = self._places_by_key(columns)
        for i in range(self.maker.count):
            key = self.maker.natural_key(i)
            rows = places.pop(key, [])
            acked, sent = self.facts.version_acked(i), f"c{i}" in self.facts.sent
            if acked and not rows:
                self.findings.add("lost", f"record {i} {key} is not there")
            if rows and not sent:
                self.findings.add("unsent", f"record {i} {key}")
            if len(rows) > 1:
                self.findings.add("doubled", f"record {i} {key} is there {len(rows)} times")
            for no in rows[:1]:
                row = self._database.execute(
                    f"SELECT {', '.join(head)}, {', '.join(columns)} FROM record WHERE no = ?",
                    (no,)).fetchone()
                self._check_record(i, dict(zip(head, row)), dict(zip(columns, row[len(head):])))
        for key, rows in places.items():
            self.findings.add("unsent", f"{key} in {len(rows)} rows")

    def _places_by_key(self, columns):
        places = collections.defaultdict(list)
        key_columns = sorted(set(KEY_MEMBERS.values()))
        assert set(key_columns) <= set(columns)
        for no, kind, *keys in self._rows(f"SELECT no, kind, {', '.join(key_columns)} FROM record"):
            key = dict(zip(key_columns, keys)).get(KEY_MEMBERS.get(kind))
            places[kind, key].append(no)
        return places

    def _check_record(self, i, head, columns):
        acked_id = self.facts.acked.get(f"c{i}", (None,))[0]
        if acked_id is not None and uuid.UUID(acked_id).bytes != head["id"]:
            self.findings.add("altered", f"record {i} has another id than acknowledged")
        version = head["version"]
        if version < self.facts.version_acked(i):
            self.findings.add("lost", f"record {i}: version {version}, a later one acknowledged")
        if version > self.facts.version_sent(i):
            self.findings.add("unsent", f"record {i}: version {version}")
        for place in range(1, version):
            patch_id = self.facts.acked.get(f"p{i}.{place}", (acked_id,))[0]
            if patch_id != acked_id:
                self.findings.add("altered", f"record {i}: patch {place} answered another id")
        expected = self.maker.versions(i)
        bodies = self._versions.pop(head["id"], {})
        if sorted(bodies) != list(range(1, version)):
            self.findings.add("altered", f"record {i}: version {version}, history {sorted(bodies)}")
        bodies[version] = head["body"]
        for number, body in bodies.items():
            want = expected[number - 1] if number <= len(expected) else None
            self._check_body(i, number, head["kind"], body, want)
        if version <= len(expected):
            self._check_columns(i, expected[version - 1], columns)
            self._contents[head["id"]] = (i, head["text_hash"], expected[version - 1])
            for value in expected[version - 1].values():
                for word in COINED.findall(value) if isinstance(value, str) else ():
                    self._expected_words[word].add(head["no"])

    def _check_body(self, i, number, kind, body, expected):
        try:
            found = content(parse(body))
        except (ValueError, AttributeError) as error:
            self.findings.add("altered", f"record {i} version {number}: {error}")
            return
        if found != expected:
            names = sorted(name for name in {*found, *(expected or {})}
                           if found.get(name) != (expected or {}).get(name))
            self.findings.add("altered", f"{kind} {i} version {number}: {names}")
        elif number == 1 and list_order(found) != list_order(expected):
            self.findings.add("altered", f"{kind} {i}: the metadata's order")

    def _check_columns(self, i, expected, columns):
        for name, value in columns.items():
            want = expected.get(name)
            want = int(want) if isinstance(want, bool) else want
            if value != want:
                self.findings.add("altered", f"record {i}: column {name} is {value!r}")

    def _check_keys(self):
        for record_id in self._versions:
            self.findings.add("unsent", f"history of {record_id.hex()}, which is no record")
        wanted = {}
        for record_id, (i, _, _) in self._contents.items():
            wanted[self.maker.natural_key(i)] = record_id
        found = {(kind, key): record_id for kind, key, record_id in self._rows(
            "SELECT kind, key, id FROM natural_key WHERE intent_stamp IS NULL")}
        self._compare("natural key", wanted, found)
        (intents,), = self._rows("SELECT count(*) FROM natural_key WHERE intent_stamp IS NOT NULL")
        if intents:
            self.findings.add("unsent", f"{intents} intents, though none was asked for")
        for name, record_id, version in self._rows("SELECT key, id, version FROM idempotency_key"):
            acked = self.facts.acked.get(name)
            if name not in self.facts.sent:
                self.findings.add("unsent", f"idempotency key {name}")
            elif acked is not None and (uuid.UUID(acked[0]).bytes, acked[1]) != (record_id,
                                                                                version):
                self.findings.add("altered", f"idempotency key {name} holds another answer")

    def _compare(self, what, wanted, found):
        for key in wanted.keys() - found.keys():
            self.findings.add("lost", f"{what} {key}")
        for key in found.keys() - wanted.keys():
            self.findings.add("unsent", f"{what} {key}")
        for key in wanted.keys() & found.keys():
            if wanted[key] != found[key]:
                self.findings.add("doubled", f"{what} {key} belongs to another id")

    # Vectors.

    def _check_vectors(self):
        live = self._rows("SELECT set_id, space FROM vector_set WHERE state = 'live'")
        if len(live) != 1 or not live[0][1].startswith(MODEL + "/"):
            self.findings.add("broken", f"vector sets that are live: {live}")
            return
        set_id, space = live[0]
        pending = {row[0] for row in self._rows("SELECT record_id FROM pending_vector "
                                                f"WHERE set_id = {set_id}")}
        self.findings.counts["pending"] = len(pending)
        stored = collections.defaultdict(list)
        for record_id, text_hash, vector in self._database.execute(
                "SELECT record_id, text_hash, v FROM embedding WHERE space = ?", (space,)):
            stored[record_id].append((text_hash, vector))
        vectors = []
        for record_id, (i, text_hash, expected) in self._contents.items():
            vector = self._vector_of(i, (text_hash, embedded_text(expected)),
                                     stored.pop(record_id, []), record_id in pending)
            if vector is not None:
                self.ids.append(str(uuid.UUID(bytes=record_id)))
                self.texts.append(embedded_text(expected))
                vectors.append(vector)
        for record_id in stored:
            self.findings.add("unsent", f"a vector of {record_id.hex()}, which is no known record")
        for record_id in set() if self.has_ended_intents else pending - self._contents.keys():
            self.findings.add("unsent", f"a pending row of {record_id.hex()}")
        self.matrix = np.frombuffer(b"".join(vectors), "<f4").reshape(-1, DIMENSIONS)
        self._check_equal_texts(vectors)
        self._check_against_reference()

    def _vector_of(self, i, text, stored, is_pending):
        """The one vector of record i, if it has one. `text` is its hash and the text itself."""
        text_hash, text = text
        if (text_hash is None) != (text is None):
            self.findings.add("altered", f"record {i}: the hash of its text is {text_hash}")
        if len(stored) > 1:
            self.findings.add("doubled", f"record {i} has {len(stored)} vectors")
        if not stored:
            if text is not None and not is_pending:
                self.findings.add("lost", f"record {i} has neither a vector nor a pending row")
            return None
        if text is None or stored[0][0] != text_hash:
            self.findings.add("wrong_vector", f"record {i} has a vector of another text")
        return stored[0][1] if text is not None else None

    def _check_equal_texts(self, vectors):
        """Equal texts have equal vectors; others, unless they embed alike, distinct ones."""
        vector_of_text, text_of_vector = {}, {}
        for record_id, text, vector in zip(self.ids, self.texts, vectors):
            if vector_of_text.setdefault(text, vector) != vector:
                self.findings.add("wrong_vector", f"{record_id}: not that of an equal text")
            other = text_of_vector.setdefault(vector, text)
            if other != text and not self._embed_alike(text, other):
                self.findings.add("wrong_vector", f"{record_id}: that of another text")
        self.findings.counted = {"records": len(self._contents), "vectors": len(vectors),
                              "distinct_texts": len(vector_of_text)}

    @staticmethod
    def _embed_alike(text, other):
        """Such as texts whose words are the same, and what parts them is not."""
        vectors = ReferenceVectors()
        return np.abs(vectors.vector(text) - vectors.vector(other)).max() <= REFERENCE_ERROR_MAX

    def _check_against_reference(self):
        vectors = ReferenceVectors()
        for place, text in enumerate(self.texts):
            want = self.reference.get(text)
            if want is None:
                want = self.reference[text] = vectors.vector(text).astype(np.float32)
            error = np.abs(want - self.matrix[place]).max()
            if not error <= REFERENCE_ERROR_MAX:
                self.findings.add("wrong_vector", f"{self.ids[place]}: off by {error:.2g} from the "
                                                  "vector of its text")

    # Text.

    def _check_text_index(self):
        """Each coined word finds exactly the records that hold it now."""
        for word, wanted in self._expected_words.items():
            found = {row[0] for row in self._database.execute(
                "SELECT rowid FROM record_text WHERE record_text MATCH ?", (f'"{word}"',))}
            for no in wanted ^ found:
                self.findings.add("not_in_text_index",
                                  f"{word} {'misses' if no in wanted else 'finds'} row {no}")
        self.findings.counted["words_asked"] = len(self._expected_words)
        self._add_integrity("INSERT INTO record_text(record_text, rank) "
                            "VALUES ('integrity-check', 1)")


def list_order(members):
    """The order of metadata's members: it is kept as it was sent."""
    return repr(members.get("metadata"))
