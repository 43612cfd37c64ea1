"""The commands that bring cards, data and weights to hubs and back."""

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from registry.cli.shell import JSON, ROOT, print_json, say, table

if TYPE_CHECKING:
    from registry.hub.pull import Brought
    from registry.hub.push import Pushed

TO = click.option(
    "--to",
    "--from",
    "hub",
    metavar="hub | URL",
    default="hub",
    show_default=True,
    help="Which hub; `hub` is the one that HF_ENDPOINT names, or huggingface.co.",
)
RISKY = click.option(
    "--risky", is_flag=True, help="Take pickles and programs along; nothing here ever runs them."
)


@click.command()
@click.argument("name", metavar="ID")
@TO
@click.option("--repo", metavar="NS/NAME", help="Default: where it was, or your own of this id.")
@click.option("--with-data", is_flag=True, help="The canonical tables too, as Parquet.")
@click.option("--with-weights", is_flag=True, help="The model's folder too, as safetensors.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--create-pr", is_flag=True, help="Open a pull request instead.")
@click.option("--private", is_flag=True, help="Where the repo is new, make it private.")
@click.option("--ours", is_flag=True, help="Where page and card both changed, the card wins.")
@click.option("-m", "--message", help="The commit's message.")
@RISKY
@ROOT
@JSON
def push(
    name: str,
    hub: str,
    repo: str | None,
    dry_run: bool,
    root: Path,
    as_json: bool,
    **how: Any,
) -> None:
    """Push card ID to a repo on a hub, in one commit, with its page.

    What people wrote on the page stays; what changed there and here is a conflict, and nothing is
    pushed. A token is read from TUNEDECK_TOKEN_<HOST>, such as TUNEDECK_TOKEN_127_0_0_1_5000, and
    from HF_TOKEN for the hub that it belongs to.

    \b
        registry push alpaca --to http://127.0.0.1:5000 --repo team/alpaca --dry-run
        registry push smollm2-evals --to http://127.0.0.1:5000 --with-weights
        registry push openai-evals --with-data --create-pr
    """
    from registry.hub import push as pushing
    from registry.hub.remote import connect
    from registry.index import load
    from registry.place import here

    registry = load(root)
    card = registry.find(name)
    wanted = pushing.Wanted(data=how.pop("with_data"), weights=how.pop("with_weights"), **how)
    place = here(root)
    done = pushing.push(
        place, registry, card, connect(hub, os.environ), wanted, into=repo, dry_run=dry_run, say=say
    )
    if as_json:
        print_json(_pushed(done, dry_run))
    else:
        _say_pushed(done, dry_run)
    sys.exit(1 if done.plan.conflicts else 0)


def _pushed(done: "Pushed", dry_run: bool) -> dict[str, Any]:
    return {
        "name": done.name,
        "repo": done.repo,
        "address": done.address,
        "commit": done.commit,
        "pull_request": done.pull_request,
        "dry_run": dry_run,
        "created": done.created,
        "files": [{"path": one.path, "bytes": one.size} for one in done.plan.files],
        "to_pull": list(done.plan.moved),
        "conflicts": list(done.plan.conflicts),
        "left_out": list(done.left_out),
    }


def _say_pushed(done: "Pushed", dry_run: bool) -> None:
    for one in done.left_out:
        say(f"{one}: left out; a model's folder holds safetensors, settings and tokenizer")
    if done.plan.moved:
        keys = ", ".join(done.plan.moved)
        say(f"{done.address}: changed there and kept: {keys}; `registry pull` brings it")
    if done.plan.conflicts:
        for line in done.plan.conflicts:
            say(f"{done.address}: {line}")
        say("nothing was pushed; make both say the same, pull, or push with --ours")
    elif not done.plan.files:
        click.echo(f"{done.name}: nothing to push; {done.address} is up to date")
    elif dry_run:
        click.echo(done.diff)
        say(f"{done.address}: {'would be made' if done.created else 'would get a commit'}")
    elif done.pull_request:
        click.echo(done.pull_request)
    else:
        click.echo(f"{done.name}: pushed to {done.address} at {done.commit}")


