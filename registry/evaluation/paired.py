"""Whether two models differ on the same rows: each row's score against its own.

Miller, "Adding Error Bars to Evals" (2024): the standard error of the mean difference, from rows as
if they were independent, and from rows that are clustered by task. Beside them stand the interval
of resampled rows and, where scores are verdicts of 0 or 1, McNemar's test.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from registry.clustered import clustered_error
from registry.errors import InvalidCards, Problem, RegistryError
from registry.evaluation import intervals, outputs
from registry.evaluation.intervals import Interval, McNemar
from registry.evaluation.summary import summarise

LEVELS = ("strict", "loose")
"""The readings of verifiable instructions, each with an entry for every instruction of a row."""

_NO_SCORES = ("task", "answer", "chosen", *outputs.KEYS)
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided of one row: its score by each metric, and which instructions it follows."""

    task: str
    scores: Mapping[str, float]
    followed: Mapping[str, tuple[bool, ...]]

    @property
    def names(self) -> tuple[str, ...]:
        """The metrics, and the levels of instructions."""
        return (*self.scores, *self.followed)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What was decided of the rows of one file, by their keys."""

    name: str
    rows: Mapping[str, Decided]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One metric of two models on `n` rows: the first's mean less the second's, and how sure it is.

    `stderr` takes rows as independent and `clustered` those of a task as one draw; None where
    there are too few rows, or no two tasks. `better` is the share of resamples in which the first
    has the higher mean. `mcnemar` is None where scores are not all 0 or 1.
    """

    metric: str
    n: int
    tasks: int | None
    first: float
    second: float
    difference: float
    stderr: float | None
    clustered: float | None
    interval: Interval
    better: float
    mcnemar: McNemar | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences by each metric that both files have, and the metrics that only one has."""

    differences: tuple[Difference, ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]


def read(paths: Iterable[Path]) -> list[Verdicts]:
    """Read files of verdicts as `registry score --items` writes them, or refuse all at once."""
    unread: list[Problem] = []
    wrong: list[str] = []
    found = [_read(path, unread, wrong) for path in paths]
    if unread:
        raise InvalidCards(unread)
    _refuse(wrong)
    return found


def _read(path: Path, unread: list[Problem], wrong: list[str]) -> Verdicts:
    rows: dict[str, Decided] = {}
    unnamed, repeated, bare = [], [], []
    for line, value in outputs.records(path, unread):
        key = next((str(value[one]) for one in outputs.KEYS if value.get(one) is not None), None)
        if key is None:
            unnamed.append(str(line))
        elif key in rows:
            repeated.append(key)
        else:
            rows[key] = _decided(value)
            if not rows[key].names:
                bare.append(key)
    advice = "name a file of verdicts, as registry score --items writes it"
    wrong += _of_rows(f"{path}: no key in", unnamed, "write it as 'key'", "line")
    wrong += _of_rows(f"{path}: a second verdict on", repeated, "keep one of each")
    wrong += _of_rows(f"{path}: no score in", bare, advice)
    wrong += [] if rows or unnamed else [f"{path}: holds no verdicts; {advice}"]
    for name in dict.fromkeys(name for row in rows.values() for name in row.names):
        lacking = [key for key, row in rows.items() if row.names and name not in row.names]
        wrong += _of_rows(f"{path}: no '{name}' in", lacking, "score all rows alike")
    return Verdicts(str(path), rows)


def _decided(value: Mapping[str, Any]) -> Decided:
    """Read a line: a chosen option is right or wrong, and an answer is no verdict."""
    chosen, task = value.get("chosen"), str(value.get("task") or "")
    if isinstance(chosen, dict) and "answer" in value:
        right = value["answer"]
        return Decided(task, {name: float(one == right) for name, one in chosen.items()}, {})
    if outputs.field(value, outputs.RESPONSES) is not None:
        return Decided(task, {}, {})
    scores: dict[str, float] = {}
    for name, one in value.items():
        if isinstance(one, dict):
            scores |= {f"{name}.{part}": float(of) for part, of in one.items() if _is_score(of)}
        elif name not in _NO_SCORES and _is_score(one):
            scores[name] = float(one)
    followed = {name: tuple(value[name]) for name in LEVELS if _is_followed(value.get(name))}
    return Decided(task, scores, followed)


def _is_score(value: object) -> bool:
    # False of NaN; and of integers that no float can hold, which would raise.
    return isinstance(value, int | float) and abs(value) < 1e300


def _is_followed(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, bool) for one in value)


def compare(first: Verdicts, second: Verdicts) -> Comparison:
    """Compare two files of verdicts on the same rows, whatever order they stand in."""
    _check(first, second)
    keys = sorted(first.rows)
    tasks = [first.rows[key].task or second.rows[key].task for key in keys]
    one, other = (_columns([file.rows[key] for key in keys]) for file in (first, second))
    return Comparison(
        tuple(_difference(name, one[name], other[name], tasks) for name in one if name in other),
        tuple(name for name in one if name not in other),
        tuple(name for name in other if name not in one),
    )


def _check(first: Verdicts, second: Verdicts) -> None:
    wrong: list[str] = []
    for one, other in ((first, second), (second, first)):
        alone = [key for key in one.rows if key not in other.rows]
        wrong += _of_rows(f"{other.name}: no verdict on", alone, f"{one.name} has one; score both")
    both = [(key, first.rows[key], second.rows[key]) for key in first.rows if key in second.rows]
    moved = [key for key, one, other in both if one.task and other.task and one.task != other.task]
    at = f"{first.name}, {second.name}"
    wrong += _of_rows(f"{at}: another task for", moved, "compare verdicts on one benchmark")
    for name in LEVELS:
        off = [key for key, *rows in both if len({*_lengths(rows, name)}) > 1]
        said = f"{at}: not as many instructions ({name}) for"
        wrong += _of_rows(said, off, "compare verdicts on one benchmark")
    if both and not set(both[0][1].names) & set(both[0][2].names):
        metrics = " and ".join(", ".join(row.names) for row in both[0][1:])
        wrong.append(f"{at}: have no metric in common ({metrics}); score both by the same")
    _refuse(wrong)


def _lengths(rows: Iterable[Decided], level: str) -> Iterator[int]:
    return (len(row.followed[level]) for row in rows if level in row.followed)


def _refuse(wrong: Sequence[str]) -> None:
    if wrong:
        raise RegistryError("\n".join(wrong))


def _of_rows(said: str, names: Sequence[str], advice: str, what: str = "row") -> list[str]:
    """Return a sentence about these rows, the first few by name; none about none."""
    if not names:
        return []
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    plural = "" if len(names) == 1 else "s"
    shown = ", ".join(names[:_SHOWN])
    return [f"{said} {len(names):,} {what}{plural} ({shown}{more}); {advice}"]


def _columns(rows: Sequence[Decided]) -> dict[str, list[float]]:
    """Return each metric's scores of all rows; instructions are counted by prompt and singly."""
    columns = {name: [row.scores[name] for row in rows] for name in rows[0].scores}
    for name in rows[0].followed:
        followed = [row.followed[name] for row in rows]
        columns[f"prompt_{name}"] = [float(all(one)) for one in followed]
        columns[f"instruction_{name}"] = _shares(followed)
    return columns


