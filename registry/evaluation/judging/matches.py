"""Matches between models: how often each won, as FastChat's `show_result.py` counts pairs.

    {"question_id": 81, "model_1": "a", "model_2": "b", "g1_winner": "model_1", "g2_winner": "tie",
     "judge": ["gpt-4", "pair-v2"], "turn": 1, "g1_judgment": "...", "g2_judgment": "..."}

A pair judged in both orders is won only where they agree, else it is a tie; one of which an order
could not be read does not count. A pair judged once is won by who was named.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from registry.errors import RegistryError, near
from registry.evaluation.judging.rates import TIE
from registry.evaluation.judging.rows import Line, first_of

_FIRST = ("model_1", "model_a")
_SECOND = ("model_2", "model_b")


@dataclass(frozen=True, slots=True)
class Match:
    """Two models, and which of them won: 1, 2, 1.5 for a tie, None where nobody could tell."""

    models: tuple[str, str]
    winner: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """A model's matches; the adjusted rate takes a tie for half a win."""

    model: str
    win: int
    loss: int
    tie: int
    win_rate: float
    loss_rate: float
    win_rate_adjusted: float


def models_of(line: Line) -> tuple[str, str] | None:
    """Return the two models that a row names; None if it does not."""
    first, second = first_of(line, _FIRST), first_of(line, _SECOND)
    return None if first is None or second is None else (str(first), str(second))


def winner_of(sides: Iterable[float | None]) -> float | None:
    """Return who won by the verdicts of one row.

    >>> winner_of([2.0, 2.0]), winner_of([2.0, 1.0]), winner_of([2.0]), winner_of([None, 1.0])
    (2.0, 1.5, 2.0, None)
    """
    kinds = {None if one is None else (one > TIE) - (one < TIE) for one in sides}
    if None in kinds or not kinds:
        return None
    return TIE + (kinds.pop() or 0) / 2 if len(kinds) == 1 else TIE


def tallies(matches: Sequence[Match], baseline: str | None = None) -> list[Tally]:
    """Count each model's matches, the best first; with a baseline only those against it."""
    known = {name for one in matches for name in one.models}
    if baseline is not None and baseline not in known:
        raise RegistryError(f"baseline: '{baseline}' is in no pair{near(baseline, known)}")
    sides: dict[str, list[float]] = {}
    for one in matches:
        if one.winner is not None and (baseline is None or baseline in one.models):
            sides.setdefault(one.models[0], []).append(TIE - one.winner)
            sides.setdefault(one.models[1], []).append(one.winner - TIE)
    made = [_tally(name, won) for name, won in sides.items() if name != baseline]
    return sorted(made, key=lambda one: (-one.win_rate_adjusted, one.model))


def _tally(model: str, sides: Sequence[float]) -> Tally:
    n, win, loss = len(sides), sum(one > 0 for one in sides), sum(one < 0 for one in sides)
    tie = n - win - loss
    return Tally(
        model=model,
        win=win,
        loss=loss,
        tie=tie,
        win_rate=win / n,
        loss_rate=loss / n,
        win_rate_adjusted=(win + tie / 2) / n,
    )
