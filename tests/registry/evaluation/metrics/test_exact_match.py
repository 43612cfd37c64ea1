import pytest

from registry.evaluation.metrics.exact_match import exact_match


def test_case_and_final_stop_do_not_count() -> None:
    assert exact_match("  PARIS.\n", ["Paris"]) == 1.0


def test_an_article_counts() -> None:
    assert exact_match("the Seine", ["Seine"]) == 0.0


def test_any_reference_will_do() -> None:
    assert exact_match("b", ["a", "B"]) == 1.0


def test_a_part_of_a_reference_is_no_match() -> None:
    assert exact_match("Par", ["Paris"]) == 0.0


def test_chinese_text_can_match() -> None:
    assert exact_match(" 北京 ", ["北京"]) == 1.0


def test_two_texts_of_punctuation_match_as_in_the_reference_scorer() -> None:
    assert exact_match("!!", ["?"]) == 1.0


def test_no_reference_is_refused() -> None:
    with pytest.raises(ValueError, match="no reference"):
        exact_match("a", [])
