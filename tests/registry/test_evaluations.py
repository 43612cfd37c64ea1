"""Evaluations on benchmarks that a model's card does not name: each a report of its own."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registry import reports, stages
from registry.evaluation import items
from registry.files import write_text
from registry.hashing import hash_file
from registry.index import load
from registry.lineage import graph
from registry.place import Place
from registry.query import by_stage, describe, verdicts
from registry.reports import Report, artefact
from registry.verify import verify

RULES = [
    {
        "key": n,
        "prompt": f"Name {n} songs. Use no commas, and shout.",
        "instruction_id_list": ["punctuation:no_comma", "change_case:english_capital"][: 1 + n % 2],
        "kwargs": [{}, {}][: 1 + n % 2],
    }
    for n in range(3)
]
BENCHMARK = """\
kind: benchmark
id: {id}
title: {id}
summary: Made for a test.
source:
  files:
{files}convert: {{format: {format}}}
{rest}
"""
RANKED = "metrics: [accuracy]\nrank: {show: letters, shots: 1}"
FOLLOWED = "metrics: [prompt_strict, strict_average]\ngenerate: {max_new_tokens: 4}"
MEASURED = """\
results:
  - {benchmark: rules, metric: strict_average, measured: evaluate}
  - {benchmark: rules, metric: strict_average, unit: percent, value: 29.9, declared: the owner}
"""


def quiet(line: str) -> None:
    del line


def benchmark(root: Path, id: str, format: str, rest: str, **files: str) -> None:
    """Write a benchmark's native files and the card that pins them."""
    listed = ""
    for name, text in files.items():
        path = root / "native" / f"{name}.{'csv' if format == 'mmlu' else 'jsonl'}"
        write_text(path, text)
        found = hash_file(path)
        listed += (
            f"    - {{path: {path.name}, origin: 'file:native/{path.name}',"
            f" sha256: {found.sha256}, bytes: {found.bytes}}}\n"
        )
    text = BENCHMARK.format(id=id, files=listed, format=format, rest=rest)
    write_text(root / "cards" / "benchmarks" / f"{id}.yaml", text)
    stages.convert(Place(root=root), f"benchmarks/{id}", say=quiet)


@pytest.fixture
def place(root: Path, tiny_folder: Path) -> Place:
    """Return a root whose base model has weights, with two benchmarks that it does not name."""
    card = root / "cards" / "models" / "nightingale.yaml"
    write_text(card, card.read_text(encoding="utf-8") + MEASURED)
    shutil.copytree(tiny_folder, root / "models" / "nightingale")
    weights = artefact(root, root / "models" / "nightingale" / "model.safetensors")
    reports.write(root, Report(stage="convert", id="nightingale", outputs=(weights,)))
    rules = "".join(f"{json.dumps(one)}\n" for one in RULES)
    benchmark(root, "rules", "ifeval", FOLLOWED, rules=rules)
    quiz = "".join(f"Who sings {n}?,harp,oboe,drum,tenor,{'ABCD'[n]}\n" for n in range(4))
    benchmark(root, "quiz", "mmlu", RANKED, art_dev=quiz, art_test=quiz)
    return Place(root=root, device="cpu", progress=False)


def run(place: Place, *names: str, **more: Any) -> list[Any]:
    return stages.try_out(place, "nightingale", names, say=quiet, **more)


def found(place: Place, part: str) -> Report:
    report = reports.read(place.root, "evaluate", "nightingale", part)
    assert report is not None
    return report


def test_a_whole_evaluation_leaves_a_report_of_model_and_benchmark(place: Place) -> None:
    printed = run(place, "rules")
    report = found(place, "rules")
    assert report.file == "reports/evaluate/nightingale+rules.json"
    assert [one.path for one in report.inputs] == [
        "models/nightingale/model.safetensors",
        "data/canonical/rules/test.parquet",
    ]
    assert [(one.path, one.rows) for one in report.outputs] == [
        ("data/answers/nightingale+rules.jsonl", 3),
        ("data/answers/items/nightingale+rules.jsonl", 3),
    ]
    assert list(report.measured["results"]) == printed
    assert report.settings["rules"]["scorers"]["strict_average"]["digest"].startswith("md5:")
    assert report.measured["truncated"][0].benchmark == "rules"
    assert report.measured["tokens_per_second"][0].value > 0
    assert report.environment["device"] == "cpu"
    assert not (place.root / "reports" / "metrics" / "evaluate").exists()


def test_all_that_a_model_computes_with_is_an_input(place: Place) -> None:
    """A hypernetwork's file is called as the weights are, in a folder of its own."""
    import torch

    from registry import checkpoints, hypernetwork
    from registry.cards.tuning import Hypernetwork

    folder = place.model("nightingale")
    model, _ = checkpoints.open_model(folder, torch.device("cpu"), torch.float32)
    network = hypernetwork.begin(model, Hypernetwork(rank=2, alpha=4, size=4))
    hypernetwork.write(folder / hypernetwork.FOLDER, network)
    report = reports.read(place.root, "convert", "nightingale")
    assert report is not None
    beside = artefact(place.root, folder / "hypernetwork" / "model.safetensors")
    reports.write(place.root, replace(report, outputs=(*report.outputs, beside)))
    run(place, "rules")
    assert [one.path for one in found(place, "rules").inputs] == [
        "models/nightingale/model.safetensors",
        "models/nightingale/hypernetwork/model.safetensors",
        "data/canonical/rules/test.parquet",
    ]


