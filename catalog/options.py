"""Options that several commands have, and what they understand."""

import re
from pathlib import Path
from typing import Any

import click

ROOT = click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    show_default=True,
    help="The folder that holds cards/.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
_UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}


class Span(click.ParamType[Any]):
    """A span of time such as 30d, 12h or 90m, in seconds."""

    name = "span"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        found = re.fullmatch(r"(\d{1,6})([mhdw])", str(value))
        if not found:
            self.fail(f"{value!r} is no span of time; write 90m, 12h, 30d or 8w", param, ctx)
        return float(int(found[1]) * _UNITS[found[2]])
