"""The history of a repo, and what each commit changed."""

from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from catalog.hub.store import commits, refs, trees
from catalog.hub.store.trees import Change, File
from catalog.hub.web import diffs, places, texts
from catalog.hub.web.visit import Visit, step

PAGE = 50
MOST_FILES = 300
"""Files that a page names; those that a commit changed beyond are counted."""
MOST_DIFFS = 25
MOST_BYTES = 128 << 10
"""Bytes of a file up to which its lines are compared."""
MOST_LINES = 1000
"""Lines of one file's difference that are shown."""


def history(visit: Visit) -> Response:
    """The commits before a revision, newest first, a page at a time."""
    revision, after = visit.params["rev"], visit.asked("after")
    commit = refs.resolve(visit.store, visit.repo, revision)
    found = commits.history(visit.store, visit.repo, commit, limit=PAGE + 1, after=after)
    here = places.at(visit.repo, "commits", revision)
    more = urlencode({"after": found[PAGE - 1].id}) if len(found) > PAGE else None
    values = {
        "revision": revision,
        "commits": [step(visit.repo, one) for one in found[:PAGE]],
        "root": places.at(visit.repo, "tree", revision),
        "next": more and f"{here}?{more}",
        "first": here if after else None,
    }
    return visit.page("hub_commits.html", values)


def commit(visit: Visit) -> Response:
    """One commit: who, when, why, and what differs from the commit before it."""
    id = refs.resolve(visit.store, visit.repo, visit.params["rev"])
    found = commits.get(visit.store, visit.repo, id)
    before = found.parent or found.id
    values = {
        "commit": step(visit.repo, found) | {"message": found.message},
        "parent": found.parent and places.at(visit.repo, "commit", found.parent),
        "root": places.at(visit.repo, "tree", found.id),
        **changed(visit, before, found.id),
    }
    return visit.page("hub_commit.html", values)


def changed(visit: Visit, before: str, after: str) -> dict[str, Any]:
    """Return the files that differ between two commits, with their lines where there is room."""
    found = trees.changes(visit.store, visit.repo, before, after)
    shown = [_file(visit, change, before, after) for change in found[:MOST_FILES]]
    for line, change in islice(_comparable(shown, found), MOST_DIFFS):
        line |= _diff(visit, change)
    return {"changes": shown, "unnamed": max(len(found) - MOST_FILES, 0)}


def _comparable(
    shown: list[dict[str, Any]], found: list[Change]
) -> Iterator[tuple[dict[str, Any], Change]]:
    for line, change in zip(shown, found, strict=False):
        if _is_small(change):
            yield line, change


def _is_small(change: Change) -> bool:
    return all(side is None or side.size <= MOST_BYTES for side in (change.before, change.after))


def _file(visit: Visit, change: Change, before: str, after: str) -> dict[str, Any]:
    there = after if change.after else before
    both = change.before and change.after
    return {
        "path": change.path,
        "href": places.at(visit.repo, "blob", there, change.path),
        "done": "changed" if both else "added" if change.after else "deleted",
        "sizes": [side.size if side else None for side in (change.before, change.after)],
        "hunks": None,
        "cut": 0,
    }


def _diff(visit: Visit, change: Change) -> dict[str, Any]:
    """Return the lines that differ; None where a side is no text."""
    sides = [_text(visit, side) for side in (change.before, change.after)]
    if sides[0] is None or sides[1] is None:
        return {}
    hunks, room = [], MOST_LINES
    found = diffs.unified(sides[0], sides[1])
    for hunk in found:
        if room > 0:
            kept = [asdict(line) for line in hunk.lines[:room]]
            hunks.append({"head": hunk.head, "lines": kept})
        room -= len(hunk.lines)
    return {"hunks": hunks, "cut": max(-room, 0)}


def _text(visit: Visit, side: File | None) -> str | None:
    return texts.of(visit.store, side, MOST_BYTES) if side else ""
