"""The pages as a person sees them, at the width of a desk and of a hand."""

import os
from pathlib import Path
from typing import Any

import pytest

WIDTHS = {"desktop": (1280, 900), "phone": (375, 812)}
PAGES = {
    "home": "/",
    "dataset": "/datasets/wizardlm",
    "model": "/models/smollm2-short",
    "paper": "/papers/survey-2023",
    "lineage": "/lineage/models/smollm2-short",
    "plots": "/plots",
    "list": "/datasets",
    "compare": "/compare?card=datasets/wizardlm&card=models/smollm2-short&card=papers/survey-2023",
}

pytestmark = pytest.mark.slow


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("TUNEDECK_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", WIDTHS)
def test_pages_fit_their_screen_and_the_console_is_silent(
    device: str, scheme: str, address: str, browser: Any, pictures: Path
) -> None:
    width, height = WIDTHS[device]
    with browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme
    ) as context:
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        for name, path in PAGES.items():
            page.goto(address + path)
            page.screenshot(path=pictures / f"{name}-{device}-{scheme}.png", full_page=True)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert said == []


def test_a_keyboard_reaches_the_content_first_and_then_the_filters(
    address: str, browser: Any
) -> None:
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        page.goto(address)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.keyboard.press("Enter")
        page.fill("#q", "wizard")
        page.keyboard.press("Enter")
        page.wait_for_url("**/cards?q=wizard")
        assert page.inner_text("#found") == "4 cards"
        page.click(".facets a:has-text('dataset')")
        page.wait_for_url("**/cards?q=wizard&kind=dataset")
        assert page.inner_text("#found") == "2 cards"


def test_on_a_phone_filters_open_and_the_lineage_is_a_list(address: str, browser: Any) -> None:
    with browser.new_context(viewport={"width": 375, "height": 812}) as context:
        page = context.new_page()
        page.goto(f"{address}/cards")
        assert not page.is_visible(".facets section")
        page.click(".facets summary")
        assert page.is_visible(".facets section")
        page.goto(f"{address}/models/smollm2-short")
        assert not page.is_visible(".picture")
        assert page.is_visible(".flowlist .step")
