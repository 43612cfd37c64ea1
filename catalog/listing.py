"""The list of cards as values: what was asked, which cards answer it, where each filter leads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from catalog.answer import Unclear
from catalog.shelf import Shelf
from registry import query
from registry.cards.vocabulary import FOLDERS
from registry.errors import near
from registry.query import FACETS, Entry

PAGE = 100
COLUMNS = {
    "title": "Card",
    "kind": "Kind",
    "released": "Released",
    "licence": "Licence",
    "instances": "Instances",
    "evidence": "Evidence",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks of the list."""

    text: str
    wanted: Mapping[str, tuple[str, ...]]
    sort: str
    descending: bool
    page: int

    @property
    def address(self) -> str:
        """The address that asks for this."""
        pairs = [("q", self.text)] if self.text else []
        pairs += [(name, one) for name, many in self.wanted.items() for one in many]
        if self.sort:
            pairs += [("sort", self.sort), ("order", "desc" if self.descending else "asc")]
        pairs += [("page", str(self.page))] if self.page > 1 else []
        return f"/?{urlencode(pairs)}" if pairs else "/"

    def with_(self, **changes: Any) -> str:
        """Return the address with some things changed; it starts at the first page again."""
        return replace(self, **{"page": 1, **changes}).address

    def toggled(self, facet: str, value: str) -> dict[str, tuple[str, ...]]:
        """Return the filters with one value put in, or taken out if it was in."""
        before = self.wanted.get(facet, ())
        after = tuple(one for one in before if one != value)
        changed = after if len(after) < len(before) else (*before, value)
        return {name: one for name, one in {**self.wanted, facet: changed}.items() if one}


def asked(params: QueryParams) -> Asked:
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
    wanted = {name: tuple(dict.fromkeys(params.getlist(name))) for name in FACETS}
    wanted = {name: values for name, values in wanted.items() if values}
    return Asked(params.get("q", "").strip(), wanted, sort, order == "desc", int(page))


def listing(shelf: Shelf, ask: Asked) -> dict[str, Any]:
    """Return everything that the list's page shows."""
    found = query.select(shelf.entries, ask.text, ask.wanted)
    if ask.sort:
        found = query.sort(found, ask.sort, descending=ask.descending)
    pages = max(1, -(-len(found) // PAGE))
    page = min(ask.page, pages)
    return {
        "counts": {kind: len(shelf.registry.of_kind(kind)) for kind in FOLDERS},
        "asked": {
            "text": ask.text,
            "wanted": {name: list(values) for name, values in ask.wanted.items()},
            "sort": ask.sort,
            "order": "desc" if ask.descending else "asc",
            "page": page,
        },
        "total": len(found),
        "cards": [_line(one) for one in found[(page - 1) * PAGE : page * PAGE]],
        "columns": [_column(name, ask) for name in COLUMNS],
        "facets": _facets(shelf.entries, ask),
        "pages": [
            {"page": one, "href": ask.with_(page=one)} for one in range(1, pages + 1) if pages > 1
        ],
        "clear": ask.with_(text="", wanted={}),
        "problems": list(shelf.problems),
    }


def _line(one: Entry) -> dict[str, Any]:
    return {**query.as_row(one), "href": f"/{one.name}"}


def _column(name: str, ask: Asked) -> dict[str, Any]:
    current = ask.sort == name
    # The largest and the newest are what people look for first.
    first_down = name in ("instances", "released")
    down = not ask.descending if current else first_down
    order = ("descending" if ask.descending else "ascending") if current else None
    href = ask.with_(sort=name, descending=down)
    return {"name": name, "label": COLUMNS[name], "order": order, "href": href}


def _facets(entries: Sequence[Entry], ask: Asked) -> list[dict[str, Any]]:
    """Count each facet's values among the cards that all other filters leave."""
    facets = []
    for name in FACETS:
        others = {facet: values for facet, values in ask.wanted.items() if facet != name}
        counts = query.facets(query.select(entries, ask.text, others))[name]
        chosen = ask.wanted.get(name, ())
        counts |= {value: 0 for value in chosen if value not in counts}
        values = [
            {
                "value": value,
                "count": count,
                "chosen": value in chosen,
                "href": ask.with_(wanted=ask.toggled(name, value)),
            }
            for value, count in counts.items()
        ]
        if values:
            facets.append({"name": name, "values": values})
    return facets
