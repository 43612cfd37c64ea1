"""How a run's metrics went, step by step, read from MLflow's own store."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from registry.tracking.records import CURVE

if TYPE_CHECKING:
    from mlflow.store.tracking.abstract_store import AbstractStore


@dataclass(frozen=True, slots=True)
class Curve:
    """One metric of a run: its values by step, without those that are no number."""

    metric: str
    points: tuple[tuple[int, float], ...]


def curves(store: "AbstractStore", run_id: str, most: int) -> Iterator[Curve]:
    """Yield the histories of what a run logged while tuning, the loss first.

    Of a long one, `most` points evenly apart, the first and the last among them: the database
    chooses them, so that a run of a million steps costs no more than a short one.
    """
    run: Any = store.get_run(run_id)  # type: ignore[no-untyped-call]
    wanted = sorted(name for name in run.data.metrics if name.startswith(CURVE))
    for name in sorted(wanted, key=lambda name: name != f"{CURVE}loss"):
        rows = store.get_metric_history_bulk_interval([run_id], name, most, None, None)
        points = _points(rows)
        if points:
            yield Curve(name.removeprefix(CURVE), points)


def _points(rows: Iterable[Any]) -> tuple[tuple[int, float], ...]:
    """Return step and value; a step that a resumed run did again counts as it went last."""
    return tuple({one.step: one.value for one in rows if math.isfinite(one.value)}.items())
