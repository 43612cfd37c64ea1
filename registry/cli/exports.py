"""The commands that describe cards in the words of other standards."""

import json
from pathlib import Path

import click

from registry.cli.shell import ROOT, say
from registry.errors import RegistryError


@click.group()
def export() -> None:
    """Describe a card in the words of another standard."""


@export.command()
@click.argument("name", metavar="ID")
@click.option("--base", metavar="URL", help="The catalog's address, for links to its pages.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file instead.")
@ROOT
def croissant(name: str, base: str | None, out: Path | None, root: Path) -> None:
    """Print dataset ID as Croissant 1.1, which is schema.org's Dataset in JSON-LD.

    \b
        registry export croissant alpaca
        registry export croissant alpaca --base https://cards.example.org --out croissant.json
    """
    from registry.cards import Dataset
    from registry.exports import EXPORTS
    from registry.files import write_json
    from registry.index import load, name_of

    registry = load(root)
    card = registry.find(name, ("dataset",))
    if not isinstance(card, Dataset):
        raise RegistryError(f"{name}: is {name_of(card)}; Croissant describes datasets")
    made = EXPORTS["croissant"](registry, card, base.rstrip("/") if base else None)
    if out is None:
        click.echo(json.dumps(made, indent=1, ensure_ascii=False))
        return
    write_json(out, made)
    say(f"wrote {out}")
