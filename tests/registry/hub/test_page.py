"""The page that people read: complete, and safe whatever a card says."""

import re
from pathlib import Path

import pytest

from registry import load
from registry.cards import load_text
from registry.hub import page
from registry.hub.mapping import Scene
from registry.hub.page import body
from registry.index import Registry
from registry.reports import Artefact, Measurement, Report

EVIL = "</td><script>alert(1)</script> [x](javascript:alert(1)) | `a` ![i](http://e/i.png) *b* $x$"
HOSTILE = f"""\
kind: dataset
id: evil
title: "{EVIL}"
summary: "# {EVIL}"
homes: [{{value: "https://e/<script>)", declared: x}}]
annotator: [{{value: [human], printed: "{EVIL}", declared: "{EVIL}", at: "{EVIL}", note: "{EVIL}"}}]
scale: [{{value: 1, unit: instances, subset: "{EVIL}", declared: "{EVIL}"}}]
notes: ["- {EVIL}", "{page.END}", "{page.BEGIN}"]
papers: [evil-paper]
"""


@pytest.fixture
def registry(root: Path) -> Registry:
    path = root / "cards/papers/evil-paper.yaml"
    path.write_text(
        "kind: paper\nid: evil-paper\ntitle: E\nurl: 'javascript:alert(1)'\n"
        "bibtex: |\n  @misc{e,\n  ```\n  <script>alert(1)</script>\n  -->\n  }\n"
    )
    return load(root)


def rendered(text: str) -> str:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": True}).enable("table").render(text)


def test_hostile_text_is_shown_and_does_nothing(registry: Registry) -> None:
    card = load_text(HOSTILE)
    html = rendered(body(card, Scene(registry=registry)))
    assert not re.search(r"<(script|img|em|h1>#)", html)
    assert not re.search(r'(?:href|src)="(?!https?:|\./card\.yaml)', html)
    assert "<script" not in html.replace("&lt;script", "")
    rows = [one for one in html.split("<tr>") if "<td>" in one]
    assert {one.count("<td>") for one in rows} <= {3, 4}


def test_hostile_text_cannot_end_what_is_ours(registry: Registry) -> None:
    card = load_text(HOSTILE)
    text = body(card, Scene(registry=registry))
    whole = f"above\n{page.wrapped(text)}\nbelow\n"
    assert page.made(whole) == text
    new = r"new \1 \g<0>"
    assert page.remade(whole, new) == f"above\n{page.wrapped(new)}\nbelow\n"


def test_a_claim_stands_with_its_source_and_place(registry: Registry) -> None:
    text = body(registry.datasets["songs"], Scene(registry=registry))
    assert "| 3 | instances | cited: A paper" in text.replace("a-paper", "A paper")
    assert "not measured yet" in text
    assert "CC-BY-4.0" in text
    assert "registry convert songs" in text


def test_scores_stand_with_their_error_beside_the_base(registry: Registry) -> None:
    found = Measurement(value=0.51, benchmark="new-songs", metric="exact_match", stderr=0.03, n=99)
    base = Measurement(value=0.11, benchmark="new-songs", metric="exact_match", stderr=0.02, n=99)
    reports = (
        Report(stage="evaluate", id="singer", measured={"results": (found,)}),
        Report(stage="evaluate", id="nightingale", measured={"results": (base,)}),
    )
    text = body(registry.models["singer"], Scene(registry=registry, reports=reports))
    assert "0.51 ± 0.03 (n = 99) | 0.11 ± 0.02" in text
    assert "± is one standard error" in text


def test_sources_that_disagree_are_named(registry: Registry) -> None:
    found = Measurement(value=4, unit="instances")
    made = Artefact(
        path="data/canonical/songs/train.parquet", sha256="1" * 64, bytes=1, digest="d", rows=4
    )
    report = Report(stage="convert", id="songs", measured={"scale": (found,)}, outputs=(made,))
    text = body(registry.datasets["songs"], Scene(registry=registry, reports=(report,)))
    assert "## Where sources disagree" in text
    assert "beside 4 (measured by convert)" in text
    assert f"`data/canonical/songs/train.parquet`: sha256 `{'1' * 64}`, 4 rows" in text


def test_a_fence_is_longer_than_what_it_holds(registry: Registry) -> None:
    text = body(registry.papers["evil-paper"], Scene(registry=registry))
    assert "````bibtex" in text
    assert "<script>" not in rendered(text)
