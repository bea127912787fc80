#!/usr/bin/env python3
"""Holds the tree to its picture: layers, sizes, names, words, mirror tests.

Prints each fault as `file:line: rule: why` and exits 1 where there is one. The picture itself and
the exceptions are in tidy_picture.py. Usage: tidy.py [ROOT]
"""

import re
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Iterator, NamedTuple

import tidy_picture as picture

CXX = (".h", ".cc")
CODE = CXX + (".py", ".sh", ".cmake", ".sql")
NOT_OURS = {".git", ".deps", "build", "data", "__pycache__"}  # As .gitignore has them.
# These two name what is forbidden, so the rules about words pass them by.
NAMES_THE_FORBIDDEN = ("tools/tidy.py", "tools/tidy_picture.py", "test/tools/tidy_test.py")


class Fault(NamedTuple):
    path: str
    line: int
    rule: str
    why: str


class File:
    """One file of the tree: its path from the root, its bytes, its text."""

    def __init__(self, root: Path, path: str):
        self.path = path
        self.bytes = (root / path).read_bytes()
        self.is_binary = b"\0" in self.bytes[:8192]
        self.text = "" if self.is_binary else self.bytes.decode("utf-8", errors="replace")
        self.lines = self.text.splitlines()
        self.suffix = Path(path).suffix
        self.top, _, self.rest = path.partition("/")
        self.folder = self.rest.partition("/")[0]  # Below src/ or test/.

    def numbered(self) -> Iterator[tuple[int, str]]:
        return enumerate(self.lines, start=1)

    def is_source(self) -> bool:
        return self.top == "src" and self.suffix in CXX

    def code_lines(self) -> Iterator[tuple[int, str]]:
        """The lines without // comments and without what stands in quotes."""
        for number, line in self.numbered():
            yield number, re.sub(r"//.*", "", re.sub(r'"(\\.|[^"\\])*"', '""', line))

    def comments(self) -> Iterator[tuple[int, str]]:
        """The comment of each line that has one."""
        mark = {".py": "#", ".sh": "#", ".cmake": "#", ".sql": "--"}.get(self.suffix, "//")
        for number, line in self.numbered():
            found = re.search(rf"(?:^|\s){re.escape(mark)}(.*)", line)
            if found:
                yield number, found.group(1)


class Tree:
    def __init__(self, root: Path):
        self.root = root
        self.files = [File(root, path) for path in sorted(paths_of(root))]
        self.paths = {file.path for file in self.files}


def paths_of(root: Path) -> list[str]:
    """What git has or would take; outside of a repository every file but made and fetched ones."""
    try:
        listed = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z", "-co", "--exclude-standard"],
            check=True, capture_output=True).stdout.decode().split("\0")
        return [path for path in set(listed) if path and (root / path).is_file()]
    except (OSError, subprocess.CalledProcessError):
        paths = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
        return [str(path) for path in paths if NOT_OURS.isdisjoint(path.parts)]


def layers(tree: Tree) -> Iterator[Fault]:
    for file in filter(File.is_source, tree.files):
        if file.folder not in picture.LAYERS:
            yield Fault(file.path, 1, "layer", f"src/{file.folder} is not in the picture of layers")
            continue
        allowed = [file.folder, *picture.LAYERS[file.folder], "embedded"]
        for number, line in file.numbered():
            found = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if found and found.group(1).partition("/")[0] not in allowed:
                yield Fault(file.path, number, "layer",
                            f"{file.folder} may not include {found.group(1)}")


def layers_in_cmake(tree: Tree) -> Iterator[Fault]:
    """The build's own table must be the same picture."""
    path = "src/CMakeLists.txt"
    if path not in tree.paths:
        return
    text = (tree.root / path).read_text("utf-8")
    for found in re.finditer(r"^ds_library\((\w+)(?: DEPS ([\w ]+?))?(?:\s+LIBS|\))", text, re.M):
        name, dependencies = found.group(1), (found.group(2) or "").split()
        line = text.count("\n", 0, found.start()) + 1
        extra = set(dependencies) - set(picture.LAYERS.get(name, []))
        if name not in picture.LAYERS or extra:
            yield Fault(path, line, "layer",
                        f"ds_{name} depends on {', '.join(sorted(extra)) or 'what is not known'}, "
                        "which the picture of layers does not have")


def libraries(tree: Tree) -> Iterator[Fault]:
    for file in filter(File.is_source, tree.files):
        for number, line in file.numbered():
            found = re.match(r"\s*#\s*include\s+<([^>]+)>", line)
            if not found or re.fullmatch(r"[a-z_0-9]+", found.group(1)):
                continue
            header = found.group(1)
            if is_of_the_system(header):
                if file.folder in picture.FOLDERS_WITHOUT_IO:
                    yield Fault(file.path, number, "library",
                                f"{file.folder} does no I/O: <{header}>")
                continue
            owners = next((folders for start, folders in picture.LIBRARIES.items()
                           if header.startswith(start)), [])
            if file.folder not in owners:
                yield Fault(file.path, number, "library",
                            f"<{header}> belongs to {', '.join(owners) or 'no folder yet'}, "
                            f"not to {file.folder}")


