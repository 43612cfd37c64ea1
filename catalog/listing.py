"""The list of cards as values: what was asked, which cards answer it, where each filter leads."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from catalog.answer import Unclear
from catalog.index import Ask, Found
from catalog.index.deriving import FACETS, NUMBERS
from catalog.index.finding import Line, Range
from catalog.shelf import Shelf
from registry import query, wanted
from registry.cards.vocabulary import FOLDERS
from registry.errors import near

PAGE = 50
ALL = "cards"
"""The place where cards of every kind are listed together; others are named for their kind."""

COLUMNS = {
    "title": "Card",
    "kind": "Kind",
    "annotator": "Written by",
    "released": "Released",
    "licence": "Licence",
    "parameters": "Parameters",
    "tasks": "Tasks",
    "instances": "Instances",
    "evidence": "Evidence",
}
_OF_KIND = {
    ALL: ("title", "kind", "released", "licence", "instances", "evidence"),
    "datasets": ("title", "annotator", "released", "licence", "tasks", "instances", "evidence"),
    "benchmarks": ("title", "annotator", "released", "licence", "instances", "evidence"),
    "models": ("title", "released", "licence", "parameters", "evidence"),
    "mixtures": ("title", "instances", "evidence"),
    "recipes": ("title",),
    "papers": ("title", "released"),
}
_RANGES = {
    "datasets": ("instances", "tasks", "year"),
    "benchmarks": ("instances", "tasks", "year"),
    "models": ("parameters", "year"),
    "papers": ("year",),
    ALL: ("instances", "tasks", "parameters", "year"),
}
_LARGEST_FIRST = ("instances", "tasks", "parameters", "released")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks of the list; `place` is a kind's folder, or `cards`."""

    place: str
    text: str
    wanted: Mapping[str, tuple[str, ...]]
    ranges: Mapping[str, tuple[str, str]]
    sort: str
    descending: bool
    page: int

    @property
    def address(self) -> str:
        """The address that asks for this."""
        return self.at(f"/{self.place}")

    def at(self, path: str) -> str:
        """Return the address that asks another place for this."""
        pairs = [*self.kept]
        if self.sort:
            pairs += [("sort", self.sort), ("order", "desc" if self.descending else "asc")]
        pairs += [("page", str(self.page))] if self.page > 1 else []
        return f"{path}?{urlencode(pairs)}" if pairs else path

    @property
    def kept(self) -> Iterator[tuple[str, str]]:
        """Words, filters and ranges, as an address names them."""
        if self.text:
            yield "q", self.text
        for name, many in self.wanted.items():
            yield from ((name, one) for one in many)
        for name, ends in self.ranges.items():
            yield from (
                (f"{end}_{name}", text)
                for end, text in zip(("min", "max"), ends, strict=True)
                if text
            )

    def with_(self, **changes: Any) -> str:
        """Return the address with some things changed; it starts at the first page again."""
        return replace(self, **{"page": 1, **changes}).address

    def toggled(self, facet: str, value: str) -> dict[str, tuple[str, ...]]:
        """Return the filters with one value put in, or taken out if it was in."""
        before = self.wanted.get(facet, ())
        after = tuple(one for one in before if one != value)
        changed = after if len(after) < len(before) else (*before, value)
        return {name: one for name, one in {**self.wanted, facet: changed}.items() if one}

    def question(self, most: int | None = PAGE) -> Ask:
        """Return this as a question to the index; with `most` None, for every card."""
        filters = dict(self.wanted)
        if self.place != ALL:
            filters["kind"] = (_KINDS[self.place],)
        return Ask(
            text=self.text,
            wanted=filters,
            ranges={name: _ends(name, ends) for name, ends in self.ranges.items()},
            sort=self.sort,
            descending=self.descending,
            first=(self.page - 1) * PAGE if most else 0,
            most=most,
        )


_KINDS = {folder: kind for kind, folder in FOLDERS.items()}


def asked(params: QueryParams, place: str = ALL) -> Asked:
    """Read an address's query, or say what in it is not understood."""
    sort, order, page = (
        params.get("sort", ""),
        params.get("order", "asc"),
        params.get("page", "1"),
    )
    known = ("", *COLUMNS)
    if sort not in known:
        raise Unclear(
            f"sort={sort}: no such column{near(sort, known) or '; ' + ', '.join(COLUMNS)}"
        )
    if order not in ("asc", "desc"):
        raise Unclear(f"order={order}: is neither asc nor desc")
    if not page.isdecimal() or not 0 < int(page[:9]) < 10**6:
        raise Unclear(f"page={page}: is no page; pages are 1, 2 and so on")
    filters = {
        name: tuple(dict.fromkeys(params.getlist(name)))
        for name in FACETS
        if name != "kind" or place == ALL
    }
    ends = {
        name: (params.get(f"min_{name}", "").strip(), params.get(f"max_{name}", "").strip())
        for name in NUMBERS
    }
    found = Asked(
        place,
        params.get("q", "").strip(),
        {name: values for name, values in filters.items() if values},
        {name: both for name, both in ends.items() if any(both)},
        sort,
        order == "desc",
        int(page),
    )
    found.question()  # says what is no number
    return found


