"""Where cards, files and surroundings are not what the report of a tuning says of them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry import reports
from registry.cards import to_plain
from registry.hashing import hash_file
from registry.index import Registry
from registry.reports import Report

# Of a report's environment, what may change a result; times and addresses may not.
_DECIDING = ("python", "versions", "device", "precision", "hardware", "code")


@dataclass(frozen=True, slots=True)
class Drift:
    """A field of a card, or a file, that is not as it was: what the report says, what is now."""

    where: str
    field: str
    was: Any
    now: Any

    def __str__(self) -> str:
        return f"{self.where}: {self.field}: {_text(self.was)} -> {_text(self.now)}"


def of_cards(root: Path, registry: Registry, report: Report) -> Iterator[Drift]:
    """Yield the settings of a tuning that its cards no longer give, down to the data's source."""
    build = registry.models[report.id].build
    settings = report.settings
    now = {"build": to_plain(build) if build else None}
    yield from fields(f"models/{report.id}", {"build": settings["build"]}, now)
    recipe = registry.recipes.get(settings["build"]["recipe"])
    now = {"tune": to_plain(recipe.tune) if recipe else None}
    yield from fields(f"recipes/{settings['build']['recipe']}", {"tune": settings["tune"]}, now)
    mixture = registry.mixtures.get(settings["build"]["mixture"])
    if mixture is None:
        return
    yield from _of_stage(root, "mix", "mixtures", mixture.id, "mix", mixture.mix)
    for one in mixture.mix.datasets:
        card = registry.datasets[one.dataset]
        yield from _of_stage(root, "convert", "datasets", card.id, "convert", card.convert)
        yield from _of_stage(root, "fetch", "datasets", card.id, "source", card.source)


def _of_stage(
    root: Path, stage: str, folder: str, id: str, field: str, now: Any
) -> Iterator[Drift]:
    """Compare a card with what an earlier stage obeyed, where that stage has a report."""
    report = reports.read(root, stage, id)
    if report is not None:
        yield from fields(f"{folder}/{id}", {field: report.settings}, {field: to_plain(now)})


def of_files(root: Path, report: Report) -> Iterator[Drift]:
    """Yield the files of a tuning that are here with other bytes, or that were made anew since."""
    for one in (*report.inputs, *report.outputs):
        if (root / one.path).is_file():
            now = hash_file(root / one.path).sha256
            if now != one.sha256:
                yield Drift(one.path, "sha256", one.sha256, now)
    written = {one.path: one for each in reports.all_of(root) for one in each.outputs}
    for one in report.inputs:
        newer = written.get(one.path)
        if newer is not None and newer.digest != one.digest:
            yield Drift(one.path, "digest", one.digest, newer.digest)


def of_surroundings(said: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Drift]:
    """Yield what a report says of code, versions and machine that is otherwise now.

    What the report does not say is no difference: older reports say less.
    """
    kept = {name: said[name] for name in _DECIDING if name in said}
    before, after = _flat(kept), _flat(now)
    for name, value in before.items():
        if name in after and after[name] != value:
            yield Drift("environment", name, value, after[name])


def fields(where: str, was: Any, now: Any) -> Iterator[Drift]:
    """Yield the fields that differ between two nested values, by dotted name.

    >>> [str(one) for one in fields("mixtures/m", {"mix": {"size": 1.0}}, {"mix": {"size": 512}})]
    ['mixtures/m: mix.size: 1.0 -> 512']
    """
    before, after = _flat(was), _flat(json.loads(json.dumps(now)))
    for name in dict.fromkeys((*before, *after)):
        if before.get(name) != after.get(name):
            yield Drift(where, name, before.get(name), after.get(name))


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    if isinstance(value, Mapping):
        dot = "." if name else ""
        parts = [_flat(one, f"{name}{dot}{key}") for key, one in value.items()]
    elif isinstance(value, list | tuple):
        parts = [_flat(one, f"{name}[{at}]") for at, one in enumerate(value)]
    else:
        return {name: value}
    return {key: one for part in parts for key, one in part.items()}


def _text(value: Any) -> str:
    return "unset" if value is None else str(value)
