"""model/write.pml and the acceptor of the simulator's traces say the same.

Random runs of the model are accepted, every kind of event among them; each of them is refused when
one event is made wrong; and a run that fails because a guard was removed is refused.
"""

import collections
import os
import random
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("DATASTORAGE_PROTOCOL_PATH_CHECK",
                             ROOT / "build/dev/protocol_path_check"))
STEPS_MAX = 5000
SEEDS = 50  # Of each variant.
VARIANTS = [
    ["UPDATE", "ERASE", "TWOSTRICT", "MAXCRASHES=2", "MAXFAULTS=3"],
    ["UPDATE", "ERASE", "TWOSTRICT", "PATIENT", "MAXFAULTS=2"],
    ["UPDATE", "TWOUPDATES", "ERASE", "PATIENT", "MAXCRASHES=0", "MAXFAULTS=0"],
    ["UPDATE", "TWOUPDATES", "TWORELAYS", "PATIENT", "RECONCILE", "EMBEDLATER"],
    ["CREATE", "UPDATE", "ERASE", "RECONCILE", "EMBEDLATER", "TWORELAYS", "MAXFAULTS=2"],
    ["CREATE", "UPDATE", "TWOUPDATES", "EMBEDLATER", "PATIENT", "MAXCRASHES=0"],
]
# A guard removed, and who must take part for it to be missed.
MUTANTS = {
    "NOCAS": ["UPDATE"], "NOGUARD": ["UPDATE"], "NOTOMB": ["UPDATE"], "NOFENCE": ["UPDATE"],
    "STALEFENCE": ["UPDATE"], "STAMPEARLY": ["UPDATE", "TWOUPDATES"], "LOSTISFAILED": ["UPDATE"],
    "EARLYSYNCED": ["UPDATE"],
}
KINDS = {"begin_intent", "create", "update", "erase", "consume_intent", "abort_intent", "fence",
         "store_embedding", "enqueue", "renew", "settle", "send_vector", "apply_at_store",
         "answer_vector", "reply", "search_shows", "crash"}


def defines(flags):
    return ["-DTRACE", *(f"-D{flag}" for flag in flags)]


def events_of(output):
    """Whether the run went on to its end, and its event lines."""
    if re.search(r"Error: (?!assertion violated)", output) or "processes" not in output:
        raise AssertionError(output)
    is_whole = "depth-limit" not in output and "assertion violated" not in output
    return is_whole, [line for line in output.splitlines() if line.startswith("event ")]


def output_of(command, folder):
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


def random_run(flags, seed):
    return events_of(output_of(
        ["spin", "-T", f"-n{seed}", f"-u{STEPS_MAX}", *defines(flags), "write.pml"],
        ROOT / "model"))


