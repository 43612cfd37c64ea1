"""The stages that let models answer benchmarks, and score the answers."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.cards import Benchmark, Model, to_plain
from registry.cards.kinds import Rank
from registry.errors import RegistryError
from registry.hashing import digest, hash_file
from registry.index import load, name_of
from registry.logbook import Say, clock, done, made_by
from registry.place import Place
from registry.reports import TENSORS, Artefact, Measurement, Report, artefact
from registry.stages.shared import find, maker

if TYPE_CHECKING:
    from registry.canonical import Row
    from registry.evaluation.benchmarks import Evaluated


def evaluate(place: Place, name: str, *, say: Say) -> Report:
    """Answer the benchmarks that a model's card names, and score the answers."""
    registry = load(place.root)
    card = find(registry, name, Model)
    names = card.evaluate.benchmarks if card.evaluate else ()
    if not names:
        raise RegistryError(f"{name_of(card)}: names no benchmark; add `evaluate`")
    inputs = [*made_by(place, maker(registry, card.id), card.id, TENSORS)]
    outputs: list[Artefact] = []
    measured: dict[str, list[Measurement]] = {
        "results": [],
        "truncated": [],
        "tokens_per_second": [],
    }
    with clock() as environment:
        for id in names:
            benchmark = find(registry, f"benchmarks/{id}", Benchmark)
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
    card = find(registry, name, Model)
    tensors = made_by(place, maker(registry, card.id), card.id, TENSORS)
    found: list[Measurement] = []
    for id in benchmarks:
        benchmark = find(registry, f"benchmarks/{id.removeprefix('benchmarks/')}", Benchmark)
        rows = _table(table) if table else _rows_of(place, benchmark)
        named = card.evaluate is not None and benchmark.id in card.evaluate.benchmarks
        if table or limit or named:
            part = _name_of(benchmark, rows, limit)
            whole = named and part == benchmark.id
            answers = (place.answers if whole else place.tried)(card.id, part)
            evaluated = _answer(
                place, card, benchmark, rows, tensors[0], answers, limit=limit, say=say
            )
            found += evaluated.results(benchmark.id)
        else:
            found += _reported(place, card, benchmark, rows, tensors, say=say)
    return found


def _reported(
    place: Place,
    card: Model,
    benchmark: Benchmark,
    table: Artefact,
    tensors: tuple[Artefact, ...],
    *,
    say: Say,
) -> tuple[Measurement, ...]:
    """Answer all of a benchmark that the card does not name; write a report of it alone."""
    answers = place.tried(card.id, benchmark.id)
    with clock() as environment:
        evaluated = _answer(place, card, benchmark, table, tensors[0], answers, say=say)
    environment |= {"device": evaluated.device, "precision": evaluated.precision}
    settings = {benchmark.id: _obeyed(benchmark)}
    inputs = (*tensors, *_read_for(place, benchmark, table))
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
    return place.root / _rows_of(place, find(load(place.root), name, Benchmark)).path


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
