"""One function for each stage: the only room where paths, clocks and side effects meet.

A stage reads a card, opens its inputs, calls one function of a lower floor and writes a report.
`dvc.yaml` calls them through the command line; they run as well without DVC.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from registry import reports
from registry.cards import Benchmark, Card, Dataset, Mixture, Model, Recipe, to_plain
from registry.cards.kinds import Rank, Source
from registry.cards.tuning import Tune
from registry.errors import RegistryError
from registry.hashing import digest, hash_file
from registry.index import Registry, load, name_of
from registry.logbook import Say, clock, code, done, made_by
from registry.losses import Losses
from registry.place import Place
from registry.reports import Artefact, Measurement, Report, artefact

if TYPE_CHECKING:
    from registry.canonical import Row
    from registry.evaluation.benchmarks import Evaluated
    from registry.tuning.loop import Tuned

C = TypeVar("C")
WEIGHTS = "model.safetensors"
FETCHED = ("dataset", "benchmark", "model")


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

    card = _card(load(place.root), name, Mixture)
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


def tune(place: Place, name: str, *, say: Say) -> Report:
    """Tune a model as its card says; a killed run goes on from its last checkpoint.

    Under torchrun the processes tune together, and this is what the one that leads does.
    """
    from registry import devices, tracking, trained

    card, recipe, inputs = _to_tune(place, name)
    losses = Losses(place.checkpoints(card.id) / "losses.jsonl")
    watched = os.environ.get("MLFLOW_TRACKING_URI")
    with clock() as environment, tracking.live(watched, card.id, say=say) as live:
        environment["code"] = code(place.root)
        log = _both(losses, live)
        tuned = _tune(place, card, recipe, log=log, say=say, progress=place.progress)
    losses.finish(place.losses(card.id), recipe.tune.steps)
    trained.write(place.shown(card.id), tuned.shown)
    environment |= {"device": tuned.device, "precision": tuned.precision}
    environment["hardware"] = devices.describe(devices.choose(place.device))
    environment |= {"processes": tuned.processes} if tuned.processes > 1 else {}
    environment |= {"resumed_from": tuned.resumed_from} if tuned.resumed_from else {}
    outputs = (
        artefact(place.root, place.model(card.id) / WEIGHTS),
        artefact(place.root, place.losses(card.id)),
        artefact(place.root, place.shown(card.id)),
        *_beside_weights(place, card.id),
    )
    settings = {"build": to_plain(card.build), "tune": to_plain(recipe.tune)}
    return done(place, "tune", card, settings, inputs, outputs, _measured(tuned), environment, say)


def follow(place: Place, name: str) -> None:
    """Take part in a tuning that another process leads; write nothing but parts of checkpoints."""
    card, recipe, _ = _to_tune(place, name)
    _tune(place, card, recipe, log=lambda *_: None, say=lambda _: None, progress=False)


def evaluate(place: Place, name: str, *, say: Say) -> Report:
    """Answer the benchmarks that a model's card names, and score the answers."""
    registry = load(place.root)
    card = _card(registry, name, Model)
    names = card.evaluate.benchmarks if card.evaluate else ()
    if not names:
        raise RegistryError(f"{name_of(card)}: names no benchmark; add `evaluate`")
    inputs = [*made_by(place, _maker(registry, card.id), card.id, WEIGHTS)]
    outputs: list[Artefact] = []
    measured: dict[str, list[Measurement]] = {
        "results": [],
        "truncated": [],
        "tokens_per_second": [],
    }
    with clock() as environment:
        for id in names:
            benchmark = _card(registry, f"benchmarks/{id}", Benchmark)
            table = _rows_of(place, benchmark)
            answers = place.answers(card.id, id)
            evaluated = _answer(place, card, benchmark, table, inputs[0], answers, say=say)
            inputs += _read_for(place, benchmark, table)
            outputs += _answered(place, answers, evaluated)
            for name, many in _scored(benchmark, evaluated).items():
                measured[name] += many
            environment |= {"device": evaluated.device, "precision": evaluated.precision}
    settings = {id: _obeyed(registry.benchmarks[id]) for id in names}
    said = {name: tuple(many) for name, many in measured.items()}
    read, wrote = tuple(inputs), tuple(outputs)
    return done(place, "evaluate", card, settings, read, wrote, said, environment, say)


