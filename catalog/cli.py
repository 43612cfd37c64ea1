"""The `catalog` command."""

import json
import os
import re
import socket
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from catalog import settings
from catalog.hub.commands import fsck, gc, token
from catalog.options import ROOT
from registry.errors import RegistryError

BACKEND = "MLFLOW_BACKEND_STORE_URI"


class _Group(click.Group):
    """Turns `RegistryError` into a message and exit code 1; a bug keeps its traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except RegistryError as error:
            click.echo(str(error), err=True)
            ctx.exit(1)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tunedeck", prog_name="catalog")
def main() -> None:
    """Browse cards, lineage and scores, with MLflow behind the same address.

    \b
        catalog serve
    """


@main.command()
@click.option("--port", default=5000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--public-host",
    "public_hosts",
    multiple=True,
    metavar="NAME",
    help="A name that others call this machine by; may be given several times.",
)
@click.option(
    "--backend",
    default="sqlite:///mlflow.db",
    show_default=True,
    envvar=BACKEND,
    show_envvar=True,
    help="MLflow's database; a relative one lies under --root.",
)
@ROOT
@click.option("--no-mlflow", is_flag=True, help="The catalog alone; starts at once.")
@click.option(
    "--hub/--no-hub",
    default=True,
    show_default=True,
    help="Whether Hub clients can push and pull here: HF_ENDPOINT=http://127.0.0.1:5000.",
)
@click.option(
    "--public-url",
    metavar="URL",
    envvar=settings.PUBLIC_URL,
    show_envvar=True,
    help="What Hub clients call this server by, where a proxy stands before it.",
)
def serve(
    port: int,
    host: str,
    public_hosts: tuple[str, ...],
    backend: str,
    root: Path,
    no_mlflow: bool,
    hub: bool,
    public_url: str | None,
) -> None:
    """Serve the pages, their JSON, the Hub's API and MLflow until Ctrl-C.

    \b
        catalog serve
        catalog serve --port 8080 --no-mlflow
        catalog serve --host 0.0.0.0 --public-host cards.example.org
        catalog serve --backend postgresql://mlflow@db.example.org/mlflow
        TUNEDECK_HUB_STORE=postgresql://hub@db.example.org/hub catalog serve
        TUNEDECK_HUB_BLOBS=s3://bucket/hub catalog serve

    A password belongs into the variable or into ~/.pgpass: others on this machine see arguments.
    """
    root = root.resolve()
    if not no_mlflow:
        _check_mlflow(backend)
    told = replace(
        settings.from_environment(os.environ),
        root=root,
        hosts=tuple(name.lower() for name in public_hosts),
        hub=hub,
        public_url=_checked_url(public_url),
    )
    click.echo(_greeting(root, host, port, "" if no_mlflow else backend, hub=hub))
    _claim(host, port)
    sys.stdout.flush()
    if no_mlflow:
        _serve_alone(told, host, port)
    else:
        _serve_with_mlflow(told, host, port, backend)


@main.command()
@click.option(
    "--backend",
    metavar="URI",
    envvar=BACKEND,
    show_envvar=True,
    help="A database, or a running server: http://HOST:PORT/mlflow; unless given, that of"
    " params.yaml, or else sqlite:///mlflow.db under --root.",
)
@ROOT
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
def sync(backend: str | None, root: Path, as_json: bool) -> None:
    """Bring MLflow up to date with the reports; a second time there is nothing to do.

    \b
        catalog sync
        catalog sync --backend http://127.0.0.1:5000/mlflow --json
        catalog sync --backend postgresql://mlflow@db.example.org/mlflow
    """
    from registry import reports, tracking
    from registry.index import load
    from registry.place import here

    uri = tracking.placed(backend or here(root).tracking_uri, root)
    tracking.answering(uri)
    made = tracking.sync(
        load(root),
        reports.all_of(root),
        root,
        tracking_uri=uri,
        say=lambda said: click.echo(said, err=as_json),
    )
    if as_json:
        counts = {name: getattr(made, name) for name in ("created", "finished", "renewed", "known")}
        click.echo(json.dumps({**counts, **made.links()}, indent=1))


@main.command()
@ROOT
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def build(root: Path, as_json: bool) -> None:
    """Bring the index of the cards up to date, so that serving starts at once.

    Only cards that changed are read; `catalog serve` does the same by itself.

    \b
        catalog build
        catalog build --json
    """
    import time

    from catalog.index import Index

    begun = time.monotonic()
    index = Index(root.resolve())
    read = index.refresh(tick=_progress)
    problems, counts = len(index.problems()), index.counts()
    index.close()
    took = round(time.monotonic() - begun, 3)
    if as_json:
        said = {"cards": counts, "read": read, "problems": problems, "seconds": took}
        click.echo(json.dumps({**said, "file": str(index.path)}))
        return
    shown = ", ".join(f"{count} {folder}" for folder, count in _in_order(counts))
    click.echo(f"{shown}; {read} of them read in {took} s")
    click.echo(f"Index in {index.path}")
    if problems:
        click.echo(f"{problems} problems; `registry check` lists them", err=True)


def _in_order(counts: dict[str, int]) -> list[tuple[str, int]]:
    """Return the counts in the order of kinds."""
    from registry.cards.vocabulary import FOLDERS

    return [(folder, counts[folder]) for folder in FOLDERS.values() if folder in counts]


def _progress(done: int, whole: int) -> None:
    """Show how far a long reading has come, where somebody looks."""
    if whole >= 2000 and sys.stderr.isatty() and (done % 100 == 0 or done == whole):
        click.echo(f"\r{done:,} of {whole:,} cards", err=True, nl=done == whole)


def _greeting(root: Path, host: str, port: int, backend: str, *, hub: bool) -> str:
    """Say what is here and where; cards that cannot be read are counted, not fatal."""
    from catalog.index import Index
    from registry.cards.vocabulary import FOLDERS

    index = Index(root)
    index.refresh(tick=_progress)
    problems, found = index.problems(), index.counts()
    index.close()
    kinds = [(kind, folder, found.get(folder, 0)) for kind, folder in FOLDERS.items()]
    counts = [f"{n} {kind if n == 1 else folder}" for kind, folder, n in kinds]
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    lines = [f"Catalog  {address}/  ({', '.join(counts)})"]
    if problems:
        said = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines.append(f"         {said} in the cards; `registry check` lists them")
    if hub:
        lines.append(
            f"Hub      HF_ENDPOINT={address}  (to push, make a token: catalog token create)"
        )
    if backend:
        from registry.tracking import shown

        lines.append(f"MLflow   {address}/mlflow/  ({shown(backend)}; it needs some seconds)")
    return "\n".join([*lines, "Stop with Ctrl-C."])


def _check_mlflow(backend: str) -> None:
    """Refuse at once what MLflow's server would refuse with a traceback, seconds later."""
    from importlib.metadata import entry_points
    from importlib.util import find_spec

    if find_spec("mlflow") is None:
        raise RegistryError(
            "MLflow: is not installed; pip install 'tunedeck[track]', or catalog serve --no-mlflow"
        )
    if not entry_points(group="mlflow.app", name="catalog"):
        raise RegistryError(
            "tunedeck: is not installed, so that MLflow cannot find the catalog;"
            " pip install --editable ."
        )
    from registry.tracking import answering

    answering(backend)


