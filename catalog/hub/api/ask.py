"""What an endpoint is given: the request, who sends it, and the repo that they may see."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from catalog.hub.api.errors import Refused
from catalog.hub.store import Store
from catalog.hub.store.repos import Repo
from catalog.hub.store.tokens import Who
from catalog.settings import Settings


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, after its route's needs were met.

    `who` is None for anonymous callers. `body` is empty unless the route reads JSON.
    """

    request: Request
    store: Store
    settings: Settings
    params: Mapping[str, str]
    query: Mapping[str, list[str]]
    who: Who | None = None
    found: Repo | None = None
    body: bytes = b""

    @property
    def repo(self) -> Repo:
        """The repo that the address names."""
        assert self.found, "the route names no repo"
        return self.found

    @property
    def base(self) -> str:
        """This server's address as the caller knows it, without a slash at its end.

        Clients refuse addresses on another host than the one that they asked, even `localhost`
        where they asked `127.0.0.1`.
        """
        if self.settings.public_url:
            return self.settings.public_url
        return f"{self.request.url.scheme}://{self.request.headers.get('host', '')}"

    @property
    def page(self) -> str:
        """The address of the repo's page."""
        prefix = "datasets/" if self.repo.type == "datasets" else ""
        return f"{self.base}/{prefix}{self.repo.id}"

    def one(self, name: str, default: str = "") -> str:
        """Return the last value of a query parameter."""
        return self.query.get(name, [default])[-1]

    def many(self, name: str) -> list[str]:
        """Return all values of a query parameter, in either of the ways that clients write it."""
        return [*self.query.get(name, []), *self.query.get(f"{name}[]", [])]

    def says(self, name: str) -> bool:
        """Tell whether a query parameter is set to something that means yes.

        `recursive=True` is what Python writes, `recursive=1` and `recursive=true` what others do.
        """
        return self.one(name).lower() in ("1", "true", "yes")

    def json(self) -> dict[str, Any]:
        """Return the body, which has to be a JSON object; no body at all is an empty one."""
        if not self.body.strip():
            return {}
        try:
            values = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise Refused(400, "the body is no JSON") from error
        if not isinstance(values, dict):
            raise Refused(400, "the body is no JSON object")
        return values


def text(values: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """Return a field of a JSON body that has to be a text."""
    value = values.get(name)
    value = default if value is None else value
    if not isinstance(value, str):
        raise Refused(400, f"{name}: is no text")
    return value


def number(said: str, name: str, *, default: int, most: int, least: int = 1) -> int:
    """Return a count from a query, held between `least` and `most`.

    >>> number("", "limit", default=20, most=100), number("5000", "limit", default=20, most=100)
    (20, 100)
    """
    if not said:
        return default
    if not said.isascii() or not said.isdecimal() or len(said) > 9:
        raise Refused(400, f"{name} {said!r}: is no count")
    return min(max(int(said), least), most)
