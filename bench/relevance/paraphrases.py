#!/usr/bin/env python3
"""Asks for sample failures in other words, and counts how often the right kind comes up.

test/samples/paraphrases.json holds queries by someone who had not seen the samples, each with the
kind of failure meant. A query counts if a remediation of that kind is among the first three hits.
Exit 1 if fewer than 24 count by meaning (mode semantic); hybrid and text are printed beside.
"""

import argparse
import json
import sys
from pathlib import Path

from relevance import read_json_lines
from service import ROOT, ServiceError, add_service_arguments, chosen_service

MODES = ("semantic", "hybrid", "text")
FIRST = 3


def kinds_of(hits):
    return [hit["record"].get("metadata", {}).get("failure_kind") for hit in hits]


def rank_of(meant, kinds):
    return str(kinds.index(meant) + 1) if meant in kinds else "-"


def run(service, paraphrases):
    """For each paraphrase, mode → the failure kinds of its first hits."""
    texts = [paraphrase["query"] for paraphrase in paraphrases]
    found = {mode: service.search_all(texts, mode, FIRST, "metadata") for mode in MODES}
    return [{mode: kinds_of(found[mode][i]) for mode in MODES} for i in range(len(texts))]


def print_table(paraphrases, found):
    print(f"{'kind meant':<30}" + "".join(f"{mode:<10}" for mode in MODES) + "query")
    for paraphrase, kinds in zip(paraphrases, found):
        meant = paraphrase["kind"]
        marks = [rank_of(meant, kinds[mode]) for mode in MODES]
        print(f"{meant:<30}" + "".join(f"{mark:<10}" for mark in marks) + paraphrase["query"])
        if meant not in kinds["semantic"]:
            print(f"{'':<30}by meaning: {', '.join(map(str, kinds['semantic'])) or 'no hit'}")


def count(paraphrases, found, mode):
    return sum(p["kind"] in kinds[mode] for p, kinds in zip(paraphrases, found))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--queries", type=Path, default=ROOT / "test/samples/paraphrases.json")
    parser.add_argument("--samples", type=Path, default=ROOT / "samples/incidents.ndjson")
    parser.add_argument("--least", type=int, default=24, help="hits by meaning to pass (24)")
    parser.add_argument("--loaded", action="store_true", help="--server has the samples already")
    add_service_arguments(parser)
    arguments = parser.parse_args()
    paraphrases = json.loads(arguments.queries.read_text(encoding="utf-8"))
    with chosen_service(arguments) as service:
        if not arguments.loaded:
            service.import_lines(read_json_lines(arguments.samples))
        service.wait_until_embedded()
        found = run(service, paraphrases)
    print_table(paraphrases, found)
    for mode in MODES:
        right = count(paraphrases, found, mode)
        print(f"{mode}: {right} of {len(paraphrases)} among the first {FIRST}")
    return 0 if count(paraphrases, found, "semantic") >= arguments.least else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (ServiceError, OSError) as problem:
        sys.exit(f"paraphrases: {problem}")
