"""Where the worse answer of a row comes from, for objectives that learn from it."""

from collections.abc import Mapping
from dataclasses import replace

from registry.canonical import Demonstration, Message, Row
from registry.cards.wordings import folded
from registry.recasts.drawing import drawn


class OtherLabels:
    """Rejects another of a row's options, or of its task's labels; of held-out rows as well."""

    def __init__(self, seed: int, labels: Mapping[str, tuple[str, ...]]) -> None:
        self._seed = seed
        self._labels = labels

    def meet(self, part: str, row: Row) -> None:
        """Need nothing of other rows."""

    def make(self, part: str, row: Row) -> tuple[Row, ...]:
        """Return the row with the label drawn; as it is where there is no other."""
        if not row.references:
            return (row,)
        right = set(map(folded, row.references))
        known = row.options or self._labels.get(row.task, ())
        wrong = [one for one in known if folded(one) not in right]
        if not wrong:
            return (row,)
        worse = min(wrong, key=lambda one: drawn(self._seed, row.id, "rejected", one))
        return (replace(row, rejected=(worse,)),)


class Negatives:
    """Makes a row of each negative demonstration, once in a task, beside one that has it.

    Its rejected answer is the bad output (survey 8.1). It has a good one where the row's positive
    demonstrations answer the same input; else it has none.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._beside: dict[tuple[str, Demonstration], tuple[bytes, str]] = {}

    def meet(self, part: str, row: Row) -> None:
        """Settle beside which row a demonstration stands: the first by rank."""
        if part == "train":
            mine = (drawn(self._seed, row.id, "negatives"), row.id)
            for one in row.negatives:
                key = (row.task, _bare(one))
                self._beside[key] = min(self._beside.get(key, mine), mine)

    def make(self, part: str, row: Row) -> tuple[Row, ...]:
        """Return a row and those of the demonstrations that stand beside it; held-out ones stay."""
        if part != "train":
            return (row,)
        own = {_bare(one): one for one in row.negatives}
        made = [
            _worse(row, one, number)
            for number, (bare, one) in enumerate(own.items(), start=1)
            if self._beside[row.task, bare][1] == row.id
        ]
        return (row, *made)


def _bare(one: Demonstration) -> Demonstration:
    return Demonstration(one.input, one.output)


def _worse(row: Row, bad: Demonstration, number: int) -> Row:
    """Return the row of a negative demonstration."""
    asked = folded(bad.input)
    good = [one.output for one in row.positives if folded(one.input) == asked]
    system = tuple(one for one in row.messages if one.role == "system")
    said = f"{row.definition}\n\n{bad.input}" if row.definition else bad.input
    return replace(
        row,
        id=f"{row.id}/{number}",
        messages=(*system, Message("user", said)),
        references=tuple(dict.fromkeys(one for one in good if folded(one) != folded(bad.output))),
        rejected=(bad.output,),
        constraints=(),
    )
