"""Cards and reports may come from anybody; nothing in them may act on who reads them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.markdown import render
from registry import reports
from registry.cards import load_text, to_yaml
from registry.files import write_json, write_text
from registry.links import download, origin, outside
from registry.reports import Artefact, Measurement, Report

EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
MARKDOWN = (
    "<script>alert(3)</script> <b onclick=alert(4)>b</b> [a](javascript:alert(5)) "
    "[b](data:text/html,x) ![p](https://evil.example/p.png) <https://fine.example> **bold**"
)


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """Return a root whose texts all try something."""
    paper = f"""\
kind: paper
id: evil
title: {json.dumps(EVIL)}
summary: {json.dumps(MARKDOWN)}
authors: [{json.dumps(EVIL)}]
url: "javascript:alert(6)"
bibtex: {json.dumps(EVIL + "</pre>")}
notes: [{json.dumps(MARKDOWN)}]
findings: [{{says: {json.dumps(MARKDOWN)}, at: {json.dumps(EVIL)}, quote: {json.dumps(EVIL)}}}]
"""
    dataset = f"""\
kind: dataset
id: evil
title: {json.dumps(EVIL)}
summary: {json.dumps(MARKDOWN)}
homes: [{{value: "https://evil.example/{"%22%3E"}<x>", declared: {json.dumps(EVIL)}}}]
annotator: {{value: [human], cited: evil, at: {json.dumps(EVIL)}, quote: {json.dumps(EVIL)}}}
licence: {{value: {json.dumps("terms: " + EVIL)}, declared: {json.dumps(EVIL)}}}
scale:
  - {{value: 1, unit: instances, printed: {json.dumps(EVIL)}, cited: evil, at: x}}
  - {{value: 2, unit: instances, declared: x, note: {json.dumps(EVIL)}}}
notes: [{json.dumps(MARKDOWN)}]
source:
  subset: {json.dumps(EVIL)}
  files:
    - {{path: "x.jsonl", origin: "url:https://e.example/<x>", sha256: "{"0" * 64}", bytes: 1}}
convert: {{format: dolly}}
"""
    for text in (paper, dataset):
        card = load_text(text)
        write_text(tmp_path / "cards" / f"{card.kind}s" / f"{card.id}.yaml", to_yaml(card))
    measured = {
        "scale": (Measurement(value=1, unit=EVIL, split=EVIL),) * 2,
        "quarantined": (Measurement(value=1, subset=EVIL),),
        "lengths": (Measurement(value={EVIL: EVIL, "mean": EVIL}, part=EVIL, unit=EVIL),),
        "languages": (Measurement(value={EVIL: 1}),),
        "duplicates": (Measurement(value=EVIL),),
    }
    file = Artefact(path=EVIL, sha256="0" * 64, bytes=1, digest=EVIL)
    environment = {"started": EVIL, "seconds": EVIL, "device": EVIL}
    report = Report(
        stage="convert", id="evil", inputs=(file,), measured=measured, environment=environment
    )
    reports.write(tmp_path, report)
    return tmp_path


PAGES = (
    "/",
    "/cards",
    "/cards?q=%3Cscript%3E&kind=%22%3E%3Cb%3E",
    "/cards?q=alert",
    "/datasets?licence=%22onclick=alert(1)&min_tasks=1",
    "/datasets/evil",
    "/papers/evil",
    "/compare?card=datasets/evil&card=papers/evil",
    "/lineage/datasets/evil",
    "/leaderboards",
    "/plots",
    "/table6",
)


@pytest.mark.parametrize("address", PAGES)
def test_hostile_text_is_shown_as_text(address: str, hostile: Path, fresh: Any, parse: Any) -> None:
    response = fresh(hostile).get(address)
    page = parse(response.text)
    assert response.status_code == 200
    assert not page.faults
    tags = {tag for tag, _ in page.tags}
    ours = {"b"} if "datasets/evil" in address else set()
    assert not tags & {"img", "b", "x", "iframe", "style"} - ours
    for tag, said in page.tags:
        if tag == "script":
            is_data = said.get("type") in ("application/json", "application/ld+json")
            assert is_data or said["src"].startswith("/static/"), said
    names = {name for _, given in page.tags for name in given}
    assert not [name for name in names if name.startswith("on")]
    schemes = {href.partition(":")[0].lower() for href in page.values("href") if ":" in href}
    assert schemes <= {"http", "https"}


TITLES = [
    EVIL,
    "</script><script>document.title='ran'</script>",
    "<!--<script>",
    "' \" ` ${1} {{ 7 * 7 }} \\u003cscript\\u003e",
    "right \u202e to left",
    "lines \u2028 and \u2029 end",
    "W" * 5000,
]


@pytest.fixture(scope="module")
def pictured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a root whose pictures hold titles, places and file names that all try something."""
    root = tmp_path_factory.mktemp("pictured")
    for at, title in enumerate(TITLES):
        card = f"""\
kind: dataset
id: d{at}
title: {json.dumps(title)}
summary: S.
released: {{value: 2023-04, declared: x}}
annotator: {{value: [human], declared: x}}
scale:
  - {{value: {at + 1}, unit: tasks, declared: x}}
  - {{value: {at + 1}, unit: instances, declared: x}}
source:
  files:
    - path: {json.dumps("x/" + title.replace(chr(92), ""))}
      origin: "url:https://e.example/<x>"
      sha256: "{at:064}"
      bytes: 1
"""
        if at:
            said = f"cited: p, at: {json.dumps(title)}"
            card += f"parents: {{value: d0, relation: seeds, {said}}}\n"
        write_text(root / "cards" / "datasets" / f"d{at}.yaml", card)
    model = f"kind: model\nid: m\ntitle: {json.dumps(EVIL)}\nsummary: S.\nnot_reproduced: x.\n"
    tuned = "tuned_on: {value: d1, declared: x}\n"
    write_text(root / "cards" / "models" / "m.yaml", model + tuned)
    paper = f"kind: paper\nid: p\ntitle: {json.dumps(EVIL)}\n"
    write_text(root / "cards" / "papers" / "p.yaml", paper)
    return root


