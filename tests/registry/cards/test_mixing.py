"""Switches of an ingredient on cards: what `registry check` says of them, and on which line."""

import pytest

from registry.cards import Mixture, load_text
from registry.cards.mixing import Joined, Symbols
from registry.cards.reading import read_text

CARD = """\
kind: mixture
id: critic
title: Critic
summary: Reviews.
mix:
  datasets:
    - dataset: others
      weight: 1
    - dataset: reviews
      weight: 1
"""
REST = "  size: 10\n  seed: 1\n"
PATH = "mix.datasets[1]"
TEMPLATE = "template: {family: llm, wordings: [prefix]}"


def text(*lines: str) -> str:
    return CARD + "".join(f"      {line}\n" for line in lines) + REST


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["symbols: {}"], "symbols.exemplars: is missing; write it"),
        (["symbols: {exemplars: 0}"], "symbols.exemplars: 0 is not above 0"),
        (["symbols: {exemplars: 2, kinds: []}"], "symbols.kinds: is an empty list"),
        (["symbols: {exemplars: 2, kinds: [digits]}"], "symbols.kinds[0]: 'digits' is not known"),
        (
            ["symbols: {exemplars: 2, kinds: [words, words]}"],
            "symbols.kinds: names 'words' 2 times; name it once",
        ),
        (["symbols: {exemplars: 2, others: skip}"], "symbols.others: 'skip' is not known here"),
        (
            ["symbols: {exemplars: 2}", TEMPLATE],
            "symbols: does not go with template; remove one of the two",
        ),
        (
            ["symbols: {exemplars: 2}", "sequence: {length: 2}"],
            "symbols: does not go with sequence; remove one of the two",
        ),
        (["rejected: label"], "rejected: 'label' is not known here; did you mean 'labels'?"),
        (
            ["symbols: {exemplars: 2}", "rejected: negatives"],
            "rejected: symbols stand for labels, and a bad output is none; write labels",
        ),
        (
            ["rejected: negatives", TEMPLATE],
            "rejected: negatives go with family human, or without a template",
        ),
        (["sequence: {length: 1}"], "sequence.length: 1 is no sequence; write 2 or more"),
        (["sequence: {length: 2, within: all}"], "sequence.within: 'all' is not known here"),
        (
            ["sequence: {length: 2}", TEMPLATE],
            "sequence: does not go with template; remove one of the two",
        ),
        (
            ["sequence: {length: 2}", "rejected: labels"],
            "sequence: does not go with rejected; remove one of the two",
        ),
    ],
)
def test_switches_that_make_no_sense_are_told(lines: list[str], said: str) -> None:
    found = [str(one) for one in read_text(text(*lines), "critic.yaml").problems]
    assert any(f"{PATH}.{said}" in one for one in found), found


@pytest.mark.parametrize(
    "lines",
    [
        ["symbols: {exemplars: 2}", "rejected: labels"],
        ["rejected: labels", TEMPLATE],
        ["rejected: negatives", "template: {family: human, wordings: [crowd]}"],
        ["rejected: published", "sequence: {length: 3, within: task}"],
    ],
)
def test_switches_that_go_together_are_fine(lines: list[str]) -> None:
    assert not read_text(text(*lines), "critic.yaml").problems


def test_switches_are_read_with_their_defaults() -> None:
    card = load_text(text("symbols: {exemplars: 2}"))
    assert isinstance(card, Mixture)
    assert card.mix.datasets[1].symbols == Symbols(
        exemplars=2, kinds=("numbers", "letters", "words"), instruction=False, others="keep"
    )
    joined = load_text(text("sequence: {length: 2}"))
    assert isinstance(joined, Mixture)
    assert joined.mix.datasets[1].sequence == Joined(length=2, within="dataset")
