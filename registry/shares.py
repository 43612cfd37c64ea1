"""How a number of rows is shared out, in whole rows and exactly."""

from collections.abc import Hashable, Mapping, Sequence
from fractions import Fraction
from typing import TypeVar

Task = TypeVar("Task", bound=Hashable)


def apportion(total: int, weights: Sequence[float]) -> list[int]:
    """Share `total` by weight with the largest remainder; each share is within one of exact.

    Equal remainders go to the earlier one.

    >>> apportion(10, [1, 1, 1])
    [4, 3, 3]
    """
    exact = _exact(total, weights)
    shares = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: (shares[i] - exact[i], i))
    for i in by_remainder[: total - sum(shares)]:
        shares[i] += 1
    return shares


def examples_proportional(
    total: int, rows: Mapping[Task, int], cap: int | None = None
) -> dict[Task, int]:
    """Share `total` among tasks by their rows, each counted as at most `cap` of them.

    A task gives no more rows than it has; what it lacks, the others of its dataset give at the
    same rates. Wei et al. (2021), section 2.1, after Raffel et al. (2020), section 3.5.2.

    >>> examples_proportional(60, {"large": 1000, "small": 10}, cap=20)
    {'large': 50, 'small': 10}
    """
    rates = {task: min(count, cap or count) for task, count in rows.items() if count}
    shares = dict.fromkeys(rows, 0)
    left = min(total, sum(rows.values()))
    while rates:
        exact = dict(zip(rates, _exact(left, list(rates.values())), strict=True))
        full = [task for task, share in exact.items() if share >= rows[task]]
        if not full:
            shares.update(zip(rates, apportion(left, list(rates.values())), strict=True))
            break
        for task in full:
            shares[task] = rows[task]
            left -= rows[task]
            del rates[task]
    return shares


def _exact(total: int, weights: Sequence[float]) -> list[Fraction]:
    whole = sum(map(Fraction, weights))
    return [total * Fraction(weight) / whole for weight in weights]
