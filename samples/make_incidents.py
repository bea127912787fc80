#!/usr/bin/env python3
"""Expands samples/failures/*.txt into samples/incidents.ndjson, one import line per record.

The texts, actions and outcomes are written by hand; this script adds the members around them
(names, times, ids). Every drawn value comes from SHA-256 of a fixed seed and a key, so the output
is the same on every machine and Python version, and adding a kind leaves the others' values alone.

    make_incidents.py            write incidents.ndjson beside this script
    make_incidents.py --check    exit 1 if the file differs from what would be written
"""

import argparse
import hashlib
import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

HERE = Path(__file__).resolve().parent
SEED = "incidents-1"
PERIOD_START = datetime(2026, 1, 5, tzinfo=timezone.utc)
PERIOD_MINUTES = 90 * 24 * 60

TEAMS = {
    "payments": ["checkout", "billing-worker", "payment-gateway", "invoice-api", "wallet"],
    "storefront": ["shop-frontend", "catalog", "cart", "product-search", "reviews"],
    "logistics": ["order-router", "shipping-api", "warehouse-sync", "tracking", "returns"],
    "identity": ["login", "session-store", "user-profile", "mailer", "consent"],
    "insights": ["report-builder", "event-collector", "recommender", "feature-store", "etl-loader"],
}
CLUSTERS = {
    "production": ["prod-eu-1", "prod-eu-2", "prod-us-1", "prod-ap-1"],
    "staging": ["stage-1", "stage-2"],
    "development": ["dev-1"],
}
PEOPLE = ["a.lindqvist", "m.okafor", "j.tanaka", "s.moreau", "r.alvarez", "k.novak", "p.iyer"]
CONTROLLERS = ["controller/auto-remediator", "controller/node-healer", "controller/rollout-guard"]
AGENTS = ["agent/incident-responder", "agent/capacity-planner", "agent/root-cause"]
SYSTEM_NAMESPACES = {
    "node": "kube-system",
    "daemonset": "kube-system",
    "deployment/coredns": "kube-system",
    "deployment/kube-apiserver": "kube-system",
    "deployment/cluster-autoscaler": "kube-system",
    "statefulset/etcd": "kube-system",
    "statefulset/kafka": "messaging",
    "statefulset/prometheus": "monitoring",
}


class Draw:
    """Values that depend on the seed, a key and the order of the calls, on nothing else."""

    def __init__(self, *key):
        self._key = "/".join((SEED, *map(str, key)))
        self._calls = 0

    def hex(self, digits):
        self._calls += 1
        text = f"{self._key}/{self._calls}"
        return hashlib.sha256(text.encode()).hexdigest()[:digits]

    def below(self, bound):
        return int(self.hex(16), 16) % bound

    def between(self, low, high):
        return low + self.below(high - low + 1)

    def pick(self, values):
        return values[self.below(len(values))]


class SourceError(Exception):
    """A line of samples/failures that does not follow the format in its README."""


def parse_kinds(text, where):
    """Reads one source file: a list of kinds, each a dict of its head and its told incidents."""
    kinds = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line:
            continue
        mark, _, rest = line.partition(" ")
        parts = rest.split(" | ")
        expected = {"#": 2, "@": 2, "?": 2, "+": 2, "-": 3, "!": 3}.get(mark)
        if expected != len(parts) or any(not part.strip() for part in parts):
            raise SourceError(f"{where}:{number}: expected {expected} parts after '{mark}'")
        if mark == "#":
            kinds.append({"id": parts[0], "meaning": parts[1], "analysis": None, "told": []})
        elif mark == "@":
            kinds[-1]["target"], kinds[-1]["severity"] = parts
        elif mark == "?":
            kinds[-1]["analysis"] = parts
        else:
            kinds[-1]["told"].append((mark, *parts))
    return kinds


def read_kinds(folder=HERE / "failures"):
    kinds = []
    for path in sorted(folder.glob("*.txt")):
        kinds += parse_kinds(path.read_text(encoding="utf-8"), path.name)
    return kinds


