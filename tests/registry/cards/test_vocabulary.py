"""The words that cards may use are those that the rest of the code knows."""

import pytest

from registry.cards import vocabulary
from registry.cards.rules import LICENCE
from registry.evaluation import following, ranking
from registry.evaluation.metrics import METRICS
from registry.formats import FORMATS


def test_formats_are_those_that_can_be_read() -> None:
    assert set(vocabulary.FORMATS) == set(FORMATS)


def test_metrics_are_those_that_can_be_computed() -> None:
    assert set(vocabulary.METRICS) == {*METRICS, *following.NAMES, *ranking.BY}


def test_every_word_that_is_offered_for_another_is_ours() -> None:
    ours = {
        *vocabulary.UNITS,
        *vocabulary.SCORE_UNITS,
        *vocabulary.ANNOTATORS,
        *vocabulary.HEDGES,
    }
    assert set(vocabulary.SYNONYMS.values()) <= ours
    assert not set(vocabulary.SYNONYMS) & ours


@pytest.mark.parametrize(
    ("licence", "kind"),
    [
        ("MIT", "open"),
        ("CC-BY-SA-3.0", "share-alike"),
        ("CC-BY-NC-4.0", "non-commercial"),
        ("terms: OpenAI", "terms"),
    ],
)
def test_a_licence_has_a_class(licence: str, kind: str) -> None:
    assert LICENCE.check(licence) is None
    assert vocabulary.licence_class(licence) == kind