def try_out(
    place: Place,
    name: str,
    benchmarks: Sequence[str],
    *,
    table: Path | None = None,
    limit: int | None = None,
    say: Say,
) -> list[Measurement]:
    """Answer benchmarks that a model's card need not name, and score the answers.

    Each is a report of its own, unless the card names it, and so has it in the model's report.
    With `limit`, only so many rows of each, the first ones; `table` is another table of rows in
    place of the benchmark's own, such as a variant of it: of these there is no report.
    """
    registry = load(place.root)
    card = _card(registry, name, Model)
    (weights,) = made_by(place, _maker(registry, card.id), card.id, WEIGHTS)
    found: list[Measurement] = []
    for id in benchmarks:
        benchmark = _card(registry, f"benchmarks/{id.removeprefix('benchmarks/')}", Benchmark)
        rows = _table(table) if table else _rows_of(place, benchmark)
        named = card.evaluate is not None and benchmark.id in card.evaluate.benchmarks
        if table or limit or named:
            part = _name_of(benchmark, rows, limit)
            whole = named and part == benchmark.id
            answers = (place.answers if whole else place.tried)(card.id, part)
            evaluated = _answer(
                place, card, benchmark, rows, weights, answers, limit=limit, say=say
            )
            found += evaluated.results(benchmark.id)
        else:
            found += _reported(place, card, benchmark, rows, weights, say=say)
    return found


def _reported(
    place: Place, card: Model, benchmark: Benchmark, table: Artefact, weights: Artefact, *, say: Say
) -> tuple[Measurement, ...]:
    """Answer all of a benchmark that the card does not name; write a report of it alone."""
    answers = place.tried(card.id, benchmark.id)
    with clock() as environment:
        evaluated = _answer(place, card, benchmark, table, weights, answers, say=say)
    environment |= {"device": evaluated.device, "precision": evaluated.precision}
    settings = {benchmark.id: _obeyed(benchmark)}
    inputs = (weights, *_read_for(place, benchmark, table))
    outputs = _answered(place, answers, evaluated)
    measured = {name: tuple(many) for name, many in _scored(benchmark, evaluated).items()}
    part = benchmark.id
    done(place, "evaluate", card, settings, inputs, outputs, measured, environment, say, part)
    return measured["results"]


def _name_of(benchmark: Benchmark, table: Artefact, limit: int | None) -> str:
    """Return what answers to a variant or to the first rows of a benchmark are called."""
    stem = Path(table.path).stem
    part = f"{benchmark.id}.{stem}" if "." in stem else benchmark.id
    return f"{part}.first-{limit}" if limit else part


def _answered(place: Place, answers: Path, evaluated: "Evaluated") -> tuple[Artefact, ...]:
    """Describe the answers, and the verdicts beside them."""
    from registry.evaluation import items

    both = (answers, items.beside(answers))
    return tuple(artefact(place.root, path, rows=evaluated.n) for path in both)


def _scored(benchmark: Benchmark, evaluated: "Evaluated") -> dict[str, list[Measurement]]:
    """Put what an evaluation counted under the names that claims and pages use."""
    id, cut, speed = benchmark.id, evaluated.truncated, evaluated.tokens_per_second
    part = "prompt" if benchmark.rank else None
    return {
        "results": evaluated.results(id),
        "truncated": [] if cut is None else [Measurement(benchmark=id, unit="answers", value=cut)],
        "tokens_per_second": [Measurement(benchmark=id, part=part, value=speed)] if speed else [],
    }


def _table(path: Path) -> Artefact:
    """Describe a table that lies anywhere."""
    found = hash_file(path)
    return Artefact(
        path=str(path), sha256=found.sha256, bytes=found.bytes, digest=f"md5:{found.md5}"
    )


def rows_of(place: Place, name: str) -> Path:
    """Return where the canonical table of a benchmark lies, once its stage has made it."""
    name = f"benchmarks/{name.removeprefix('benchmarks/')}"
    return place.root / _rows_of(place, _card(load(place.root), name, Benchmark)).path


def publish(place: Place, *, say: Say) -> Report:
    """Bring MLflow up to date with the reports; what is there already stays as it is."""
    from registry import tracking

    found = [one for one in reports.all_of(place.root) if one.stage != "publish"]
    with clock() as environment:
        synced = tracking.sync(
            load(place.root),
            found,
            place.root,
            tracking_uri=place.tracking_uri,
            say=say,
            progress=place.progress,
        )
    settings = {"reports": {one.file: one.key for one in found}}
    environment |= {"tracking_uri": place.tracking_uri} | synced.links()
    report = Report(stage="publish", id="all", settings=settings, environment=environment)
    reports.write(place.root, report)
    return report


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


