"""From `NAME@ALIAS` back to native files, with nothing but what MLflow keeps.

Over REST (`U` is the tracking URI, `A` is `U/api/2.0/mlflow`) the same walk is:

1. `GET A/registered-models/alias?name=NAME&alias=ALIAS`: `model_version.source` is `models:/m-…`.
2. `GET A/logged-models/m-…`: `model.info.source_run_id` is the run that made the weights.
3. `GET A/runs/get?run_id=R`: each of `run.inputs.dataset_inputs` has a `dataset` (`name`, `digest`,
   `source`) and the tag `mlflow.data.context`; all but `output` is what the run read.
4. `POST A/experiments/search {"max_results": 1000}` once, for `experiment_ids`; then for each file
   read `POST A/runs/search {"experiment_ids": […], "filter": "dataset.digest = 'D' AND
   dataset.context = 'output'"}`. MLflow tests the two conditions on *any* dataset of the run, not
   on one and the same: keep the runs that list this name and digest under `output`.
5. Step 3 for each such run. A file that no run wrote is native: its `source` is JSON with `path`,
   `sha256`, `bytes`, `card` and `origin`.
"""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from registry.errors import RegistryError
from registry.tracking.connection import reach

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

CONTEXT = "mlflow.data.context"


def trace(tracking_uri: str, model: str) -> list[dict[str, Any]]:
    """Walk from a registered model's version, `NAME@ALIAS`, to the sha256 of its native files.

    Each step is a dict whose `step` is `version`, `model`, `run` or `file`; runs come in the order
    of the walk, files last.
    """
    name, at, alias = model.removeprefix("models:/").partition("@")
    if not (name and at and alias):
        raise RegistryError(f"{model}: names no version; write NAME@champion")
    with reach(tracking_uri) as client:
        version = client.get_model_version_by_alias(name, alias)
        made = client.get_logged_model(str(version.source).removeprefix("models:/"))
        runs, files = _walk(client, str(made.source_run_id))
    return [
        {"step": "version", "name": name, "version": str(version.version), "alias": alias},
        {"step": "model", "id": made.model_id, **_tags(made.tags, "weights_sha256", "card")},
        *runs,
        *files,
    ]


def _walk(client: "MlflowClient", first: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    everywhere = [one.experiment_id for one in client.search_experiments(max_results=1000)]
    waiting, seen = [first], {first}
    runs: list[dict[str, Any]] = []
    files: dict[tuple[str, str], dict[str, Any]] = {}
    while waiting:
        run = client.get_run(waiting.pop(0))
        runs.append(_run(run))
        for one in _files(run):
            file = (one["name"], one["digest"])
            if one["context"] == "output" or file in files:
                continue
            maker = _maker(client, everywhere, file)
            if maker is None:
                said = json.loads(one["source"])
                files[file] = {"step": "file", "run": run.info.run_id, **said}
            elif maker not in seen:
                seen.add(maker)
                waiting.append(maker)
    return runs, list(files.values())


def _maker(client: "MlflowClient", experiments: list[str], file: tuple[str, str]) -> str | None:
    """Return the newest run that wrote this file, or None."""
    asked = f"dataset.digest = '{file[1]}' and dataset.context = 'output'"
    for run in client.search_runs(experiments, asked, order_by=["attributes.start_time DESC"]):
        for one in _files(run):
            if one["context"] == "output" and (one["name"], one["digest"]) == file:
                return str(run.info.run_id)
    return None


def _run(run: "Run") -> dict[str, Any]:
    read = [one["name"] for one in _files(run) if one["context"] != "output"]
    wrote = [one["name"] for one in _files(run) if one["context"] == "output"]
    said = _tags(run.data.tags, "stage", "card", "stage_md5")
    return {"step": "run", "id": run.info.run_id, **said, "inputs": read, "outputs": wrote}


def _tags(tags: dict[str, str], *names: str) -> dict[str, str | None]:
    return {name: tags.get(f"catalog.{name}") for name in names}


def _files(run: "Run") -> Iterator[dict[str, Any]]:
    for one in run.inputs.dataset_inputs if run.inputs else ():
        context = next((tag.value for tag in one.tags if tag.key == CONTEXT), "")
        kept = one.dataset
        said = {"name": kept.name, "digest": kept.digest, "source": kept.source}
        yield {**said, "context": context}
