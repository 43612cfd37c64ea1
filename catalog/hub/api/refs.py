"""Branches, tags and the history behind them."""

from typing import Any

from starlette.responses import Response

from catalog.hub.api.ask import Ask, number, text
from catalog.hub.api.errors import said
from catalog.hub.api.info import next_page
from catalog.hub.api.shapes import commit_entry
from catalog.hub.store import commits, refs
from catalog.hub.store.refs import Ref

PAGE = 50


def listed(ask: Ask) -> Response:
    """Answer `list_repo_refs`; clients read all four keys."""
    found = refs.listed(ask.store, ask.repo)
    pulls = found.pulls if ask.says("include_prs") else ()
    return said(
        {
            "branches": [_entry(ref) for ref in found.branches],
            "converts": [],
            "tags": [_entry(ref) for ref in found.tags],
            "pullRequests": [_entry(ref) for ref in pulls],
        }
    )


def _entry(ref: Ref) -> dict[str, Any]:
    return {"name": ref.name, "ref": ref.ref, "targetCommit": ref.commit}


def history(ask: Ask) -> Response:
    """Answer `list_repo_commits`, newest first."""
    commit = refs.resolve(ask.store, ask.repo, ask.params["rev"])
    limit = number(ask.one("limit"), "limit", default=PAGE, most=1000)
    found = commits.history(
        ask.store, ask.repo, commit, limit=limit + 1, after=ask.one("cursor") or None
    )
    cursor = found[limit - 1].id if len(found) > limit else None
    headers = {"x-repo-commit": commit, **next_page(ask, cursor)}
    return said([commit_entry(one) for one in found[:limit]], headers=headers)


def branch(ask: Ask) -> Response:
    """Make a branch; one that is there is a 409, on which `exist_ok` relies."""
    start = text(ask.json(), "startingPoint", "main")
    refs.branch(ask.store, ask.repo, ask.params["ref"], at=start)
    return said({"success": True}, 201)


def delete_branch(ask: Ask) -> Response:
    """Delete a branch."""
    refs.delete_branch(ask.store, ask.repo, ask.params["ref"])
    return said({"success": True})


def tag(ask: Ask) -> Response:
    """Tag the revision of the address; the tag's name is in the body."""
    values = ask.json()
    name, message = text(values, "tag"), text(values, "message", "")
    refs.tag(ask.store, ask.repo, name, at=ask.params["ref"], message=message)
    return said({"success": True}, 201)


def delete_tag(ask: Ask) -> Response:
    """Delete a tag."""
    refs.delete_tag(ask.store, ask.repo, ask.params["ref"])
    return said({"success": True})
