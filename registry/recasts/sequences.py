"""Sequential instructions: several rows as one prompt, whose answers follow each other.

Hu et al., "Fine-tuning Large Language Models with Sequential Instructions" (2024).
"""

from dataclasses import replace

from registry.canonical import Message, Row
from registry.cards.mixing import Joined
from registry.recasts.drawing import Pool, asks_once, first

_HELD = 256
"""Rows of a task, or of a dataset, that are kept to be joined."""


class Sequences:
    """Joins every row with others of the same part of a mixture."""

    def __init__(self, settings: Joined, seed: int) -> None:
        self._settings = settings
        self._seed = seed
        self._pools: dict[tuple[str, str], Pool] = {}

    def meet(self, part: str, row: Row) -> None:
        """Keep a row that can be joined to others."""
        if asks_once(row):
            self._pools.setdefault(self._key(part, row), Pool(self._seed, _HELD)).add(row)

    def make(self, part: str, row: Row) -> tuple[Row, ...]:
        """Return the sequence that a row begins; as it is where nothing can be joined to it."""
        if not asks_once(row):
            return (row,)
        others = [one for one in self._pools[self._key(part, row)].rows() if one.id != row.id]
        joined = [row, *first(self._seed, row, others, self._settings.length - 1)]
        if len(joined) == 1:
            return (row,)
        made = replace(
            row,
            messages=(Message("user", _asked(joined)),),
            references=("\n\n".join(one.references[0] for one in joined),),
            rejected=(),
            definition="",
            positives=(),
            negatives=(),
            options=(),
            constraints=(),
        )
        return (made,)

    def _key(self, part: str, row: Row) -> tuple[str, str]:
        return part, row.task if self._settings.within == "task" else ""


def _asked(rows: list[Row]) -> str:
    """Return instructions in a row, each with what its row says before it.

    >>> song = Row(id="a", dataset="d", task="t", split="s", messages=(Message("user", "Sing."),))
    >>> _asked([song, song])
    'First: Sing.\\n\\nThen: Sing.'
    """
    said = ["\n\n".join(one.content for one in row.messages) for row in rows]
    return "\n\n".join(f"{'Then' if at else 'First'}: {one}" for at, one in enumerate(said))