def test_the_first_rows_alone_are_no_report(place: Place) -> None:
    assert run(place, "rules", limit=2)[0].n == 2
    assert reports.read(place.root, "evaluate", "nightingale", "rules") is None


def test_another_table_is_no_report(place: Place) -> None:
    table = place.canonical("rules") / "test.parquet"
    other = table.with_name("paraphrase.1.parquet")
    shutil.copy(table, other)
    run(place, "rules", table=other)
    assert reports.all_of(place.root, "evaluate") == []
    assert (place.root / "data/answers/nightingale+rules.paraphrase.1.jsonl").is_file()


def test_what_the_card_names_stays_in_the_card_s_report(place: Place) -> None:
    card = place.root / "cards" / "models" / "nightingale.yaml"
    write_text(card, card.read_text(encoding="utf-8") + "evaluate: {benchmarks: [rules]}\n")
    run(place, "rules")
    assert reports.all_of(place.root, "evaluate") == []
    stages.evaluate(place, "nightingale", say=quiet)
    (report,) = reports.all_of(place.root, "evaluate")
    assert report.part is None
    assert report.measured["tokens_per_second"] == ()


def test_two_evaluations_of_the_same_answers_are_equal_to_the_byte(place: Place) -> None:
    run(place, "rules")
    first = found(place, "rules")
    verdicts = items.beside(place.tried("nightingale", "rules"))
    before = verdicts.read_bytes()
    verdicts.unlink()
    run(place, "rules")
    assert verdicts.read_bytes() == before
    assert found(place, "rules").key == first.key
    assert found(place, "rules").measured["results"] == first.measured["results"]


def test_the_score_can_be_counted_from_the_verdicts(place: Place) -> None:
    (prompts, *_) = run(place, "rules")
    text = items.beside(place.tried("nightingale", "rules")).read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    assert [len(one["strict"]) for one in lines] == [1, 2, 1]
    assert prompts.value == sum(all(one["strict"]) for one in lines) / 3


def test_another_scorer_is_another_report(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from registry.evaluation.metrics import versions

    run(place, "rules")
    first = found(place, "rules")
    monkeypatch.setattr(versions, "scorer_digest", lambda name: f"md5:{name}")
    run(place, "rules")
    assert found(place, "rules").key != first.key


def test_options_are_ranked_with_examples_from_the_split_dev(place: Place) -> None:
    run(place, "quiz")
    report = found(place, "quiz")
    assert [Path(one.path).name for one in report.inputs] == [
        "model.safetensors",
        "test.parquet",
        "dev.parquet",
    ]
    assert report.settings["quiz"]["rank"] == {"show": "letters", "shots": 1}
    assert report.measured["truncated"] == ()
    assert report.measured["tokens_per_second"][0].part == "prompt"
    text = place.tried("nightingale", "quiz").read_text(encoding="utf-8")
    one = json.loads(text.splitlines()[1])
    assert "Who sings 0?\nA. harp\nB. oboe\nC. drum\nD. tenor\nAnswer: A\n\n" in one["prompt"]
    assert one["options"] == ["A", "B", "C", "D"]


def test_a_measured_claim_has_its_number_and_the_owner_s_beside(place: Place) -> None:
    run(place, "rules")
    card = load(place.root).models["nightingale"]
    known = by_stage(reports.all_of(place.root))
    ours, theirs = describe(card, known.values())["claims"]["results"]
    assert ours["value"] == found(place, "rules").measured["results"][-1].value
    assert ours["report"] == "reports/evaluate/nightingale+rules.json"
    assert theirs["value"] == 29.9
    said = verdicts(card, known)["results"][1]["says"]
    assert said.startswith("differs by -")


def test_the_scores_are_in_the_lineage_and_proven(place: Place) -> None:
    run(place, "rules")
    whole = graph(load(place.root), reports.all_of(place.root))
    to = [one for one in whole.edges if one.target == "scores/nightingale/rules"]
    assert {one.source: one.proof for one in to} == {
        "models/nightingale": "proven",
        "benchmarks/rules": "proven",
    }


def test_verify_hashes_its_files_and_does_not_miss_absent_ones(place: Place) -> None:
    run(place, "rules")
    answers = place.tried("nightingale", "rules")
    assert verify(place)[1] == []
    answers.write_text("other", encoding="utf-8")
    (difference,) = verify(place)[1]
    assert difference.reports == ("reports/evaluate/nightingale+rules.json",)
    answers.unlink()
    assert verify(place)[1] == []