def rfc3339(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def choose_actor(summary, draw):
    if summary.startswith("Agent report"):
        return draw.pick(AGENTS)
    return draw.pick(PEOPLE) if draw.below(3) else draw.pick(CONTROLLERS)


def choose_environment(draw):
    environment = draw.pick(["production"] * 7 + ["staging"] * 2 + ["development"])
    return environment, draw.pick(CLUSTERS[environment])


def make_remediation(kind, number):
    """The record of the `number`-th incident told for `kind`."""
    mark, action, summary, *errors = kind["told"][number]
    draw = Draw(kind["id"], number)
    team = draw.pick(sorted(TEAMS))
    app = draw.pick(TEAMS[team])
    node = f"worker-{draw.between(1, 40):02d}"
    environment, cluster = choose_environment(draw)
    start = PERIOD_START + timedelta(
        minutes=draw.below(PERIOD_MINUTES), milliseconds=draw.below(60_000)
    )
    duration_ms = draw.between(8_000, 900_000)
    target = kind["target"].replace("{app}", app).replace("{node}", node)
    fill = lambda text: text.replace("{app}", app).replace("{node}", node)
    system = SYSTEM_NAMESPACES.get(target) or SYSTEM_NAMESPACES.get(target.partition("/")[0])
    record = {
        "name": f"{action.replace('_', '-')}-{draw.hex(6)}",
        "namespace": system or team,
        "phase": "completed" if mark == "+" else "failed",
        "action_type": action,
        "status": "success" if mark == "+" else "failure",
        "start_time": rfc3339(start),
        "end_time": rfc3339(start + timedelta(milliseconds=duration_ms)),
        "duration": duration_ms,
        "remediation_request_id": f"rr-{draw.hex(16)}",
        "alert_fingerprint": Draw("alert", kind["id"], target, cluster).hex(16),
        "severity": kind["severity"] if environment == "production" else "warning",
        "environment": environment,
        "cluster_name": cluster,
        "target_resource": target,
        "summary": fill(summary),
        "actor": choose_actor(summary, draw),
        "metadata": {"failure_kind": kind["id"], "team": team, "attempt": draw.between(1, 3)},
    }
    if errors:
        record["error_message"] = fill(errors[0])
    if mark == "!":
        record["metadata"]["made_worse"] = True
    return record


def make_analysis(kind, record, draw):
    root_cause, recommendation = kind["analysis"]
    return {
        "remediation_request_id": record["remediation_request_id"],
        "analysis_id": f"an-{draw.hex(16)}",
        "provider": "local",
        "model": "incident-analyst-8b",
        "confidence_score": draw.between(55, 97) / 100,
        "tokens_used": draw.between(900, 6_000),
        "analysis_duration": draw.between(1_500, 25_000),
        "root_cause": root_cause,
        "recommendation": recommendation,
        "trace_id": record["trace_id"],
        "actor": "agent/root-cause",
        "metadata": {"failure_kind": kind["id"]},
    }


def make_workflow(record, draw):
    succeeded = record["status"] == "success"
    return {
        "remediation_request_id": record["remediation_request_id"],
        "workflow_id": f"wf-{draw.hex(16)}",
        "phase": "completed" if succeeded else "failed",
        "total_steps": 3,
        "completed_steps": 3 if succeeded else 2,
        "start_time": record["start_time"],
        "end_time": record["end_time"],
        "trace_id": record["trace_id"],
        "actor": record["actor"],
        "metadata": {"failure_kind": record["metadata"]["failure_kind"]},
    }


def make_executions(record, workflow, draw):
    """Three steps one after the other within the remediation's time; the last one judges."""
    start = datetime.fromisoformat(record["start_time"].replace("Z", "+00:00"))
    step_ms = record["duration"] // 3
    executions = []
    for step, action in enumerate(["collect_evidence", record["action_type"], "verify_recovery"]):
        begin = start + timedelta(milliseconds=step * step_ms)
        failed = step == 2 and record["status"] == "failure"
        execution = {
            "workflow_id": workflow["workflow_id"],
            "execution_id": f"ex-{draw.hex(16)}",
            "action_type": action,
            "target_resource": record["target_resource"],
            "cluster_name": record["cluster_name"],
            "success": not failed,
            "start_time": rfc3339(begin),
            "end_time": rfc3339(begin + timedelta(milliseconds=step_ms)),
            "execution_time": step_ms,
            "trace_id": record["trace_id"],
            "metadata": {"step": step + 1},
        }
        if failed:
            execution["error_message"] = record["error_message"]
        executions.append(execution)
    return executions


def make_related(kind, record):
    """The analysis, workflow and executions of one remediation, as import lines."""
    draw = Draw("related", kind["id"])
    record["trace_id"] = draw.hex(32)
    analysis = make_analysis(kind, record, draw)
    workflow = make_workflow(record, draw)
    lines = [{"kind": "aianalysis", "record": analysis}, {"kind": "workflow", "record": workflow}]
    executions = make_executions(record, workflow, draw)
    return lines + [{"kind": "execution", "record": execution} for execution in executions]


def make_lines(kinds):
    """All import lines: remediations by start time, each followed by what belongs to it."""
    groups = []
    analysed = 0
    for kind in kinds:
        records = [make_remediation(kind, number) for number in range(len(kind["told"]))]
        related = {}
        if kind["analysis"]:
            # Every fourth analysis belongs to a remediation that failed.
            wanted = "failure" if analysed % 4 == 3 else "success"
            chosen = next(i for i, record in enumerate(records) if record["status"] == wanted)
            related[chosen] = make_related(kind, records[chosen])
            analysed += 1
        for i, record in enumerate(records):
            group = [{"kind": "remediation", "record": record}, *related.get(i, [])]
            groups.append((record["start_time"], record["remediation_request_id"], group))
    groups.sort(key=lambda item: item[:2])
    return [line for _, _, group in groups for line in group]


def render(lines):
    return "".join(
        json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines
    )


def main():
    parser = argparse.ArgumentParser(description="Writes samples/incidents.ndjson.")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    arguments = parser.parse_args()
    output = HERE / "incidents.ndjson"
    text = render(make_lines(read_kinds()))
    if not arguments.check:
        output.write_text(text, encoding="utf-8", newline="\n")
        print(f"{output}: {text.count(chr(10))} records", file=sys.stderr)
        return 0
    if not output.exists() or output.read_bytes() != text.encode("utf-8"):
        print(f"{output} is not what make_incidents.py writes: run it", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