def _shares(followed: Sequence[Sequence[bool]]) -> list[float]:
    """Return each row's share in the accuracy over instructions, which is the shares' mean.

    A row with more instructions moves the accuracy more. The shares are the accuracy's linear form,
    so that their standard error is that of `instructions.summary`: a prompt's are one draw.
    """
    total = sum(map(len, followed))
    mean = sum(map(sum, followed)) / total
    length = total / len(followed)
    return [mean + (sum(one) - mean * len(one)) / length for one in followed]


def _difference(
    metric: str, first: Sequence[float], second: Sequence[float], tasks: Sequence[str]
) -> Difference:
    gaps = [one - other for one, other in zip(first, second, strict=True)]
    found = intervals.compare(first, second)
    verdicts = all(score in (0.0, 1.0) for score in (*first, *second))
    return Difference(
        metric=metric,
        n=len(gaps),
        tasks=len(set(tasks)) if all(tasks) else None,
        first=fmean(first),
        second=fmean(second),
        difference=found.difference,
        stderr=summarise(gaps).stderr,
        clustered=_clustered(gaps, tasks) if all(tasks) else None,
        interval=found.interval,
        better=found.better,
        mcnemar=intervals.mcnemar([*map(bool, first)], [*map(bool, second)]) if verdicts else None,
    )


def _clustered(gaps: Sequence[float], tasks: Sequence[str]) -> float | None:
    of: dict[str, list[float]] = {}
    for task, gap in zip(tasks, gaps, strict=True):
        of.setdefault(task, []).append(gap)
    return clustered_error([(len(each), fmean(each)) for each in of.values()])
