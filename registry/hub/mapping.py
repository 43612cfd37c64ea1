"""A card as the front matter of its repo's README.md, in the keys that the Hub's lists know.

Only what a filter or a widget of a hub can use becomes a key; everything else, and every proof, is
in `card.yaml`. The order is fixed, and the same card, reports and places give the same view.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from registry.cards import Card, Model
from registry.cards.vocabulary import ANNOTATORS, FOLDERS, LANGUAGE_CLASSES
from registry.hub import vocabulary
from registry.index import Registry, name_of
from registry.links import arxiv
from registry.query import describe
from registry.reports import Report
from registry.verdicts import MAIN_SHARE, UNDETERMINED

Said = Mapping[str, Any]
"""A claim as `query.describe` gives it: a measured one with its report's value."""

KEYS = (
    "pretty_name",
    "language",
    "multilinguality",
    "license",
    "license_name",
    "annotations_creators",
    "size_categories",
    "task_categories",
    "source_datasets",
    "pipeline_tag",
    "library_name",
    "base_model",
    "base_model_relation",
    "datasets",
    "tags",
    "configs",
    "model-index",
)
"""Every key that may be ours, in the order in which a new page has them."""

OWN_TAGS = ("card:", "annotator:", "release:", "instruction:", "native:", "tasks:", "purpose:")
"""What our tags begin with; other tags on a page are other people's."""

_ROWS = ("instances", "pairs", "dialogues", "prompts", "instructions", "trees", "documents")
"""Units that count rows, the plainest first."""

