import json
import os
import shutil
import subprocess
from typing import Any

import pytest

from registry import Registry, load
from registry.files import write_text
from registry.reports import Measurement, Report
from registry.tracking import shown
from tests.registry.tracking.made import (
    BIRD,
    HELD_OUT,
    TRAIN,
    chain,
    client_of,
    datasets_of,
    file,
    models_of,
    publish,
    report_of,
    run_of,
    runs_of,
    state,
)

pytest.importorskip("mlflow")
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")


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


def test_an_evaluation_apart_is_a_run_of_its_own_on_the_same_model(
    registry: Registry, uri: str
) -> None:
    tuned, held_out = report_of("tune").outputs[0], report_of("evaluate").inputs[1]
    apart = Report(
        stage="evaluate",
        id="singer",
        part="new-songs",
        inputs=(tuned, held_out),
        outputs=(file("data/answers/singer+new-songs.jsonl", rows=80),),
        measured={
            "results": (
                Measurement(benchmark="new-songs", metric="prompt_strict", value=0.5, n=80),
            )
        },
    )
    synced = publish(registry, uri, [*chain(), apart])
    assert synced.runs.keys() >= {
        "reports/evaluate/singer.json",
        "reports/evaluate/singer+new-songs.json",
    }
    (found,) = runs_of(uri, f"tags.`catalog.stage_md5` = '{apart.key}'")
    run = client_of(uri).get_run(found.info.run_id)
    assert run.info.run_name == "singer+new-songs"
    assert run.data.tags["catalog.card"] == "models/singer"
    assert run.data.metrics["results.new-songs.prompt_strict"] == 0.5
    (model,) = [one.model_id for one in models_of(uri) if one.name == "singer"]
    assert [one.model_id for one in run.inputs.model_inputs] == [model]
    assert datasets_of(run, "evaluation") == {(held_out.path, held_out.digest)}
    scored = [{"dataset_name": held_out.path, "dataset_digest": held_out.digest}]
    strict = "metrics.`results.new-songs.prompt_strict` = 0.5"
    assert [one.name for one in models_of(uri, strict, scored)] == ["singer"]
    assert publish(registry, uri, [*chain(), apart]).created == 0
