"""Lineage as values for a page: layers of things, the lines between them, where each is shown."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from registry import lineage
from registry.cards import Card, Model
from registry.cards.vocabulary import FOLDERS
from registry.index import name_of
from registry.lineage import Graph, Node

DIRECTIONS = ("up", "down", "both")
MOST = 30


def around(whole: Graph, card: Card) -> Graph:
    """Return what a card's own page shows: what it came from and what came from it.

    A model's page stops at its own scores; what is made from it is listed beside. Where that is
    too much to look at, only the nearest are left.
    """
    name = name_of(card)
    if isinstance(card, Model):
        own = [one for one in whole.nodes if one.startswith(f"scores/{card.id}/")]
        found = _union(whole, [follow(whole, one, "up") for one in (name, *own)])
    else:
        found = follow(whole, name, "both")
    return found if len(found.nodes) <= MOST else _nearest(found, name)


def follow(whole: Graph, name: str, direction: str) -> Graph:
    """Return a thing with all that it came from (up), all that came from it (down), or both."""
    if name not in whole.nodes:
        return Graph({}, ())
    parts = []
    if direction in ("up", "both"):
        parts.append(lineage.up(whole, name))
    if direction in ("down", "both"):
        parts.append(lineage.down(whole, name))
    return _union(whole, parts)


def plain(part: Graph, start: str) -> dict[str, Any]:
    """Return a part of the lineage in layers, sources first, as plain values."""
    return {
        "start": start,
        "layers": [[_node(node) for node in layer] for layer in _tight(part)],
        "edges": [asdict(edge) for edge in part.edges],
    }


def descendants(whole: Graph, name: str) -> list[dict[str, Any]]:
    """Return the cards made from a card, the direct ones first, each with how."""
    if name not in whole.nodes:
        return []
    found: dict[str, dict[str, Any]] = {}
    below = lineage.down(whole, name)
    for edge in sorted(below.edges, key=lambda edge: edge.source != name):
        node = below.nodes[edge.target]
        if node.kind in FOLDERS and node.name not in found and node.name != name:
            via = None if edge.source == name else below.nodes[edge.source].title
            said = {"relation": edge.relation, "proof": edge.proof, "via": via}
            found[node.name] = _node(node) | said
    return list(found.values())


def href(name: str) -> str | None:
    """Return where a thing in the lineage is shown; a file has no page of its own."""
    kind, _, rest = name.partition("/")
    if kind == "scores":
        return f"/models/{rest.partition('/')[0]}#scores"
    return f"/{name}" if kind in FOLDERS.values() else None


def _node(node: Node) -> dict[str, Any]:
    title = node.title
    if node.kind == "scores":
        # The title of the model and of the benchmark together are too long for a box.
        _, model, benchmark = node.name.split("/")
        title = f"{model} on {benchmark}"
    return {**asdict(node), "title": title, "href": href(node.name)}


def _nearest(part: Graph, name: str) -> Graph:
    edges = tuple(edge for edge in part.edges if name in (edge.source, edge.target))
    names = {name, *(end for edge in edges for end in (edge.source, edge.target))}
    return Graph({one: node for one, node in part.nodes.items() if one in names}, edges)


def _union(whole: Graph, parts: Sequence[Graph]) -> Graph:
    names = {name for part in parts for name in part.nodes}
    edges = {edge for part in parts for edge in part.edges}
    nodes = {name: node for name, node in whole.nodes.items() if name in names}
    return Graph(nodes, tuple(edge for edge in whole.edges if edge in edges))


def _tight(part: Graph) -> list[list[Node]]:
    """Return the layers with each thing moved next to the first thing made from it."""
    depth = {node.name: at for at, layer in enumerate(lineage.layers(part)) for node in layer}
    for name in sorted(depth, key=lambda name: -depth[name]):
        below = [depth[edge.target] for edge in part.edges if edge.source == name]
        later = [at for at in below if at > depth[name]]
        if later:
            depth[name] = min(later) - 1
    first = min(depth.values(), default=0)
    layers: list[list[Node]] = [[] for _ in range(max(depth.values(), default=-1) - first + 1)]
    for name, node in part.nodes.items():
        layers[depth[name] - first].append(node)
    return [layer for layer in layers if layer]
