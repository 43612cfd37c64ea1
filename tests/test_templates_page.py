"""The page about templates shows what its card does to rows, and every wording there is."""

import re
from pathlib import Path
from textwrap import indent

from registry.canonical import Demonstration, Message, Row
from registry.cards import Mixture, load_text
from registry.cards.wordings import WORDINGS
from registry.templates import Renderer

PAGE = (Path(__file__).parent.parent / "docs" / "templates.md").read_text(encoding="utf-8")
ROWS = {
    "stances": ("Animals are equal to human beings.", "favor"),
    "reviews": ("I would like to buy it again.", "positive"),
    "judgements": ("I would like to buy it again.", "positive"),
}


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)\n```", PAGE, flags=re.DOTALL)


def row(dataset: str) -> Row:
    said, answer = ROWS[dataset]
    definition = "Say whether the review is positive or negative."
    return Row(
        id=f"{dataset}:1",
        dataset=dataset,
        task="one",
        split="train",
        messages=(Message("user", f"{definition}\n\n{said}"),),
        references=(answer,),
        definition=definition,
        positives=(Demonstration("These are junks.", "negative", "Junk is bad."),),
        negatives=(
            Demonstration("Wonderful bulb.", "great", "Great is neither of the two words."),
        ),
    )


def test_its_card_does_to_rows_what_it_shows() -> None:
    text, _ = blocks("yaml")
    card = load_text(text)
    assert isinstance(card, Mixture)
    made = []
    for one in card.mix.datasets:
        assert one.template
        renderer = Renderer(one.template, card.mix.seed)
        assert list(renderer.problems(row(one.dataset))) == []
        made.append(renderer.render(row(one.dataset)).messages[0].content)
    assert made == blocks("text")


def test_its_switches_are_those_of_a_card() -> None:
    text, switches = blocks("yaml")
    head = text[: text.index("  datasets:\n")]
    card = load_text(f"{head}  datasets:\n{indent(switches, '    ')}\n  size: 3\n  seed: 1\n")
    assert isinstance(card, Mixture)
    symbols, rejected, joined = card.mix.datasets
    assert symbols.symbols
    assert rejected.rejected == "labels"
    assert joined.sequence


def test_its_table_has_every_wording() -> None:
    shown = re.findall(r"^\| (nli|llm|human) \| `(.+)` \| `(.+)` \|$", PAGE, flags=re.MULTILINE)
    assert [(family, id, text.replace("⏎", "\n")) for family, id, text in shown] == [
        (family, id, text) for family, known in WORDINGS.items() for id, text in known.items()
    ]


def test_its_links_go_somewhere() -> None:
    (anchor,) = re.findall(r"cards\.md#(\w+)", PAGE)
    headings = (Path(__file__).parent.parent / "docs" / "cards.md").read_text(encoding="utf-8")
    found = {line.replace(".", "") for line in headings.splitlines() if line.startswith("### ")}
    assert f"### {anchor}" in found
