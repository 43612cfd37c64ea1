"""The command that scores answers from anywhere."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from registry.cli.shell import JSON, ROOT, print_json, say, table

_SHOWN = 10


@click.command()
@click.argument("outputs", type=click.Path(exists=True, path_type=Path))
@click.argument("benchmark")
@click.option(
    "--data",
    type=click.Path(exists=True, path_type=Path),
    help="The benchmark's native file or folder, where it is not the card's own.",
)
@click.option(
    "--items",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write one JSON line per item here: its key and its verdicts.",
)
@click.option(
    "--mode",
    type=click.Choice(["reference", "revised", "fixed"]),
    default="reference",
    show_default=True,
    help="As the reference scorer decides, as its owner revised it, or what the wording asks.",
)
@ROOT
@JSON
def score(
    outputs: Path,
    benchmark: str,
    data: Path | None,
    items: Path | None,
    mode: Any,
    root: Path,
    as_json: bool,
) -> None:
    """Score a file of answers, OUTPUTS, against BENCHMARK; no model is needed.

    OUTPUTS is JSON lines or JSON with a `response` and something to know its prompt by: `key` or
    `id`, or the `prompt` itself. Every item gets a verdict; items without an answer, and answers
    without an item, are counted and named.

    With rouge-1.5.5 in BENCHMARK's place, OUTPUTS is a file of settings as the Perl script takes
    it, in XML or as a list of files, and the scores are that script's.

    \b
        registry score answers.jsonl ifeval --data input_data.jsonl
        registry score answers.jsonl ifeval --items verdicts.jsonl --json
        registry score ROUGE-test.xml rouge-1.5.5
    """
    from registry.evaluation import outside, rouge_files

    if benchmark == rouge_files.NAME:
        _score_summaries(outputs, items, as_json)
        return
    from registry.index import load
    from registry.place import here

    registry = load(root)
    card = registry.find(f"benchmarks/{benchmark.removeprefix('benchmarks/')}")
    scheme = outside.scheme_of(card)
    place = data or outside.native(here(root), card)
    done = outside.score(outputs, place, scheme, mode=mode)
    if items:
        outside.write_items(items, done)
    if as_json:
        print_json(outside.as_plain(card.id, done))
        return
    print_scores(replace(one, benchmark=card.id) for one in done.results)
    for said, names in (
        ("without an answer", done.matched.missing),
        ("answers to nothing in it", done.matched.unknown),
        ("second answers", done.matched.repeated),
    ):
        if names:
            say(f"{len(names):,} {said}: {_some(names)}")


def _score_summaries(settings: Path, items: Path | None, as_json: bool) -> None:
    from registry.evaluation import rouge_files
    from registry.files import write_text

    scored = rouge_files.score(rouge_files.evaluations(settings))
    if items:
        write_text(items, "".join(f"{line}\n" for line in rouge_files.lines(scored)))
    if as_json:
        print_json(rouge_files.as_plain(scored))
        return
    table(
        ("peer", "metric", "average_r", "average_p", "average_f"),
        [
            (peer, kind, *(f"{value:.5f}" for value in (one.recall, one.precision, one.f)))
            for peer, each in rouge_files.averages(scored).items()
            for kind, one in each.items()
        ],
    )


def print_scores(found: Iterable[Any]) -> None:
    """Print measurements of scores as a table, in hundredths."""
    table(
        ("benchmark", "metric", "of", "score", "stderr", "n"),
        [
            (
                one.benchmark or "",
                one.metric or "",
                one.subset or one.part or one.unit or "",
                _percent(one.value),
                _percent(one.stderr),
                str(one.n),
            )
            for one in found
        ],
    )


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
