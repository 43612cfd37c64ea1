from collections.abc import Callable

import pytest

from registry.cards.vocabulary import FORMATS as NAMED
from registry.formats import FORMATS


def test_cards_may_name_exactly_the_formats_that_there_are() -> None:
    assert tuple(FORMATS) == NAMED


@pytest.mark.parametrize("name", FORMATS)
def test_samples_become_the_golden_rows(name: str, golden: Callable[[str], None]) -> None:
    golden(name)
