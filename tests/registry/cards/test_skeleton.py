import re

import pytest

from registry.cards import read_text
from registry.cards.kinds import TYPES
from registry.cards.shapes import fields_of
from registry.cards.skeleton import skeleton
from registry.errors import RegistryError


@pytest.mark.parametrize("kind", TYPES)
def test_a_new_card_asks_for_what_is_required_and_nothing_else(kind: str) -> None:
    found = read_text(skeleton(kind, "new"), "new.yaml", kind=kind, id="new")
    assert found.problems
    assert all("is empty; write it: " in one.message for one in found.problems)
    assert {"kind", "id"} & {one.field for one in found.problems} == set()


@pytest.mark.parametrize("kind", TYPES)
def test_a_new_card_names_every_field_and_no_other(kind: str) -> None:
    text = re.sub(r"^(\s*)#(?! )", r"\1", skeleton(kind, "new"), flags=re.MULTILINE)
    found = read_text(text, "new.yaml", kind=kind, id="new")
    assert not [one for one in found.problems if "is no field" in one.message]
    assert set(found.lines) == {one.name for one in fields_of(TYPES[kind])}


def test_the_required_fields_come_first() -> None:
    lines = skeleton("mixture", "new").splitlines()
    assert lines.index("mix:") < lines.index("#papers: [TEXT]")
    assert lines.index("kind: mixture") < lines.index("id: new") < lines.index("title:")


def test_a_claim_shows_what_it_must_say() -> None:
    assert "#scale: {value: 1, unit: UNIT, cited: PAPER, at: PLACE}" in skeleton("dataset", "new")


def test_every_field_has_its_sentence_above_it() -> None:
    lines = skeleton("recipe", "new").splitlines()
    assert lines[lines.index("  seed:") - 1] == (
        "  # Decides the order of rows, dropout and new weights."
    )


def test_an_id_that_could_not_be_a_card_is_refused() -> None:
    with pytest.raises(RegistryError, match=r"dataset: '\.\./x' is not an id; use lower-case"):
        skeleton("dataset", "../x")
