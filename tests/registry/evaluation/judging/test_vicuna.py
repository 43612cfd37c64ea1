from typing import Any

import pytest

from registry.evaluation.judging import vicuna
from registry.evaluation.judging.rows import InvalidRows, Line


def row(text: str | None, score: Any = None, question: int = 1, ids: str = "ab") -> dict[str, Any]:
    made = {"question_id": question, "answer1_id": ids[0], "answer2_id": ids[1], "text": text}
    return made if score is None else made | {"score": score}


def reviewed(*rows: dict[str, Any]) -> vicuna.Reviewed:
    return vicuna.reviewed([Line("r.jsonl", at, one) for at, one in enumerate(rows, 1)])[0]


@pytest.mark.parametrize(
    ("text", "scores"),
    [
        ("8 9\nBoth are fine.", (8.0, 9.0)),
        ("8, 6.5", (8.0, 6.5)),
        ("8,9\n", (8.0, 9.0)),
        (" 10  7 \nx", (10.0, 7.0)),
        ("7 8 9\nx", None),
        ("Assistant 1: 8\nAssistant 2: 9", None),
        ("", None),
        ("8\n9", None),
        ("8 " * 500_000, None),
        ("1" * 1_000_000, None),
    ],
)
def test_scores_are_the_first_line_or_nothing(text: str, scores: Any) -> None:
    assert vicuna.parse_scores(text) == scores


def test_sums_and_rates_of_the_second_answers() -> None:
    made = reviewed(row("8 9\nx"), row("9 8\nx", question=2), row("7 7\nx", question=3))
    assert made.sums == (24, 24)
    assert made.relative == 100
    assert (made.rates.n_wins, made.rates.n_wins_base, made.rates.n_draws) == (1, 1, 1)


def test_a_review_that_cannot_be_read_is_counted_and_has_no_score() -> None:
    made = reviewed(row("8 9\nx"), row("Assistant 2 is better.", [-1, -1]), row("", None))
    assert (made.reviews, made.unparsed, made.sums) == (3, 2, (8, 9))


def test_scores_that_the_reference_could_not_read_are_recovered_and_counted() -> None:
    made = reviewed(row("8, 9\nx", [-1, -1]), row("who knows", [-1, -1]))
    assert (made.recovered, made.unparsed, made.sums) == (1, 1, (8, 9))


def test_scores_on_the_row_count_before_the_text_and_the_difference_is_told() -> None:
    made = reviewed(row("8 9\nx", [9.0, 8.0]), row("8 9\nx", [8.0, 9.0]))
    assert made.sums == (17, 17)
    assert made.differing == 1


def test_reviews_of_swapped_answers_make_pairs() -> None:
    made = reviewed(
        row("8 9\nx", ids="ab"), row("9 8\nx", ids="ba"),
        row("9 8\nx", ids="cd", question=2), row("9 8\nx", ids="dc", question=2),
    )  # fmt: skip
    assert made.positions
    assert (made.positions.pairs, made.positions.same, made.positions.first) == (2, 1, 1)


def test_reviews_in_one_order_tell_nothing_of_places() -> None:
    assert reviewed(row("8 9\nx")).positions is None


def test_all_faulty_reviews_are_named_at_once() -> None:
    with pytest.raises(InvalidRows) as caught:
        reviewed(row("8 9"), {"question_id": 1}, row(3), {"text": "8 9"})  # type: ignore[arg-type]
    assert [(one.line, one.field) for one in caught.value.problems] == [
        (2, "text"),
        (3, "text"),
        (4, "id"),
    ]


def test_scores_are_summed_by_the_category_of_the_question() -> None:
    lines = [Line("r.jsonl", 1, row("8 9\nx")), Line("r.jsonl", 2, row("2 3\nx", question=2))]
    lines += [Line("r.jsonl", 3, row("5 5\nx", question=3)), Line("r.jsonl", 4, row("no"))]
    _, reviews = vicuna.reviewed(lines)
    found = vicuna.by_category(reviews, {"1": "generic", "2": "math"})
    assert found == {"generic": (8, 9), "math": (2, 3)}
