"""The command that says whether two models differ on the same rows."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry.cli.shell import JSON, ROOT, print_json, say, table

if TYPE_CHECKING:
    from registry.evaluation.paired import Difference

FEW = 50
"""Fewer clusters may leave their error too small: Cameron and Miller (2015), section VI."""


@click.command("compare-scores")
@click.argument("first")
@click.argument("second")
@click.argument("benchmark", required=False)
@ROOT
@JSON
def compare_scores(
    first: str, second: str, benchmark: str | None, root: Path, as_json: bool
) -> None:
    """Say whether two models differ on the same rows.

    FIRST and SECOND are models that answered BENCHMARK (`registry evaluate`) or, without BENCHMARK,
    files of verdicts as `registry score --items` writes them. Both must have the same rows.

    Of each metric: the means in per cent, first less second, and the standard error of that from
    rows and from rows clustered by task; the interval of 1,000 resamples of the rows; and where a
    row is right or wrong, how many only one has right, and McNemar's exact p.

    \b
        registry compare-scores smollm2-evals smollm2-135m-instruct evals-new-tasks
        registry compare-scores verdicts/one.jsonl verdicts/other.jsonl --json
    """
    from registry.evaluation import paired
    from registry.place import here
    from registry.stages import verdicts_of

    names = (first, second)
    if benchmark:
        place = here(root)
        paths = [verdicts_of(place, name, benchmark, say=say) for name in names]
    else:
        paths = [Path(name) for name in names]
        missing = [str(path) for path in paths if not path.is_file()]
        if missing:
            said = f"no file: {', '.join(missing)}; name files of verdicts, or models and BENCHMARK"
            raise click.UsageError(said)
    found = paired.compare(*paired.read(paths))
    if as_json:
        models = {"benchmark": benchmark, "first": first, "second": second}
        print_json({**models, "files": [str(path) for path in paths], **asdict(found)})
        return
    click.echo(f"first: {first}, second: {second}{f', on {benchmark}' if benchmark else ''}")
    _print(found.differences)
    for name, left in zip(names, (found.only_first, found.only_second), strict=True):
        if left:
            say(f"only {name} has {', '.join(left)}")


def _print(found: Sequence["Difference"]) -> None:
    head = ("metric", "rows", "tasks", "first", "second", "difference", "± rows", "± tasks")
    rest = ("95% interval", "only first", "only second", "p")
    table((*head, *rest), [_cells(one) for one in found], right=set(range(1, 12)))
    click.echo(_read_so(found[0].tasks))


def _cells(one: "Difference") -> tuple[str, ...]:
    test = one.mcnemar
    split = (f"{test.only_first:,}", f"{test.only_second:,}", _chance(test.p)) if test else ()
    return (
        one.metric,
        f"{one.n:,}",
        "–" if one.tasks is None else f"{one.tasks:,}",
        _percent(one.first),
        _percent(one.second),
        _percent(one.difference, "+"),
        _percent(one.stderr),
        _percent(one.clustered),
        f"{_percent(one.interval.low, '+')} to {_percent(one.interval.high, '+')}",
        *(split or ("–", "–", "–")),
    )


def _percent(value: float | None, sign: str = "") -> str:
    return "–" if value is None else f"{100 * value:{sign}z.1f}"


def _chance(p: float) -> str:
    return f"{p:.3f}" if p >= 0.001 else "<0.001"


def _read_so(tasks: int | None) -> str:
    """Return one sentence on which of the errors to go by."""
    if tasks is None:
        return "No row says its task: all of this takes rows as independent."
    if tasks == 1:
        return "All rows are of one task: none of this tells how the models do on another."
    apart = "the interval and p take rows as independent."
    if tasks < FEW:
        return (
            "Go by the larger of ± rows and ± tasks: rows of one task succeed and fail together,"
            f" of which {tasks} tasks show only a part; {apart}"
        )
    return f"Go by ± tasks: rows of one task succeed and fail together, but ± rows, {apart}"
