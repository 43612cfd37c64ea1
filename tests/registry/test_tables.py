from pathlib import Path

import pytest

from registry.errors import RegistryError
from registry.files import write_text
from registry.index import load
from registry.tables import SURVEY, TABLE_6, table6

PLACE = f"{TABLE_6}, row Songs"
PAPER = f"""\
kind: paper
id: {SURVEY}
title: A survey
tables:
  - at: {TABLE_6}
    rows:
      - {{printed: Songs, dataset: songs, citation: "Singer et al., 2023"}}
"""


@pytest.fixture
def survey(root: Path) -> Path:
    """Return a root whose survey lists one dataset, with a claim for some cells."""
    write_text(root / "cards" / "papers" / f"{SURVEY}.yaml", PAPER)
    path = root / "cards" / "datasets" / "songs.yaml"
    text = path.read_text(encoding="utf-8")
    claims = (
        f"released: {{value: 2023-04, cited: {SURVEY}, at: '{PLACE}'}}\n"
        f"languages: {{value: [monolingual], cited: {SURVEY}, at: '{PLACE}'}}\n"
        "scale:\n"
        f"  - {{value: 15000, unit: instances, cited: {SURVEY}, at: '{PLACE}'}}\n"
        f"  - {{value: null, unit: tasks, printed: /, cited: {SURVEY}, at: '{PLACE}'}}\n"
    )
    start = text.index("scale:")
    end = text.index("source:")
    write_text(path, text[:start] + claims + text[end:])
    return root


def test_a_row_is_put_together_from_the_claims_that_cite_it(survey: Path) -> None:
    assert table6(load(survey)) == [
        {
            "name": "Songs",
            "citation": "Singer et al., 2023",
            "released": "2023-04",
            "instances_thousands": 15,
            "tasks": None,
            "language": "monolingual",
        }
    ]


def test_a_claim_of_another_place_fills_no_cell(survey: Path) -> None:
    path = survey / "cards" / "datasets" / "songs.yaml"
    write_text(path, path.read_text().replace(f"'{PLACE}'", "section 2"))
    assert table6(load(survey)) == [{"name": "Songs", "citation": "Singer et al., 2023"}]


def test_without_the_table_it_says_where_to_add_it(root: Path) -> None:
    with pytest.raises(RegistryError, match="add it under `tables`"):
        table6(load(root))
