"""How far scores spread over the variants of a benchmark, beside what chance alone would do.

Files may hold answers, verdicts item by item, or scores. Items are known across variants by the id
of their origin, and only those that every file of a kind has are compared.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from registry.canonical import Row
from registry.errors import InvalidCards, Problem, RegistryError
from registry.evaluation import instructions, outputs
from registry.evaluation.metrics import METRICS, Metric
from registry.evaluation.robustness.perturb import KINDS, origin_of
from registry.evaluation.summary import Summary, summarise

_NAMED = re.compile(rf"(?:{'|'.join(KINDS)})\.\d+")
OF_TEXTS: Mapping[str, Metric] = {name: METRICS[name] for name in ("exact_match", "rouge_l")}
"""The metrics of answers that are texts, where nobody says which."""
_NO_METRICS = ("task", *outputs.KEYS)


@dataclass(frozen=True, slots=True)
class Scores:
    """One variant's scores by metric: of each item by its origin's id, or folded already.

    `variant` is empty for the benchmark as it is.
    """

    variant: str
    items: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    folded: Mapping[str, Summary] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """One metric over the variants of one kind.

    `deviation` is that of the variants' means, `stderr` the standard error that each has on average
    by the choice of its items. `flips` is the share of items whose verdict is not the same
    everywhere, the benchmark as it is included where it is given; None where scores are no
    verdicts, or not known by item. `left_out` items are not in every file.
    """

    kind: str
    metric: str
    variants: Mapping[str, Summary]
    origin: Summary | None
    mean: float
    low: float
    high: float
    deviation: float | None
    stderr: float | None
    flips: float | None
    items: int | None
    left_out: int


def read(
    paths: Sequence[Path],
    rows: Iterable[Row] = (),
    metrics: Mapping[str, Metric] = OF_TEXTS,
) -> list[Scores]:
    """Read files of answers, of verdicts (`registry score --items`) and of scores (its `--json`).

    Answers are scored against `rows`, those of the benchmark or of a variant, by their constraints
    or by `metrics`; without rows, against the references that they bring along.
    """
    known = {origin_of(row.id)[0]: row for row in rows}
    found: dict[str, Scores] = {}
    problems: list[Problem] = []
    for path in paths:
        for one in _read(path, known, metrics, problems):
            if one.variant in found:
                name = one.variant or "the benchmark as it is"
                problems.append(Problem(str(path), 1, "variant", f"{name} is there already"))
            found[one.variant] = one
    if problems:
        raise InvalidCards(problems)
    return list(found.values())


def _read(
    path: Path, known: Mapping[str, Row], metrics: Mapping[str, Metric], problems: list[Problem]
) -> list[Scores]:
    name = _NAMED.search(path.name)
    variant = name[0] if name else ""
    items: dict[str, dict[str, dict[str, float]]] = {}
    for line, value in outputs.records(path, problems):
        if folded := _folded(value):
            return [Scores(variant, folded=folded)]
        if "fingerprint" in value:
            continue
        key = next((str(value[one]) for one in outputs.KEYS if value.get(one) is not None), None)
        if key is None:
            problems.append(Problem(str(path), line, "key", "there is none; write 'key' or 'id'"))
            continue
        origin, of = origin_of(key)
        scores = _scored(value, known.get(origin), metrics)
        if scores is None:
            said = "is neither verdict nor answer with references; name the rows' table with --data"
            problems.append(Problem(str(path), line, key, said))
            continue
        for metric, score in scores.items():
            of_items = items.setdefault(of or variant, {}).setdefault(metric, {})
            if origin in of_items:
                problems.append(Problem(str(path), line, key, "is there already; keep one"))
            of_items[origin] = score
    return [Scores(of, items=each) for of, each in items.items()]


def _folded(value: Mapping[str, Any]) -> dict[str, Summary]:
    """Return the scores over all items, where this is what `registry score --json` prints."""
    results = value.get("results")
    if not isinstance(results, list):
        return {}
    return {
        one["metric"]: Summary(one["value"], one.get("stderr"), one.get("n", 0))
        for one in results
        if isinstance(one, dict) and isinstance(one.get("value"), int | float)
        if one.get("metric") and not one.get("subset") and not one.get("unit")
    }


def _scored(
    value: Mapping[str, Any], row: Row | None, metrics: Mapping[str, Metric]
) -> Mapping[str, float] | None:
    if isinstance(value.get("strict"), list) and isinstance(value.get("loose"), list):
        return {f"prompt_{one}": float(all(value[one])) for one in ("strict", "loose")}
    said = outputs.field(value, outputs.RESPONSES)
    if said is None:
        given = {name: one for name, one in value.items() if name not in _NO_METRICS}
        scores = {name: float(one) for name, one in given.items() if isinstance(one, int | float)}
        return scores or None
    response = outputs.response_of(value[said])
    if row and row.constraints:
        record = {
            "key": row.id,
            "instruction_id_list": [one.id for one in row.constraints],
            "kwargs": [json.loads(one.arguments) for one in row.constraints],
        }
        verdict = instructions.check(record, response)
        return {
            "prompt_strict": float(all(verdict.strict)),
            "prompt_loose": float(all(verdict.loose)),
        }
    named = outputs.field(value, outputs.TARGETS)
    references = row.references if row else outputs.texts(value[named]) if named else ()
    if not references:
        return None
    return {name: metric(response or "", references) for name, metric in metrics.items()}


def spread(scores: Iterable[Scores]) -> list[Spread]:
    """Return each metric's spread over the variants of each kind, in the order of the kinds."""
    found = list(scores)
    origin = next((one for one in found if not one.variant), None)
    made: list[Spread] = []
    for kind in KINDS:
        many = [one for one in found if one.variant.partition(".")[0] == kind]
        many.sort(key=lambda one: int(one.variant.partition(".")[2]))
        made += _spreads(kind, many, origin)
    if not made:
        raise RegistryError(
            "spread: no file is of a variant; their items' ids, or the files' names, end with"
            " the variant, as in paraphrase.1.jsonl"
        )
    return made