def is_of_the_system(header: str) -> bool:
    return bool(re.match(r"(sys|netinet|arpa|linux)/", header)) or header in (
        "dlfcn.h", "errno.h", "fcntl.h", "immintrin.h", "netdb.h", "poll.h", "pthread.h", "sched.h",
        "signal.h", "spawn.h", "termios.h", "time.h", "unistd.h")


def runtime(tree: Tree) -> Iterator[Fault]:
    threads = re.compile(
        r"std::(\w*mutex|j?thread|condition_variable\w*|this_thread|async|promise|future|"
        r"\w+_semaphore|latch|barrier)\b|\bsleep_(for|until)\b|"
        r"#\s*include\s+<((shared_)?mutex|thread|condition_variable|future|semaphore|latch)>")
    for file in filter(File.is_source, tree.files):
        for number, line in file.code_lines():
            if file.folder in picture.FOLDERS_ON_THE_RUNTIME and threads.search(line):
                yield Fault(file.path, number, "runtime",
                            "threads, locks and waiting come from base/runtime.h here")
            if file.folder != "base" and re.search(r"\b(system|steady)_clock::now\b", line):
                yield Fault(file.path, number, "runtime", "time comes from base/clock.h")


def coroutines(tree: Tree) -> Iterator[Fault]:
    for file in tree.files:
        if file.suffix not in CXX:
            continue
        for number, line in file.code_lines():
            if "co_await" in line and file.top == "src" and file.folder != "http":
                yield Fault(file.path, number, "coroutine", "coroutines live in http/ only")
            if re.search(r"co_await .*[\[{]", line):
                yield Fault(file.path, number, "coroutine",
                            "g++ 12 miscompiles braces and lambdas beside co_await: name it first")


def empty_names(tree: Tree) -> Iterator[Fault]:
    for file in tree.files:
        if file.suffix not in CXX:
            continue
        allowed = picture.EMPTY_NAMES_ALLOWED.get(file.folder, [])
        banned = [name for name in picture.EMPTY_NAMES if name not in allowed]
        words = re.split("_", Path(file.path).stem.removesuffix("_test"))
        if words[-1].capitalize() in banned:
            yield Fault(file.path, 1, "empty-name", f"a file named {words[-1]} says nothing")
        pattern = re.compile(r"\b(?:class|struct|enum class|enum|using)\s+(?:\[\[\w+\]\]\s+)?"
                             rf"(\w*(?:{'|'.join(banned)}))\b(?!;)")
        for number, line in file.code_lines():
            for found in pattern.finditer(line):
                if found.group(1) not in picture.EXCEPTIONS["empty-name"]:
                    yield Fault(file.path, number, "empty-name",
                                f"{found.group(1)} does not say what the type is")


def sizes(tree: Tree) -> Iterator[Fault]:
    for file in tree.files:
        most = picture.LINES_MAX.get(file.suffix)
        if most and len(file.lines) > most:
            yield Fault(file.path, most + 1, "size", f"{len(file.lines)} lines; the most is {most}")
        if file.path == "ARCHITECTURE.md" and len(file.lines) > picture.ARCHITECTURE_LINES_MAX:
            yield Fault(file.path, len(file.lines), "size",
                        f"the most is {picture.ARCHITECTURE_LINES_MAX} lines")
        is_decision = re.match(r"docs/adr/\d+.*\.md$", file.path)
        if is_decision and len(file.lines) > picture.DECISION_LINES_MAX:
            yield Fault(file.path, len(file.lines), "size",
                        f"the most is {picture.DECISION_LINES_MAX} lines for a decision")


def line_lengths(tree: Tree) -> Iterator[Fault]:
    for file in tree.files:
        if file.suffix not in CODE and not file.path.endswith("CMakeLists.txt"):
            continue
        for number, line in file.numbered():
            if len(line) > picture.LINE_LENGTH_MAX:
                yield Fault(file.path, number, "line-length",
                            f"{len(line)} characters; the most is {picture.LINE_LENGTH_MAX}")


def mirror_tests(tree: Tree) -> Iterator[Fault]:
    for file in tree.files:
        if file.top == "src" and file.suffix == ".cc":
            test = f"test/{file.rest.removesuffix('.cc')}_test.cc"
            if test not in tree.paths:
                yield Fault(file.path, 1, "mirror-test", f"{test} is missing")


