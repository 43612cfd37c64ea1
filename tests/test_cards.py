"""Every card that we ship: valid, reachable, and true to what its stages can measure."""

from pathlib import Path

import pytest

from registry.cards import Cited, Dataset, Measured, Paper
from registry.cards.shapes import asks, fields_of
from registry.cards.vocabulary import FOLDERS
from registry.index import card_files, check, load
from registry.query import claims_of

TOP = Path(__file__).parent.parent
REGISTRY, PROBLEMS = check(TOP)
CARDS = list(REGISTRY)
DATASETS = [card for card in CARDS if isinstance(card, Dataset)]


def test_no_card_has_a_problem() -> None:
    assert [str(one) for one in PROBLEMS] == []


def test_every_file_is_a_card_with_its_name() -> None:
    found = {f"{FOLDERS[card.kind]}/{card.id}" for card in CARDS}
    assert found == {f"{path.parent.name}/{path.stem}" for path in card_files(TOP)}


def test_a_registry_is_loaded_from_the_top() -> None:
    assert len(load(TOP)) == len(CARDS)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: f"{card.kind}-{card.id}")
def test_a_measured_claim_names_a_stage_that_writes_that_field(card: Dataset) -> None:
    hints = {one.name: one.hint for one in fields_of(type(card))}
    for name, claims in claims_of(card):
        for claim in claims:
            if isinstance(claim.evidence, Measured):
                assert claim.evidence.stage in asks(hints[name]).measured


@pytest.mark.parametrize("card", CARDS, ids=lambda card: f"{card.kind}-{card.id}")
def test_a_card_has_no_text_that_was_left_to_fill_in(card: Dataset) -> None:
    texts = [card.title, card.summary or "", *card.notes]
    assert not any(word in text for text in texts for word in ("TODO", "TEXT", "FIXME", "???"))
    assert all(text == text.strip() for text in texts)


@pytest.mark.parametrize("card", DATASETS, ids=lambda card: card.id)
def test_a_dataset_can_be_fetched_or_says_why_not(card: Dataset) -> None:
    assert bool(card.source) != bool(card.unavailable)


@pytest.mark.parametrize("card", DATASETS, ids=lambda card: card.id)
def test_a_dataset_of_the_survey_s_table_has_every_column_of_its_row(card: Dataset) -> None:
    rows = {
        name: [
            claim
            for claim in claims
            if isinstance(claim.evidence, Cited)
            and claim.evidence.paper == "survey-2023"
            and claim.evidence.at.startswith("Appendix A, Table 6, row ")
        ]
        for name, claims in claims_of(card)
    }
    if any(rows.values()):
        assert {name for name, found in rows.items() if found} == {
            "released",
            "annotator",
            "languages",
            "scale",
        }
        assert {claim.unit for claim in rows["scale"]} == {"tasks", "instances"}
        assert len({claim.evidence.at for found in rows.values() for claim in found}) == 1  # type: ignore[union-attr]


def test_every_paper_that_is_cited_says_who_wrote_it_or_where_it_is() -> None:
    for card in CARDS:
        if isinstance(card, Paper):
            assert card.authors or card.url or card.arxiv, card.id
            assert card.year, card.id


def test_the_survey_is_the_one_with_table_6() -> None:
    survey = REGISTRY.papers["survey-2023"]
    assert survey.arxiv == "2303.10475"
    assert survey.authors == ("Renze Lou", "Kai Zhang", "Wenpeng Yin")
