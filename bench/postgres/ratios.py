"""Figures of repeated runs: their middle, and how sure a ratio of two ways is."""

import math
import statistics

# Student's t for 95 %, two sides, by degrees of freedom.
T_95 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
        2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086]


def ratio(theirs, ours):
    """ours / theirs with its 95 % interval, from runs taken in turns: [middle, low, high].

    What both runs of a turn shared, such as a busy neighbour, cancels out. Ratios are multiplied,
    not added: the middle is geometric. One turn tells nothing about its spread.
    """
    if len(theirs) != len(ours) or not ours:
        raise ValueError("a ratio needs as many runs of one way as of the other")
    logs = [math.log(our / their) for their, our in zip(theirs, ours)]
    middle = statistics.fmean(logs)
    if len(logs) == 1:
        return [math.exp(middle), 0.0, math.inf]
    degrees = len(logs) - 1
    t = T_95[min(degrees, len(T_95)) - 1]
    reach = t * statistics.stdev(logs) / math.sqrt(len(logs))
    return [math.exp(middle), math.exp(middle - reach), math.exp(middle + reach)]


def shown(interval):
    middle, low, high = interval
    return f"{middle:.2f} [{low:.2f}, {high:.2f}]"


def table(heads, rows):
    """Lines of a table, its columns as wide as they must be."""
    cells = [[str(cell) for cell in row] for row in [heads, *rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    return [" | ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
            for row in cells]
