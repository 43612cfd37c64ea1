"""Criteria as yes/no questions: InfoBench's DRFR, and dependent questions as in ComplexBench.

    {"id": "domain_oriented_task_0", "decomposed_questions": ["Is it a haiku?", "Is it in German?"],
     "question_label": [["Format"], ["Linguistic"]], "eval": [true, null]}

The decomposed requirements following ratio is the share of all questions that were answered yes
(Qin et al., "InFoBench", 2024). A question without an answer counts as not met; `reference` is
the figure of the makers' script, which does not count questions that it broke off before.

Where a question names others it depends on (by place, from 0), it is met only if they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.evaluation.judging.rows import Line, Unreadable, first_of, gather, key_of, shown

VERDICTS = ("eval", "verdicts", "point_judges")
QUESTIONS = ("decomposed_questions", "questions", "scoring_questions")
LABELS = ("question_label", "labels")
_WORDS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Checked:
    """One item: for each question whether it is met, None where nobody could tell.

    `answered` counts the verdicts that the row holds, null ones included.
    """

    key: str
    met: tuple[bool | None, ...]
    labels: tuple[tuple[str, ...], ...]
    groups: tuple[str, ...]
    answered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """How many of so many questions are met."""

    met: int
    questions: int
    drfr: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What checklists come to: overall, by the questions' labels and by the items' groups.

    `all_met` is the share of items whose every question is met.
    """

    items: int
    overall: Ratio
    unanswered: int
    reference: float
    all_met: float
    labels: Mapping[str, Ratio]
    groups: Mapping[str, Ratio]


def checked(line: Line) -> Checked:
    """Read one row."""
    questions = first_of(line, QUESTIONS, [])
    said = first_of(line, VERDICTS)
    if not isinstance(said, list) or not isinstance(questions, list):
        raise Unreadable(line.problem("eval", "is no list; give a yes or no for each question"))
    if questions and len(said) > len(questions):
        fault = f"has {len(said)} verdicts on {len(questions)} questions; give one for each"
        raise Unreadable(line.problem("eval", fault))
    n = len(questions) or len(said)
    if not n:
        raise Unreadable(line.problem("eval", "is empty; leave out items without questions"))
    met = [_yes(line, at, value) for at, value in enumerate(said)]
    padded = [*met, *[None] * (n - len(met))]
    return Checked(
        key=key_of(line, "id", "main_id"),
        met=_with_dependencies(padded, _dependencies(line, questions, n)),
        labels=_labels(line, questions, n),
        groups=tuple(
            f"{name}: {line.value[name]}" for name in ("subset", "category") if line.value.get(name)
        ),
        answered=len(said),
    )


def followed(lines: Sequence[Line]) -> tuple[Followed, list[Checked]]:
    """Return the figures of one file of checklists."""
    found = gather(lines, checked)
    everything = [one for item in found for one in item.met]
    labels: dict[str, list[bool | None]] = {}
    groups: dict[str, list[bool | None]] = {}
    for item in found:
        for name in item.groups:
            groups.setdefault(name, []).extend(item.met)
        for met, names in zip(item.met, item.labels, strict=True):
            for name in names:
                labels.setdefault(name, []).append(met)
    answered = sum(item.answered for item in found)
    made = Followed(
        items=len(found),
        overall=ratio(everything),
        unanswered=everything.count(None),
        reference=everything.count(True) / answered if answered else 0.0,
        all_met=sum(all(item.met) for item in found) / len(found),
        labels={name: ratio(labels[name]) for name in sorted(labels)},
        groups={name: ratio(groups[name]) for name in sorted(groups)},
    )
    return made, found


def ratio(met: Sequence[bool | None]) -> Ratio:
    """Return the share of questions that are met; None is not.

    >>> ratio([True, None, False, True]).drfr
    0.5
    """
    yes = sum(one is True for one in met)
    return Ratio(met=yes, questions=len(met), drfr=yes / len(met))


def _with_dependencies(
    met: Sequence[bool | None], needs: Sequence[Sequence[int]]
) -> tuple[bool | None, ...]:
    """Return verdicts of which one is no where anything it depends on, however far, is not yes."""
    settled = list(met)
    for _ in range(len(settled)):
        before = list(settled)
        for at, others in enumerate(needs):
            if settled[at] and not all(settled[other] for other in others):
                settled[at] = False
        if settled == before:
            break
    return tuple(settled)


def _dependencies(line: Line, questions: Sequence[Any], n: int) -> list[list[int]]:
    given = line.value.get("dependencies")
    if given is None:
        given = [_part(one, "dependencies", "dep") or [] for one in questions]
    needs = [list(one or []) for one in given] if isinstance(given, list) else None
    if needs is None or len(needs) not in (0, n):
        raise Unreadable(line.problem("dependencies", f"is no list of {n} lists; give one each"))
    for other in (other for one in needs for other in one):
        if type(other) is not int or not 0 <= other < n:
            said = f"{shown(other)} is no question's place; count from 0 to {n - 1}"
            raise Unreadable(line.problem("dependencies", said))
    return needs


def _labels(line: Line, questions: Sequence[Any], n: int) -> tuple[tuple[str, ...], ...]:
    given = first_of(line, LABELS)
    if given is None:
        given = [_part(one, "constraint_dimensions", "labels") or [] for one in questions]
    if not isinstance(given, list) or len(given) not in (0, n):
        raise Unreadable(line.problem("question_label", f"is no list of {n}; give one a question"))
    many = [[one] if isinstance(one, str) else list(one or []) for one in given]
    return tuple(tuple(map(str, one)) for one in many) or ((),) * n


def _part(question: Any, *names: str) -> Any:
    if not isinstance(question, dict):
        return None
    return next((question[name] for name in names if question.get(name)), None)


def _yes(line: Line, at: int, value: Any) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if isinstance(value, str | int) and word in _WORDS:
        return _WORDS[word]
    if word in ("", "none", "null"):
        return None
    raise Unreadable(line.problem(f"eval[{at}]", f"{shown(value)} is neither yes nor no"))
