"""The Hub beside the catalog's pages, on the same port."""

from threading import Lock

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from catalog.hub.api.routes import TABLE
from catalog.hub.api.serving import hub, is_hubs
from catalog.hub.checkout import Checkout
from catalog.hub.store import Store
from catalog.hub.store.store import DATABASE
from catalog.security import READS
from catalog.settings import Settings
from catalog.shelf import Watch


def beside(
    pages: ASGIApp, settings: Settings, opened: "Opened", watch: Watch, checkout: Checkout
) -> ASGIApp:
    """Send each request to the Hub's API or to the pages, by its path as it was sent.

    What was pushed is looked for before the next page, not only when the next look is due.
    """
    api = hub(TABLE, settings, opened, checkout)

    async def either(scope: Scope, receive: Receive, send: Send) -> None:
        if not is_hubs(scope):
            await pages(scope, receive, send)
            return

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 300:
                watch.hurry()
            await send(message)

        await api(scope, receive, send if scope["method"] in READS else noted)

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

    def there(self) -> Store | None:
        """Return the store if anybody ever opened it."""
        begun = self._store or self._settings.hub_store
        return self() if begun or (self._settings.root / "hub" / DATABASE).is_file() else None


def open_store(settings: Settings) -> Store:
    """Open the store that the settings name."""
    return Store.open(settings.root / "hub", database=settings.hub_store, blobs=settings.hub_blobs)