def failing_run(flags):
    """The run that an exhaustive search ends with where the model does not hold."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(ROOT / "model/write.pml", folder)
        output_of(["spin", "-a", *defines(flags), "write.pml"], folder)
        output_of(["gcc", "-O1", "-w", "-DSAFETY", "-DCOLLAPSE", "-o", "pan", "pan.c"], folder)
        output_of(["./pan", "-m20000"], folder)
        return events_of(output_of(["spin", "-t", "-T", *defines(flags), "write.pml"], folder))


def judge(runs):
    """What the acceptor says of each run: name → words after it."""
    text = []
    for name, (is_whole, lines) in runs.items():
        text += [f"{'run' if is_whole else 'cut'} {name}", *lines]
    said = subprocess.run([BINARY], input="\n".join(text) + "\n", capture_output=True, text=True,
                          check=True).stdout
    return dict(line.split(" ", 1) for line in said.splitlines())


def kind_of(line):
    return line.split()[1]


def field(line, name):
    found = re.search(rf"\b{name}=(\w+)", line)
    return int(found.group(1)) if found else None


def with_field(line, name, value):
    return re.sub(rf"\b{name}=\w+", f"{name}={value}", line)


def flipped(name):
    def spoil(lines, at):
        lines[at] = with_field(lines[at], name, 1 - field(lines[at], name))
    return spoil


def repeated(lines, at):
    lines.insert(at + 1, lines[at])


def other_content(lines, at):
    lines[at] = with_field(lines[at], "content", 99)


def early_stamp(lines, at):
    earlier = [field(line, "stamp") or 0 for line in lines[:at]]
    lines[at] = with_field(lines[at], "stamp", max(earlier, default=0))


def taken_out(lines, at):
    del lines[at]


def never_committed(lines, at):
    lines[at] = with_field(lines[at], "stamp", 99)


# kinds of events, and what is done to one of them; each must be refused wherever it is done.
SPOILED = {
    "an apply that did otherwise": ({"apply_at_store"}, flipped("applied")),
    "a settle that did otherwise": ({"settle"}, flipped("deleted")),
    "another content under a stamp": ({"send_vector", "apply_at_store"}, other_content),
    "a stamp drawn early": (
        {"begin_intent", "create", "update", "erase", "abort_intent", "fence", "store_embedding",
         "enqueue", "renew"}, early_stamp),
    "a stamp never committed": ({"send_vector", "consume_intent", "settle"}, never_committed),
    "a commit twice": (
        {"begin_intent", "create", "update", "erase", "consume_intent", "abort_intent", "fence",
         "store_embedding", "enqueue", "renew"}, repeated),
    "an answer twice over": ({"reply"}, repeated),
    "a record without its creation": ({"create", "consume_intent", "begin_intent"}, taken_out),
}


class ModelPaths(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if shutil.which("spin") is None:
            raise AssertionError("spin is missing: run tools/install_packages.sh test")
        if not BINARY.exists():
            raise AssertionError(f"{BINARY} is not built; set DATASTORAGE_PROTOCOL_PATH_CHECK")
        cls.runs = {f"{number}.{seed}": random_run(flags, seed)
                    for number, flags in enumerate(VARIANTS) for seed in range(1, SEEDS + 1)}

    def test_every_run_of_the_model_is_accepted(self):
        verdicts = judge(self.runs)
        self.assertEqual(len(verdicts), len(self.runs))
        refused = {name: said for name, said in verdicts.items() if not said.startswith("accepted")}
        self.assertEqual(refused, {})
        whole = sum(is_whole for is_whole, _ in self.runs.values())
        kinds = collections.Counter(kind_of(line) for _, lines in self.runs.values()
                                    for line in lines)
        self.assertEqual(set(kinds), KINDS)
        self.assertGreaterEqual(min(kinds.values()), 20, kinds)
        said = collections.Counter(line.split("said=")[1] for _, lines in self.runs.values()
                                   for line in lines if "said=" in line)
        self.assertEqual(set(said), {"synced", "pending", "rolledback", "unknown"})
        self.assertGreaterEqual(min(said.values()), 20, said)
        print(f"{len(self.runs)} runs accepted, {whole} of them to their end: {dict(kinds)}, "
              f"replies {dict(said)}")

    def test_a_run_with_one_event_made_wrong_is_refused(self):
        chance = random.Random(7)
        for name, (kinds, spoil) in SPOILED.items():
            with self.subTest(name):
                spoiled = {}
                for run, (is_whole, lines) in self.runs.items():
                    places = [at for at, line in enumerate(lines) if kind_of(line) in kinds]
                    if places:
                        copy = list(lines)
                        spoil(copy, chance.choice(places))
                        spoiled[run] = (is_whole, copy)
                verdicts = judge(spoiled)
                passed = [run for run, said in verdicts.items() if not said.startswith("refused")]
                print(f"{name}: {len(verdicts) - len(passed)} of {len(verdicts)} refused")
                self.assertGreater(len(verdicts), 20)
                self.assertEqual(passed, [])

    def test_a_run_that_misses_a_guard_is_refused(self):
        runs = {guard: failing_run([guard, *flags]) for guard, flags in MUTANTS.items()}
        verdicts = judge(runs)
        for guard in MUTANTS:
            with self.subTest(guard):
                print(f"{guard}: {verdicts[guard]}")
                self.assertIn("refused", verdicts[guard])


if __name__ == "__main__":
    unittest.main()
