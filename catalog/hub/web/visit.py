"""What a page is given: who asks is nobody, because a browser sends no token."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from catalog.answer import answer
from catalog.hub.api.shapes import moment
from catalog.hub.store import Store, commits, repos, tokens
from catalog.hub.store.commits import Commit
from catalog.hub.store.errors import NoRepo
from catalog.hub.store.names import CHECKOUT
from catalog.hub.store.repos import Repo
from catalog.hub.web import places
from catalog.settings import Settings


@dataclass(frozen=True, slots=True)
class Visit:
    """One request for a page of a repo that everybody may read."""

    request: Request
    store: Store
    repo: Repo
    params: Mapping[str, str]

    @property
    def base(self) -> str:
        """This server's address as the visitor knows it, without a slash at its end."""
        settings: Settings = self.request.app.state.settings
        return settings.public_url or str(self.request.base_url).rstrip("/")

    def asked(self, name: str) -> str | None:
        """Return a parameter of the query, None where it is empty or not there."""
        return self.request.query_params.get(name) or None

    def page(self, template: str, values: Mapping[str, Any]) -> Response:
        """Answer with a page; every one of them shows which repo it belongs to."""
        shown = {"id": self.repo.id, "type": self.repo.type, "home": places.home(self.repo)}
        return answer(self.request, template, {"repo": shown, **values})


def step(repo: Repo, commit: Commit) -> dict[str, Any]:
    """Return a commit as lists show it."""
    return {
        "id": commit.id,
        "href": places.at(repo, "commit", commit.id),
        "title": commit.title,
        "author": commit.author,
        "time": moment(commit.time),
    }


@lru_cache(maxsize=256)
def last(
    store: Store, repo: Repo, commit: str, paths: tuple[str, ...]
) -> Mapping[str, dict[str, Any]]:
    """Return the last commit that changed each path.

    The whole history may have to be looked through for it, and what was found stays true.
    """
    found = commits.last(store, repo, commit, paths)
    return {path: step(repo, one) for path, one in found.items()}


def located(request: Request, store: Store, params: Mapping[str, str]) -> Repo:
    """Return a repo that everybody may read; any other is answered as if it were not there."""
    if params["ns"] == CHECKOUT:
        request.app.state.checkout.follow(params["kind"], params["name"])
    try:
        repo = repos.find(store, params["kind"], f"{params['ns']}/{params['name']}")
    except NoRepo as error:
        raise HTTPException(404) from error
    if not tokens.readable(None, repo):
        raise HTTPException(404)
    return repo
