#!/usr/bin/env python3
"""Imports remediation records that were written elsewhere and looks every one up again.

The folder (argument, or DS_TEST_CORPUS) holds records.jsonl: bare remediations, some with
`error_message: null` or metadata as a string, as older writers sent them. Each record must answer
by its natural key with what was sent, and must be among the hits of its own summary, its text among
the first ten. (Not always first: what is embedded is summary and error message, so a near copy
without an error may be nearer to the summary alone.) Exit 1 if one is not.
"""

import argparse
import json
import os
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from relevance import KEY, read_json_lines
from service import ServiceError, add_service_arguments, chosen_service

HITS = 100
FIRST = 10
TIMES = ("start_time", "end_time")


def as_answered(record):
    """What a record means: null is absent, metadata is an object, times are instants."""
    meant = {member: value for member, value in record.items() if value is not None}
    if isinstance(meant.get("metadata"), str):
        meant["metadata"] = json.loads(meant["metadata"])
    for member in TIMES:
        if member in meant:
            meant[member] = datetime.fromisoformat(meant[member].replace("Z", "+00:00"))
    return meant


def check_by_key(service, record):
    """None, or what is wrong with the record that the service holds under this key."""
    stored = service.get(f"/api/v1/audit/remediation/key:{quote(record[KEY], safe='')}")
    sent = as_answered(record)
    kept = as_answered({member: stored.get(member) for member in sent})
    different = [member for member in sent if kept.get(member) != sent[member]]
    return f"{record[KEY]}: answered otherwise: {', '.join(different)}" if different else None


def check_by_summary(record, hits, twins):
    """None, or why the search of a record's own summary did not find it."""
    if all(hit["record"]["summary"] != record["summary"] for hit in hits[:FIRST]):
        return f"{record[KEY]}: none of the first {FIRST} hits tells its summary"
    if all(hit["record"][KEY] != record[KEY] for hit in hits) and twins <= HITS:
        return f"{record[KEY]}: not among the {len(hits)} hits of its own summary"
    return None


def check(service, records, mode):
    """Every complaint about the import of `records`, as text."""
    service.import_lines([{"kind": "remediation", "record": record} for record in records])
    service.wait_until_embedded()
    complaints = [check_by_key(service, record) for record in records]
    twins = Counter(record["summary"] for record in records)
    hits = service.search_all(list(twins), mode, HITS, f"{KEY},summary")
    found = dict(zip(twins, hits))
    for record in records:
        text = record["summary"]
        complaints.append(check_by_summary(record, found[text], twins[text]))
    print(f"{len(records)} records, {len(twins)} distinct summaries, mode {mode}")
    return [complaint for complaint in complaints if complaint]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder", nargs="?", type=Path, default=os.environ.get("DS_TEST_CORPUS"))
    parser.add_argument("--mode", default="hybrid", choices=["hybrid", "semantic", "text"])
    add_service_arguments(parser)
    arguments = parser.parse_args()
    if not arguments.folder:
        print("not run: looking up imported records; DS_TEST_CORPUS names no folder of them")
        return 0
    records = read_json_lines(Path(arguments.folder) / "records.jsonl")
    with chosen_service(arguments) as service:
        complaints = check(service, records, arguments.mode)
    for complaint in complaints[:20]:
        print(complaint, file=sys.stderr)
    print(f"{len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (ServiceError, OSError) as problem:
        sys.exit(f"records: {problem}")
