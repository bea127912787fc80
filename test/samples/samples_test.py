#!/usr/bin/env python3
"""Tests of samples/: the file is what its generator writes, every record obeys the rules for
records, and what is told is as varied, and as consistent with its outcome, as it is meant to be.
"""

import json
import re
import sys
import unittest
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "samples"))

import make_incidents  # noqa: E402

# member: (required, kind of value, most characters). Written by hand from the rules for records.
TEXT, WHOLE, TIME, OBJECT, SHARE, TRUTH = "text", "whole", "time", "object", "share", "truth"
COMMON = {
    "summary": (False, TEXT, 8192),
    "trace_id": (False, TEXT, 32),
    "actor": (False, TEXT, 255),
    "metadata": (False, OBJECT, None),
}
RULES = {
    "remediation": COMMON
    | {
        "name": (True, TEXT, 255),
        "namespace": (True, TEXT, 255),
        "phase": (True, TEXT, 20),
        "action_type": (True, TEXT, 100),
        "status": (True, TEXT, 20),
        "start_time": (True, TIME, None),
        "end_time": (False, TIME, None),
        "duration": (False, WHOLE, None),
        "remediation_request_id": (True, TEXT, 255),
        "alert_fingerprint": (False, TEXT, 255),
        "severity": (False, TEXT, 50),
        "environment": (False, TEXT, 50),
        "cluster_name": (False, TEXT, 255),
        "target_resource": (False, TEXT, 512),
        "error_message": (False, TEXT, 65536),
    },
    "aianalysis": COMMON
    | {
        "remediation_request_id": (True, TEXT, 255),
        "analysis_id": (True, TEXT, 255),
        "provider": (True, TEXT, 100),
        "model": (True, TEXT, 255),
        "confidence_score": (False, SHARE, None),
        "tokens_used": (False, WHOLE, None),
        "analysis_duration": (False, WHOLE, None),
        "root_cause": (False, TEXT, 8192),
        "recommendation": (False, TEXT, 8192),
    },
    "workflow": COMMON
    | {
        "remediation_request_id": (True, TEXT, 255),
        "workflow_id": (True, TEXT, 255),
        "phase": (True, TEXT, 20),
        "total_steps": (False, WHOLE, None),
        "completed_steps": (False, WHOLE, None),
        "start_time": (True, TIME, None),
        "end_time": (False, TIME, None),
    },
    "execution": COMMON
    | {
        "workflow_id": (True, TEXT, 255),
        "execution_id": (True, TEXT, 255),
        "action_type": (True, TEXT, 100),
        "target_resource": (True, TEXT, 512),
        "cluster_name": (True, TEXT, 255),
        "success": (True, TRUTH, None),
        "start_time": (True, TIME, None),
        "end_time": (False, TIME, None),
        "execution_time": (False, WHOLE, None),
        "error_message": (False, TEXT, 65536),
    },
}
KEYS = {
    "remediation": "remediation_request_id",
    "aianalysis": "analysis_id",
    "workflow": "workflow_id",
    "execution": "execution_id",
}
CHOICES = {
    ("remediation", "phase"): {"pending", "processing", "completed", "failed"},
    ("remediation", "status"): {"success", "failure", "pending", "running"},
    ("workflow", "phase"): {"planning", "executing", "completed", "failed"},
}
TIME_PATTERN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def value_fits(value, kind, most):
    if kind == TEXT:
        return isinstance(value, str) and bool(value.strip()) and len(value) <= most
    if kind == WHOLE:
        return type(value) is int and 0 <= value < 2**53
    if kind == TIME:
        return isinstance(value, str) and bool(TIME_PATTERN.fullmatch(value))
    if kind == SHARE:
        return isinstance(value, float) and 0 <= value <= 1
    return isinstance(value, dict if kind == OBJECT else bool)


def violations(kind, record):
    """Every rule that the record breaks, in words."""
    rules = RULES[kind]
    broken = [f"unknown member {name}" for name in record if name not in rules]
    for name, (required, value_kind, most) in rules.items():
        if name not in record:
            broken += [f"{name} is absent"] if required else []
        elif not value_fits(record[name], value_kind, most):
            broken.append(f"{name} is no {value_kind}: {record[name]!r}")
        elif record[name] not in CHOICES.get((kind, name), [record[name]]):
            broken.append(f"{name} is {record[name]!r}")
    if not broken and "end_time" in record:
        if instant(record["end_time"]) < instant(record["start_time"]):
            broken.append("ends before it starts")
    return broken


def words(text):
    return set(re.findall(r"[a-z0-9]+", text.lower()))


