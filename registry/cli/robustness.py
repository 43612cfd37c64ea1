"""The commands that ask a benchmark in other words, and say how far its scores spread."""

from dataclasses import asdict
from pathlib import Path

import click

from registry.cli.shell import JSON, ROOT, print_json, say, table

_KINDS = ("paraphrase", "shorter", "longer", "demonstrations", "negated")
_TABLE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("benchmark", required=False)
@click.option(
    "--kind",
    "kinds",
    type=click.Choice(_KINDS),
    multiple=True,
    required=True,
    help="What to change; may be given several times.",
)
@click.option("--variants", type=click.IntRange(min=1), default=1, show_default=True)
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    help="Decides which wordings and orders come first.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="The folder for <kind>.<n>.parquet.",
)
@click.option("--data", type=_TABLE, help="A canonical table, in place of BENCHMARK's own.")
@click.option("--changed-only", is_flag=True, help="Leave out rows that nothing can be done to.")
@ROOT
@JSON
def perturb(
    benchmark: str | None,
    kinds: tuple[str, ...],
    variants: int,
    seed: int,
    out: Path,
    data: Path | None,
    changed_only: bool,
    root: Path,
    as_json: bool,
) -> None:
    """Ask BENCHMARK in other words: a canonical table for each variant of its rows.

    Inputs, references, options and constraints stay as they are; the id of a row is its origin's,
    `~`, and the variant. docs/robustness.md says what each kind does.

    \b
        registry perturb evals-new-tasks --kind paraphrase --kind longer --variants 5 --out variants
        registry perturb --data test.parquet --kind negated --seed 1 --out variants --json
    """
    from registry.canonical import read_rows
    from registry.evaluation import robustness
    from registry.place import here
    from registry.stages import rows_of

    if benchmark is None and data is None:
        raise click.UsageError("name a benchmark, or a table with --data")
    made = robustness.write(
        list(read_rows(data or rows_of(here(root), benchmark or ""))),
        kinds,
        out,
        variants=variants,
        seed=seed,
        changed_only=changed_only,
    )
    if as_json:
        plain = [asdict(one) | {"path": str(one.path)} for one in made]
        print_json({"benchmark": benchmark, "seed": seed, "variants": plain})
        return
    table(
        ("variant", "rows", "changed", "digest"),
        [(one.name, f"{one.rows:,}", f"{sum(one.changed.values()):,}", one.digest) for one in made],
        right={1, 2},
    )
    for one in made:
        for reason, count in one.unchanged.items():
            say(f"{one.name}: {count:,} not changed: {reason}")


@click.command()
@click.argument("files", nargs=-1, required=True, type=_TABLE, metavar="FILE...")
@click.option("--benchmark", help="Score answers against this benchmark's rows.")
@click.option("--data", type=_TABLE, help="Score answers against this canonical table.")
@click.option("--metric", "metrics", multiple=True, help="Score answers by these; else by all.")
@ROOT
@JSON
def spread(
    files: tuple[Path, ...],
    benchmark: str | None,
    data: Path | None,
    metrics: tuple[str, ...],
    root: Path,
    as_json: bool,
) -> None:
    """Say how far scores spread over the variants of a benchmark.

    A FILE holds answers (JSON lines with `id` and `response`), verdicts as `registry score --items`
    writes them, or scores as its `--json` prints them. Which variant it is of is told by the ids of
    its items, else by its name; a file of neither is the benchmark as it is. Of `negated`, a score
    is the share of answers that still do the task: lower is better.

    \b
        registry spread answers/paraphrase.*.jsonl answers/origin.jsonl --benchmark evals-new-tasks
        registry spread verdicts/longer.1.jsonl verdicts/longer.2.jsonl --json
    """
    from registry.canonical import read_rows
    from registry.evaluation import robustness
    from registry.evaluation.metrics import METRICS, choose
    from registry.place import here
    from registry.stages import rows_of

    path = data or (rows_of(here(root), benchmark) if benchmark else None)
    scores = robustness.read(
        files, read_rows(path) if path else (), choose(metrics) if metrics else METRICS
    )
    found = robustness.spread(scores)
    if as_json:
        print_json({"spread": [asdict(one) for one in found]})
        return
    table(
        ("kind", "metric", "variants", "as is", "mean", "min", "max", "sd", "stderr", "flips", "n"),
        [
            (
                one.kind,
                one.metric,
                str(len(one.variants)),
                _percent(one.origin.mean if one.origin else None),
                *map(_percent, (one.mean, one.low, one.high, one.deviation, one.stderr, one.flips)),
                str(one.items or "–"),
            )
            for one in found
        ],
        right=set(range(2, 11)),
    )
    for one in found:
        if one.left_out:
            say(f"{one.kind}: {one.metric}: {one.left_out:,} items are not in every file")


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"
