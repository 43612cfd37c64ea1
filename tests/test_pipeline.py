"""dvc.yaml and params.yaml name what the cards name; the slow part runs them in a real DVC repo."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from registry.cards.kinds import Evaluate
from registry.evaluation.metrics.versions import stands_on
from registry.index import Registry, load

TOP = Path(__file__).parent.parent
OUTSIDE = {"programs-ifeval"}
"""Benchmarks whose files are fetched from elsewhere; `registry evaluate` answers them on demand."""


@pytest.fixture(scope="module")
def cards() -> Registry:
    return load(TOP)


@pytest.fixture(scope="module")
def params() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((TOP / "params.yaml").read_text())
    return found


@pytest.fixture(scope="module")
def trials() -> dict[str, Any]:
    """Return what the second pipeline, of every recipe, runs over."""
    found: dict[str, Any] = yaml.safe_load((TOP / "recipes" / "params.yaml").read_text())
    return found | {"tuned": found["trials"] | found["earning"]}


@pytest.fixture(scope="module")
def stages() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((TOP / "dvc.yaml").read_text())["stages"]
    return found


def test_what_is_fetched_and_converted_is_a_card_that_says_from_where_and_how(
    cards: Registry, params: dict[str, Any]
) -> None:
    for id in params["datasets"]:
        assert cards.datasets[id].source
        assert cards.datasets[id].convert
    for id in params["weights"]:
        assert cards.models[id].source
        assert cards.models[id].weights


def test_a_dataset_is_added_by_one_id(stages: dict[str, Any]) -> None:
    assert {name for name, one in stages.items() if one.get("foreach") == "${datasets}"} == {
        "fetch",
        "convert",
    }


def test_tuned_models_are_those_whose_cards_say_how(
    cards: Registry, params: dict[str, Any], trials: dict[str, Any]
) -> None:
    said = {
        id: {"base": card.build.base, "mixture": card.build.mixture, "recipe": card.build.recipe}
        for id, card in cards.models.items()
        if card.build
    }
    assert params["tuned"] | trials["tuned"] == said
    assert not params["tuned"].keys() & trials["tuned"].keys()
    assert not trials["trials"].keys() & trials["earning"].keys()


@pytest.mark.parametrize(
    ("name", "like"),
    [("fetch", "fetch"), ("convert", "convert"), ("tune", "tune"), ("earn", "tune")],
)
def test_a_trial_is_run_as_the_main_job_is(stages: dict[str, Any], name: str, like: str) -> None:
    text = (TOP / "recipes" / "dvc.yaml").read_text()
    trial, main = yaml.safe_load(text)["stages"][name]["do"], stages[like]["do"]
    assert trial.pop("wdir") == ".."
    assert set(main.get("deps", ())) <= set(trial.pop("deps", ()))
    assert trial.pop("outs") == [one for one in main["outs"] if not _is_report(one)]
    assert trial == {key: main[key] for key in ("cmd", "params")}


def test_policies_depend_on_all_the_code_that_says_what_answers_earn(
    cards: Registry, params: dict[str, Any], trials: dict[str, Any]
) -> None:
    policies = {
        id for id, one in trials["tuned"].items() if cards.recipes[one["recipe"]].tune.policy
    }
    assert policies == trials["earning"].keys()
    assert not any(cards.recipes[one["recipe"]].tune.policy for one in params["tuned"].values())
    stages = yaml.safe_load((TOP / "recipes" / "dvc.yaml").read_text())["stages"]
    named = set(stages["earn"]["do"]["deps"])
    assert set(stages["tune"]["do"]["deps"]) <= named
    # What `following` scores whole benchmarks by, and no reward does.
    unused = {f"registry.evaluation.{one}" for one in ("answers", "scoring", "summary")}
    for module in stands_on("registry.evaluation.rewards") - unused:
        path = module.replace(".", "/")
        assert path.startswith(tuple(one.removesuffix(".py") for one in named)), module


def test_the_main_job_waits_for_no_trial(stages: dict[str, Any]) -> None:
    text = (TOP / "recipes" / "dvc.yaml").read_text()
    for stage in yaml.safe_load(text)["stages"].values():
        assert not any(_is_report(one) for one in stage.get("do", stage)["outs"])
    assert "reports/tune" in stages["publish"]["deps"]


def _is_report(out: Any) -> bool:
    (path,) = out if isinstance(out, dict) else (out,)
    return str(path).startswith("reports/")


def test_a_trial_and_its_base_answer_what_the_card_claims(
    cards: Registry, params: dict[str, Any], trials: dict[str, Any]
) -> None:
    answered = {
        (one["model"], one["benchmark"]) for one in (trials["answered"] | trials["ranked"]).values()
    }
    answered |= {
        (id, name)
        for id in params["evaluated"]
        for name in (cards.models[id].evaluate or Evaluate(benchmarks=())).benchmarks
    }
    for id, one in trials["tuned"].items():
        claimed = {claim.benchmark for claim in cards.models[id].results}
        assert claimed
        for name in claimed - OUTSIDE:
            assert (id, name) in answered
            assert (one["base"], name) in answered


def test_what_is_answered_lies_where_the_benchmark_says(
    cards: Registry, trials: dict[str, Any]
) -> None:
    for key, one in (trials["answered"] | trials["ranked"]).items():
        assert (key in trials["ranked"]) is (cards.benchmarks[one["benchmark"]].rank is not None)
        assert key == f"{one['model']}+{one['benchmark']}"
        rows = cards.benchmarks[one["benchmark"]].rows
        assert rows
        assert one["table"] == f"mixtures/{rows.mixture}/{rows.part}"


def test_mixtures_depend_on_exactly_their_datasets(
    cards: Registry, params: dict[str, Any], trials: dict[str, Any], stages: dict[str, Any]
) -> None:
    text = (TOP / "recipes" / "dvc.yaml").read_text()
    mixing = stages | yaml.safe_load(text)["stages"]
    tuned = params["tuned"] | trials["tuned"]
    for mixture in {one["mixture"] for one in tuned.values()}:
        wanted = {f"data/canonical/{one.dataset}" for one in cards.mixtures[mixture].mix.datasets}
        found = {dep for dep in mixing[f"mix-{mixture}"]["deps"] if dep.startswith("data/")}
        assert found == wanted


def test_evaluations_depend_on_the_benchmarks_and_mixtures_of_the_cards(
    cards: Registry, params: dict[str, Any], stages: dict[str, Any]
) -> None:
    watched = {
        Path(name).stem: keys
        for one in stages["evaluate"]["do"]["params"]
        for name, keys in one.items()
        if name.startswith("cards/benchmarks/")
    }
    for id, mixture in params["evaluated"].items():
        evaluate = cards.models[id].evaluate
        assert evaluate
        assert set(watched) == set(evaluate.benchmarks)
        for benchmark in evaluate.benchmarks:
            rows = cards.benchmarks[benchmark].rows
            assert rows
            assert rows.mixture == mixture
            assert set(watched[benchmark]) == {"rows", "metrics", "generate"}


def test_a_tuned_model_and_its_base_answer_the_same_benchmarks(
    cards: Registry, params: dict[str, Any]
) -> None:
    for id, one in params["tuned"].items():
        tuned, base = cards.models[id].evaluate, cards.models[one["base"]].evaluate
        assert tuned == base
        assert {id, one["base"]} <= set(params["evaluated"])


def test_no_stage_depends_on_a_summary(stages: dict[str, Any]) -> None:
    obeyed = {"source", "convert", "weights", "mix", "build", "tune", "evaluate"}
    obeyed |= {"rows", "metrics", "generate", "rank"}
    for stage in stages.values():
        for one in stage.get("do", stage).get("params", ()):
            for keys in one.values():
                assert set(keys) <= obeyed


def test_evaluations_depend_on_all_the_code_that_scores() -> None:
    stage = yaml.safe_load((TOP / "dvc.yaml").read_text())["stages"]["evaluate"]["do"]
    named = tuple(one.removesuffix(".py") for one in stage["deps"])
    for module in stands_on("registry.evaluation.benchmarks"):
        assert module.replace(".", "/").startswith(named), module
