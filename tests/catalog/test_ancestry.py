from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from catalog.ancestry import MOST, around, descendants, follow, plain
from catalog.flow import HEIGHT, WIDTH, draw
from catalog.shelf import stock
from registry.cards import load_text
from registry.lineage import Edge, Graph, Node


def graph(pairs: set[tuple[int, int]]) -> Graph:
    """Return a graph of datasets; an edge always leads from a smaller number to a larger."""
    names = {f"datasets/{one}" for pair in pairs for one in pair}
    edges = (Edge(f"datasets/{a}", f"datasets/{b}", "part", "cited") for a, b in sorted(pairs))
    return Graph({name: Node(name, "dataset", name) for name in sorted(names)}, tuple(edges))


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
    layers = plain(
        around(shelf.lineage, shelf.registry.models["smollm2-short"]), "models/smollm2-short"
    )["layers"]
    kinds = [{node["kind"] for node in layer} for layer in layers]
    assert "file" in kinds[1]
    assert kinds[-1] == {"scores"}
    assert {node["href"] for node in layers[-1]} == {"/models/smollm2-short#scores"}


def test_too_large_a_family_shows_the_nearest_only() -> None:
    wide = graph({(0, at) for at in range(1, MOST + 5)} | {(1, 99)})
    card = load_text("kind: dataset\nid: '0'\ntitle: x\nsummary: x\n")
    assert "datasets/99" not in around(wide, card).nodes
    assert "datasets/99" in follow(wide, "datasets/0", "down").nodes


def test_a_paper_has_no_lineage(checkout: Any) -> None:
    shelf = stock(checkout)
    assert not follow(shelf.lineage, "papers/survey-2023", "both").nodes
    assert descendants(shelf.lineage, "papers/survey-2023") == []
