"""What the commands share: options, exit codes, and how values are printed."""

import csv
import io
import json
import shutil
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from registry.errors import RegistryError

ROOT = click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    show_default=True,
    help="The folder that holds cards/.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")


EXTRAS = {
    "pyarrow": "data",
    "numpy": "data",
    "msgspec": "data",
    "tqdm": "data",
    "huggingface_hub": "hub",
    "torch": "tune",
    "transformers": "tune",
    "safetensors": "tune",
    "peft": "tune",
    "gguf": "tune",
    "accelerate": "tune",
    "mlflow": "track",
    "psycopg": "postgres",
    "ray": "ray",
    "matplotlib": "plot",
    "iso639": "import",
}
"""Which extra of the distribution brings a package that a command may miss."""


class Group(click.Group):
    """Turns `RegistryError` into a message and exit code 1; a bug keeps its traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except RegistryError as error:
            said = str(error)
        except ModuleNotFoundError as error:
            said = _missing(error)
        click.echo(said, err=True)
        return ctx.exit(1)


def _missing(error: ModuleNotFoundError) -> str:
    """Say which extra has a package that is not installed; raise what is not ours to explain."""
    extra = EXTRAS.get((error.name or "").partition(".")[0])
    if extra is None:
        raise error
    advice = f"pip install 'tunedeck[{extra}]'"
    return f"{error.name}: is not installed, and this command needs it; {advice}"


def say(message: str) -> None:
    """Tell people something that scripts do not read."""
    click.echo(message, err=True)


def print_json(value: Any) -> None:
    """Print a result for scripts."""
    said = json.dumps(value, indent=1, ensure_ascii=False)
    # Half of a surrogate pair is no text; escaped it is what JSON calls it.
    click.echo(said.encode("utf-8", "backslashreplace").decode("utf-8"))


def print_csv(rows: Iterable[dict[str, Any]], columns: Sequence[str]) -> None:
    """Print rows as CSV with a head; several values in one cell stand apart by `; `."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_flat(row[name]) for name in columns])
    click.echo(out.getvalue(), nl=False)


def _flat(value: Any) -> Any:
    return "; ".join(map(str, value)) if isinstance(value, list | tuple) else value


def table(
    head: tuple[str, ...], rows: Sequence[tuple[str, ...]], right: set[int] | None = None
) -> None:
    """Print columns, as wide as they need; those in `right` are aligned to the right."""
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]
    for row in [head, *rows]:
        cells = [
            cell.rjust(width) if at in (right or ()) else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        click.echo("  ".join(cells).rstrip())


def columns(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print columns that share the terminal's width; long cells go on in the next line."""
    rows = [list(row) for row in rows]
    left = max(len(row[0]) for row in [head, *rows])
    space = shutil.get_terminal_size((100, 24)).columns - left
    width = max(16, space // (len(head) - 1) - 2)
    for row in [list(head), *rows]:
        cells = [[row[0]], *(_folded(cell, width) for cell in row[1:])]
        for at in range(max(map(len, cells))):
            line = [cell[at] if at < len(cell) else "" for cell in cells]
            padded = [line[0].ljust(left), *(part.ljust(width) for part in line[1:])]
            click.echo("  ".join(padded).rstrip())
        click.echo()


def _folded(text: str, width: int) -> list[str]:
    return [part for line in text.split("\n") for part in textwrap.wrap(line, width) or [""]]
