"""The vectors of the embedder lexical-1 computed anew, from its description, with numpy.

A word counts by its length (whole from 6 characters on), its marked grams of 3 to 5 characters
together twice as much; equal features grow by the logarithm of their count; each feature adds to
one of 384 places with a sign.
"""

import re
import unicodedata

import numpy as np

MODEL = "lexical-1"
DIMENSIONS = 384
MASK = (1 << 64) - 1
WORD_SEED, GRAM_SEED = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F
GRAMMED_MAX = 40


def embedded_text(content):
    """The canonical text of a record's content, or None. No id, time or number in the made texts
    is of those that become placeholders, so white space is all that is to be normalised."""
    cause = content.get("root_cause") or content.get("recommendation")
    parts = [content.get("summary"), cause, content.get("error_message")]
    parts = [" ".join(part.split()) for part in parts if part is not None]
    return "\n".join(part for part in parts if part)[:1000] or None


def _mix(state, value):
    state = ((state ^ value) * 0xFF51AFD7ED558CCD) & MASK
    return state ^ (state >> 32)


def _finish(state):
    state = ((state ^ (state >> 29)) * 0xC4CEB9FE1A85EC53) & MASK
    return state ^ (state >> 32)


def _fold(text):
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _words(text):
    text = _fold(text)
    if text.isascii():
        return re.findall("[a-z0-9]+", text)
    return "".join(c if unicodedata.category(c)[0] in "LM" or unicodedata.category(c) == "Nd"
                   else " " for c in text).split(" ")


def _features(word):
    weight = min(1.0, len(word) / 6)
    state = WORD_SEED
    for c in word:
        state = _mix(state, ord(c))
    hashes = [_finish(state)]
    marked = [0, *map(ord, word[:GRAMMED_MAX]), 0]
    for begin in range(len(marked) - 2):
        state = GRAM_SEED
        for n, c in enumerate(marked[begin:begin + 5], 1):
            state = _mix(state, c)
            if n >= 3:
                hashes.append(_finish(state))
    weights = np.full(len(hashes), weight * 2 / np.sqrt(len(hashes) - 1))
    weights[0] = weight
    return np.array(hashes, np.uint64), weights


class ReferenceVectors:
    """Keeps the features of words that come again; those of coined words would only pile up."""

    def __init__(self):
        self._features = {}

    def _of_word(self, word):
        found = self._features.get(word)
        if found is None:
            found = _features(word)
            if len(self._features) < 10_000:
                self._features[word] = found
        return found

    def vector(self, text):
        """384 numbers of 64 bits, of length one. The text must hold a word."""
        parts = [self._of_word(word) for word in _words(text) if word]
        hashes = np.concatenate([part[0] for part in parts])
        weights = np.concatenate([part[1] for part in parts])
        order = np.lexsort((weights, hashes))
        hashes, first, counts = np.unique(hashes[order], return_index=True, return_counts=True)
        weights = weights[order][first] * (1 + np.log(counts))
        signs = np.where(hashes >> np.uint64(63), -1.0, 1.0)
        vector = np.bincount((hashes % np.uint64(DIMENSIONS)).astype(np.int64), signs * weights,
                             DIMENSIONS)
        return vector / np.linalg.norm(vector)
