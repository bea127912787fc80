#!/usr/bin/env python3
"""The dual write in the order of the Go original, as a bare program: BEGIN, INSERT of the record,
the vector's INSERT on the other server under the row's serial id, COMMIT. Where the vector server
fails it falls back to the record alone. To be killed at any moment; each line of the journal is
written before anything else happens.
"""

import argparse
import contextlib
import json
import os
import sys
import threading
import time
from pathlib import Path

# Where `make test` puts numpy; a machine's own numpy does as well.
sys.path.append(str(Path(__file__).resolve().parents[2] / ".deps/python"))

from libpq import Failure, Session  # noqa: E402
from made_texts import text_of, vector_text  # noqa: E402

RECORDS = ("CREATE TABLE IF NOT EXISTS remediation_audit (id bigserial PRIMARY KEY, "
           "operation bigint NOT NULL, summary text NOT NULL)")
VECTORS = ("CREATE TABLE IF NOT EXISTS vectors (id bigint PRIMARY KEY, operation bigint NOT NULL, "
           "embedding vector(384) NOT NULL)")


class VectorFailure(Exception):
    """What the original tells by the text of the error."""


class Writer:
    """Threads: one each."""

    def __init__(self, records_url, vectors_url, note):
        self._records, self._vectors, self._note = Session(records_url), Session(vectors_url), note

    def write_with_fallback(self, operation):
        self._note("sent", operation)
        text = text_of(operation)
        try:
            try:
                record_id = self._write(operation, text)
                outcome = "acked"
            except VectorFailure:
                record_id = self._write_record_only(operation, text)
                outcome = "acked_without_vector"
        except Failure:
            self._note("failed", operation)
            return
        self._note(outcome, operation, record_id)

    def _write(self, operation, text):
        with self._transaction():
            record_id = self._insert(operation, text)
            try:
                self._vectors.run("INSERT INTO vectors (id, operation, embedding) VALUES "
                                  "($1::bigint, $2::bigint, $3::text::vector)", record_id,
                                  operation, vector_text(text))
            except Failure as failure:
                raise VectorFailure from failure
        return record_id

    def _write_record_only(self, operation, text):
        with self._transaction():
            return self._insert(operation, text)

    @contextlib.contextmanager
    def _transaction(self):
        self._records.run("BEGIN")
        is_done = False
        try:
            yield
            self._records.run("COMMIT")
            is_done = True
        finally:
            if not is_done:
                self._roll_back()

    def _insert(self, operation, text):
        (record_id,), = self._records.run(
            "INSERT INTO remediation_audit (operation, summary) VALUES ($1::bigint, $2) "
            "RETURNING id", operation, text)
        return record_id

    def _roll_back(self):
        try:
            self._records.run("ROLLBACK")
        except Failure:
            self._records.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--records", required=True, help="URL of the database of records")
    parser.add_argument("--vectors", required=True, help="URL of the database of vectors")
    parser.add_argument("--journal", required=True)
    parser.add_argument("--first", type=int, default=0, help="number of the first operation")
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--threads", type=int, default=16)
    options = parser.parse_args()
    journal = os.open(options.journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def note(what, operation, record_id=None):
        line = json.dumps([what, operation, record_id and int(record_id)])
        os.write(journal, (line + "\n").encode())

    state, tickets, begun = threading.Lock(), [0], time.monotonic()

    def work():
        writer, pause = Writer(options.records, options.vectors, note), threading.Event()
        while True:
            with state:
                ticket = tickets[0]
                tickets[0] += 1
            pause.wait(max(0.0, begun + ticket / options.rate - time.monotonic()))
            writer.write_with_fallback(options.first + ticket)

    threads = [threading.Thread(target=work) for _ in range(options.threads)]
    for thread in threads:
        thread.start()


if __name__ == "__main__":
    main()
