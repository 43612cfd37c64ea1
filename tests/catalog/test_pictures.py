"""The lineage and the plots in Chromium: what script adds, and that nothing needs it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

LARGE = 300
"""Datasets in a line of families, so many that not all are drawn."""


CORNERS = "one => { const r = one.getBoundingClientRect(); return [r.x, r.y, r.right, r.bottom]; }"


def part(at: int) -> str:
    """Return the card of a part of wizardlm; each is larger and later than the one before."""
    who = ("human", "chatgpt", "human, chatgpt")[at % 3]
    return f"""\
kind: dataset
id: part-{at}
title: Part {at}
summary: S.
released: {{value: 2023-0{at + 1}, declared: x}}
annotator: {{value: [{who}], declared: x}}
scale:
  - {{value: {4**at}, unit: tasks, declared: x}}
  - {{value: {5**at * 100}, unit: instances, declared: x}}
parents: {{value: wizardlm, relation: part, declared: x}}
"""


def scaled(size: str, best: int) -> str:
    """Return the card of a model with scores of three checkpoints, the last of them the best."""
    result = (
        "  - {{benchmark: ifeval, metric: accuracy, value: {}, unit: percent, "
        "tuned_tasks: {}, declared: x}}\n"
    )
    lines = "".join(result.format(best * at / 4, 10**at) for at in (1, 2, 4))
    head = f"kind: model\nid: scaled-{size}\ntitle: Scaled {size}\nsummary: S.\n"
    return f"{head}not_reproduced: x.\nresults:\n{lines}"


@pytest.fixture(scope="module")
def drawn(sample: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the sample with a wide family, a large one, sizes to plot and scaling results."""
    root: Path = sample.make(tmp_path_factory.mktemp("drawn"))
    for at in range(9):
        sample.put(root, part(at))
    for at in range(LARGE):
        text = f"kind: dataset\nid: big-{at}\ntitle: Big {at}\nsummary: S.\n"
        parent = f"parents: {{value: big-{(at - 1) // 2}, relation: part, declared: x}}\n"
        sample.put(root, text + parent * (at > 0))
    for size, best in (("1b", 40), ("9b", 80)):
        sample.put(root, scaled(size, best))
    return root


@pytest.fixture(scope="module")
def site(drawn: Path, serve: Any) -> str:
    """Serve it."""
    address: str = serve(drawn)
    return address


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """Return a page of a desk's width; nothing may be said on its console."""
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        one = context.new_page()
        said: list[str] = []
        one.on("console", lambda message: said.append(message.text))
        one.on("pageerror", lambda error: said.append(str(error)))
        yield one
        assert said == []


def boxes(page: Any) -> list[str]:
    return attributes(page, ".canvas .box", "aria-label")


def attributes(page: Any, selector: str, name: str) -> list[str]:
    said = "(all, name) => all.map(one => one.getAttribute(name))"
    found: list[str] = page.eval_on_selector_all(selector, said, name)
    return found


def overlap(page: Any, selector: str) -> bool:
    """Tell whether two of the elements lie upon each other."""
    rects = page.eval_on_selector_all(selector, f"all => all.map({CORNERS})")
    return any(
        left < to_x and x < right and top < to_y and y < bottom
        for at, (left, top, right, bottom) in enumerate(rects)
        for x, y, to_x, to_y in rects[:at]
    )


def scale(page: Any) -> float:
    found = re.search(r"scale\(([\d.]+)\)", page.get_attribute(".canvas svg > g", "transform"))
    assert found
    return float(found[1])


def test_the_lineage_is_drawn_with_every_thing_and_line(page: Any, site: str) -> None:
    page.goto(f"{site}/lineage/models/smollm2-short")
    data = json.loads(page.text_content("#lineage-data"))
    nodes = [node for layer in data["layers"] for node in layer]
    assert len(boxes(page)) == len(nodes)
    lines = {(edge["source"], edge["target"]) for edge in data["edges"]}
    assert page.locator(".canvas .arrow").count() == len(lines)
    proven = {(one["source"], one["target"]) for one in data["edges"] if one["proof"] == "proven"}
    assert page.locator(".canvas .arrow.proven").count() == len(proven) > 5
    links = attributes(page, ".canvas a", "href")
    assert sorted(links) == sorted(node["href"] for node in nodes if node["href"])
    assert page.inner_text(".graphstatus") == f"{len(nodes)} things, {len(data['edges'])} links."
    assert page.locator(".picture, .flowlist").count() == 0


