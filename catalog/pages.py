"""The pages: each a function from an address to values."""

import json
from difflib import get_close_matches
from importlib.metadata import version
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from catalog import ancestry, boards, comparing, downloads, feed, history, metrics, runs
from catalog import plots as drawn
from catalog.answer import Missing, Unclear, answer
from catalog.assets import assets
from catalog.claims import disagreements, scale, titles
from catalog.details import accounts, details
from catalog.front import front, front_table
from catalog.listing import asked, listing
from catalog.openapi import document
from catalog.shelf import Shelf
from registry import query, timeline
from registry.cards import Benchmark, Card, Dataset, Model
from registry.cards.vocabulary import FOLDERS
from registry.exports import EXPORTS
from registry.index import name_of
from registry.tracking import Link

KEPT = "public, max-age=31536000, immutable"
_KINDS = {folder: kind for kind, folder in FOLDERS.items()}


def home(request: Request) -> Response:
    """What is here, and where to begin."""
    shelf = _shelf(request)
    return answer(request, "home.html", front(shelf) | {"changes": feed.latest(shelf)})


def cards(request: Request) -> Response:
    """The cards that match what was asked, of all kinds or one, and every filter's count."""
    place = request.url.path.strip("/").removesuffix(".json")
    found = listing(_shelf(request), asked(request.query_params, place))
    return answer(request, "list.html", found)


def downloaded(request: Request) -> Response:
    """The whole list that was asked for as one file."""
    place, _, kind = request.url.path.strip("/").rpartition(".")
    ask = asked(request.query_params, place).question(most=None)
    body = downloads.download(_shelf(request), ask, kind)
    headers = {
        "content-disposition": f'attachment; filename="tunedeck-{place}.{kind}"',
        "cache-control": "no-cache",
    }
    return Response(body, headers=headers, media_type=downloads.MEDIA[kind])


def compared(request: Request) -> Response:
    """Two to six cards side by side."""
    names = list(dict.fromkeys(request.query_params.getlist("card")))
    return answer(request, "compare.html", comparing.compared(_shelf(request), names))


def table6(request: Request) -> Response:
    """The survey's table of datasets, put together from claims."""
    return answer(request, "table6.html", front_table(_shelf(request)))


def leaderboards(request: Request) -> Response:
    """Every benchmark that anybody has a score on."""
    return answer(request, "leaderboards.html", boards.boards(_shelf(request)))


def leaderboard(request: Request) -> Response:
    """One benchmark's scores, measured and cited apart, by what the models were trained on."""
    shelf = _shelf(request)
    found = _card(shelf, "benchmarks", request.path_params["name"])
    assert isinstance(found, Benchmark)
    return answer(request, "leaderboard.html", boards.board(shelf, found, request.query_params))


def card(request: Request) -> Response:
    """One card: its claims with their sources, where it came from and what came of it."""
    shelf = _shelf(request)
    found = _card(shelf, request.path_params["folder"], request.path_params["name"])
    lineage = ancestry.plain(ancestry.around(shelf.index, found), name_of(found))
    described = query.describe(found, shelf.reports.values())
    settings = request.app.state.settings
    known: list[Link] = request.app.state.runs.of(found)
    values: dict[str, Any] = {
        "card": described,
        "file": shelf.registry.files.get(name_of(found)),
        "pushed": _pushed(request, name_of(found)),
        "entry": query.as_row(query.entry(found, shelf.reports)),
        "scale": scale(described),
        "disagreements": disagreements(shelf, found, described),
        "lineage": lineage,
        "used_by": ancestry.descendants(shelf.index, name_of(found)),
        "reports": accounts(shelf, found),
        "runs": runs.links(settings, known),
        "history": history.of_card(shelf.registry.root, shelf.registry.files.get(name_of(found))),
        "titles": titles(described, shelf.index),
        **details(shelf, found),
    }
    if isinstance(found, Model):
        values["metrics"] = metrics.histories(settings, known)
    if isinstance(found, Dataset):
        base = str(request.base_url).rstrip("/")
        values["croissant"] = EXPORTS["croissant"](shelf.registry, found, base)
    return answer(request, f"{found.kind}.html", values)


def _pushed(request: Request, name: str) -> dict[str, Any] | None:
    """Return the repo that a card was pushed to; none for the checkout's."""
    found = request.app.state.pushed
    origin = found.of(name) if found and _shelf(request).index.is_pushed(name) else None
    if origin is None:
        return None
    return {
        "repo": f"{origin.type}/{origin.id}",
        "href": origin.address,
        "commit": origin.commit,
        "drafted": origin.drafted,
    }


def is_live(request: Request) -> bool:
    """Tell whether data on disk or runs of MLflow have a part in a card's page."""
    name = f"{request.path_params['folder']}/{request.path_params['name'].removesuffix('.json')}"
    index = _shelf(request).index
    return request.app.state.runs.has(name) or index.is_executable(name) or index.is_pushed(name)


def lineage(request: Request) -> Response:
    """All that a card came from, or all that came from it."""
    shelf = _shelf(request)
    folder = request.path_params["folder"]
    found = _card(shelf, FOLDERS.get(folder, folder), request.path_params["name"])
    direction = request.query_params.get("direction", "both")
    if direction not in ancestry.DIRECTIONS:
        raise Unclear(f"direction={direction}: is not one of {', '.join(ancestry.DIRECTIONS)}")
    hops = request.query_params.get("hops", "")
    if hops and not (hops.isdecimal() and 0 < int(hops[:4]) < 100):
        raise Unclear(f"hops={hops}: is no number of steps; write 1 to 99, or leave it out")
    wanted = int(hops) if hops else None
    part, cut = ancestry.followed(shelf.index, name_of(found), direction, wanted)
    below, _ = ancestry.followed(shelf.index, name_of(found), "down", wanted)
    values = {
        "card": {"name": name_of(found), "kind": found.kind, "title": found.title},
        "direction": direction,
        "hops": wanted,
        "cut": cut if cut != wanted else None,
        "lineage": ancestry.plain(part, name_of(found)),
        "tuned_on": ancestry.tuned_on(shelf.index, below, found),
    }
    return answer(request, "lineage.html", values)


def openapi(request: Request) -> Response:
    """The description of all this JSON."""
    body = json.dumps(document(version("tunedeck")), indent=1)
    return Response(body, media_type="application/json", headers={"cache-control": "no-cache"})


def plots(request: Request) -> Response:
    """How large, when, and what scale does: the values that are drawn, each with its cards."""
    by = request.query_params.get("by", "year")
    if by not in timeline.STEPS:
        raise Unclear(f"by={by}: is not one of {', '.join(timeline.STEPS)}")
    shelf = _shelf(request)
    return answer(request, "plots.html", drawn.values(shelf.index, by))


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
        raise Missing(f"/{folder}/{name}: there is no such page", [("/cards", "all cards")])
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
