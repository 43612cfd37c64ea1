"""Who somebody is here, and the making, moving and deleting of repos."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from catalog.hub.api import who
from catalog.hub.api.ask import Ask, text
from catalog.hub.api.errors import Refused, said
from catalog.hub.store import names, repos
from catalog.hub.store.errors import RepoExists
from catalog.hub.store.repos import Repo
from catalog.hub.store.tokens import Who


def whoami(ask: Ask) -> Response:
    """Answer who the token is of."""
    assert ask.who
    role = "read" if ask.who.role == "read" else "write"
    return said(
        {
            "type": "user",
            "id": ask.who.user,
            "name": ask.who.user,
            "fullname": ask.who.user,
            "isPro": False,
            "orgs": [_namespace(name) for name in ask.who.namespaces],
            "auth": {
                "type": "access_token",
                "accessToken": {"displayName": ask.who.user, "role": role},
            },
        }
    )


def _namespace(name: str) -> dict[str, Any]:
    return {"type": "org", "id": name, "name": name, "fullname": name, "isEnterprise": False}


def create(ask: Ask) -> Response:
    """Make a repo; one that is there is a 409 with its address in the body."""
    values = ask.json()
    kind, id = _kind(values), _named(ask, values)
    namespace, _ = names.repo(kind, id)
    maker = who.require_writer(ask.store, ask.who, namespace)
    is_private = values.get("private") is True or _is_private(values) is True
    prefix = "datasets/" if kind == "datasets" else ""
    try:
        repo = repos.create(
            ask.store,
            kind,
            id,
            private=is_private,
            risky=values.get("risky") is True,
            author=maker.user,
        )
    except RepoExists as error:
        extra = {"url": f"{ask.base}/{prefix}{id}"}
        raise Refused(409, "You already created this repo; " + str(error), extra=extra) from error
    return said({"url": f"{ask.base}/{prefix}{repo.id}", "name": repo.id, "id": repo.id})


def delete(ask: Ask) -> Response:
    """Delete a repo."""
    values = ask.json()
    repos.delete(ask.store, _mine(ask, _kind(values), _named(ask, values)))
    return said({"success": True})


def move(ask: Ask) -> Response:
    """Rename a repo, or move it to another namespace; both have to be the caller's to write to."""
    values = ask.json()
    kind, to = _kind(values), text(values, "toRepo")
    repo = _mine(ask, kind, text(values, "fromRepo"))
    namespace, _ = names.repo(kind, to)
    who.require_writer(ask.store, ask.who, namespace)
    repos.move(ask.store, repo, to)
    return said({"success": True})


def settings(ask: Ask) -> Response:
    """Change who may read a repo, and whether it takes files that run code when opened.

    There are no access requests here: a repo is public or private.
    """
    values = ask.json()
    if values.get("gated") not in (None, False):
        raise Refused(400, "gated: is not offered here; make the repo private instead")
    for name in ("private", "risky"):
        if not isinstance(values.get(name), bool | None):
            raise Refused(400, f"{name}: is neither true nor false")
    private = values.get("private")
    private = _is_private(values) if private is None else private
    repo = repos.settings(ask.store, ask.repo, private=private, risky=values.get("risky"))
    return said({"private": repo.private, "risky": repo.risky, "gated": False})


def check(ask: Ask) -> Response:
    """Answer `auth_check`: the route's need was the question."""
    return said({"ok": True})


def _mine(ask: Ask, kind: str, id: str) -> Repo:
    """Return a repo of the body that the caller may write to."""
    repo = who.located(ask.store, ask.who, kind, id)
    who.require_writer(ask.store, ask.who, repo.namespace)
    return repo


def _kind(values: Mapping[str, Any]) -> str:
    """Return the type of repo in the store's word; none said is a model, as everywhere."""
    said_type = text(values, "type", "model")
    if said_type not in ("model", "dataset"):
        raise Refused(400, f"type {said_type!r}: there are repos of type model and dataset here")
    return f"{said_type}s"


def _named(ask: Ask, values: Mapping[str, Any]) -> str:
    """Return a repo's id; without a namespace it is the caller's only one, or called like them."""
    name, namespace = text(values, "name"), values.get("organization")
    if namespace is None and "/" in name:
        return name
    if namespace is None:
        namespace = _home(ask.who)
    if not isinstance(namespace, str):
        raise Refused(400, "organization: is no text")
    return f"{namespace}/{name}"


def _home(caller: Who | None) -> str:
    if caller is None:
        raise Refused(401, "name: has no namespace; write it as namespace/name")
    return caller.namespaces[0] if len(caller.namespaces) == 1 else caller.user


def _is_private(values: Mapping[str, Any]) -> bool | None:
    visibility = values.get("visibility")
    if visibility not in (None, "public", "private"):
        raise Refused(400, f"visibility {visibility!r}: there are public and private")
    return None if visibility is None else visibility == "private"
