"""Two to six cards side by side, as values."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from catalog.answer import Missing, Unclear
from catalog.claims import titles
from catalog.shelf import Shelf
from registry import query
from registry.cards import Card
from registry.cards.vocabulary import FOLDERS
from registry.comparison import compare, differ
from registry.index import name_of

FEWEST, MOST = 2, 6


def compared(shelf: Shelf, names: Sequence[str]) -> dict[str, Any]:
    """Return what each card says of each field; with fewer than two names, nothing yet."""
    cards = [_card(shelf, name) for name in names if name.strip()]
    if len(cards) > MOST:
        raise Unclear(f"card: {len(cards)} cards are too many side by side; take {MOST} at most")
    found = compare(cards, shelf.reports.values()) if len(cards) >= FEWEST else None
    chosen = [name_of(card) for card in cards]
    return {
        "chosen": [
            {
                **query.as_row(query.entry(card, shelf.reports)),
                "href": f"/{name}",
                "without": _address([one for one in chosen if one != name]),
            }
            for card, name in zip(cards, chosen, strict=True)
        ],
        "fields": [
            {**field, "differ": differ(field), "label": field["field"]}
            for field in (found["fields"] if found else ())
        ],
        "titles": {
            name: title
            for card in cards
            for name, title in titles(
                query.describe(card, shelf.reports.values()), shelf.index
            ).items()
        },
        "fewest": FEWEST,
        "most": MOST,
    }


def _card(shelf: Shelf, name: str) -> Card:
    """Return a card by its name, such as `datasets/alpaca`, or by its id alone."""
    folder, _, id = name.strip().rpartition("/")
    folders = [FOLDERS.get(folder, folder)] if folder else list(FOLDERS.values())
    for one in folders:
        if one in FOLDERS.values() and id in shelf.registry.of_kind(one):
            return shelf.registry.of_kind(one)[id]
    raise Missing(f"card={name}: no card has this name; write it like datasets/alpaca")


def _address(names: Sequence[str]) -> str:
    return f"/compare?{urlencode([('card', name) for name in names])}"
