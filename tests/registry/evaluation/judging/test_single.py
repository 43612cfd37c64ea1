from typing import Any

import pytest

from registry.evaluation.judging.rows import InvalidRows, Line
from registry.evaluation.judging.single import Rated, categories_of, parse_rating, rated


def row(score: Any, question: int = 81, turn: int = 1, model: str = "m") -> dict[str, Any]:
    judge = ["gpt-4", "single-v1" if turn == 1 else "single-v1-multi-turn"]
    said = {"user_prompt": "?", "judgment": f"Rating: [[{score}]]", "tstamp": 1700367498.4}
    given = {"question_id": question, "model": model, "judge": judge, "score": score, "turn": turn}
    return given | said


def of(*rows: dict[str, Any], **more: Any) -> list[Rated]:
    return rated([Line("r.jsonl", at, one) for at, one in enumerate(rows, 1)], **more)[0]


def test_means_are_over_all_turns_and_of_each() -> None:
    (made,) = of(row(8), row(4, turn=2), row(9, 82), row(5, 82, 2))
    assert (made.model, made.judge, made.ratings) == ("m", "gpt-4", 4)
    assert (made.mean, made.turns) == (6.5, {"1": 8.5, "2": 4.5})


def test_a_rating_of_minus_one_or_null_is_none_and_counted() -> None:
    (made,) = of(row(-1), row(None, 82), row(7, 83))
    assert (made.ratings, made.unparsed, made.mean) == (3, 2, 7)


def test_a_model_without_any_rating_has_no_mean() -> None:
    (made,) = of(row(-1))
    assert (made.mean, made.stderr, made.turns) == (None, None, {})


def test_each_model_has_figures_of_its_own() -> None:
    assert [(one.model, one.mean) for one in of(row(8), row(2, model="n"))] == [("m", 8), ("n", 2)]


def test_a_row_that_stands_twice_counts_twice_and_is_told() -> None:
    (made,) = of(row(8), row(8), row(2, turn=2))
    assert (made.mean, made.repeated) == (6, 1)


def test_a_rating_out_of_range_counts_and_is_told() -> None:
    (made,) = of(row(0), row(10), row(11, 82), row(1, 83))
    assert (made.mean, made.out_of_range) == (5.5, 2)


def test_categories_are_those_of_the_questions_or_of_the_row() -> None:
    questions = [Line("q.jsonl", 1, {"question_id": 81, "category": "writing", "turns": ["?"]})]
    rows = row(8), row(4, 121), row(2, 122) | {"category": "coding"}
    (made,) = of(*rows, categories=categories_of(questions))
    assert made.categories == {"writing": 8, "coding": 2}


def test_ratings_of_our_own_judges_are_read() -> None:
    (made,) = of({"id": "a", "generator": "mine", "judge": "j", "rating": 8.0, "completion": "x"})
    assert (made.model, made.judge, made.mean, made.turns) == ("mine", "j", 8, {})


def test_a_row_without_a_score_is_read_from_its_words() -> None:
    bare = {name: value for name, value in row(3).items() if name != "score"}
    assert of(bare)[0].mean == 3


@pytest.mark.parametrize(
    ("judgment", "score"),
    [
        ("Rating: [[7.5]] or [[3]]", 7.5),
        ("Rating: [6]", 6),
        ("see [1], but [[9]]", 9),
        ("Rating: 8", None),
        ("[[" * 500_000, None),
        ("[[" + "1" * 1_000_000, None),
    ],
)
def test_the_first_rating_in_brackets_is_the_one(judgment: str, score: float | None) -> None:
    assert parse_rating(judgment) == score


@pytest.mark.parametrize(
    ("fault", "field"),
    [({"score": "good"}, "score"), ({"turn": "one"}, "turn"), ({"score": [8]}, "score")],
)
def test_what_is_no_rating_is_refused_with_its_place(fault: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRows, match=rf"r\.jsonl:2: {field}"):
        of(row(8), row(7) | fault)
