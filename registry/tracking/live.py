"""Metrics of a tuning while it runs, for people who watch; the report is what counts.

The loop only puts numbers in a queue. A thread of its own sends them, a batch every few seconds,
so that a slow or dead MLflow neither slows nor stops the tuning.
"""

import atexit
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self

from registry.tracking.connection import experiment, reach
from registry.tracking.records import CURVE, clean

if TYPE_CHECKING:
    from mlflow import MlflowClient

EVERY = 5.0
PATIENCE = 10.0
BATCH = 1000
_Point = tuple[int, int, Mapping[str, float]]


class Live:
    """A run in MLflow that grows while a model is tuned; call it with a step and its metrics.

    It never raises. The first failure is said in one sentence, and nothing more is sent. `close`
    (at the end of a `with`, or else at exit) sends the rest and waits for at most 10 seconds.
    Without a tracking URI it does nothing.
    """

    def __init__(
        self, tracking_uri: str | None, model: str, fingerprint: str, say: Callable[[str], None]
    ) -> None:
        self._points: queue.SimpleQueue[_Point | None] = queue.SimpleQueue()
        self._model, self._fingerprint = model, fingerprint
        self._say, self._started, self._status = say, _now(), "FINISHED"
        self._thread: threading.Thread | None = None
        if tracking_uri:
            self._thread = threading.Thread(target=self._work, args=[tracking_uri], daemon=True)
            self._thread.start()
            atexit.register(self.close)

    def __call__(self, step: int, metrics: Mapping[str, float]) -> None:
        """Hand over one step's metrics; returns at once."""
        if self._thread and self._thread.is_alive():
            self._points.put((step, _now(), dict(metrics)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._status = "FAILED" if kind else "FINISHED"
        self.close()

    def close(self) -> None:
        """Send what is left and end the run; a second call does nothing."""
        atexit.unregister(self.close)
        self._points.put(None)
        if self._thread:
            self._thread.join(PATIENCE)

    def _work(self, tracking_uri: str) -> None:
        try:
            with reach(tracking_uri) as client:
                self._send(client)
        except Exception as error:  # whatever it is, tuning must go on
            self._say(f"{self._model}: no live metrics from here on ({_first_line(error)})")

    def _send(self, client: "MlflowClient") -> None:
        run = self._run(client)
        for points in _batches(self._points):
            metrics = list(_metrics(points))
            for start in range(0, len(metrics), BATCH):
                client.log_batch(run, metrics=metrics[start : start + BATCH])
        client.set_terminated(run, self._status)

    def _run(self, client: "MlflowClient") -> str:
        """Return the id of the run; that of a killed tuning with the same fingerprint goes on."""
        place, card = experiment(client, "tune"), f"models/{self._model}"
        tags = {"catalog.card": card, "catalog.stage": "tune"}
        tags |= {"catalog.live": self._fingerprint or "unnamed"}
        if self._fingerprint:
            same = " and ".join(f"tags.`{name}` = '{value}'" for name, value in tags.items())
            found = client.search_runs([place], f"{same} and attributes.status != 'FINISHED'")
            if found:
                client.update_run(found[0].info.run_id, "RUNNING")
                return str(found[0].info.run_id)
        name = f"{self._model} (live)"
        made = client.create_run(place, start_time=self._started, tags=tags, run_name=name)
        return str(made.info.run_id)


def live(
    tracking_uri: str | None, model: str, *, fingerprint: str = "", say: Callable[[str], None]
) -> Live:
    """Return what a tuning loop calls with its step and metrics; silent without a tracking URI.

    A tuning with the same `fingerprint` as one that was killed goes on in that one's run.
    Publishing the report replaces the live run by the report's own.
    """
    return Live(tracking_uri, model, fingerprint, say)


def _batches(points: "queue.SimpleQueue[_Point | None]") -> Iterator[list[_Point]]:
    """Yield what came in, every few seconds, until the None that ends it."""
    ended = False
    while not ended:
        found = [points.get()]
        due = time.monotonic() + EVERY
        while found[-1] is not None and (left := due - time.monotonic()) > 0:
            try:
                found.append(points.get(timeout=left))
            except queue.Empty:
                break
        ended = found[-1] is None
        yield [one for one in found if one is not None]


def _metrics(points: list[_Point]) -> Iterator[Any]:
    from mlflow.entities import Metric

    for step, when, metrics in points:
        for name, value in metrics.items():
            yield Metric(clean(CURVE + name), float(value), when, step)


def _now() -> int:
    return int(time.time() * 1000)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
