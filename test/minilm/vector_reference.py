"""Writes texts, their ids and the vectors that an independent forward pass gives for them.

Usage: vector_reference.py DEPENDENCIES OUTPUT. One text a line: its UTF-8 bytes in hexadecimal
digits, a tab, its ids, a tab, its 384 components. Reads the weights by itself and computes in f32.
"""

import json
import math
import os
import random
import struct
import sys

dependencies, output = sys.argv[1:]
sys.path.insert(0, dependencies + "/python")
# Its threads would spin for each other on a busy machine.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402  The path to both is set just above.
from tokenizers import Tokenizer  # noqa: E402

HEADS, HIDDEN = 12, 384
TEXTS = [
    "a",
    "the pod was killed because it ran out of memory",
    "The Pod was OOMKilled.",
    "disk pressure on node worker-3",
    "CrashLoopBackOff",
    "certificate expired",
    "restart the deployment",
    "Bonjour, le disque est plein",
    "メモリ不足",
    "?!",
    " \t\n",
    "connection refused: dial tcp 10.0.0.12:5432",
    "🔥🔥 node down 🔥🔥",
    "\u0301",
    "한국어 텍스트",
    "java.lang.OutOfMemoryError: Java heap space",
    "[SEP]",
    "x" * 500,
    "memory " * 300,
]


def erf(x):
    """Numerical Recipes' erfc by Chebyshev fit; relative error under 1.2e-7."""
    t = 1.0 / (1.0 + 0.5 * np.abs(x))
    coefficients = [
        0.17087277,
        -0.82215223,
        1.48851587,
        -1.13520398,
        0.27886807,
        -0.18628806,
        0.09678418,
        0.37409196,
        1.00002368,
    ]
    polynomial = np.zeros_like(t)
    for coefficient in coefficients:
        polynomial = polynomial * t + coefficient
    value = 1.0 - t * np.exp(-x * x - 1.26551223 + t * polynomial)
    return np.where(x >= 0, value, -value)


def read_weights(path):
    with open(path, "rb") as file:
        raw = file.read()
    (size,) = struct.unpack("<Q", raw[:8])
    weights = {}
    for name, entry in json.loads(raw[8 : 8 + size]).items():
        if entry.get("dtype") == "F32":
            begin, end = entry["data_offsets"]
            weights[name] = np.frombuffer(
                raw, np.float32, (end - begin) // 4, 8 + size + begin
            ).reshape(entry["shape"])
    return weights


class Model:
    def __init__(self, weights):
        self.weights = weights

    def linear(self, x, name):
        return x @ self.weights[name + ".weight"].T + self.weights[name + ".bias"]

    def layer_norm(self, x, name):
        centred = x - x.mean(-1, keepdims=True)
        scale = np.sqrt((centred * centred).mean(-1, keepdims=True) + np.float32(1e-12))
        return centred / scale * self.weights[name + ".weight"] + self.weights[name + ".bias"]

    def attention(self, x, layer):
        query, key, value = (
            self.linear(x, f"{layer}.attention.self.{part}")
            .reshape(len(x), HEADS, -1)
            .transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 2, 1) / np.float32(math.sqrt(HIDDEN // HEADS))
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        return self.linear(
            (weights @ value).transpose(1, 0, 2).reshape(len(x), HIDDEN),
            layer + ".attention.output.dense",
        )

    def embed(self, ids):
        """The unit vector of one text: no batch, hence no padding and no mask."""
        prefix = "embeddings."
        x = (
            self.weights[prefix + "word_embeddings.weight"][ids]
            + self.weights[prefix + "position_embeddings.weight"][: len(ids)]
        )
        x = self.layer_norm(
            x + self.weights[prefix + "token_type_embeddings.weight"][0], prefix + "LayerNorm"
        )
        for number in range(6):
            layer = f"encoder.layer.{number}"
            x = self.layer_norm(x + self.attention(x, layer), layer + ".attention.output.LayerNorm")
            inner = self.linear(x, layer + ".intermediate.dense")
            inner = (
                inner
                * np.float32(0.5)
                * (1 + erf(inner / np.float32(math.sqrt(2)))).astype(np.float32)
            )
            x = self.layer_norm(
                x + self.linear(inner, layer + ".output.dense"), layer + ".output.LayerNorm"
            )
        mean = x.mean(0)
        return mean / np.linalg.norm(mean)


def random_texts(count, vocabulary):
    rng = random.Random(7)
    words = [word for word in vocabulary if word.isalpha() and word.isascii()]
    for i in range(count):
        length = rng.randint(1, 240) if i % 20 == 0 else int(rng.triangular(1, 60, 12))
        yield " ".join(
            rng.choice(words if rng.random() < 0.9 else vocabulary) for _ in range(length)
        )


def main():
    model = Model(read_weights(dependencies + "/minilm/model.safetensors"))
    tokenizer = Tokenizer.from_file(dependencies + "/minilm/tokenizer.json")
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    with open(dependencies + "/minilm/vocab.txt", encoding="utf-8") as file:
        vocabulary = file.read().split("\n")[1000:-1]
    with open(output, "w", encoding="ascii") as file:
        for text in TEXTS + list(random_texts(220, vocabulary)):
            ids = tokenizer.encode(text).ids
            vector = " ".join(f"{component:.9g}" for component in model.embed(ids))
            file.write(f"{text.encode('utf-8').hex()}\t{' '.join(map(str, ids))}\t{vector}\n")


main()