def _spreads(kind: str, many: Sequence[Scores], origin: Scores | None) -> Iterator[Spread]:
    for metric in dict.fromkeys(name for one in many for name in (*one.items, *one.folded)):
        having = [one for one in many if metric in one.items or metric in one.folded]
        if all(metric in one.items for one in having):
            yield _by_item(kind, metric, having, origin)
        else:
            yield _of_means(kind, metric, having, origin)


def _by_item(kind: str, metric: str, many: Sequence[Scores], origin: Scores | None) -> Spread:
    with_origin = origin is not None and metric in origin.items
    every = [one.items[metric] for one in (*many, *([origin] if origin and with_origin else []))]
    common = [id for id in every[0] if all(id in one for one in every)]
    if not common:
        raise RegistryError(f"{kind}: the files have no item in common; are they of one benchmark?")
    table = [[one[id] for id in common] for one in every]
    verdicts = all(score in (0.0, 1.0) for scores in table for score in scores)
    flipped = sum(len(set(scores)) > 1 for scores in zip(*table, strict=True))
    means = [summarise(scores) for scores in table]
    return _folded_spread(
        kind,
        metric,
        {one.variant: mean for one, mean in zip(many, means, strict=False)},
        means[-1] if with_origin else _of(origin, metric),
        flips=flipped / len(common) if verdicts and len(every) > 1 else None,
        items=len(common),
        left_out=len(set().union(*every)) - len(common),
    )


def _of_means(kind: str, metric: str, many: Sequence[Scores], origin: Scores | None) -> Spread:
    means = {one.variant: mean for one in many if (mean := _of(one, metric))}
    return _folded_spread(
        kind, metric, means, _of(origin, metric), flips=None, items=None, left_out=0
    )


def _of(one: Scores | None, metric: str) -> Summary | None:
    if one is None:
        return None
    if metric in one.items:
        return summarise(list(one.items[metric].values()))
    return one.folded.get(metric)


def _folded_spread(
    kind: str,
    metric: str,
    variants: Mapping[str, Summary],
    origin: Summary | None,
    *,
    flips: float | None,
    items: int | None,
    left_out: int,
) -> Spread:
    means = [one.mean for one in variants.values()]
    errors = [one.stderr for one in variants.values() if one.stderr is not None]
    return Spread(
        kind=kind,
        metric=metric,
        variants=variants,
        origin=origin,
        mean=fmean(means),
        low=min(means),
        high=max(means),
        deviation=stdev(means) if len(means) > 1 else None,
        stderr=fmean(errors) if errors else None,
        flips=flips,
        items=items,
        left_out=left_out,
    )
