from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.files import write_text
from registry.index import load
from registry.lineage import Edge, Graph, Node, down, graph, layers, up
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