def _claim(host: str, port: int) -> None:
    """Refuse a port that something else listens on, before anything is started."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(address)
    except OSError as error:
        raise RegistryError(
            f"{host}:{port}: cannot be listened on ({error.strerror or error}); stop what runs"
            f" there, or take another port: catalog serve --port {port % 65535 + 1}"
        ) from error


def _checked_url(url: str | None) -> str | None:
    """Return an address that others can be given, without a slash at its end."""
    if url and not re.fullmatch(r"https?://[^/?#@\s]+/?", url):
        raise RegistryError(
            f"--public-url {url}: is not http(s)://HOST[:PORT]; a path cannot follow"
        )
    return (url or "").rstrip("/") or None


def _serve_alone(told: settings.Settings, host: str, port: int) -> None:
    import uvicorn

    from catalog.app import standalone

    uvicorn.run(standalone(told), host=host, port=port, log_level="warning", server_header=False)


def _serve_with_mlflow(told: settings.Settings, host: str, port: int, backend: str) -> None:
    """Become MLflow's server: its command knows how to start and to stop it."""
    os.environ[settings.ROOT] = str(told.root)
    os.environ[settings.HOSTS] = ",".join(told.hosts)
    os.environ[settings.HUB] = "1" if told.hub else "0"
    os.environ[settings.PUBLIC_URL] = told.public_url or ""
    os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ.setdefault("PYTHONWARNINGS", "ignore:starlette.middleware.wsgi is deprecated")
    os.chdir(told.root)
    # In the environment, and not among the arguments, which everybody on this machine may read.
    os.environ[BACKEND] = backend
    os.execv(sys.executable, mlflow_command(host, port, told.hosts))


def mlflow_command(host: str, port: int, public_hosts: Sequence[str]) -> list[str]:
    """Return the command that serves MLflow with the catalog in it."""
    said = {
        "--app-name": "catalog",
        "--static-prefix": "/mlflow",
        "--workers": "1",
        "--artifacts-destination": "./mlartifacts",
        "--host": host,
        "--port": str(port),
    }
    if public_hosts or host in ("127.0.0.1", "localhost", "::1"):
        # MLflow's own list would let in any name that begins like a private address.
        names = ("localhost", "127.0.0.1", "[::1]", *public_hosts)
        said["--allowed-hosts"] = ",".join(
            one for name in names for one in (name, f"{name}:{port}")
        )
    options = [word for pair in said.items() for word in pair]
    return [sys.executable, "-m", "mlflow", "server", *options]


for _command in (token, gc, fsck):
    main.add_command(_command)
