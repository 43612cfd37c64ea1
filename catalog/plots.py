"""What is plotted: how large datasets are, when cards came out, what scale does; plain values."""

from collections.abc import Iterable, Iterator
from typing import Any

from catalog.index import Ask, Index
from registry import scaling, timeline
from registry.cards.vocabulary import FOLDERS
from registry.query import Entry

KINDS = ("dataset", "benchmark", "model")
MOST_GAPS = 400
SIZED = Ask(ranges={"tasks": (1, None), "instances": (1, None)}, most=None)
_KINDS = {folder: kind for kind, folder in FOLDERS.items()}
_PARTS = {"year": 1, "quarter": 4, "month": 12}


def values(index: Index, by: str) -> dict[str, Any]:
    """Return the values of all plots, releases by year, quarter or month.

    Cards that were pushed are left out: one wrong number would stretch an axis for all.
    """
    lines = releases(index.dated(), by)
    entries = (one.entry for one in index.find(SIZED).lines)
    return {
        "by": by,
        "sizes": sizes(entry for entry in entries if not index.is_pushed(entry.name)),
        "releases": [line for line in lines if line["period"] != "unknown"],
        "undated": next((line for line in lines if line["period"] == "unknown"), None),
        "scaling": scaling.panels(index.scaled()),
    }


def sizes(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Return the datasets and benchmarks of which both tasks and instances are known.

    Where sources disagree, the largest number is plotted and `other_` has the rest.
    """
    return [_size(one) for one in entries if one.kind != "model" and _is_sized(one)]


def releases(dated: Iterable[tuple[str, str, str | None]], by: str) -> list[dict[str, Any]]:
    """Return the cards that came out in each period, empty periods among them, `unknown` last.

    `dated` are name, title and date; dates are those of the registry's timeline: the earliest that
    a source gives, or a paper's year.
    """
    found: dict[str, dict[str, Any]] = {}
    for name, title, date in dated:
        kind = _KINDS.get(name.partition("/")[0])
        if kind in KINDS:
            period = timeline.period(date, by)
            line = found.setdefault(period, _line(period))
            line[kind].append({"name": name, "title": title})
    unknown = [found.pop("unknown")] if "unknown" in found else []
    return [found.get(period) or _line(period) for period in _steps(sorted(found), by)] + unknown


def _is_sized(one: Entry) -> bool:
    return max(one.tasks, default=0) > 0 and max(one.instances, default=0) > 0


def _size(one: Entry) -> dict[str, Any]:
    tasks, instances = max(one.tasks), max(one.instances)
    return {
        "name": one.name,
        "kind": one.kind,
        "title": one.title,
        "writer": timeline.written_by(one.annotator),
        "tasks": tasks,
        "instances": instances,
        "other_tasks": sorted(set(one.tasks) - {tasks}),
        "other_instances": sorted(set(one.instances) - {instances}),
    }


def _line(period: str) -> dict[str, Any]:
    return {"period": period, **{kind: [] for kind in KINDS}}


def _steps(periods: list[str], by: str) -> Iterator[str]:
    """Yield every period from the first to the last; where that is too many, the given ones."""
    places = [_place(one, by) for one in periods]
    if not places or places[-1] - places[0] > MOST_GAPS:
        yield from periods
        return
    for place in range(places[0], places[-1] + 1):
        year, part = divmod(place, _PARTS[by])
        ending = {"year": "", "quarter": f"-Q{part + 1}", "month": f"-{part + 1:02}"}[by]
        yield f"{year:04}{ending}"


def _place(period: str, by: str) -> int:
    year, _, part = period.partition("-")
    return int(year) * _PARTS[by] + int(part.removeprefix("Q") or 1) - 1
