"""The commands that follow lineage and print tables made of cards and reports."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from registry.cli.shell import JSON, ROOT, print_json, say, table


@click.command()
@click.argument("name")
@click.option("--up/--down", "upward", default=True, help="What it came from, or what came of it.")
@click.option("--models", is_flag=True, help="Only the models that were tuned on it, and how.")
@ROOT
@JSON
def lineage(name: str, upward: bool, models: bool, root: Path, as_json: bool) -> None:
    """Follow a card's lineage, from cards and reports alone.

    With --models: the models that a dataset or a mixture came to, directly, by a mixture, by data
    derived from it, by a base model or by a model that wrote data; with the weakest proof on the
    way.

    \b
        registry lineage smollm2-evals --up
        registry lineage openai-evals --down --json
        registry lineage alpaca --models
    """
    from registry import lineage as lines
    from registry import reports
    from registry.index import load, name_of

    registry = load(root)
    whole = lines.graph(registry, reports.all_of(root))
    start = name_of(registry.find(name))
    if models:
        _print_tuned([asdict(one) for one in lines.tuned_on(whole, start)], as_json)
        return
    part = (lines.up if upward else lines.down)(whole, start)
    if as_json:
        print_json(lines.as_plain(part, start))
        return
    for depth, layer in enumerate(lines.layers(part)):
        for node in layer:
            proof = f"  sha256 {node.sha256[:12]}…" if node.sha256 else ""
            click.echo(f"{'  ' * depth}{node.name}{proof}")
    table(
        ("from", "gave", "to", "known by"),
        list(dict.fromkeys((e.source, e.relation, e.target, e.proof) for e in part.edges)),
    )


def _print_tuned(found: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    rows = [(one["model"], one["way"], one["proof"], _path(one["path"])) for one in found]
    table(("model", "way", "weakest proof", "path"), rows)


def _path(edges: Sequence[Mapping[str, Any]]) -> str:
    steps = (f" -[{edge['relation']}]-> {edge['target']}" for edge in edges)
    return str(edges[0]["source"]) + "".join(steps)


@click.group()
def report() -> None:
    """Print tables made of cards and reports."""


@report.command("run")
@ROOT
@JSON
def report_run(root: Path, as_json: bool) -> None:
    """Print what the pipeline made: conversion, tuning, scores before and after.

    \b
        registry report run
        registry report run --json
    """
    from registry import overview, reports
    from registry.index import load
    from registry.place import said

    main = said(root).get("tuned")
    made = overview.overview(load(root), reports.all_of(root), main)
    if as_json:
        print_json(made)
    else:
        click.echo(overview.as_text(made))


@report.command("recipes")
@ROOT
@JSON
def report_recipes(root: Path, as_json: bool) -> None:
    """Print every recipe side by side: what it trained, scores before and after in percent.

    A change's standard error is that over tasks: rows of one task rise and fall together. `guess`
    is what the answer most frequent in each task's training would score, or any of a row's options.

    \b
        registry report recipes
        registry report recipes --json
    """
    from registry import reports
    from registry.index import load
    from registry.overview import NOTE
    from registry.trials import trials

    made = trials(load(root), reports.all_of(root))
    if as_json:
        print_json(made)
        return
    head = ("recipe", "trains", "benchmark", "metric", "guess", "before", "after", "change")
    table(head, [_trial(one) for one in made], right={1, 4, 5, 6, 7})
    say(NOTE)


def _trial(one: Mapping[str, Any]) -> tuple[str, ...]:
    from registry.overview import percent

    trains = f"{one['trained_parameters']:,}" if one["trained_parameters"] else "-"
    scores = (percent(one[name]) for name in ("guess", "before", "after"))
    named = (one["recipe"], trains, one["benchmark"], one["metric"])
    return (*named, *scores, percent(one["change"], "+"))


@report.command("table6")
@ROOT
@JSON
def report_table6(root: Path, as_json: bool) -> None:
    """Print the survey's table of datasets, put together from the claims that cite it.

    \b
        registry report table6
        registry report table6 --json
    """
    from registry.index import load
    from registry.tables import table6

    made = table6(load(root))
    if as_json:
        print_json(made)
        return
    head = ("name", "released", "tasks", "instances_thousands", "language", "annotator")
    table(head, [tuple(_cell(one, name) for name in head) for one in made], right={2, 3})


@report.command("scale")
@click.option("--out", type=click.Path(path_type=Path), help="Draw it: FILE.svg, .png or .pdf.")
@ROOT
@JSON
def report_scale(out: Path | None, root: Path, as_json: bool) -> None:
    """Show what model size and the number of tasks do: the survey's Figure 4, from the cards.

    Scores are in per cent of the largest of their panel, as the figure has them.

    \b
        registry report scale
        registry report scale --out figure4.svg
    """
    from registry import figures
    from registry.index import load
    from registry.scaling import panels

    made = panels(load(root))
    if out:
        figures.scaling(made, out)
        say(f"wrote {out}")
    if as_json:
        print_json(made)
        return
    for panel in made:
        click.secho(f"{panel['title']}, by tasks tuned on", bold=True)
        head = ("size", *(f"{tasks:,}" for tasks in panel["tasks"]))
        rows = []
        for one in panel["series"]:
            by_tasks = {point["tasks"]: f"{point['normalised']:.1f}" for point in one["points"]}
            rows.append((one["label"], *(by_tasks.get(tasks, "") for tasks in panel["tasks"])))
        table(head, rows, right=set(range(1, len(head))))
        click.echo()


@report.command("timeline")
@click.option(
    "--by",
    type=click.Choice(["year", "quarter", "month"]),
    default="year",
    show_default=True,
    help="Step.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Draw it: FILE.svg, .png or .pdf.")
@ROOT
@JSON
def report_timeline(by: str, out: Path | None, root: Path, as_json: bool) -> None:
    """Show when datasets, benchmarks and models came out, and who wrote the datasets.

    The date is the earliest that a source gives, or the year of the card's paper.

    \b
        registry report timeline
        registry report timeline --by month --out timeline.svg
    """
    from registry import figures
    from registry.index import load
    from registry.timeline import WRITERS, timeline

    made = timeline(load(root), by=by)
    if out:
        figures.timeline(made, out, by=by)
        say(f"wrote {out}")
    if as_json:
        print_json(made)
        return
    most = max((sum(one["datasets"].values()) for one in made), default=1)
    rows = [
        (
            one[by],
            _bar([one["datasets"][who] for who in WRITERS], most),
            *(_grouped(one["datasets"][who]) for who in WRITERS),
            _grouped(one["benchmarks"]),
            _grouped(one["models"]),
        )
        for one in made
    ]
    head = (by, "datasets", *WRITERS, "benchmarks", "models")
    table(head, rows, right=set(range(2, len(head))))
    marks = ", ".join(f"{mark} {who}" for mark, who in zip(MARKS, WRITERS, strict=True))
    say(f"written by: {marks}")


@report.command("coverage")
@click.option(
    "--list",
    "listed",
    type=click.Path(path_type=Path),
    help="What has to be there; coverage.yaml beside cards/ unless told otherwise.",
)
@ROOT
@JSON
def report_coverage(listed: Path | None, root: Path, as_json: bool) -> None:
    """Tell whether everything that the papers name has a card; exit with 1 if not.

    \b
        registry report coverage
        registry report coverage --json
    """
    from registry import coverage, reports
    from registry.index import load

    wanted = coverage.required(listed or root / coverage.FILE)
    made = coverage.coverage(load(root), wanted, reports.all_of(root))
    if as_json:
        print_json(made)
    else:
        head = ("name", "card", "cited", "declared", "measured", "disagreements")
        rows = [
            (
                one["name"],
                "yes" if one["card"] else "NO",
                *(str(one[status]) for status in ("cited", "declared", "measured")),
                ", ".join(one["disagreements"]),
            )
            for one in made["items"]
        ]
        table(head, rows, right={2, 3, 4})
        there = made["required"] - len(made["missing"])
        click.echo(f"{there} of {made['required']} have a card ({made['share']:.1%})")
        click.echo(f"{len(made['beyond'])} cards beyond the list")
    sys.exit(1 if made["missing"] else 0)


MARKS = "█▓▒░·"
WIDTH = 40


def _bar(counts: list[int], most: int) -> str:
    """Return a bar of marks, one kind for each count; as wide as the largest bar allows."""
    scale = min(1.0, WIDTH / most)
    ends = [round(sum(counts[: at + 1]) * scale) for at in range(len(counts))]
    starts = [0, *ends[:-1]]
    return "".join(
        mark * (end - start) for mark, start, end in zip(MARKS, starts, ends, strict=True)
    )


def _cell(line: dict[str, Any], name: str) -> str:
    """Print a table's cell: `?` where no claim fills it, `/` where the paper says it is unknown."""
    value = line.get(name, "?")
    if value is None:
        return "/"
    return ", ".join(value) if isinstance(value, list) else _grouped(value)


def _grouped(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