@pytest.mark.parametrize("address", ["/lineage/datasets/d0", "/plots", "/plots?by=month"])
def test_hostile_text_in_a_picture_is_shown_as_text(
    address: str, pictured: Path, fresh: Any, parse: Any
) -> None:
    page = parse(fresh(pictured).get(address).text)
    assert not page.faults
    scripts = [given for tag, given in page.tags if tag == "script"]
    assert all(
        one.get("src", "").startswith("/static/") or one["type"] == "application/json"
        for one in scripts
    )
    assert not {tag for tag, _ in page.tags} & {"img", "b", "x"}
    assert not [name for _, given in page.tags for name in given if name.startswith("on")]
    assert "W" * 5000 in page.text


def test_the_data_of_a_picture_is_its_json_and_ends_no_block(pictured: Path, fresh: Any) -> None:
    client = fresh(pictured)
    text = client.get("/lineage/datasets/d0").text
    _, _, rest = text.partition('<script type="application/json" id="lineage-data">')
    block, _, _ = rest.partition("</script>")
    assert not set("<>&") & set(block)
    found = client.get("/lineage/datasets/d0.json").json()["lineage"]
    assert json.loads(block) == found
    titles = {node["title"] for layer in found["layers"] for node in layer}
    assert set(TITLES) <= titles


@pytest.mark.slow
def test_hostile_text_in_a_picture_does_nothing(pictured: Path, serve: Any, browser: Any) -> None:
    address = serve(pictured)
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        said: list[str] = []
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda one: one.url.startswith(address) or said.append(one.url))
        for path, things in (("/lineage/datasets/d0", ".box"), ("/plots", ".datum")):
            page.goto(address + path)
            made = page.locator(things)
            assert made.count() > len(TITLES)
            shown = set()
            for at in range(made.count()):
                page.keyboard.press("Shift")  # so that the focus counts as the keyboard's
                made.nth(at).focus()
                shown.add(page.inner_text(".tip p >> nth=0"))
            assert any("<script>alert(1)" in one for one in shown)
            assert max(map(len, shown)) <= 301
            assert page.locator("img, body script:not([type='application/json'])").count() == 0
            assert page.title() != "ran"
            assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert said == []


def test_no_text_of_a_card_ends_the_block_of_data(hostile: Path, fresh: Any, parse: Any) -> None:
    path = hostile / "cards" / "datasets" / "evil.yaml"
    evil = path.read_text(encoding="utf-8").replace("title: ", "title: </script><!-- ", 1)
    write_text(path, evil)
    client = fresh(hostile)
    page = client.get("/datasets/evil").text
    (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert json.loads(block) == client.get("/datasets/evil.json").json()["croissant"]
    assert "<" not in block
    assert not parse(page).faults


def test_text_that_is_no_unicode_does_not_cost_the_page(hostile: Path, fresh: Any) -> None:
    path = hostile / "reports" / "convert" / "evil.json"
    body = json.loads(path.read_text(encoding="utf-8"))
    body["measured"]["quarantined"][0]["subset"] = "SURROGATE"
    text = json.dumps(body).replace("SURROGATE", "\\ud800")
    write_text(path, text)
    client = fresh(hostile)
    assert client.get("/datasets/evil").status_code == 200
    assert client.get("/datasets/evil.json").json()["conversion"]["quarantined"][0]["reason"] == "?"


def test_a_report_with_nan_is_still_json(hostile: Path, fresh: Any) -> None:
    path = hostile / "reports" / "convert" / "evil.json"
    body = json.loads(path.read_text(encoding="utf-8"))
    body["measured"]["duplicates"][0]["value"] = float("nan")
    write_json(path, body)
    assert fresh(hostile).get("/datasets/evil.json").json()["conversion"]["numbers"] == {
        "duplicates": None
    }


@given(st.text(max_size=60))
def test_no_markdown_makes_a_tag_that_is_not_allowed(text: str) -> None:
    from html.parser import HTMLParser

    from catalog.markdown import TAGS

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag in TAGS
            assert {name for name, _ in attrs} <= {"href", "title", "rel"}

    Tags().feed(render(text))


@pytest.mark.parametrize(
    "home", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "http://[", "text"]
)
def test_what_is_no_web_address_is_no_link(home: str) -> None:
    assert outside(home) is None
    assert origin(f"url:{home}") is None


@given(st.text(max_size=40))
def test_a_link_outside_always_leads_to_the_web(text: str) -> None:
    made = [outside(text), outside(f"hub:{text}"), outside(f"github:{text}")]
    for address in (*made, origin(text), download(text), download(f"url:{text}")):
        assert address is None or address.startswith(("http://", "https://"))
