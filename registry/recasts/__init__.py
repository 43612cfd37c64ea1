"""What the switches of an ingredient make of its rows, before a template renders them.

A switch meets all chosen rows first, in any order, and then makes rows of each. What is drawn
depends on the seed, the row's id and the ids of the rows that it may be shown with.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from registry.canonical import Row
from registry.cards.mixing import Ingredient
from registry.recasts.rejections import Negatives, OtherLabels
from registry.recasts.sequences import Sequences
from registry.recasts.symbols import SymbolTuning
from registry.templates import Renderer

Labels = Mapping[str, tuple[str, ...]]


class Switch(Protocol):
    """What makes rows of a row of a part of a mixture."""

    def meet(self, part: str, row: Row) -> None:
        """Take note of a chosen row."""

    def make(self, part: str, row: Row) -> tuple[Row, ...]:
        """Return what becomes of a row: itself, another, several or none."""


@dataclass(frozen=True, slots=True)
class Recast:
    """The switches of one ingredient, in order, and then its template."""

    switches: tuple[Switch, ...]
    renderer: Renderer | None

    def meet(self, part: str, row: Row) -> None:
        """Show a chosen row to every switch."""
        for one in self.switches:
            one.meet(part, row)

    def many(self, part: str, row: Row) -> int:
        """Return how many rows are made of one."""
        if not self.switches:
            return self.renderer.many(row) if self.renderer else 1
        return len(self._all(part, row))

    def one(self, part: str, row: Row, nth: int) -> Row:
        """Return the nth of the rows that are made of one."""
        if not self.switches:
            return self.renderer.render(row, nth) if self.renderer else row
        return self._all(part, row)[nth]

    def _all(self, part: str, row: Row) -> tuple[Row, ...]:
        made: tuple[Row, ...] = (row,)
        for switch in self.switches:
            made = tuple(new for one in made for new in switch.make(part, one))
        if self.renderer is None:
            return made
        return tuple(new for one in made for new in self.renderer.all(one))


def recast(one: Ingredient, seed: int, labels: Labels, renderer: Renderer | None) -> Recast:
    """Return the switches of an ingredient; `labels` are those of its classification tasks."""
    switches: list[Switch] = []
    if one.rejected == "labels":
        switches.append(OtherLabels(seed, labels))
    if one.rejected == "negatives":
        switches.append(Negatives(seed))
    if one.symbols:
        switches.append(SymbolTuning(one.symbols, seed, labels))
    if one.sequence:
        switches.append(Sequences(one.sequence, seed))
    return Recast(tuple(switches), renderer)
