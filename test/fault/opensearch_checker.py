"""Holds the documents of an OpenSearch index against the records, copy by copy.

Reads them by HTTP; shares nothing with the service.
"""

import numpy as np

from opensearch_process import INDEX
from storm_checker import check_points

# A component's way through decimal text, and the file's own conversion.
VECTOR_ERROR_MAX = 1e-6
PAGE = 1_000
MARK = "mark"  # The one document that is no record's: the set that the index belongs to.
SERVERS_TIMES = ("created_at", "updated_at")  # Which nobody sent.
COPIES = ("_primary", "_replica")


def check_held(fleet, checker, highest_stamp=None):
    """The vectors of a fleet, wherever they are: lost, orphaned, stale, of another text.
    `highest_stamp`: none above it was ever drawn. REQUIRES: `checker` has run, and nothing is
    pending. Returns what was read, of the first copy."""
    if not fleet.has_nodes():
        return check_points(*fleet.place_of_vectors(), checker, highest_stamp)
    copies = COPIES[:1 + fleet.vectors.has_replica()]
    read = [read_documents(fleet.vectors, copy) for copy in copies]
    for documents in read:
        judge_documents(documents, checker, highest_stamp)
    checker.findings.counted["copies"] = len(copies)
    return read[0]


def read_documents(cluster, copy):
    """All documents of those copies of the shards: [id, version, content]."""
    _must(cluster, f"/{INDEX}/_refresh")
    page = _must(cluster, f"/{INDEX}/_search?scroll=2m&preference={copy}",
                 {"size": PAGE, "version": True, "sort": ["_doc"], "query": {"match_all": {}}})
    documents = []
    while page["hits"]["hits"]:
        if page["_shards"]["failed"]:
            raise RuntimeError(f"a part of the index did not answer: {page['_shards']}")
        documents += [[hit["_id"], hit["_version"], hit["_source"]]
                      for hit in page["hits"]["hits"]]
        page = _must(cluster, "/_search/scroll", {"scroll": "2m", "scroll_id": page["_scroll_id"]})
    return documents


def _must(cluster, path, body=None):
    status, document = cluster.nodes[0].ask("POST", path, body, seconds=60)
    if status != 200:
        raise RuntimeError(f"OpenSearch: {path}: {status} {document}")
    return document


def judge_documents(documents, checker, highest_stamp=None):
    findings, wanted = checker.findings, dict(zip(checker.ids, checker.matrix))
    count, marks = 0, 0
    for name, version, content in documents:
        if name == MARK:
            marks += 1
            continue
        _judge_own(findings, name, version, content)
        if highest_stamp is not None and content["stamp"] > highest_stamp:
            findings.add("stale", f"the stamp of {name} was never drawn: {content['stamp']}")
        if not content["live"]:
            continue
        count += 1
        want = wanted.pop(name, None)
        if want is None:
            findings.add("orphaned", f"a document of {name}, which has no embedding")
            continue
        if content["stamp"] != checker.stamps[name]:
            findings.add("stale", f"the document of {name} has stamp {content['stamp']}, its "
                                  f"record {checker.stamps[name]}")
        held = np.array(content.get("vector", ()), np.float32)
        if held.shape != want.shape or not np.abs(held - want).max() <= VECTOR_ERROR_MAX:
            findings.add("wrong_vector", f"the document of {name} has another vector")
        _judge_members(checker, name, content.get("m", {}))
    if marks != 1:
        findings.add("broken", f"the index has {marks} marks")
    for name in wanted:
        findings.add("lost", f"there is no document of {name}")
    findings.counted["points"] = count


def _judge_own(findings, name, version, content):
    """What a document says of itself agrees."""
    if content["id"] != name:
        findings.add("broken", f"the document of {name} says it is of {content['id']}")
    if version != content["stamp"]:
        findings.add("stale", f"the document of {name} has version {version}, and stamp "
                              f"{content['stamp']}")
    if not content["live"] and ("vector" in content or "m" in content):
        findings.add("orphaned", f"a tombstone of {name} has a vector or members")


def _judge_members(checker, name, members):
    """What searches filter by is what the record says now."""
    held = {member: value for member, value in members.items() if member not in SERVERS_TIMES}
    want = checker.members_of(name)
    if held != want:
        names = [each for each in sorted({*held, *want}) if held.get(each) != want.get(each)]
        checker.findings.add("altered", f"the document of {name} has other members: {names}")
