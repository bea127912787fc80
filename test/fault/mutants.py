"""Damage done to a copy of the database on purpose, and the kind of fault that must be found."""

import shutil
import sqlite3

SOME_ID = "SELECT id FROM record WHERE text_hash IS NOT NULL ORDER BY id LIMIT 1 OFFSET {}"


def _swap_vectors(database):
    (a, u), (b, v) = database.execute(
        "SELECT record_id, v FROM embedding GROUP BY text_hash HAVING count(*) = 1 "
        "ORDER BY record_id LIMIT 2").fetchall()
    for record_id, vector in ((a, v), (b, u)):
        database.execute("UPDATE embedding SET v = ? WHERE record_id = ?", (vector, record_id))


def _change_body_byte(database):
    no, body = database.execute("SELECT no, body FROM record WHERE summary IS NOT NULL "
                                "ORDER BY no DESC LIMIT 1").fetchone()
    place = body.index('"summary":"') + len('"summary":"')
    changed = body[:place] + chr(ord(body[place]) ^ 1) + body[place + 1:]
    database.execute("UPDATE record SET body = ? WHERE no = ?", (changed, no))


def _duplicate(database):
    """The same content under another id, whole: with its vector."""
    record_id = database.execute(SOME_ID.format(3)).fetchone()[0]
    other = record_id[:-1] + bytes([record_id[-1] ^ 1])
    for table, column in (("record", "id"), ("embedding", "record_id")):
        names = [row[1] for row in database.execute(f"PRAGMA table_info({table})")
                 if row[1] != "no"]
        values = ", ".join("?" if name == column else name for name in names)
        database.execute(f"INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM {table} "
                         f"WHERE {column} = ?", (other, record_id))


def _drop_text_entry(database):
    row = database.execute(
        "SELECT no, summary, root_cause, recommendation, error_message, name_parts FROM record "
        "WHERE summary IS NOT NULL LIMIT 1").fetchone()
    database.execute(
        "INSERT INTO record_text (record_text, rowid, summary, root_cause, recommendation, "
        "error_message, name_parts) VALUES ('delete', ?, ?, ?, ?, ?, ?)", row)


def _statement(text):
    return lambda database: database.execute(text)


MUTANTS = {
    "delete a record": ("lost", _statement(f"DELETE FROM record WHERE id = ({SOME_ID.format(5)})")),
    "the same content under another id": ("doubled", _duplicate),
    "swap two vectors": ("wrong_vector", _swap_vectors),
    "change one byte of a body": ("altered", _change_body_byte),
    "delete a vector": ("lost", _statement(
        f"DELETE FROM embedding WHERE record_id = ({SOME_ID.format(2)})")),
    "a vector without a record": ("unsent", _statement(
        "INSERT INTO embedding SELECT x'00112233445566778899aabbccddeeff', space, stamp, "
        "text_hash, v FROM embedding LIMIT 1")),
    "forget a version": ("altered", _statement(
        "DELETE FROM record_version WHERE rowid = (SELECT min(rowid) FROM record_version)")),
    "undo an update": ("lost", _statement(
        "UPDATE record SET version = version - 1 WHERE no = "
        "(SELECT min(no) FROM record WHERE version > 1)")),
    "change a column that filters read": ("altered", _statement(
        "UPDATE record SET start_time = start_time + 1 WHERE no = "
        "(SELECT min(no) FROM record WHERE start_time IS NOT NULL)")),
    "drop an entry of the text index": ("not_in_text_index", _drop_text_entry),
    "free a natural key": ("lost", _statement(
        "DELETE FROM natural_key WHERE id = (SELECT min(id) FROM natural_key)")),
    "point an idempotency key elsewhere": ("altered", _statement(
        "UPDATE idempotency_key SET id = x'00112233445566778899aabbccddeeff' WHERE key = "
        "(SELECT min(key) FROM idempotency_key)")),
}


def mutated_copy(path, target, mutant):
    """Copies a file without a write-ahead log to `target` and damages the copy."""
    shutil.copyfile(path, target)
    database = sqlite3.connect(target)
    database.execute("PRAGMA foreign_keys = OFF")
    with database:
        MUTANTS[mutant][1](database)
    database.close()
