from pathlib import Path

import pytest

from registry.evaluation.instructions import KNOWN
from registry.evaluation.instructions.differences import EXCEPTIONS, FIXED, REVISED, tables

DOCS = Path(__file__).parents[4] / "docs" / "instructions.md"


@pytest.mark.parametrize("rows", [EXCEPTIONS, FIXED, REVISED])
def test_every_difference_is_one_of_a_known_type(rows: dict[str, str]) -> None:
    assert rows.keys() <= KNOWN.keys()


def test_the_page_lists_every_difference() -> None:
    assert DOCS.read_text(encoding="utf-8").endswith(tables())
