"""Folders of a repo: a page at a time, or some paths by name."""

from collections.abc import Iterable
from itertools import islice
from typing import Any
from urllib.parse import parse_qs

from starlette.responses import Response

from catalog.hub.api.ask import Ask
from catalog.hub.api.errors import Refused, said
from catalog.hub.api.info import next_page
from catalog.hub.api.shapes import file_entry
from catalog.hub.store import commits, names, refs, trees
from catalog.hub.store.trees import File, Folder

PAGE = 1000
PAGE_WITH_COMMITS = 100
"""To find the last commit of a path is work, so the pages that show it are shorter."""
MAX_PATHS = 5000


def listing(ask: Ask) -> Response:
    """Answer `list_repo_tree`."""
    commit = refs.resolve(ask.store, ask.repo, ask.params["rev"])
    path = ask.params.get("path", "").strip("/")
    with_commits = ask.says("expand")
    size = PAGE_WITH_COMMITS if with_commits else PAGE
    found = trees.listing(
        ask.store,
        ask.repo,
        commit,
        names.path(path) if path else "",
        recursive=ask.says("recursive"),
        after=ask.one("cursor") or None,
    )
    entries = list(islice(found, size + 1))
    cursor = entries[size - 1].path if len(entries) > size else None
    headers = {"x-repo-commit": commit, **next_page(ask, cursor)}
    return said(_lines(ask, commit, entries[:size], with_commits), headers=headers)


def some(ask: Ask) -> Response:
    """Answer `get_paths_info`; what is not there is left out."""
    commit = refs.resolve(ask.store, ask.repo, ask.params["rev"])
    paths, with_commits = _wanted(ask)
    clean = [names.path(path.strip("/")) for path in paths if path.strip("/")]
    found = trees.entries(ask.store, ask.repo, commit, clean)
    return said(
        _lines(ask, commit, list(found.values()), with_commits),
        headers={"x-repo-commit": commit},
    )


def _lines(
    ask: Ask, commit: str, entries: Iterable[File | Folder], with_commits: bool
) -> list[dict[str, Any]]:
    if not with_commits:
        return [file_entry(entry) for entry in entries]
    entries = list(entries)
    last = commits.last(ask.store, ask.repo, commit, [entry.path for entry in entries])
    return [file_entry(entry, last.get(entry.path)) for entry in entries]


def _wanted(ask: Ask) -> tuple[list[str], bool]:
    """Read the paths: Python sends a form, other languages JSON."""
    kind = ask.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        try:
            form = parse_qs(ask.body.decode("utf-8"), True, max_num_fields=MAX_PATHS + 10)
        except ValueError as error:
            raise Refused(400, f"the form cannot be read: {error}") from error
        paths: Any = form.get("paths", [])
        with_commits = form.get("expand", [""])[-1].lower() in ("1", "true")
    else:
        values = ask.json()
        paths, with_commits = values.get("paths", []), values.get("expand") is True
        paths = [paths] if isinstance(paths, str) else paths
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise Refused(400, "paths: is no list of texts")
    if len(paths) > MAX_PATHS:
        raise Refused(400, f"paths: holds more than {MAX_PATHS:,}")
    return paths, with_commits