def test_every_line_leads_to_the_right_and_no_two_boxes_overlap(page: Any, site: str) -> None:
    page.goto(f"{site}/lineage/models/smollm2-short")
    starts = page.eval_on_selector_all(
        ".canvas .arrow",
        "all => all.map(one => [one.getPointAtLength(0).x, one.getPointAtLength(1e9).x])",
    )
    assert all(a < b for a, b in starts)
    assert page.locator(".canvas .box").count() > 10
    assert not overlap(page, ".canvas .box .body")


def test_proven_lines_look_different_from_cited_ones(page: Any, site: str) -> None:
    page.goto(f"{site}/lineage/models/smollm2-short")
    looks = {
        proof: page.eval_on_selector(
            f".canvas .arrow.{proof}",
            "one => [getComputedStyle(one).stroke, getComputedStyle(one).strokeDasharray]",
        )
        for proof in ("proven", "cited")
    }
    assert looks["proven"][1] == "none" != looks["cited"][1]
    assert looks["proven"][0] != looks["cited"][0]


def test_buttons_keys_and_the_wheel_zoom(page: Any, site: str) -> None:
    page.goto(f"{site}/lineage/models/smollm2-short")
    first = scale(page)
    page.click("button[aria-label='Zoom in']")
    assert scale(page) == pytest.approx(first * 1.3, rel=0.01)
    page.click("button[aria-label='Zoom out']")
    page.click("button[aria-label='Zoom out']")
    assert scale(page) == pytest.approx(first / 1.3, rel=0.01)
    page.focus(".canvas")
    page.keyboard.press("+")
    assert scale(page) == pytest.approx(first, rel=0.01)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("0")
    assert scale(page) <= 1
    page.hover(".canvas")
    before = scale(page), page.evaluate("scrollY")
    page.mouse.wheel(0, 40)
    page.wait_for_function("before => scrollY > before", arg=before[1])
    assert scale(page) == before[0]
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    page.wait_for_timeout(100)
    assert scale(page) > before[0]


def test_a_drag_moves_the_picture_and_is_no_click(page: Any, site: str) -> None:
    page.goto(f"{site}/lineage/models/smollm2-short")
    address = page.url
    before = page.get_attribute(".canvas svg > g", "transform")
    box = page.locator(".canvas .box.start .body").bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 80, box["y"] + 50, steps=4)
    page.mouse.up()
    assert page.get_attribute(".canvas svg > g", "transform") != before
    assert page.url == address
    page.click(".canvas .box.start")
    page.wait_for_url("**/models/smollm2-short")


def test_filters_hide_things_and_links_and_say_how_many(page: Any, site: str) -> None:
    page.goto(f"{site}/lineage/models/smollm2-short")
    links = page.locator(".canvas .arrow")
    all_links, all_boxes = links.count(), len(boxes(page))
    page.uncheck("label.proven input")
    assert page.locator(".canvas .arrow.proven").count() == 0
    assert links.count() < all_links
    assert "filters hide" in page.inner_text(".graphstatus")
    page.check("label.proven input")
    page.uncheck("label.file input")
    assert not [one for one in boxes(page) if one.startswith("file")]
    assert "filters hide 3 things and 3 links" in page.inner_text(".graphstatus")
    page.check("label.file input")
    assert (links.count(), len(boxes(page))) == (all_links, all_boxes)
    page.select_option(".graphbar select", "1")
    near = {one.partition(";")[0] for one in boxes(page)}
    assert len(near) == 6
    assert not [one for one in near if one.startswith("file")]


