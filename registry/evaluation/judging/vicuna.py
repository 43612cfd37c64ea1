"""Reviews of Vicuna-bench: a judge's two scores, at the start of its text.

    {"review_id": "QM5m", "question_id": 1, "answer1_id": "kEL9", "answer2_id": "cV4z",
     "text": "8 9\nBoth Assistant 1 ...", "score": [8.0, 9.0]}

Source: `fastchat/eval/table/review/` of lm-sys/FastChat. There, scores of -1 stand for a text that
could not be read. A score on the row counts before what the text says, since makers mended some
by hand; `differing` counts where the two are not the same. `recovered` counts rows with -1 whose
text does start with two scores: the reference's parser refuses "8, 9".
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from registry.evaluation.judging.positions import Positions, Verdict, by_pair, positions
from registry.evaluation.judging.rates import TIE, Rates, rates
from registry.evaluation.judging.rows import Line, Unreadable, gather, key_of, number, shown

_NUMBER = r"[-+]?\d{1,9}(?:\.\d{1,9})?"
_PAIR = re.compile(rf"({_NUMBER})[\s,]{{1,9}}({_NUMBER})\s*")


@dataclass(frozen=True, slots=True)
class Review:
    """One review; `scores` is None where neither the row nor its text has two."""

    key: str
    answers: tuple[str, str]
    scores: tuple[float, float] | None
    differs: bool = False
    recovered: bool = False

    @property
    def preference(self) -> float | None:
        """The preference for answer 2, as AlpacaEval writes it."""
        if self.scores is None:
            return None
        first, second = self.scores
        return TIE if first == second else 1.0 + (second > first)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """What reviews come to; rates are those of the second answers.

    `relative` is the sum of the second scores in per cent of that of the first. `positions` is
    there where pairs were reviewed in both orders.
    """

    reviews: int
    unparsed: int
    differing: int
    recovered: int
    sums: tuple[float, float]
    means: tuple[float, float] | None
    relative: float | None
    rates: Rates
    positions: Positions | None


def parse_scores(text: str) -> tuple[float, float] | None:
    """Return the two scores that the first line of a review consists of; None if it does not.

    >>> parse_scores("8 9\\nBoth are fine.")
    (8.0, 9.0)
    >>> parse_scores("Assistant 1: 8")
    """
    found = _PAIR.fullmatch(text.partition("\n")[0][:100].strip())
    return (float(found[1]), float(found[2])) if found else None


def review(line: Line) -> Review:
    """Read one row."""
    text = line.value.get("text")
    if text is not None and not isinstance(text, str):
        raise Unreadable(line.problem("text", f"{shown(text)} is no text; give the judge's words"))
    if text is None and "score" not in line.value:
        raise Unreadable(line.problem("text", "is missing, and so is score; give one of them"))
    said = parse_scores(text or "")
    stored = _stored(line.value.get("score"))
    ids = (str(line.value.get("answer1_id", "")), str(line.value.get("answer2_id", "")))
    differs = text is not None and stored is not None and stored != said
    recovered = "score" in line.value and stored is None and said is not None
    return Review(key_of(line, "question_id"), ids, stored or said, differs, recovered)


def reviewed(lines: Sequence[Line]) -> tuple[Reviewed, list[Review]]:
    """Return the figures of reviews, of one file or of two with the positions swapped."""
    found = gather(lines, review)
    scores = [one.scores for one in found if one.scores is not None]
    sums = (sum(first for first, _ in scores), sum(second for _, second in scores))
    preferences = [one.preference for one in found if one.preference is not None]
    pairs = by_pair(verdicts(found)).values()
    made = Reviewed(
        reviews=len(found),
        unparsed=len(found) - len(scores),
        differing=sum(one.differs for one in found),
        recovered=sum(one.recovered for one in found),
        sums=sums,
        means=(fmean(a for a, _ in scores), fmean(b for _, b in scores)) if scores else None,
        relative=100 * sums[1] / sums[0] if sums[0] else None,
        rates=rates(preferences),
        positions=positions(pairs) if pairs else None,
    )
    return made, found


def by_category(
    reviews: Sequence[Review], categories: Mapping[str, str]
) -> dict[str, tuple[float, float]]:
    """Return the sums of the scores in each category of questions."""
    found: dict[str, tuple[float, float]] = {}
    for one in reviews:
        name = categories.get(one.key)
        if name is not None and one.scores is not None:
            first, second = found.get(name, (0.0, 0.0))
            found[name] = (first + one.scores[0], second + one.scores[1])
    return found


def verdicts(reviews: Sequence[Review]) -> list[Verdict]:
    """Return reviews as verdicts on a question's two answers, whichever came first.

    The order in which a question's answers were first met is the plain one.
    """
    plain: dict[tuple[str, frozenset[str]], tuple[str, str]] = {}
    made = []
    for one in reviews:
        pair = (one.key, frozenset(one.answers))
        swapped = plain.setdefault(pair, one.answers) != one.answers
        value = one.preference
        preference = 3 - value if swapped and value is not None else value
        made.append(Verdict(f"{one.key} {sorted(pair[1])}", preference, swapped))
    return made


def _stored(value: Any) -> tuple[float, float] | None:
    """Return the scores on a row; -1 stands for none."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        return None
    first, second = number(value[0]), number(value[1])
    if first is None or second is None or (first, second) == (-1, -1):
        return None
    return first, second
