"""What can be counted of a table's rows as they pass, in one go and little memory."""

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from operator import attrgetter

from registry.canonical import Example
from registry.reports import Measurement

_SPLIT, _TASK, _MESSAGES = attrgetter("split"), attrgetter("task"), attrgetter("messages")
_ROLE, _CONTENT = attrgetter("role"), attrgetter("content")

Measured = dict[str, tuple[Measurement, ...]]


class Tally:
    """Counts of examples; lengths are in characters of Unicode.

    Of each row a hash of 8 bytes stays in memory, by which repeated rows are known. Parts of a
    table may be counted anywhere and merged in any order.
    """

    def __init__(self) -> None:
        self._splits: Counter[str] = Counter()
        self._tasks: set[str] = set()
        self._roles: Counter[str] = Counter()
        self._prompts: Counter[int] = Counter()
        self._outputs: Counter[int] = Counter()
        self._seen = array("Q")

    def add(self, examples: Sequence[Example], exchanges: "array[int]") -> None:
        """Count some in, given with the `exchange_hash` of each."""
        self._splits.update(map(_SPLIT, examples))
        self._tasks.update(map(_TASK, examples))
        messages = list(map(_MESSAGES, examples))
        self._roles.update(map(_ROLE, chain.from_iterable(messages)))
        self._prompts.update([sum(map(len, map(_CONTENT, said))) for said in messages])
        self._outputs.update([len(one.references[0]) for one in examples if one.references])
        self._seen.extend(exchanges)

    def merge(self, other: "Tally") -> None:
        """Count in another part of the table."""
        self._splits.update(other._splits)
        self._tasks |= other._tasks
        self._roles.update(other._roles)
        self._prompts.update(other._prompts)
        self._outputs.update(other._outputs)
        self._seen.extend(other._seen)

    def measured(self) -> Measured:
        """Return the counts, under the names that claims and reports use."""
        rows = self._splits.total()
        scale = [Measurement(value=rows, unit="instances")]
        scale += [
            Measurement(value=count, unit="instances", split=split)
            for split, count in sorted(self._splits.items())
        ]
        scale.append(Measurement(value=len(self._tasks), unit="tasks"))
        scale.append(Measurement(value=self._roles.total(), unit="messages"))
        lengths = {"prompt": self._prompts, "output": self._outputs}
        return {
            "scale": tuple(scale),
            "roles": (Measurement(value=ordered(self._roles), unit="messages"),),
            "lengths": tuple(
                Measurement(value=summary(counts), unit="characters", part=part)
                for part, counts in lengths.items()
                if counts
            ),
            "duplicates": (Measurement(value=rows - _different(self._seen), unit="instances"),),
        }


def _different(hashes: "array[int]") -> int:
    """Count different values; sorted in place, as a set of many millions would take gigabytes."""
    import numpy as np

    if not hashes:
        return 0
    found = np.frombuffer(hashes, dtype=np.uint64)
    found.sort()
    return 1 + int(np.count_nonzero(found[1:] != found[:-1]))


def summary(counts: Mapping[int, int]) -> dict[str, float]:
    """Return mean, median, 90th percentile and maximum of values that were counted.

    A percentile is the smallest value that at least so many per cent do not exceed; it is always
    one of the values.

    >>> summary({1: 8, 2: 1, 10: 1})
    {'mean': 2.0, 'median': 1, 'p90': 2, 'max': 10}
    """
    total = sum(counts.values())
    mean = sum(value * count for value, count in counts.items()) / total
    return {
        "mean": round(mean, 1),
        "median": _percentile(counts, total, 50),
        "p90": _percentile(counts, total, 90),
        "max": max(counts),
    }


def _percentile(counts: Mapping[int, int], total: int, percent: int) -> int:
    passed = 0
    for value in sorted(counts):
        passed += counts[value]
        if passed * 100 >= total * percent:
            return value
    raise ValueError("nothing was counted")


def ordered(counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts with the largest first, equal ones by name."""
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))
