"""The geometry of plots, in per cent of their area, so that text keeps its size on a phone.

`y` is counted from above, as SVG does. A mark of series 1 looks like no mark of series 2: each has
its shape and its colour.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.charts import ticks
from catalog.plots import KINDS
from catalog.printing import number
from registry.cards.vocabulary import FOLDERS
from registry.timeline import WRITERS

WRITERS_SAID = {
    "human": "by people",
    "model": "by models",
    "mixed": "by both",
    "program": "by a program",
    "unknown": "nobody says",
}
SHAPES = (
    "M-5.2,0a5.2,5.2 0 1,0 10.4,0a5.2,5.2 0 1,0 -10.4,0z",
    "M0,-6.4L6,4.6H-6z",
    "M0,-7L6.2,0L0,7L-6.2,0z",
    "M-4.8,-4.8H4.8V4.8H-4.8z",
    "M-2,-6h4v4h4v4h-4v4h-4v-4h-4v-4h4z",
    "M0,6.4L6,-4.6H-6z",
    "M-4.4,-6.2L0,-1.9L4.4,-6.2L6.2,-4.4L1.9,0L6.2,4.4L4.4,6.2L0,1.9L-4.4,6.2L-6.2,4.4L-1.9,0"
    "L-6.2,-4.4z",
)
"""Circle, triangle, diamond, square, plus, triangle upside down, cross; around their middle."""

MOST_TITLES = 8


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis; a `minor` one is named only where the plot is zoomed."""

    at: float
    label: str
    minor: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """What is told apart; `look` is its place among the shapes and colours, from 1."""

    label: str
    look: int
    count: int

    @property
    def shape(self) -> str:
        """The outline of its marks, as an SVG path."""
        return SHAPES[self.look - 1]


@dataclass(frozen=True, slots=True)
class Mark:
    """A point; the first line of `said` is its name."""

    look: int
    x: float
    y: float
    said: str
    href: str


@dataclass(frozen=True, slots=True)
class Column:
    """A part of a bar; those of the same `slot` stand on each other."""

    look: int
    slot: int
    x: float
    y: float
    width: float
    height: float
    said: str
    href: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line through the marks of a series, in a square of 100 by 100."""

    look: int
    points: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagram:
    """Everything in a plot; `zoom` names the axes that can be zoomed."""

    x: tuple[Tick, ...]
    y: tuple[Tick, ...]
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    zoom: str
    marks: tuple[Mark, ...] = ()
    columns: tuple[Column, ...] = ()
    lines: tuple[Line, ...] = ()


def scatter(sizes: Sequence[Mapping[str, Any]]) -> Diagram | None:
    """Lay out tasks against instances on logarithmic axes; who wrote them is shape and colour."""
    if not sizes:
        return None
    across = _decades([one["tasks"] for one in sizes])
    up = _decades([one["instances"] for one in sizes])
    looks = {who: at for at, who in enumerate(WRITERS, 1)}
    marks = [
        Mark(
            look=looks[one["writer"]],
            x=_logarithmic(one["tasks"], across),
            y=round(100 - _logarithmic(one["instances"], up), 3),
            said=_size_said(one),
            href=f"/{one['name']}",
        )
        for one in sizes
    ]
    counts = [(who, sum(one["writer"] == who for one in sizes)) for who in WRITERS]
    return Diagram(
        x=_log_ticks(across),
        y=tuple(Tick(100 - one.at, one.label, one.minor) for one in _log_ticks(up)),
        x_label="tasks",
        y_label="instances",
        series=tuple(Series(WRITERS_SAID[who], looks[who], many) for who, many in counts if many),
        zoom="xy",
        marks=tuple(marks),
    )


def releases(lines: Sequence[Mapping[str, Any]]) -> Diagram | None:
    """Lay out the cards of each period as a bar that is parted by kind."""
    if not lines:
        return None
    axis = ticks(0, max(sum(len(line[kind]) for kind in KINDS) for line in lines))
    columns = []
    for slot, line in enumerate(lines):
        below = 0.0
        for look, kind in enumerate(KINDS, 1):
            high = 100 * len(line[kind]) / axis[-1]
            below += high
            if high:
                columns.append(_column(look, kind, slot, len(lines), line, below, high))
    return Diagram(
        x=tuple(_period_ticks([line["period"] for line in lines])),
        y=tuple(Tick(round(100 - 100 * at / axis[-1], 3), f"{at:g}") for at in axis),
        x_label="released",
        y_label="cards",
        series=tuple(
            Series(FOLDERS[kind], look, sum(len(line[kind]) for line in lines))
            for look, kind in enumerate(KINDS, 1)
        ),
        zoom="x",
        columns=tuple(columns),
    )


def scaling(panel: Mapping[str, Any]) -> Diagram:
    """Lay out one panel of the survey's Figure 4; as there, numbers of tasks at equal distances."""
    tasks = panel["tasks"]
    places = {one: round(100 * (at + 0.5) / len(tasks), 3) for at, one in enumerate(tasks)}
    looks = {one["model"]: at % len(SHAPES) + 1 for at, one in enumerate(panel["series"])}
    marks = [
        Mark(
            look=looks[one["model"]],
            x=places[point["tasks"]],
            y=_height(point),
            said=_point_said(one, point),
            href=f"/models/{one['model']}",
        )
        for one in panel["series"]
        for point in one["points"]
    ]
    lines = [
        Line(
            look=looks[one["model"]],
            points=" ".join(
                f"{places[point['tasks']]},{_height(point)}" for point in one["points"]
            ),
        )
        for one in panel["series"]
    ]
    return Diagram(
        x=tuple(Tick(at, f"{one:,}") for one, at in places.items()),
        y=tuple(Tick(round(100 - at / 1.05, 3), str(at)) for at in range(0, 101, 20)),
        x_label="tasks tuned on",
        y_label="% of the largest score",
        series=tuple(
            Series(one["label"], looks[one["model"]], len(one["points"])) for one in panel["series"]
        ),
        zoom="xy",
        marks=tuple(marks),
        lines=tuple(lines),
    )


