"""The command that tells what git knows of a card."""

from pathlib import Path

import click

from registry.cli.shell import JSON, ROOT, print_json, say


@click.command()
@click.argument("name", metavar="ID")
@ROOT
@JSON
def history(name: str, root: Path, as_json: bool) -> None:
    """Show which commits changed a card, newest first, and which fields they changed.

    \b
        registry history alpaca
        registry history models/smollm2-evals --json
    """
    from registry import history as past
    from registry.index import load, name_of

    registry = load(root)
    card = name_of(registry.find(name))
    found = past.history(root, registry.files[card])
    if as_json:
        print_json({"card": card, "changes": [past.as_plain(one) for one in found]})
        return
    for one in found:
        change = one.change
        click.echo(f"{change.date[:10]}  {change.commit[:10]}  {change.author}: {change.subject}")
        click.echo(f"  {past.as_text(one)}")
    if not found:
        say(f"{card}: git knows no commit that changed it")
