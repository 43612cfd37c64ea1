"""Symbol tuning: labels are called by arbitrary symbols, which only examples explain.

Wei et al., "Symbol tuning improves in-context learning in language models" (2023), where symbols
are numbers, combinations of letters, and words; survey 7.3.4.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from random import Random
from string import ascii_lowercase

from registry.canonical import Message, Row
from registry.cards.mixing import Symbols
from registry.cards.wordings import folded
from registry.programs.words import WORDS
from registry.recasts.drawing import Pool, asks_once, drawn, first
from registry.templates import definition_of, input_of

_HELD = 64
"""Rows of a label that are kept to draw examples from."""


class SymbolTuning:
    """Makes prompts of examples; those of held-out tasks are held out as well."""

    def __init__(self, settings: Symbols, seed: int, labels: Mapping[str, tuple[str, ...]]) -> None:
        self._settings = settings
        self._seed = seed
        self._labels = labels
        self._pools: dict[tuple[str, str, str], Pool] = {}

    def meet(self, part: str, row: Row) -> None:
        """Keep a row to be shown, if it is of a classification task."""
        if row.task in self._labels and asks_once(row):
            key = (part, row.task, row.references[0])
            self._pools.setdefault(key, Pool(self._seed, _HELD)).add(row)

    def make(self, part: str, row: Row) -> tuple[Row, ...]:
        """Return the prompt with symbols; none where no other row shows what the answer means."""
        if row.task not in self._labels or not asks_once(row):
            return (row,)
        shown = self._shown(part, row)
        labels = sorted({one.references[0] for one in shown})
        if row.references[0] not in labels:
            return ()
        symbols = dict(zip(labels, self._symbols(row), strict=False))
        said = [definition_of(row)] if self._settings.instruction and definition_of(row) else []
        said += [f"{_asked(one)} {symbols[one.references[0]]}" for one in shown]
        made = replace(
            row,
            messages=(Message("user", "\n\n".join([*said, _asked(row)])),),
            references=tuple(symbols[one] for one in row.references if one in symbols),
            rejected=tuple(symbols[one] for one in row.rejected if one in symbols),
            options=tuple(symbols.values()),
            definition="",
            positives=(),
            negatives=(),
            constraints=(),
        )
        return (made,)

    def _shown(self, part: str, row: Row) -> Sequence[Row]:
        """Return the examples for a row, labels mixed."""
        source = part if part == "held_out_tasks" else "train"
        asked, found = folded(input_of(row)), list[Row]()
        for label in self._labels[row.task]:
            pool = self._pools.get((source, row.task, label))
            others = [one for one in pool.rows() if folded(input_of(one)) != asked] if pool else []
            found += first(self._seed, row, others, self._settings.exemplars)
        return sorted(found, key=lambda one: drawn(self._seed, row.id, "place", one.id))

    def _symbols(self, row: Row) -> Iterator[str]:
        """Yield symbols without end, none twice and none that is a label of the task."""
        of, used = Random(f"{self._seed} {row.id}"), set(map(folded, self._labels[row.task]))
        while True:
            symbol = _symbol(of.choice(self._settings.kinds), of)
            if symbol not in used:
                used.add(symbol)
                yield symbol


def _symbol(kind: str, of: Random) -> str:
    if kind == "numbers":
        return str(of.randrange(10_000))
    if kind == "letters":
        return "".join(of.choice(ascii_lowercase) for _ in range(of.randint(2, 5)))
    return of.choice(WORDS)


def _asked(row: Row) -> str:
    return f"Input: {input_of(row)}\nOutput:"
