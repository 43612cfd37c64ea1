"""The stages that bring data in: fetch, convert, mix; weights are converted as well."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from registry import reports
from registry.cards import Benchmark, Card, Dataset, Mixture, Model, to_plain
from registry.cards.kinds import Source
from registry.errors import RegistryError
from registry.index import load, name_of
from registry.logbook import Say, clock, done, made_by
from registry.place import Place
from registry.reports import WEIGHTS, Artefact, Measurement, Report, artefact
from registry.stages.shared import FETCHED, find


def fetch(place: Place, name: str, *, say: Say) -> Report:
    """Fetch the native files of a card and prove each by hash and size."""
    from registry import sources

    card = load(place.root).find(name, FETCHED)
    source = _source(card)
    with clock() as environment:
        fetched = sources.fetch(
            card.id,
            source,
            place.native(card.id),
            mirror=place.mirror,
            root=place.root,
            progress=place.progress,
            say=say,
        )
    outputs = tuple(
        Artefact(
            path=(place.native(card.id) / one.path).relative_to(place.root).as_posix(),
            sha256=one.sha256,
            bytes=one.bytes,
            digest=f"md5:{one.md5}",
        )
        for one in fetched
    )
    measured = {"scale": (Measurement(unit="bytes", value=sum(one.bytes for one in fetched)),)}
    return done(place, "fetch", card, to_plain(source), (), outputs, measured, environment, say)


def convert(place: Place, name: str, *, engine: str = "local", say: Say) -> Report:
    """Convert a card's native files: a dataset to canonical tables, weights to safetensors."""
    card = load(place.root).find(name, FETCHED)
    _fetched(place, card, say=say)
    if isinstance(card, Model):
        return _convert_weights(place, card, say=say)
    if isinstance(card, Dataset | Benchmark) and card.convert:
        return _convert_rows(place, card, engine=engine, say=say)
    reason = getattr(card, "unavailable", None) or "the card has no `convert`; add one"
    raise RegistryError(f"{name_of(card)}: cannot be converted: {reason}")


def convert_files(
    place: Place, format: str, paths: Sequence[Path], out: Path, *, engine: str = "local"
) -> dict[str, Any]:
    """Convert files without a card; return the counts, and where the tables are."""
    from registry import convert as conversion

    made = conversion.convert_files(
        format,
        paths,
        out,
        processes=place.processes,
        engine=_engine(engine),
        progress=place.progress,
    )
    return {
        "records": made.records,
        "usable": made.usable,
        "quarantined": made.records - made.usable,
        "reasons": dict(made.reasons),
        "rows": sum(table.rows for table in made.tables),
        "digest": made.digest,
        "tables": [str(table.path) for table in made.tables],
        "quarantine": str(made.quarantine),
    }


def mix(place: Place, name: str, *, say: Say) -> Report:
    """Mix converted datasets into one training table, and hold out what is tested on."""
    from registry import mixtures

    card = find(load(place.root), name, Mixture)
    ids = [one.dataset for one in card.mix.datasets]
    inputs = tuple(one for id in ids for one in made_by(place, "convert", id, ".parquet"))
    with clock() as environment:
        made = mixtures.mix(
            card,
            {id: place.canonical(id) for id in ids},
            place.mixture(card.id),
            progress=place.progress,
        )
    outputs = tuple(
        artefact(place.root, one.path, rows=one.rows, digest=one.digest) for one in made.tables
    )
    for line in made.notes:
        say(f"{card.id}: {line}")
    settings = to_plain(card.mix)
    return done(place, "mix", card, settings, inputs, outputs, made.measured, environment, say)


def _engine(name: str) -> Any:
    """Return what converts: None for this process and its children."""
    if name == "local":
        return None
    from registry import clusters

    return clusters.portions


def _convert_rows(place: Place, card: Dataset | Benchmark, *, engine: str, say: Say) -> Report:
    from registry import convert as rows

    inputs = made_by(place, "fetch", card.id)
    with clock() as environment:
        made = rows.convert(
            card,
            place.native(card.id),
            place.canonical(card.id),
            processes=place.processes,
            engine=_engine(engine),
            progress=place.progress,
        )
    for line in made.left_out:
        say(f"{card.id}: left out {line}")
    environment |= {"left_out": list(made.left_out)} if made.left_out else {}
    outputs = (
        *(artefact(place.root, one.path, rows=one.rows, digest=one.digest) for one in made.tables),
        artefact(place.root, made.quarantine, rows=made.quarantined),
    )
    settings = to_plain(card.convert)
    return done(place, "convert", card, settings, inputs, outputs, made.measured, environment, say)


def _convert_weights(place: Place, card: Model, *, say: Say) -> Report:
    from registry import checkpoints

    if card.weights is None:
        reason = card.not_reproduced or "the card has no `weights`; add them"
        raise RegistryError(f"{name_of(card)}: cannot be converted: {reason}")
    inputs = made_by(place, "fetch", card.id)
    with clock() as environment:
        out = place.model(card.id)
        checkpoints.import_base(place.native(card.id) / card.weights.file, card.weights.format, out)
        parameters = checkpoints.count_parameters(out)
    outputs = (artefact(place.root, out / WEIGHTS),)
    measured = {"scale": (Measurement(unit="parameters", value=parameters),)}
    settings = to_plain(card.weights)
    return done(place, "convert", card, settings, inputs, outputs, measured, environment, say)


def _fetched(place: Place, card: Card, *, say: Say) -> None:
    """Fetch first when somebody converts without having fetched."""
    report = reports.read(place.root, "fetch", card.id)
    said = {one.path: one.sha256 for one in report.outputs} if report else {}
    folder = place.native(card.id).relative_to(place.root).as_posix()
    wanted = {f"{folder}/{one.path}": one.sha256 for one in _source(card).files}
    present = all((place.root / path).is_file() for path in wanted)
    if not present or any(said.get(path) != sha256 for path, sha256 in wanted.items()):
        fetch(place, name_of(card), say=say)


def _source(card: Card) -> Source:
    source: Source | None = getattr(card, "source", None)
    if source is None:
        reason = getattr(card, "unavailable", None) or "the card has no `source`"
        raise RegistryError(f"{name_of(card)}: nothing to fetch: {reason}")
    return source
