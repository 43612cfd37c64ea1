"""The commands that run the pipeline's stages, and that hash what they made."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from registry.cli.scoring import print_scores
from registry.cli.shell import JSON, ROOT, print_json, say


def _stage(name: str, summary: str, example: str) -> click.Command:
    """Make the command of one stage; they differ in what they call and say only."""

    @click.command(name, help=f"{summary}\n\n\b\n    {example}")
    @click.argument("card")
    @ROOT
    @JSON
    def run(card: str, root: Path, as_json: bool) -> None:
        from registry import stages
        from registry.place import here

        report = getattr(stages, name)(here(root), card, say=say)
        if as_json:
            print_json(json.loads((root / report.file).read_text(encoding="utf-8")))

    command: click.Command = run
    return command


fetch = _stage(
    "fetch",
    "Fetch the native files of CARD, each proven by hash and size.",
    "TUNEDECK_MIRROR=~/mirror registry fetch alpaca",
)


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="CARD | FILE...")
@click.option("--format", "format", help="Convert FILEs of this format, without a card.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Where to, for FILEs."
)
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="This machine's processes, or a Ray cluster (RAY_ADDRESS).",
)
@ROOT
@JSON
def convert(
    names: tuple[str, ...],
    format: str | None,
    out: Path | None,
    engine: str,
    root: Path,
    as_json: bool,
) -> None:
    """Convert CARD's native files: data to canonical tables, weights to safetensors.

    With --format, convert FILEs from anywhere into the folder --out, without a card.

    \b
        registry convert alpaca
        registry convert --format sharegpt chats.json --out tables --json
    """
    from registry import stages
    from registry.place import here

    place = here(root)
    if format is None:
        if len(names) != 1 or out is not None:
            raise click.UsageError("name one card; or files, with --format and --out")
        report = stages.convert(place, names[0], engine=engine, say=say)
        if as_json:
            print_json(json.loads((root / report.file).read_text(encoding="utf-8")))
        return
    if out is None:
        raise click.UsageError("say with --out which folder the tables go to")
    made = stages.convert_files(place, format, [Path(name) for name in names], out, engine=engine)
    if as_json:
        print_json(made)
        return
    for name in ("records", "usable", "quarantined", "rows", "digest"):
        click.echo(f"{name:12} {made[name]}")
    for reason, count in made["reasons"].items():
        click.echo(f"  {count:,} {reason}")


@click.command("generate-programs")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.option("--size", type=click.IntRange(1), default=900, show_default=True, help="Rows.")
@click.option("--seed", type=int, default=17, show_default=True)
def generate_programs(out: Path, size: int, seed: int) -> None:
    """Write instructions with the programs of their requirements, as IFEval's JSON lines.

    They are drawn from hand-written wordings, without a model: the same size and seed write the
    same bytes, which the card of constraint-programs pins.

    \b
        registry generate-programs --out programs.jsonl --size 900 --seed 17
    """
    from registry.hashing import hash_file
    from registry.programs import write

    write(out, size, seed)
    found = hash_file(out)
    click.echo(f"{out}: {size:,} rows, {found.bytes:,} bytes, sha256 {found.sha256}")


mix = _stage(
    "mix", "Mix datasets into the training table of mixture CARD.", "registry mix evals-small"
)


@click.command()
@click.argument("card")
@ROOT
@JSON
def tune(card: str, root: Path, as_json: bool) -> None:
    """Tune model CARD by its recipe; goes on where a killed run stopped.

    Under torchrun the processes share the model and each step; the first one reports.

    \b
        TUNEDECK_DEVICE=cpu registry tune smollm2-evals
        torchrun --nproc-per-node 8 -m registry.cli tune smollm2-evals
    """
    from registry import stages
    from registry.place import here
    from registry.tuning.distributed import group

    place = here(root)
    if not group().leads:
        stages.follow(place, card)
        return
    report = stages.tune(place, card, say=say)
    if as_json:
        print_json(json.loads((root / report.file).read_text(encoding="utf-8")))


@click.command()
@click.argument("model", metavar="MODEL")
@click.argument("benchmarks", nargs=-1, metavar="[BENCHMARK]...")
@click.option(
    "--rows",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Rows in place of BENCHMARK's own, as `registry perturb` writes them.",
)
@click.option("--limit", type=click.IntRange(1), help="Only so many rows of each BENCHMARK.")
@ROOT
@JSON
def evaluate(
    model: str,
    benchmarks: tuple[str, ...],
    rows: Path | None,
    limit: int | None,
    root: Path,
    as_json: bool,
) -> None:
    """Answer benchmarks with MODEL, and score the answers.

    Without BENCHMARK: those that the card names, into its report, as the pipeline does. With
    BENCHMARK: these, each into a report of its own (not with --limit or --rows, and not if the card
    names it), and the scores are printed. Answers are kept in data/answers/, so that an interrupted
    run goes on where it was.

    \b
        registry evaluate smollm2-evals --json
        registry evaluate smollm2-135m-instruct ifeval --limit 20
        registry evaluate smollm2-evals evals-new-tasks --rows variants/paraphrase.1.parquet
    """
    from registry import stages
    from registry.place import here

    place = here(root)
    if not benchmarks:
        if limit or rows:
            raise click.UsageError("--limit and --rows need a BENCHMARK; a report is of all rows")
        report = stages.evaluate(place, model, say=say)
        if as_json:
            print_json(json.loads((root / report.file).read_text(encoding="utf-8")))
        return
    table = rows.resolve() if rows else None
    found = stages.try_out(place, model, benchmarks, table=table, limit=limit, say=say)
    if as_json:
        print_json(
            [
                {key: value for key, value in asdict(one).items() if value is not None}
                for one in found
            ]
        )
        return
    print_scores(found)


@click.command()
@ROOT
@JSON
def publish(root: Path, as_json: bool) -> None:
    """Bring MLflow up to date with the reports; running it again changes nothing.

    \b
        registry publish
        MLFLOW_TRACKING_URI=http://127.0.0.1:5000/mlflow registry publish
    """
    from registry import stages
    from registry.place import here

    report = stages.publish(here(root), say=say)
    if as_json:
        print_json(dict(report.environment))


@click.command()
@ROOT
@JSON
def verify(root: Path, as_json: bool) -> None:
    """Hash again every file that a report names, and name every difference.

    \b
        registry verify
    """
    from registry.place import here
    from registry.verify import verify as hash_again

    checked, found = hash_again(here(root))
    if as_json:
        listed = [{"path": d.path, "message": d.message, "reports": d.reports} for d in found]
        print_json({"ok": not found, "files": checked, "differences": listed})
    else:
        for difference in found:
            click.echo(str(difference), err=True)
        click.echo(f"{checked} files hashed, {len(found)} differ from the reports")
    sys.exit(1 if found else 0)