def headers(tree: Tree) -> Iterator[Fault]:
    for file in tree.files:
        if file.suffix == ".h" and "#pragma once" not in file.lines:
            yield Fault(file.path, 1, "header", "#pragma once is missing")
        has_header = file.suffix == ".cc" and file.path[:-3] + ".h" in tree.paths
        if file.is_source() and not has_header and not re.match(r"(//|/\*)", file.text):
            yield Fault(file.path, 1, "header", "a file begins with a comment: what, and why")
        if file.suffix == ".sql" and not re.match(r"-- \S", file.text):
            yield Fault(file.path, 1, "header", "a statement begins with a comment: what, params")


def sleeps_in_tests(tree: Tree) -> Iterator[Fault]:
    sleeping = re.compile(r"\bsleep_(for|until)\b|(?<!\w)u?sleep\(|\bnanosleep\b")
    for file in tree.files:
        if file.top == "test" and file.suffix in CXX + (".py",):
            for number, line in file.code_lines():
                if sleeping.search(line):
                    yield Fault(file.path, number, "sleep-in-test",
                                "wait for the condition with a deadline, or inject the clock")


# rule, pattern, why; searched in the comments of code.
COMMENT_WORDS = [
    ("date", r"""(?<![\w:=>"'`-])20\d\d-\d\d-\d\d(?![\w"'`-])""", "history belongs to git"),
    ("stage", r"(?i)\bday \d+\b", "a comment is about the thing, not the work"),
    ("ticket", r"\bBR-[A-Z]+-\d+|\b[Ii]ssue #?\d+|(?<!TODO\()(?<![\w&])#\d+\b",
     "tickets belong to git"),
    ("todo", r"\bTODO\b(?!\(#\d+\): \S)|\bFIXME\b|\bXXX\b|\bHACK\b",
     "write TODO(#12): when …, or do it"),
]
# Searched in every line of every text.
TEXT_WORDS = [
    ("machine-path", r"(?<![\w.$})])/(?:home|Users|root|work)/", "a path of one machine"),
    ("registry", r"(?i)\b(?:pypi\.org|pythonhosted\.org|deb\.debian\.org|registry\.npmjs\.org|"
                 r"repo1?\.maven\.org|proxy\.golang\.org|index\.crates\.io)\b",
     "registries are the machine's choice"),
    ("report", r"✅|(?i:\bconfidence: \d+ ?%)", "no reports of progress in the repository"),
]


def words(tree: Tree) -> Iterator[Fault]:
    for file in tree.files:
        if file.path in NAMES_THE_FORBIDDEN or file.suffix in (".ndjson", ".jsonl"):
            continue
        if file.suffix in CODE:
            yield from matches(file, file.comments(), COMMENT_WORDS)
        yield from matches(file, file.numbered(), TEXT_WORDS)


def matches(file: File, lines: Iterator[tuple[int, str]], rules) -> Iterator[Fault]:
    for number, line in lines:
        for rule, pattern, why in rules:
            found = re.search(pattern, line)
            if found:
                yield Fault(file.path, number, rule, f"`{found.group(0).strip()}`: {why}")


def committed_files(tree: Tree) -> Iterator[Fault]:
    built = (".o", ".a", ".so", ".pyc", ".db", ".sqlite", ".onnx", ".safetensors", ".whl", ".gz")
    for file in tree.files:
        if file.is_binary and file.top != "test" or file.suffix in built:
            yield Fault(file.path, 1, "binary", "built and binary files are not kept in git")
        if len(file.bytes) > picture.COMMITTED_BYTES_MAX:
            yield Fault(file.path, 1, "binary", f"larger than {picture.COMMITTED_BYTES_MAX} bytes")


RULES = [layers, layers_in_cmake, libraries, runtime, coroutines, empty_names, sizes, line_lengths,
         mirror_tests, headers, sleeps_in_tests, words, committed_files]


def check(root: Path) -> list[Fault]:
    """Every fault of the tree that no exception covers, and every exception without its fault."""
    tree = Tree(root)
    faults, used = [], set()
    for rule in RULES:
        for fault in rule(tree):
            if fault.path in picture.EXCEPTIONS.get(fault.rule, {}):
                used.add((fault.rule, fault.path))
            else:
                faults.append(fault)
    for rule, exceptions in picture.EXCEPTIONS.items():
        for path in exceptions:
            if "/" in path and (rule, path) not in used:
                faults.append(Fault("tools/tidy_picture.py", 1, "exception",
                                    f"{path} needs no exception from {rule} any more"))
    return sorted(faults)


def summary(root: Path) -> str:
    tree = Tree(root)
    parts = []
    for suffix, meant in picture.LINES_MEANT.items():
        counts = [len(file.lines) for file in tree.files if file.suffix == suffix]
        long = sum(count > meant for count in counts)
        if counts:
            parts.append(f"{len(counts)} {suffix} files, median {statistics.median(counts):.0f} "
                         f"lines, {long} over {meant}")
    return "; ".join(parts)


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    faults = check(root)
    for fault in faults:
        print(f"{fault.path}:{fault.line}: {fault.rule}: {fault.why}")
    print(f"tidy: {len(faults)} faults; {summary(root)}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