def test_a_keyboard_walks_along_the_lines(page: Any, site: str) -> None:
    page.goto(f"{site}/lineage/models/smollm2-short")
    page.focus(".canvas")
    page.keyboard.press("Tab")
    focused = "document.activeElement.getAttribute('aria-label')"
    assert page.evaluate(focused) in boxes(page)
    page.focus(".canvas .box.mixture")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focused).startswith(("model", "benchmark"))
    page.focus(".canvas .box.start")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(focused).startswith(("recipe", "mixture", "model"))
    assert "1 step away" in page.inner_text(".tip")
    page.focus(".canvas .box.start")
    page.keyboard.press("Enter")
    page.wait_for_url("**/models/smollm2-short")


def test_what_a_thing_came_from_and_led_to_stands_out(page: Any, site: str) -> None:
    page.goto(f"{site}/lineage/models/smollm2-short")
    page.hover(".canvas .box.recipe .body")
    lit = page.eval_on_selector_all(".canvas .box.on", "all => all.map(one => one.classList[1])")
    assert sorted(lit) == ["model", "recipe", "scores", "scores"]
    page.mouse.move(1, 1)
    assert page.locator(".canvas svg.lit").count() == 0


def test_what_hangs_alike_is_folded_until_it_is_opened(page: Any, site: str) -> None:
    page.goto(f"{site}/lineage/datasets/wizardlm?direction=down")
    assert "dataset 9 datasets; folded, open them" in boxes(page)
    assert "9 folded into 1 box" in page.inner_text(".graphstatus")
    page.focus(".canvas .bundle")
    page.keyboard.press("Enter")
    assert page.locator(".canvas .bundle").count() == 0
    assert len([one for one in boxes(page) if one.startswith("dataset Part")]) == 9
    assert page.evaluate("document.activeElement.getAttribute('href')").startswith(
        "/datasets/part-"
    )
    page.uncheck("text=Fold what hangs alike")
    page.check("text=Fold what hangs alike")
    assert page.locator(".canvas .bundle").count() == 1


def test_a_large_family_is_drawn_in_part_and_in_time(page: Any, site: str) -> None:
    page.goto(f"{site}/lineage/datasets/big-0")
    assert len(boxes(page)) == 100
    assert f"{LARGE - 100} more things farther away not drawn" in page.inner_text(".graphstatus")
    took = page.eval_on_selector(
        "label.dataset input",
        "box => { const from = performance.now(); box.click(); box.click();"
        " return performance.now() - from; }",
    )
    assert took < 3000
    assert page.locator("table.edges tbody tr").count() == LARGE - 1


def test_the_table_is_the_json_and_sorts(page: Any, site: str) -> None:
    page.goto(f"{site}/lineage/models/smollm2-short")
    page.click(".links summary")
    edges = page.request.get(f"{site}/lineage/models/smollm2-short.json").json()["lineage"]["edges"]
    column = "rows => rows.map(row => row.cells[3].textContent.trim())"
    rows = page.eval_on_selector_all("table.edges tbody tr", column)
    assert rows == [edge["proof"] for edge in edges]
    page.click("table.edges th:nth-child(4) button")
    assert page.eval_on_selector_all("table.edges tbody tr", column) == sorted(rows)
    assert page.get_attribute("table.edges th:nth-child(4)", "aria-sort") == "ascending"
    page.click("table.edges th:nth-child(4) button")
    assert page.eval_on_selector_all("table.edges tbody tr", column) == sorted(rows)[::-1]


def marks(page: Any, figure: str) -> int:
    return int(page.locator(f"{figure} .datum:not([display])").count())


def test_a_range_that_is_drawn_is_zoomed_into(page: Any, site: str) -> None:
    page.goto(f"{site}/plots")
    everything = marks(page, "#sizes")
    assert everything == 10
    plane = page.locator("#sizes .whole").bounding_box()
    page.mouse.move(plane["x"] + 5, plane["y"] + plane["height"] - 5)
    page.mouse.down()
    page.mouse.move(plane["x"] + plane["width"] / 2, plane["y"] + plane["height"] / 2, steps=4)
    page.mouse.up()
    assert 0 < marks(page, "#sizes") < everything
    inside = page.eval_on_selector_all(
        "#sizes .datum:not([display]) path", f"all => all.map({CORNERS})"
    )
    for left, top, right, bottom in inside:
        assert plane["x"] - 1 <= (left + right) / 2 <= plane["x"] + plane["width"] + 1
        assert plane["y"] - 1 <= (top + bottom) / 2 <= plane["y"] + plane["height"] + 1
    assert page.inner_text("#sizes .zoomed-says")
    page.click("#sizes button[aria-label='All of it']")
    assert marks(page, "#sizes") == everything
    assert not page.inner_text("#sizes .zoomed-says")


