"""The storm with vectors on a second server, killed and stopped too, and what its checker sees of
damage to that server's tables."""

import copy
import json
import unittest

import storm
from journal import JournalFacts
from made_records import Maker
from storm_checker import StormChecker, judge_points
from storm_test import RECORDS, SEED, StormRun

KILLS = 2
LIVE = "t"


def _first_live(points, at=0):
    return [place for place, point in enumerate(points) if point[2] == LIVE][at]


def _delete(points):
    del points[_first_live(points)]


def _swap_vectors(points):
    a, b = points[_first_live(points)], points[_first_live(points, 9)]
    a[3:], b[3:] = b[3:], a[3:]


def _age(points):
    points[_first_live(points)][1] = "1"


def _bring_from_the_future(points):
    points[_first_live(points)][1] = str(1 << 60)


def _add_foreign(points):
    point = copy.copy(points[_first_live(points)])
    point[0] = "00112233-4455-7667-8899-aabbccddeeff"
    points.append(point)


def _double(points):
    point = points[_first_live(points)]
    point[3] = point[4] = point[3] or point[4]


DAMAGES = ((_delete, "lost"), (_swap_vectors, "wrong_vector"), (_age, "stale"),
           (_bring_from_the_future, "stale"), (_add_foreign, "orphaned"), (_double, "doubled"))


class SeparateStorm(StormRun, unittest.TestCase):
    OPTIONS = ("--kills", str(KILLS), "--vectors", "separate")

    def test_no_kill_makes_the_two_stores_disagree(self):
        self.assertEqual(self.status, 0, "see the tally above")
        for victim in ("postgres", "service", "redis", "vectors", "hung_vectors"):
            self.assertEqual(self.tally[f"kills_of_{victim}_with_write_in_flight"], KILLS)
        for what in ("patches", "strict", "vector_pending", "vector_synced", "points"):
            self.assertGreater(self.tally[what], 0, what)

    def test_checker_finds_every_damage_of_the_second_server(self):
        maker = Maker(SEED, RECORDS, storm.PATCHED_SHARE)
        checker = StormChecker(self.folder / "copy.db", maker,
                               JournalFacts(self.folder / "journal"))
        checker.has_ended_intents = True
        findings = checker.run()
        points = json.loads((self.folder / "points.json").read_text())
        highest = max(int(point[1]) for point in points)
        judge_points(points, checker, highest)
        self.assertEqual(findings.counts.total(), findings.counts["pending"])
        for damage, kind in DAMAGES:
            with self.subTest(damage.__name__):
                damaged, before = copy.deepcopy(points), findings.counts[kind]
                damage(damaged)
                judge_points(damaged, checker, highest)
                self.assertGreater(findings.counts[kind], before)


if __name__ == "__main__":
    unittest.main()
