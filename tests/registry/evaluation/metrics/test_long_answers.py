"""Answers of a megabyte, made to be slow: no scorer takes the square of their length."""

import time
from collections.abc import Callable

import pytest

from registry.evaluation.metrics.bbh import extract
from registry.evaluation.metrics.exact_match import exact_match
from registry.evaluation.metrics.rouge import rouge
from registry.evaluation.metrics.rouge_155 import rouge_155
from registry.evaluation.metrics.rouge_l import rouge_l
from registry.evaluation.metrics.super_ni import rouge_l_xlingual
from registry.evaluation.metrics.text import plain

MEGABYTE = 1 << 20
REFERENCES = ["the cat sat on the mat a a a b .\n" * 5 + "the other line\nthe 5\nthe 6\n", "the"]
# Many times what they take: machines differ. What is quadratic takes minutes.
LIMIT = 20.0

SCORERS: dict[str, Callable[[str], object]] = {
    "rouge_l": lambda text: rouge_l(text, REFERENCES),
    "exact_match": lambda text: exact_match(text, REFERENCES),
    "rouge": lambda text: rouge(text, REFERENCES),
    "rouge_155": lambda text: rouge_155(text, REFERENCES, stemmed=True),
    "xlingual": lambda text: rouge_l_xlingual(text, REFERENCES),
    "bbh": lambda text: (extract(text, "cot"), extract(text, "direct")),
}


def numbered(line: str) -> str:
    return "\n".join(line.format(number) for number in range(MEGABYTE // len(line)))


CASES = [
    ("rouge_l", "a " * (MEGABYTE // 2)),
    ("rouge_l", "y" * MEGABYTE + "ing"),
    ("rouge_l", numbered("w{}ations")),
    ("exact_match", ". " * (MEGABYTE // 2)),
    ("rouge", "a\n" * (MEGABYTE // 2)),
    ("rouge", numbered("the {}")),
    ("rouge_155", "ay" * (MEGABYTE // 2) + "ement"),
    ("xlingual", "a" * MEGABYTE),
    ("xlingual", "\n\nQ:" * (MEGABYTE // 4)),
    ("bbh", "answer is " * (MEGABYTE // 10)),
    ("bbh", "(" * MEGABYTE),
]


@pytest.mark.parametrize(("name", "text"), CASES, ids=range(len(CASES)))
def test_a_megabyte_is_scored_without_its_square(name: str, text: str) -> None:
    begun = time.process_time()
    SCORERS[name](text)
    assert time.process_time() - begun < LIMIT


@pytest.mark.parametrize("name", SCORERS)
@pytest.mark.parametrize("value", [None, "", "\0", "\ud800", 7, ["a"], {"b": float("nan")}])
def test_whatever_comes_from_a_file_has_a_score(name: str, value: object) -> None:
    SCORERS[name](plain(value))
