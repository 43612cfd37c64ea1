"""A repo's own page."""

from typing import Any

from starlette.responses import Response

from catalog.hub import checkout
from catalog.hub.store import cards, commits, pulls, refs
from catalog.hub.store.names import CHECKOUT
from catalog.hub.store.refs import Ref
from catalog.hub.web import files, places, readme, talks
from catalog.hub.web.visit import Visit, step
from registry.index import name_of

MAIN = "main"
LATEST = 5
MOST_REFS = 30
MOST_PULLS = 10


def shown(visit: Visit) -> Response:
    """What a repo holds at the head of main, what it says of itself, and how to load it."""
    store, repo = visit.store, visit.repo
    facts = cards.facts(store, repo)
    found, more = files.entries(visit, repo.head, MAIN)
    text = readme.rendered(store, repo, repo.head, places.at(repo, "blob", MAIN, "") + "/")
    there = {one["name"] for one in found}
    values = {
        "front": readme.rows(facts.card),
        "problem": facts.problem,
        "readme": text[0] if text else None,
        "whole": text is None or text[1],
        "readme_href": places.at(repo, "blob", MAIN, "README.md"),
        "files": found,
        "tree": places.at(repo, "tree", MAIN),
        "more": more is not None,
        "risky": repo.risky,
        **_card(visit),
        "loading": readme.loading(repo, visit.base, there),
        **_refs(visit),
        **_latest(visit),
        **_pulls(visit),
    }
    return visit.page("hub_repo.html", values)


def _card(visit: Visit) -> dict[str, Any]:
    """Return where the catalog has a repo's card, and why it does not show one of its own."""
    state, repo = visit.request.app.state, visit.repo
    shelf = state.watch.shelf()
    if repo.namespace == CHECKOUT:
        own = checkout.card_of(shelf, repo.type, repo.name)
        return {"card": (f"/{name_of(own)}", own.title) if own else None, "why": None}
    origin = state.pushed.at(repo)
    if origin and origin.name:
        title = shelf.index.titles([origin.name]).get(origin.name, origin.name)
        return {"card": (f"/{origin.name}", title), "why": None}
    found = readme.card_of(visit.store, repo, repo.head, shelf)
    return {"card": found, "why": origin.why if origin else None}


def _refs(visit: Visit) -> dict[str, Any]:
    found = refs.listed(visit.store, visit.repo)
    kinds = (("branches", found.branches), ("tags", found.tags))
    return {
        "refs": {kind: [_ref(visit, one) for one in some[:MOST_REFS]] for kind, some in kinds},
        "unlisted": sum(max(len(some) - MOST_REFS, 0) for _, some in kinds),
    }


def _ref(visit: Visit, one: Ref) -> dict[str, str]:
    return {"name": one.name, "href": places.at(visit.repo, "tree", one.name)}


def _latest(visit: Visit) -> dict[str, Any]:
    found = commits.history(visit.store, visit.repo, visit.repo.head, limit=LATEST + 1)
    return {
        "commits": [step(visit.repo, one) for one in found[:LATEST]],
        "history": places.at(visit.repo, "commits", MAIN) if len(found) > LATEST else None,
    }


def _pulls(visit: Visit) -> dict[str, Any]:
    found = pulls.listed(visit.store, visit.repo)
    open = [one for one in found if one.status in ("open", "draft")]
    return {
        "pulls": [talks.outline(visit, one) for one in open[:MOST_PULLS]],
        "talks": f"{places.home(visit.repo)}/discussions" if found else None,
    }