def _beside_weights(place: Place, id: str) -> tuple[Artefact, ...]:
    """Return what a tuned model has beside its weights: virtual tokens, a hypernetwork."""
    from registry import hypernetwork, virtual
    from registry.checkpoints import ADAPTER

    folder = place.model(id)
    others = (virtual.tensors(folder / ADAPTER), hypernetwork.tensors_of(folder))
    return tuple(artefact(place.root, one) for one in others if one)


def _to_tune(place: Place, name: str) -> tuple[Model, Recipe, tuple[Artefact, ...]]:
    """Return a model's card and its recipe, and what they are made of, which has to be there."""
    registry = load(place.root)
    card = _card(registry, name, Model)
    if card.build is None:
        reason = card.not_reproduced or "the card has no `build`; add one"
        raise RegistryError(f"{name_of(card)}: cannot be tuned: {reason}")
    recipe = _card(registry, f"recipes/{card.build.recipe}", Recipe)
    inputs = (
        *made_by(place, _maker(registry, card.build.base), card.build.base, WEIGHTS),
        *made_by(place, "mix", card.build.mixture, "/train.parquet"),
        *_of_reward_model(place, registry, recipe.tune),
    )
    return card, recipe, inputs


def _tune(
    place: Place,
    card: Model,
    recipe: Recipe,
    *,
    log: Callable[[int, Mapping[str, float]], None],
    say: Say,
    progress: bool,
) -> "Tuned":
    from registry import canonical
    from registry.tuning import distributed, loop

    assert card.build is not None
    with distributed.joined(place.device) as group:
        return loop.tune(
            place.model(card.build.base),
            list(canonical.read_rows(place.mixture(card.build.mixture) / "train.parquet")),
            recipe.tune,
            place.model(card.id),
            place.checkpoints(card.id),
            device=place.device,
            reward=_reward(place, recipe.tune),
            group=group,
            log=log,
            say=say,
            progress=progress,
        )


def _reward(place: Place, settings: Tune) -> Any:
    """Return what answers earn under a recipe; None where nothing is earned."""
    if settings.policy is None:
        return None
    if settings.policy.model:
        from registry.reward_model import open_judge

        return open_judge(place.model(settings.policy.model), device=place.device)
    from registry.evaluation.rewards import reward

    return reward(settings.policy.reward)


def _of_reward_model(place: Place, registry: Registry, settings: Tune) -> tuple[Artefact, ...]:
    if settings.policy is None or settings.policy.model is None:
        return ()
    name = settings.policy.model
    return made_by(place, _maker(registry, name), name, WEIGHTS)


def _measured(tuned: "Tuned") -> dict[str, tuple[Measurement, ...]]:
    """Put what the loop counted under the names that claims and pages use."""
    scale = {
        "parameters": tuned.parameters,
        "trained parameters": tuned.trained_parameters,
        "instances": tuned.rows,
        "tokens": tuned.tokens,
        "supervised tokens": tuned.supervised_tokens,
    }
    one = {
        "steps": tuned.steps,
        "epochs": tuned.epochs,
        "rows_too_long": tuned.rows_too_long,
        "tokens_per_second": tuned.tokens_per_second,
        "packing": tuned.packing,
    }
    return {
        "scale": tuple(Measurement(unit=unit, value=value) for unit, value in scale.items()),
        "loss": (
            Measurement(part="first", value=tuned.first_loss),
            Measurement(part="last", value=tuned.last_loss),
        ),
        "measures": tuple(
            Measurement(part=f"{name}, {part}", value=value)
            for name, ends in tuned.measures.items()
            for part, value in zip(("first tenth", "last tenth"), ends, strict=True)
        ),
        "speed": tuple(
            Measurement(unit=unit, value=value)
            for unit, value in (
                ("tokens per second", tuned.tokens_per_second),
                ("MFU", tuned.mfu),
                ("bytes at peak", tuned.peak_memory_bytes),
                ("seconds", tuned.seconds),
            )
        ),
        "peak_memory": (Measurement(unit="bytes", value=tuned.peak_memory_bytes),),
        **{name: (Measurement(value=value),) for name, value in one.items()},
    }


