import json
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import Registry, load
from registry.errors import RegistryError
from registry.files import write_text
from registry.hashing import digest
from registry.reports import Artefact, Measurement, Report
from registry.tracking import connection, curves, links, live, records, shown, sync, trace
from registry.tracking.description import describe_model, plain

pytest.importorskip("mlflow")
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


@pytest.fixture(scope="module")
def first_sync(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, "subprocess.CompletedProcess[str]"]:
    """MLflow takes seconds to make its tables: made once, by a sync of nothing in a new process."""
    import registry

    folder = tmp_path_factory.mktemp("mlflow")
    (folder / "cards").mkdir()
    words = [sys.executable, "-c", FIRST_SYNC, "sqlite:///empty.db"]
    where = {**os.environ, "PYTHONPATH": str(Path(registry.__file__).parents[1])}
    done = subprocess.run(words, capture_output=True, text=True, cwd=folder, env=where)
    return folder / "empty.db", done


@pytest.fixture
def empty_database(first_sync: tuple[Path, Any]) -> Path:
    return first_sync[0]


@pytest.fixture
def uri(empty_database: Path, tmp_path: Path) -> str:
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    return f"sqlite:///{tmp_path}/mlflow.db"


@pytest.fixture
def fresh(empty_database: Path, tmp_path: Path) -> str:
    """A second MLflow, to compare with."""
    shutil.copy(empty_database, tmp_path / "fresh.db")
    return f"sqlite:///{tmp_path}/fresh.db"


@pytest.fixture
def registry(root: Path) -> Registry:
    card = root / "cards/models/nightingale.yaml"
    write_text(card, card.read_text().replace("0" * 64, BIRD))
    write_text(root / "reports/tune/singer.loss.csv", CURVE)
    return load(root)


def publish(
    registry: Registry, uri: str, reports: list[Report] | None = None, say: Say = print
) -> Any:
    return sync(registry, reports or chain(), registry.root, tracking_uri=uri, say=say)


@pytest.fixture
def published(registry: Registry, empty_database: Path) -> str:
    """An MLflow that holds the chain; for tests that only look, which share it."""
    path = empty_database.with_name("published.db")
    if not path.exists():
        shutil.copy(empty_database, path)
        publish(registry, f"sqlite:///{path}")
    return f"sqlite:///{path}"


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


@given(st.text(max_size=400))
def test_a_clean_name_is_one_that_mlflow_accepts(name: str) -> None:
    from mlflow.utils.validation import _validate_metric_name, _validate_param_name

    _validate_metric_name(records.clean(name))
    _validate_param_name(records.clean(name))
    assert len(records.clean(name)) <= 250


def test_settings_become_flat_parameters() -> None:
    said = records.params({"mix": {"seed": 1, "hold_out": None}, "members": ["a", "b"]}, "r.json")
    assert said == {"mix.seed": "1", "members": '["a", "b"]'}


def test_a_long_parameter_is_cut_and_says_where_the_rest_is() -> None:
    (said,) = records.params({"members": "x" * 7000}, "reports/convert/songs.json").values()
    assert len(said) == 6000
    assert said.endswith("(7,000 characters; in full in reports/convert/songs.json)")


def test_a_metric_is_named_by_field_and_qualifiers_and_its_task_after_a_slash() -> None:
    said = {
        "results": (score(0.75, "rhyme/half"),),
        "scale": (Measurement(value=3, split="train"),),
    }
    found = {one.name: one.value for one in records.numbers(said)}
    assert found == {
        "results.new-songs.exact_match/rhyme.half": 0.75,
        "results.new-songs.exact_match.stderr/rhyme.half": 0.05,
        "results.new-songs.exact_match.n/rhyme.half": 80,
        "scale.train": 3,
    }


def test_two_measurements_never_share_a_name() -> None:
    many = tuple(Measurement(value=one, subset=name) for one, name in enumerate(["a b?", "a b!"]))
    assert [one.value for one in records.numbers({"quarantined": many})] == [0, 1]
    assert len({one.name for one in records.numbers({"quarantined": many})}) == 2


@pytest.mark.parametrize("value", [math.nan, math.inf, "many", None, ["eng"]])
def test_what_is_no_finite_number_is_no_metric(value: Any) -> None:
    assert records.numbers({"scale": (Measurement(value=value),)}) == []


