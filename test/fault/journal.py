"""What a client sent and what it was told, on disk before it acts on it.

One JSON document a line: {"sent": [operation…]} before sending, {"acked": [[operation, id, version,
status]…]} after a reply, {"killed": n}. A storm adds {"refused": [operation…]} for what was never
tried again after an answer that nothing was stored, and {"seen": [[id, version]…]} for what was
shown. Operations: "c17" creates record 17, "p17.2" is its second patch.
"""

import json
import os
import threading


class Journal:
    """Threads: safe; writers that come together share one fsync."""

    def __init__(self, path):
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._state = threading.Condition()
        self._lines, self._next, self._durable, self._is_syncing = [], 0, 0, False

    def add(self, entry):
        """Returns when the entry is on disk."""
        line = json.dumps(entry, separators=(",", ":")).encode() + b"\n"
        with self._state:
            self._lines.append(line)
            self._next += 1
            mine = self._next
            while self._durable < mine:
                if self._is_syncing:
                    self._state.wait()
                else:
                    self._sync()

    def _sync(self):
        self._is_syncing, lines, until = True, self._lines, self._next
        self._lines = []
        self._state.release()
        try:
            data = b"".join(lines)
            if os.write(self._file, data) != len(data):
                raise OSError("the journal was cut")
            os.fsync(self._file)
        finally:
            self._state.acquire()
            self._is_syncing = False
        self._durable = until
        self._state.notify_all()


class JournalFacts:
    """A journal, read back."""

    def __init__(self, path):
        self.sent, self.acked, self.contradictions = set(), {}, []
        self.refused, self.seen = set(), {}  # Of each id shown, the highest version.
        with open(path, encoding="ascii") as lines:
            for line in lines:
                entry = json.loads(line)
                self.sent.update(entry.get("sent", ()))
                self.refused.update(entry.get("refused", ()))
                for record_id, version in entry.get("seen", ()):
                    self.seen[record_id] = max(version, self.seen.get(record_id, 0))
                for operation, record_id, version, _ in entry.get("acked", ()):
                    before = self.acked.setdefault(operation, (record_id, version))
                    if before != (record_id, version):
                        self.contradictions.append(f"{operation}: acknowledged as {before} and as "
                                                   f"{(record_id, version)}")

    def version_acked(self, i):
        """0 when the creation was not acknowledged."""
        if f"c{i}" not in self.acked:
            return 0
        version = 1
        while f"p{i}.{version}" in self.acked:
            version += 1
        return version

    def version_sent(self, i):
        version = 1
        while f"p{i}.{version}" in self.sent:
            version += 1
        return version
