"""Progress bars on stderr, where somebody may look and tqdm is there to draw them."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bar:
    """Counts what is done; draws nothing where there is nothing to draw with."""

    drawn: Any = None

    def add(self, count: int = 1, says: str | None = None) -> None:
        """Count some more as done, and say something beside the bar from now on."""
        if self.drawn is not None:
            if says is not None:
                self.drawn.set_postfix_str(says, refresh=False)
            self.drawn.update(count)

    @property
    def seconds(self) -> float:
        """How long it has been there; 0 of a bar that is not drawn."""
        return float(self.drawn.format_dict["elapsed"]) if self.drawn is not None else 0.0


@contextmanager
def bar(
    title: str,
    total: int | None,
    unit: str,
    *,
    done: int = 0,
    shown: bool = True,
    scaled: bool = False,
    stays: bool = True,
) -> Iterator[Bar]:
    """Show how much of `total` is done, and the time left; of no total only how much.

    `scaled` writes 1.2M for 1,200,000; a bar that does not stay is wiped away at its end.
    """
    if not (shown and find_spec("tqdm")):
        yield Bar()
        return
    from tqdm import tqdm

    with tqdm(
        desc=title,
        total=total,
        initial=done,
        unit=unit,
        unit_scale=scaled,
        leave=stays,
        file=sys.stderr,
        dynamic_ncols=True,
    ) as drawn:
        yield Bar(drawn)


def watched(
    things: Iterable[T],
    title: str,
    unit: str,
    *,
    total: int | None = None,
    done: int = 0,
    shown: bool = True,
) -> Iterator[T]:
    """Yield things while a bar counts them, each once it has been dealt with."""
    with bar(title, total, unit, done=done, shown=shown) as counted:
        for one in things:
            yield one
            counted.add()
