"""LLMBar's results: which of two outputs an evaluator preferred, in both orders, and the label.

    {"input": "Sing.", "output_1": "La.", "output_2": "No.", "label": 1, "results": [
      {"swap = False": {"completion": ["Output (a)", "stop"], "winner": "1"},
       "swap = True": {"completion": ["Output (b)", "stop"], "winner": "1"}}]}

Source: `Dataset/**/evaluators/*/*/result.json` of princeton-nlp/LLMBar; the last of `results`
counts. A winner names the output, not its place, and is null where the completion could not be
read. Where a row has no winner it is read from the completion, in which (a) is what was shown
first.

The kappas of the reference's `statistics.json` are wrong: they take winner "2" for no winner at
all, since the labels are compared with "0" and "1". `Reference` repeats them; `Judged` has the
right ones.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from registry.evaluation.judging.agreement import cohen_kappa
from registry.evaluation.judging.positions import Positions, Verdict, positions
from registry.evaluation.judging.rows import Line, Unreadable, gather, number, shown

ORDERS = ("swap = False", "swap = True")
_BETTER = re.compile(r"output \(?([ab])\)? is (?:the )?better", re.IGNORECASE)
_NAMED = re.compile(r"output \(([ab])\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The label of one row (1 or 2) and the winner in each order, None where there is none."""

    label: int
    plain: int | None
    swapped: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The figures of `statistics.json` as its makers compute them, shares instead of per cent."""

    correct_false: float
    correct_true: float
    correct_average: float
    correct_both: float
    equal: float
    kappa_false: float | None
    kappa_true: float | None
    kappa_agreement: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """How an evaluator did on one subset; a verdict that could not be read is not right.

    `accuracy` is the mean over both orders, `both` the share right in both. `kappa` is the mean
    agreement with the labels beyond chance, `kappa_orders` that of the orders with each other.
    """

    subset: str
    evaluator: str
    items: int
    unparsed: int
    accuracy: float
    accuracy_plain: float
    accuracy_swapped: float
    both: float
    kappa: float | None
    kappa_orders: float | None
    positions: Positions
    reference: Reference


def subset_of(file: str) -> tuple[str, str]:
    """Return the subset and the evaluator that a file's folders name, or its own name alone.

    >>> subset_of("Dataset/LLMBar/Adversarial/Manual/evaluators/GPT-4/CoT/result.json")
    ('Adversarial/Manual', 'GPT-4/CoT')
    >>> subset_of("Dataset/LLMBar/Natural/evaluators/GPT-4/CoT/result.json")
    ('Natural', 'GPT-4/CoT')
    >>> subset_of("mine.json")
    ('mine', '')
    """
    parts = PurePath(file).parts
    if "evaluators" not in parts:
        return PurePath(file).stem, ""
    at = parts.index("evaluators")
    kept = 2 if at > 1 and parts[at - 2] in ("Adversarial", "CaseStudy") else 1
    return "/".join(parts[max(at - kept, 0) : at]), "/".join(parts[at + 1 : -1])


def parse_winner(completion: str) -> int | None:
    """Return which of the outputs shown (1 or 2) a completion prefers.

    >>> parse_winner("Therefore, Output (b) is better."), parse_winner("Output (a)")
    (2, 1)
    >>> parse_winner("Output (a) rhymes, Output (b) does not.")
    """
    text = completion[-4000:]
    said = _BETTER.findall(text)
    if not said:
        named = {letter.lower() for letter in _NAMED.findall(text)}
        said = list(named) if len(named) == 1 else []
    return "ab".index(said[-1].lower()) + 1 if said else None


def judgement(line: Line) -> Judgement:
    """Read one row."""
    label = number(line.value.get("label"))
    if label not in (1, 2):
        said = f"{shown(line.value.get('label'))} is neither 1 nor 2; give the better output's"
        raise Unreadable(line.problem("label", said))
    results = line.value.get("results")
    last = results[-1] if isinstance(results, list) and results else None
    if not isinstance(last, dict) or not any(order in last for order in ORDERS):
        said = "the last has neither 'swap = False' nor 'swap = True'; give both orders"
        raise Unreadable(line.problem("results", said))
    plain, swapped = (_winner(line, last.get(order), order) for order in ORDERS)
    return Judgement(int(label), plain, swapped)


def judged(lines: Sequence[Line]) -> tuple[Judged, list[Judgement]]:
    """Return the figures of one file of results."""
    found = gather(lines, judgement)
    n = len(found)
    subset, evaluator = subset_of(lines[0].file)
    plain = sum(one.plain == one.label for one in found) / n
    swapped = sum(one.swapped == one.label for one in found) / n
    by_order = [
        cohen_kappa([(one.plain, one.label) for one in found]),
        cohen_kappa([(one.swapped, one.label) for one in found]),
    ]
    kappas = [kappa for kappa in by_order if kappa is not None]
    made = Judged(
        subset=subset,
        evaluator=evaluator,
        items=n,
        unparsed=sum((one.plain is None) + (one.swapped is None) for one in found),
        accuracy=(plain + swapped) / 2,
        accuracy_plain=plain,
        accuracy_swapped=swapped,
        both=sum(one.plain == one.swapped == one.label for one in found) / n,
        kappa=sum(kappas) / 2 if len(kappas) == 2 else None,
        kappa_orders=cohen_kappa([(one.plain, one.swapped) for one in found]),
        positions=positions(_pair(at, one) for at, one in enumerate(found)),
        reference=reference(found),
    )
    return made, found


def reference(found: Sequence[Judgement]) -> Reference:
    """Return what the makers' script would have written."""
    n = len(found)
    plain = sum(one.plain == one.label for one in found) / n
    swapped = sum(one.swapped == one.label for one in found) / n
    taken = [(int(one.plain == 1), int(one.swapped == 1), one.label) for one in found]
    return Reference(
        correct_false=plain,
        correct_true=swapped,
        correct_average=(plain + swapped) / 2,
        correct_both=sum(one.plain == one.swapped == one.label for one in found) / n,
        equal=sum(one.plain == one.swapped for one in found) / n,
        kappa_false=cohen_kappa([(first, label) for first, _, label in taken]),
        kappa_true=cohen_kappa([(second, label) for _, second, label in taken]),
        kappa_agreement=cohen_kappa([(first, second) for first, second, _ in taken]),
    )


