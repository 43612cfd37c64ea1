"""ROUGE-1 to -9, -L and -Lsum with precision, recall and F, as the `rouge_score` package has them.

Lin, "ROUGE" (2004); reference: `rouge_score.rouge_scorer.RougeScorer`, equal to the last bit. Of
several references each measure takes the one with the best F (the package's `score_multi`).
ROUGE-Lsum takes the lines of a text for its sentences (`split_summaries=False`), and counts no
token more often than both texts have it. ROUGE-1.5.5 in Perl says other things: see `rouge_155`.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from registry.errors import RegistryError
from registry.evaluation.metrics.subsequence import common_subsequence, marked
from registry.evaluation.metrics.text import tokens, words

VERSION = "1"

KINDS = ("rouge1", "rouge2", "rougeL", "rougeLsum")

Tokenise = Callable[[str], Sequence[str]]
_NUMBERED = re.compile(r"rouge([1-9])")


@dataclass(frozen=True, slots=True)
class Rouge:
    """One measure of one answer."""

    precision: float
    recall: float
    f: float


@dataclass(frozen=True, slots=True)
class Overlap:
    """What two texts have in common, and how much there is in each of them."""

    common: int
    answer: int
    reference: int


def rouge(
    answer: str,
    references: Sequence[str],
    kinds: Sequence[str] = KINDS,
    *,
    stemmed: bool = True,
    tokenise: Tokenise | None = None,
) -> dict[str, Rouge]:
    """Score an answer by each kind of ROUGE against the reference that suits it best.

    `tokenise` replaces the package's tokens, stemmed or not.

    >>> rouge("the cat sat", ["a dog", "the cat is sitting"], ["rouge2"])["rouge2"].precision
    0.5
    """
    if not references:
        raise ValueError("an answer has no overlap when there is no reference")
    cut = tokenise or (tokens if stemmed else words)
    mine = Text(answer, cut)
    theirs = [Text(reference, cut) for reference in references]
    return {
        kind: max((_score(overlap(kind, mine, one)) for one in theirs), key=lambda score: score.f)
        for kind in kinds
    }


class Text:
    """A text, cut and counted once: whole, in runs of tokens, and by line."""

    def __init__(self, text: str, tokenise: Tokenise) -> None:
        self._text = text
        self._tokenise = tokenise
        self._runs: dict[int, Counter[object]] = {}

    @cached_property
    def whole(self) -> Sequence[str]:
        """The tokens of the whole text."""
        return self._tokenise(self._text)

    @cached_property
    def lines(self) -> list[tuple[Sequence[str], int]]:
        """The tokens of each line that is not empty, and how often the text has the line."""
        counted = Counter(self._text.split("\n"))
        return [(self._tokenise(line), times) for line, times in counted.items() if line]

    @cached_property
    def counts(self) -> Counter[str]:
        """How often the lines have each token."""
        counted: Counter[str] = Counter()
        for line, times in self.lines:
            for token in line:
                counted[token] += times
        return counted

    def runs(self, n: int) -> Counter[object]:
        """Return how often the whole text has each run of so many tokens."""
        if n not in self._runs:
            parts = [self.whole[at:] for at in range(n)]
            self._runs[n] = Counter(self.whole if n == 1 else zip(*parts, strict=False))
        return self._runs[n]


def overlap(kind: str, answer: Text, reference: Text) -> Overlap:
    """Count what an answer and a reference have in common by one kind of ROUGE."""
    if kind == "rougeL":
        common = common_subsequence(answer.whole, reference.whole)
        return Overlap(common, len(answer.whole), len(reference.whole))
    if kind == "rougeLsum":
        return _of_lines(answer, reference)
    if numbered := _NUMBERED.fullmatch(kind):
        return _of_runs(answer, reference, int(numbered[1]))
    raise RegistryError(f"metrics: '{kind}' is no kind of ROUGE; use {', '.join(KINDS)}")


def _of_runs(answer: Text, reference: Text, n: int) -> Overlap:
    mine = answer.runs(n)
    common = sum(min(count, mine.get(run, 0)) for run, count in reference.runs(n).items())
    return Overlap(common, max(0, len(answer.whole) - n + 1), max(0, len(reference.whole) - n + 1))


def _of_lines(answer: Text, reference: Text) -> Overlap:
    """Count the tokens of the reference's lines that the answer's lines have in their order.

    A line of the reference has a token as often as the union of its common subsequences with the
    lines of the answer.
    """
    mine, theirs = answer.counts, reference.counts
    lines = list(dict.fromkeys(_bare(line, theirs) for line, _ in answer.lines))
    having: dict[str | None, list[int]] = {}
    for at, line in enumerate(lines):
        for token in dict.fromkeys(line):
            having.setdefault(token, []).append(at)
    met: Counter[str] = Counter()
    for wanted, times in reference.lines:
        near = {at for token in dict.fromkeys(wanted) for at in having.get(token, ())}
        for at in set[int]().union(*(marked(wanted, lines[at]) for at in near)):
            met[wanted[at]] += times
    common = sum(min(count, mine[token]) for token, count in met.items())
    return Overlap(common, mine.total(), theirs.total())


def _bare(line: Sequence[str], known: Mapping[str, int]) -> tuple[str | None, ...]:
    """Return a line with one None for each run of tokens that the reference has nowhere.

    What is marked stays the same, and most lines of a long answer become equal.
    """
    bare: list[str | None] = []
    for token in line:
        if token in known:
            bare.append(token)
        elif not bare or bare[-1] is not None:
            bare.append(None)
    return tuple(bare)


def _score(found: Overlap) -> Rouge:
    if not found.common:
        return Rouge(0.0, 0.0, 0.0)
    precision, recall = found.common / found.answer, found.common / found.reference
    return Rouge(precision, recall, 2 * precision * recall / (precision + recall))
