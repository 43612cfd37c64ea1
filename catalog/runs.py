"""Where a card's runs and model versions are in MLflow's pages, asked of MLflow in this process."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from threading import Lock, Thread
from typing import Any

from catalog.settings import Settings
from registry import tracking
from registry.cards import Card
from registry.index import name_of
from registry.tracking import Link

MOST = 12
SOONEST = 3.0
"""Seconds after which MLflow is asked again at the soonest; a slow one is asked more seldom."""

SHARE = 20
_LOG = logging.getLogger(__name__)


class Runs:
    """Every card's runs, asked of MLflow at once and again after some time, beside the requests.

    `store` gives MLflow's tracking store; that of MLflow's own server unless told otherwise.
    """

    def __init__(self, settings: Settings, store: Callable[[], Any] | None = None) -> None:
        self._settings, self._store = settings, store or own_store
        self._lock = Lock()
        self._known: Mapping[str, list[Link]] | None = None
        self._due = 0.0

    def of(self, card: Card) -> list[Link]:
        """Return a card's runs, the newest first; none where there is no MLflow, or it fails."""
        return self._all().get(name_of(card), [])

    def has(self, name: str) -> bool:
        """Tell whether a card has runs."""
        return name in self._all()

    def _all(self) -> Mapping[str, list[Link]]:
        if self._settings.mlflow is None:
            return {}
        known = self._known
        if known is None or not self._settings.patience:
            with self._lock:
                known = self._ask() if known is self._known else self._known or {}
        elif time.monotonic() >= self._due and self._lock.acquire(blocking=False):
            Thread(target=self._ask_and_release, daemon=True).start()
        return known

    def _ask_and_release(self) -> None:
        try:
            self._ask()
        finally:
            self._lock.release()

    def _ask(self) -> Mapping[str, list[Link]]:
        begun = time.monotonic()
        try:
            found: Mapping[str, list[Link]] = tracking.links(self._store())
        except Exception:
            # MLflow raises what its database driver raises; a page never depends on it.
            _LOG.warning("MLflow did not answer", exc_info=True)
            found = self._known or {}
        ended = time.monotonic()
        self._known, self._due = found, ended + max(SOONEST, SHARE * (ended - begun))
        return found


def links(settings: Settings, known: Sequence[Link]) -> list[dict[str, Any]]:
    """Return the newest runs as a page shows them."""
    return [_plain(settings.mlflow or "", one) for one in known[:MOST]]


def own_store() -> Any:
    """Return the tracking store of MLflow's server, which runs in this process."""
    from mlflow.server.handlers import _get_tracking_store

    return _get_tracking_store()


def _plain(prefix: str, one: Link) -> dict[str, Any]:
    return {
        "stage": one.stage,
        "status": one.status.lower(),
        "started": when(one.started),
        "live": one.live,
        "key": one.key,
        "run": f"{prefix}/{one.run}",
        "model": f"{prefix}/{one.model}" if one.model else None,
        "registered": f"{prefix}/{one.registered}" if one.registered else None,
    }


def when(milliseconds: int) -> str:
    """Return a moment of MLflow's in ISO form."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")
