from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.files import write_text
from registry.index import load
from registry.lineage import PROOFS, WAYS, Edge, Graph, Node, down, graph, layers, tuned_on, up
from registry.reports import Artefact, Report

NAMES = st.sampled_from("abcdefg")


def made(pairs: list[tuple[str, str]]) -> Graph:
    return Graph(
        {name: Node(name, "dataset", name) for name in "abcdefg"},
        tuple(Edge(source, target, "seeds", "cited") for source, target in dict.fromkeys(pairs)),
    )


def artefact(name: str) -> Artefact:
    return Artefact(path=name, sha256=name[0] * 64, bytes=1, digest=f"md5:{name}")


def proofs(root: Path, *reports: Report) -> dict[tuple[str, str], str]:
    return {(one.source, one.target): one.proof for one in graph(load(root), reports).edges}


def test_without_reports_the_cards_say_who_came_from_what(root: Path) -> None:
    assert proofs(root) == {
        ("files/songs/songs.json", "datasets/songs"): "declared",
        ("mixtures/songs-only", "benchmarks/new-songs"): "built",
        ("files/nightingale/bird.safetensors", "models/nightingale"): "declared",
        ("models/nightingale", "models/singer"): "built",
        ("mixtures/songs-only", "models/singer"): "built",
        ("recipes/tiny", "models/singer"): "built",
        ("models/singer", "scores/singer/new-songs"): "built",
        ("benchmarks/new-songs", "scores/singer/new-songs"): "built",
        ("datasets/songs", "mixtures/songs-only"): "built",
    }


def test_an_edge_is_proven_where_two_stages_name_the_same_content(root: Path) -> None:
    converted = Report(stage="convert", id="songs", outputs=(artefact("table"),))
    mixed = Report(stage="mix", id="songs-only", inputs=(artefact("table"),))
    other = Report(stage="mix", id="songs-only", inputs=(artefact("other"),))
    edge = ("datasets/songs", "mixtures/songs-only")
    assert proofs(root, converted, mixed)[edge] == "proven"
    assert proofs(root, converted, other)[edge] == "built"
    assert proofs(root, mixed)[edge] == "built"


def test_a_native_file_is_proven_by_the_hash_on_its_card(root: Path) -> None:
    native = Artefact(path="songs.json", sha256="0" * 64, bytes=100, digest="md5:x")
    converted = Report(stage="convert", id="songs", inputs=(native,))
    edge = ("files/songs/songs.json", "datasets/songs")
    assert proofs(root, converted)[edge] == "proven"


def test_a_tuned_base_is_proven_although_a_dataset_has_its_id(root: Path) -> None:
    build = "build: {base: songs, mixture: songs-only, recipe: tiny}\n"
    head = "kind: model\nid: %s\ntitle: T\nsummary: S.\n"
    first = head % "songs" + build.replace("base: songs", "base: nightingale")
    write_text(root / "cards" / "models" / "songs.yaml", first)
    write_text(root / "cards" / "models" / "second.yaml", head % "second" + build)
    reports = [
        Report(stage="convert", id="songs", outputs=(artefact("table"),)),
        Report(stage="tune", id="songs", outputs=(artefact("weights"),)),
        Report(stage="tune", id="second", inputs=(artefact("weights"),)),
    ]
    assert proofs(root, *reports)["models/songs", "models/second"] == "proven"


def test_a_claimed_parent_and_a_writer_are_edges_with_their_place(root: Path) -> None:
    head = "kind: %s\nid: poems\ntitle: T\nsummary: S.\n"
    text = "parents: {value: songs, relation: seeds, cited: a-paper, at: Table 2}\n"
    text += "annotator: {value: [human, singer], part: output, declared: the owner}\n"
    write_text(root / "cards" / "datasets" / "poems.yaml", head % "dataset" + text)
    write_text(root / "cards" / "benchmarks" / "poems.yaml", head % "benchmark" + text)
    found = graph(load(root)).edges
    for target in ("datasets/poems", "benchmarks/poems"):
        assert Edge("datasets/songs", target, "seeds", "cited", "a-paper, Table 2") in found
        assert Edge("models/singer", target, "wrote the output", "declared") in found
    assert not any("human" in one.source for one in found)


