from pathlib import Path
from types import SimpleNamespace
from typing import Any

from catalog.runs import MOST, links
from catalog.settings import Settings
from registry.cards import load_text

CARD = load_text("kind: model\nid: smol\ntitle: Smol\nsummary: Small.\n")
WITH = Settings(root=Path(), mlflow="/mlflow")


def run(at: int) -> SimpleNamespace:
    """Return a run in the shape that MLflow's store gives."""
    tags = {"catalog.card": "models/smol", "catalog.stage": "tune", "catalog.version": "3"}
    info = SimpleNamespace(run_id=f"r{at}", experiment_id="7", status="FINISHED", start_time=0)
    return SimpleNamespace(info=info, data=SimpleNamespace(tags=tags))


class Runs(list[Any]):
    token = None


class Store:
    """Answers as a tracking store does for an experiment with some runs."""

    def search_experiments(self, **_: Any) -> list[Any]:
        return [SimpleNamespace(experiment_id="7", name="tune")]

    def search_runs(self, *_: Any, **__: Any) -> Runs:
        return Runs([run(at) for at in range(MOST + 3)])


def test_links_stand_under_mlflows_prefix() -> None:
    found = links(WITH, CARD, store=Store)
    assert len(found) == MOST
    assert found[0]["run"].startswith("/mlflow/#/experiments/7/runs/r0")
    assert found[0]["model"].startswith("/mlflow/#/models/smol/versions/3")
    assert (found[0]["stage"], found[0]["started"]) == ("tune", "1970-01-01T00:00:00+00:00")


def test_without_mlflow_nobody_is_asked() -> None:
    def unasked() -> Any:
        raise AssertionError

    assert links(Settings(root=Path()), CARD, store=unasked) == []


def test_a_store_that_fails_costs_no_page() -> None:
    def broken() -> Any:
        raise OSError("the database is locked")

    assert links(WITH, CARD, store=broken) == []
