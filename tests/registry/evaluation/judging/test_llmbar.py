from math import isclose
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.evaluation.judging import llmbar
from registry.evaluation.judging.rows import InvalidRows, Line

WINNERS = st.sampled_from(["1", "2", None])
FILE = "Dataset/LLMBar/Adversarial/Manual/evaluators/GPT-4/CoT/result.json"


def row(label: Any, plain: Any, swapped: Any, *earlier: Any) -> dict[str, Any]:
    last = {"swap = False": {"winner": plain}, "swap = True": {"winner": swapped}}
    return {"input": "Sing.", "label": label, "results": [*earlier, last]}


def judged(*rows: dict[str, Any], file: str = FILE) -> llmbar.Judged:
    return llmbar.judged([Line(file, at, one) for at, one in enumerate(rows, 1)])[0]


def test_accuracy_over_both_orders_and_in_both() -> None:
    made = judged(row(1, "1", "1"), row(2, "2", "1"), row(2, "1", "1"), row(1, None, "1"))
    assert (made.accuracy_plain, made.accuracy_swapped, made.accuracy) == (0.5, 0.5, 0.5)
    assert (made.both, made.unparsed, made.items) == (0.25, 1, 4)
    assert made.positions.agreement == 2 / 3
    assert (made.subset, made.evaluator) == ("Adversarial/Manual", "GPT-4/CoT")


def test_only_the_last_result_counts() -> None:
    first = row(1, "2", "2")["results"][0]
    assert judged(row(1, "1", "1", first, ["the rules", "stop"])).accuracy == 1


def test_a_row_without_winner_is_read_from_its_completion() -> None:
    result = {
        "swap = False": {"completion": ["Output (a)", "stop"]},
        "swap = True": {"completion": ["Therefore, Output (b) is better.", "stop"]},
    }
    made = judged({"label": 1, "results": [result]})
    assert made.accuracy == 1


@pytest.mark.parametrize(
    ("completion", "winner"),
    [
        ("Output (a)", 1),
        ("Output (b)\n", 2),
        ("Output (a) rhymes. Output (b) does not. Therefore, Output (a) is better.", 1),
        ("Output (a) is better in rhyme, yet Output (b) is better.", 2),
        ("Both are good.", None),
        ("Output (a) or Output (b)", None),
        ("output (" * 200_000, None),
    ],
)
def test_completions_are_read_or_left(completion: str, winner: int | None) -> None:
    assert llmbar.parse_winner(completion) == winner


@given(st.lists(st.tuples(st.sampled_from([1, 2]), WINNERS, WINNERS), min_size=2, max_size=20))
def test_the_reference_is_what_its_script_computes(
    given_rows: list[tuple[int, str | None, str | None]],
) -> None:
    made = judged(*[row(*one) for one in given_rows]).reference
    n = len(given_rows)
    assert made.correct_false == sum(plain == str(label) for label, plain, _ in given_rows) / n
    assert made.equal == sum(plain == swapped for _, plain, swapped in given_rows) / n
    metrics = pytest.importorskip("sklearn.metrics")
    taken = [int(plain) if plain in ("0", "1") else 0 for _, plain, _ in given_rows]
    labels = [label for label, _, _ in given_rows]
    if made.kappa_false is not None:
        theirs = metrics.cohen_kappa_score(taken, labels)
        assert isclose(made.kappa_false, theirs, abs_tol=1e-9)


def test_a_judge_who_is_always_right_has_kappa_one_and_the_reference_does_not() -> None:
    made = judged(row(1, "1", "1"), row(2, "2", "2"))
    assert (made.kappa, made.kappa_orders) == (1, 1)
    assert made.reference.kappa_false != 1


def test_who_always_takes_the_first_place_is_right_half_the_time() -> None:
    made = judged(row(1, "1", "2"), row(2, "1", "2"))
    assert (made.accuracy, made.both, made.positions.bias) == (0.5, 0, 1)


def test_subsets_count_once_however_many_rows_they_have() -> None:
    folder = "LLMBar/{}/evaluators/GPT-4/CoT/result.json"
    right, wrong = row(1, "1", "1"), row(1, "2", "2")
    made = llmbar.over_subsets(
        [
            judged(right, right, right, file=folder.format("Natural")),
            judged(right, file=folder.format("Adversarial/Manual")),
            judged(wrong, file=folder.format("Adversarial/GPTOut")),
        ]
    )
    assert made["GPT-4/CoT"]["adversarial"] == {"accuracy": 0.5, "agreement": 1}
    assert made["GPT-4/CoT"]["mean"]["accuracy"] == pytest.approx(2 / 3)


def test_all_faulty_rows_are_named_at_once() -> None:
    with pytest.raises(InvalidRows) as caught:
        judged(row(3, "1", "1"), row(1, "3", "1"), {"label": 1, "results": []}, row(1, "1", "1"))
    said = [(one.line, one.field) for one in caught.value.problems]
    assert said == [(1, "label"), (2, "results.swap = False.winner"), (3, "results")]
