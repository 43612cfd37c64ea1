"""How a benchmark's answers become verdicts: one scheme for each way in which benchmarks score.

A scheme reads the benchmark's own file into items, gives one verdict for each item whatever its
answer holds, and folds verdicts to scores. A verdict is plain values, so that it can be written out
and compared with another scorer's, item by item.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.errors import InvalidCards, Problem, RegistryError
from registry.evaluation import instructions, outputs
from registry.evaluation.instructions import Mode
from registry.evaluation.instructions.verdicts import by_instruction
from registry.evaluation.matching import WAYS, Asked, Ways
from registry.evaluation.metrics import METRICS
from registry.evaluation.summary import Summary, summarise, summarise_tasks
from registry.reports import Measurement

Verdict = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to score: what it is known by, its task, and what its answer is held against."""

    asked: Asked
    task: str = ""
    references: tuple[str, ...] = ()
    record: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """A way of scoring. `headline` is the metric that stands for it."""

    name: str
    version: str
    items: Callable[[Path], list[Item]]
    verdict: Callable[[Item, str | None, Mode], Verdict]
    results: Callable[[Sequence[Item], Sequence[Verdict]], Iterable[Measurement]]
    headline: str
    ways: Ways


def of_format(format: str | None, metrics: Sequence[str] = ()) -> Scheme:
    """Return the scheme of a native format; for all others, `metrics` against references."""
    if format == "ifeval":
        return VERIFIABLE
    return by_references(metrics or ("exact_match", "rouge_l"))


def _records(path: Path, lists: Sequence[str] = ("examples", "data", "Instances")) -> Any:
    """Yield file, place and object of a benchmark's file, or of each file of its folder."""
    problems: list[Problem] = []
    files = sorted(one for one in path.rglob("*.json*") if one.is_file()) if path.is_dir() else []
    for file in files or [path]:
        for place, value in outputs.records(file, problems, lists):
            yield file, place, value
    if problems:
        raise InvalidCards(problems)


def _verifiable(path: Path) -> list[Item]:
    """Read prompts with instructions as IFEval, IFBench and M-IFEval publish them."""
    found = []
    for file, place, value in _records(path):
        try:
            record = instructions.item(value)
        except RegistryError as error:
            raise RegistryError(f"{file}:{place}: {error}") from error
        prompt = value.get("prompt")
        key = Asked(str(value.get("key", place)), prompt if isinstance(prompt, str) else None)
        found.append(Item(key, file.stem if path.is_dir() else "", record=record))
    return found


def _followed(item: Item, response: str | None, mode: Mode) -> Verdict:
    verdict = instructions.check(item.record, response, mode)
    return {"strict": list(verdict.strict), "loose": list(verdict.loose)}


def following(items: Sequence[Any], verdicts: Sequence[Verdict]) -> list[Measurement]:
    """Fold verdicts to IFEval's four accuracies, and each instruction's by its id."""
    folded = [instructions.Verdict(tuple(one["strict"]), tuple(one["loose"])) for one in verdicts]
    accuracy = instructions.summary(folded)
    made = []
    for name, level in (("strict", accuracy.strict), ("loose", accuracy.loose)):
        made.append(measured(f"prompt_{name}", level.prompt))
        made.append(measured(f"instruction_{name}", level.instruction))
        each = by_instruction(items, folded, loose=name == "loose")
        made += [measured(f"instruction_{name}", score, subset=id) for id, score in each.items()]
    return made


def _of_prompts(items: Sequence[Item], verdicts: Sequence[Verdict]) -> Iterable[Measurement]:
    """Yield the accuracies, then those of each file's prompts: in M-IFEval, of each language."""
    yield from following([one.record for one in items], verdicts)
    for name in ("strict", "loose"):
        each = summarise_tasks(
            (item.task, float(all(one[name]))) for item, one in zip(items, verdicts, strict=True)
        )
        yield from (measured(f"prompt_{name}", one, subset=task) for task, one in each.items())


def measured(metric: str, summary: Summary, **narrower: str) -> Measurement:
    """Return a mean with its standard error as reports list it."""
    return Measurement(
        metric=metric, value=summary.mean, stderr=summary.stderr, n=summary.n, **narrower
    )


VERIFIABLE = Scheme(
    name="verifiable-instructions",
    version="+".join(instructions.SCORERS.values()),
    items=_verifiable,
    verdict=_followed,
    results=_of_prompts,
    headline="prompt_strict",
    ways=WAYS,
)


def by_references(metrics: Sequence[str]) -> Scheme:
    """Return the scheme that holds answers against references by metrics, task by task."""
    chosen = {name: METRICS[name] for name in metrics}

    def verdict(item: Item, response: str | None, mode: Mode) -> Verdict:
        return {name: metric(response or "", item.references) for name, metric in chosen.items()}

    def results(items: Sequence[Item], verdicts: Sequence[Verdict]) -> Iterable[Measurement]:
        for name in chosen:
            scores = [float(one[name]) for one in verdicts]
            yield measured(name, summarise(scores))
            tasks = zip((one.task for one in items), scores, strict=True)
            each = summarise_tasks(tasks)
            if len(each) > 1:
                means = [one.mean for one in each.values()]
                yield measured(name, summarise(means), unit="tasks")
                yield from (measured(name, one, subset=task) for task, one in each.items())

    return Scheme(
        name="+".join(chosen),
        version="1",
        items=_with_references,
        verdict=verdict,
        results=results,
        headline=next(iter(chosen)),
        ways=WAYS,
    )


def _with_references(path: Path) -> list[Item]:
    """Read items that bring their references along, under any of the names for them."""
    found, problems = [], []
    names = (*outputs.TARGETS, "output", "answer")
    for file, place, value in _records(path):
        key = next((value[one] for one in outputs.KEYS if value.get(one) is not None), place)
        prompt = next(
            (value[one] for one in outputs.PROMPTS if isinstance(value.get(one), str)), None
        )
        said = outputs.field(value, names)
        references = outputs.texts(value[said]) if said else ()
        if not references:
            problems.append(
                Problem(str(file), place, "references", "there are none; name them 'references'")
            )
            continue
        task = value.get("task") or value.get("task_id") or file.stem
        found.append(Item(Asked(str(key), prompt), str(task), references))
    if problems:
        raise InvalidCards(problems)
    return found
