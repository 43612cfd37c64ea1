from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.evaluation.judging import checklist
from registry.evaluation.judging.rows import InvalidRows, Line


def followed(*rows: dict[str, Any]) -> tuple[checklist.Followed, list[checklist.Checked]]:
    return checklist.followed([Line("c.jsonl", at, one) for at, one in enumerate(rows, 1)])


def row(*met: Any, id: str = "a", questions: int | None = None, **more: Any) -> dict[str, Any]:
    asked = ["Is it?"] * (len(met) if questions is None else questions)
    return {"id": id, "decomposed_questions": asked, "eval": list(met), **more}


def test_the_ratio_is_over_all_questions_not_over_items() -> None:
    made, _ = followed(row(True), row(True, False, False, id="b"))
    assert made.overall.drfr == 0.5
    assert made.all_met == 0.5


def test_a_question_without_an_answer_is_not_met_and_is_counted() -> None:
    made, _ = followed(row(True, None, questions=4))
    assert (made.overall.drfr, made.unanswered) == (0.25, 3)
    assert made.reference == 0.5


def test_ratios_by_label_and_by_group() -> None:
    labels = [["Format", "Style"], ["Style"], []]
    made, _ = followed(
        row(True, False, True, question_label=labels, subset="Hard_set", category="Poetry")
    )
    assert made.labels["Format"].drfr == 1
    assert made.labels["Style"].drfr == 0.5
    assert made.groups["subset: Hard_set"].questions == 3
    assert set(made.groups) == {"subset: Hard_set", "category: Poetry"}


def test_words_count_as_verdicts() -> None:
    made, _ = followed(row("yes", "NO", "True", 1, 0, ""))
    assert (made.overall.met, made.unanswered) == (3, 1)


def test_what_depends_on_an_unmet_question_is_not_met() -> None:
    made, (item,) = followed(row(False, True, True, True, dependencies=[[], [0], [1], []]))
    assert item.met == (False, False, False, True)
    assert made.overall.drfr == 0.25


def test_dependencies_may_stand_with_the_questions() -> None:
    questions = [{"question": "A?"}, {"question": "B?", "dep": [0]}]
    _, (item,) = followed({"main_id": 3, "scoring_questions": questions, "point_judges": [0, 1]})
    assert item.met == (False, False)


@given(st.lists(st.booleans(), min_size=1, max_size=8), st.data())
def test_dependencies_only_ever_take_away(met: list[bool], data: Any) -> None:
    places = st.lists(st.integers(0, len(met) - 1), max_size=3)
    needs = data.draw(st.lists(places, min_size=len(met), max_size=len(met)))
    _, (item,) = followed(row(*met, dependencies=needs))
    for at, one in enumerate(item.met):
        assert one is (met[at] and all(item.met[other] for other in needs[at])) or not one
        if one:
            assert met[at]
            assert all(item.met[other] for other in needs[at])


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ({"id": 1, "decomposed_questions": ["A?"]}, "eval"),
        (row(True, True, questions=1), "eval"),
        (row(), "eval"),
        (row(True, "perhaps"), "eval[1]"),
        (row(True, dependencies=[[1]]), "dependencies"),
        (row(True, question_label=[["a"], ["b"]]), "question_label"),
    ],
)
def test_a_faulty_row_is_named_with_its_field(fault: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRows) as caught:
        followed(row(True), fault)
    assert [(one.line, one.field) for one in caught.value.problems] == [(2, field)]
