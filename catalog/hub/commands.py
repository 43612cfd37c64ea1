"""The commands of the Hub's keeper: tokens, and care of the store."""

import json
import os
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catalog.options import JSON, ROOT, Span
from registry.errors import RegistryError

if TYPE_CHECKING:
    from catalog.hub.store import Store


def _store(root: Path) -> "Store":
    """Open the store that `catalog serve` in the same surroundings has."""
    from dataclasses import replace

    from catalog.hub.server import open_store
    from catalog.settings import from_environment

    return open_store(replace(from_environment(os.environ), root=root.resolve()))


@click.group()
def token() -> None:
    """Make, list and revoke the tokens that writes to the Hub need.

    \b
        catalog token create ann --role write --namespace team --expires 30d
        catalog token list
    """


@token.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(["read", "write", "admin"]),
    default="write",
    show_default=True,
    help="What it may do.",
)
@click.option(
    "--namespace",
    "namespaces",
    multiple=True,
    metavar="NAME",
    help="Where it may; may be given several times. Unless given: NAME's own, for an admin all.",
)
@click.option(
    "--expires", type=Span(), help="After how long it ends: 12h, 30d. Never, unless given."
)
@ROOT
@JSON
def create(
    name: str,
    role: Any,
    namespaces: tuple[str, ...],
    expires: float | None,
    root: Path,
    as_json: bool,
) -> None:
    """Make a token for NAME and print it; it cannot be shown again.

    \b
        catalog token create ann --role write --namespace team --expires 30d
        HF_ENDPOINT=http://127.0.0.1:5000 HF_TOKEN=$(catalog token create ann) hf upload ann/m .
    """
    from catalog.hub.store import tokens

    where = namespaces if namespaces or role == "admin" else (name,)
    until = None if expires is None else time.time() + expires
    with _store(root) as store:
        made, text = tokens.create(store, name, role=role, namespaces=where, expires=until)
    if as_json:
        click.echo(json.dumps({"id": made.id, "token": text, "role": role, "namespaces": where}))
        return
    click.echo(text)
    shown = ", ".join(where) or "every namespace"
    click.echo(f"{made.id}: {role} for {name} in {shown}; it is not shown again", err=True)


@token.command("list")
@ROOT
@JSON
def list_tokens(root: Path, as_json: bool) -> None:
    """List all tokens, without their texts.

    \b
        catalog token list
        catalog token list --json
    """
    from catalog.hub.store import tokens

    with _store(root) as store:
        found, now = tokens.listed(store), store.clock()
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], indent=1))
        return
    for one in found:
        state = "holds" if one.expires is None else f"until {_day(one.expires)}"
        if one.expires is not None and one.expires <= now:
            state = f"ended {_day(one.expires)}"
        if one.revoked is not None:
            state = f"revoked {_day(one.revoked)}"
        where = ",".join(one.namespaces) or "*"
        click.echo(f"{one.id}  {one.prefix}…  {one.role:<5}  {where:<20}  {state:<18}  {one.name}")


@token.command()
@click.argument("id")
@ROOT
def revoke(id: str, root: Path) -> None:
    """End the token ID at once.

    \b
        catalog token revoke 3f2a9c1b77d0
    """
    from catalog.hub.store import tokens

    with _store(root) as store:
        tokens.revoke(store, id)


@click.command()
@click.option(
    "--grace",
    type=Span(),
    default="1d",
    show_default=True,
    help="How long bytes that nothing names are left alone: an upload may be under way.",
)
@click.option("--dry-run", is_flag=True, help="Count only.")
@ROOT
@JSON
def gc(grace: float, dry_run: bool, root: Path, as_json: bool) -> None:
    """Remove what no repo names any more; the server may run meanwhile.

    \b
        catalog gc --dry-run
        catalog gc --grace 12h --json
    """
    from catalog.hub.store import gc as collecting

    with _store(root) as store:
        found = collecting.collect(store, grace=grace, dry_run=dry_run)
    counts = asdict(found)
    if as_json:
        click.echo(json.dumps(counts))
        return
    what = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "nothing"
    click.echo(f"{'would remove' if dry_run else 'removed'} {what}")


@click.command()
@click.option("--quick", is_flag=True, help="Compare sizes only, and read no file.")
@ROOT
@JSON
def fsck(quick: bool, root: Path, as_json: bool) -> None:
    """Check that every repo's commits, folders and files are whole; exit with 1 if not.

    \b
        catalog fsck
        catalog fsck --quick --json
    """
    from catalog.hub.store import fsck as checking

    with _store(root) as store:
        found = checking.check(store, hashes=not quick)
    if as_json:
        click.echo(json.dumps(asdict(found) | {"clean": found.clean}, indent=1))
    else:
        for one in found.problems:
            click.echo(f"{one.kind}: {one.where}: {one.message}")
        counts = f"{found.repos:,} repos, {found.commits:,} commits, {found.blobs:,} files"
        click.echo(f"{counts}, {found.bytes:,} bytes")
    if not found.clean:
        raise RegistryError(f"store: {len(found.problems)} things are not as they should be")


def _day(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"
