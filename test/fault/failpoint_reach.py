"""Which cells of the matrix cannot be reached, and why. Rules speak of steps: a failpoint of a
known step needs nothing here, one of a new step is expected in every cell until a rule says
otherwise. A rule is refuted, and fails the run, when a write of its cells passes the failpoint all
the same.
"""

INTENT_STEPS = ("T0", "T1'", "abort", "fence")
EMBEDDING_STEPS = ("embed", "relay embed", "store embedding")
# Of the relay, once a write has left it something.
RELAY_STEPS = ("lease", "relay embed", "store embedding", "relay V", "relay T2", "give back")

# (step, placement, mode, op) → whether the reason holds; the first that does is told.
REASONS = (
    (lambda step, placement, mode, op: mode == "strict" and op != "create",
     "strict is for creations: a change of a committed record always commits first"),
    (lambda step, placement, mode, op: step in INTENT_STEPS and mode == "default",
     "only a strict creation has an intent"),
    (lambda step, placement, mode, op: step in INTENT_STEPS and placement != "separate",
     "a strict creation is one commit where vectors are on no other server"),
    (lambda step, placement, mode, op: step == "T1" and placement == "separate"
     and mode == "strict",
     "a strict creation commits its record in T1'"),
    (lambda step, placement, mode, op: step in EMBEDDING_STEPS and op == "erase",
     "an erasure embeds nothing"),
    (lambda step, placement, mode, op: step in ("relay embed", "store embedding")
     and mode == "strict",
     "a strict creation whose embedding is missing is refused before anything is stored"),
    (lambda step, placement, mode, op: step in ("V", "T2", "enqueue")
     and placement == "same_database",
     "record and vector are one transaction: nothing is sent after it"),
    (lambda step, placement, mode, op: step in RELAY_STEPS and placement == "same_database"
     and mode == "strict",
     "a strict creation is one transaction with its vector, and leaves nothing to the relay"),
    (lambda step, placement, mode, op: step in RELAY_STEPS and placement == "same_database"
     and op == "erase",
     "an erasure takes its vector away in its own transaction, and leaves nothing to the relay"),
    (lambda step, placement, mode, op: step in ("relay V", "relay T2")
     and placement == "same_database",
     "the relay stores the embedding and its vector in one transaction, and the row goes with it"),
    (lambda step, placement, mode, op: step == "T2" and placement == "in_process"
     and op != "erase",
     "a write leaves no pending row, so there is none to remove"),
    (lambda step, placement, mode, op: step == "enqueue" and op == "erase",
     "an erasure leaves its pending row in its own commit"),
    (lambda step, placement, mode, op: step == "enqueue" and placement == "separate",
     "each write leaves its pending row in T1"),
)


def why_not(step, placement, mode, op):
    """The reason, or None when the cell is to be reached."""
    for holds, reason in REASONS:
        if holds(step, placement, mode, op):
            return reason
    return None
