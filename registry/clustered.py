"""How sure the mean of all rows is where rows of one task succeed and fail together.

Miller, "Adding Error Bars to Evals" (2024), on clustered questions; times G / (G - 1) for G tasks,
which the paper has not and inspect_ai has.
"""

from collections.abc import Sequence
from math import fsum, sqrt


def clustered_error(gaps: Sequence[tuple[int, float]]) -> float | None:
    """Return the standard error of the mean of all rows' differences, rows clustered by task.

    Each task is (rows, mean difference): the sums over its rows are all that the formula needs.
    None with fewer than two tasks, which say nothing of how tasks differ.
    """
    if any(rows < 1 for rows, _ in gaps):
        raise ValueError("a task without rows has no mean")
    if len(gaps) < 2:
        return None
    total = sum(rows for rows, _ in gaps)
    mean = fsum(rows * gap for rows, gap in gaps) / total
    squares = fsum((rows * (gap - mean)) ** 2 for rows, gap in gaps)
    return sqrt(squares * len(gaps) / (len(gaps) - 1)) / total
