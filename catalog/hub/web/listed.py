"""All repos that everybody may read."""

from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from catalog.answer import Unclear, answer
from catalog.hub.api.shapes import moment
from catalog.hub.store import Store, names, repos
from catalog.hub.store.errors import Refused
from catalog.hub.store.repos import Listed
from catalog.hub.web import places

PAGE = 50
FEW = 10
"""Repos of each type where both types are on the page."""
MOST_WORDS = 8


def everything(request: Request, store: Store) -> Response:
    """The repos of both types, or those of one, a page at a time; what changed last is first."""
    asked = request.query_params
    kind, text, cursor = asked.get("type", ""), asked.get("q", "").strip(), asked.get("cursor")
    if kind not in ("", *names.TYPES):
        raise Unclear(f"type={kind[:40]}: is not one of {', '.join(names.TYPES)}")
    words = tuple(text.split()[:MOST_WORDS])
    try:
        parts = [
            _part(store, one, words, text, cursor if kind else None, PAGE if kind else FEW)
            for one in sorted(names.TYPES)
            if kind in ("", one)
        ]
    except Refused as error:
        raise Unclear(str(error)) from error
    values = {"parts": parts, "kind": kind, "text": text, "hrefs": _hrefs(text)}
    first = _hrefs(text)[kind] if cursor and kind else None
    return answer(request, "hub.html", values | {"first": first})


def _hrefs(text: str) -> dict[str, str]:
    """Return the addresses of the list by type, the words that are looked for kept."""
    return {kind: _href(type=kind, q=text) for kind in ("", *sorted(names.TYPES))}


def _href(**asked: str) -> str:
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"/hub?{query}" if query else "/hub"


def _part(
    store: Store, kind: str, words: tuple[str, ...], text: str, cursor: str | None, limit: int
) -> dict[str, Any]:
    # There are many cards; who does not look for one looks for what was pushed.
    besides = None if words else names.CHECKOUT
    page = repos.page(
        store, kind, search=words, besides=besides, limit=limit, cursor=cursor or None
    )
    return {
        "kind": kind,
        "repos": [_line(one) for one in page.repos],
        "next": page.next and _href(type=kind, q=text, cursor=page.next),
    }


def _line(one: Listed) -> dict[str, Any]:
    title = one.facts.card.get("pretty_name")
    return {
        "id": one.repo.id,
        "href": places.home(one.repo),
        "title": title[:200] if isinstance(title, str) else "",
        "changed": moment(one.repo.changed),
        "risky": one.repo.risky,
    }
