"""The learning curve of a tuning, kept so that a killed run loses none of it."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from registry.files import write_text


class Losses:
    """A file of one line a step, beside the checkpoints; call it with a step and its measures."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, step: int, metrics: Mapping[str, float]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as stream:
            # The line break comes first, so that a line a kill cut off spoils no other.
            stream.write("\n" + json.dumps({"step": step, **metrics}))

    def finish(self, path: Path, steps: int) -> None:
        """Write the curve, without timings: the same run writes the same bytes."""
        names = ("step", "loss", "learning_rate", "gradient_norm")
        out = [names, *([row.get(name) for name in names] for row in self._done(steps))]
        write_text(path, "".join(f"{','.join(map(_cell, row))}\n" for row in out))

    def ends(self, measures: Iterable[str], steps: int) -> dict[str, tuple[float, float]]:
        """Return measures' means over the first and the last tenth of the steps that logged them.

        Steps before a kill count like those after it.
        """
        done, found = self._done(steps), {}
        for name in measures:
            curve = [row[name] for row in done if name in row]
            few = max(1, len(curve) // 10)
            found[name] = sum(curve[:few]) / few, sum(curve[-few:]) / few
        return found

    def _done(self, steps: int) -> list[dict[str, Any]]:
        """Return the lines of the steps, in order; of a step that was done twice, the second."""
        rows: dict[int, dict[str, Any]] = {}
        for line in self.path.read_text(encoding="utf-8").splitlines():
            try:
                row = json.loads(line)
            except ValueError:  # the line that a kill cut off
                continue
            rows[row["step"]] = row
        return [rows[step] for step in sorted(rows) if step <= steps]


def _cell(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
