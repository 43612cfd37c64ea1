"""Lineage as values for a page: layers of things, the lines between them, where each is shown."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from catalog.index import Index
from registry import lineage
from registry.cards import Card, Dataset, Mixture, Model
from registry.cards.vocabulary import FOLDERS
from registry.index import name_of
from registry.lineage import Graph, Node

DIRECTIONS = ("up", "down", "both")
MOST = 30
LARGEST = 300
"""Up to how many things one answer has; a larger family is cut where it is still this small."""

SOON = 12
"""The number of steps from which a place to cut is looked for, ever nearer."""

FEW = 100
"""Up to how many things a card's own page looks at more than the nearest."""

WAY_WORDS = {
    "direct": "directly",
    "mixture": "by a mixture",
    "derived": "by data derived from it",
    "base": "by the model they are built on",
    "generator": "by a model that wrote their data",
}
"""How data came to a model, in words."""


def around(index: Index, card: Card) -> Graph:
    """Return what a card's own page shows: what it came from and what came from it.

    A model's page stops at its own scores; what is made from it is listed beside. Where that is
    too much to look at, only the nearest are left.
    """
    name = name_of(card)
    directions = ("up",) if isinstance(card, Model) else ("up", "down")
    if any(index.is_larger(name, one, MOST) for one in directions):
        return _nearest(index.graph(name, "both", 1), name)
    if isinstance(card, Model):
        below = index.reach(name, "down", 1)
        own = [one for one in below if one.startswith(f"scores/{card.id}/")]
        found = _union([index.graph(one, "up") for one in (name, *own)])
    else:
        found = index.graph(name, "both")
    return found if len(found.nodes) <= MOST else _nearest(found, name)


def followed(index: Index, name: str, direction: str, hops: int | None) -> tuple[Graph, int | None]:
    """Return a card's family, and after how many steps it was cut for being too large to send.

    Where it is not cut, that is `hops` as given.
    """
    parts = ("up", "down") if direction == "both" else (direction,)
    while any(index.is_larger(name, one, LARGEST, hops) for one in parts) and hops != 1:
        hops = SOON if hops is None else hops - 1
    return index.graph(name, direction, hops), hops


def plain(part: Graph, start: str) -> dict[str, Any]:
    """Return a part of the lineage in layers, sources first, as plain values."""
    return {
        "start": start,
        "layers": [[_node(node) for node in layer] for layer in _tight(part)],
        "edges": [asdict(edge) for edge in part.edges],
    }


def descendants(index: Index, name: str) -> list[dict[str, Any]]:
    """Return the cards made from a card, the direct ones first, each with how."""
    found: dict[str, dict[str, Any]] = {}
    hops = 1 if index.is_larger(name, "down", FEW) else None
    below = index.graph(name, "down", hops)
    for edge in sorted(below.edges, key=lambda edge: edge.source != name):
        node = below.nodes[edge.target]
        if node.kind in FOLDERS and node.name not in found and node.name != name:
            via = None if edge.source == name else below.nodes[edge.source].title
            said = {"relation": edge.relation, "proof": edge.proof, "via": via}
            found[node.name] = _node(node) | said | index.mark(node.name)
    return list(found.values())


def tuned_on(index: Index, whole: Graph, card: Card) -> list[dict[str, Any]]:
    """Return the models that a dataset or a mixture came to; other kinds are tuned on by nobody."""
    if not isinstance(card, Dataset | Mixture):
        return []
    found = lineage.tuned_on(whole, name_of(card))
    return [asdict(one) | index.mark(one.model) for one in found]


def href(name: str) -> str | None:
    """Return where a thing in the lineage is shown; a file has no page of its own."""
    kind, _, rest = name.partition("/")
    if kind == "scores":
        return f"/models/{rest.partition('/')[0]}#scores"
    return f"/{name}" if kind in FOLDERS.values() else None


def _node(node: Node) -> dict[str, Any]:
    return {**asdict(node), "href": href(node.name)}


def _nearest(part: Graph, name: str) -> Graph:
    edges = tuple(edge for edge in part.edges if name in (edge.source, edge.target))
    names = {name, *(end for edge in edges for end in (edge.source, edge.target))}
    return Graph({one: node for one, node in part.nodes.items() if one in names}, edges)


def _union(parts: Sequence[Graph]) -> Graph:
    nodes = {name: node for part in parts for name, node in part.nodes.items()}
    return Graph(nodes, tuple(dict.fromkeys(edge for part in parts for edge in part.edges)))


def _tight(part: Graph) -> list[list[Node]]:
    """Return the layers with each thing moved next to the first thing made from it."""
    depth = {node.name: at for at, layer in enumerate(lineage.layers(part)) for node in layer}
    children: dict[str, list[str]] = {name: [] for name in depth}
    for edge in part.edges:
        children[edge.source].append(edge.target)
    for name in sorted(depth, key=lambda name: -depth[name]):
        later = [depth[child] for child in children[name] if depth[child] > depth[name]]
        if later:
            depth[name] = min(later) - 1
    first = min(depth.values(), default=0)
    layers: list[list[Node]] = [[] for _ in range(max(depth.values(), default=-1) - first + 1)]
    for name, node in part.nodes.items():
        layers[depth[name] - first].append(node)
    return [layer for layer in layers if layer]
