"""Where a card's runs and model versions are in MLflow's pages, asked of MLflow in this process."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from catalog.settings import Settings
from registry import tracking
from registry.cards import Card
from registry.index import name_of
from registry.tracking import Link

MOST = 12
_LOG = logging.getLogger(__name__)


def links(
    settings: Settings, card: Card, *, store: Callable[[], Any] | None = None
) -> list[dict[str, Any]]:
    """Return a card's runs, the newest first; none where there is no MLflow, or it fails.

    `store` gives MLflow's tracking store; that of MLflow's own server unless told otherwise.
    """
    if settings.mlflow is None:
        return []
    try:
        found = tracking.links((store or _own_store)(), name_of(card))
    except Exception:
        # MLflow raises what its database driver raises; a page never depends on it.
        _LOG.warning("MLflow did not answer for %s", name_of(card), exc_info=True)
        return []
    return [_plain(settings.mlflow, one) for many in found.values() for one in many[:MOST]]


def _own_store() -> Any:
    from mlflow.server.handlers import _get_tracking_store

    return _get_tracking_store()


def _plain(prefix: str, one: Link) -> dict[str, Any]:
    started = datetime.fromtimestamp(one.started / 1000, UTC).isoformat(timespec="seconds")
    return {
        "stage": one.stage,
        "status": one.status.lower(),
        "started": started,
        "live": one.live,
        "key": one.key,
        "run": f"{prefix}/{one.run}",
        "model": f"{prefix}/{one.model}" if one.model else None,
    }
