"""Ratings of single answers, as FastChat's judgements and our own judges give them.

    {"question_id": 81, "model": "alpaca-13b", "judge": ["gpt-4", "single-v1"], "score": 8,
     "turn": 1, "judgment": "... Rating: [[8]]", "user_prompt": "...", "tstamp": 1687.3}
    {"id": "81", "generator": "mine", "rating": 8.0, "judge": "judge"}

Source: `model_judgment/*_single.jsonl` and `show_result.py` of lm-sys/FastChat. A score of -1 or
null stands for a judgement that could not be read and has no part in the means. A row is counted
each time it stands there, as the reference does; `repeated` tells how many stand again.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.evaluation.judging.rows import (
    Line,
    Unreadable,
    first_of,
    gather,
    key_of,
    number,
    shown,
)
from registry.evaluation.summary import summarise

LOWEST, HIGHEST = 1, 10
_SCORES = ("rating", "score")
_SAID = (re.compile(r"\[\[(\d{1,9}\.?\d{0,9})\]\]"), re.compile(r"\[(\d{1,9}\.?\d{0,9})\]"))


@dataclass(frozen=True, slots=True)
class Rating:
    """One rating; `score` is None where there is none, `turn` where the row does not say."""

    key: str
    model: str
    judge: str
    turn: int | None
    category: str | None
    score: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """How a judge rated a model: the mean over all turns, of each turn and of each category.

    `out_of_range` counts ratings that are not from 1 to 10; they have a part in the means.
    """

    model: str
    judge: str
    ratings: int
    unparsed: int
    out_of_range: int
    repeated: int
    mean: float | None
    stderr: float | None
    turns: Mapping[str, float]
    categories: Mapping[str, float]


def parse_rating(judgment: str) -> float | None:
    """Return the first rating in double brackets, else in single ones, as FastChat reads it.

    >>> parse_rating("Clear. Rating: [[8.5]]"), parse_rating("Rating: [7]"), parse_rating("8/10")
    (8.5, 7.0, None)
    """
    found = (one.search(judgment) for one in _SAID)
    return next((float(match[1]) for match in found if match), None)


def rating(line: Line, categories: Mapping[str, str]) -> Rating:
    """Read one row; its category is its own, else that of its question."""
    key = key_of(line, "question_id")
    judge = line.value.get("judge")
    turn = line.value.get("turn")
    if turn is not None and (isinstance(turn, bool) or not isinstance(turn, int)):
        raise Unreadable(line.problem("turn", f"{shown(turn)} is no number of a turn"))
    category = line.value.get("category") or categories.get(key)
    return Rating(
        key=key,
        model=str(first_of(line, ("model", "generator", "model_id"), "")),
        judge=str(judge[0]) if isinstance(judge, list) and judge else str(judge or ""),
        turn=turn,
        category=None if category is None else str(category),
        score=_score(line),
    )


def rated(
    lines: Sequence[Line], categories: Mapping[str, str] | None = None
) -> tuple[list[Rated], list[Rating]]:
    """Return the figures of each model and judge in a file; `categories` are those of questions."""
    found = gather(lines, lambda line: rating(line, categories or {}))
    groups: dict[tuple[str, str], list[Rating]] = {}
    for one in found:
        groups.setdefault((one.model, one.judge), []).append(one)
    return [_rated(model, judge, group) for (model, judge), group in groups.items()], found


def categories_of(lines: Iterable[Line]) -> dict[str, str]:
    """Return the category of each question, from a file of questions as FastChat publishes it."""
    return {
        key_of(line, "question_id"): str(line.value["category"])
        for line in lines
        if line.value.get("category") is not None
    }


def _rated(model: str, judge: str, group: Sequence[Rating]) -> Rated:
    scores = [one.score for one in group if one.score is not None]
    whole = summarise(scores) if scores else None
    turns = sorted({one.turn for one in group if one.turn is not None})
    categories = dict.fromkeys(one.category for one in group if one.category is not None)
    return Rated(
        model=model,
        judge=judge,
        ratings=len(group),
        unparsed=len(group) - len(scores),
        out_of_range=sum(not LOWEST <= one <= HIGHEST for one in scores),
        repeated=len(group) - len({(one.key, one.turn) for one in group}),
        mean=whole.mean if whole else None,
        stderr=whole.stderr if whole else None,
        turns=_means({str(turn): [o.score for o in group if o.turn == turn] for turn in turns}),
        categories=_means({n: [o.score for o in group if o.category == n] for n in categories}),
    )


def _means(groups: Mapping[str, Sequence[float | None]]) -> dict[str, float]:
    given = {name: [one for one in scores if one is not None] for name, scores in groups.items()}
    return {name: summarise(scores).mean for name, scores in given.items() if scores}


def _score(line: Line) -> float | None:
    """Return the score on the row; a row without the field is read from its words."""
    name = next((one for one in _SCORES if one in line.value), None)
    if name is None:
        words = first_of(line, ("judgment", "completion"))
        if not isinstance(words, str):
            said = "is missing; give a number, or null where there is none"
            raise Unreadable(line.problem("score", said))
        return parse_rating(words)
    value: Any = line.value[name]
    if value is None or value != value:
        return None
    found = number(value)
    if found is None:
        raise Unreadable(line.problem(name, f"{shown(value)} is no number; give one, or null"))
    return None if found == -1 else found
