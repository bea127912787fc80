"""The storm with vectors in OpenSearch, killed and stopped too, and what its checker sees of damage
to the documents."""

import copy
import json
import unittest

import storm
from journal import JournalFacts
from made_records import Maker
from opensearch_checker import MARK, judge_documents
from storm_checker import StormChecker
from storm_test import RECORDS, SEED, StormRun

ID, VERSION, CONTENT = range(3)


def _lives(documents):
    return [at for at, document in enumerate(documents) if document[CONTENT].get("live")]


def _first(documents):
    return documents[_lives(documents)[0]]


def _delete(documents):
    del documents[_lives(documents)[0]]


def _swap_vectors(documents):
    one, other = (documents[_lives(documents)[at]][CONTENT] for at in (0, 9))
    one["vector"], other["vector"] = other["vector"], one["vector"]


def _cut_the_vector(documents):
    _first(documents)[CONTENT]["vector"].pop()


def _age(documents):
    _first(documents)[VERSION] = _first(documents)[CONTENT]["stamp"] = 1 << 60


def _write_by_hand(documents):
    _first(documents)[VERSION] += 1


def _add_foreign(documents):
    document = copy.deepcopy(_first(documents))
    document[ID] = document[CONTENT]["id"] = "00112233-4455-7667-8899-aabbccddeeff"
    documents.append(document)


def _bury_half(documents):
    _first(documents)[CONTENT]["live"] = False


def _change_a_member(documents):
    _first(documents)[CONTENT]["m"]["kind"] = "incident"


def _drop_a_member(documents):
    del _first(documents)[CONTENT]["m"]["version"]


def _rename(documents):
    _first(documents)[CONTENT]["id"] = documents[_lives(documents)[9]][ID]


def _lose_the_mark(documents):
    documents[:] = [document for document in documents if document[ID] != MARK]


DAMAGES = ((_delete, "lost"), (_swap_vectors, "wrong_vector"), (_cut_the_vector, "wrong_vector"),
           (_age, "stale"), (_write_by_hand, "stale"), (_add_foreign, "orphaned"),
           (_bury_half, "orphaned"), (_change_a_member, "altered"), (_drop_a_member, "altered"),
           (_rename, "broken"), (_lose_the_mark, "broken"))


class OpensearchStorm(StormRun, unittest.TestCase):
    OPTIONS = ("--kills", "1", "--vectors", "opensearch", "--connections", "40")

    def test_no_kill_makes_the_two_stores_disagree(self):
        self.assertEqual(self.status, 0, "see the tally above")
        for victim in ("postgres", "service", "redis", "vectors", "hung_vectors"):
            self.assertEqual(self.tally[f"kills_of_{victim}_with_write_in_flight"], 1)
        for what in ("patches", "strict", "vector_pending", "vector_synced", "points"):
            self.assertGreater(self.tally[what], 0, what)

    def test_checker_finds_every_damage_of_the_index(self):
        maker = Maker(SEED, RECORDS, storm.PATCHED_SHARE)
        checker = StormChecker(self.folder / "copy.db", maker,
                               JournalFacts(self.folder / "journal"))
        checker.has_ended_intents = True
        findings = checker.run()
        documents = json.loads((self.folder / "points.json").read_text())
        highest = max(document[CONTENT].get("stamp", 0) for document in documents)
        judge_documents(documents, checker, highest)
        self.assertEqual(findings.counts.total(), findings.counts["pending"])
        for damage, kind in DAMAGES:
            with self.subTest(damage.__name__):
                damaged, before = copy.deepcopy(documents), findings.counts[kind]
                damage(damaged)
                judge_documents(damaged, checker, highest)
                self.assertGreater(findings.counts[kind], before)


if __name__ == "__main__":
    unittest.main()
