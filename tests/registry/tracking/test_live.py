import threading
import time
from typing import Any

import pytest

from registry import Registry
from registry.tracking import connection, curves, links, live, records
from tests.registry.tracking.made import (
    chain,
    client_of,
    free_port,
    publish,
    run_of,
    runs_of,
)

pytest.importorskip("mlflow")
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")


def test_live_metrics_reach_mlflow_while_tuning(uri: str) -> None:
    said = list[str]()
    log = live(uri, "singer", say=said.append)
    for step in (1, 2):
        log(step, {"loss": 1 / step})
    log.close()
    (run,) = runs_of(uri)
    history = client_of(uri).get_metric_history(run.info.run_id, "train/loss")
    assert [(one.step, one.value) for one in history] == [(1, 1.0), (2, 0.5)]
    assert run.info.status == "FINISHED"
    (link,) = links(client_of(uri))["models/singer"]
    assert link.live
    assert said == []


def test_publishing_the_report_leaves_no_live_run_beside_it(registry: Registry, uri: str) -> None:
    client = client_of(uri)
    place = connection.experiment(client, "tune")
    tags = {"catalog.card": "models/singer", "catalog.live": "f"}
    (tuned,) = [records.times(one) for one in chain() if one.stage == "tune"]
    assert tuned is not None
    client.create_run(place, start_time=tuned[0], tags=tags)
    later = client.create_run(place, start_time=tuned[1] + 1, tags=tags)
    other = client.create_run(place, start_time=tuned[0], tags=tags | {"catalog.card": "models/x"})
    publish(registry, uri)
    running = {one.info.run_id for one in runs_of(uri, "attributes.status = 'RUNNING'")}
    assert running == {later.info.run_id, other.info.run_id}
    assert len(runs_of(uri)) == 6 + 2


def store_of(uri: str) -> Any:
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    return SqlAlchemyStore(uri, "mlflow-artifacts:/")


def test_a_published_curve_is_read_back_loss_first(published: str) -> None:
    found = list(curves(store_of(published), run_of(published, "tune").info.run_id, 300))
    assert [one.metric for one in found] == ["loss", "grad_norm", "lr"]
    assert found[0].points == ((1, 2.5), (2, 2.25), (3, 2.125))
    assert found[1].points == ((2, 1.5),)  # what is no number is left out


def test_a_long_curve_comes_in_few_points_with_its_ends(uri: str) -> None:
    from mlflow.entities import Metric

    client = client_of(uri)
    run = client.create_run(connection.experiment(client, "tune")).info.run_id
    steps = range(1, 5001)
    for start in (1, 1001, 2001, 3001, 4001):
        some = [Metric("train/loss", at / 10, at, at) for at in steps[start - 1 : start + 999]]
        client.log_batch(run, metrics=some)
    client.log_batch(run, metrics=[Metric("other", 1.0, 1, 1)])
    (found,) = curves(store_of(uri), run, 100)
    assert 50 < len(found.points) <= 100
    assert (found.points[0], found.points[-1]) == ((1, 0.1), (5000, 500.0))


def test_a_step_that_was_done_again_counts_as_it_went_last(uri: str) -> None:
    from mlflow.entities import Metric

    client = client_of(uri)
    run = client.create_run(connection.experiment(client, "tune")).info.run_id
    again = [Metric("train/loss", 9.0, 1, 1), Metric("train/loss", 8.0, 2, 2)]
    again += [Metric("train/loss", 7.0, 3, 2), Metric("train/loss", 6.0, 4, 3)]
    client.log_batch(run, metrics=again)
    (found,) = curves(store_of(uri), run, 100)
    assert found.points == ((1, 9.0), (2, 7.0), (3, 6.0))


def tuning(uri: str, fingerprint: str, *, ends: bool) -> None:
    with live(uri, "singer", fingerprint=fingerprint, say=print) as log:
        log(1, {"loss": 1.0})
        if not ends:
            raise MemoryError


def test_a_resumed_tuning_goes_on_in_the_live_run_of_the_failed_one(uri: str) -> None:
    with pytest.raises(MemoryError):
        tuning(uri, "f", ends=False)
    (failed,) = runs_of(uri)
    assert failed.info.status == "FAILED"
    tuning(uri, "f", ends=True)
    assert [one.info.status for one in runs_of(uri)] == ["FINISHED"]
    tuning(uri, "g", ends=True)
    assert len(runs_of(uri)) == 2


def test_live_metrics_that_cannot_be_sent_are_one_sentence_and_no_error() -> None:
    said = list[str]()
    log = live(f"http://127.0.0.1:{free_port()}", "singer", say=said.append)
    for step in range(100):
        log(step, {"loss": 1.0})
    log.close()
    assert len(said) == 1
    assert said[0].startswith("singer: no live metrics from here on (MLflow at http://127.0.0.1:")


def test_logging_never_waits_for_mlflow(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow import MlflowClient

    held = threading.Event()
    monkeypatch.setattr(MlflowClient, "log_batch", lambda *_, **__: held.wait(20))
    log = live(uri, "singer", say=print)
    before = time.perf_counter()
    for step in range(1000):
        log(step, {"loss": 1.0})
    assert time.perf_counter() - before < 10  # it would wait 20 for the first alone
    held.set()
    log.close()


def test_without_a_tracking_uri_nothing_is_sent() -> None:
    threads = threading.active_count()
    log = live(None, "singer", say=pytest.fail)
    log(1, {"loss": 1.0})
    log.close()
    assert threading.active_count() == threads
