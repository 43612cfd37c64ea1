"""Pairwise verdicts from anywhere: our own judges', MT-Bench's, or any JSON lines or CSV.

    {"id": "songs:1", "preference": 2, "swapped": false}
    {"question_id": 81, "model_1": "a", "model_2": "b", "g1_winner": "model_1", "g2_winner": "tie"}
    {"question_id": 81, "model_a": "a", "model_b": "b", "winner": "model_b", "judge": "author_2"}

A `preference` is 1 to 2 as AlpacaEval has it; a `verdict` or `winner` says 1, 2, a, b, model_1,
model_2, model_a, model_b or tie. Rates are those of the second. `swapped` says that the second was
shown first. Of MT-Bench's pairs, `g1` is the plain order and `g2` the swapped one, and both name
the model itself, not its place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.evaluation.judging.agreement import cohen_kappa, fleiss_kappa, raw_agreement
from registry.evaluation.judging.matches import Match, models_of, winner_of
from registry.evaluation.judging.positions import (
    Positions,
    Verdict,
    by_pair,
    folded,
    positions,
)
from registry.evaluation.judging.rates import TIE, Rates, rates
from registry.evaluation.judging.rows import Line, Unreadable, gather, key_of, number, shown

_WORDS = {
    **dict.fromkeys(("1", "a", "model_1", "model_a", "output_1", "baseline"), 1.0),
    **dict.fromkeys(("2", "b", "model_2", "model_b", "output_2", "model"), 2.0),
    **dict.fromkeys(("tie", "c", "draw", "both", "tie (inconsistent)", "tie (bothbad)"), TIE),
    **dict.fromkeys(("", "error", "null", "none"), None),
}
_FIELDS = ("preference", "verdict", "winner")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What verdicts come to; `rates` counts each, `both_orders` each pair judged in both orders.

    In both orders a pair is won only where they agree, else it is a tie.
    """

    verdicts: int
    unparsed: int
    rates: Rates
    both_orders: Rates | None
    positions: Positions | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """How far several files agree about the items that all of them have a verdict on."""

    items: int
    agreement: float | None
    kappa: float | None


def verdicts(line: Line) -> list[Verdict]:
    """Read the verdict of a row, or the two of a row of MT-Bench."""
    key = _item(line)
    if "g1_winner" in line.value or "g2_winner" in line.value:
        return [
            Verdict(key, _side(line, name), swapped)
            for name, swapped in (("g1_winner", False), ("g2_winner", True))
            if name in line.value
        ]
    field = next((name for name in _FIELDS if name in line.value), None)
    if field is None:
        raise Unreadable(line.problem("verdict", "is missing; give 1, 2, tie or null"))
    return [Verdict(key, _side(line, field), _swapped(line))]


def compared(lines: Sequence[Line]) -> tuple[Compared, list[Verdict]]:
    """Return the figures of one file of verdicts."""
    found = [one for many in gather(lines, verdicts) for one in many]
    given = [one.preference for one in found if one.preference is not None]
    pairs = by_pair(found)
    kept = [one for one in folded(pairs).values() if one is not None]
    made = Compared(
        verdicts=len(found),
        unparsed=len(found) - len(given),
        rates=rates(given),
        both_orders=rates(kept) if pairs else None,
        positions=positions(pairs.values()) if pairs else None,
    )
    return made, found


def matched(lines: Sequence[Line]) -> list[Match]:
    """Return the match of each row that names its two models."""
    return [
        Match(models, winner_of(one.preference for one in verdicts(line)))
        for line in lines
        if (models := models_of(line)) is not None
    ]


def between(files: Sequence[Sequence[Verdict]]) -> Between:
    """Compare judges by their files: Cohen's kappa of two, Fleiss' of more."""
    sides = [_sides(one) for one in files]
    common = sorted(set.intersection(*(set(side) for side in sides)))
    items = [[side[key] for side in sides] for key in common]
    if len(files) == 2:
        kappa = cohen_kappa([(one, other) for one, other in items])
    else:
        kappa = fleiss_kappa(items)
    return Between(items=len(items), agreement=raw_agreement(items), kappa=kappa)


def _sides(found: Sequence[Verdict]) -> Mapping[str, float]:
    """Return one side (1, 1.5, 2) for each item: that of both orders, or of its one verdict."""
    alone = {one.key: one.preference for one in found}
    values = alone | folded(by_pair(found))
    return {
        key: TIE if value == TIE else 1.0 + (value > TIE)
        for key, value in values.items()
        if value is not None
    }


def _item(line: Line) -> str:
    """Return the item of a row; where models or turns are named, they are part of it."""
    names = ("model_1", "model_2", "model_a", "model_b", "turn")
    parts = [str(line.value[name]) for name in names if line.value.get(name) is not None]
    return " ".join([key_of(line), *parts])


def _side(line: Line, field: str) -> float | None:
    value: Any = line.value[field]
    if value is None or value != value:
        return None
    found = number(value)
    if found is not None and (found == 0 or 1 <= found <= 2):
        return found or TIE
    word = str(value).strip().lower()
    if isinstance(value, str) and word in _WORDS:
        return _WORDS[word]
    said = f"{shown(value)} is no verdict; give 1, 2, tie or null"
    raise Unreadable(line.problem(field, said))


def _swapped(line: Line) -> bool | None:
    value = line.value.get("swapped")
    if value is None or isinstance(value, bool):
        return value
    words = {"true": True, "false": False, "1": True, "0": False, "": None}
    if str(value).strip().lower() in words:
        return words[str(value).strip().lower()]
    raise Unreadable(line.problem("swapped", f"{shown(value)} is neither true nor false"))
