"""The scorer of Super-NaturalInstructions: each instance, and means by track, category and task.

Wang et al., "Super-NaturalInstructions" (2022); reference: `eval/automatic/evaluation.py` of
allenai/natural-instructions. Exact match is the same on both tracks. ROUGE-L has stemmed ASCII
words on the `default` track, GPT-2's tokens on the `xlingual` one. Scores of a group are per cent,
rounded to four decimals, under the reference's names; an instance without a prediction is scored
as an empty answer, as there, and counted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.errors import RegistryError
from registry.evaluation.metrics import gpt2
from registry.evaluation.metrics.exact_match import exact_match
from registry.evaluation.metrics.rouge import rouge
from registry.evaluation.metrics.rouge_l import rouge_l
from registry.evaluation.metrics.text import plain

VERSION = "1"

TRACKS = ("default", "xlingual")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """What is asked for: a line of the official reference file, whose track may be left out."""

    id: str
    references: tuple[str, ...]
    task: str = ""
    category: str = ""
    track: str = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """An instance with its scores; `answered` is false where no prediction came."""

    instance: Instance
    exact_match: float
    rouge_l: float
    answered: bool


def instance(line: Mapping[str, Any]) -> Instance:
    """Read one line of the official reference file."""
    try:
        made = Instance(
            id=line["id"],
            references=tuple(line["references"]),
            task=line.get("task_id", ""),
            category=line.get("task_category", ""),
            track=line.get("track", "default"),
        )
    except (KeyError, TypeError) as error:
        raise RegistryError(f"reference: it has no {error}; give id and references") from error
    if not made.references:
        raise RegistryError(f"{made.id}: it has no reference to score by; leave it out")
    if made.track not in TRACKS:
        raise RegistryError(f"{made.id}: track '{made.track}' is not default or xlingual")
    return made


def rouge_l_xlingual(answer: str, references: Sequence[str]) -> float:
    """Score ROUGE-L over GPT-2's tokens, which any script has; case counts."""
    return rouge(answer, references, ["rougeL"], tokenise=gpt2.tokens)["rougeL"].f


def outcomes(instances: Iterable[Instance], predictions: Mapping[str, object]) -> list[Outcome]:
    """Score every instance by its prediction, found by id; one that is null counts as empty."""
    return [_outcome(one, predictions) for one in instances]


def _outcome(one: Instance, predictions: Mapping[str, object]) -> Outcome:
    answer = plain(predictions.get(one.id))
    by_track = rouge_l_xlingual if one.track == "xlingual" else rouge_l
    return Outcome(
        instance=one,
        exact_match=exact_match(answer, one.references),
        rouge_l=by_track(answer, one.references),
        answered=one.id in predictions,
    )


def grouped(scored: Sequence[Outcome]) -> dict[str, float]:
    """Return the means by track, category and task as the reference names and rounds them.

    `rougeL_for_title_generation_default_track` is that of a category; those of a track come first.
    A track whose first instance names no category (or task) has no means by it, as there.
    """
    found: dict[str, float] = {}
    for track in TRACKS:
        mine = [one for one in scored if one.instance.track == track]
        if not mine:
            continue
        found |= _means(mine, f"_{track}_track")
        for names in (
            ["_".join(one.instance.category.lower().split()) for one in mine],
            [one.instance.task for one in mine],
        ):
            for name, members in _groups(names, mine).items():
                found |= _means(members, f"_for_{name}_{track}_track")
    return found


def _groups(names: Sequence[str], scored: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    groups: dict[str, list[Outcome]] = {}
    if names[0]:
        for name, one in zip(names, scored, strict=True):
            groups.setdefault(name, []).append(one)
    return groups


def _means(scored: Sequence[Outcome], ending: str) -> dict[str, float]:
    return {
        f"exact_match{ending}": _per_cent([one.exact_match for one in scored]),
        f"rougeL{ending}": _per_cent([one.rouge_l for one in scored]),
    }


def _per_cent(scores: Sequence[float]) -> float:
    total = 0.0
    for score in scores:  # one by one, as there; sum() rounds otherwise since Python 3.12
        total += score
    return round(100.0 * total / len(scores), 4)
