"""The command that makes a tuned model once more."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry.cli.shell import JSON, ROOT, print_json, say

if TYPE_CHECKING:
    from registry.reproduce import Reproduced


@click.command()
@click.argument("model")
@click.option("--check", is_flag=True, help="Only compare cards and files with the report.")
@ROOT
@JSON
def reproduce(model: str, check: bool, root: Path, as_json: bool) -> None:
    """Tune MODEL once more from a clean checkout, and say what came out otherwise.

    First its report is compared with the cards and files of today: where they drifted, each field
    is named and nothing is run. Then the commit that the report names is cloned, and everything
    from the data on is made again. `identical`: the same weights and losses, byte for byte;
    `within band`: near enough, as printed; else what differed. Exit code 1 where it differs.

    \b
        registry reproduce smollm2-evals --check
        registry reproduce smollm2-evals --json
    """
    from registry import reproduce as reproducing
    from registry.place import here

    found = reproducing.reproduce(here(root), model, run=not check, say=say)
    if as_json:
        print_json(asdict(found) | {"band": reproducing.BAND})
    else:
        _print(found, reproducing.BAND)
    sys.exit(1 if found.verdict == "differs" else 0)


def _print(found: "Reproduced", band: str) -> None:
    what = f" ({band})" if found.verdict == "within band" else ""
    click.echo(f"{found.model}: {found.verdict}{what}")
    for title, many in (
        ("not what the report says", found.drifted),
        ("came out otherwise", found.differences),
        ("other surroundings", found.surroundings),
    ):
        if many:
            click.echo(f"{title}:")
        for one in many:
            click.echo(f"  {one}")
