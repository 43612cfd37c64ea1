"""Routing on the path as it was sent, percent signs and all.

A framework decodes the path first, and then `refs%2Fpr%2F1` is three segments and `%2e%2e` is a
step up. Here the raw path is cut at its slashes, and only then is each segment decoded, once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs, unquote_to_bytes

from starlette.types import Scope

MOST = 8192
"""The longest path that is looked at, in bytes: a repo path of 1 kB may be escaped thrice over."""


class Need(StrEnum):
    """What a caller has to show before an endpoint is called.

    On a route with a repo every need but `NOTHING` and `SIGNED` begins with reading: who cannot
    read a repo is told that there is none, whatever else they asked.
    """

    NOTHING = "nothing"
    """Anybody; a token is not even looked at."""
    ANYONE = "anyone"
    """Anybody, but a token that is sent has to hold."""
    TOKEN = "token"
    """Any token that holds."""
    READ = "read"
    """The right to read the repo."""
    PROPOSE = "propose"
    """The right to read the repo, and a token that may write somewhere."""
    WRITE = "write"
    """The right to write to the repo."""
    NAMED = "named"
    """A token; the body names a repo, which it has to be able to write to."""
    SIGNED = "signed"
    """An address that this server signed; the endpoint checks it by itself."""


class Body(StrEnum):
    """How much of a body is read, and by whom, before an endpoint is called."""

    NONE = "none"
    """The route has no body; one that comes is refused beyond a little."""
    JSON = "json"
    """Read whole, up to a cap, and given to the endpoint as `ask.body`."""
    STREAM = "stream"
    """Left to the endpoint, which has to be `async` and to count by itself."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment of a pattern: a word, or `before{name}after`, or `{name*}` for all the rest."""

    name: str
    before: str = ""
    after: str = ""
    is_rest: bool = False

    @classmethod
    def parse(cls, text: str) -> "Segment":
        before, brace, rest = text.partition("{")
        if not brace:
            return cls("", text)
        name, _, after = rest.partition("}")
        return cls(name.removesuffix("*"), before, after, name.endswith("*"))


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table: a method, a pattern, the endpoint and what it needs.

    `fixed` are parameters that the pattern implies and does not hold, such as `kind`.
    """

    method: str
    pattern: str
    endpoint: Any
    need: Need
    body: Body = Body.NONE
    fixed: tuple[tuple[str, str], ...] = ()

    @property
    def has_repo(self) -> bool:
        """Whether the address names a repo."""
        return "{name}" in self.pattern


def of_kinds(
    method: str, rest: str, endpoint: Any, need: Need, body: Body = Body.NONE
) -> tuple[Route, ...]:
    """Return the routes `/api/models/NS/NAME…` and `/api/datasets/NS/NAME…`."""
    return tuple(
        Route(
            method,
            f"/api/{kind}/{{ns}}/{{name}}{'/' + rest if rest else ''}",
            endpoint,
            need,
            body,
            (("kind", kind),),
        )
        for kind in ("models", "datasets")
    )


def of_pages(
    method: str, rest: str, endpoint: Any, need: Need, body: Body = Body.NONE
) -> tuple[Route, ...]:
    """Return the routes `/NS/NAME…` (models) and `/datasets/NS/NAME…`; `rest` has its slash."""
    return tuple(
        Route(method, f"{start}/{{ns}}/{{name}}{rest}", endpoint, need, body, (("kind", kind),))
        for kind, start in (("datasets", "/datasets"), ("models", ""))
    )


class Undecodable(ValueError):
    """A segment is no UTF-8 once it is unquoted, or the path is too long."""


def segments(scope: Scope) -> list[str]:
    """Return the segments of the path as they were sent, still quoted.

    >>> segments({"raw_path": b"/api/models/a/b/tree/refs%2Fpr%2F1"})
    ['api', 'models', 'a', 'b', 'tree', 'refs%2Fpr%2F1']
    """
    raw: bytes = scope.get("raw_path") or b""
    path = raw.partition(b"?")[0]
    if len(path) > MOST:
        raise Undecodable(f"the path is longer than {MOST:,} bytes")
    return path.decode("latin-1").removeprefix("/").split("/")


def unquoted(segment: str) -> str:
    """Decode a segment once, strictly.

    >>> unquoted("refs%2Fpr%2F1"), unquoted("%252e")
    ('refs/pr/1', '%2e')
    """
    try:
        return unquote_to_bytes(segment.encode("latin-1")).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Undecodable("the path is no UTF-8 once it is unquoted") from error


class Table:
    """All routes, found by the number and the words of their segments."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._cut = [
            (route, tuple(map(Segment.parse, route.pattern[1:].split("/"))))
            for route in self.routes
        ]

    def find(self, method: str, sent: list[str]) -> tuple[Route, dict[str, str]] | set[str]:
        """Return the route with its parameters, or the methods that the path would allow."""
        allowed: set[str] = set()
        for route, pattern in self._cut:
            params = match(pattern, sent)
            if params is None:
                continue
            if route.method == method:
                return route, dict(route.fixed) | params
            allowed.add(route.method)
        return allowed


def match(pattern: tuple[Segment, ...], sent: list[str]) -> dict[str, str] | None:
    """Match the segments of one path; parameters come decoded, the words have to be sent plain."""
    is_open = pattern[-1].is_rest
    if not (len(sent) >= len(pattern) if is_open else len(sent) == len(pattern)):
        return None
    params: dict[str, str] = {}
    for segment, text in zip(pattern, sent, strict=False):
        if segment.is_rest:
            break
        if not segment.name:
            if text != segment.before:
                return None
            continue
        if not _fits(segment, text):
            return None
        params[segment.name] = text[len(segment.before) : len(text) - len(segment.after)]
    if is_open:
        params[pattern[-1].name] = "/".join(sent[len(pattern) - 1 :])
    return {name: "/".join(map(unquoted, text.split("/"))) for name, text in params.items()}


def _fits(segment: Segment, text: str) -> bool:
    return (
        text.startswith(segment.before)
        and text.endswith(segment.after)
        and len(text) > len(segment.before) + len(segment.after)
    )


def query(scope: Scope) -> Mapping[str, list[str]]:
    """Return the query's values by name."""
    raw: bytes = scope.get("query_string", b"")
    return parse_qs(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=1000)
