"""What the order in which two outputs are shown does to a judge."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from registry.evaluation.judging.rates import TIE


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a judge said of one pair, as a preference from 1 to 2; None if nobody could tell.

    `swapped` means that output 2 was shown first; None where the file does not say.
    """

    key: str
    preference: float | None
    swapped: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Positions:
    """Pairs judged in both orders.

    `first` counts pairs for which both orders preferred what was shown first, `second` what was
    shown second. `tied_once` counts those of which one order was a tie. `agreement` is the share
    of the pairs with two verdicts whose verdicts are the same; `bias` is `first` less `second` as
    a share of them: above 0 the first place helps. `unparsed` pairs lack a verdict.
    """

    pairs: int
    same: int
    first: int
    second: int
    tied_once: int
    unparsed: int
    agreement: float | None
    bias: float | None


def by_pair(verdicts: Iterable[Verdict]) -> dict[str, tuple[Verdict, Verdict]]:
    """Return the verdicts of each item in both orders, not swapped first; the last of each counts.

    Items judged in one order only are left out.
    """
    orders: dict[str, dict[bool, Verdict]] = {}
    for one in verdicts:
        if one.swapped is not None:
            orders.setdefault(one.key, {})[one.swapped] = one
    return {key: (two[False], two[True]) for key, two in orders.items() if len(two) == 2}


def folded(pairs: Mapping[str, tuple[Verdict, Verdict]]) -> dict[str, float | None]:
    """Return one preference for each pair: a win only where both orders agree, else a tie.

    So do MT-Bench and those after it. A pair with one verdict that nobody could tell has none.
    """
    made: dict[str, float | None] = {}
    for key, (plain, swapped) in pairs.items():
        sides = {_side(plain), _side(swapped)}
        made[key] = None if None in sides else sides.pop() if len(sides) == 1 else TIE
    return made


def positions(pairs: Iterable[tuple[Verdict, Verdict]]) -> Positions:
    """Tell what the order did to pairs judged in both."""
    kinds = Counter(_kind(_side(plain), _side(swapped)) for plain, swapped in pairs)
    judged = kinds.total() - kinds["unparsed"]
    return Positions(
        pairs=kinds.total(),
        same=kinds["same"],
        first=kinds["first"],
        second=kinds["second"],
        tied_once=kinds["tied_once"],
        unparsed=kinds["unparsed"],
        agreement=kinds["same"] / judged if judged else None,
        bias=(kinds["first"] - kinds["second"]) / judged if judged else None,
    )


def _side(verdict: Verdict) -> float | None:
    value = verdict.preference
    return None if value is None else TIE if value == TIE else float(value > TIE) + 1


def _kind(plain: float | None, swapped: float | None) -> str:
    if plain is None or swapped is None:
        return "unparsed"
    if plain == swapped:
        return "same"
    if TIE in (plain, swapped):
        return "tied_once"
    return "first" if plain < swapped else "second"
