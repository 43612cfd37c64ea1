"""What is refused before a page is asked, and the headers that every answer of ours carries.

MLflow's own checks do not serve for our routes: its patterns let `10.evil.com` pass as a private
address, its check of Origin covers only its own paths, it has no body limit and no CSP.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from catalog.answer import refuse
from catalog.settings import Settings

HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; connect-src 'self'; "
    "style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
READS = ("GET", "HEAD", "OPTIONS")


def guard(app: Starlette, settings: Settings) -> ASGIApp:
    """Wrap our routes: refuse strange hosts, foreign writes and large bodies; add the headers."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        headed = _with_headers(send)
        refusal = _refusal(scope, settings)
        if refusal:
            request = Request({**scope, "app": app})
            await refuse(request, *refusal)(scope, receive, headed)
        else:
            await app(scope, _capped(receive, settings.max_body), headed)

    return guarded


def is_known_host(host: str, hosts: tuple[str, ...]) -> bool:
    """Tell whether a Host header names this server.

    An address in digits is never the work of DNS rebinding, which needs a name of its own.

    >>> is_known_host("localhost:5000", ()), is_known_host("10.0.0.7:5000", ())
    (True, True)
    >>> is_known_host("10.evil.com", ()), is_known_host("cards.example.org", ("example.org",))
    (False, False)
    """
    try:
        parts = urlsplit(f"//{host}")
        name, _ = (parts.hostname or "").rstrip("."), parts.port
        if parts.netloc != host or "@" in host:
            return False
    except ValueError:  # among others, of a port that is no number
        return False
    return name == "localhost" or name in hosts or _is_address(name)


def hosts(settings: Settings) -> tuple[str, ...]:
    """Return the names that the server may be called by, that in its public address among them."""
    return (*settings.hosts, urlsplit(settings.public_url or "").hostname or "localhost")


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _refusal(scope: Scope, settings: Settings) -> tuple[int, str] | None:
    """Return status and reason if the request is not to be answered."""
    headers = Headers(scope=scope)
    host = headers.get("host", "")
    if not is_known_host(host, hosts(settings)):
        said = f"host '{host}': is not this server's name"
        return 403, f"{said}; if it should be, start it with --public-host"
    if scope["method"] not in READS and is_foreign(headers, host):
        return 403, "this write comes from a page of another site"
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > settings.max_body:
        return 413, f"the body is larger than {settings.max_body:,} bytes"
    return None


def is_foreign(headers: Headers, host: str) -> bool:
    """Tell whether a browser says that a write was sent by a page that is not ours."""
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        return True
    return headers.get("sec-fetch-site") in ("cross-site", "same-site")


def _capped(receive: Receive, most: int) -> Receive:
    """Count a body that comes without its length, and stop when it is too large."""
    read = 0

    async def counted() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > most:
            raise HTTPException(413, f"the body is larger than {most:,} bytes")
        return message

    return counted


def _with_headers(send: Send) -> Send:
    async def headed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
        await send(message)

    return headed
