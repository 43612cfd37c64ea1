"""A card as the Hub's keys: what becomes a key, and what does not."""

from pathlib import Path
from typing import Any

import pytest

from registry import load, reports
from registry.cards import Card, load_text, to_yaml
from registry.files import write_text
from registry.hub import mapping, vocabulary
from registry.hub.mapping import Scene
from registry.index import Registry
from registry.reports import Measurement, Report

TOP = Path(__file__).parents[3]
MORE = (
    "kind: paper\nid: hymnal\ntitle: A hymnal\narxiv: '2201.00001'\n",
    """\
kind: dataset
id: hymns
title: Hymns
summary: Hymns with answers.
papers: [hymnal]
homes: [{value: "hub:church/hymns", declared: x}]
released: [{value: 2022-05-01, declared: x}]
annotator:
  - {value: [human, nightingale], printed: crowd workers, declared: x}
languages: [{value: [multilingual], declared: x}, {value: [nor, eng, ceb], declared: y}]
licence: [{value: MIT, revision: old, declared: x}, {value: "terms: Church Terms 2", declared: y}]
scale:
  - {value: 52000, unit: instances, declared: x}
  - {value: 12, unit: tasks, declared: x}
  - {value: 7, unit: instances, split: test, declared: x}
instruction_type: [{value: [nli], declared: x}]
parents:
  - {value: songs, relation: method, declared: x}
""",
    """\
kind: dataset
id: psalms
title: Psalms
summary: Of hymns.
parents: {value: hymns, relation: seeds, declared: x}
""",
    """\
kind: model
id: cantor
title: Cantor
summary: Tuned.
parents: [{value: nightingale, relation: base, declared: x}]
tuned_on: [{value: hymns, declared: x}, {value: songs, declared: x}]
results:
  - {value: 31.5, unit: percent, benchmark: new-songs, metric: exact_match, cited: a-paper, at: T1}
  - {value: 2.0, benchmark: new-songs, metric: exact_match, delta: absolute, baseline: b,
     cited: a-paper, at: T2}
  - {value: null, benchmark: new-songs, metric: rouge_l, cited: a-paper, at: T3}
""",
)


@pytest.fixture
def registry(root: Path) -> Registry:
    for text in MORE:
        card: Card = load_text(text)
        write_text(root / "cards" / f"{card.kind}s" / f"{card.id}.yaml", to_yaml(card))
    return load(root)


@pytest.fixture
def hymns(registry: Registry) -> dict[str, Any]:
    return mapping.view(registry.datasets["hymns"], Scene(registry=registry))


def test_languages_are_the_hubs_codes(hymns: dict[str, Any]) -> None:
    assert hymns["language"] == ["no", "en", "ceb"]
    assert hymns["multilinguality"] == ["multilingual"]


def test_terms_become_another_licence_with_a_name(hymns: dict[str, Any]) -> None:
    assert (hymns["license"], hymns["license_name"]) == ("other", "church-terms-2")


def test_every_licence_of_a_card_has_an_id_and_comes_back() -> None:
    from registry.cards.vocabulary import LICENCES
    from registry.drafts.draft import licence

    for one in LICENCES:
        (id,) = vocabulary.licence([one]).values()
        assert id != "other"
        assert "gpl" in str(id) or licence(str(id)) == one


def test_writers_size_tasks_and_facets(hymns: dict[str, Any]) -> None:
    assert hymns["annotations_creators"] == ["crowdsourced", "machine-generated"]
    assert hymns["size_categories"] == ["10K<n<100K"]
    assert hymns["task_categories"] == ["text-generation"]
    assert hymns["tags"] == [
        "card:datasets/hymns",
        "annotator:human",
        "annotator:nightingale",
        "annotator:model",
        "release:2022-05",
        "instruction:nli",
        "tasks:10-100",
        "arxiv:2201.00001",
    ]


def test_a_method_is_no_source_and_seeds_are(registry: Registry) -> None:
    scene = Scene(registry=registry)
    assert "source_datasets" not in mapping.view(registry.datasets["hymns"], scene)
    assert mapping.view(registry.datasets["psalms"], scene)["source_datasets"] == ["church/hymns"]


def test_what_was_pushed_to_the_same_hub_is_named_by_its_repo_there(registry: Registry) -> None:
    scene = Scene(registry=registry, places={"models/nightingale": "team/nightingale"})
    found = mapping.view(registry.models["cantor"], scene)
    assert (found["base_model"], found["base_model_relation"]) == ("team/nightingale", "finetune")
    assert found["datasets"] == ["church/hymns"]
    bare = mapping.view(registry.models["cantor"], Scene(registry=registry))
    assert "base_model" not in bare
    assert "base_model_relation" not in bare


def test_a_difference_and_a_silence_are_no_scores(registry: Registry) -> None:
    scene = Scene(registry=registry, address="https://hub.example.org/team/cantor")
    (index,) = mapping.view(registry.models["cantor"], scene)["model-index"]
    (result,) = index["results"]
    (metric,) = result["metrics"]
    assert (metric["value"], metric["args"]) == (31.5, {"unit": "percent"})
    assert result["source"] == {"name": "A paper, T1", "url": scene.address}


def test_a_measured_score_has_its_error_and_number(registry: Registry) -> None:
    score = Measurement(value=0.5, benchmark="new-songs", metric="exact_match", stderr=0.1, n=25)
    report = Report(stage="evaluate", id="singer", measured={"results": (score,)})
    scene = Scene(registry=registry, reports=(report,))
    (index,) = mapping.view(registry.models["singer"], scene)["model-index"]
    (metric,) = index["results"][0]["metrics"]
    assert (metric["value"], metric["args"]) == (0.5, {"n": 25, "stderr": 0.1})


def test_the_clients_own_card_reads_the_index(registry: Registry) -> None:
    from huggingface_hub import ModelCard

    from registry.frontmatter import split, update

    scene = Scene(registry=registry, address="https://hub.example.org/team/cantor")
    view = mapping.view(registry.models["cantor"], scene)
    found = ModelCard(update(split(b"# Cantor\n"), view).encode().decode())
    (result,) = found.data.eval_results
    assert (result.metric_value, result.dataset_name) == (31.5, "New songs")


def test_what_a_page_says_of_itself_is_what_its_page_says(registry: Registry) -> None:
    card = registry.datasets["hymns"]
    said = "README.md of hub:datasets/team/hymns@" + "c" * 40
    text = to_yaml(card).replace("declared: y", f"declared: {said}")
    there = Scene(registry=registry, page="hub:datasets/team/hymns")
    elsewhere = Scene(registry=registry, page="hub:datasets/team/other")
    changed = load_text(text)
    assert "multilinguality" not in mapping.view(changed, there)
    assert mapping.view(changed, elsewhere)["multilinguality"] == ["multilingual"]


def test_measured_languages_count_where_they_are_no_strays() -> None:
    registry = load(TOP)
    scene = Scene(registry=registry, reports=tuple(reports.all_of(TOP)))
    found = mapping.view(registry.datasets["openai-evals"], scene)
    assert found["language"] == ["en"]


def test_data_that_goes_along_has_its_configs(registry: Registry) -> None:
    scene = Scene(registry=registry, splits={"train": ["data/train.parquet"]})
    assert mapping.view(registry.datasets["songs"], scene)["configs"] == [
        {
            "config_name": "default",
            "data_files": [{"split": "train", "path": "data/train.parquet"}],
        }
    ]
