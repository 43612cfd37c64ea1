"""MLflow's own pages in a browser: what they say of a card leads to the card."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
MODEL = "smollm2-short"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no /usr/bin/chromium"),
]


@pytest.fixture(scope="module")
def address(sample: Any, serving: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the sample with its runs in MLflow."""
    root = sample.make(tmp_path_factory.mktemp("seen") / "checkout")
    command = [sys.executable, "-m", "catalog", "sync", "--root", str(root)]
    subprocess.run(command, check=True, capture_output=True)
    with serving(root) as served:
        yield served.address


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield chromium.new_page(viewport={"width": 1280, "height": 900})
        chromium.close()


def followed(page: Any, link: str) -> str:
    """Click a link that opens a page of its own, and return that page's heading."""
    with page.expect_popup() as opened:
        page.click(link)
    found: str = opened.value.inner_text("h1")
    opened.value.close()
    return found


@pytest.mark.parametrize("version", ["", "/versions/1"])
def test_a_registered_model_and_its_version_lead_to_the_card(
    version: str, address: str, page: Any
) -> None:
    page.goto(f"{address}/mlflow/#/models/{MODEL}{version}?workflowType=machine_learning")
    heading = followed(page, "text=Card in the catalog")
    assert heading == "SmolLM2 135M tuned on short tasks"


def test_a_cards_page_leads_to_its_run_and_the_run_back_to_the_card(
    address: str, page: Any
) -> None:
    page.goto(f"{address}/models/{MODEL}")
    page.click("section[aria-labelledby=runs] a:has-text('tune')")
    assert followed(page, f"a[href='/models/{MODEL}']") == "SmolLM2 135M tuned on short tasks"


def test_a_cards_page_leads_to_the_registered_model(address: str, page: Any) -> None:
    page.goto(f"{address}/models/{MODEL}")
    page.click("text=the registered model")
    page.wait_for_selector("text=Card in the catalog")
    assert f"/mlflow/#/models/{MODEL}" in page.url


def test_a_chart_of_a_tuning_is_drawn_and_the_console_is_silent(address: str, page: Any) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for path in (f"/models/{MODEL}", "/datasets/short-tasks"):
        page.goto(address + path)
    assert said == []
    page.goto(f"{address}/models/{MODEL}")
    assert page.locator(".metrics polyline.mean").count() == 3
    assert not page.is_visible(".tables table:has-text('Gradient norm')")
    page.click("summary:has-text('The numbers')")
    assert page.is_visible(".tables table:has-text('Gradient norm')")
