"""How sure a mean is, and whether two models differ: bootstrap intervals and paired tests.

Efron, "Bootstrap methods" (1979), percentile intervals; Koehn, "Statistical significance tests for
machine translation evaluation" (2004), for pairs; McNemar (1947), in its exact form. The samples
are made of the raw numbers that PCG64 draws from the seed, which no version of numpy may change:
the same scores give the same interval.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from registry.errors import RegistryError

SAMPLES = 1000
SEED = 0
_AT_ONCE = 1 << 22


@dataclass(frozen=True, slots=True)
class Interval:
    """Between these the mean lies with so much confidence."""

    low: float
    high: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Compared:
    """One model's scores against another's, on the same items.

    `difference` is the mean of the first minus that of the second; `better` the share of samples
    in which the first has the higher mean, ties counted half.
    """

    difference: float
    interval: Interval
    better: float
    n: int


@dataclass(frozen=True, slots=True)
class McNemar:
    """How often only one of two models is right, and how likely so uneven a split is by chance."""

    only_first: int
    only_second: int
    p: float


def interval(
    scores: Sequence[float], *, confidence: float = 0.95, samples: int = SAMPLES, seed: int = SEED
) -> Interval:
    """Return the percentile interval of the mean of these scores, over resampled items."""
    return _percentiles(_means(_sound(scores, confidence), samples, seed), confidence)


def macro_interval(
    groups: Mapping[str, Sequence[float]],
    *,
    confidence: float = 0.95,
    samples: int = SAMPLES,
    seed: int = SEED,
) -> Interval:
    """Return the interval of the mean of the groups' means, items resampled within each group.

    The groups are those of the benchmark; it does not say how another choice of tasks would do.
    """
    if not groups:
        raise ValueError("nothing to resample: there are no groups")
    total = np.zeros(samples)
    for at, name in enumerate(sorted(groups)):
        scores = _sound(groups[name], confidence)
        total += _means(scores, samples, np.random.SeedSequence([seed, at]))
    return _percentiles(total / len(groups), confidence)


def compare(
    first: Sequence[float],
    second: Sequence[float],
    *,
    confidence: float = 0.95,
    samples: int = SAMPLES,
    seed: int = SEED,
) -> Compared:
    """Compare two models by their scores of the same items, in the same order."""
    _check_pairs(first, second)
    gaps = _sound(first, confidence) - _sound(second, confidence)
    means = _means(gaps, samples, seed)
    better = float(np.mean(means > 0) + np.mean(means == 0) / 2)
    mean = float(np.mean(gaps))
    return Compared(mean, _percentiles(means, confidence), better, len(gaps))


def mcnemar(first: Sequence[bool], second: Sequence[bool]) -> McNemar:
    """Test whether two models are right equally often, by the items that only one has right.

    Exact and two-sided, so that few items do no harm.

    >>> mcnemar([True] * 6 + [False], [False] * 7)
    McNemar(only_first=6, only_second=0, p=0.03125)
    """
    _check_pairs(first, second)
    only_first = sum(one and not other for one, other in zip(first, second, strict=True))
    only_second = sum(other and not one for one, other in zip(first, second, strict=True))
    n, fewer = only_first + only_second, min(only_first, only_second)
    # Integers until the end: the two sides are a half each where the split is even.
    tail = sum(comb(n, k) for k in range(fewer + 1))
    return McNemar(only_first, only_second, min(1.0, 2 * tail / 2**n))


def _check_pairs(first: Sequence[object], second: Sequence[object]) -> None:
    if len(first) != len(second):
        raise RegistryError(
            f"compare: {len(first)} scores against {len(second)}; score the same items with both"
        )


def _sound(scores: Sequence[float], confidence: float) -> NDArray[np.float64]:
    if not len(scores):
        raise ValueError("nothing to resample: there are no scores")
    if not 0 < confidence < 1:
        raise RegistryError(f"confidence: {confidence} is not between 0 and 1; use 0.95 or so")
    return np.asarray(scores, dtype=np.float64)


def _means(
    scores: NDArray[np.float64], samples: int, seed: int | np.random.SeedSequence
) -> NDArray[np.float64]:
    """Return the mean of each resample, drawn a block at a time to bound memory."""
    raw = np.random.PCG64(seed).random_raw
    n = len(scores)
    means = np.empty(samples)
    block = max(1, _AT_ONCE // n)
    for start in range(0, samples, block):
        end = min(start + block, samples)
        # The upper half of each number, as a fraction of n: uneven by less than n in 2^32.
        drawn = ((raw((end - start) * n) >> np.uint64(32)) * np.uint64(n)) >> np.uint64(32)
        means[start:end] = scores[drawn.astype(np.intp)].reshape(-1, n).mean(axis=1)
    return means


def _percentiles(means: NDArray[np.float64], confidence: float) -> Interval:
    outside = (1 - confidence) / 2
    low, high = np.quantile(means, [outside, 1 - outside])
    return Interval(float(low), float(high), confidence)
