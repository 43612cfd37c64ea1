from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from catalog.ancestry import FEW, MOST, around, descendants, plain
from catalog.flow import HEIGHT, WIDTH, draw
from catalog.shelf import stock
from registry.lineage import Edge, Graph, Node


def graph(pairs: set[tuple[int, int]]) -> Graph:
    """Return a graph of datasets; an edge always leads from a smaller number to a larger."""
    names = {f"datasets/{one}" for pair in pairs for one in pair}
    edges = (Edge(f"datasets/{a}", f"datasets/{b}", "part", "cited") for a, b in sorted(pairs))
    return Graph({name: Node(name, "dataset", name) for name in sorted(names)}, tuple(edges))


def family(root: Path, parents: Mapping[str, str]) -> None:
    """Write a dataset card `0` and one for each child with its parent."""
    folder = root / "cards" / "datasets"
    folder.mkdir(parents=True)
    for id, parent in {"0": "", **parents}.items():
        said = f"parents: {{value: '{parent}', relation: subset, declared: x}}\n" if parent else ""
        text = f"kind: dataset\nid: '{id}'\ntitle: Number {id}\nsummary: x\n{said}"
        (folder / f"{id}.yaml").write_text(text, encoding="utf-8")


pairs = st.sets(
    st.tuples(st.integers(0, 9), st.integers(0, 9))
    .filter(lambda one: one[0] != one[1])
    .map(lambda one: (min(one), max(one))),
    min_size=1,
    max_size=25,
)


@given(pairs)
def test_every_edge_leads_to_a_later_layer(found: set[tuple[int, int]]) -> None:
    values = plain(graph(found), "datasets/0")
    place = {node["name"]: at for at, layer in enumerate(values["layers"]) for node in layer}
    assert all(place[edge["source"]] < place[edge["target"]] for edge in values["edges"])


@given(pairs)
def test_no_two_boxes_of_a_picture_overlap(found: set[tuple[int, int]]) -> None:
    picture = draw(plain(graph(found), "datasets/0"))
    assert picture
    boxes = picture.boxes
    for at, one in enumerate(boxes):
        assert 0 <= one.x <= picture.width - WIDTH
        assert 0 <= one.y <= picture.height - HEIGHT
        for other in boxes[:at]:
            assert abs(one.x - other.x) >= WIDTH or abs(one.y - other.y) >= HEIGHT


def test_a_circle_of_claims_is_drawn_all_the_same() -> None:
    whole = graph({(0, 1), (1, 2)})
    closed = Graph(whole.nodes, (*whole.edges, Edge("datasets/2", "datasets/0", "part", "cited")))
    picture = draw(plain(closed, "datasets/0"))
    assert picture
    assert len(picture.arrows) == 3


def test_a_models_picture_runs_from_its_files_to_its_own_scores(checkout: Any) -> None:
    shelf = stock(checkout)
    card = shelf.registry.models["smollm2-short"]
    layers = plain(around(shelf.index, card), "models/smollm2-short")["layers"]
    kinds = [{node["kind"] for node in layer} for layer in layers]
    assert "file" in kinds[1]
    assert kinds[-1] == {"scores"}
    assert {node["href"] for node in layers[-1]} == {"/models/smollm2-short#scores"}


def test_too_large_a_family_shows_the_nearest_only(tmp_path: Path) -> None:
    family(tmp_path, {str(at): "0" for at in range(1, MOST + 5)} | {"99": "1"})
    shelf = stock(tmp_path)
    assert "datasets/99" not in around(shelf.index, shelf.registry.datasets["0"]).nodes
    assert "datasets/99" in shelf.index.graph("datasets/0", "down").nodes


def test_of_a_very_large_family_only_the_direct_children_are_listed(tmp_path: Path) -> None:
    family(tmp_path, {str(at): "0" for at in range(1, FEW + 2)} | {"9999": "1"})
    shelf = stock(tmp_path)
    found = {one["name"] for one in descendants(shelf.index, "datasets/0")}
    assert len(found) == FEW + 1
    assert "datasets/9999" not in found


def test_a_paper_has_no_lineage(checkout: Any) -> None:
    shelf = stock(checkout)
    assert not shelf.index.graph("papers/survey-2023", "both").nodes
    assert descendants(shelf.index, "papers/survey-2023") == []
