"""How far those who judge agree: raw, and beyond what chance would give.

Cohen (1960), Fleiss (1971), Krippendorff's alpha for nominal data (2011), Wilson (1927). Each
is None where it is not defined: no items, or one label only, so that chance explains everything.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from math import sqrt

Z95 = 1.959963984540054
"""The 97.5 % point of the normal distribution: intervals of 95 %."""


def cohen_kappa(pairs: Sequence[tuple[Hashable, Hashable]]) -> float | None:
    """Return the agreement of two judges beyond chance.

    >>> cohen_kappa([("a", "a"), ("b", "b"), ("a", "b"), ("b", "a")])
    0.0
    """
    n = len(pairs)
    ours, theirs = (Counter(side) for side in zip(*pairs, strict=True)) if pairs else ({}, {})
    expected = sum(count * theirs[label] for label, count in ours.items())
    if expected == n * n:
        return None
    observed = sum(one == other for one, other in pairs)
    # One fraction of whole numbers: rounding cannot make perfect agreement less than 1.
    return (n * observed - expected) / (n * n - expected)


def fleiss_kappa(items: Sequence[Sequence[Hashable]]) -> float | None:
    """Return the agreement beyond chance of judges who all gave a label to every item."""
    if len({len(labels) for labels in items}) > 1:
        raise ValueError("items have different numbers of labels: use krippendorff_alpha")
    if not items or len(items[0]) < 2:
        return None
    total = len(items) * len(items[0])
    shares = Counter(label for labels in items for label in labels)
    expected = sum(count * count for count in shares.values()) / total**2
    observed = raw_agreement(items)
    if observed is None or len(shares) == 1:
        return None
    return (observed - expected) / (1 - expected)


def krippendorff_alpha(items: Iterable[Sequence[Hashable]]) -> float | None:
    """Return alpha for nominal labels; an item may lack labels, and below two it does not count."""
    paired = [labels for labels in items if len(labels) > 1]
    totals = Counter(label for labels in paired for label in labels)
    n = sum(totals.values())
    by_chance = n * n - sum(count * count for count in totals.values())
    if not by_chance:
        return None
    differing = sum(
        (len(labels) ** 2 - sum(count * count for count in Counter(labels).values()))
        / (len(labels) - 1)
        for labels in paired
    )
    return 1 - (n - 1) * differing / by_chance


def raw_agreement(items: Iterable[Sequence[Hashable]]) -> float | None:
    """Return how often two labels of one item are equal, averaged over items that have two."""
    shares = []
    for labels in items:
        pairs = len(labels) * (len(labels) - 1)
        if pairs:
            same = sum(count * (count - 1) for count in Counter(labels).values())
            shares.append(same / pairs)
    return sum(shares) / len(shares) if shares else None


def wilson(successes: int, n: int, z: float = Z95) -> tuple[float, float] | None:
    """Return the interval of a share that n trials with so many successes leave open.

    >>> low, high = wilson(8, 10)
    >>> round(low, 3), round(high, 3)
    (0.49, 0.943)
    """
    if not n:
        return None
    share, square = successes / n, z * z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = z * sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)
    low = 0.0 if successes == 0 else middle - half
    high = 1.0 if successes == n else middle + half
    return low, high
