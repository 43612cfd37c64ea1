from dataclasses import replace
from pathlib import Path

import pytest

from registry.files import write_text
from registry.index import load
from registry.scaling import panels

POINT = "{{value: {value}, benchmark: new-songs, metric: m, tuned_tasks: {tasks}, {known}}}"


def model(root: Path, id: str, size: int, points: dict[int, float]) -> None:
    lines = [
        "  - " + POINT.format(value=value, tasks=tasks, known="cited: a-paper, at: Figure 1")
        for tasks, value in points.items()
    ]
    write_text(
        root / "cards" / "models" / f"{id}.yaml",
        f"kind: model\nid: {id}\ntitle: {id}\nsummary: S.\nresults:\n"
        + "\n".join(lines)
        + f"\nscale: {{value: {size}, unit: parameters, printed: {size}B, declared: x}}\n",
    )


def test_a_panel_is_drawn_from_the_claims_in_order_of_size_and_tasks(root: Path) -> None:
    model(root, "large", 11, {9: 40.0, 0: 10.0})
    model(root, "small", 3, {0: 5.0, 9: 8.0})
    (panel,) = panels(load(root))
    assert (panel["benchmark"], panel["largest"], panel["tasks"]) == ("new-songs", 40.0, [0, 9])
    assert [one["label"] for one in panel["series"]] == ["3B", "11B"]
    assert [
        [(point["tasks"], point["normalised"]) for point in one["points"]]
        for one in panel["series"]
    ] == [[(0, 12.5), (9, 20.0)], [(0, 25.0), (9, 100.0)]]


def test_results_on_a_benchmark_without_a_card_are_no_panel(root: Path) -> None:
    model(root, "large", 11, {9: 40.0})
    registry = load(root)
    assert panels(replace(registry, benchmarks={})) == []


def test_scores_without_a_number_of_tasks_are_no_points(root: Path) -> None:
    assert panels(load(root)) == []


def test_a_panel_of_zeros_divides_by_nothing(root: Path) -> None:
    model(root, "small", 3, {0: 0.0})
    (panel,) = panels(load(root))
    assert panel["series"][0]["points"][0]["normalised"] == pytest.approx(0)