def over_subsets(made: Sequence[Judged]) -> dict[str, dict[str, Any]]:
    """Return each evaluator's accuracy and agreement by subset, and their means.

    `adversarial` is the mean over the adversarial subsets and `mean` that over all, as the paper's
    tables have them: a subset counts once, however many rows it has.
    """
    evaluators: dict[str, dict[str, Judged]] = {}
    for one in made:
        evaluators.setdefault(one.evaluator, {})[one.subset] = one
    return {name: _means(subsets) for name, subsets in evaluators.items()}


def _means(subsets: Mapping[str, Judged]) -> dict[str, Any]:
    def mean(names: Sequence[str]) -> dict[str, float | None]:
        chosen = [subsets[name] for name in names]
        agreed = [one.positions.agreement for one in chosen]
        known = [one for one in agreed if one is not None]
        return {
            "accuracy": sum(one.accuracy for one in chosen) / len(chosen),
            "agreement": sum(known) / len(known) if known else None,
        }

    adversarial = [name for name in subsets if name.startswith("Adversarial")]
    return {
        "subsets": {name: mean([name]) for name in sorted(subsets)},
        "adversarial": mean(adversarial) if adversarial else None,
        "mean": mean(list(subsets)),
    }


def _winner(line: Line, result: Any, order: str) -> int | None:
    """Return the winning output; a row without a winner is read from its completion."""
    if not isinstance(result, dict):
        return None
    if "winner" in result:
        value = result["winner"]
        if value is None or value in ("1", "2", 1, 2):
            return None if value is None else int(value)
        raise Unreadable(
            line.problem(f"results.{order}.winner", f"{shown(value)} is neither 1, 2 nor null")
        )
    completion = result.get("completion")
    text = completion[0] if isinstance(completion, list) and completion else completion
    place = parse_winner(text) if isinstance(text, str) else None
    return place if place is None or order == ORDERS[0] else 3 - place


def _pair(at: int, one: Judgement) -> tuple[Verdict, Verdict]:
    return Verdict(str(at), one.plain, False), Verdict(str(at), one.swapped, True)
