"""The pages: each a function from an address to values."""

from difflib import get_close_matches
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from catalog import ancestry, runs
from catalog.answer import Missing, Unclear, answer
from catalog.assets import assets
from catalog.claims import disagreements, scale, titles
from catalog.details import accounts, details
from catalog.listing import asked, listing
from catalog.shelf import Shelf
from registry import query
from registry.cards import Card
from registry.cards.vocabulary import FOLDERS
from registry.index import name_of

KEPT = "public, max-age=31536000, immutable"
_KINDS = {folder: kind for kind, folder in FOLDERS.items()}


def home(request: Request) -> Response:
    """What is here: the cards that match what was asked, and every filter with its count."""
    return answer(request, "index.html", listing(_shelf(request), asked(request.query_params)))


def kind(request: Request) -> Response:
    """`/datasets` is the list, filtered."""
    folder = request.path_params["folder"]
    if folder not in _KINDS:
        raise Missing(f"{request.url.path}: there is no such page", [("/", "all cards")])
    return RedirectResponse(f"/?kind={_KINDS[folder]}", 302)


def card(request: Request) -> Response:
    """One card: its claims with their sources, where it came from and what came of it."""
    shelf = _shelf(request)
    found = _card(shelf, request.path_params["folder"], request.path_params["name"])
    lineage = ancestry.plain(ancestry.around(shelf.lineage, found), name_of(found))
    described = query.describe(found, shelf.reports.values())
    values: dict[str, Any] = {
        "card": described,
        "file": shelf.registry.files.get(name_of(found)),
        "entry": query.as_row(query.entry(found, shelf.reports)),
        "scale": scale(described),
        "disagreements": disagreements(shelf, found, described),
        "lineage": lineage,
        "used_by": ancestry.descendants(shelf.lineage, name_of(found)),
        "reports": accounts(shelf, found),
        "runs": runs.links(request.app.state.settings, found),
        "titles": titles(described, shelf.registry),
        **details(shelf, found),
    }
    return answer(request, f"{found.kind}.html", values)


def lineage(request: Request) -> Response:
    """All that a card came from, or all that came from it."""
    shelf = _shelf(request)
    folder = request.path_params["folder"]
    found = _card(shelf, FOLDERS.get(folder, folder), request.path_params["name"])
    direction = request.query_params.get("direction", "both")
    if direction not in ancestry.DIRECTIONS:
        raise Unclear(f"direction={direction}: is not one of {', '.join(ancestry.DIRECTIONS)}")
    part = ancestry.follow(shelf.lineage, name_of(found), direction)
    values = {
        "card": {"name": name_of(found), "kind": found.kind, "title": found.title},
        "direction": direction,
        "lineage": ancestry.plain(part, name_of(found)),
    }
    return answer(request, "lineage.html", values)


def static(request: Request) -> Response:
    """Stylesheet and icon; an address with another hash is of another version."""
    found = assets().get(request.path_params["name"])
    if found is None or found.digest != request.path_params["digest"]:
        raise Missing(f"{request.url.path}: there is no such file")
    return Response(found.body, headers={"cache-control": KEPT}, media_type=found.media_type)


def favicon(request: Request) -> Response:
    """The icon for those who ask without having read a page."""
    icon = assets()["favicon.svg"]
    return Response(
        icon.body, headers={"cache-control": "max-age=86400"}, media_type=icon.media_type
    )


def _shelf(request: Request) -> Shelf:
    shelf: Shelf = request.app.state.watch.shelf()
    return shelf


def _card(shelf: Shelf, folder: str, name: str) -> Card:
    """Return a card by the end of its address, with or without `.json`."""
    if folder not in _KINDS:
        raise Missing(f"/{folder}/{name}: there is no such page", [("/", "all cards")])
    cards = shelf.registry.of_kind(folder)
    id = name.removesuffix(".json")
    if id in cards:
        return cards[id]
    near = get_close_matches(id, list(cards), n=5, cutoff=0.5)
    said = f"no {_KINDS[folder]} card '{id}'"
    raise Missing(
        f"{said}; did you mean '{near[0]}'?" if near else said,
        [(f"/{folder}/{one}", cards[one].title) for one in near],
    )