def test_up_is_where_a_thing_came_from_and_down_what_came_of_it(root: Path) -> None:
    whole = graph(load(root))
    above = set(up(whole, "models/singer").nodes)
    assert above == {
        "models/singer",
        "models/nightingale",
        "files/nightingale/bird.safetensors",
        "mixtures/songs-only",
        "datasets/songs",
        "files/songs/songs.json",
        "recipes/tiny",
    }
    assert set(down(whole, "datasets/songs").nodes) == {
        "datasets/songs",
        "mixtures/songs-only",
        "benchmarks/new-songs",
        "models/singer",
        "scores/singer/new-songs",
    }


def test_what_nobody_knows_has_no_lineage(root: Path) -> None:
    assert up(graph(load(root)), "models/unknown") == Graph({}, ())


@given(st.lists(st.tuples(NAMES, NAMES), max_size=12), NAMES)
def test_up_and_down_are_mirror_images(pairs: list[tuple[str, str]], name: str) -> None:
    there, back = made(pairs), made([(target, source) for source, target in pairs])
    assert set(up(there, name).nodes) == set(down(back, name).nodes)
    for one in up(there, name).nodes:
        assert name in down(there, one).nodes


@given(st.lists(st.tuples(NAMES, NAMES), max_size=12))
def test_every_node_is_in_one_layer_and_edges_go_forward(pairs: list[tuple[str, str]]) -> None:
    forward = [(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]]
    found = layers(made(forward))
    depth = {node.name: at for at, layer in enumerate(found) for node in layer}
    assert sorted(depth) == list("abcdefg")
    assert all(depth[source] < depth[target] for source, target in forward)
    assert all(found)


@given(st.lists(st.tuples(NAMES, NAMES), max_size=12))
def test_a_circle_of_claims_is_cut_and_loses_nobody(pairs: list[tuple[str, str]]) -> None:
    found = [node.name for layer in layers(made(pairs)) for node in layer]
    assert sorted(found) == list("abcdefg")


@pytest.mark.parametrize("length", [500])
def test_a_long_line_is_walked_without_trouble(length: int) -> None:
    names = [f"n{at}" for at in range(length)]
    line = Graph(
        {name: Node(name, "dataset", name) for name in names},
        tuple(Edge(source, target, "seeds", "cited") for source, target in pairwise(names)),
    )
    assert len(up(line, names[-1]).edges) == length - 1
    assert len(layers(line)) == length


def test_scores_are_proven_by_the_very_rows_that_were_held_out(root: Path) -> None:
    def table(part: str) -> Artefact:
        path = f"data/mixtures/songs-only/{part}.parquet"
        return Artefact(path=path, sha256=part, bytes=1, digest="md5:x")

    mixed = Report(
        stage="mix", id="songs-only", outputs=(table("train"), table("held_out_instances"))
    )
    edge = ("benchmarks/new-songs", "scores/singer/new-songs")
    for part, proof in (("held_out_instances", "proven"), ("train", "built")):
        scored = Report(stage="evaluate", id="singer", inputs=(table(part),))
        assert proofs(root, mixed, scored)[edge] == proof


def family(*edges: tuple[str, str, str, str]) -> Graph:
    """Return a graph of edges that are written as source, relation, target, proof."""
    names = {end for source, _, target, _ in edges for end in (source, target)}
    return Graph(
        {name: Node(name, name.partition("/")[0][:-1], name) for name in sorted(names)},
        tuple(Edge(a, b, relation, proof) for a, relation, b, proof in edges),
    )


DATA = "datasets/d"