def _height(point: Mapping[str, Any]) -> float:
    """Return the height of a score in per cent, with room for the mark of 100 above it."""
    return round(100 - float(point["normalised"]) / 1.05, 3)


def _decades(found: Sequence[int]) -> tuple[int, int]:
    """Return the powers of ten that enclose the numbers.

    >>> _decades([4, 2207]), _decades([10])
    ((0, 4), (1, 2))
    """
    low = math.floor(math.log10(min(found)))
    return low, max(low + 1, math.ceil(math.log10(max(found))))


def _logarithmic(value: float, decades: tuple[int, int]) -> float:
    low, high = decades
    return round(100 * (math.log10(value) - low) / (high - low), 3)


def _log_ticks(decades: tuple[int, int]) -> tuple[Tick, ...]:
    low, high = decades
    step = math.ceil((high - low) / 8)
    made = []
    for power in range(low, high + 1, step):
        at = 100 * (power - low) / (high - low)
        made.append(Tick(round(at, 3), _short(power)))
        for digit in (2, 5) if step == 1 and power < high else ():
            between = at + 100 * math.log10(digit) / (high - low)
            made.append(Tick(round(between, 3), _short(power, digit), minor=True))
    return tuple(made)


def _short(power: int, digit: int = 1) -> str:
    """Return a digit times a power of ten as short as people write it.

    >>> _short(0), _short(4), _short(7, 5), _short(20)
    ('1', '10K', '50M', '1e20')
    """
    if power >= 15:
        return f"{digit}e{power}"
    return f"{digit * 10 ** (power % 3)}{('', 'K', 'M', 'B', 'T')[power // 3]}"


def _column(
    look: int,
    kind: str,
    slot: int,
    slots: int,
    line: Mapping[str, Any],
    below: float,
    high: float,
) -> Column:
    cards = line[kind]
    titles = [one["title"] for one in cards[:MOST_TITLES]]
    rest = [f"and {len(cards) - MOST_TITLES} more"] if len(cards) > MOST_TITLES else []
    noun = kind if len(cards) == 1 else FOLDERS[kind]
    return Column(
        look=look,
        slot=slot,
        x=round(100 * (slot + 0.14) / slots, 3),
        y=round(100 - below, 3),
        width=round(72 / slots, 3),
        height=round(high, 3),
        said="\n".join([f"{line['period']}: {len(cards)} {noun}", *titles, *rest]),
        href=f"#in-{line['period']}",
    )


def _period_ticks(periods: Sequence[str]) -> list[Tick]:
    """Name each year once, at its first period; the other periods where there is room."""
    made = []
    seen: set[str] = set()
    for at, period in enumerate(periods):
        year = period[:4]
        place = round(100 * (at + 0.5) / len(periods), 3)
        made.append(Tick(place, period if year in seen else year, minor=year in seen))
        seen.add(year)
    return made


def _size_said(one: Mapping[str, Any]) -> str:
    lines = [
        one["title"],
        f"{one['kind']}, written: {WRITERS_SAID[one['writer']]}",
    ]
    for unit in ("tasks", "instances"):
        others = one[f"other_{unit}"]
        also = f" (others say {', '.join(map(number, others))})" if others else ""
        lines.append(f"{number(one[unit])} {unit}{also}")
    return "\n".join(lines)


def _point_said(series: Mapping[str, Any], point: Mapping[str, Any]) -> str:
    return "\n".join(
        [
            f"{series['label']}, {point['tasks']:,} tasks",
            f"{number(point['value'])}, {number(point['normalised'])} % of the largest",
            str(point["status"]),
        ]
    )
