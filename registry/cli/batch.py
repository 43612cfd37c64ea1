"""The command that shows what a recipe trains on."""

import re
import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry.cli.shell import JSON, ROOT, print_json, say

if TYPE_CHECKING:
    from registry.trained import Segment, Shown

_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@click.command("show-batch")
@click.argument("model")
@click.option(
    "--rows", type=click.IntRange(min=1), default=4, show_default=True, help="So many sequences."
)
@click.option(
    "--color/--no-color", "colour", default=None, help="Default: colour where a terminal shows it."
)
@ROOT
@JSON
def show_batch(model: str, rows: int, colour: bool | None, root: Path, as_json: bool) -> None:
    """Show the first sequences that MODEL's recipe trains on, and which tokens count.

    They are made of the mixture's table with the base's tokenizer; where these are not on this
    machine, they are those that `registry tune` recorded. What is trained on is coloured and
    underlined, or stands in ⟦ ⟧ where there is no colour.

    \b
        registry show-batch smollm2-evals --rows 2
        registry show-batch smollm2-evals --json
    """
    from registry import trained
    from registry.place import here
    from registry.preview import preview

    found = preview(here(root), model, rows)
    if as_json:
        shown = [trained.plain(one) for one in found.shown]
        print_json(
            {"model": found.model, "made": found.made, "source": found.source, "rows": shown}
        )
        return
    coloured = sys.stdout.isatty() if colour is None else colour
    for number, one in enumerate(found.shown, 1):
        click.echo(_head(number, one), color=coloured)
        click.echo(_body(one, coloured), color=coloured)
        click.echo()
    how = "made from" if found.made else "recorded by tuning, in"
    many = f"{len(found.shown)} sequences" if len(found.shown) > 1 else "sequence"
    say(f"{found.model}: the first {many}, {how} {found.source}")


def _head(number: int, one: "Shown") -> str:
    share = f"{one.trained / one.tokens:.1%}"
    title = click.style(f"{number}  {_safe(one.id)}", bold=True)
    pair = f", the {one.answer} of two answers" if one.answer else ""
    return (
        f"{title}  {_safe(one.task)}{pair}\n"
        f"   from {_safe(one.file)}, row {one.row}; in step {one.step}\n"
        f"   {one.tokens:,} tokens, {one.trained:,} trained on ({share}); {_ends(one)}\n"
    )


def _ends(one: "Shown") -> str:
    first, last = one.segments[0], one.segments[-1]
    begins = f"begins with {_safe(first.text)}" if first.special else "no special token begins it"
    if not last.special:
        return f"{begins}, no special token ends it"
    return f"{begins}, ends with {_safe(last.text)}" + (
        ", trained on" if last.trained else ", not trained on"
    )


def _body(one: "Shown", coloured: bool) -> str:
    if coloured:
        return "".join(map(_coloured, one.segments))
    runs = groupby(one.segments, lambda each: each.trained)
    texts = ((trained, "".join(_text(each) for each in run)) for trained, run in runs)
    return "".join(f"⟦{text}⟧" if trained else text for trained, text in texts)


def _coloured(one: "Segment") -> str:
    colour = "green" if one.trained else "cyan" if one.special else "bright_black"
    return click.style(_text(one), fg=colour, underline=one.trained, bold=one.special)


def _text(one: "Segment") -> str:
    return f"[… {one.tokens:,} tokens are left out …]" if one.left_out else _safe(one.text)


def _safe(text: str) -> str:
    """Return text that a terminal only shows: a row may hold what would command it."""
    return _UNSAFE.sub(lambda found: f"\\x{ord(found.group()):02x}", text)
