"""Who came from what: one graph over native files, cards and scores.

An edge is `proven` when the reports of two stages name the same content by hash, `built` when a
card says so and the pipeline obeys it, and `cited` or `declared` when somebody merely says so.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from heapq import heappop, heappush
from itertools import count
from typing import Any

from registry.cards import Benchmark, Card, Cited, Claim, Dataset, Mixture, Model
from registry.cards.vocabulary import ANNOTATORS
from registry.index import Registry, name_of
from registry.reports import Report, evaluations

PROOFS = ("proven", "built", "cited", "declared")
"""How an edge is known, the strongest first."""

WAYS = ("direct", "mixture", "derived", "base", "generator")
"""How data came to a model, the closest first.

`derived` is through data made of it, `base` through a model that was built on another one,
`generator` through a model that wrote data or taught another.
"""


@dataclass(frozen=True, slots=True)
class Node:
    """A thing in the lineage: a card (`datasets/alpaca`), a native file or a set of scores."""

    name: str
    kind: str
    title: str
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """`target` came from `source`; `proof` is proven, built, cited or declared."""

    source: str
    target: str
    relation: str
    proof: str
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes by name and the edges between them."""

    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class Tuned:
    """A model that some data came to: in which of `WAYS`, along which path.

    `proof` is the weakest on the path.
    """

    model: str
    title: str
    way: str
    proof: str
    path: tuple[Edge, ...]


def graph(registry: Registry, reports: Iterable[Report] = ()) -> Graph:
    """Build the lineage of everything from the cards and the reports."""
    known = {(one.stage, one.stem): one for one in reports}
    nodes: dict[str, Node] = {}
    edges: list[Edge] = []
    for card in registry:
        if card.kind not in ("paper",):
            nodes[name_of(card)] = Node(name_of(card), card.kind, card.title)
        for node, edge in edges_of(card, registry, known):
            if node is not None:
                nodes.setdefault(node.name, node)
            edges.append(edge)
    found = (edge for edge in edges if edge.source in nodes and edge.target in nodes)
    return Graph(nodes, tuple(dict.fromkeys(found)))


def up(whole: Graph, name: str) -> Graph:
    """Return everything that `name` came from, itself included."""
    return _closure(whole, name, lambda edge: (edge.target, edge.source))


def down(whole: Graph, name: str) -> Graph:
    """Return everything that came from `name`, itself included."""
    return _closure(whole, name, lambda edge: (edge.source, edge.target))


def tuned_on(whole: Graph, name: str) -> list[Tuned]:
    """Return the models that a dataset or a mixture came to, each by its closest way.

    Of the paths of that way it is the shortest, and of equally short ones the best proven. That
    one thing was made by the method of another brings no data along, so it is no way.
    """
    ahead: dict[str, list[tuple[int, Edge]]] = {}
    for edge in whole.edges:
        way = _way(edge)
        if way is not None:
            ahead.setdefault(edge.source, []).append((WAYS.index(way), edge))
    found: dict[str, Tuned] = {}
    for most, way in enumerate(WAYS):
        for model, path in _paths(ahead, name, most).items():
            if path and model.startswith("models/") and model not in found:
                proof = max((edge.proof for edge in path), key=PROOFS.index)
                found[model] = Tuned(model, whole.nodes[model].title, way, proof, path)
    return sorted(found.values(), key=lambda one: (WAYS.index(one.way), one.title.casefold()))


def _way(edge: Edge) -> str | None:
    """Return how an edge carries data; None where it carries none."""
    if edge.relation == "method":
        return None
    if edge.relation == "teacher":
        return "generator"
    ends = (edge.source.partition("/")[0], edge.target.partition("/")[0])
    return {
        ("datasets", "models"): "direct",
        ("mixtures", "models"): "direct",
        ("datasets", "mixtures"): "mixture",
        ("datasets", "datasets"): "derived",
        ("models", "models"): "base",
        ("models", "datasets"): "generator",
    }.get(ends)


