"""Folders and files of a repo."""

from itertools import islice
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from catalog.hub.store import names, refs, trees
from catalog.hub.store.errors import NoEntry
from catalog.hub.store.trees import File, Folder
from catalog.hub.web import places, texts
from catalog.hub.web.visit import Visit, last

PAGE = 100
"""Entries on a page; the last commit of each has to be looked for."""


def tree(visit: Visit) -> Response:
    """One folder at a revision, a page at a time."""
    revision, path = visit.params["rev"], visit.params.get("path", "").strip("/")
    commit = refs.resolve(visit.store, visit.repo, revision)
    if path:
        names.path(path)
    found, after = entries(visit, commit, revision, path, visit.asked("after"))
    here = places.at(visit.repo, "tree", revision, path)
    values = {
        **_where(visit, revision, commit, path),
        "files": found,
        "next": after and f"{here}?{urlencode({'after': after})}",
        "first": here if visit.asked("after") else None,
        "history": places.at(visit.repo, "commits", revision),
    }
    return visit.page("hub_tree.html", values)


def entries(
    visit: Visit, commit: str, revision: str, path: str = "", after: str | None = None
) -> tuple[list[dict[str, Any]], str | None]:
    """Return what lies in a folder, and the path behind which there is more of it."""
    found = trees.listing(visit.store, visit.repo, commit, path, after=after)
    some = list(islice(found, PAGE + 1))
    more = some[PAGE - 1].path if len(some) > PAGE else None
    shown = some[:PAGE]
    lately = last(visit.store, visit.repo, commit, tuple(one.path for one in shown))
    return [_line(visit, one, revision) | {"last": lately.get(one.path)} for one in shown], more


def _line(visit: Visit, one: File | Folder, revision: str) -> dict[str, Any]:
    file = one if isinstance(one, File) else None
    return {
        "name": one.path.rpartition("/")[2],
        "href": places.at(visit.repo, "blob" if file else "tree", revision, one.path),
        "folder": file is None,
        "size": file.size if file else None,
        "risky": file is not None and names.risky(one.path),
    }


def blob(visit: Visit) -> Response:
    """One file at a revision: as text where it is text, else what it is and where to get it."""
    revision, path = visit.params["rev"], names.path(visit.params["path"])
    commit = refs.resolve(visit.store, visit.repo, revision)
    file = trees.entry(visit.store, visit.repo, commit, path)
    if not isinstance(file, File):
        raise NoEntry(f"{visit.repo.id}: {path!r} is a folder at {commit[:12]}; look into it")
    text = texts.of(visit.store, file)
    lines = texts.lines(text) if text is not None else None
    values = {
        **_where(visit, revision, commit, path),
        "file": {"size": file.size, "sha256": file.sha256, "lfs": file.lfs},
        "lines": lines if lines is None or len(lines) <= texts.MOST_LINES else None,
        "most": texts.MOST,
        "risky": names.risky(path),
        "last": last(visit.store, visit.repo, commit, (path,)).get(path),
        "download": places.at(visit.repo, "resolve", revision, path),
        "fixed": places.at(visit.repo, "blob", commit, path),
    }
    return visit.page("hub_blob.html", values)


def _where(visit: Visit, revision: str, commit: str, path: str) -> dict[str, Any]:
    """Return the revision, and the folders above a path with their addresses."""
    parts = path.split("/") if path else []
    above = [
        (part, places.at(visit.repo, "tree", revision, "/".join(parts[: number + 1])))
        for number, part in enumerate(parts[:-1])
    ]
    return {
        "revision": revision,
        "commit": commit,
        "root": places.at(visit.repo, "tree", revision),
        "above": above,
        "name": parts[-1] if parts else "",
    }
