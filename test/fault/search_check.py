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
SIMILARITY_MIN = 0.999
SIMILARITY_ERROR_MAX = 1e-4
QUERIES_AT_ONCE = 128
FILL_SECONDS_MAX = 120


class SearchTally:
    def __init__(self):
        self.asked = self.wrong = self.exact = 0
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
    text_of = dict(zip(checked.ids, checked.texts))
    wait_for_index(port, checked.texts[0])
    shares = [places[n::CONNECTIONS] for n in range(CONNECTIONS)]
    answers = {}
    with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
        for part in pool.map(lambda share: ask(port, checked.texts, share), shares):
            answers.update(part)
    tally = SearchTally()
    for place, best in zip(places, nearest(checked.matrix, places)):
        judge(tally, checked.texts[place], answers[place], (best, text_of))
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


def judge(tally, text, answer, truth):
    best, text_of = truth
    tally.asked += 1
    hits = [(hit["record"]["id"], hit["similarity"]) for hit in answer["hits"]]
    tally.exact += answer["completeness"] == "exact"
    if answer["degraded"] or len(hits) != min(LIMIT, len(text_of)):
        tally.add_wrong(f"{text!r}: {len(hits)} hits, degraded {answer['degraded']}")
        return
    top_id, top = hits[0]
    if text_of.get(top_id) != text or top < SIMILARITY_MIN:
        tally.add_wrong(f"{text!r}: found {text_of.get(top_id)!r} at {top}")
    # An approximate answer owes the nearest one only.
    compared = LIMIT if answer["completeness"] == "exact" else 1
    for (_, similarity), want in list(zip(hits, best))[:compared]:
        if abs(similarity - want) > SIMILARITY_ERROR_MAX:
            tally.add_wrong(f"{text!r}: {hits}, by brute force {best.tolist()}")
            return