def test_a_model_tuned_from_a_tuned_model_comes_after_it(root: Path) -> None:
    card = (root / "cards/models/singer.yaml").read_text()
    child = card.replace("id: singer", "id: alto").replace("base: nightingale", "base: singer")
    write_text(root / "cards/models/alto.yaml", child)
    reports = [Report(stage="tune", id=id) for id in ("alto", "singer")]
    ordered = records.in_order(load(root), [*reports, Report(stage="fetch", id="songs")])
    assert [one.id for one in ordered] == ["singer", "alto"]


def test_text_of_a_card_cannot_act_in_the_description(root: Path) -> None:
    card = root / "cards/models/singer.yaml"
    hostile = "<img src=x onerror=y> [click](javascript:z) | `a`"
    text = card.read_text().replace("Nightingale tuned on songs.", json.dumps(hostile))
    write_text(card, text)
    registry = load(root)
    said = describe_model(registry, chain(), registry.models["singer"], None)
    assert said.startswith(plain(hostile))
    assert "<img" not in said
    assert "](javascript" not in said


def test_the_description_has_scores_before_and_after_with_their_errors(registry: Registry) -> None:
    said = describe_model(registry, chain(), registry.models["singer"], "abc-dirty")
    row = "0.2500 ± 0.0500 (n = 80) | 0.5000 ± 0.0500 (n = 80) | +0.2500 |"
    assert row in said
    assert "rhyme" not in said
    assert "git checkout abc\n" in said


def test_the_description_says_how_each_claim_is_known(root: Path) -> None:
    card = root / "cards/models/singer.yaml"
    claim = 'licence: {value: MIT, cited: a-paper, at: "Table 2"}\n'
    write_text(card, card.read_text().replace("results:", f"{claim}results:"))
    registry = load(root)
    said = describe_model(registry, [], registry.models["singer"], None)
    assert "| licence | MIT | cited: [a-paper](/papers/a-paper), Table 2 |" in said


def test_a_long_description_ends_with_a_whole_line_and_says_where_the_rest_is(root: Path) -> None:
    card = root / "cards/models/singer.yaml"
    notes = "".join(f"  - {'quirk ' * 20}number {one}\n" for one in range(60))
    write_text(card, card.read_text().replace("results:", f"notes:\n{notes}results:"))
    registry = load(root)
    said = describe_model(registry, chain(), registry.models["singer"], None)
    assert len(said) <= 5000
    *kept, empty, last = said.splitlines()
    assert kept[-1].startswith("- quirk quirk")
    assert kept[-1][-1].isdigit()
    assert (empty, last) == ("", "… the rest is in [the catalog](/models/singer)")


def test_a_password_is_never_shown() -> None:
    assert "secret" not in shown("postgresql+psycopg://me:secret@host:5432/mlflow")


def test_each_report_of_the_four_stages_becomes_one_run(registry: Registry, uri: str) -> None:
    fetched = Report(stage="fetch", id="songs")
    synced = publish(registry, uri, [*chain(), fetched])
    runs = runs_of(uri)
    assert {one.data.tags["catalog.stage_md5"] for one in runs} == {one.key for one in chain()}
    assert {one.info.status for one in runs} == {"FINISHED"}
    assert (synced.created, synced.known) == (6, 0)


def test_publishing_again_changes_nothing_and_says_so(registry: Registry, uri: str) -> None:
    publish(registry, uri)
    before, said = state(uri), list[str]()
    synced = publish(registry, uri, say=said.append)
    assert state(uri) == before
    assert (synced.created, synced.known) == (0, 6)
    assert said == [f"MLflow at {uri}: nothing new, 6 there already"]