def test_a_series_can_be_put_away_and_bars_stand_on_the_ground(page: Any, site: str) -> None:
    page.goto(f"{site}/plots")
    before = marks(page, "#sizes")
    page.click("#sizes .key button:has-text('by people')")
    assert page.get_attribute("#sizes .key .s1 button", "aria-pressed") == "false"
    assert marks(page, "#sizes") == before - page.locator("#sizes .datum.s1").count()
    page.click("#releases .key button:has-text('datasets')")
    ground = page.locator("#releases .whole").bounding_box()
    bottoms = page.eval_on_selector_all(
        "#releases .datum.s3:not([display]) rect",
        "all => all.map(one => one.getBoundingClientRect().bottom)",
    )
    assert bottoms
    assert all(abs(one - ground["y"] - ground["height"]) < 2 for one in bottoms)


def test_a_point_says_what_it_is_and_leads_to_its_card(page: Any, site: str) -> None:
    page.goto(f"{site}/plots")
    page.hover("#sizes .datum[href='/datasets/part-3'] path")
    assert page.inner_text(".tip").split("\n")[0] == "Part 3"
    assert "64 tasks" in page.inner_text(".tip")
    page.focus("#sizes .datum[href='/datasets/part-4']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/datasets/part-4")


def test_a_bar_opens_the_table_at_its_row(page: Any, site: str) -> None:
    page.goto(f"{site}/plots?by=month")
    page.click("#releases .datum[href='#in-2023-05'] rect")
    assert page.is_visible("#in-2023-05 a:has-text('Part 4')")


def test_the_figure_has_a_line_for_each_size(page: Any, site: str) -> None:
    page.goto(f"{site}/plots")
    assert page.locator("#scaling-1 polyline").count() == 2
    tip = page.locator("#scaling-1 .datum").last
    assert (
        tip.get_attribute("aria-label")
        == "Scaled 9b, 10,000 tasks\n80, 100 % of the largest\ndeclared"
    )
    page.click("#scaling-1 .key button >> nth=0")
    assert page.locator("#scaling-1 polyline:not([display])").count() == 1


def test_names_beside_points_cover_nothing(page: Any, site: str) -> None:
    page.goto(f"{site}/plots")
    assert page.locator("#sizes .name:not([display])").count() > 5
    assert not overlap(page, "#sizes .name:not([display])")


def test_without_script_the_pictures_and_tables_are_there(browser: Any, site: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{site}/lineage/models/smollm2-short")
        assert page.locator(".picture svg .box").count() == 14
        assert page.locator(".graphbar, .canvas").count() == 0
        page.click(".links summary")
        assert page.is_visible("table.edges tbody tr >> nth=0")
        page.goto(f"{site}/plots")
        assert page.locator("#sizes .datum path").first.is_visible()
        assert page.locator("#releases .datum rect").first.is_visible()
        assert page.locator("#scaling-1 polyline").first.is_visible()
        page.click("#sizes + details summary")
        assert page.is_visible("#sizes + details a:has-text('Part 3')")


def test_pictures_ask_nothing_of_other_sites(page: Any, site: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in ("/lineage/models/smollm2-short", "/plots"):
        page.goto(site + path)
    assert asked
    assert all(one.startswith(site) for one in asked)


def test_on_a_phone_the_picture_starts_at_the_card_itself(browser: Any, site: str) -> None:
    with browser.new_context(viewport={"width": 375, "height": 812}) as context:
        page = context.new_page()
        page.goto(f"{site}/lineage/models/smollm2-short")
        frame, start = (page.locator(one).bounding_box() for one in (".canvas", ".box.start .body"))
        assert frame["x"] <= start["x"]
        assert start["x"] + start["width"] <= frame["x"] + frame["width"]
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
        page.goto(f"{site}/plots")
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
