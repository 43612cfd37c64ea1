"""Every kind of page, by axe-core in Chromium: nothing serious may stand in anybody's way."""

from pathlib import Path
from typing import Any

import pytest

AXE = Path(__file__).parent.parent / "vendor" / "axe-core-4.14.1" / "axe.min.js"
PAGES = (
    "/",
    "/cards?q=wizard&kind=dataset",
    "/datasets?annotator=human&min_instances=10&sort=instances",
    "/models?q=nothing-has-this",
    "/compare",
    "/compare?card=datasets/short-tasks&card=datasets/wizardlm",
    "/leaderboards",
    "/leaderboards/new-tasks",
    "/table6",
    "/datasets/short-tasks",
    "/models/smollm2-short",
    "/benchmarks/new-tasks",
    "/mixtures/short-mix",
    "/recipes/sft-small",
    "/papers/survey-2023",
    "/lineage/models/smollm2-short",
    "/lineage/datasets/wizardlm",
    "/plots",
    "/plots?by=month",
    "/models/smollm",
)
FAULTS = """
() => axe.run(document, {resultTypes: ["violations"]}).then(({violations}) =>
  violations
    .filter(({impact}) => impact === "serious" || impact === "critical")
    .flatMap(({id, nodes}) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`)))
"""

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 375])
def test_no_page_has_a_serious_fault(width: int, scheme: str, address: str, browser: Any) -> None:
    axe = AXE.read_text(encoding="utf-8")
    found = {}
    with browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme
    ) as context:
        page = context.new_page()
        for path in PAGES:
            page.goto(address + path)
            page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
            page.evaluate(axe)
            found[path] = page.evaluate(FAULTS)
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_what_a_reader_could_not_use_is_found(address: str, browser: Any) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(address)
        page.evaluate("document.querySelector('label[for=q]').remove()")
        page.evaluate("document.querySelector('#q').removeAttribute('placeholder')")
        page.evaluate(AXE.read_text(encoding="utf-8"))
        assert [one for one in page.evaluate(FAULTS) if one.startswith("label")]
