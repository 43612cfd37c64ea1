"""The geometry of charts; templates draw it as SVG, and put the numbers in a table beside it.

A line is drawn in a square of 100 by 100 that the page stretches, labels are placed in per cent:
so text keeps its size on a phone.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean
from typing import Any, TypeVar

from catalog.printing import label

T = TypeVar("T")
Pairs = Sequence[tuple[float, float]]
ROLES = ("before", "after")


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on an axis, in per cent of it."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class LineChart:
    """A noisy line, its running mean over `window` points, and both axes."""

    raw: str
    mean: str
    window: int
    x: tuple[Tick, ...]
    y: tuple[Tick, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One of several lines: of which run it is, as it went and as its running mean."""

    run: int
    raw: str
    mean: str


@dataclass(frozen=True, slots=True)
class Overlay:
    """Lines over the same axes, each smoothed over `window` points."""

    lines: tuple[Line, ...]
    window: int
    x: tuple[Tick, ...]
    y: tuple[Tick, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar and its whisker of one standard error, in per cent of the chart's width."""

    role: str
    width: float
    low: float
    high: float
    whiskers: bool


@dataclass(frozen=True, slots=True)
class Row:
    """The bars of one score, before and after; `guess` is the place of what guessing scores."""

    label: str
    bars: tuple[Bar, ...]
    guess: float | None = None


@dataclass(frozen=True, slots=True)
class ScoreChart:
    """Rows of bars and the axis they share."""

    rows: tuple[Row, ...]
    x: tuple[Tick, ...]


def line_chart(points: Sequence[Mapping[str, Any]], y: str, x: str = "step") -> LineChart | None:
    """Lay out one column of points over another; fewer than two points are no line."""
    pairs = [(float(p[x]), float(p[y])) for p in points if _is_finite(p.get(y))]
    if len(pairs) < 2:
        return None
    made = _lines([(0, pairs)], smooth=True)
    (line,) = made.lines
    return LineChart(raw=line.raw, mean=line.mean, window=made.window, x=made.x, y=made.y)


def overlay(series: Sequence[Mapping[str, Any]]) -> Overlay | None:
    """Lay out several lines over the same axes; each has a `run` and its `points`.

    They are smoothed only if one of them is noisy: the mean of a schedule would lag behind it.
    """
    given = [(one["run"], [(float(x), float(y)) for x, y in one["points"]]) for one in series]
    lines = [(run, pairs) for run, pairs in given if len(pairs) > 1]
    return _lines(lines, smooth=any(_is_noisy(pairs) for _, pairs in lines)) if lines else None


def _lines(lines: Sequence[tuple[int, Pairs]], *, smooth: bool) -> Overlay:
    window = max(1, max(len(pairs) for _, pairs in lines) // 20) if smooth else 1
    every = [pair for _, pairs in lines for pair in pairs]
    across = ticks(min(x for x, _ in every), max(x for x, _ in every))
    up = ticks(min(y for _, y in every), max(y for _, y in every))
    return Overlay(
        lines=tuple(
            Line(run, _path(pairs, across, up), _path(_means(pairs, window), across, up))
            for run, pairs in lines
        ),
        window=window,
        x=_placed(across),
        y=_placed(up),
    )


def _means(pairs: Pairs, window: int) -> Pairs:
    return [
        (at, fmean(value for _, value in pairs[max(0, i + 1 - window) : i + 1]))
        for i, (at, _) in enumerate(pairs)
    ]


def _is_noisy(pairs: Pairs) -> bool:
    """Tell whether a line turns up or down at more than a quarter of its points."""
    steps = [after - before for (_, before), (_, after) in pairwise(pairs)]
    return sum(one * other < 0 for one, other in pairwise(steps)) > len(pairs) / 4


def score_chart(lines: Sequence[Mapping[str, Any]]) -> ScoreChart:
    """Lay out scores of 0 to 1, with standard errors, on an axis of hundredths."""
    given = [one[role] for one in lines for role in ROLES if one[role]]
    ends = [100 * (one["value"] + (one["stderr"] or 0)) for one in given]
    ends += [100 * one["guess"]["value"] for one in lines if one.get("guess")]
    axis = ticks(0, min(100.0, max(ends, default=1.0)))
    rows = (Row(_label(one), tuple(_bars(one, axis[-1])), _guessed(one, axis[-1])) for one in lines)
    return ScoreChart(tuple(rows), _placed(axis))


def some(points: Sequence[T], most: int = 8) -> list[T]:
    """Return at most so many of the points, evenly apart, the first and the last among them.

    >>> some(range(100), 4)
    [0, 33, 66, 99]
    """
    if len(points) <= most:
        return list(points)
    return [points[round(at * (len(points) - 1) / (most - 1))] for at in range(most)]


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Return about `wanted` round numbers that enclose low and high.

    >>> ticks(0, 43), ticks(1.62, 3.9)
    ([0, 10, 20, 30, 40, 50], [1.5, 2.0, 2.5, 3.0, 3.5, 4.0])
    """
    span = (high - low) or abs(high) or 1.0
    power = 10 ** math.floor(math.log10(span / wanted))
    step = min((power * by for by in (1, 2, 2.5, 5, 10)), key=lambda one: abs(span / one - wanted))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(step * at, 12) for at in range(first, max(last, first + 1) + 1)]


def _placed(axis: Sequence[float]) -> tuple[Tick, ...]:
    span = axis[-1] - axis[0]
    return tuple(Tick(round(100 * (at - axis[0]) / span, 3), f"{at:g}") for at in axis)


def _path(
    pairs: Sequence[tuple[float, float]], across: Sequence[float], up: Sequence[float]
) -> str:
    wide, high = across[-1] - across[0], up[-1] - up[0]
    return " ".join(
        f"{100 * (x - across[0]) / wide:.2f},{100 - 100 * (y - up[0]) / high:.2f}" for x, y in pairs
    )


def _label(line: Mapping[str, Any]) -> str:
    return f"{line['title']}: {label(line['metric'])}"


def _guessed(line: Mapping[str, Any], most: float) -> float | None:
    guess = line.get("guess")
    return round(1e4 * guess["value"] / most, 3) if guess else None


def _bars(line: Mapping[str, Any], most: float) -> Iterator[Bar]:
    for role in ROLES:
        if line[role]:
            value, spread = line[role]["value"], line[role]["stderr"] or 0.0
            width, low, high = (
                round(min(100.0, max(0.0, 10_000 * at / most)), 3)
                for at in (value, value - spread, value + spread)
            )
            yield Bar(role, width, low, high, whiskers=bool(spread))


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
