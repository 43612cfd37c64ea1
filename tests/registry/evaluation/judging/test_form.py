"""The form as people have it: a file in a browser, with no server and no network."""

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from registry.evaluation.judging import returned, sheets
from registry.evaluation.judging.protocols import Pair

CHROMIUM = Path("/usr/bin/chromium")
HOSTILE = "<script>document.title = 'taken'</script>\n</p>&amp; <img src=x onerror=alert(1)>"


@pytest.fixture
def sheet(tmp_path: Path) -> sheets.Sheet:
    pairs = [
        Pair(f"k{at}", f"Sing {at}.", (HOSTILE, f"high {at} שיר"), ("base", "mine"))
        for at in range(3)
    ]
    made = sheets.preference(pairs, seed=2)
    sheets.write(made, tmp_path)
    return made


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}")
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=flags)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    with chromium.new_context(viewport={"width": 375, "height": 812}) as context:
        yield context.new_page()


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.found += [told[name] or "" for name in ("src", "href", "action") if name in told]
        self.ids += [told["id"] or ""] if "id" in told else []


def test_the_page_asks_nothing_of_anyone(sheet: sheets.Sheet, tmp_path: Path) -> None:
    text = (tmp_path / sheets.FORM).read_text()
    links = Links()
    links.feed(text)
    assert links.found == []
    assert len(links.ids) == len(set(links.ids))
    assert "default-src &#x27;none&#x27;" in text
    assert HOSTILE not in text


def test_people_judge_save_and_are_read_back(
    page: Any, sheet: sheets.Sheet, tmp_path: Path
) -> None:
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / sheets.FORM).as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert page.title() == "Judge 3 answers"
    assert page.inner_text("#count") == "0 of 3 judged"
    shown = page.locator("article").nth(0).locator(".answers .text").all_inner_texts()
    assert HOSTILE in shown

    page.get_by_label("Your name").fill("Anna Ö.")
    first = page.get_by_role("article", name="Item 1", exact=True)
    first.get_by_role("radio", name="Answer A").focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.get_by_role("article", name="Item 2").get_by_label("Both are equally good").check()
    page.get_by_label("Comment on item 2").fill("hm")
    assert page.inner_text("#count") == "2 of 3 judged"

    page.reload()
    assert page.inner_text("#count") == "2 of 3 judged"
    assert page.get_by_label("Your name").input_value() == "Anna Ö."

    with page.expect_download() as download:
        page.get_by_role("button", name="Save answers").click()
    name = download.value.suggested_filename
    download.value.save_as(tmp_path / name)
    assert name == "answers-Anna-.json"
    assert page.inner_text("#saved") == f"Saved as {name}."
    made = json.loads((tmp_path / name).read_text())
    assert made["answers"][1] == {"item": 2, "preference": "tie", "comment": "hm"}
    assert [one["preference"] for one in made["answers"]] == ["B", "tie", None]

    back = returned.read(returned.read_key(tmp_path / sheets.KEY), [tmp_path / name])
    assert back.open == {"Anna Ö.": 1}
    assert back.preference
    won = sheet.key.items[0].models[1] == "mine"
    assert (back.preference.n_wins, back.preference.n_draws) == (int(won), 1)
    assert all(url.startswith(("file:", "blob:")) for url in asked)
    assert said == []


def test_every_control_has_a_name_and_groups_have_legends(
    page: Any, sheet: sheets.Sheet, tmp_path: Path
) -> None:
    page.goto((tmp_path / sheets.FORM).as_uri())
    nameless = page.evaluate(
        "Array.from(document.querySelectorAll('input, button'))"
        ".filter(one => !(one.labels?.length || one.textContent.trim())).length"
    )
    assert nameless == 0
    assert page.locator("fieldset").count() == page.locator("fieldset > legend").count() == 3
    assert page.locator("h1").count() == 1
    assert page.get_by_role("group").count() == 3


def test_without_a_name_nothing_is_saved(page: Any, sheet: sheets.Sheet, tmp_path: Path) -> None:
    page.goto((tmp_path / sheets.FORM).as_uri())
    page.get_by_role("button", name="Save answers").click()
    assert page.inner_text("#saved") == ""
    assert page.evaluate("document.activeElement.name") == "annotator"
