from pathlib import Path

from registry.cards.kinds import TYPES
from registry.cards.reference import reference
from registry.cards.shapes import fields_of

TOP = Path(__file__).parents[3]


def test_the_committed_page_is_what_the_code_makes() -> None:
    page = (TOP / "docs" / "cards.md").read_text(encoding="utf-8")
    assert page == reference(), "docs/cards.md is stale: TUNEDECK_REWRITE=1 pytest"


def test_every_kind_and_every_field_is_there() -> None:
    page = reference()
    for kind, cls in TYPES.items():
        section = page.split(f"\n## {kind}\n")[1].split("\n## ")[0]
        for one in fields_of(cls):
            assert f"`{one.name}`" in section, f"{kind}.{one.name}"
            assert one.says.split("|")[0].replace("<", "&lt;") in section


def test_required_fields_are_bold() -> None:
    assert "| **`title`** | text | What people call it. |" in reference()


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    width = 0
    for line in reference().splitlines():
        cells = line.replace(r"\|", "").count("|")
        width = width or cells if line.startswith("|") else 0
        assert cells == width or not line.startswith("|"), line
