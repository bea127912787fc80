"""Records and patches made from a seed, and what the service must then hold.

Record i is the same for the same seed and count, so the writer and the checker each make it anew.
Three fifths of the records have a text of their own; the rest share one, some of them the same one.
"""

import random
import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from exact_json import Number, dump, parse

KINDS = ("remediation", "aianalysis", "workflow", "execution")
KEY_MEMBERS = {"remediation": "remediation_request_id", "aianalysis": "analysis_id",
               "workflow": "workflow_id", "execution": "execution_id"}
TIMES = ("start_time", "end_time")
INTEGERS = ("duration", "tokens_used", "analysis_duration", "total_steps", "completed_steps",
            "execution_time")
DEFAULTS = {"workflow": {"total_steps": 0, "completed_steps": 0}}
COUNT_MAX = 600_000  # Three fifths have texts of their own, of coined words distinct up to 72³.
COUNT_USUAL = 200_000

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
CONSONANTS, VOWELS = "bcdfghjklmnprstvwz", "aiou"
SYLLABLES = [c + v for c in CONSONANTS for v in VOWELS]
SUBJECTS = ("checkout", "payments", "ledger", "catalog", "search", "gateway", "mailer", "billing",
            "inventory", "sessions", "ingress", "scheduler", "registry", "notifier", "recommender")
EVENTS = ("pods were killed for memory", "rollout is stuck behind a failing probe",
          "certificate ran out overnight", "volume stays attached to a lost node",
          "connections to the database are used up", "image cannot be pulled",
          "CrashLoopBackOff after a config change", "queue grows faster than it drains",
          "DNS answers with SERVFAIL", "leader election flaps", "disk is full of logs")
DEEDS = ("restarted the deployment", "rolled back", "doubled the replicas", "raised the limit",
         "drained the node", "renewed the secret", "cleared the cache", "nothing helped yet")
CAUSES = ("exit code 137", "context deadline exceeded", "no such host", "permission denied",
          "too many open files", "x509: unknown authority", "FailedScheduling: 0 of 3 nodes fit")
# Legal text that a careless layer would strip, escape, cut or confuse.
ODD_TEXTS = ("\u0001 control", "</script><b>&amp;", "'; DROP TABLE record; --", "\U0001f600\u200d",
             "é e\u0301 Ü", "日本語の障害", "\u2028\u2029", "\ufeffmark", "back\\slash \\u0000",
             "\"quoted\"\t\r\n", "مرحبا", "\U0001d518 plane", "%s ${x} {{y}}", "\ufffd\ufffe")
NUMBERS = ("1", "1.0", "1e3", "-0", "-0.0", "0.10", "2.50", "1E-7", "9007199254740993",
           "12345678901234567890123", "5e-324", "0.1e+1", "-17.000")


def coined(prefix, number):
    """A word that occurs for this prefix and number only, and that no stemmer shortens."""
    number = (number * 48_271 + 11) % len(SYLLABLES) ** 3
    syllables = []
    for _ in range(3):
        number, place = divmod(number, len(SYLLABLES))
        syllables.append(SYLLABLES[place])
    return prefix + "".join(syllables) + "k"


def microseconds(text):
    """Of an RFC 3339 time since 1970, digits beyond the sixth cut."""
    date, fraction, zone = re.fullmatch(r"(.{19})(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", text).groups()
    moment = datetime.fromisoformat(date + ("+00:00" if zone == "Z" else zone))
    whole = (moment - EPOCH) // timedelta(seconds=1)
    return whole * 1_000_000 + int(((fraction or "") + "000000")[:6])


def time_text(rng, instant):
    offset = rng.choice((0, 0, 120, -330, 845))
    moment = EPOCH + timedelta(microseconds=instant, minutes=offset)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{instant % 1_000_000:06d}"
    if rng.random() < 0.2:
        fraction += f"{rng.randrange(1000):03d}"
    if offset == 0:
        return text + fraction + rng.choice(("Z", "+00:00"))
    return f"{text}{fraction}{'-' if offset < 0 else '+'}{abs(offset) // 60:02d}:" \
           f"{abs(offset) % 60:02d}"


