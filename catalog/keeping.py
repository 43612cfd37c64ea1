"""Answers that are kept while nothing changes, and sent as short as the client can take them.

A page is a function of its address and of the cards, so the same page need not be made twice.
"""

import gzip
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock

from starlette.requests import Request
from starlette.responses import Response

from registry.history import head

ROOM = 48 << 20
"""Bytes of answers that are kept; those asked for longest ago go first."""

SMALL = 1000
"""Bytes below which an answer is sent as it is."""

LIVE = 5.0
"""Seconds that an answer is good for where MLflow or a table of data has a part in it."""

Page = Callable[[Request], Response]
_Key = tuple[str, int, str | None]
_PACKED = (
    "text/",
    "application/json",
    "application/ld+json",
    "application/atom+xml",
    "application/xml",
    "application/x-ndjson",
    "image/svg+xml",
)


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, plain and packed, with its tag and when it was made."""

    body: bytes
    packed: bytes | None
    tag: str
    headers: tuple[tuple[str, str], ...]
    made: float

    @property
    def size(self) -> int:
        """How much room it takes."""
        return len(self.body) + len(self.packed or b"")


class Answers:
    """Answers by address and generation of the cards."""

    def __init__(self, room: int = ROOM) -> None:
        self._room, self._size = room, 0
        self._lock = Lock()
        self._kept: OrderedDict[_Key, Kept] = OrderedDict()

    def get(self, key: _Key, oldest: float) -> Kept | None:
        """Return an answer that is not older than a moment of the monotonic clock."""
        with self._lock:
            found = self._kept.get(key)
            if found is None or found.made < oldest:
                return None
            self._kept.move_to_end(key)
            return found

    def put(self, key: _Key, one: Kept) -> None:
        """Keep an answer; what was asked for longest ago makes room for it."""
        with self._lock:
            old = self._kept.pop(key, None)
            self._size += one.size - (old.size if old else 0)
            self._kept[key] = one
            while self._size > self._room and self._kept:
                _, gone = self._kept.popitem(last=False)
                self._size -= gone.size


def always(request: Request) -> bool:
    """Say that an answer has a part in what may change at any time."""
    return True


def never(request: Request) -> bool:
    """Say that an answer follows from the cards and their history alone."""
    return False


def kept(page: Page, *, live: Callable[[Request], bool] = never) -> Page:
    """Return a page that is made once for each state of the cards; a `live` one more often."""

    def answered(request: Request) -> Response:
        state = request.app.state
        shelf = state.watch.shelf()
        # Some answers name this server as the client calls it.
        key = (str(request.url), shelf.generation, head(shelf.registry.root))
        found = state.answers.get(key, _oldest(request) if live(request) else 0.0)
        if found is None:
            response = page(request)
            if response.status_code != 200:
                return response
            found = pack(response)
            state.answers.put(key, found)
        return _send(request, found)

    answered.__doc__, answered.__name__ = page.__doc__, page.__name__
    return answered


def _oldest(request: Request) -> float:
    age = LIVE if request.app.state.settings.patience else 0.0
    return time.monotonic() - age


def pack(response: Response) -> Kept:
    """Return an answer with its tag, and packed where that makes it shorter."""
    body = bytes(response.body)
    kind = response.headers.get("content-type", "")
    worth = len(body) >= SMALL and kind.startswith(_PACKED)
    packed = gzip.compress(body, 6, mtime=0) if worth else None
    headers = tuple(
        (name, value) for name, value in response.headers.items() if name != "content-length"
    )
    return Kept(body, packed, sha256(body).hexdigest()[:32], headers, time.monotonic())


def _send(request: Request, one: Kept) -> Response:
    packed = one.packed if _takes_gzip(request.headers.get("accept-encoding", "")) else None
    tag = f'"{one.tag}{"-gzip" if packed else ""}"'
    headers = dict(one.headers) | {"etag": tag}
    if one.packed:
        headers["vary"] = "accept-encoding"
    if _has(request.headers.get("if-none-match", ""), one.tag):
        return Response(status_code=304, headers={**headers, "etag": tag})
    if packed:
        headers["content-encoding"] = "gzip"
    return Response(packed or one.body, headers=headers)


def _takes_gzip(said: str) -> bool:
    """Tell whether a client takes gzip.

    >>> _takes_gzip("br, gzip;q=0.5"), _takes_gzip("gzip;q=0"), _takes_gzip("identity")
    (True, False, False)
    """
    for one in said.split(","):
        name, _, quality = one.strip().partition(";")
        if name.strip().lower() in ("gzip", "*"):
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _has(said: str, tag: str) -> bool:
    """Tell whether a client has an answer already, packed or not."""
    known = {one.strip().removeprefix("W/") for one in said.split(",")}
    return "*" in known or f'"{tag}"' in known or f'"{tag}-gzip"' in known
