"""From a request to an endpoint: checks that no endpoint can forget, and one shape of errors."""

import inspect
import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from catalog.hub.api import who
from catalog.hub.api.ask import Ask
from catalog.hub.api.errors import Refused, response, translated
from catalog.hub.api.raw import Body, Need, Route, Table, Undecodable, query, segments
from catalog.hub.checkout import Checkout
from catalog.hub.store import Store
from catalog.hub.store.names import CHECKOUT
from catalog.security import READS, hosts, is_foreign, is_known_host
from catalog.settings import Settings
from registry.errors import RegistryError

MAX_JSON = 8 << 20
"""The largest JSON body: a preupload of 256 files carries 512 bytes of each and their paths."""
MAX_NONE = 64 << 10
"""What is put up with as the body of a route that has none."""

HEADERS = {
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
_log = logging.getLogger("catalog.hub")


def hub(
    table: Table, settings: Settings, opened: Callable[[], Store], checkout: Checkout
) -> ASGIApp:
    """Return the Hub's API; the store is opened by the first request that needs it."""
    asked = partial(_asked, settings, opened, checkout)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request, headed = Request(scope, receive), _with_headers(send)
        try:
            found = await _answer(table, settings, asked, request)
        except ClientDisconnect:
            return
        except (Refused, RegistryError, Undecodable) as error:
            found = response(translated(error))
        except Exception:
            _log.exception("%s %s", scope["method"], scope["path"])
            found = response(Refused(500, "the server failed at this; its log says where"))
        await found(scope, receive, headed)

    return app


async def _answer(
    table: Table, settings: Settings, asked: Callable[..., Ask], request: Request
) -> Response:
    _check_sender(request, settings)
    route, params = _routed(table, request)
    if route.body is not Body.STREAM:
        most = MAX_JSON if route.body is Body.JSON else MAX_NONE
        _check_length(request.headers, most)
    ask = await run_in_threadpool(asked, route, params, request)
    if route.body is Body.JSON:
        ask = replace(ask, body=await _read(request, MAX_JSON))
    if inspect.iscoroutinefunction(route.endpoint):
        found: Response = await route.endpoint(ask)
    else:
        found = await run_in_threadpool(route.endpoint, ask)
    return found


def _asked(
    settings: Settings,
    opened: Callable[[], Store],
    checkout: Checkout,
    route: Route,
    params: dict[str, str],
    request: Request,
) -> Ask:
    """Find out who asks and which repo they mean, and refuse what the route's need does not let."""
    store, someone, repo = opened(), None, None
    if route.need not in (Need.NOTHING, Need.SIGNED):
        someone = who.caller(store, request.headers)
        checkout.begin()
        if route.has_repo:
            if params["ns"] == CHECKOUT:
                checkout.follow(params["kind"], params["name"])
            repo = who.located(store, someone, params["kind"], f"{params['ns']}/{params['name']}")
        who.require(store, someone, route.need, repo.namespace if repo else None)
    return Ask(request, store, settings, params, query(request.scope), someone, repo)


def _routed(table: Table, request: Request) -> tuple[Route, dict[str, str]]:
    """Find the route; what can be got has a head."""
    sent, method = segments(request.scope), request.method
    found = table.find(method, sent)
    if isinstance(found, set) and method == "HEAD" and "GET" in found:
        found = table.find("GET", sent)
    if not isinstance(found, set):
        return found
    if not found:
        raise Refused(404, "there is no such route")
    allowed = ", ".join(sorted(found))
    raise Refused(405, f"{method}: is not possible here", headers={"allow": allowed})


def _check_sender(request: Request, settings: Settings) -> None:
    host = request.headers.get("host", "")
    if not is_known_host(host, hosts(settings)):
        said = f"host {host!r}: is not this server's name"
        raise Refused(403, f"{said}; if it should be, start it with --public-host")
    if request.method not in READS and is_foreign(request.headers, host):
        raise Refused(403, "this write comes from a page of another site")


def _check_length(headers: Headers, most: int) -> None:
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdecimal()) or int(length) > most:
        raise Refused(413, f"the body is larger than {most:,} bytes")


async def _read(request: Request, most: int) -> bytes:
    """Read a body whole that may come without its length."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise Refused(413, f"the body is larger than {most:,} bytes")
    return bytes(body)


def _with_headers(send: Send) -> Send:
    async def headed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "no-cache")
        await send(message)

    return headed


def is_hubs(scope: Scope) -> bool:
    """Tell whether a request is the Hub's and not for the catalog's pages.

    >>> def sent(path): return is_hubs({"type": "http", "raw_path": path})
    >>> sent(b"/api/models"), sent(b"/a/m/resolve/main/a"), sent(b"/a/d.git/info/lfs/objects/batch")
    (True, True, True)
    >>> sent(b"/datasets/alpaca"), sent(b"/static/x/y")
    (False, False)
    """
    if scope["type"] != "http":
        return False
    raw: Any = scope.get("raw_path") or b""
    sent: list[str] = raw.partition(b"?")[0].decode("latin-1").split("/")[1:]
    if sent[0] in ("api", "lfs", "xet", "v1"):
        return len(sent) > 1
    if sent[0] in ("static", "lineage", "leaderboards"):
        return False
    if sent[0] == "datasets":
        sent = sent[1:]
    return len(sent) > 3 and (sent[2] == "resolve" or sent[1].endswith(".git"))