def _paths(
    ahead: Mapping[str, list[tuple[int, Edge]]], start: str, most: int
) -> dict[str, tuple[Edge, ...]]:
    """Return the best path to each thing that ways up to `most` lead to."""
    found: dict[str, tuple[Edge, ...]] = {}
    order = count()
    waiting: list[tuple[int, int, int, str, tuple[Edge, ...]]] = [(0, 0, next(order), start, ())]
    while waiting:
        length, weakness, _, name, path = heappop(waiting)
        if name in found:
            continue
        found[name] = path
        for way, edge in ahead.get(name, ()):
            if way <= most and edge.target not in found:
                weakest = max(weakness, PROOFS.index(edge.proof))
                step = (length + 1, weakest, next(order), edge.target, (*path, edge))
                heappush(waiting, step)
    return found


def layers(part: Graph) -> list[list[Node]]:
    """Return the nodes in layers, sources first, so that every edge points to a later layer.

    A cycle that contradictory claims make is cut where it closes.
    """
    parents: dict[str, list[str]] = {name: [] for name in part.nodes}
    for edge in part.edges:
        parents[edge.target].append(edge.source)
    depth = _depths(parents)
    made: list[list[Node]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name, node in part.nodes.items():
        made[depth[name]].append(node)
    return made


def _depths(parents: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return the length of the longest way to each thing, walking up from one after the other.

    A parent that is still being walked up from closes a cycle, and is passed over.
    """
    depth: dict[str, int] = {}
    for first in parents:
        walking = [(first, iter(parents[first]))] if first not in depth else []
        open_ = {first}
        while walking:
            name, rest = walking[-1]
            above = next((one for one in rest if one not in depth and one not in open_), None)
            if above is None:
                walking.pop()
                open_.discard(name)
                known = (depth[one] for one in parents[name] if one in depth)
                depth[name] = 1 + max(known, default=-1)
            else:
                walking.append((above, iter(parents[above])))
                open_.add(above)
    return depth


def _closure(whole: Graph, name: str, ends: Callable[[Edge], tuple[str, str]]) -> Graph:
    ahead: dict[str, list[Edge]] = {}
    for edge in whole.edges:
        ahead.setdefault(ends(edge)[0], []).append(edge)
    seen, waiting, kept = {name}, [name], []
    while waiting:
        for edge in ahead.get(waiting.pop(), []):
            kept.append(edge)
            far = ends(edge)[1]
            if far not in seen:
                seen.add(far)
                waiting.append(far)
    nodes = {one: node for one, node in whole.nodes.items() if one in seen}
    inside = set(kept)
    return Graph(nodes, tuple(edge for edge in whole.edges if edge in inside))


def edges_of(
    card: Card, registry: Registry, known: Mapping[tuple[str, str], Report]
) -> Iterator[tuple[Node | None, Edge]]:
    """Yield every edge that a card and its reports give, each with the node it brings along.

    An edge may name a card that is not there.
    """
    name = name_of(card)
    if isinstance(card, Dataset | Benchmark | Model) and card.source:
        yield from _from_files(card, name, known.get(("convert", card.id)))
    if isinstance(card, Dataset | Model):
        for claim in card.parents:
            yield None, _claimed(claim, name_like(card, claim.value), name, claim.relation or "")
    if isinstance(card, Dataset | Benchmark):
        yield from _written(card, name)
    if isinstance(card, Mixture):
        yield from _into_mixture(card, name, known)
    if isinstance(card, Benchmark) and card.rows:
        source = f"mixtures/{card.rows.mixture}"
        yield None, Edge(source, name, card.rows.part.replace("_", " "), "built")
    if isinstance(card, Model):
        yield from _into_model(card, name, known)
        yield from _into_scores(card, name, registry, known)


def _written(card: Dataset | Benchmark, name: str) -> Iterator[tuple[None, Edge]]:
    """Yield the models that wrote a card's text, and the datasets a benchmark grew from."""
    for claim in card.annotator:
        for id in claim.value or ():
            if id not in ANNOTATORS:
                relation = f"wrote the {claim.part}" if claim.part else "wrote it"
                yield None, _claimed(claim, f"models/{id}", name, relation)
    if isinstance(card, Benchmark):
        for parent in card.parents:
            source = f"datasets/{parent.value}"
            yield None, _claimed(parent, source, name, parent.relation or "")
        for former in card.extends:
            source = f"benchmarks/{former.value}"
            yield None, _claimed(former, source, name, former.relation or "")


def name_like(card: Card, id: str | None) -> str:
    """Return the name of another card of the same kind."""
    return f"{name_of(card).partition('/')[0]}/{id}"


def _from_files(
    card: Dataset | Benchmark | Model, name: str, report: Report | None
) -> Iterator[tuple[Node | None, Edge]]:
    read = {one.sha256 for one in report.inputs} if report else set()
    for file in card.source.files if card.source else ():
        node = Node(f"files/{card.id}/{file.path}", "file", file.path, file.sha256)
        proof = "proven" if file.sha256 in read else "declared"
        yield node, Edge(node.name, name, "native file", proof, file.origin)


def _into_mixture(
    card: Mixture, name: str, known: Mapping[tuple[str, str], Report]
) -> Iterator[tuple[Node | None, Edge]]:
    report = known.get(("mix", card.id))
    for one in card.mix.datasets:
        proof = _proof(known.get(("convert", one.dataset)), report)
        yield None, Edge(f"datasets/{one.dataset}", name, "mixed in", proof)


def _into_model(
    card: Model, name: str, known: Mapping[tuple[str, str], Report]
) -> Iterator[tuple[Node | None, Edge]]:
    for claim in card.tuned_on:
        yield None, _claimed(claim, f"datasets/{claim.value}", name, "tuned on")
    report = known.get(("tune", card.id))
    if card.build:
        build = card.build
        mixed = _proof(known.get(("mix", build.mixture)), report)
        # A dataset may have the base's id and a conversion; only a model is tuned.
        based = _proof(
            known.get(("tune", build.base)) or known.get(("convert", build.base)), report
        )
        yield None, Edge(f"models/{build.base}", name, "base", based)
        yield None, Edge(f"mixtures/{build.mixture}", name, "tuned on", mixed)
        yield None, Edge(f"recipes/{build.recipe}", name, "recipe", "built")


def _into_scores(
    card: Model, name: str, registry: Registry, known: Mapping[tuple[str, str], Report]
) -> Iterator[tuple[Node | None, Edge]]:
    if not (card.build or card.weights):
        return
    own = known.get(("evaluate", card.id))
    named = card.evaluate.benchmarks if card.evaluate else ()
    others = {one.part: one for one in evaluations(known, card.id) if one.part not in named}
    made = known.get(("tune" if card.build else "convert", card.id))
    for id in (*named, *filter(None, others)):
        scored = others.get(id, own)
        score = Node(f"scores/{card.id}/{id}", "scores", f"{card.id} on {id}")
        yield score, Edge(name, score.name, "answers", _proof(made, scored))
        rows = registry.benchmarks[id].rows if id in registry.benchmarks else None
        stage, maker = ("mix", rows.mixture) if rows else ("convert", id)
        part = f"/{rows.part}.parquet" if rows else ".parquet"
        prompts = _proof(known.get((stage, maker)), scored, part)
        yield score, Edge(f"benchmarks/{id}", score.name, "prompts", prompts)


def _proof(earlier: Report | None, later: Report | None, ending: str = "") -> str:
    """Tell whether the later stage read, by hash, something that the earlier one wrote.

    Only files whose path has this ending count.
    """
    if earlier is None or later is None:
        return "built"
    written = {one.sha256 for one in earlier.outputs if one.path.endswith(ending)}
    return "proven" if written & {one.sha256 for one in later.inputs} else "built"


def _claimed(claim: Claim[Any], source: str, target: str, relation: str) -> Edge:
    evidence = claim.evidence
    place = f"{evidence.paper}, {evidence.at}" if isinstance(evidence, Cited) else None
    return Edge(source, target, relation, claim.status, place)


def as_plain(part: Graph, start: str) -> dict[str, Any]:
    """Return a part of the lineage as plain values, for JSON, in the order of names."""
    return {
        "start": start,
        "nodes": [asdict(part.nodes[name]) for name in sorted(part.nodes)],
        "edges": [asdict(edge) for edge in sorted(part.edges, key=order)],
    }


def order(edge: Edge) -> tuple[str, ...]:
    """Return what edges are sorted by, so that the same family is always written alike."""
    return (edge.source, edge.target, edge.relation, edge.proof, edge.place or "")
