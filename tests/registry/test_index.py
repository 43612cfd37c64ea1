from pathlib import Path

import pytest

from registry.cards import Dataset
from registry.errors import InvalidCards, RegistryError
from registry.files import write_text
from registry.index import card_files, check, load, name_of


def problems(root: Path) -> list[str]:
    return [str(one) for one in check(root)[1]]


def change(root: Path, name: str, old: str, new: str) -> None:
    path = root / "cards" / f"{name}.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, text
    write_text(path, text.replace(old, new))


def add(root: Path, name: str, text: str) -> None:
    folder, _, id = name.partition("/")
    head = f"kind: {folder.removesuffix('s')}\nid: {id}\ntitle: T\n"
    head += "" if folder == "papers" else "summary: S.\n"
    write_text(root / "cards" / f"{name}.yaml", head + text)


def test_a_root_without_problems_is_loaded_whole(root: Path) -> None:
    registry = load(root)
    assert len(registry) == 7
    assert [name_of(card) for card in registry] == [
        "datasets/songs",
        "benchmarks/new-songs",
        "models/nightingale",
        "models/singer",
        "mixtures/songs-only",
        "recipes/tiny",
        "papers/a-paper",
    ]
    assert registry.files["models/singer"] == "cards/models/singer.yaml"


def test_a_folder_without_cards_says_where_to_run(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="there is no such folder; run this where cards/ is"):
        load(tmp_path)


def test_load_raises_the_problems_of_all_files(root: Path) -> None:
    change(root, "datasets/songs", "title: Songs", "titel: Songs")
    change(root, "recipes/tiny", "steps: 2", "steps: two")
    with pytest.raises(InvalidCards) as caught:
        load(root)
    assert {one.file for one in caught.value.problems} == {
        "cards/datasets/songs.yaml",
        "cards/recipes/tiny.yaml",
    }


def test_a_dangling_id_offers_the_nearest_of_its_kind(root: Path) -> None:
    change(root, "models/singer", "base: nightingale", "base: nightingal")
    change(root, "mixtures/songs-only", "dataset: songs", "dataset: poems")
    assert problems(root) == [
        "cards/mixtures/songs-only.yaml:7: mix.datasets[0].dataset: no dataset card 'poems';"
        " write that card, or correct the id",
        "cards/models/singer.yaml:10: build.base: no model card 'nightingal'; the nearest is"
        " 'nightingale'",
    ]


def test_a_cited_paper_a_result_s_benchmark_and_an_annotator_have_to_have_cards(root: Path) -> None:
    change(root, "datasets/songs", "- human", "- gpt-4")
    change(root, "models/singer", "  benchmark: new-songs", "  benchmark: old-songs")
    change(root, "datasets/songs", "papers:\n  - a-paper", "papers:\n  - paper")
    assert [one.split(": ", 2)[2] for one in problems(root)] == [
        "no paper card 'paper'; the nearest is 'a-paper'",
        "no model card 'gpt-4'; write that card, or correct the id",
        "no benchmark card 'old-songs'; the nearest is 'new-songs'",
    ]


def test_a_faulty_card_is_not_missing_as_well(root: Path) -> None:
    change(root, "recipes/tiny", "steps: 2", "steps: two")
    (said,) = problems(root)
    assert said.startswith("cards/recipes/tiny.yaml:7: tune.steps: is the text 'two'; ")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("songs.yaml", "lies in no kind's folder; move it to cards/ and one of benchmarks,"),
        ("datasets/more/songs.yaml", "lies in no kind's folder; move it to cards/ and one of "),
        ("dataset/songs.yaml", "lies in no kind's folder; move it to cards/ and one of "),
        ("datasets/more.yml", "ends in .yml, which is not read; rename it to more.yaml"),
        ("datasets/more.YAML", "ends in .YAML, which is not read; rename it to more.yaml"),
    ],
)
def test_a_card_that_would_be_left_out_is_a_problem(root: Path, name: str, said: str) -> None:
    write_text(root / "cards" / name, "")
    (found,) = problems(root)
    assert found.startswith(f"cards/{name}:1: file: {said}")


def test_the_schema_beside_the_cards_is_no_stray(root: Path) -> None:
    write_text(root / "cards" / "schema.json", "{}")
    assert problems(root) == []


def test_two_fetched_cards_of_one_id_would_share_their_files(root: Path) -> None:
    source = "source: {files: [{path: a, origin: 'file:a', sha256: %s, bytes: 1}]}\n" % ("0" * 64)
    add(root, "models/songs", source + "weights: {format: gguf, file: a}\n")
    assert problems(root) == [
        "cards/models/songs.yaml:1: id: 'songs' is also datasets/songs, and both have a source;"
        " rename one of them"
    ]


def test_a_dataset_and_a_model_may_share_an_id(root: Path) -> None:
    add(root, "models/songs", "not_reproduced: Known from a paper only.\n")
    assert problems(root) == []