def _ends(name: str, texts: tuple[str, str]) -> Range:
    low, high = (
        _end(f"{end}_{name}", text) for end, text in zip(("min", "max"), texts, strict=True)
    )
    return low, high


def _end(name: str, text: str) -> float | None:
    if not text:
        return None
    try:
        return wanted.number(text)
    except (ValueError, OverflowError) as error:
        raise Unclear(f"{name}: {error}") from None


def listing(shelf: Shelf, ask: Asked) -> dict[str, Any]:
    """Return the page of the list that was asked for, and where each filter and order leads."""
    found = shelf.index.find(ask.question())
    pages = max(1, -(-found.total // PAGE))
    if ask.page > pages:
        ask = replace(ask, page=pages)
        found = shelf.index.find(ask.question())
    return {
        "place": ask.place,
        "counts": counts(shelf),
        "asked": {
            "text": ask.text,
            "wanted": {name: list(values) for name, values in ask.wanted.items()},
            "ranges": {name: list(ends) for name, ends in ask.ranges.items()},
            "sort": ask.sort,
            "order": "desc" if ask.descending else "asc",
            "page": ask.page,
        },
        "total": found.total,
        "cards": [line(shelf, one) for one in found.lines],
        "columns": [_column(name, ask) for name in _OF_KIND[ask.place]],
        "facets": list(_facets(found, ask)),
        "ranges": list(_ranges(found, ask)),
        "pages": list(_pages(ask, pages)),
        "previous": ask.with_(page=ask.page - 1) if ask.page > 1 else None,
        "next": ask.with_(page=ask.page + 1) if ask.page < pages else None,
        "clear": replace(ask, page=1, text="", wanted={}, ranges={}).address,
        "downloads": {
            name: replace(ask, page=1).at(f"/{ask.place}.{name}")
            for name in ("csv", "jsonl", "parquet")
        },
        "problems": shelf.problems,
    }


def counts(shelf: Shelf) -> dict[str, int]:
    """Return how many cards of each kind there are."""
    found = shelf.index.counts()
    return {kind: found.get(folder, 0) for kind, folder in FOLDERS.items()}


def line(shelf: Shelf, one: Line) -> dict[str, Any]:
    """Return a card of the list as plain values, with where its page is."""
    name = one.entry.name
    row = {**query.as_row(one.entry), "href": f"/{name}", **shelf.index.mark(name)}
    return row | {"snippet": one.snippet} if one.snippet else row


def _column(name: str, ask: Asked) -> dict[str, Any]:
    current = ask.sort == name
    # The largest and the newest are what people look for first.
    down = not ask.descending if current else name in _LARGEST_FIRST
    order = ("descending" if ask.descending else "ascending") if current else None
    href = ask.with_(sort=name, descending=down)
    return {"name": name, "label": COLUMNS[name], "order": order, "href": href}


def _facets(found: Found, ask: Asked) -> Iterator[dict[str, Any]]:
    """Yield each facet with how many cards each value would leave beside all other filters."""
    for name, values in found.facets.items():
        if (name == "kind" and ask.place != ALL) or not values:
            continue
        chosen = ask.wanted.get(name, ())
        yield {
            "name": name,
            "more": found.more.get(name, 0),
            "values": [
                {
                    "value": value,
                    "count": count,
                    "chosen": value in chosen,
                    "href": ask.with_(wanted=ask.toggled(name, value)),
                }
                for value, count in values
            ],
        }


def _ranges(found: Found, ask: Asked) -> Iterator[dict[str, Any]]:
    for name in _RANGES.get(ask.place, ()):
        ends = found.ends.get(name)
        if ends:
            said = ask.ranges.get(name, ("", ""))
            without = {one: both for one, both in ask.ranges.items() if one != name}
            yield {
                "name": name,
                "smallest": int(ends[0]),
                "largest": int(ends[1]),
                "min": said[0],
                "max": said[1],
                "clear": ask.with_(ranges=without),
            }


def _pages(ask: Asked, last: int) -> Iterator[dict[str, Any]]:
    """Yield the pages around this one, the first and the last; none if there is only one."""
    if last == 1:
        return
    wanted = {1, last, *range(max(1, ask.page - 2), min(last, ask.page + 2) + 1)}
    before = 0
    for page in sorted(wanted):
        yield {"page": page, "href": ask.with_(page=page), "gap": page > before + 1}
        before = page
