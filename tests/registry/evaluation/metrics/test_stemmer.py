from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.stem.porter import PorterStemmer

from registry.evaluation.metrics.stemmer import stem

NLTK = PorterStemmer()
LETTERS = "abcdefghijklmnopqrstuvwxyz"
STARTS = ("", "b", "y", "ai", "by", "geo", "hop", "oil", "fizz", "snow", "trou", "relat", "syzyg")
ENDS = (
    *("", "s", "ss", "sses", "ies", "ied", "eed", "ed", "ing", "y", "e", "ll", "at", "bl", "iz"),
    *("ational", "tional", "enci", "anci", "izer", "bli", "abli", "alli", "entli", "eli", "ousli"),
    *("ization", "ation", "ator", "alism", "iveness", "fulness", "ousness", "aliti", "iviti"),
    *("biliti", "fulli", "logi", "icate", "ative", "alize", "iciti", "ical", "ful", "ness"),
    *("al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "sion"),
    *("tion", "ion", "ou", "ism", "ate", "iti", "ous", "ive", "ize", "ly", "ally", "ability"),
)
words = st.builds(
    "{}{}{}".format,
    st.text("aeioubgklstyz", max_size=6),
    st.sampled_from(ENDS),
    st.sampled_from(ENDS),
)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("ponies", "poni"),
        ("dies", "die"),
        ("died", "die"),
        ("spied", "spi"),
        ("feed", "feed"),
        ("agreed", "agre"),
        ("hopping", "hop"),
        ("falling", "fall"),
        ("filing", "file"),
        ("owed", "owe"),
        ("happy", "happi"),
        ("enjoy", "enjoy"),
        ("nationally", "nation"),
        ("geologi", "geolog"),
        ("skies", "sky"),
        ("dying", "die"),
        ("controll", "control"),
        ("adoption", "adopt"),
        ("be", "be"),
        ("", ""),
    ],
)
def test_a_word_has_its_known_stem(word: str, expected: str) -> None:
    assert stem(word) == expected


def test_every_pair_of_suffixes_is_stemmed_as_nltk_does() -> None:
    made = {"".join(parts) for parts in product(STARTS, ENDS, ENDS)}
    assert {word: stem(word) for word in made} == {word: NLTK.stem(word) for word in made}


@settings(max_examples=500)
@given(word=words | st.text(LETTERS) | st.text("aeyls") | st.text(LETTERS + "0123456789"))
def test_any_word_is_stemmed_as_nltk_does(word: str) -> None:
    assert stem(word) == NLTK.stem(word)


def test_irregular_words_are_those_of_nltk() -> None:
    assert {word: stem(word) for word in NLTK.pool} == NLTK.pool
