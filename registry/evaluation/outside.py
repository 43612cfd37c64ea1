"""Scoring answers that were given anywhere: no model, no card needed for the answers."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from registry.cards import Benchmark, Card
from registry.errors import RegistryError
from registry.evaluation import matching, outputs
from registry.evaluation.instructions import Mode
from registry.evaluation.matching import Asked, Matched, Ways
from registry.evaluation.outputs import Given
from registry.evaluation.schemes import Item, Scheme, Verdict, scheme_for
from registry.files import write_text
from registry.hashing import digest
from registry.index import name_of
from registry.place import Place
from registry.reports import Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What scoring said: a verdict for each item, the scores, and what matched nothing.

    `digest` is that of scorer, mode, items and answers together: equal digests, equal verdicts.
    """

    scheme: Scheme
    mode: Mode
    items: tuple[Item, ...]
    verdicts: tuple[Verdict, ...]
    results: tuple[Measurement, ...]
    matched: Matched
    digest: str

    def lines(self) -> Iterator[str]:
        """Yield one JSON line per item: its key and its verdict."""
        for item, verdict in zip(self.items, self.verdicts, strict=True):
            task = {"task": item.task} if item.task else {}
            line = {"key": item.asked.key, **task, **verdict}
            # ASCII, as an answer may hold half of a pair of surrogates, which no file can.
            yield json.dumps(line)


def score(answers: Path, data: Path | None, scheme: Scheme, *, mode: Mode = "reference") -> Outcome:
    """Score a file of answers against a benchmark's file, or the targets that come with them."""
    given = outputs.read(answers)
    items = scheme.items(data) if data else _brought(given, scheme)
    if not items:
        raise RegistryError(f"{data}: holds no items; is it the benchmark's file?")
    ways = scheme.ways if data else _PLACES
    matched = matching.match([one.asked for one in items], given, ways)
    responses = [one.response if one else None for one in matched.answers]
    verdicts = [
        scheme.verdict(item, one, mode) for item, one in zip(items, matched.answers, strict=True)
    ]
    return Outcome(
        scheme=scheme,
        mode=mode,
        items=tuple(items),
        verdicts=tuple(verdicts),
        results=tuple(scheme.results(items, verdicts)),
        matched=matched,
        digest=digest([scheme.digest, mode, _known(items), responses]),
    )


_PLACES: Ways = {"place": (lambda item: item.key, lambda given: given.where)}


def _brought(given: Sequence[Given], scheme: Scheme) -> list[Item]:
    """Return an item for each answer, from the target that stands beside it."""
    advice = "name the benchmark's file with --data, or fetch it: registry fetch"
    bare = [one.where for one in given if not one.targets]
    if not scheme.alone:
        raise RegistryError(f"{scheme.name}: needs the benchmark's own file; {advice}")
    if bare:
        raise RegistryError(f"{bare[0]}: brings no target along; {advice}")
    return [Item(Asked(one.where, one.prompt), one.task, one.targets) for one in given]


def write_items(path: Path, outcome: Outcome) -> None:
    """Write one line per item, whole or not at all."""
    write_text(path, "".join(f"{line}\n" for line in outcome.lines()))


def _known(items: Sequence[Item]) -> list[Any]:
    return [[one.asked.key, one.task, list(one.references), repr(one.record)] for one in items]


def scheme_of(card: Card) -> Scheme:
    """Return how a benchmark's answers are scored, by its native format and its metrics."""
    if not isinstance(card, Benchmark):
        raise RegistryError(f"{name_of(card)}: is no benchmark; only benchmarks have answers")
    return scheme_for(card.id, card.convert.format if card.convert else None, card.metrics)


def native(place: Place, card: Card) -> Path | None:
    """Return where a benchmark's own file lies, or the folder of its files; None if not here."""
    source = getattr(card, "source", None)
    folder = place.native(card.id)
    if source is None or not all((folder / one.path).is_file() for one in source.files):
        return None
    return folder / source.files[0].path if len(source.files) == 1 else folder


def as_plain(benchmark: str, done: Outcome) -> dict[str, Any]:
    """Return an outcome as plain values, for scripts."""
    matched = done.matched
    return {
        "benchmark": benchmark,
        "scorer": {
            "name": done.scheme.name,
            "version": done.scheme.version,
            "digest": done.scheme.digest,
            "mode": done.mode,
        },
        "digest": done.digest,
        "items": len(done.items),
        "answered": len(done.items) - len(matched.missing),
        "matched_by": matched.by,
        "missing": list(matched.missing),
        "unknown": list(matched.unknown),
        "repeated": list(matched.repeated),
        "results": [
            {name: value for name, value in asdict(one).items() if value is not None}
            for one in done.results
        ],
    }
