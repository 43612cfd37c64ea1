"""How switches draw: by hashes of a seed and of ids, so that the order of rows changes nothing."""

from bisect import insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from registry.canonical import Row

Ranked = tuple[bytes, str, Row]


def drawn(seed: int, *what: str) -> bytes:
    """Return the rank of something in a draw."""
    return blake2b("\0".join(what).encode(), key=str(seed).encode(), digest_size=8).digest()


def first(seed: int, asking: Row, among: Iterable[Row], most: int) -> list[Row]:
    """Return so many rows for a row that asks, in the order in which they were drawn."""
    ranked = sorted((drawn(seed, asking.id, one.id), one.id, one) for one in among)
    return [one for *_, one in ranked[:most]]


@dataclass(slots=True)
class Pool:
    """The rows to draw from: of all that were met, so many, the same ones in any order."""

    seed: int
    size: int
    _held: list[Ranked] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Meet a row."""
        insort(self._held, (drawn(self.seed, row.id), row.id, row), key=lambda one: one[:2])
        del self._held[self.size :]

    def rows(self) -> Sequence[Row]:
        """Return the rows held."""
        return [row for *_, row in self._held]


def asks_once(row: Row) -> bool:
    """Tell whether a row is one question with an answer: no turn of the assistant before it."""
    return bool(row.references) and [m.role for m in row.messages if m.role != "system"] == ["user"]
