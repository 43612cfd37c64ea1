"""A page, or the same values as JSON where the address ends in `.json`."""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from catalog.templating import render
from registry.errors import RegistryError

_TITLES = {
    400: "Not understood",
    403: "Refused",
    404: "Not found",
    405: "Not possible here",
    413: "Too large",
}


class Missing(HTTPException):
    """There is no such page; `near` are the addresses and titles that it may have been."""

    def __init__(self, error: str, near: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__(404, error)
        self.near = tuple(near)


class Unclear(HTTPException):
    """The address asks for something in words that are not known here."""

    def __init__(self, error: str) -> None:
        super().__init__(400, error)


def answer(request: Request, template: str, values: Mapping[str, Any]) -> Response:
    """Answer with the page, or with its values as JSON."""
    if wants_json(request):
        return _response(_json({"ok": True, **values}), "application/json")
    return _response(render(request, template, values), "text/html")


def document(request: Request, text: str, media_type: str) -> Response:
    """Answer with a text that has one form only, such as a feed."""
    return _response(text, media_type)


def refuse(
    request: Request, status: int, error: str, near: Iterable[tuple[str, str]] = ()
) -> Response:
    """Answer with an error: the one JSON shape, or a page that offers near names."""
    if wants_json(request):
        body = _json({"ok": False, "error": error, "status": status})
        return _response(body, "application/json", status=status)
    title = _TITLES.get(status, "This did not work")
    values = {"status": status, "title": title, "error": error, "near": list(near)}
    return _response(render(request, "error.html", values), "text/html", status=status)


def on_http_error(request: Request, error: Exception) -> Response:
    """Turn Starlette's error into our page or JSON."""
    assert isinstance(error, HTTPException)
    near = error.near if isinstance(error, Missing) else ()
    said = error.detail
    if error.status_code == 404 and not isinstance(error, Missing):
        said = f"{request.url.path}: there is no such page"
    if error.status_code == 405:
        said = f"{request.url.path}: can be read, not written"
    response = refuse(request, error.status_code, said, near)
    response.headers.update(error.headers or {})
    return response


def on_registry_error(request: Request, error: Exception) -> Response:
    """Say what is wrong with the cards or the surroundings."""
    assert isinstance(error, RegistryError)
    return refuse(request, 503, str(error))


def on_bug(request: Request, error: Exception) -> Response:
    """Answer for a bug without telling its insides; the traceback goes to the log."""
    return refuse(request, 500, "the server failed at this page; its log says where")


def wants_json(request: Request) -> bool:
    """Tell whether the address asks for JSON; pages of files called `.json` have no such twin."""
    return request.url.path.endswith(".json") and request.scope.get("has_twin", True)


def _json(values: Mapping[str, Any]) -> str:
    try:
        return json.dumps(values, ensure_ascii=False, allow_nan=False) + "\n"
    except ValueError:
        return json.dumps(finite(values), ensure_ascii=False, allow_nan=False) + "\n"


def finite(value: Any) -> Any:
    """Return plain values with null for NaN and infinity, which JSON cannot hold.

    >>> finite({"loss": [1.5, float("nan")]})
    {'loss': [1.5, None]}
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [finite(one) for one in value]
    return value


def _response(text: str, media_type: str, status: int = 200) -> Response:
    # A lone surrogate in somebody's card has no UTF-8; a question mark is better than no page.
    body = text.encode("utf-8", "replace")
    headers = {"cache-control": "no-cache"}
    return Response(body, status, headers, f"{media_type}; charset=utf-8")
