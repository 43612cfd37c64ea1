"""Discussions of a repo, and the pull requests among them."""

from itertools import takewhile
from typing import Any

from starlette.responses import Response

from catalog.hub.api.shapes import moment
from catalog.hub.store import commits, pulls
from catalog.hub.store.errors import NoPull
from catalog.hub.store.pulls import Pull
from catalog.hub.web import places
from catalog.hub.web.steps import changed
from catalog.hub.web.visit import Visit, step

PAGE = 50
MOST_COMMITS = 100
MOST_EVENTS = 200


def listed(visit: Visit) -> Response:
    """All discussions, newest first, a page at a time."""
    before = visit.asked("before")
    start = int(before) if before and _is_number(before) else 10**9
    found = [one for one in pulls.listed(visit.store, visit.repo) if one.number < start]
    here = f"{places.home(visit.repo)}/discussions"
    values = {
        "talks": [outline(visit, one) for one in found[:PAGE]],
        "next": f"{here}?before={found[PAGE - 1].number}" if len(found) > PAGE else None,
        "first": here if before else None,
    }
    return visit.page("hub_discussions.html", values)


def one(visit: Visit) -> Response:
    """One discussion; of a pull request also its commits and what it would change."""
    number = visit.params["num"]
    if not _is_number(number):
        raise NoPull(f"{visit.repo.id}: has no discussion {number[:20]!r}")
    found = pulls.get(visit.store, visit.repo, int(number))
    events = pulls.events(visit.store, visit.repo, found.number)
    values = {
        "talk": outline(visit, found) | {"description": found.description},
        "events": [
            {"kind": event.kind, "author": event.author, "time": moment(event.time)}
            | {"text": event.text}
            for event in events[:MOST_EVENTS]
        ],
        "unshown": max(len(events) - MOST_EVENTS, 0),
        "merged": found.merged and places.at(visit.repo, "commit", found.merged),
        **_proposed(visit, found),
    }
    return visit.page("hub_discussion.html", values)


def outline(visit: Visit, pull: Pull) -> dict[str, Any]:
    """Return a discussion as lists show it."""
    return {
        "number": pull.number,
        "href": places.talk(visit.repo, pull.number),
        "title": pull.title,
        "author": pull.author,
        "time": moment(pull.created),
        "status": pull.status,
        "pull": pull.pull,
    }


def _proposed(visit: Visit, pull: Pull) -> dict[str, Any]:
    if pull.head is None or pull.base is None:
        return {"commits": [], "changes": [], "unnamed": 0, "root": None}
    steps = commits.history(visit.store, visit.repo, pull.head, limit=MOST_COMMITS)
    mine = takewhile(lambda commit: commit.id != pull.base, steps)
    return {
        "commits": [step(visit.repo, commit) for commit in mine],
        "root": places.at(visit.repo, "tree", f"refs/pr/{pull.number}"),
        **changed(visit, pull.base, pull.head),
    }


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10
