import random
from typing import Any

import pytest
from rouge_score.rouge_scorer import RougeScorer

from registry.errors import RegistryError
from registry.evaluation.metrics import gpt2
from registry.evaluation.metrics.exact_match import exact_match
from registry.evaluation.metrics.rouge_l import rouge_l
from registry.evaluation.metrics.super_ni import (
    Instance,
    grouped,
    instance,
    outcomes,
    rouge_l_xlingual,
)

LINES: list[dict[str, Any]] = [
    {"id": "t1-a", "references": ["Paris"], "task_id": "task1", "task_category": "Title Making"},
    {"id": "t1-b", "references": ["A cat", "Two cats"], "task_id": "task1"},
    {"id": "t2-a", "references": ["yes"], "task_id": "task2", "task_category": "Yes  No"},
    {"id": "x1-a", "references": ["北京是首都"], "task_id": "task9", "track": "xlingual"},
]
PREDICTIONS = {"t1-a": "paris.", "t1-b": "two dogs", "x1-a": "北京"}


class Tokens:
    def tokenize(self, text: str) -> list[str]:
        return gpt2.tokens(text)


XLINGUAL = RougeScorer(["rougeL"], tokenizer=Tokens())


def test_a_line_of_the_reference_file_is_read() -> None:
    assert instance(LINES[0]) == Instance(
        id="t1-a", references=("Paris",), task="task1", category="Title Making", track="default"
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"id": "a"}, "it has no 'references'"),
        ({"id": "a", "references": []}, "a: it has no reference"),
        ({"id": "a", "references": ["b"], "track": "x"}, "a: track 'x' is not default"),
    ],
)
def test_a_line_that_cannot_be_scored_is_refused(line: dict[str, Any], said: str) -> None:
    with pytest.raises(RegistryError, match=said):
        instance(line)


def test_each_instance_has_its_scores() -> None:
    first, second, missing, other = outcomes(map(instance, LINES), PREDICTIONS)
    assert (first.exact_match, first.rouge_l) == (1.0, 1.0)
    assert (second.exact_match, second.rouge_l) == (0.0, 0.5)
    assert (missing.exact_match, missing.rouge_l, missing.answered) == (0.0, 0.0, False)
    assert other.rouge_l == XLINGUAL.score("北京是首都", "北京")["rougeL"].fmeasure
    assert 0 < other.rouge_l < 1


def test_groups_are_named_and_rounded_as_in_the_reference() -> None:
    lines = [{**line, "task_category": line.get("task_category", "")} for line in LINES]
    found = grouped(outcomes(map(instance, lines), PREDICTIONS))
    assert found["exact_match_default_track"] == 33.3333
    assert found["rougeL_default_track"] == 50.0
    assert found["rougeL_for_title_making_default_track"] == 100.0
    assert found["exact_match_for_yes_no_default_track"] == 0.0
    assert found["rougeL_for_task1_default_track"] == 75.0
    assert found["rougeL_for_task9_xlingual_track"] == found["rougeL_xlingual_track"]
    assert not any("for__xlingual" in name for name in found)


def test_groups_are_those_of_the_reference_program() -> None:
    chance = random.Random(4)
    words = ["a", "cat", "cats", "ran", "no.", "naïve"]

    def said() -> str:
        return " ".join(chance.choices(words, k=chance.randint(0, 4)))

    instances = [
        Instance(id=str(n), references=(said(), said()), task=f"t{n % 3}", category=f"C {n % 2}")
        for n in range(60)
    ]
    predictions = {one.id: said() for one in instances}
    expected: dict[str, float] = {}
    for name, metric in (("exact_match", exact_match), ("rougeL", rouge_l)):
        for task in ("t0", "t1", "t2"):
            of = [one for one in instances if one.task == task]
            total = 0.0
            for one in of:
                total += metric(predictions[one.id], one.references)
            expected[f"{name}_for_{task}_default_track"] = round(100.0 * total / len(of), 4)
    found = grouped(outcomes(instances, predictions))
    assert {name: found[name] for name in expected} == expected
    assert len(found) == 2 * (1 + 2 + 3)


def test_case_counts_across_languages_and_not_in_english() -> None:
    assert rouge_l_xlingual("CAT", ["cat"]) < 1.0 == rouge_l("CAT", ["cat"])


def test_a_null_or_other_prediction_is_scored_as_text() -> None:
    null, number = outcomes(
        [Instance(id="a", references=("x",)), Instance(id="b", references=("7",))],
        {"a": None, "b": 7},
    )
    assert (null.exact_match, null.answered) == (0.0, True)
    assert number.exact_match == 1.0
