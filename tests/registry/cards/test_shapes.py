from typing import Annotated

import pytest

from registry.cards.claim import Claim
from registry.cards.kinds import TYPES, Dataset, Model
from registry.cards.rules import Asks, Rule
from registry.cards.shapes import asks, bare, claimed, fields_of, is_claims, optional, rules


def test_required_fields_are_those_without_a_default() -> None:
    required = [one.name for one in fields_of(Dataset) if one.required]
    assert required == ["kind", "id", "title", "summary"]


@pytest.mark.parametrize("cls", TYPES.values(), ids=TYPES)
def test_every_field_but_a_mapping_or_a_fixed_word_has_its_sentence(cls: type) -> None:
    silent = {one.name for one in fields_of(cls) if not one.says}
    assert silent <= {
        "kind",
        "source",
        "convert",
        "generate",
        "rank",
        "weights",
        "build",
        "evaluate",
    } | {
        "mix",
        "tune",
    }


def test_a_field_of_claims_is_told_from_a_list() -> None:
    found = {one.name: is_claims(one.hint) for one in fields_of(Dataset)}
    assert found["scale"]
    assert not found["papers"]
    assert not found["title"]


def test_the_type_inside_a_claim_is_found() -> None:
    hints = {one.name: one.hint for one in fields_of(Model)}
    assert bare(claimed(hints["scale"])) is int
    assert claimed(hints["results"]) is float


def test_none_is_looked_through() -> None:
    hint = Annotated[int | None, "A number."]
    assert bare(hint) is int
    assert optional(hint)
    assert not optional(Annotated[int, "A number."])


def test_a_field_that_asks_nothing_has_claims_all_the_same() -> None:
    assert asks(tuple[Claim[str], ...]) == Asks()
    assert rules(tuple[Claim[str], ...], Rule) == []
