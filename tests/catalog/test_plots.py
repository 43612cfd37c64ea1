from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from catalog import diagrams, plots
from catalog.shelf import stock
from registry.index import load
from registry.query import Entry
from registry.timeline import STEPS, timeline

counts = st.integers(1, 10**30)


def entry(tasks: tuple[int, ...], instances: tuple[int, ...], **more: Any) -> Entry:
    given: dict[str, Any] = {"name": "datasets/a", "kind": "dataset", "id": "a", "title": "A"}
    return Entry(**{**given, "summary": "", "tasks": tasks, "instances": instances, **more})


def size(tasks: int, instances: int) -> dict[str, Any]:
    return plots.sizes([entry((tasks,), (instances,))])[0]


def test_where_sources_disagree_the_largest_is_plotted_and_the_others_are_told() -> None:
    (one,) = plots.sizes([entry((61, 60), (620, 700, 620))])
    assert (one["tasks"], one["other_tasks"]) == (61, [60])
    assert (one["instances"], one["other_instances"]) == (700, [620])
    found = diagrams.scatter([one])
    assert found
    assert found.marks[0].said.split("\n")[2:] == [
        "61 tasks (others say 60)",
        "700 instances (others say 620)",
    ]


def test_what_is_nothing_or_unknown_has_no_place_on_a_logarithmic_axis() -> None:
    assert plots.sizes([entry((), (5,)), entry((0,), (5,)), entry((5,), ())]) == []
    assert diagrams.scatter([]) is None


@pytest.mark.parametrize(
    ("who", "look"), [(("human",), 1), (("gpt-4",), 2), (("human", "gpt-4"), 3), ((), 5)]
)
def test_who_wrote_it_is_shape_and_colour(who: tuple[str, ...], look: int) -> None:
    found = diagrams.scatter(plots.sizes([entry((5,), (5,), annotator=who)]))
    assert found
    assert found.marks[0].look == found.series[0].look == look
    assert found.series[0].shape == diagrams.SHAPES[look - 1]
    assert len(set(diagrams.SHAPES)) == 7


@given(st.lists(st.tuples(counts, counts), min_size=1, max_size=12))
def test_every_point_lies_within_its_axes(pairs: list[tuple[int, int]]) -> None:
    found = diagrams.scatter([size(*pair) for pair in pairs])
    assert found
    assert all(-1e-6 <= at <= 100 + 1e-6 for one in found.marks for at in (one.x, one.y))
    assert all(-1e-6 <= tick.at <= 100 + 1e-6 for tick in (*found.x, *found.y))


def test_more_is_farther_right_and_higher() -> None:
    found = diagrams.scatter([size(10, 100), size(100, 1000)])
    assert found
    small, large = found.marks
    assert small.x < large.x
    assert small.y > large.y
    assert [tick.label for tick in found.x if not tick.minor] == ["10", "100"]
    assert [tick.label for tick in found.x if tick.minor] == ["20", "50"]


@pytest.mark.parametrize("by", STEPS)
def test_releases_are_those_of_the_registrys_timeline(by: str, checkout: Path) -> None:
    dated = stock(checkout).index.dated()
    found = {line["period"]: line for line in plots.releases(dated, by)}
    for line in timeline(load(checkout), by=by):
        mine = found.pop(line[by])
        assert len(mine["dataset"]) == sum(line["datasets"].values())
        assert (len(mine["benchmark"]), len(mine["model"])) == (line["benchmarks"], line["models"])
    assert not any(line[kind] for line in found.values() for kind in plots.KINDS)


def test_empty_periods_between_have_their_place(checkout: Path) -> None:
    periods = [line["period"] for line in plots.releases(stock(checkout).index.dated(), "quarter")]
    assert periods == [
        *("2023-Q1", "2023-Q2", "2023-Q3", "2023-Q4"),
        *("2024-Q1", "2024-Q2", "2024-Q3", "unknown"),
    ]