def test_a_sync_killed_anywhere_is_finished_by_the_next(
    registry: Registry, uri: str, fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow import MlflowClient

    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    calls = ["log_batch", "log_inputs", "create_logged_model", "log_outputs"]
    calls += ["finalize_logged_model", "set_terminated", "create_registered_model"]
    calls += ["create_model_version", "set_registered_model_alias", "set_tag"]
    for call in calls:
        with monkeypatch.context() as patched:
            patched.setattr(MlflowClient, call, die)
            with pytest.raises(KeyboardInterrupt):
                publish(registry, uri)
    publish(registry, uri)
    publish(registry, fresh)
    assert state(uri) == state(fresh)


def test_a_half_made_run_is_reported_as_finished(
    registry: Registry, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow import MlflowClient

    with monkeypatch.context() as patched:
        patched.setattr(MlflowClient, "set_terminated", lambda *_: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            publish(registry, uri)
    synced = publish(registry, uri)
    assert (synced.created, synced.finished, synced.known) == (5, 1, 0)
    assert "1 half made before and now finished" in str(synced)


def test_what_one_stage_writes_is_what_the_next_reads(published: str) -> None:
    converted = datasets_of(run_of(published, "convert", "songs"), "output")
    based = datasets_of(run_of(published, "convert", "nightingale"), "output")
    mixed = run_of(published, "mix", "songs-only")
    tuned = run_of(published, "tune")
    assert datasets_of(mixed, "source") == converted
    assert datasets_of(tuned, "source") == based
    assert datasets_of(tuned, "training") < datasets_of(mixed, "output")
    scored = run_of(published, "evaluate")
    assert datasets_of(scored, "evaluation") < datasets_of(mixed, "output")
    assert datasets_of(scored, "source") == datasets_of(tuned, "output")


def test_a_digest_is_kept_whole(published: str) -> None:
    (output,) = chain()[1].outputs
    assert datasets_of(run_of(published, "convert", "songs"), "output") == {
        (output.path, output.digest)
    }
    assert len(output.digest) == 36


def test_a_native_file_carries_its_sha256_and_where_it_is_published(published: str) -> None:
    run = run_of(published, "convert", "nightingale")
    (native,) = [one for one in run.inputs.dataset_inputs if one.tags[0].value == "source"]
    said = json.loads(native.dataset.source)
    assert (said["sha256"], said["bytes"]) == (BIRD, 100)
    assert (said["card"], said["origin"]) == ("models/nightingale", "file:bird.safetensors")


def test_a_dataset_says_how_many_rows_and_instances_were_counted(published: str) -> None:
    (read,) = run_of(published, "mix", "songs-only").inputs.dataset_inputs[:1]
    said = json.loads(read.dataset.profile)
    assert (said["rows"], said["scale.instances"], said["scale.tasks"]) == (3, 3, 1)


def test_a_learning_curve_is_the_history_of_its_metrics(published: str) -> None:
    run = run_of(published, "tune")
    history = client_of(published).get_metric_history(run.info.run_id, "train/loss")
    assert [(one.step, one.value) for one in history] == [(1, 2.5), (2, 2.25), (3, 2.125)]
    assert history[-1].timestamp == run.info.end_time
    norms = client_of(published).get_metric_history(run.info.run_id, "train/grad_norm")
    assert [one.step for one in norms] == [2, 3]
    assert run.data.metrics["tokens_per_second"] == 123.5


def test_a_run_has_the_times_settings_and_names_of_its_report(published: str) -> None:
    run = run_of(published, "tune")
    assert run.info.end_time - run.info.start_time == 60_000
    assert run.data.params["tune.learning_rate"] == "0.0001"
    assert run.data.tags["catalog.card"] == "models/singer"
    assert run.data.tags["environment.device"] == "cpu"


def test_models_are_found_by_the_rows_they_were_scored_on(published: str) -> None:
    held_out = [{"dataset_name": HELD_OUT, "dataset_digest": file(HELD_OUT).digest}]
    better = "metrics.`results.new-songs.exact_match` > 0.3"
    assert {one.name for one in models_of(published, datasets=held_out)} == {
        "singer",
        "nightingale",
    }
    assert [one.name for one in models_of(published, better, held_out)] == ["singer"]
    others = [{"dataset_name": TRAIN, "dataset_digest": file(TRAIN).digest}]
    assert models_of(published, better, others) == []


def test_tuning_starts_from_the_logged_base_and_scores_belong_to_the_tuned(published: str) -> None:
    by_name = {one.name: one.model_id for one in models_of(published)}
    tuned = run_of(published, "tune")
    assert [one.model_id for one in tuned.inputs.model_inputs] == [by_name["nightingale"]]
    assert [one.model_id for one in tuned.outputs.model_outputs] == [by_name["singer"]]
    scored = run_of(published, "evaluate")
    assert [one.model_id for one in scored.inputs.model_inputs] == [by_name["singer"]]


def test_a_version_leads_to_its_logged_model_and_run(published: str) -> None:
    version = client_of(published).get_model_version_by_alias("singer", "champion")
    (model,) = models_of(published, "name = 'singer'")
    assert version.source == f"models:/{model.model_id}"
    assert version.run_id == run_of(published, "tune").info.run_id
    assert version.tags["catalog.weights_sha256"] == report_of("tune").outputs[0].sha256


def test_the_same_answers_scored_anew_renew_the_numbers_of_their_run(
    registry: Registry, uri: str
) -> None:
    publish(registry, uri)
    again = chain(hour=15, score_after=0.125)
    assert [one.key for one in again] == [one.key for one in chain()]
    synced = publish(registry, uri, again)
    assert (synced.created, synced.renewed, synced.known) == (0, 1, 5)
    assert run_of(uri, "evaluate").data.metrics["results.new-songs.exact_match"] == 0.125
    everywhere = [one.experiment_id for one in client_of(uri).search_experiments()]
    by_score = [{"field_name": "metrics.results.new-songs.exact_match", "ascending": False}]
    ranked = client_of(uri).search_logged_models(everywhere, order_by=by_score)
    assert [one.name for one in ranked] == ["nightingale", "singer"]
    assert publish(registry, uri, again).renewed == 0


def test_new_weights_are_a_new_version_and_the_champion(registry: Registry, uri: str) -> None:
    publish(registry, uri)
    publish(registry, uri, chain(tuned="b", hour=15))
    client = client_of(uri)
    assert len(client.search_model_versions("name = 'singer'")) == 2
    champion = client.get_model_version_by_alias("singer", "champion")
    sha256 = report_of("tune", tuned="b").outputs[0].sha256
    assert champion.tags["catalog.weights_sha256"] == sha256
    assert "reproduced" not in client.get_registered_model("singer").aliases


def test_the_same_weights_from_a_second_tuning_are_reproduced(registry: Registry, uri: str) -> None:
    publish(registry, uri)
    assert "reproduced" not in client_of(uri).get_registered_model("singer").aliases
    publish(registry, uri, chain(hour=15))
    entry = client_of(uri).get_registered_model("singer")
    assert {name: str(one) for name, one in entry.aliases.items()} == {
        "champion": "1",
        "reproduced": "1",
    }
    assert len(client_of(uri).search_model_versions("name = 'singer'")) == 1


def test_an_edited_card_renews_the_models_text_and_makes_no_version(
    registry: Registry, uri: str
) -> None:
    publish(registry, uri)
    card = registry.root / "cards/models/singer.yaml"
    write_text(card, card.read_text().replace("tuned on songs", "that sings"))
    synced = publish(load(registry.root), uri)
    entry = client_of(uri).get_registered_model("singer")
    assert entry.description.startswith("Nightingale that sings.")
    assert synced.created == 0
    assert len(client_of(uri).search_model_versions("name = 'singer'")) == 1


def test_a_model_is_tagged_with_who_annotated_its_datasets(published: str) -> None:
    tags = client_of(published).get_registered_model("singer").tags
    assert tags == {"catalog.card": "models/singer", "annotator": "human"}


def test_scores_of_weights_that_nobody_reported_are_left_out(registry: Registry, uri: str) -> None:
    said = list[str]()
    stale = [*chain(tuned="b")[1:], report_of("evaluate", tuned="a")]
    synced = publish(registry, uri, stale, say=said.append)
    assert synced.created == 5
    assert any("reports/evaluate/singer.json: is left out" in one for one in said)


def test_a_report_whose_card_is_gone_is_left_out(registry: Registry, uri: str) -> None:
    said = list[str]()
    publish(registry, uri, [Report(stage="mix", id="gone")], say=said.append)
    assert said[0] == "reports/mix/gone.json: no card is called 'gone' any more; left out"


def test_a_run_names_the_commit_of_its_card(registry: Registry, uri: str) -> None:
    git = shutil.which("git")
    if git is None:
        pytest.skip("needs git")
    who = ["-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "cards"], ["commit", "-qm", "cards"]):
        subprocess.run([git, "-C", str(registry.root), *who, *words], check=True)
    asked = [git, "-C", str(registry.root), "rev-parse", "HEAD"]
    commit = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    card = registry.root / "cards/mixtures/songs-only.yaml"
    write_text(card, card.read_text() + "\n")
    publish(registry, uri)
    assert run_of(uri, "tune").data.tags["card_rev"] == commit
    assert run_of(uri, "mix", "songs-only").data.tags["card_rev"] == f"{commit}-dirty"
    assert client_of(uri).get_registered_model("singer").tags["card_rev"] == commit


def test_the_environment_is_as_it_was(
    registry: Registry, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    publish(registry, uri)
    assert os.environ["MLFLOW_TRACKING_URI"] == "http://127.0.0.1:1"


def test_a_champion_is_traced_to_the_sha256_of_its_native_files(published: str) -> None:
    found = trace(published, "singer@champion")
    assert [one.get("stage") or one["step"] for one in found][:3] == ["version", "model", "tune"]
    runs = {(one["stage"], one["card"]) for one in found if one["step"] == "run"}
    assert runs == {
        ("tune", "models/singer"),
        ("mix", "mixtures/songs-only"),
        ("convert", "datasets/songs"),
        ("convert", "models/nightingale"),
    }
    files = {one["path"]: one["sha256"] for one in found if one["step"] == "file"}
    assert files == {
        "data/native/songs/songs.json": SONGS,
        "data/native/nightingale/bird.safetensors": BIRD,
    }


@pytest.mark.parametrize("name", ["singer", "singer@", "@champion", "models:/singer/1"])
def test_a_trace_needs_a_name_and_an_alias(uri: str, name: str) -> None:
    with pytest.raises(RegistryError, match=r"names no version; write NAME@champion"):
        trace(uri, name)


def test_a_trace_of_an_unknown_model_is_one_sentence(uri: str) -> None:
    with pytest.raises(RegistryError, match=r"MLflow at sqlite:.*not found"):
        trace(uri, "nobody@champion")


def test_the_pages_of_a_card_are_found_newest_first(published: str) -> None:
    found = links(client_of(published), "models/singer")["models/singer"]
    assert [one.stage for one in found] == ["evaluate", "tune"]
    run = run_of(published, "tune").info
    assert found[1].run.startswith(f"#/experiments/{run.experiment_id}/runs/{run.run_id}")
    assert (found[1].model or "").startswith("#/models/singer/versions/1")
    assert found[0].model is None


def test_the_store_itself_answers_for_the_pages_of_every_card(registry: Registry, uri: str) -> None:
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    assert links(client_of(uri)) == {}
    publish(registry, uri)
    found = links(SqlAlchemyStore(uri, "mlflow-artifacts:/"))
    assert set(found) == {one.data.tags["catalog.card"] for one in runs_of(uri)}
    assert found == links(client_of(uri))


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
    monkeypatch.setattr(MlflowClient, "log_batch", lambda *_, **__: held.wait(5))
    log = live(uri, "singer", say=print)
    before = time.perf_counter()
    for step in range(1000):
        log(step, {"loss": 1.0})
    assert time.perf_counter() - before < 0.5
    held.set()
    log.close()


def test_without_a_tracking_uri_nothing_is_sent() -> None:
    threads = threading.active_count()
    log = live(None, "singer", say=pytest.fail)
    log(1, {"loss": 1.0})
    log.close()
    assert threading.active_count() == threads


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_a_dead_server_is_one_sentence_in_seconds(registry: Registry) -> None:
    before = time.perf_counter()
    with pytest.raises(RegistryError, match=r"does not answer \(.*refused\); start the server"):
        publish(registry, f"http://127.0.0.1:{free_port()}/mlflow")
    assert time.perf_counter() - before < 5


def test_something_that_is_not_mlflow_is_told_from_it(registry: Registry) -> None:
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>a catalog</html>")

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Other) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        with pytest.raises(RegistryError, match="what answers there is no MLflow"):
            publish(registry, f"http://127.0.0.1:{server.server_port}")


@pytest.mark.parametrize("uri", ["", "mlruns", "file:///tmp/x", "databricks"])
def test_a_place_that_is_no_database_and_no_server_is_refused(registry: Registry, uri: str) -> None:
    with pytest.raises(RegistryError, match="is neither a database nor a server"):
        publish(registry, uri)


def test_a_first_sync_says_nothing_and_leaves_one_file(
    first_sync: tuple[Path, "subprocess.CompletedProcess[str]"],
) -> None:
    path, done = first_sync
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    later = {"cards", "published.db", "server.db", "server.log"}
    left = {one.name for one in path.parent.iterdir()} - later
    assert left == {"empty.db"}


@pytest.fixture(scope="module")
def server(first_sync: tuple[Path, Any]) -> Iterator[str]:
    """A real MLflow server on a free port."""
    database = first_sync[0].with_name("server.db")
    shutil.copy(first_sync[0], database)
    port = free_port()
    words = ["-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    words += ["--workers", "1", "--backend-store-uri", f"sqlite:///{database}"]
    words += ["--artifacts-destination", str(database.with_name("artefacts"))]
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with database.with_suffix(".log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *words],
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **quiet},
            start_new_session=True,
        )
    try:
        yield _answering(f"http://127.0.0.1:{port}", process)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def _answering(address: str, process: "subprocess.Popen[bytes]") -> str:
    for _ in range(300):
        try:
            with urlopen(f"{address}/health", timeout=1):
                return address
        except OSError:
            assert process.poll() is None, "the server ended"
            time.sleep(0.2)
    pytest.fail("the server did not start within a minute")


def ask(address: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """One call of MLflow's REST API, with nothing but HTTP."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(
        f"{address}/api/2.0/mlflow/{path}", data, {"Content-Type": "application/json"}
    )
    with urlopen(request, timeout=10) as answer:
        return json.load(answer)


def context_of(one: dict[str, Any]) -> str:
    return next(tag["value"] for tag in one["tags"] if tag["key"] == "mlflow.data.context")


def native_files(address: str, name: str, alias: str) -> dict[str, str]:
    """The walk that `registry.tracking.lineage` describes."""
    found = ask(address, f"registered-models/alias?name={name}&alias={alias}")
    model = found["model_version"]["source"].removeprefix("models:/")
    made = ask(address, f"logged-models/{model}")["model"]["info"]["source_run_id"]
    experiments = ask(address, "experiments/search", {"max_results": 1000})["experiments"]
    ids = [one["experiment_id"] for one in experiments]
    waiting, files = [made], dict[str, str]()
    while waiting:
        run = ask(address, f"runs/get?run_id={waiting.pop()}")["run"]
        for one in run["inputs"]["dataset_inputs"]:
            if context_of(one) != "output":
                makers = makers_of(address, ids, one["dataset"])
                source = json.loads(one["dataset"]["source"])
                waiting += makers
                files |= {} if makers else {source["path"]: source["sha256"]}
    return files


def makers_of(address: str, experiments: list[str], dataset: dict[str, str]) -> list[str]:
    asked = f"dataset.digest = '{dataset['digest']}' AND dataset.context = 'output'"
    body = {"experiment_ids": experiments, "filter": asked}
    return [
        run["info"]["run_id"]
        for run in ask(address, "runs/search", body).get("runs", [])
        for one in run["inputs"]["dataset_inputs"]
        if context_of(one) == "output"
        and one["dataset"]["name"] == dataset["name"]
        and one["dataset"]["digest"] == dataset["digest"]
    ]


def test_a_server_holds_what_a_database_holds_and_http_alone_traces_it(
    registry: Registry, server: str, fresh: str
) -> None:
    publish(registry, server)
    publish(registry, fresh)
    assert state(server) == state(fresh)
    assert publish(registry, server).created == 0
    assert state(server) == state(fresh)
    walked = native_files(server, "singer", "champion")
    assert walked == {
        "data/native/songs/songs.json": SONGS,
        "data/native/nightingale/bird.safetensors": BIRD,
    }
    files = (one for one in trace(server, "models:/singer@champion") if one["step"] == "file")
    assert walked == {one["path"]: one["sha256"] for one in files}
