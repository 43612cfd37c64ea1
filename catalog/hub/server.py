"""The Hub beside the catalog's pages, on the same port."""

from threading import Lock

from starlette.types import ASGIApp, Receive, Scope, Send

from catalog.hub.api.routes import TABLE
from catalog.hub.api.serving import hub, is_hubs
from catalog.hub.store import Store
from catalog.settings import Settings


def beside(pages: ASGIApp, settings: Settings) -> ASGIApp:
    """Send each request to the Hub's API or to the pages, by its path as it was sent."""
    api = hub(TABLE, settings, Opened(settings))

    async def either(scope: Scope, receive: Receive, send: Send) -> None:
        await (api if is_hubs(scope) else pages)(scope, receive, send)

    return either


class Opened:
    """The store, opened by who asks first, so that reading pages makes no folder."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store: Store | None = None
        self._lock = Lock()

    def __call__(self) -> Store:
        with self._lock:
            if self._store is None:
                self._store = open_store(self._settings)
            return self._store


def open_store(settings: Settings) -> Store:
    """Open the store that the settings name."""
    return Store.open(settings.root / "hub", database=settings.hub_store, blobs=settings.hub_blobs)
