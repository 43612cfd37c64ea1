"""A Hub repository's README.md: YAML front matter over a page of Markdown.

Front matter: https://huggingface.co/docs/hub/datasets-cards and .../model-cards.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from registry import frontmatter
from registry.cards import Card
from registry.drafts.draft import Draft, Source, known, licence, say_languages, slug
from registry.errors import RegistryError
from registry.index import Registry

OF_MODELS = ("base_model", "pipeline_tag", "library_name", "model-index", "datasets", "inference")
OF_DATASETS = ("dataset_info", "task_categories", "annotations_creators", "size_categories")
CREATORS = {
    "expert-generated": "human",
    "crowdsourced": "human",
    "machine-generated": "model",
}
RELATIONS = {"finetune": "base", "adapter": "base", "merge": "merged"}


def draft(
    text: str,
    path: Path,
    source: Source,
    registry: Registry,
    *,
    kind: str | None = None,
    id: str | None = None,
) -> Card:
    """Draft the card of a page."""
    front, body = _parts(text, path)
    return draft_of(front, body, path, source, registry, kind=kind, id=id)


def draft_of(
    front: Mapping[str, Any],
    body: str,
    path: Path,
    source: Source,
    registry: Registry,
    *,
    kind: str | None = None,
    id: str | None = None,
) -> Card:
    """Draft the card of a page whose front matter is read already."""
    kind = kind or _kind(front, source, path)
    heading = re.search(r"^#\s+(.+?)\s*#*$", body, flags=re.MULTILINE)
    names = (front.get("pretty_name"), heading[1] if heading else None, source.home, path.stem)
    name = next(one for one in map(_name, names) if one)
    made = Draft(kind, id or slug(source.home or name), name, source)
    made.summary = _first_paragraph(body)
    if source.home:
        made.say("homes", source.home, "its address")
    mapped = ["pretty_name", "language", "license", "license_name", "annotations_creators"]
    if front.get("language"):
        say_languages(made, front["language"], "language")
    _licence(made, front)
    if kind == "model":
        mapped += ["base_model", "base_model_relation", "datasets", "model-index"]
        _of_a_model(made, front, registry)
    else:
        mapped += ["dataset_info", "source_datasets"]
        _of_a_dataset(made, front, registry)
    made.keep_rest(front, mapped)
    return made.card()


def _parts(text: str, path: Path) -> tuple[dict[str, Any], str]:
    page = frontmatter.split(text)
    return frontmatter.load(page, path.as_posix()), page.body


def _kind(front: Mapping[str, Any], source: Source, path: Path) -> str:
    home = source.home or ""
    if home.startswith("hub:datasets/") or any(key in front for key in OF_DATASETS):
        return "dataset"
    if home.startswith("hub:") or any(key in front for key in OF_MODELS):
        return "model"
    raise RegistryError(f"{path}: may be a dataset's or a model's; say which with --kind")


def _name(value: Any) -> str:
    """Return a name on one line; nothing where there is none."""
    return " ".join(value.split()) if isinstance(value, str) else ""


def _licence(made: Draft, front: Mapping[str, Any]) -> None:
    said = front.get("license")
    named = _name(front.get("license_name"))
    for one in said if isinstance(said, list) else [said]:
        if one is None or not str(one).strip():
            continue
        word = named if str(one).casefold() == "other" and named else " ".join(str(one).split())
        made.say("licence", licence(word), "license", printed=str(one))


def _of_a_dataset(made: Draft, front: Mapping[str, Any], registry: Registry) -> None:
    creators = _listed(front.get("annotations_creators"))
    who = [CREATORS[str(one)] for one in creators if str(one) in CREATORS]
    if who:
        said = list(dict.fromkeys(who))
        printed = ", ".join(map(str, creators))
        made.say("annotator", said, "annotations_creators", printed=printed)
    made.keep("annotations_creators", [one for one in creators if str(one) not in CREATORS])
    infos = front.get("dataset_info")
    rest = []
    for info in _listed(infos):
        if not isinstance(info, dict):
            rest.append(info)
            continue
        config = _name(str(info.get("config_name") or ""))
        subset = config if config not in ("", "default") else None
        for split in _listed(info.get("splits")):
            count = split.get("num_examples") if isinstance(split, dict) else None
            if isinstance(count, int) and not isinstance(count, bool) and count >= 0:
                name = _name(str(split.get("name", ""))) or None
                made.say(
                    "scale", count, "dataset_info", unit="instances", split=name, subset=subset
                )
        rest.append(info)
    made.keep("dataset_info", rest if isinstance(infos, list) else rest[0] if rest else None)
    unknown = []
    for one in _listed(front.get("source_datasets")):
        name = str(one).removeprefix("extended|")
        parent = known(registry, "dataset", name) if name != "original" else None
        if parent and parent != made.id:
            made.say("parents", parent, "source_datasets", relation="derived", printed=str(one))
        else:
            unknown.append(one)
    made.keep("source_datasets", unknown)


def _of_a_model(made: Draft, front: Mapping[str, Any], registry: Registry) -> None:
    relation = str(front.get("base_model_relation") or "finetune")
    unknown = []
    for one in _listed(front.get("base_model")):
        parent = known(registry, "model", str(one))
        if parent and parent != made.id and relation in RELATIONS:
            made.say(
                "parents", parent, "base_model", relation=RELATIONS[relation], printed=str(one)
            )
        else:
            unknown.append(one)
    made.keep("base_model", unknown)
    made.keep("base_model_relation", front.get("base_model_relation"))
    unknown = []
    for one in _listed(front.get("datasets")):
        data = known(registry, "dataset", str(one))
        if data:
            made.say("tuned_on", data, "datasets", printed=str(one))
        else:
            unknown.append(one)
    made.keep("datasets", unknown)
    rest = [one for one in _listed(front.get("model-index")) if not _results(made, one, registry)]
    made.keep("model-index", rest)


def _results(made: Draft, entry: Any, registry: Registry) -> bool:
    """Add the results on benchmarks that have a card; tell whether that were all of them."""
    every = True
    for result in _listed(entry.get("results") if isinstance(entry, dict) else None):
        given = result if isinstance(result, dict) else {}
        data = given["dataset"] if isinstance(given.get("dataset"), dict) else {}
        called = _name(data.get("name")) or _name(data.get("type"))
        benchmark = known(registry, "benchmark", called)
        metrics = _listed(given.get("metrics"))
        every = every and bool(metrics)
        for one in metrics:
            metric = one if isinstance(one, dict) else {}
            value = metric.get("value")
            name = _name(metric.get("name")) or _name(metric.get("type"))
            if benchmark and name and isinstance(value, int | float):
                split = _name(str(data.get("split") or "")) or None
                at = f"model-index, {called}"
                made.say("results", float(value), at, benchmark=benchmark, metric=name, split=split)
            else:
                every = False
    return every


def _first_paragraph(body: str) -> str:
    """Return the first paragraph of prose, at most two sentences of it."""
    plain = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    for block in re.split(r"\n\s*\n", plain):
        text = " ".join(block.split())
        if text and not re.match(r"[#<>|!\[\-*`=0-9]", text):
            text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text).replace("**", "").replace("`", "")
            return " ".join(re.split(r"(?<=[.!?])\s+", text)[:2])
    return ""


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
