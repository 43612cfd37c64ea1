"""What people come for, done in Chromium on the cards of this repository."""

import csv
import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
BUDGET = 100_000


@pytest.fixture(scope="module")
def site(serve: Any) -> str:
    address: str = serve(ROOT)
    return address


@pytest.fixture
def page(browser: Any, site: str) -> Iterator[Any]:
    """Return a page on whose console nothing may be said, and that asks no other host."""
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        one = context.new_page()
        said: list[str] = []
        one.on("console", lambda message: said.append(message.text))
        one.on("pageerror", lambda error: said.append(str(error)))
        one.on("request", lambda request: said.extend(foreign(request.url, site)))
        yield one
        assert said == []


def foreign(url: str, site: str) -> list[str]:
    return [] if urlsplit(url).netloc == urlsplit(site).netloc else [url]


def test_find_a_large_open_multilingual_dataset_written_by_people(page: Any, site: str) -> None:
    page.goto(site)
    page.click("nav a:has-text('Datasets')")
    for facet, value in (
        ("licence", "open (permissive)"),
        ("multilinguality", "multilingual"),
        ("annotator", "people"),
    ):
        page.click(f"section[aria-labelledby='facet-{facet}'] a:has-text('{value}')")
        page.wait_for_load_state()
    page.fill("input[name='min_instances']", "1M")
    page.click(".ranges button")
    page.wait_for_load_state()
    titles = page.locator(".cards tbody .c-title > a").all_inner_texts()
    assert "xP3" in " ".join(titles)
    assert page.inner_text("#found") == f"{len(titles)} cards"
    page.reload()  # the address holds all that was chosen
    assert page.locator(".cards tbody .c-title > a").all_inner_texts() == titles
    page.click(".cards tbody .c-title > a:has-text('xP3')")
    assert page.inner_text("h1").startswith("xP3")


def test_sliders_narrow_as_typing_does(page: Any, site: str) -> None:
    page.goto(f"{site}/datasets")
    whole = page.inner_text("#found")
    thumb = page.locator(".range[data-name='instances'] input[type='range']").first
    thumb.focus()
    for _ in range(3):
        page.keyboard.press("PageUp")
    page.wait_for_url("**min_instances=**")
    assert page.inner_text("#found") != whole
    assert page.input_value("input[name='min_instances']")


def test_compare_three(page: Any, site: str) -> None:
    page.goto(f"{site}/datasets?q=alpaca")
    boxes = page.locator(".cards input[type='checkbox']")
    assert page.is_disabled(".actions button")
    for at in range(3):
        boxes.nth(at).check()
    assert page.inner_text(".actions button") == "Compare 3 cards"
    page.click(".actions button")
    page.wait_for_url("**/compare?**")
    assert page.locator(".compare thead th").count() == 3
    assert page.locator(".compare .differ").count() > 0


def test_follow_a_model_back_to_its_native_files(page: Any, site: str) -> None:
    page.goto(f"{site}/models/smollm2-evals")
    page.click("a:has-text('All it came from')")
    page.wait_for_selector("#graph svg")
    page.click("summary:has-text('as a table')")
    rows = page.locator("table.edges tbody tr", has_text="native file")
    assert rows.count() == 2
    assert all("proven" in text for text in rows.all_inner_texts())
    page.click("table.edges a:has-text('OpenAI Evals, samples')")
    page.wait_for_url("**/datasets/openai-evals")
    assert page.locator(".files .hash").first.inner_text().strip()


def test_download_the_view_as_csv(page: Any, site: str) -> None:
    page.goto(f"{site}/datasets?annotator=human&sort=instances&order=desc")
    count = int(page.inner_text("#found").split()[0])
    with page.expect_download() as waiting:
        page.click("a:has-text('CSV')")
    text = waiting.value.path().read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == count
    assert all("human" in row["annotator"].split("; ") for row in rows)
    shown = page.locator(".cards tbody .c-title > a").first.inner_text()
    assert rows[0]["title"] == shown


def test_search_marks_what_it_found(page: Any, site: str) -> None:
    page.goto(site)
    page.fill("#q", "evolutionary")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cards?q=evolutionary")
    assert page.locator("mark").count() >= 1


def test_everything_can_be_done_without_javascript(browser: Any, site: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{site}/datasets?q=alpaca")
        page.fill("input[name='max_instances']", "60k")
        page.click(".ranges button")
        assert int(page.inner_text("#found").split()[0]) > 1
        for at in range(2):
            page.locator(".cards input[type='checkbox']").nth(at).check()
        page.click(".actions button")
        page.wait_for_url("**/compare?**")
        assert page.locator(".compare thead th").count() == 2


def test_a_first_visit_is_small(browser: Any, site: str) -> None:
    for address in ("/", "/datasets", "/datasets/alpaca", "/models/smollm2-evals"):
        with browser.new_context() as context:
            page = context.new_page()
            session = context.new_cdp_session(page)
            session.send("Network.enable")
            ended: list[Any] = []
            session.on("Network.loadingFinished", partial(list.append, ended))
            page.goto(site + address, wait_until="networkidle")
            size = sum(one["encodedDataLength"] for one in ended)
            assert 0 < size < BUDGET, (address, size)
