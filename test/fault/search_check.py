"""Asks the running service for records by their own text, against the brute-force nearest ones."""

import concurrent.futures
import contextlib
import http.client
import random
import threading
import time

import numpy as np

from service_process import post_json

CONNECTIONS = 3
LIMIT = 3
SIMILARITY_ERROR_MAX = 1e-4
QUERIES_AT_ONCE = 128
FILL_SECONDS_MAX = 120


class SearchTally:
    def __init__(self):
        self.asked = self.wrong = self.exact = 0
        self.missed = 0  # Approximate answers without the nearest record: true, and incomplete.
        self.told = []

    def add_wrong(self, what):
        self.wrong += 1
        if len(self.told) < 10:
            self.told.append(f"search: {what}")


def nearest(matrix, places):
    """The LIMIT highest similarities of each of those rows to all rows, falling."""
    for begin in range(0, len(places), QUERIES_AT_ONCE):
        products = matrix[places[begin:begin + QUERIES_AT_ONCE]] @ matrix.T
        best = np.partition(products, -LIMIT, axis=1)[:, -LIMIT:]
        yield from np.sort(best, axis=1)[:, ::-1]


def check_searches(port, checked, count, seed):
    """`checked` is a FileChecker that has run over the file of the service at `port`."""
    places = random.Random(seed).sample(range(len(checked.ids)), min(count, len(checked.ids)))
    row_of = {record_id: row for row, record_id in enumerate(checked.ids)}
    wait_for_index(port, checked.texts[0])
    shares = [places[n::CONNECTIONS] for n in range(CONNECTIONS)]
    answers = {}
    with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
        for part in pool.map(lambda share: ask(port, checked.texts, share), shares):
            answers.update(part)
    tally = SearchTally()
    for place, best in zip(places, nearest(checked.matrix, places)):
        judge(tally, checked, answers[place], (place, best, row_of))
    return tally


def wait_for_index(port, text):
    """After a start the index fills; answers are exact and called degraded meanwhile."""
    deadline, pause = time.monotonic() + FILL_SECONDS_MAX, threading.Event()
    while any(answer["degraded"] for answer in ask(port, [text], [0]).values()):
        if time.monotonic() > deadline:
            raise RuntimeError("the index was not filled in time")
        pause.wait(0.05)


def ask(port, texts, places):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(connection):
        return {place: post_json(connection, "/api/v1/audit/search",
                                 {"q": texts[place], "mode": "semantic", "limit": LIMIT,
                                  "fields": ["id"]}) for place in places}


def judge(tally, checked, answer, truth):
    place, best, row_of = truth
    text = checked.texts[place]
    tally.asked += 1
    hits = [(hit["record"]["id"], hit["similarity"]) for hit in answer["hits"]]
    tally.exact += answer["completeness"] == "exact"
    if answer["degraded"] or len(hits) != min(LIMIT, len(row_of)):
        tally.add_wrong(f"{text!r}: {len(hits)} hits, degraded {answer['degraded']}")
        return
    for record_id, similarity in hits:
        row = row_of.get(record_id)
        want = float(checked.matrix[place] @ checked.matrix[row]) if row is not None else None
        if want is None or abs(similarity - want) > SIMILARITY_ERROR_MAX:
            tally.add_wrong(f"{text!r}: {record_id} at {similarity}, its vector says {want}")
            return
    # Two texts of the same features have the same vector: either may come first.
    if answer["completeness"] != "exact":
        tally.missed += int(hits[0][1] < best[0] - SIMILARITY_ERROR_MAX)
    elif any(abs(similarity - want) > SIMILARITY_ERROR_MAX
             for (_, similarity), want in zip(hits, best)):
        tally.add_wrong(f"{text!r}: {hits}, by brute force {best.tolist()}")
