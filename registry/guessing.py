"""What answers that nobody read a question for would get right: the floor under a score."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev

from registry.reports import Measurement

MOST = 1000
"""So many different answers of a task are counted; of those after them none can be frequent."""


@dataclass(frozen=True, slots=True)
class _Held:
    group: tuple[str, str]
    references: tuple[str, ...]
    options: int


class Guesses:
    """Counts answers of a mixture's rows: those to train on first, then those held out."""

    def __init__(self) -> None:
        self._trained: dict[tuple[str, str], Counter[str]] = {}
        self._held: dict[str, list[_Held]] = {}

    def meet(
        self,
        part: str,
        group: tuple[str, str],
        references: Sequence[str],
        options: Sequence[str],
        rejected: Sequence[str],
    ) -> None:
        """Count a row of a dataset's task."""
        if part == "train":
            _count(self._trained.setdefault(group, Counter()), references)
            return
        # A row without options whose worse answer is known is ranked as a pair.
        many = len(options) or (2 if references and rejected else 0)
        self._held.setdefault(part, []).append(_Held(group, tuple(references), many))

    def measured(self) -> dict[str, tuple[Measurement, ...]]:
        """Return the share of right answers of each part that is held out.

        `constant` gives every row of a task the answer that is most frequent in training; of a task
        that is not trained on, the one most frequent among these very rows, which no model could
        know. Texts are compared as they are written. `chance` picks any of a row's options, over
        the rows that have some.
        """
        constant = [(part, self._constant(rows)) for part, rows in self._held.items()]
        chance = [
            (part, [1 / row.options for row in rows if row.options > 1])
            for part, rows in self._held.items()
        ]
        said = {"constant": constant, "chance": chance}
        return {
            name: tuple(_mean(part, scores) for part, scores in many if scores)
            for name, many in said.items()
        }

    def _constant(self, rows: Sequence[_Held]) -> list[float]:
        own: dict[tuple[str, str], Counter[str]] = {}
        for row in rows:
            _count(own.setdefault(row.group, Counter()), row.references)
        known = own | {group: self._trained[group] for group in own if group in self._trained}
        answers = {group: max(of, key=of.__getitem__, default="") for group, of in known.items()}
        return [float(answers[row.group] in row.references) for row in rows if row.references]


def _count(answers: Counter[str], references: Sequence[str]) -> None:
    first = references[:1]
    if first and (len(answers) < MOST or first[0] in answers):
        answers.update(first)


def _mean(part: str, scores: Sequence[float]) -> Measurement:
    n = len(scores)
    stderr = stdev(scores) / sqrt(n) if n > 1 else None
    return Measurement(value=fmean(scores), split=part, stderr=stderr, n=n)