def _answer(
    place: Place,
    card: Model,
    benchmark: Benchmark,
    table: Artefact,
    weights: Artefact,
    answers: Path,
    *,
    limit: int | None = None,
    say: Say,
) -> "Evaluated":
    from registry import canonical
    from registry.evaluation import benchmarks

    rows = list(islice(canonical.read_rows(place.root / table.path), limit))
    if benchmark.rank:
        rows = _with_options(rows, benchmark, say)
        return _rank(place, card, benchmark, benchmark.rank, rows, table, weights, answers, say=say)
    if benchmark.generate is None:
        raise RegistryError(f"{name_of(benchmark)}: says not how to answer; add `generate`")
    return benchmarks.evaluate(
        place.model(card.id),
        rows,
        metrics=benchmark.metrics,
        max_new_tokens=benchmark.generate.max_new_tokens,
        answers=answers,
        weights=weights.sha256,
        benchmark=table.digest,
        device=place.device,
        progress=place.progress,
        say=say,
    )


def _with_options(rows: list["Row"], benchmark: Benchmark, say: Say) -> list["Row"]:
    """Leave out a mixture's rows with nothing to rank; a benchmark's own must all have options."""
    if not benchmark.rows:
        return rows
    kept = [row for row in rows if row.options or row.rejected]
    if len(kept) < len(rows):
        say(f"{benchmark.id}: {len(rows) - len(kept)} of {len(rows)} rows have nothing to rank")
    return kept


def _rank(
    place: Place,
    card: Model,
    benchmark: Benchmark,
    how: Rank,
    rows: list["Row"],
    table: Artefact,
    weights: Artefact,
    answers: Path,
    *,
    say: Say,
) -> "Evaluated":
    from registry import canonical
    from registry.evaluation import ranking

    seen = [table, *_examples_of(place, benchmark)]
    for examples in seen[1:]:
        shown = list(canonical.read_rows(place.root / examples.path))
        rows = ranking.with_examples(rows, shown, how.shots)
    return ranking.evaluate(
        place.model(card.id),
        rows,
        metrics=benchmark.metrics,
        show=how.show,
        chat=how.prompt == "chat",
        shots=how.shots,
        answers=answers,
        weights=weights.sha256,
        benchmark=digest([one.digest for one in seen]),
        device=place.device,
        progress=place.progress,
        say=say,
    )


def _read_for(place: Place, benchmark: Benchmark, table: Artefact) -> tuple[Artefact, ...]:
    """Return the tables that an evaluation reads: that of its rows, and that of its examples."""
    return (table, *_examples_of(place, benchmark))


def _examples_of(place: Place, benchmark: Benchmark) -> tuple[Artefact, ...]:
    if benchmark.rank is None or not benchmark.rank.shots:
        return ()
    return made_by(place, "convert", benchmark.id, "/dev.parquet")


def _rows_of(place: Place, benchmark: Benchmark) -> Artefact:
    if benchmark.rows:
        part = f"/{benchmark.rows.part}.parquet"
        (table,) = made_by(place, "mix", benchmark.rows.mixture, part)
        return table
    if benchmark.convert:
        tables = made_by(place, "convert", benchmark.id, ".parquet")
        tests = [one for one in tables if one.path.endswith("/test.parquet")]
        return (tests or tables)[0]
    reason = benchmark.unavailable or "the card has neither `rows` nor `convert`; add one"
    raise RegistryError(f"{name_of(benchmark)}: cannot be run: {reason}")


def _obeyed(benchmark: Benchmark) -> dict[str, Any]:
    from registry.evaluation import following

    return {
        "rows": to_plain(benchmark.rows),
        "metrics": list(benchmark.metrics),
        "generate": to_plain(benchmark.generate),
        **({"rank": to_plain(benchmark.rank)} if benchmark.rank else {}),
        "scorers": following.scorers(benchmark.metrics),
    }


def _maker(registry: Registry, model: str) -> str:
    """Return the stage that makes a model's weights."""
    return "tune" if registry.models[model].build else "convert"


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


def _card(registry: Registry, name: str, kind: type[C]) -> C:
    """Return the card of one kind; an id alone is looked up in that kind's folder."""
    folder = f"{kind.__name__.lower()}s"
    card = registry.find(name if "/" in name else f"{folder}/{name}")
    if not isinstance(card, kind):
        raise RegistryError(f"{name}: is a {card.kind}; name a {kind.__name__.lower()}")
    return card


def _both(
    first: Callable[[int, Mapping[str, float]], None],
    second: Callable[[int, Mapping[str, float]], None],
) -> Callable[[int, Mapping[str, float]], None]:
    def log(step: int, metrics: Mapping[str, float]) -> None:
        first(step, metrics)
        second(step, metrics)

    return log
