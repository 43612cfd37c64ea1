import string

from hypothesis import given
from hypothesis import strategies as st
from rouge_score.tokenizers import DefaultTokenizer

from registry.evaluation.metrics.text import normalise, tokens

REFERENCE = DefaultTokenizer(use_stemmer=True)


def test_articles_stay() -> None:
    assert normalise("The end") == "the end"


def test_punctuation_goes_without_leaving_a_gap() -> None:
    assert normalise("it's well-known") == "its wellknown"


def test_punctuation_beyond_ascii_stays() -> None:
    assert normalise("何？ «oui»") == "何？ «oui»"


def test_every_ascii_punctuation_mark_goes() -> None:
    assert normalise(f"a{string.punctuation}b") == "ab"


def test_all_white_space_is_one_space() -> None:
    assert normalise("\ta \n\u00a0b\u2003") == "a b"


@given(text=st.text())
def test_normalising_twice_changes_nothing_for_ascii(text: str) -> None:
    once = normalise(text.encode("ascii", "ignore").decode())
    assert normalise(once) == once


def test_words_of_three_letters_are_not_stemmed() -> None:
    assert tokens("was has cats") == ["was", "has", "cat"]


def test_chinese_text_has_no_tokens() -> None:
    assert tokens("今天天气很好") == []


def test_a_letter_that_becomes_ascii_in_lower_case_counts() -> None:
    kelvin, dotted = "\u212a", "\u0130"
    assert tokens(f"{kelvin}elvin {dotted}stanbul") == REFERENCE.tokenize(
        f"{kelvin}elvin {dotted}stanbul"
    )


@given(text=st.text() | st.text("aeionrstyl \n-'09éK"))
def test_tokens_are_those_of_rouge_score(text: str) -> None:
    assert tokens(text) == REFERENCE.tokenize(text)


def test_a_word_is_remembered_by_all_its_letters() -> None:
    assert tokens("relationship relation") == REFERENCE.tokenize("relationship relation")