def test_a_card_from_the_year_one_makes_no_endless_axis(tmp_path: Path, sample: Any) -> None:
    for at, year in enumerate(("0001", "9999")):
        said = f"released: {{value: {year}-01, declared: x}}\n"
        sample.put(tmp_path, f"kind: dataset\nid: d{at}\ntitle: D\nsummary: S.\n{said}")
    lines = plots.releases(stock(tmp_path).index.dated(), "month")
    assert [line["period"] for line in lines] == ["0001-01", "9999-01"]


def test_the_parts_of_a_bar_stand_on_each_other() -> None:
    cards = [{"name": "x/y", "title": f"T{at}"} for at in range(10)]
    line = {"period": "2023", "dataset": cards, "benchmark": [], "model": cards[:5]}
    found = diagrams.releases([line, {**line, "period": "2024", "dataset": []}])
    assert found
    low, high, alone = found.columns
    assert (low.look, high.look) == (1, 3)
    assert low.y + low.height == pytest.approx(100)
    assert high.y + high.height == pytest.approx(low.y)
    assert alone.y + alone.height == pytest.approx(100)
    assert low.x == high.x < alone.x
    assert low.said.split("\n") == [
        "2023: 10 datasets",
        *(f"T{at}" for at in range(8)),
        "and 2 more",
    ]


def panel(values: list[float]) -> dict[str, Any]:
    points = [
        {"tasks": 10**at, "value": value, "normalised": value, "status": "cited"}
        for at, value in enumerate(values)
    ]
    return {
        "title": "B",
        "tasks": [point["tasks"] for point in points],
        "series": [{"model": "m", "label": "8B", "points": points}],
    }


def test_numbers_of_tasks_stand_at_equal_distances_as_in_the_figure() -> None:
    found = diagrams.scaling(panel([20, 50, 100]))
    assert [tick.label for tick in found.x] == ["1", "10", "100"]
    gaps = {round(b.at - a.at, 2) for a, b in zip(found.x, found.x[1:], strict=False)}
    assert len(gaps) == 1
    assert [mark.x for mark in found.marks] == [tick.at for tick in found.x]
    heights = {tick.label: tick.at for tick in found.y}
    assert [mark.y for mark in found.marks][::2] == [heights["20"], heights["100"]]
    assert found.lines[0].points.split()[0] == f"{found.marks[0].x},{found.marks[0].y}"


def test_more_series_than_looks_start_again() -> None:
    many = panel([1.0])
    many["series"] = [{**many["series"][0], "model": f"m{at}"} for at in range(9)]
    assert [one.look for one in diagrams.scaling(many).series] == [1, 2, 3, 4, 5, 6, 7, 1, 2]


def test_the_table_behind_a_plot_has_its_numbers(client: TestClient, parse: Any) -> None:
    values = client.get("/plots.json").json()
    assert [one["name"] for one in values["sizes"]] == ["datasets/short-tasks"]
    text = parse(client.get("/plots").text).text
    assert "69,195 or" not in text
    (one,) = values["sizes"]
    assert f"{one['tasks']:,} tasks" in text
    assert f"{one['instances']:,} instances" in text
    for line in values["releases"]:
        for kind in plots.KINDS:
            assert all(card["title"] in text for card in line[kind])


def test_every_bar_leads_to_its_row(client: TestClient, parse: Any) -> None:
    for by in STEPS:
        page = parse(client.get(f"/plots?by={by}").text)
        bars = {href[1:] for href in page.values("href", "a") if href.startswith("#in-")}
        assert bars
        assert bars <= set(page.values("id", "tr"))


def test_a_step_that_is_none_is_refused(client: TestClient) -> None:
    response = client.get("/plots.json?by=week")
    assert response.status_code == 400
    assert response.json()["error"] == "by=week: is not one of year, quarter, month"


def test_an_empty_registry_has_nothing_to_plot(tmp_path: Path, fresh: Any, parse: Any) -> None:
    (tmp_path / "cards").mkdir()
    page = parse(fresh(tmp_path).get("/plots").text)
    assert not page.faults
    assert "No card has both numbers." in page.text
    assert "Of no card a year is known." in page.text
