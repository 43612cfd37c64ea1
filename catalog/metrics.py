"""How a model's tuning went, as values: its newest runs beside each other, a live one too."""

import logging
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from catalog.printing import label
from catalog.runs import own_store, when
from catalog.settings import Settings
from registry import tracking
from registry.tracking import Curve, Link

MOST_RUNS = 3
MOST_POINTS = 300
_SAYS = {"RUNNING": "running now", "FINISHED": "ended, not yet published"}
_LOG = logging.getLogger(__name__)


def histories(
    settings: Settings, known: Sequence[Link], *, store: Callable[[], Any] | None = None
) -> dict[str, Any] | None:
    """Return the metrics of a model's newest tunings; None where MLflow has none, or fails."""
    runs = [one for one in known if one.stage == "tune"][:MOST_RUNS]
    if not runs:
        return None
    try:
        found = _read((store or own_store)(), settings.mlflow or "", runs)
    except Exception:
        # MLflow raises what its database driver raises; a page never depends on it.
        _LOG.warning("MLflow did not answer for %s", runs[0].card, exc_info=True)
        return None
    return found if found["metrics"] else None


def _read(store: Any, prefix: str, runs: Sequence[Link]) -> dict[str, Any]:
    curves = {one: _growing(store, one) if one.live else _ended(store, one.run_id) for one in runs}
    drawn = [one for one in runs if curves[one]]
    series: dict[str, list[dict[str, Any]]] = {}
    for at, one in enumerate(drawn):
        for curve in curves[one]:
            line = {"run": at, "points": [list(point) for point in curve.points]}
            series.setdefault(curve.metric, []).append(line)
    return {
        "most": MOST_POINTS,
        "runs": [_run(prefix, one) for one in drawn],
        "metrics": [
            {"name": metric, "title": label(metric), "series": many}
            for metric, many in series.items()
        ],
    }


def _growing(store: Any, one: Link) -> tuple[Curve, ...]:
    return tuple(tracking.curves(store, one.run_id, MOST_POINTS))


@lru_cache(maxsize=256)
def _ended(store: Any, run_id: str) -> tuple[Curve, ...]:
    """Return the curves of a published run, which nothing adds to."""
    return tuple(tracking.curves(store, run_id, MOST_POINTS))


def _run(prefix: str, one: Link) -> dict[str, Any]:
    return {
        "href": f"{prefix}/{one.run}",
        "started": when(one.started),
        "live": one.live and one.status == "RUNNING",
        "says": _SAYS.get(one.status, "stopped before its end") if one.live else "published",
    }
