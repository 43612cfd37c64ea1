"""Answers from anywhere against a benchmark's own file: a verdict for each item, whatever comes."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.cli import main
from registry.errors import RegistryError
from registry.evaluation import outside
from registry.evaluation.outside import Outcome
from registry.evaluation.schemes import (
    BBH,
    CHOICE,
    SUPER_NI,
    VERIFIABLE,
    by_references,
    scheme_for,
)

ITEMS = [
    {
        "key": 1,
        "prompt": "Name a song. Use no commas.",
        "instruction_id_list": ["punctuation:no_comma"],
        "kwargs": [{}],
    },
    {
        "key": 2,
        "prompt": "Shout twice, without commas.",
        "instruction_id_list": ["punctuation:no_comma", "change_case:english_capital"],
        "kwargs": [{}, {}],
    },
]
CARD = """\
kind: benchmark
id: verses
title: Verses
summary: Prompts that a program checks.
source:
  files:
    - path: verses.jsonl
      origin: url:https://example.org/verses.jsonl
      sha256: {sha256}
      bytes: 1
convert:
  format: ifeval
"""


def lines(path: Path, values: Any) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in values))
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return lines(tmp_path / "verses.jsonl", ITEMS)


def scored(tmp_path: Path, data: Path, *answers: Any, **more: Any) -> Outcome:
    return outside.score(lines(tmp_path / "a.jsonl", answers), data, VERIFIABLE, **more)


def results(outcome: Outcome) -> dict[str, float]:
    return {one.metric or "": one.value for one in outcome.results if not one.subset}


def test_the_four_accuracies_are_those_of_the_verdicts(tmp_path: Path, data: Path) -> None:
    found = scored(
        tmp_path, data, {"key": 1, "response": "A song"}, {"key": 2, "response": "AH OH, yes"}
    )
    assert [json.loads(one) for one in found.lines()] == [
        {"key": "1", "strict": [True], "loose": [True]},
        {"key": "2", "strict": [False, False], "loose": [False, False]},
    ]
    assert results(found) == {
        "prompt_strict": 0.5,
        "instruction_strict": pytest.approx(1 / 3),
        "prompt_loose": 0.5,
        "instruction_loose": pytest.approx(1 / 3),
    }


def test_an_item_without_an_answer_counts_as_not_followed_and_is_named(
    tmp_path: Path, data: Path
) -> None:
    found = scored(tmp_path, data, {"prompt": ITEMS[0]["prompt"], "response": "A song"})
    assert found.matched.missing == ("2",)
    assert len(found.verdicts) == 2
    assert results(found)["prompt_strict"] == 0.5


@pytest.mark.parametrize("response", [None, 4, [], {}, "", " \n", ["first", "second"]])
def test_a_response_that_says_nothing_is_scored_too(
    response: Any, tmp_path: Path, data: Path
) -> None:
    found = scored(tmp_path, data, {"key": 1, "response": response})
    assert len(found.verdicts) == 2


@pytest.mark.parametrize(
    "hostile", ["a," * 500_000, "(" * 1_000_000, "a\n" * 400_000, "é" * 300_000]
)
def test_a_megabyte_is_scored_without_its_square(hostile: str, tmp_path: Path, data: Path) -> None:
    begun = time.process_time()
    scored(tmp_path, data, {"key": 1, "response": hostile}, {"key": 2, "response": hostile})
    assert time.process_time() - begun < 20


@settings(max_examples=30)
@given(responses=st.lists(st.none() | st.text(max_size=30), min_size=1, max_size=2))
def test_whatever_is_answered_every_item_has_a_verdict(
    responses: list[str | None], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("any")
    data = lines(folder / "verses.jsonl", ITEMS)
    answers = [{"key": at, "response": one} for at, one in enumerate(responses, 1)]
    assert len(scored(folder, data, *answers).verdicts) == 2


def test_scoring_again_is_the_same_to_the_byte_and_another_answer_is_not(
    tmp_path: Path, data: Path
) -> None:
    one, again, other = (
        scored(tmp_path, data, {"key": 1, "response": said}) for said in ("a", "a", "b")
    )
    assert json.dumps(outside.as_plain("verses", one)) == json.dumps(
        outside.as_plain("verses", again)
    )
    assert one.digest != other.digest
    assert one.digest != scored(tmp_path, data, {"key": 1, "response": "a"}, mode="fixed").digest


def test_references_are_held_against_answers_task_by_task(tmp_path: Path) -> None:
    data = lines(
        tmp_path / "data.jsonl",
        [
            {"id": "a", "task": "x", "references": ["Paris"]},
            {"id": "b", "task": "y", "references": ["Rome", "Roma"]},
            {"id": "c", "task": "y", "target": "Oslo"},
        ],
    )
    answers = lines(
        tmp_path / "answers.jsonl",
        [{"id": "b", "prediction": "roma."}, {"id": "a", "prediction": "paris"}],
    )
    found = outside.score(answers, data, by_references(["exact_match"]))
    assert [one["exact_match"] for one in found.verdicts] == [1.0, 1.0, 0.0]
    whole = {(one.unit, one.subset): one.value for one in found.results}
    assert whole == {
        (None, None): pytest.approx(2 / 3),
        ("tasks", None): 0.75,
        (None, "x"): 1.0,
        (None, "y"): 0.5,
    }


def test_files_of_a_folder_are_tasks_with_accuracies_of_their_own(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for at, name in enumerate(("es", "fr")):
        lines(data / f"{name}.jsonl", [ITEMS[at]])
    found = scored(tmp_path, data, {"key": 1, "response": "A song"})
    each = {one.subset: one.value for one in found.results if one.metric == "prompt_strict"}
    assert each == {None: 0.5, "es": 1.0, "fr": 0.0}


def hard(tmp_path: Path) -> Path:
    folder = tmp_path / "bbh"
    folder.mkdir()
    for task, pairs in {
        "navigate": [("a?", "Yes"), ("b?", "No")],
        "snarks": [("a?", "(B)")],
    }.items():
        examples = [{"input": asked, "target": target} for asked, target in pairs]
        (folder / f"{task}.json").write_text(json.dumps({"canary": "x", "examples": examples}))
    return folder


def test_hard_tasks_are_found_by_the_question_that_a_prompt_ends_with(tmp_path: Path) -> None:
    shot = "Follow.\n\nQ: c?\nA: So the answer is No.\n\nQ: {}\nA: Let's think step by step."
    answers = lines(
        tmp_path / "a.jsonl",
        [
            {"input": shot.format("b?"), "prediction": "It turns. So the answer is No."},
            {"input": shot.format("a?"), "prediction": "It turns. So the answer is no."},
        ],
    )
    found = outside.score(answers, hard(tmp_path), BBH)
    assert [one["exact_match"] for one in found.verdicts] == [0.0, 1.0, 0.0]
    assert [one["extracted"] for one in found.verdicts] == ["no", "No", ""]
    assert found.matched.missing == ("snarks/0",)
    means = {(one.unit, one.subset): one.value for one in found.results}
    assert means[("tasks", None)] == 0.25


def test_outputs_that_bring_their_targets_need_no_other_file(tmp_path: Path) -> None:
    path = tmp_path / "snarks_few_shot.json"
    outputs = [
        {"input": "Q: a?\nA:", "prediction": "(B)", "target": "(B)"},
        {"input": "Q: a?\nA:", "prediction": "(A)", "target": "(B)"},
    ]
    path.write_text(json.dumps({"canary": "x", "outputs": outputs}))
    found = outside.score(path, None, BBH)
    assert [one["exact_match"] for one in found.verdicts] == [1.0, 0.0]
    bare = lines(tmp_path / "bare.jsonl", [{"input": "Q: a?\nA:", "prediction": "(B)"}])
    with pytest.raises(RegistryError, match="brings no target along"):
        outside.score(bare, None, BBH)


def test_the_scorer_of_super_natural_instructions_takes_its_reference_file(tmp_path: Path) -> None:
    data = lines(
        tmp_path / "references.jsonl",
        [
            {
                "id": "t1-a",
                "references": ["Yes"],
                "task_id": "t1",
                "task_category": "Title",
                "track": "default",
            },
            {
                "id": "t2-a",
                "references": ["el gato"],
                "task_id": "t2",
                "task_category": "Parse",
                "track": "xlingual",
            },
        ],
    )
    answers = lines(tmp_path / "p.jsonl", [{"id": "t1-a", "prediction": "yes."}])
    found = outside.score(answers, data, SUPER_NI)
    assert [one["exact_match"] for one in found.verdicts] == [1.0, 0.0]
    parts = {one.part: one.value for one in found.results if one.metric == "rouge_l"}
    assert parts["default"] == 1.0
    assert parts["xlingual"] == 0.0
    assert parts["Title (default)"] == 1.0
    assert "Title" not in parts


def test_tasks_of_super_natural_instructions_are_read_as_published(tmp_path: Path) -> None:
    data = tmp_path / "task001_songs.json"
    instances = [{"id": "task001-1", "input": "Sing.", "output": ["La", "Lo"]}]
    data.write_text(json.dumps({"Definition": ["Sing"], "Instances": instances}))
    answers = lines(tmp_path / "p.jsonl", [{"id": "task001-1", "prediction": "lo"}])
    found = outside.score(answers, data, SUPER_NI)
    assert (found.verdicts[0]["exact_match"], found.items[0].task) == (1.0, "task001")


def test_a_scorer_says_its_version_and_the_digest_of_its_code(tmp_path: Path, data: Path) -> None:
    said = outside.as_plain("verses", scored(tmp_path, data, {"key": 1, "response": "a"}))
    assert said["scorer"]["version"] == "instructions ifeval-1+ifbench-1+m-ifeval-1"
    assert said["scorer"]["digest"] == VERIFIABLE.digest != BBH.digest


def test_an_item_without_a_reference_is_refused(tmp_path: Path) -> None:
    data = lines(tmp_path / "data.jsonl", [{"id": "a"}])
    answers = lines(tmp_path / "answers.jsonl", [{"id": "a", "response": "x"}])
    with pytest.raises(RegistryError, match=r"data.jsonl:1: references: there are none"):
        outside.score(answers, data, by_references(["exact_match"]))


def test_an_instruction_that_nobody_knows_is_refused_with_its_line(tmp_path: Path) -> None:
    item = {**ITEMS[0], "instruction_id_list": ["punctuation:no_coma"]}
    with pytest.raises(RegistryError, match=r"verses.jsonl:1: .*no_coma"):
        scored(tmp_path, lines(tmp_path / "verses.jsonl", [item]), {"key": 1, "response": "a"})


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "cards" / "benchmarks"
    folder.mkdir(parents=True)
    (folder / "verses.yaml").write_text(CARD.format(sha256="0" * 64))
    return tmp_path


def test_the_command_prints_scores_and_names_what_matched_nothing(
    checkout: Path, data: Path
) -> None:
    answers = lines(
        checkout / "a.jsonl", [{"key": 1, "response": "A song"}, {"key": 9, "response": "x"}]
    )
    items = checkout / "items.jsonl"
    words = ["score", str(answers), "verses", "--data", str(data), "--root", str(checkout)]
    done = CliRunner().invoke(main, [*words, "--items", str(items)])
    assert done.exit_code == 0, done.output
    assert "prompt_strict" in done.output
    assert "1 without an answer: 2" in done.output
    assert "1 answers to nothing in it: " in done.output
    assert [json.loads(one)["key"] for one in items.read_text().splitlines()] == ["1", "2"]
    said = json.loads(CliRunner().invoke(main, [*words, "--json"]).stdout)
    assert said["items"] == 2
    assert said["answered"] == 1
    assert said["scorer"]["name"] == "verifiable-instructions"


def test_the_command_says_how_to_get_the_benchmarks_file(checkout: Path) -> None:
    answers = lines(checkout / "a.jsonl", [{"key": 1, "response": "x"}])
    words = ["score", str(answers), "verses", "--root", str(checkout)]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 1
    assert "name the benchmark's file with --data, or fetch it" in done.output


def quiz(folder: Path) -> Path:
    """Write two questions as MMLU's owners do, beside an example that is not scored."""
    for name, text in {
        "art_test.csv": "Who sings?,harp,tenor,drum,oboe,B\nWho plays?,A,cellist,C,D,B\n",
        "art_dev.csv": "Who bows?,violinist,b,c,d,A\n",
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("response", "score"),
    [("B", 1.0), ("b.", 1.0), ("Tenor", 1.0), ("B. tenor", 1.0), ("A", 0.0), ("harp", 0.0)],
)
def test_an_option_is_picked_by_letter_or_text(tmp_path: Path, response: str, score: float) -> None:
    data = tmp_path / "quiz"
    data.mkdir()
    answers = lines(tmp_path / "answers.jsonl", [{"key": "art_test.csv:0", "response": response}])
    done = outside.score(answers, quiz(data), CHOICE)
    assert [one["accuracy"] for one in done.verdicts] == [score, 0.0]
    assert done.matched.missing == ("art_test.csv:1",)
    assert [one.task for one in done.items] == ["art", "art"]


