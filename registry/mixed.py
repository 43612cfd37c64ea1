"""What a mixture came out as: its tables, what had to be left out, and what a report says of it."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from registry.canonical import Row, Table, Written
from registry.choices import PARTS, Choice, Counts, Renderers, Rows
from registry.labels import Group
from registry.reports import Measurement
from registry.tally import ordered


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed:
    """What was written, and what had to be left out.

    `counts` are rows by part, dataset and task, `wordings` those that a template rendered by part,
    dataset and wording. `recast` are rows that a switch changed or added and `unshown` those that
    it left out, by part and dataset; `unlabelled` says how many tasks a dataset has without labels.
    `short` says how many rows a dataset lacks of its share; `few` how many instances could be held
    out where a task has too few, by dataset and task.
    """

    tables: tuple[Written, ...]
    counts: Mapping[str, Counts]
    wordings: Mapping[str, Counts]
    recast: Mapping[str, Mapping[str, int]]
    unshown: Mapping[str, Mapping[str, int]]
    unlabelled: Mapping[str, int]
    duplicates: int
    contaminated: int
    denied: int
    short: Mapping[str, int]
    few: Counts
    measured: Mapping[str, tuple[Measurement, ...]]

    @property
    def notes(self) -> list[str]:
        """Say in sentences what did not come out as the card asks."""
        lines = [
            f"dataset '{dataset}' lacks {rows} rows of its share"
            for dataset, rows in self.short.items()
        ]
        lines += [
            f"task '{task}' of {dataset} is so small that only {rows} instances are held out"
            for dataset, tasks in self.few.items()
            for task, rows in tasks.items()
        ]
        if self.contaminated:
            lines.append(f"{self.contaminated} rows left out: their prompt is held out")
        if self.denied:
            lines.append(f"{self.denied} rows left out: a bad demonstration gives their answer")
        lines += [
            f"{rows} {part} rows of {dataset} left out: no other row shows their label"
            for part, of in self.unshown.items()
            for dataset, rows in of.items()
        ]
        lines += [
            f"{tasks} tasks of {dataset} left out: they are no classification tasks"
            for dataset, tasks in self.unlabelled.items()
        ]
        return lines


@dataclass(frozen=True, slots=True)
class Output:
    """The tables of all parts, and their rows by group, by wording, and by what switches did.

    `guessed` is what guessing would get right of the parts held out.
    """

    tables: Mapping[str, Table]
    sizes: Mapping[str, Mapping[Group, int]]
    wordings: Mapping[str, Counts]
    recast: Mapping[str, Mapping[str, int]]
    unshown: Mapping[str, Mapping[str, int]]
    guessed: Mapping[str, tuple[Measurement, ...]]


class Notes:
    """Counts, by part and dataset, what templates and switches did to rows."""

    def __init__(self) -> None:
        self.wordings: dict[str, dict[str, Counter[str]]] = {part: {} for part in PARTS}
        self.recast: dict[str, Counter[str]] = {part: Counter() for part in PARTS}
        self.left: dict[str, Counter[str]] = {part: Counter() for part in PARTS}

    def made(self, part: str, before: Row, after: Row) -> None:
        """Note what became of a row."""
        if after.template is not None:
            used = self.wordings[part].setdefault(after.dataset, Counter())
            used[after.template] += 1
        elif after != before:
            self.recast[part][after.dataset] += 1

    def unshown(self, part: str, sizes: Mapping[Group, int]) -> None:
        """Note of how many chosen rows nothing was made."""
        for (dataset, _), count in sizes.items():
            if count:
                self.left[part][dataset] += count


def measured(counts: Mapping[str, Counts], choice: Choice) -> dict[str, tuple[Measurement, ...]]:
    """Return what every mixture counts: rows and tasks, and what was left out."""
    sizes = {
        part: {name: sum(of.values()) for name, of in some.items()} for part, some in counts.items()
    }
    return {
        "scale": tuple(
            one
            for part in PARTS
            for one in (
                Measurement(value=sum(sizes[part].values()), unit="instances", split=part),
                Measurement(value=sum(map(len, counts[part].values())), unit="tasks", split=part),
                *(
                    Measurement(value=size, unit="instances", split=part, subset=dataset)
                    for dataset, size in sizes[part].items()
                ),
            )
        ),
        "tasks": tuple(
            Measurement(value=ordered(of), unit="instances", split=part, subset=dataset)
            for part in PARTS
            for dataset, of in counts[part].items()
        ),
        "duplicates": (Measurement(value=choice.duplicates, unit="instances"),),
        "contaminated": (Measurement(value=choice.contaminated, unit="instances"),),
        "short": tuple(
            Measurement(value=rows, unit="instances", subset=dataset)
            for dataset, rows in choice.short.items()
        ),
        "few": tuple(
            Measurement(value=ordered(of), unit="instances", subset=dataset)
            for dataset, of in choice.few.items()
        ),
    }


def rendered(
    rows: Rows, choice: Choice, renderers: Renderers, written: Output
) -> dict[str, tuple[Measurement, ...]]:
    """Return what templates add to the counts: rows drawn, wordings used, answers denied."""
    if not renderers:
        return {}
    drawn: dict[str, Counter[str]] = {part: Counter() for part in PARTS}
    for part, chosen in choice.parts.items():
        for (dataset, _), size in rows.sizes(chosen).items():
            drawn[part][dataset] += size
    return {
        "drawn": tuple(
            Measurement(value=drawn[part][dataset], unit="instances", split=part, subset=dataset)
            for part in PARTS
            for dataset in renderers
        ),
        "wordings": tuple(
            Measurement(value=ordered(used), unit="instances", split=part, subset=dataset)
            for part in PARTS
            for dataset, used in written.wordings[part].items()
        ),
        "denied": (Measurement(value=choice.denied, unit="instances"),),
    }


def switched(
    datasets: Collection[str], choice: Choice, written: Output
) -> dict[str, tuple[Measurement, ...]]:
    """Return what the switches of these datasets add: what they changed and left out."""
    if not datasets:
        return {}
    return {
        name: tuple(
            Measurement(value=of[part][dataset], unit="instances", split=part, subset=dataset)
            for part in PARTS
            for dataset in datasets
        )
        for name, of in (("recast", written.recast), ("unshown", written.unshown))
    } | {
        "unlabelled": tuple(
            Measurement(value=tasks, unit="tasks", subset=dataset)
            for dataset, tasks in choice.unlabelled.items()
        )
    }
