from pathlib import Path
from types import SimpleNamespace
from typing import Any

from catalog.metrics import histories
from catalog.runs import MOST, Runs, links
from catalog.settings import Settings
from registry.cards import load_text

CARD = load_text("kind: model\nid: smol\ntitle: Smol\nsummary: Small.\n")
WITH = Settings(root=Path(), mlflow="/mlflow")


def run(at: int) -> SimpleNamespace:
    """Return a run in the shape that MLflow's store gives."""
    tags = {"catalog.card": "models/smol", "catalog.stage": "tune", "catalog.version": "3"}
    info = SimpleNamespace(run_id=f"r{at}", experiment_id="7", status="FINISHED", start_time=0)
    return SimpleNamespace(info=info, data=SimpleNamespace(tags=tags))


class Page(list[Any]):
    token = None


class Store:
    """Answers as a tracking store does for an experiment with some runs."""

    def search_experiments(self, **_: Any) -> list[Any]:
        return [SimpleNamespace(experiment_id="7", name="tune")]

    def search_runs(self, *_: Any, **__: Any) -> Page:
        return Page([run(at) for at in range(MOST + 3)])


def test_links_stand_under_mlflows_prefix() -> None:
    shown = links(WITH, Runs(WITH, Store).of(CARD))
    assert len(shown) == MOST
    assert shown[0]["run"].startswith("/mlflow/#/experiments/7/runs/r0")
    assert shown[0]["model"].startswith("/mlflow/#/models/smol/versions/3")
    assert shown[0]["registered"].startswith("/mlflow/#/models/smol?")
    assert (shown[0]["stage"], shown[0]["started"]) == ("tune", "1970-01-01T00:00:00+00:00")


def test_without_mlflow_nobody_is_asked() -> None:
    def unasked() -> Any:
        raise AssertionError

    assert Runs(Settings(root=Path()), unasked).of(CARD) == []


def test_a_store_that_fails_costs_no_page() -> None:
    def broken() -> Any:
        raise OSError("the database is locked")

    assert Runs(WITH, broken).of(CARD) == []
    assert histories(WITH, Runs(WITH, Store).of(CARD), store=broken) is None


def test_mlflow_is_asked_once_for_all_cards_until_that_is_due() -> None:
    asked: list[int] = []

    def counted() -> Store:
        asked.append(1)
        return Store()

    runs = Runs(WITH, counted)
    other = load_text("kind: model\nid: other\ntitle: Other\nsummary: Small.\n")
    assert runs.of(CARD)
    assert runs.of(other) == []
    assert len(asked) == 1
    eager = Runs(Settings(root=Path(), mlflow="/mlflow", patience=0), counted)
    assert eager.of(CARD)
    assert eager.of(CARD)
    assert len(asked) == 3