@pytest.mark.parametrize(
    ("edges", "way", "proof"),
    [
        ([(DATA, "tuned on", "models/m", "cited")], "direct", "cited"),
        (
            [
                (DATA, "mixed in", "mixtures/x", "proven"),
                ("mixtures/x", "tuned on", "models/m", "built"),
            ],
            "mixture",
            "built",
        ),
        (
            [
                (DATA, "seeds", "datasets/e", "declared"),
                ("datasets/e", "tuned on", "models/m", "cited"),
            ],
            "derived",
            "declared",
        ),
        (
            [(DATA, "tuned on", "models/b", "cited"), ("models/b", "base", "models/m", "proven")],
            "base",
            "cited",
        ),
        (
            [
                (DATA, "tuned on", "models/w", "cited"),
                ("models/w", "wrote it", "datasets/e", "cited"),
                ("datasets/e", "tuned on", "models/m", "cited"),
            ],
            "generator",
            "cited",
        ),
        (
            [(DATA, "tuned on", "models/w", "cited"), ("models/w", "teacher", "models/m", "cited")],
            "generator",
            "cited",
        ),
    ],
    ids=["direct", "mixture", "derived", "base", "writer", "teacher"],
)
def test_a_model_is_tuned_on_data_in_one_of_five_ways(
    edges: list[tuple[str, str, str, str]], way: str, proof: str
) -> None:
    found = {one.model: one for one in tuned_on(family(*edges), DATA)}["models/m"]
    assert (found.way, found.proof) == (way, proof)
    assert [edge.target for edge in found.path] == [target for _, _, target, _ in edges]


def test_the_closest_way_counts_and_then_the_shortest_and_then_the_best_proven() -> None:
    found = tuned_on(
        family(
            (DATA, "tuned on", "models/w", "cited"),
            ("models/w", "teacher", "models/m", "proven"),
            (DATA, "part", "datasets/e", "cited"),
            ("datasets/e", "part", "datasets/f", "proven"),
            ("datasets/f", "tuned on", "models/m", "proven"),
            ("datasets/e", "tuned on", "models/m", "declared"),
            (DATA, "part", "datasets/g", "proven"),
            ("datasets/g", "tuned on", "models/m", "cited"),
        ),
        DATA,
    )
    assert [(one.model, one.way) for one in found] == [
        ("models/w", "direct"),
        ("models/m", "derived"),
    ]
    assert [edge.target for edge in found[1].path] == ["datasets/g", "models/m"]
    assert found[1].proof == "cited"


def test_a_method_brings_no_data_along() -> None:
    whole = family(
        (DATA, "method", "datasets/e", "cited"), ("datasets/e", "tuned on", "models/m", "cited")
    )
    assert tuned_on(whole, DATA) == []


def test_a_mixtures_own_model_is_tuned_on_it_directly_and_a_recipe_is_no_data() -> None:
    whole = family(
        ("mixtures/x", "tuned on", "models/m", "built"),
        ("recipes/r", "recipe", "models/m", "built"),
        ("models/m", "answers", "scores/m/b", "built"),
    )
    assert [one.way for one in tuned_on(whole, "mixtures/x")] == ["direct"]
    assert tuned_on(whole, "recipes/r") == []
    assert tuned_on(whole, "datasets/unknown") == []


ENDS = st.sampled_from(
    ["datasets/a", "datasets/b", "mixtures/a", "models/a", "models/b", "models/c"]
)


@given(
    st.lists(
        st.tuples(ENDS, st.just("part"), ENDS, st.sampled_from(PROOFS)), min_size=1, max_size=14
    )
)
def test_whoever_is_tuned_on_data_came_of_it_along_the_path(
    edges: list[tuple[str, str, str, str]],
) -> None:
    whole = family(*edges)
    below = down(whole, "datasets/a").nodes
    found = tuned_on(whole, "datasets/a")
    for one in found:
        assert one.model in below
        assert [one.path[0].source, one.path[-1].target] == ["datasets/a", one.model]
        assert all(a.target == b.source for a, b in pairwise(one.path))
        assert one.proof == max((edge.proof for edge in one.path), key=PROOFS.index)
    assert [WAYS.index(one.way) for one in found] == sorted(WAYS.index(one.way) for one in found)
    assert len({one.model for one in found}) == len(found)
