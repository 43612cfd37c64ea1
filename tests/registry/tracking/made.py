"""Reports from native files to scores, and questions to the MLflow they were published to."""

import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from registry import Registry
from registry.hashing import digest
from registry.reports import Artefact, Measurement, Report
from registry.tracking import sync

pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")

SONGS, BIRD = "0" * 64, "1" * 64
TRAIN = "data/mixtures/songs-only/train.parquet"
HELD_OUT = "data/mixtures/songs-only/held_out_instances.parquet"
CURVE = "step,loss,lr,grad_norm\n1,2.5,0.0001,None\n2,2.25,0.0002,1.5\n3,2.125,0.0001,nan\n"
FIRST_SYNC = """
import sys
from pathlib import Path
from registry import load
from registry.tracking import sync
sync(load(), [], Path(), tracking_uri=sys.argv[1], say=lambda said: None)
"""
Say = Callable[[str], None]


def file(path: str, *, holds: str = "", sha256: str = "", rows: int | None = None) -> Artefact:
    said = digest([path, holds])
    made = sha256 or (said.removeprefix("md5:") * 2)
    return Artefact(path=path, sha256=made, bytes=100, digest=said, rows=rows)


def environment(hour: int) -> dict[str, Any]:
    return {"started": f"2026-11-21T{hour:02}:00:00+00:00", "seconds": 60.0, "device": "cpu"}


def score(value: float, subset: str | None = None) -> Measurement:
    return Measurement(
        value=value, benchmark="new-songs", metric="exact_match", subset=subset, stderr=0.05, n=80
    )


def chain(*, tuned: str = "a", hour: int = 9, score_after: float = 0.5) -> list[Report]:
    """Native files to scores, as the stages report them; `tuned` decides the tuned weights."""
    native = file("data/native/songs/songs.json", sha256=SONGS)
    bird = file("data/native/nightingale/bird.safetensors", sha256=BIRD)
    songs = file("data/canonical/songs/train.parquet", rows=3)
    base = file("models/nightingale/model.safetensors")
    train, held_out = file(TRAIN, rows=2), file(HELD_OUT, rows=1)
    weights = file("models/singer/model.safetensors", holds=tuned)
    scale = (Measurement(value=3, unit="instances"), Measurement(value=1, unit="tasks"))
    recipe = {"method": "full", "steps": 3, "learning_rate": 1e-4}
    over_tasks = replace(score(0.625), unit="tasks", n=2)
    return [
        Report(
            stage="evaluate",
            id="singer",
            inputs=(weights, held_out),
            outputs=(file("data/answers/singer/new-songs.jsonl", holds=tuned, rows=80),),
            measured={"results": (score(score_after), over_tasks, score(0.75, "rhyme/half"))},
            environment=environment(hour + 5),
        ),
        Report(
            stage="convert",
            id="songs",
            settings={"format": "alpaca", "members": ["a", "b"]},
            inputs=(native,),
            outputs=(songs,),
            measured={"scale": scale, "languages": (Measurement(value={"eng": 2, "deu": 1}),)},
            environment=environment(hour),
        ),
        Report(
            stage="convert",
            id="nightingale",
            inputs=(bird,),
            outputs=(base,),
            measured={"scale": (Measurement(value=1000, unit="parameters"),)},
            environment=environment(hour + 1),
        ),
        Report(
            stage="mix",
            id="songs-only",
            settings={"size": 2, "seed": 1},
            inputs=(songs,),
            outputs=(train, held_out),
            environment=environment(hour + 2),
        ),
        Report(
            stage="tune",
            id="singer",
            settings={"build": {"base": "nightingale"}, "tune": recipe},
            inputs=(base, train),
            outputs=(weights,),
            measured={"tokens_per_second": (Measurement(value=123.5),)},
            environment=environment(hour + 3),
        ),
        Report(
            stage="evaluate",
            id="nightingale",
            inputs=(base, held_out),
            outputs=(file("data/answers/nightingale/new-songs.jsonl", rows=80),),
            measured={"results": (score(0.25),)},
            environment=environment(hour + 4),
        ),
    ]


def report_of(stage: str, id: str = "singer", **given: Any) -> Report:
    (found,) = [one for one in chain(**given) if (one.stage, one.id) == (stage, id)]
    return found


def publish(
    registry: Registry, uri: str, reports: list[Report] | None = None, say: Say = print
) -> Any:
    return sync(registry, reports or chain(), registry.root, tracking_uri=uri, say=say)


def client_of(uri: str) -> Any:
    from mlflow import MlflowClient

    return MlflowClient(uri, uri)


def runs_of(uri: str, asked: str = "") -> list[Any]:
    client = client_of(uri)
    everywhere = [one.experiment_id for one in client.search_experiments()]
    return list(client.search_runs(everywhere, asked))


def run_of(uri: str, stage: str, id: str = "singer") -> Any:
    tags = "tags.`catalog.stage` = '{}' and attributes.run_name = '{}'"
    (run,) = runs_of(uri, tags.format(stage, id))
    return client_of(uri).get_run(run.info.run_id)  # a search leaves models out


def datasets_of(run: Any, *contexts: str) -> set[tuple[str, str]]:
    return {
        (one.dataset.name, one.dataset.digest)
        for one in run.inputs.dataset_inputs
        if one.tags[0].value in contexts
    }


def models_of(uri: str, asked: str | None = None, datasets: Any = None) -> list[Any]:
    client = client_of(uri)
    everywhere = [one.experiment_id for one in client.search_experiments()]
    return list(client.search_logged_models(everywhere, asked, datasets=datasets))


def state(uri: str) -> dict[str, Any]:
    """Everything in MLflow that does not depend on the moment it was written."""
    client = client_of(uri)
    runs = {
        run.data.tags["catalog.stage_md5"]: (
            run.info.status,
            run.info.start_time,
            run.info.end_time,
            sorted(run.data.params.items()),
            sorted((name, repr(value)) for name, value in run.data.metrics.items()),
            sorted((one.dataset.name, one.tags[0].value) for one in run.inputs.dataset_inputs),
            len(run.inputs.model_inputs),
            len(run.outputs.model_outputs),
            [
                (key, one.step, repr(one.value))
                for key in sorted(run.data.metrics)
                for one in client.get_metric_history(run.info.run_id, key)
            ],
        )
        for run in map(client.get_run, [one.info.run_id for one in runs_of(uri)])
    }
    models = sorted(
        (one.name, one.status.value, sorted((each.key, each.value) for each in one.metrics))
        for one in models_of(uri)
    )
    entry = client.get_registered_model("singer")
    versions = [one.tags for one in client.search_model_versions("name = 'singer'")]
    aliases = {name: str(number) for name, number in entry.aliases.items()}
    return {
        "runs": runs,
        "count": len(runs_of(uri)),
        "models": models,
        "versions": versions,
        "entry": (entry.description, entry.tags, aliases),
    }


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
