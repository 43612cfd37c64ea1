"""Lineage as a picture: columns from files on the left to scores on the right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from textwrap import wrap
from typing import Any

WIDTH, HEIGHT = 176, 62
ACROSS, DOWN = 42, 14
MOST = 60
_LETTERS, _LINES = 20, 2


@dataclass(frozen=True, slots=True)
class Box:
    """A thing in the picture; `x` and `y` are its upper left corner."""

    x: float
    y: float
    kind: str
    title: str
    lines: tuple[str, ...]
    href: str | None
    start: bool


@dataclass(frozen=True, slots=True)
class Arrow:
    """A line from one box to another, as an SVG path."""

    path: str
    proof: str
    title: str


@dataclass(frozen=True, slots=True)
class Picture:
    """All boxes and arrows, and how large the picture is."""

    columns: int
    width: float
    height: float
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def draw(lineage: Mapping[str, Any]) -> Picture | None:
    """Lay out a lineage's layers; None if there is too much to look at, or nothing."""
    layers, edges = lineage["layers"], lineage["edges"]
    if not edges or sum(map(len, layers)) > MOST:
        return None
    tall = max(map(len, layers))
    height = tall * (HEIGHT + DOWN) - DOWN + 4
    places = _places(_untangled(layers, edges), height)
    nodes = [node for layer in layers for node in layer]
    width = len(layers) * (WIDTH + ACROSS) - ACROSS + 4
    boxes = tuple(_box(node, places[node["name"]], lineage["start"]) for node in nodes)
    titles = {node["name"]: node["title"] for node in nodes}
    arrows = tuple(_arrow(edge, places, titles) for edge in edges)
    return Picture(len(layers), width, height, boxes, arrows)


def _untangled(
    layers: Sequence[Sequence[Mapping[str, Any]]], edges: Sequence[Mapping[str, Any]]
) -> list[list[str]]:
    """Order each layer by the middle of what its things came from, so that fewer lines cross."""
    parents: dict[str, list[str]] = {}
    for edge in edges:
        parents.setdefault(edge["target"], []).append(edge["source"])
    rank: dict[str, float] = {}
    ordered = []
    for layer in layers:
        names = [node["name"] for node in layer]
        middle = {
            name: fmean([rank[one] for one in parents.get(name, ()) if one in rank] or [at])
            for at, name in enumerate(names)
        }
        names.sort(key=lambda name: middle[name])
        rank |= {name: (at + 0.5) / len(names) * 10 for at, name in enumerate(names)}
        ordered.append(names)
    return ordered


def _places(layers: Sequence[Sequence[str]], height: float) -> dict[str, tuple[float, float]]:
    places = {}
    for column, names in enumerate(layers):
        above = (height - (len(names) * (HEIGHT + DOWN) - DOWN)) / 2
        for row, name in enumerate(names):
            places[name] = (column * (WIDTH + ACROSS) + 2.0, above + row * (HEIGHT + DOWN))
    return places


def _box(node: Mapping[str, Any], place: tuple[float, float], start: str) -> Box:
    title = node["title"]
    lines = wrap(title, _LETTERS, max_lines=_LINES, placeholder="…")
    return Box(*place, node["kind"], title, tuple(lines), node["href"], node["name"] == start)


def _arrow(
    edge: Mapping[str, Any], places: Mapping[str, tuple[float, float]], titles: Mapping[str, str]
) -> Arrow:
    (x, y), (to_x, to_y) = places[edge["source"]], places[edge["target"]]
    x, y, to_y = x + WIDTH, y + HEIGHT / 2, to_y + HEIGHT / 2
    bend = max(24.0, (to_x - x) / 2)
    path = f"M{x:g},{y:g} C{x + bend:g},{y:g} {to_x - bend:g},{to_y:g} {to_x - 5:g},{to_y:g}"
    said = f"{titles[edge['source']]} → {titles[edge['target']]}: {edge['relation']}"
    return Arrow(path, edge["proof"], f"{said} ({edge['proof']})")