def test_a_preferred_answer_is_right_as_a_text(tmp_path: Path) -> None:
    data = tmp_path / "honest" / "task.json"
    data.parent.mkdir()
    scores = {"I do not know.": 1, "It is 7.": 0}
    data.write_text(json.dumps({"examples": [{"input": "How many?", "target_scores": scores}]}))
    answers = lines(
        tmp_path / "answers.jsonl", [{"prompt": "How many?", "response": "I do not know."}]
    )
    done = outside.score(answers, tmp_path / "honest", CHOICE)
    assert [one["accuracy"] for one in done.verdicts] == [1.0]


def test_benchmarks_whose_options_are_ranked_are_scored_by_what_was_picked() -> None:
    assert scheme_for("mmlu", "mmlu", ("accuracy",)) is CHOICE


def test_halves_of_surrogate_pairs_are_written_out_like_any_answer(tmp_path: Path) -> None:
    path = tmp_path / "snarks.jsonl"
    row = {"input": "Q: a?\nA:", "prediction": "\ud800 (B)", "target": "\udc00"}
    found = outside.score(lines(path, [row]), None, BBH)
    outside.write_items(tmp_path / "items.jsonl", found)
    (line,) = (tmp_path / "items.jsonl").read_text().splitlines()
    assert json.loads(line)["extracted"] == "\ud800 (B)"


def test_each_language_has_the_four_accuracies(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    lines(data / "es.jsonl", [ITEMS[0]])
    found = scored(tmp_path, data, {"key": 1, "response": "A song"})
    names = {f"{level}_{way}" for level in ("prompt", "instruction") for way in ("strict", "loose")}
    assert {one.metric for one in found.results if one.subset == "es"} == names