_RELATIONS = {"base": "finetune", "merged": "merge"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a view is made of beside the card.

    `page` is how claims name the page that is derived, as `drafts` do; `places` are ids of repos
    on the same hub by name of card; `splits` are the files of data that go along, by split;
    `address` is the repo's own.
    """

    registry: Registry
    reports: tuple[Report, ...] = ()
    page: str | None = None
    places: Mapping[str, str] = field(default_factory=dict)
    splits: Mapping[str, Sequence[str]] = field(default_factory=dict)
    weights: bool = False
    address: str | None = None


def repo_type(card: Card) -> str:
    """Return `models` or `datasets`; what is neither is a dataset's repo without data."""
    return "models" if card.kind == "model" else "datasets"


def view(card: Card, scene: Scene) -> dict[str, Any]:
    """Return the front matter of a card."""
    said = describe(card, scene.reports)["claims"]
    found: dict[str, Any] = {
        "language": _languages(said, scene),
        "multilinguality": _multilinguality(said, scene),
        **vocabulary.licence(_licences(said, scene)),
        "tags": tags(card, said, scene),
    }
    if isinstance(card, Model):
        found |= _of_a_model(card, said, scene)
    else:
        found |= {"pretty_name": card.title, "source_datasets": _parents(said, scene)}
        found |= _of_data(card, said, scene)
    return {key: found[key] for key in KEYS if found.get(key) not in (None, [], {})}


def _of_data(card: Card, said: Mapping[str, list[Said]], scene: Scene) -> dict[str, Any]:
    who = [one for claim in _own(said, "annotator", scene) for one in _list(claim["value"])]
    crowd = any(_mentions_a_crowd(claim) for claim in _own(said, "annotator", scene))
    return {
        "annotations_creators": vocabulary.creators(who, crowd),
        "size_categories": _sizes(card, said, scene),
        "task_categories": _tasks(card, said),
        "configs": _configs(scene.splits),
    }


def _of_a_model(card: Model, said: Mapping[str, list[Said]], scene: Scene) -> dict[str, Any]:
    runs = bool(card.weights or card.build or scene.weights)
    parents = _own(said, "parents", scene)
    ids = [one for claim in parents if claim["relation"] in _RELATIONS for one in [claim["value"]]]
    ids += [card.build.base] if card.build else []
    relations = {_RELATIONS[one["relation"]] for one in parents if one["relation"] in _RELATIONS}
    bases = _repos("model", ids, scene)
    return {
        "pipeline_tag": "text-generation" if runs else None,
        "library_name": "transformers" if runs else None,
        "base_model": bases[0] if len(bases) == 1 else bases,
        "base_model_relation": _relation(relations, bases),
        "datasets": _repos("dataset", _tuned_on(card, said, scene), scene),
        "model-index": _index(card, said, scene),
    }


def _relation(relations: set[str], bases: list[str]) -> str | None:
    if not bases:
        return None
    return "merge" if "merge" in relations else "finetune"


def _tuned_on(card: Model, said: Mapping[str, list[Said]], scene: Scene) -> list[str]:
    mixture = scene.registry.mixtures.get(card.build.mixture) if card.build else None
    mixed = [one.dataset for one in mixture.mix.datasets] if mixture else []
    return [*mixed, *(claim["value"] for claim in _own(said, "tuned_on", scene))]


def _own(said: Mapping[str, list[Said]], name: str, scene: Scene) -> list[Said]:
    """Return the claims of a field that have a value; of a page's own repo, what the page says.

    What narrows a claim to a part or a former revision counts only where nothing else is said.
    """
    found = [one for one in said.get(name, ()) if one["value"] is not None]
    if scene.page:
        prefix = f"README.md of {scene.page}@"
        found = [one for one in found if str(one.get("by", "")).startswith(prefix)] or found
    narrowed = ("revision", "part", "subset", "split")
    if name in ("licence", "languages", "released"):
        return [one for one in found if not any(key in one for key in narrowed)] or found
    return found


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _languages(said: Mapping[str, list[Said]], scene: Scene) -> list[str]:
    codes: list[str] = []
    for claim in _own(said, "languages", scene):
        codes += _main(claim["value"]) if isinstance(claim["value"], dict) else claim["value"]
    return list(
        dict.fromkeys(vocabulary.language(code) for code in codes if code not in LANGUAGE_CLASSES)
    )


def _main(counts: Mapping[str, int]) -> list[str]:
    """Return the languages that were found in more than a stray row, the most frequent first."""
    known = {code: count for code, count in counts.items() if code != UNDETERMINED}
    least = MAIN_SHARE * sum(known.values())
    kept = [code for code, count in known.items() if count >= least]
    return sorted(kept, key=lambda code: (-known[code], code))


def _multilinguality(said: Mapping[str, list[Said]], scene: Scene) -> list[str]:
    if not said.get("annotator") and not said.get("scale"):
        return []
    codes = [one for claim in _own(said, "languages", scene) for one in _list(claim["value"])]
    words = [vocabulary.MULTILINGUALITY[one] for one in codes if one in LANGUAGE_CLASSES]
    return list(dict.fromkeys(words))


def _licences(said: Mapping[str, list[Said]], scene: Scene) -> list[str]:
    return list(dict.fromkeys(one["value"] for one in _own(said, "licence", scene)))


def _mentions_a_crowd(claim: Said) -> bool:
    text = " ".join(str(claim.get(key, "")) for key in ("printed", "quote", "note")).casefold()
    return any(word in text for word in ("crowd", "turk", "volunteer", "upwork", "scale ai"))


def _sizes(card: Card, said: Mapping[str, list[Said]], scene: Scene) -> list[str]:
    """Return the bucket of the number of rows, or the buckets where sources disagree."""
    source = getattr(card, "source", None)
    partly = bool(source and source.subset)
    whole = [
        one
        for one in _own(said, "scale", scene)
        if "split" not in one
        and "subset" not in one
        and not (one["status"] == "measured" and partly)
    ]
    for unit in _ROWS:
        counts = [one for one in whole if one.get("unit") == unit]
        measured = [one for one in counts if one["status"] == "measured"]
        if counts:
            many = {vocabulary.size(one["value"]): one["value"] for one in measured or counts}
            return sorted(many, key=lambda name: many[name])
    return []


def _tasks(card: Card, said: Mapping[str, list[Said]]) -> list[str]:
    """Return the Hub's task: instructions with answers are text generation."""
    if card.kind not in ("dataset", "benchmark"):
        return []
    modes = {one for claim in said.get("modality", ()) for one in _list(claim["value"] or ())}
    return ["text-generation"] if not modes or modes & {"text", "code"} else []


def _parents(said: Mapping[str, list[Said]], scene: Scene) -> list[str]:
    ids = [one["value"] for one in _own(said, "parents", scene) if one["relation"] != "method"]
    return _repos("dataset", ids, scene)


def _repos(kind: str, ids: Sequence[str], scene: Scene) -> list[str]:
    """Return the repos of cards; what has none on this hub is named on the page only."""
    found: list[str] = []
    for id in dict.fromkeys(ids):
        card = scene.registry.of_kind(kind).get(id)
        homes = [{"value": one.value} for one in getattr(card, "homes", ())]
        place = scene.places.get(f"{FOLDERS[kind]}/{id}")
        repo = place or vocabulary.repo_id(homes, FOLDERS[kind])
        found += [repo] if repo else []
    return list(dict.fromkeys(found))


def tags(card: Card, said: Mapping[str, list[Said]], scene: Scene) -> list[str]:
    """Return the facets of a card as tags, because filters of a hub see nothing else."""
    return list(dict.fromkeys([f"card:{name_of(card)}", *_facets(card, said, scene)]))


def _facets(card: Card, said: Mapping[str, list[Said]], scene: Scene) -> Iterator[str]:
    for claim in said.get("annotator", ()):
        yield from (f"annotator:{one}" for one in _list(claim["value"] or ()))
    if any(
        one not in ANNOTATORS for claim in said.get("annotator", ()) for one in claim["value"] or ()
    ):
        yield "annotator:model"
    for claim in _own(said, "released", scene):
        yield f"release:{claim['value'][:7]}"
    for claim in said.get("instruction_type", ()):
        yield from (f"instruction:{one}" for one in claim["value"] or ())
    for claim in said.get("purpose", ()):
        yield from (f"purpose:{one}" for one in claim["value"] or ())
    convert = getattr(card, "convert", None)
    if convert:
        yield f"native:{convert.format}"
    for claim in said.get("scale", ()):
        if claim.get("unit") == "tasks" and claim["value"] is not None and "split" not in claim:
            yield f"tasks:{vocabulary.bucket(claim['value'])}"
    papers = [scene.registry.papers.get(id) for id in getattr(card, "papers", ())]
    yield from (f"arxiv:{one.arxiv}" for one in papers if one and one.arxiv)


def _configs(splits: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    if not splits:
        return []
    files = [
        {"split": split, "path": paths[0] if len(paths) == 1 else list(paths)}
        for split, paths in splits.items()
    ]
    return [{"config_name": "default", "data_files": files}]


def _index(card: Model, said: Mapping[str, list[Said]], scene: Scene) -> list[dict[str, Any]]:
    """Return the scores as a model index: one result for each benchmark, split and source."""
    results: dict[tuple[Any, ...], dict[str, Any]] = {}
    for claim in said.get("results", ()):
        # A difference from a baseline is no score of the model.
        if claim["value"] is None or "delta" in claim:
            continue
        key = (claim["benchmark"], claim.get("split"), claim.get("subset"), _source(claim, scene))
        made = results.setdefault(key, _result(claim, scene))
        made["metrics"].append(_metric(claim))
    return [{"name": card.title, "results": list(results.values())}] if results else []


def _result(claim: Said, scene: Scene) -> dict[str, Any]:
    benchmark = scene.registry.benchmarks.get(claim["benchmark"])
    homes = [{"value": one.value} for one in benchmark.homes] if benchmark else []
    data = {
        "type": vocabulary.repo_id(homes, "datasets") or claim["benchmark"],
        "name": benchmark.title if benchmark else claim["benchmark"],
        "config": claim.get("subset"),
        "split": claim.get("split"),
    }
    made: dict[str, Any] = {
        "task": {"type": "text-generation"},
        "dataset": {key: value for key, value in data.items() if value},
        "metrics": [],
    }
    source = _source(claim, scene)
    if source:
        made["source"] = dict(source)
    return made


def _metric(claim: Said) -> dict[str, Any]:
    narrowed = [claim[key] for key in ("turn", "evaluator") if key in claim]
    if "tuned_tasks" in claim:
        narrowed.append(f"{claim['tuned_tasks']} tasks")
    name = claim["metric"] + (f" ({', '.join(narrowed)})" if narrowed else "")
    made = {"type": claim["metric"], "name": name, "value": claim["value"]}
    args = {key: claim[key] for key in ("unit", "n", "stderr") if key in claim}
    return made | ({"args": args} if args else {})


def _source(claim: Said, scene: Scene) -> tuple[tuple[str, str], ...]:
    """Return who says a score, as pairs of the index's key and value.

    The Hub's client takes no name without an address; where there is none, it is the repo's own,
    whose page says more.
    """
    paper = scene.registry.papers.get(claim.get("paper", ""))
    if claim["status"] == "measured":
        name, address = "measured by the registry's evaluation", scene.address
    elif paper is None:
        name, address = str(claim.get("by")), scene.address
    else:
        name = f"{paper.title}, {claim['at']}"
        address = arxiv(paper.arxiv) if paper.arxiv else paper.url or scene.address
    return (("name", name), ("url", address)) if address else ()
