"""Ranking metrics and bootstrap intervals, in plain Python so that nothing needs installing.

A ranking is a list of document ids, best first; `relevant` maps document ids to grades ≥ 1.
Gains are 2^grade − 1. Recall divides by min(cutoff, number of relevant documents), so 1.0 can
always be reached. Reciprocal rank and success count a document of any grade.
"""

import math
import random

NAMES = ("ndcg@10", "recall@10", "mrr", "success@1", "success@5")


def ndcg(ranking, relevant, cutoff=10):
    """Discounted gain of the first `cutoff` over that of the best possible order, 0…1."""
    if not relevant:
        raise ValueError("a query without relevant documents has no nDCG")
    gains = [2 ** relevant.get(doc, 0) - 1 for doc in ranking[:cutoff]]
    ideal = sorted((2**grade - 1 for grade in relevant.values()), reverse=True)[:cutoff]
    return discounted(gains) / discounted(ideal)


def discounted(gains):
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))


def recall(ranking, relevant, cutoff=10):
    found = sum(1 for doc in ranking[:cutoff] if doc in relevant)
    return found / min(cutoff, len(relevant))


def reciprocal_rank(ranking, relevant):
    """1 / rank of the first relevant document, 0 where the ranking holds none."""
    return next((1 / rank for rank, doc in enumerate(ranking, 1) if doc in relevant), 0.0)


def success(ranking, relevant, cutoff):
    return 1.0 if any(doc in relevant for doc in ranking[:cutoff]) else 0.0


def judge(ranking, relevant):
    """All metrics of one query, by name."""
    if len(set(ranking)) != len(ranking):
        raise ValueError("a ranking names a document twice")
    return {
        "ndcg@10": ndcg(ranking, relevant),
        "recall@10": recall(ranking, relevant),
        "mrr": reciprocal_rank(ranking, relevant),
        "success@1": success(ranking, relevant, 1),
        "success@5": success(ranking, relevant, 5),
    }


def mean(values):
    return sum(values) / len(values)


def percentile(ordered, share):
    """The value below which `share` of the ordered values lie, linear between neighbours."""
    position = share * (len(ordered) - 1)
    low = math.floor(position)
    high = math.ceil(position)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


def bootstrap_interval(values, resamples=2000, seed=1):
    """The 95 % percentile interval of the mean; queries are drawn with replacement."""
    source = random.Random(seed)
    means = sorted(mean(source.choices(values, k=len(values))) for _ in range(resamples))
    return percentile(means, 0.025), percentile(means, 0.975)


def paired_interval(ours, theirs, resamples=2000, seed=1):
    """The 95 % interval of the mean difference ours − theirs, query by query."""
    if len(ours) != len(theirs):
        raise ValueError("paired values need the same queries on both sides")
    return bootstrap_interval([a - b for a, b in zip(ours, theirs)], resamples, seed)