class Samples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = (ROOT / "samples" / "incidents.ndjson").read_text(encoding="utf-8")
        cls.lines = [json.loads(line) for line in cls.text.splitlines()]
        cls.records = defaultdict(list)
        for line in cls.lines:
            cls.records[line["kind"]].append(line["record"])
        cls.by_failure = defaultdict(list)
        for record in cls.records["remediation"]:
            cls.by_failure[record["metadata"]["failure_kind"]].append(record)

    def test_the_generator_writes_the_file_byte_for_byte(self):
        lines = make_incidents.make_lines(make_incidents.read_kinds())
        self.assertTrue(
            make_incidents.render(lines) == self.text, "run samples/make_incidents.py"
        )

    def test_every_record_obeys_its_rules(self):
        for number, line in enumerate(self.lines, 1):
            self.assertEqual(set(line), {"kind", "record"})
            self.assertEqual(violations(line["kind"], line["record"]), [], f"line {number}")

    def test_the_validator_sees_broken_records(self):
        good = self.records["remediation"][0]
        for change in ({"name": " "}, {"status": "done"}, {"duration": -1}, {"extra": 1}):
            self.assertTrue(violations("remediation", good | change), change)
        late = good | {"start_time": good["end_time"], "end_time": good["start_time"]}
        self.assertEqual(violations("remediation", late), ["ends before it starts"])

    def test_natural_keys_are_unique(self):
        for kind, key in KEYS.items():
            counts = Counter(record[key] for record in self.records[kind])
            self.assertEqual([k for k, count in counts.items() if count > 1], [], kind)

    def test_there_are_eighty_kinds_with_ten_told_incidents_each(self):
        self.assertEqual(len(self.by_failure), 80)
        self.assertGreaterEqual(min(map(len, self.by_failure.values())), 9)
        self.assertGreaterEqual(len(self.records["remediation"]), 800)

    def test_no_summary_is_told_twice_even_with_names_and_numbers_left_out(self):
        bare = lambda text: re.sub(r"[a-z]+-[a-z]+|\d+", "", text.lower())
        told = Counter(bare(record["summary"]) for record in self.records["remediation"])
        self.assertEqual([text for text, count in told.items() if count > 1], [])

    def test_summaries_of_one_kind_share_few_words(self):
        for failure, records in self.by_failure.items():
            told = [words(record["summary"]) for record in records]
            overlaps = [
                len(a & b) / len(a | b) for i, a in enumerate(told) for b in told[i + 1 :]
            ]
            self.assertLess(sum(overlaps) / len(overlaps), 0.2, failure)
            self.assertLess(max(overlaps), 0.6, failure)

    def test_no_text_names_its_kind_and_no_slot_is_left_open(self):
        for record in self.records["remediation"]:
            failure = record["metadata"]["failure_kind"]
            said = record["summary"] + record.get("error_message", "")
            self.assertNotIn(failure, said.lower())
            self.assertIsNone(re.search(r"\{(app|node)", json.dumps(record)), said)

    def test_outcome_phase_and_error_agree(self):
        for record in self.records["remediation"]:
            succeeded = record["status"] == "success"
            self.assertEqual(record["phase"], "completed" if succeeded else "failed")
            self.assertEqual("error_message" in record, not succeeded)
            span = instant(record["end_time"]) - instant(record["start_time"])
            self.assertEqual(record["duration"], round(span.total_seconds() * 1000))

    def test_one_action_mostly_works_for_each_kind_and_others_seldom(self):
        for failure, records in self.by_failure.items():
            outcomes = defaultdict(list)
            for record in records:
                outcomes[record["action_type"]].append(record["status"] == "success")
            rates = {action: sum(all_) / len(all_) for action, all_ in outcomes.items()}
            best = max(outcomes, key=lambda action: len(outcomes[action]))
            self.assertTrue(0.8 <= rates.pop(best) <= 0.9, (failure, best))
            others = sum((outcomes[action] for action in rates), [])
            self.assertLessEqual(sum(others) / len(others), 0.5, failure)
            self.assertIn(0, rates.values(), failure)

    def test_related_records_lead_to_their_remediation(self):
        requests = {record["remediation_request_id"] for record in self.records["remediation"]}
        workflows = {record["workflow_id"]: record for record in self.records["workflow"]}
        self.assertEqual(len(self.records["aianalysis"]), 24)
        self.assertEqual(len(self.records["execution"]), 72)
        for record in self.records["aianalysis"] + self.records["workflow"]:
            self.assertIn(record["remediation_request_id"], requests)
        for record in self.records["execution"]:
            workflow = workflows[record["workflow_id"]]
            self.assertGreaterEqual(record["start_time"], workflow["start_time"])
            self.assertLessEqual(record["end_time"], workflow["end_time"])


class Sources(unittest.TestCase):
    def test_a_malformed_line_is_named(self):
        head = "# some-kind | meaning\n@ node/{node} | warning\n"
        for line in ("+ action", "- action | text without error", "text", "+ action | "):
            with self.assertRaisesRegex(make_incidents.SourceError, "f.txt:3"):
                make_incidents.parse_kinds(head + line, "f.txt")


if __name__ == "__main__":
    unittest.main()
