"""The cards' graph and MLflow's records tell one and the same lineage, by the same hashes."""

import json
from pathlib import Path
from typing import Any

import pytest

from registry import lineage, load, reports
from registry.index import Registry
from registry.reports import Report
from registry.tracking import sync, trace

pytest.importorskip("mlflow")
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")

TOP = Path(__file__).parents[3]
MODEL = "smollm2-evals"
Edges = set[tuple[str, str]]


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load(TOP)


@pytest.fixture(scope="module")
def known() -> list[Report]:
    """What the pipeline reported of a real run; it is kept with the code."""
    return reports.all_of(TOP)


@pytest.fixture(scope="module")
def uri(registry: Registry, known: list[Report], tmp_path_factory: pytest.TempPathFactory) -> str:
    made = f"sqlite:///{tmp_path_factory.mktemp('tracking')}/mlflow.db"
    sync(registry, known, TOP, tracking_uri=made, say=lambda said: None)
    return made


@pytest.fixture(scope="module")
def steps(uri: str) -> list[dict[str, Any]]:
    return trace(uri, f"{MODEL}@champion")


def proven(registry: Registry, known: list[Report]) -> Edges:
    """Return the proven edges that lead to a model's own scores, as the pages draw them.

    Its own are those on what its mixture held out: a trace from the weights meets that mixture.
    """
    whole = lineage.graph(registry, known)
    own = [f"scores/{MODEL}/{name}" for name in answered(registry)]
    parts = [lineage.up(whole, name) for name in (f"models/{MODEL}", *own)]
    edges = {edge for part in parts for edge in part.edges if edge.proof == "proven"}
    return {(edge.source, edge.target) for edge in edges}


def answered(registry: Registry) -> tuple[str, ...]:
    card = registry.models[MODEL]
    assert card.evaluate
    return card.evaluate.benchmarks


def from_mlflow(uri: str, steps: list[dict[str, Any]], names: tuple[str, ...]) -> Edges:
    """Return the same from MLflow alone: who wrote the file that another read, back to the files.

    A trace leads from weights to native files; the scores are the logged model's own metrics, each
    of which names the table that it was measured on.
    """
    runs = [one for one in steps if one["step"] == "run"]
    makers = {file: run["card"] for run in runs for file in run["outputs"]}
    read = [(file, run["card"]) for run in runs for file in run["inputs"]]
    edges = {(makers[file], card) for file, card in read if file in makers}
    for file in (one for one in steps if one["step"] == "file"):
        id = file["card"].partition("/")[2]
        path = file["path"].removeprefix(f"data/native/{id}/")
        edges.add((f"files/{id}/{path}", file["card"]))
    for benchmark, table in scored(uri, steps):
        if benchmark not in names:
            continue
        target = f"scores/{MODEL}/{benchmark}"
        edges.add((f"models/{MODEL}", target))
        edges |= {(f"benchmarks/{benchmark}", target)} if table in makers else set()
    return edges


def scored(uri: str, steps: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Return each benchmark that the logged model has scores of, and the table of its rows."""
    from mlflow import MlflowClient

    (model,) = [one for one in steps if one["step"] == "model"]
    kept = MlflowClient(uri, uri).get_logged_model(model["id"]).metrics
    return {
        (one.key.split(".")[1], one.dataset_name)
        for one in kept
        if one.key.startswith("results.") and one.dataset_name
    }


def test_the_proven_edges_of_the_pages_are_those_that_mlflow_has(
    registry: Registry, known: list[Report], uri: str, steps: list[dict[str, Any]]
) -> None:
    found = from_mlflow(uri, steps, answered(registry))
    assert found == proven(registry, known)
    kinds = {source.partition("/")[0] for source, _ in found}
    assert kinds == {"files", "datasets", "mixtures", "models", "benchmarks"}


def test_native_files_have_the_same_hashes_in_both(
    registry: Registry, known: list[Report], steps: list[dict[str, Any]]
) -> None:
    part = lineage.up(lineage.graph(registry, known), f"models/{MODEL}")
    nodes = {one.sha256 for one in part.nodes.values() if one.sha256}
    assert {one["sha256"] for one in steps if one["step"] == "file"} == nodes


def test_every_file_between_has_the_same_digest_in_both(uri: str, known: list[Report]) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(uri, uri)
    places = [one.experiment_id for one in client.search_experiments()]
    kept = {
        (one.dataset.name, one.dataset.digest, json.loads(one.dataset.source)["sha256"])
        for run in client.search_runs(places)
        for one in run.inputs.dataset_inputs
    }
    stages = ("convert", "mix", "tune", "evaluate")
    said = {
        (one.path, one.digest, one.sha256)
        for report in known
        if report.stage in stages
        for one in (*report.inputs, *report.outputs)
    }
    assert kept == said