@click.command()
@click.argument("repo", metavar="REPO")
@TO
@click.option("--id", "id", help="The id of the card, where REPO has none.")
@click.option("--with-data", is_flag=True, help="Its tables too, to data/canonical/.")
@click.option("--with-weights", is_flag=True, help="Its weights too, to models/.")
@click.option("--theirs", is_flag=True, help="Where both changed, what is there wins.")
@click.option("--force", is_flag=True, help="Take a card that names cards that are not here.")
@RISKY
@ROOT
@JSON
def pull(repo: str, hub: str, root: Path, as_json: bool, **how: Any) -> None:
    """Bring REPO's card from a hub: NS/NAME, datasets/NS/NAME or models/NS/NAME.

    A card that a registry pushed comes back byte for byte, with what people changed on its page as
    claims of that page. Any other page becomes a draft whose claims it declares.

    \b
        registry pull team/alpaca --from http://127.0.0.1:5000
        registry pull datasets/tatsu-lab/alpaca --id alpaca-hub --json
    """
    from registry.hub import pull as pulling
    from registry.hub.remote import connect
    from registry.index import check
    from registry.place import here

    wanted = pulling.Wanted(data=how.pop("with_data"), weights=how.pop("with_weights"), **how)
    # A card that is missing here may be the very one that is to be brought.
    registry, _ = check(root)
    done = pulling.pull(here(root), registry, connect(hub, os.environ), repo, wanted)
    if as_json:
        print_json(asdict(done))
    else:
        _say_pulled(done)
    sys.exit(1 if done.conflicts else 0)


def _say_pulled(done: "Brought") -> None:
    for one in done.left_out:
        say(f"{one}: left out; it may run code when opened, --risky takes it")
    if done.conflicts:
        for line in done.conflicts:
            say(f"{done.repo}: {line}")
        say("nothing was written; change one of the two, or pull with --theirs")
        return
    if done.kept:
        say(f"{done.repo}: changed on the page, and stays there only: {', '.join(done.kept)}")
    if done.drafted:
        click.echo(f"{done.file}: drafted from {done.repo}; every claim says so")
    elif done.fields:
        click.echo(f"{done.file}: now has what the page says of {', '.join(done.fields)}")
    elif done.changed:
        click.echo(f"{done.file}: is now as {done.repo} has it")
    else:
        click.echo(f"{done.file}: nothing to bring from {done.repo}")
    for path in done.files:
        click.echo(path)


@click.command()
@click.argument("name", metavar="ID")
@ROOT
@JSON
def diff(name: str, root: Path, as_json: bool) -> None:
    """Show what changed in card ID and its page since the last push or pull, without a hub.

    `registry push ID --dry-run` shows what a push would change there now.

    \b
        registry diff alpaca
    """
    from registry.hub import state, status
    from registry.index import load, name_of

    registry = load(root)
    wanted = name_of(registry.find(name))
    found = [one for one in state.read(root) if one.name == wanted]
    made = {one.endpoint: "\n".join(status.difference(root, registry, one)) for one in found}
    if as_json:
        print_json({"name": wanted, "copies": made})
        return
    if not found:
        say(f"{wanted}: is on no hub yet; `registry push {name}` brings it there")
    for endpoint, text in made.items():
        say(f"{endpoint}: {'changed' if text else 'in step'}")
        if text:
            click.echo(text)


@click.command()
@ROOT
@JSON
def status(root: Path, as_json: bool) -> None:
    """Show which cards are on which hubs, and what a push would bring there.

    \b
        registry status
        registry status --json
    """
    from registry.hub.status import standings
    from registry.index import load

    found = standings(root, load(root))
    if as_json:
        print_json(
            [
                {
                    "name": one.copy.name,
                    "endpoint": one.copy.endpoint,
                    "repo": one.copy.repo,
                    "commit": one.copy.commit,
                    "card_changed": one.card,
                    "keys_changed": list(one.keys),
                    "says": one.says,
                }
                for one in found
            ]
        )
        return
    rows = [(one.copy.name, one.copy.endpoint, one.copy.repo, one.says) for one in found]
    table(("card", "hub", "repo", "since then"), rows)
    if not rows:
        say("no card is on a hub yet; `registry push ID` brings one there")
