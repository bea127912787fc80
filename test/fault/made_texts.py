"""A text of its own for each numbered operation, and its vector."""

from made_records import coined
from reference_vectors import ReferenceVectors

PLACES = ("node pool", "ingress", "volume claim", "config map", "job", "stateful set")
EVENTS = ("ran out of memory", "lost its leader", "is not scheduled", "fails its probe")
VECTORS = ReferenceVectors()


def text_of(operation):
    place, event = PLACES[operation % len(PLACES)], EVENTS[operation % len(EVENTS)]
    return f"{place} {coined('zu', operation)} {event}"


def vector_of(text):
    return VECTORS.vector(text)


def vector_text(text):
    """As pgvector reads it."""
    return "[" + ",".join(f"{number:.7g}" for number in vector_of(text)) + "]"
