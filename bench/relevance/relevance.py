#!/usr/bin/env python3
"""Measures search quality on a folder of judged incident texts.

The folder (argument, or DS_TEST_CORPUS) holds corpus.jsonl, queries.jsonl and qrels.tsv. Only a
document's `text` reaches the service, as the summary of a remediation; all other members are drawn
from a printed seed, so that neither title nor label can leak into the ranking. Every query runs
in the modes text, semantic and hybrid. Exit 1 if hybrid's nDCG@10 is below the gate or the paired
95 % interval of hybrid − text is not above 0.
"""

import argparse
import json
import os
import random
import secrets
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import metrics
from service import ServiceError, add_service_arguments, chosen_service

MODES = ("text", "semantic", "hybrid")
HITS = 100
KEY = "remediation_request_id"


def read_json_lines(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def read_judgements(path):
    """Query id → {document id: grade}."""
    judgements = {}
    with open(path, encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            query, doc, grade = line.rstrip("\n").split("\t")
            judgements.setdefault(query, {})[doc] = int(grade)
    return judgements


def random_record(text, source):
    """A remediation around `text`; nothing else in it depends on the document."""
    failed = source.random() < 0.3
    start = datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(
        seconds=source.randrange(90 * 86400)
    )
    word = lambda length=6: f"{source.getrandbits(4 * length):0{length}x}"
    return {
        "name": f"remediation-{word()}",
        "namespace": f"namespace-{source.randrange(20)}",
        "phase": "failed" if failed else "completed",
        "action_type": f"action_{source.randrange(40)}",
        "status": "failure" if failed else "success",
        "start_time": start.isoformat(),
        "end_time": (start + timedelta(seconds=source.randrange(1, 1800))).isoformat(),
        KEY: f"rr-{word(32)}",
        "alert_fingerprint": word(16),
        "severity": source.choice(["critical", "warning", "info"]),
        "environment": source.choice(["production", "staging"]),
        "cluster_name": f"cluster-{source.randrange(6)}",
        "target_resource": f"deployment/{word()}",
        "summary": text,
        "metadata": {"attempt": source.randrange(1, 4)},
    }


def load_corpus(service, corpus, source):
    """Imports the documents; returns request id → document id."""
    order = list(corpus)
    source.shuffle(order)
    records = [random_record(doc["text"], source) for doc in order]
    service.import_lines([{"kind": "remediation", "record": record} for record in records])
    service.wait_until_embedded()
    return {record[KEY]: doc["id"] for record, doc in zip(records, order)}


def run_mode(service, mode, queries, documents):
    """The ranking of every query, as document ids; records of others are left out."""
    hits = service.search_all([query["text"] for query in queries], mode, HITS, KEY)
    keys = [[hit["record"][KEY] for hit in query_hits] for query_hits in hits]
    foreign = sum(key not in documents for ranking in keys for key in ranking)
    if foreign:
        print(f"warning: {mode}: {foreign} hits are not of this corpus, left out", file=sys.stderr)
    return [[documents[key] for key in ranking if key in documents] for ranking in keys]


def summarise(judged):
    """Mean and 95 % interval of each metric over the queries' judgements."""
    summary = {"queries": len(judged)}
    for name in metrics.NAMES:
        values = [one[name] for one in judged]
        summary[name] = [metrics.mean(values), *metrics.bootstrap_interval(values)]
    return summary


def compare(ours, theirs):
    """Mean difference in nDCG@10 and its paired 95 % interval."""
    ours, theirs = ([one["ndcg@10"] for one in judged] for judged in (ours, theirs))
    difference = metrics.mean(ours) - metrics.mean(theirs)
    return [difference, *metrics.paired_interval(ours, theirs)]


def evaluate(rankings, queries, judgements):
    """The whole result as a JSON value: by mode, by kind of query, and paired differences."""
    judged = {
        mode: [metrics.judge(r, judgements[q["id"]]) for r, q in zip(rankings[mode], queries)]
        for mode in MODES
    }
    result = {"modes": {}, "by_kind": {}}
    for mode in MODES:
        result["modes"][mode] = summarise(judged[mode])
    for kind in sorted({query["kind"] for query in queries}):
        chosen = [i for i, query in enumerate(queries) if query["kind"] == kind]
        result["by_kind"][kind] = {
            mode: summarise([judged[mode][i] for i in chosen]) for mode in MODES
        }
    result["hybrid-text"] = compare(judged["hybrid"], judged["text"])
    result["hybrid-semantic"] = compare(judged["hybrid"], judged["semantic"])
    return result


def print_row(label, summary):
    cells = ["{:.3f} [{:.3f}, {:.3f}]".format(*summary[name]) for name in metrics.NAMES]
    print(f"{label:<22}" + "".join(f"{cell:<23}" for cell in cells))


def print_table(result):
    print(f"{'':<22}" + "".join(f"{name:<23}" for name in metrics.NAMES))
    for mode in MODES:
        print_row(mode, result["modes"][mode])
    for kind, modes in result["by_kind"].items():
        print(f"{kind} ({modes['text']['queries']} queries)")
        for mode in MODES:
            print_row(f"  {mode}", modes[mode])
    for pair in ("hybrid-text", "hybrid-semantic"):
        print("{} nDCG@10: {:+.3f} [{:+.3f}, {:+.3f}]".format(pair, *result[pair]))


def failures(result, gate):
    """What keeps the result from passing, in words."""
    reasons = []
    if result["modes"]["hybrid"]["ndcg@10"][0] < gate:
        reasons.append(f"hybrid nDCG@10 is below {gate}")
    if result["hybrid-text"][1] <= 0:
        reasons.append("hybrid is not above text: the paired interval reaches 0")
    return reasons


def measure(service, folder, seed):
    """Loads the corpus, runs the queries and judges the rankings."""
    corpus = read_json_lines(folder / "corpus.jsonl")
    judgements = read_judgements(folder / "qrels.tsv")
    queries = [q for q in read_json_lines(folder / "queries.jsonl") if q["id"] in judgements]
    began = time.monotonic()
    documents = load_corpus(service, corpus, random.Random(seed))
    loaded_s = time.monotonic() - began
    print(f"{len(corpus)} documents imported and embedded in {loaded_s:.1f} s", file=sys.stderr)
    began = time.monotonic()
    rankings = {mode: run_mode(service, mode, queries, documents) for mode in MODES}
    searched_s = time.monotonic() - began
    print(f"{len(MODES) * len(queries)} searches in {searched_s:.1f} s", file=sys.stderr)
    result = evaluate(rankings, queries, judgements)
    result.update(seed=seed, documents=len(corpus), import_s=loaded_s, search_s=searched_s)
    return result


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder", nargs="?", type=Path, default=os.environ.get("DS_TEST_CORPUS"))
    parser.add_argument("--gate", type=float, default=0.62, help="least hybrid nDCG@10 (0.62)")
    parser.add_argument("--seed", type=int, help="of all members but the text; default: random")
    parser.add_argument("--json", type=Path, help="write the result here (default: stdout)")
    add_service_arguments(parser)
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    if not arguments.folder:
        print("not run: search quality; DS_TEST_CORPUS names no folder of judged texts")
        return 0
    seed = secrets.randbits(32) if arguments.seed is None else arguments.seed
    print(f"seed {seed}")
    with chosen_service(arguments) as service:
        result = measure(service, Path(arguments.folder), seed)
    print_table(result)
    text = json.dumps(result)
    if arguments.json:
        arguments.json.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)
    reasons = failures(result, arguments.gate)
    for reason in reasons:
        print(f"FAILED: {reason}", file=sys.stderr)
    return 1 if reasons else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (ServiceError, OSError) as problem:
        sys.exit(f"relevance: {problem}")
