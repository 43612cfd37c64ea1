"""AlpacaEval's `annotations.json`: a judge's preference between two outputs of an instruction.

    {"instruction": "Sing.", "output_1": "No.", "generator_1": "gpt4_1106_preview",
     "output_2": "La.", "generator_2": "alpaca-7b", "annotator": "weighted_alpaca_eval_gpt4_turbo",
     "preference": 1.93}

Generator 1 is the baseline, 2 the model. A preference is 1 to 2, or 0 for a tie in older files,
or null where the judge's answer could not be read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.evaluation.judging import length
from registry.evaluation.judging.length import Difficulties, Gamed, LengthControlled, Weights
from registry.evaluation.judging.rates import TIE, Rates, rates
from registry.evaluation.judging.rows import Line, Unreadable, gather, number, shown


@dataclass(frozen=True, slots=True)
class Annotation:
    """One judged pair; the preference is None where there is none."""

    instruction: str
    output_1: str
    output_2: str
    generator_1: str
    generator_2: str
    annotator: str
    preference: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A model's line of the leaderboard; `avg_length` is in characters, cut to a whole number.

    `missing` counts pairs without a preference, `out_of_range` those whose preference is neither
    1 to 2 nor 0; neither has a part in the rates, as in the reference.
    """

    model: str
    baseline: str
    annotator: str
    rates: Rates
    avg_length: int
    missing: int
    out_of_range: int
    length_controlled: LengthControlled | None


def annotation(line: Line) -> Annotation:
    """Read one row; refuse one without a field or with a preference that is no number."""
    texts = {name: _text(line, name) for name in ("instruction", "output_1", "output_2")}
    given = ("generator_1", "generator_2", "annotator")
    names = {name: str(line.value.get(name) or "") for name in given}
    return Annotation(**texts, **names, preference=_preference(line))


def standings(
    lines: Sequence[Line],
    *,
    weights: Mapping[str, Weights] | None = None,
    difficulties: Difficulties | None = None,
    gamed: Gamed | None = None,
    alone: bool = True,
) -> list[Standing]:
    """Return the leaderboard's figures of each model, baseline and annotator in a file.

    With published weights the length-controlled win rate is predicted, without them it is fitted.
    A model that the weights do not have is refused where it is `alone`; among others it has none.
    """
    groups: dict[tuple[str, str, str], list[Annotation]] = {}
    for one in gather(lines, annotation):
        key = (one.generator_2, one.generator_1, one.annotator)
        groups.setdefault(key, []).append(one)
    alone = len(groups) == 1 and alone
    return [_standing(one, weights, difficulties, gamed, alone=alone) for one in groups.values()]


def _standing(
    group: Sequence[Annotation],
    weights: Mapping[str, Weights] | None,
    difficulties: Difficulties | None,
    gamed: Gamed | None,
    *,
    alone: bool,
) -> Standing:
    first = group[0]
    valid = [_valid(one.preference) for one in group]
    missing = sum(one.preference is None for one in group)
    return Standing(
        model=first.generator_2,
        baseline=first.generator_1,
        annotator=first.annotator,
        rates=rates([one for one in valid if one is not None]),
        avg_length=int(sum(len(one.output_2) for one in group) / len(group)),
        missing=missing,
        out_of_range=valid.count(None) - missing,
        length_controlled=_fitted(group, valid, difficulties, gamed)
        if weights is None
        else _predicted(first, weights, difficulties, alone=alone),
    )


def _predicted(
    first: Annotation,
    weights: Mapping[str, Weights],
    difficulties: Difficulties | None,
    *,
    alone: bool,
) -> LengthControlled | None:
    known = difficulties or length.estimated_difficulties()
    if not alone and first.generator_2 not in weights:
        return None
    return length.predict(weights, first.generator_2, first.generator_1, known)


def _fitted(
    group: Sequence[Annotation],
    preferences: Sequence[float | None],
    difficulties: Difficulties | None,
    gamed: Gamed | None,
) -> LengthControlled | None:
    if group[0].generator_1 == group[0].generator_2:
        # By construction: a model does not beat itself.
        return LengthControlled(
            win_rate=50.0,
            stderr=0.0,
            weights=Weights(0.0, 0.0, 0.0),
            glm="length_controlled_v1",
            fitted=False,
        )
    return length.fit(
        [None if one is None else one - 1 for one in preferences],
        [len(one.output_1) - len(one.output_2) for one in group],
        difficulties,
        gamed,
    )


def _valid(preference: float | None) -> float | None:
    if preference == 0:
        return TIE
    return preference if preference is not None and 1 <= preference <= 2 else None


def _text(line: Line, name: str) -> str:
    value = line.value.get(name)
    if name not in line.value:
        raise Unreadable(line.problem(name, "is missing; an annotation has both outputs"))
    if value is not None and not isinstance(value, str):
        raise Unreadable(line.problem(name, f"{shown(value)} is no text; give it as text"))
    return value or ""


def _preference(line: Line) -> float | None:
    value: Any = line.value.get("preference")
    if value is None or value != value:
        return None
    found = number(value)
    if found is None:
        if isinstance(value, str) and value.strip().lower() in ("", "nan", "none", "null"):
            return None
        said = f"{shown(value)} is no number; give 1 to 2, or null where there is none"
        raise Unreadable(line.problem("preference", said))
    return found