def test_a_card_does_not_name_itself(root: Path) -> None:
    add(root, "datasets/poems", "parents: {value: poems, relation: seeds, declared: x}\n")
    assert problems(root) == [
        "cards/datasets/poems.yaml:5: parents.value: 'poems' is this card itself; name another one"
    ]


def test_what_is_mixed_has_to_be_convertible(root: Path) -> None:
    add(root, "datasets/poems", "unavailable: Lost.\n")
    change(root, "mixtures/songs-only", "dataset: songs", "dataset: poems")
    assert problems(root) == [
        "cards/mixtures/songs-only.yaml:5: mix.datasets[0].dataset: dataset 'poems' has nothing to"
        " convert; give it source and convert"
    ]


def test_what_is_tuned_has_to_have_weights(root: Path) -> None:
    add(root, "models/gpt-3", "not_reproduced: Not published.\n")
    change(root, "models/singer", "base: nightingale", "base: gpt-3")
    assert problems(root) == [
        "cards/models/singer.yaml:9: build.base: model 'gpt-3' has neither weights nor build; take"
        " one that has"
    ]


def test_a_tuned_model_may_be_tuned_again_but_not_in_a_circle(root: Path) -> None:
    build = "build: {base: %s, mixture: songs-only, recipe: tiny}\n"
    add(root, "models/second", build % "singer")
    assert problems(root) == []
    change(root, "models/singer", "base: nightingale", "base: second")
    assert problems(root) == [
        "cards/models/second.yaml:5: build.base: goes in a circle: second <- singer <- second;"
        " start from other weights",
        "cards/models/singer.yaml:9: build.base: goes in a circle: singer <- second <- singer;"
        " start from other weights",
    ]


def test_what_is_evaluated_on_has_to_be_runnable(root: Path) -> None:
    change(root, "benchmarks/new-songs", "generate:\n  max_new_tokens: 8\n", "")
    assert problems(root) == [
        "cards/models/singer.yaml:13: evaluate.benchmarks[0]: benchmark 'new-songs' cannot be run;"
        " give it generate"
    ]


def test_a_benchmark_of_held_out_rows_needs_a_mixture_that_holds_some_out(root: Path) -> None:
    change(root, "benchmarks/new-songs", "held_out_instances", "held_out_tasks")
    assert problems(root) == [
        "cards/benchmarks/new-songs.yaml:5: rows.part: mixture 'songs-only' holds out no tasks;"
        " write its mix.hold_out.tasks"
    ]


def test_a_card_is_found_by_id_or_by_name(root: Path) -> None:
    registry = load(root)
    assert isinstance(registry.find("songs"), Dataset)
    assert registry.find("songs") is registry.find("datasets/songs")
    assert registry.find("songs") is registry.find("dataset/songs")


def test_an_id_of_two_cards_means_the_first_kind_and_names_the_other(root: Path) -> None:
    add(root, "models/songs", "not_reproduced: Known from a paper only.\n")
    registry = load(root)
    assert name_of(registry.find("songs")) == "datasets/songs"
    assert registry.namesakes(registry.find("songs")) == ["models/songs"]
    assert name_of(registry.find("models/songs")) == "models/songs"


@pytest.mark.parametrize("said", ["new_songs", "NewSongs", "New Songs", "new.songs", "newsongz"])
def test_a_misspelt_name_is_answered_with_the_card_that_is_meant(root: Path, said: str) -> None:
    with pytest.raises(RegistryError) as caught:
        load(root).find(said)
    assert str(caught.value) == f"{said}: no card has this id; did you mean 'new-songs'?"


def test_ids_that_differ_in_dashes_only_are_a_mistake(root: Path) -> None:
    add(root, "papers/apaper", "")
    (problem,) = check(root)[1]
    assert str(problem) == (
        "cards/papers/apaper.yaml:1: id: 'apaper' differs from 'a-paper' in dots and dashes only;"
        " keep one of the two"
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("song", "song: no card has this id; did you mean 'songs'?"),
        ("datasets/song", "datasets/song: no card has this id; did you mean 'songs'?"),
        ("zzz", "zzz: no card has this id; `registry list` shows what is here"),
        (
            "elsewhere/songs",
            "elsewhere/songs: there are no cards in 'elsewhere'; write one of datasets,"
            " benchmarks, models, mixtures, recipes, papers",
        ),
    ],
)
def test_a_card_that_is_not_there_offers_the_nearest(root: Path, name: str, said: str) -> None:
    with pytest.raises(RegistryError) as caught:
        load(root).find(name)
    assert str(caught.value) == said


def test_files_that_are_cards_come_in_order_of_kind_and_name(root: Path) -> None:
    (root / "cards" / "datasets" / "a-folder.yaml").mkdir()
    assert [one.stem for one in card_files(root)][:3] == ["songs", "new-songs", "nightingale"]


def test_many_cards_are_checked_in_one_go(root: Path) -> None:
    for at in range(300):
        add(root, f"datasets/d{at}", "parents: {value: songs, relation: seeds, declared: x}\n")
    registry, found = check(root)
    assert len(registry.datasets) == 301
    assert found == []