class Maker:
    def __init__(self, seed, count, patched_share=0.12):
        """That share of remediations and workflows is patched, once or twice."""
        if not 10 <= count <= COUNT_MAX:
            raise ValueError(f"the count must be 10 to {COUNT_MAX}")
        self.seed, self.count, self.patched_share = seed, count, patched_share
        self.text_count = count * 3 // 5

    def _rng(self, i, purpose):
        return random.Random((self.seed * 1_000_003 + i) * 4 + purpose)

    def summary(self, t):
        rng = self._rng(t, 1)
        parts = [rng.choice(SUBJECTS), coined("zu", t), rng.choice(EVENTS), rng.choice(DEEDS)]
        if t % 10 == 3:
            parts.insert(rng.randrange(5), rng.choice(ODD_TEXTS))
        return rng.choice((" ", " ", " ", "  ", "\n")).join(parts)

    def error(self, t):
        rng = self._rng(t, 2)
        lines = 60 if t % 400 == 0 else rng.randrange(1, 4)
        return coined("ze", t) + ": " + "\n".join(
            f"{rng.choice(CAUSES)} in {rng.choice(SUBJECTS)}" for _ in range(lines))

    def _text_of(self, i, rng):
        if i >= self.text_count and rng.random() < 0.03:
            return rng.choice((0, None))
        return i % self.text_count

    def record(self, i):
        """(kind, members as a client writes them)."""
        rng = self._rng(i, 0)
        kind = rng.choices(KINDS, (55, 15, 15, 15))[0]
        t = self._text_of(i, rng)
        members = getattr(self, "_" + kind)(i, rng)
        if t is not None:
            self._add_texts(kind, members, t)
        if rng.random() < 0.5:
            members["actor"] = f"agent-{rng.randrange(9)} {rng.choice(ODD_TEXTS)}"
        if rng.random() < 0.2:
            members["trace_id"] = f"{rng.getrandbits(128) | 1:032x}"
        if rng.random() < 0.5:
            metadata = self._metadata(rng)
            members["metadata"] = dump(metadata) if rng.random() < 0.2 else metadata
        names = list(members)
        rng.shuffle(names)
        return kind, {name: members[name] for name in names}

    def _add_texts(self, kind, members, t):
        members["summary"] = self.summary(t)
        if t % 4 != 0 or kind == "workflow":
            return
        if kind != "aianalysis":
            members["error_message"] = self.error(t)
            return
        if t % 8 == 0:
            members["root_cause"] = self.error(t)
        if t % 8 == 4 or t % 24 == 0:
            members["recommendation"] = self.error(t if t % 8 == 4 else t + 1)

    def _metadata(self, rng):
        number = lambda: Number(rng.choice(NUMBERS))
        return {"team": rng.choice(SUBJECTS), rng.choice(ODD_TEXTS): number(), "n": number(),
                "nested": {"list": [number(), None, True, rng.choice(ODD_TEXTS), []], "": {}}}

    def _times(self, rng, members):
        start = 1_700_000_000_000_000 + rng.randrange(10**14)
        members["start_time"] = time_text(rng, start)
        if rng.random() < 0.5:
            members["end_time"] = time_text(rng, start + rng.randrange(10**7) * 1000)

    def _remediation(self, i, rng):
        members = {"name": f"web-{i} {rng.choice(ODD_TEXTS)}",
                   "namespace": rng.choice(("prod", "stage", "größe")),
                   "phase": rng.choice(("pending", "processing")),
                   "action_type": rng.choice(("restart", "scale_up", "rollback")),
                   "status": rng.choice(("success", "failure", "pending", "running")),
                   "remediation_request_id": f"rr-{self.seed}-{i}-ü",
                   "severity": rng.choice(("critical", "warning", None)),
                   "alert_fingerprint": f"{rng.getrandbits(64):016x}",
                   "environment": "production", "cluster_name": f"eu-{rng.randrange(4)}",
                   "target_resource": f"pod/web-{rng.getrandbits(40):010x}-x2x4z"}
        self._times(rng, members)
        if rng.random() < 0.3:
            members["duration"] = Number(rng.choice(("11.0", "0", "9007199254740991", "25e2")))
        return members

    def _aianalysis(self, i, rng):
        return {"remediation_request_id": f"rr-{self.seed}-{rng.randrange(self.count)}-ü",
                "analysis_id": f"an/{self.seed}/{i}", "provider": "local", "model": "m-7b \u2603",
                "confidence_score": Number(rng.choice(("0", "1", "0.10", "1e-7", "0.333333333333",
                                                       repr(rng.random())))),
                "tokens_used": Number(str(rng.randrange(2**53))),
                "analysis_duration": Number(str(rng.randrange(10**6)))}

    def _workflow(self, i, rng):
        members = {"remediation_request_id": f"rr-{self.seed}-{rng.randrange(self.count)}-ü",
                   "workflow_id": f"wf {self.seed} {i}",
                   "phase": rng.choice(("planning", "executing"))}
        if rng.random() < 0.7:
            members["total_steps"] = Number("9")
            members["completed_steps"] = Number(str(rng.randrange(5)))
        self._times(rng, members)
        return members

    def _execution(self, i, rng):
        members = {"workflow_id": f"wf {self.seed} {rng.randrange(self.count)}",
                   "execution_id": f"ex:{self.seed}:{i}%", "action_type": "kubectl",
                   "target_resource": "deployment/" + rng.choice(SUBJECTS), "cluster_name": "eu-1",
                   "success": rng.random() < 0.5}
        self._times(rng, members)
        if rng.random() < 0.5:
            members["execution_time"] = Number(str(rng.randrange(10**6)))
        return members

    def patches(self, i):
        """Of record i, in the order in which they are to be applied."""
        rng = self._rng(i, 3)
        if rng.random() >= self.patched_share:
            return []
        kind, members = self.record(i)
        if kind == "remediation":
            status = {"phase": "completed", "status": "success"}
            if rng.random() < 0.5:
                status["end_time"] = time_text(rng, microseconds(members["start_time"]) + 61_000)
        elif kind == "workflow":
            status = {"phase": "failed", "completed_steps": Number("0")}
        else:
            return []
        text = {"summary": self.summary(self.text_count + i)}
        merge = {"metadata": {"team": None, "patched": {"n": Number(rng.choice(NUMBERS)),
                                                        "gone": None}}}
        return rng.choice(([text], [status], [merge], [status, text], [text, merge]))

    def claims_key(self, i):
        """Whether the creation of record i carries an idempotency key when it is in a batch."""
        return i % 2 == 0

    def natural_key(self, i):
        kind, members = self.record(i)
        return kind, members[KEY_MEMBERS[kind]]

    def item(self, i):
        """The line of a batch: bytes, without the line's end."""
        kind, members = self.record(i)
        item = {"kind": kind, "record": members}
        if self.claims_key(i):
            item["Idempotency-Key"] = f"c{i}"
        return dump(item, ascii_only=i % 3 == 0).encode()

    def versions(self, i):
        """Every version's content when all patches are applied, as `content` gives it."""
        kind, members = self.record(i)
        current = content({**DEFAULTS.get(kind, {}), **members})
        with_duration(kind, current, members)
        versions = [current]
        for patch in self.patches(i):
            change = content(patch)
            current = {**versions[-1], **change}
            if "metadata" in patch:
                current["metadata"] = merged(versions[-1].get("metadata"), patch["metadata"])
            with_duration(kind, current, patch)
            versions.append(current)
        return versions


def with_duration(kind, current, sent):
    if kind == "remediation" and "end_time" in sent and "duration" not in sent:
        current["duration"] = (current["end_time"] - current["start_time"]) // 1000


def merged(target, patch):
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def content(members):
    """Members by value: times in µs, integers, the score as a float, metadata as an object with
    its numbers' characters; absent ones left out. For what was sent and for what is stored."""
    result = {}
    for name, value in members.items():
        if value is None:
            continue
        if name in TIMES:
            value = microseconds(value)
        elif name in INTEGERS and isinstance(value, Number):
            value = int(Decimal(value.literal))
        elif name == "confidence_score":
            value = float(value.literal)
        elif name == "metadata" and isinstance(value, str):
            value = parse(value)
        result[name] = value
    return result
