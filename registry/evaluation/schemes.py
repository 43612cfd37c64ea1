"""How a benchmark's answers become verdicts: one scheme for each way in which benchmarks score.

A scheme reads the benchmark's own file into items, gives one verdict for each item whatever its
answer holds, and folds verdicts to scores. A verdict is plain values, so that it can be written out
and compared with another scorer's, item by item.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from registry.canonical import Example
from registry.cards.vocabulary import RANKED
from registry.errors import InvalidCards, Problem, RegistryError
from registry.evaluation import instructions, outputs
from registry.evaluation.instructions import Mode
from registry.evaluation.instructions.verdicts import by_instruction
from registry.evaluation.matching import WAYS, Asked, Ways
from registry.evaluation.metrics import METRICS, bbh, super_ni, versions
from registry.evaluation.outputs import Given
from registry.evaluation.summary import Summary, summarise, summarise_tasks
from registry.formats import FORMATS
from registry.hashing import digest
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
    """A way of scoring: `scorers` are those of `metrics.versions` that decide its verdicts.

    A verdict is given an item, the answer to it if there is one, and the mode. `alone` says that
    answers which bring their targets along can be scored without the benchmark's file.
    """

    name: str
    scorers: tuple[str, ...]
    items: Callable[[Path], list[Item]]
    verdict: Callable[[Item, Given | None, Mode], Verdict]
    results: Callable[[Sequence[Item], Sequence[Verdict]], Iterable[Measurement]]
    ways: Ways = field(default_factory=lambda: WAYS)
    alone: bool = False

    @property
    def version(self) -> str:
        """The versions of its scorers."""
        known = versions.versions()
        return "+".join(f"{name} {known[name]}" for name in self.scorers)

    @property
    def digest(self) -> str:
        """The digest of the code that decides its verdicts."""
        return digest([versions.scorer_digest(name) for name in self.scorers])


def scheme_for(benchmark: str, format: str | None, metrics: Sequence[str] = ()) -> Scheme:
    """Return how a benchmark is scored: by its native format, or by `metrics` and references."""
    if format == "ifeval":
        return VERIFIABLE
    if format == "bbh":
        return BBH
    if format == "natural-instructions" or benchmark.startswith("superni"):
        return SUPER_NI
    if set(metrics) & set(RANKED):
        return CHOICE
    return by_references([one for one in metrics if one in METRICS] or ("exact_match", "rouge_l"))


def _records(path: Path, lists: Sequence[str] = ("examples", "data", "Instances")) -> Any:
    """Yield file, place and object of a benchmark's file, or of each file of its folder."""
    problems: list[Problem] = []
    files = sorted(one for one in path.rglob("*.json*") if one.is_file()) if path.is_dir() else []
    for file in files or [path]:
        for place, value in outputs.records(file, problems, lists):
            yield file, place, value
    if problems:
        raise InvalidCards(problems)


def text(value: object) -> str | None:
    """Return a text, None for what is none."""
    return value if isinstance(value, str) else None


def _asked(file: Path, place: int, key: object, prompt: str | None) -> Asked:
    """Return what an item is known by; without a key of its own it is called by its place."""
    if key is None:
        return Asked(f"{file.name}:{place}", prompt, placed=True)
    return Asked(str(key), prompt)


def _verifiable(path: Path) -> list[Item]:
    """Read prompts with instructions as IFEval, IFBench and M-IFEval publish them."""
    found = []
    for file, place, value in _records(path):
        try:
            record = instructions.item(value)
        except RegistryError as error:
            raise RegistryError(f"{file}:{place}: {error}") from error
        key = _asked(file, place, value.get("key"), text(value.get("prompt")))
        found.append(Item(key, file.stem if path.is_dir() else "", record=record))
    return found


def _followed(item: Item, given: Given | None, mode: Mode) -> Verdict:
    verdict = instructions.check(item.record, given.response if given else None, mode)
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
    for task in sorted({item.task for item in items} - {""}):
        mine = [one for item, one in zip(items, verdicts, strict=True) if item.task == task]
        yield from _four(mine, subset=task)


def _four(verdicts: Sequence[Verdict], **narrower: str) -> Iterator[Measurement]:
    """Yield IFEval's four accuracies."""
    folded = [instructions.Verdict(tuple(one["strict"]), tuple(one["loose"])) for one in verdicts]
    accuracy = instructions.summary(folded)
    for name, level in (("strict", accuracy.strict), ("loose", accuracy.loose)):
        yield measured(f"prompt_{name}", level.prompt, **narrower)
        yield measured(f"instruction_{name}", level.instruction, **narrower)


def measured(metric: str, summary: Summary, **narrower: str) -> Measurement:
    """Return a mean with its standard error as reports list it."""
    return Measurement(
        metric=metric, value=summary.mean, stderr=summary.stderr, n=summary.n, **narrower
    )


VERIFIABLE = Scheme(
    name="verifiable-instructions",
    scorers=("instructions",),
    items=_verifiable,
    verdict=_followed,
    results=_of_prompts,
)


def _hard_tasks(path: Path) -> list[Item]:
    """Read the tasks of BIG-Bench Hard, each a file of questions and targets."""
    return [
        Item(
            Asked(f"{file.stem}/{place - 1}", text(value.get("input"))),
            file.stem,
            outputs.texts(value.get("target")),
        )
        for file, place, value in _records(path)
    ]


def _of_question(given: Given) -> str | None:
    return bbh.question_of(given.prompt) if given.prompt is not None else None


def _extracted(item: Item, given: Given | None, mode: Mode) -> Verdict:
    """Compare the extracted answer; a prompt that asks for steps has its answer at their end."""
    direct = given is not None and given.prompt is not None and _STEPS not in given.prompt
    answer = bbh.extract(given.response if given else None, "direct" if direct else "cot")
    right = any(answer == one.strip() for one in item.references)
    return {"exact_match": float(right), "extracted": answer[:200]}


_STEPS = "step by step"

BBH = Scheme(
    name="bbh",
    scorers=("bbh",),
    items=_hard_tasks,
    verdict=_extracted,
    results=lambda items, verdicts: _by_task(("exact_match",), items, verdicts),
    ways={
        "key": WAYS["key"],
        "question": (lambda item: item.prompt, _of_question),
    },
    alone=True,
)


def _instances(path: Path) -> list[Item]:
    """Read the official reference file of Super-NaturalInstructions, or files of its tasks."""
    found = []
    for file, place, value in _records(path, ("Instances",)):
        if "references" not in value and "output" in value:
            task = {"task_id": file.stem.partition("_")[0], **value}
            value = {**task, "references": outputs.texts(value["output"])}
        try:
            one = super_ni.instance(value)
        except RegistryError as error:
            raise RegistryError(f"{file}:{place}: {error}") from error
        found.append(Item(Asked(one.id), one.task, one.references, record=one))
    return found


def _instance_scores(item: Item, given: Given | None, mode: Mode) -> Verdict:
    predictions = {item.record.id: given.response} if given else {}
    (one,) = super_ni.outcomes([item.record], predictions)
    return {"exact_match": one.exact_match, "rouge_l": one.rouge_l}


SUPER_NI = Scheme(
    name="super-ni",
    scorers=("super_ni",),
    items=_instances,
    verdict=_instance_scores,
    results=lambda items, verdicts: _of_instances(items, verdicts),
)


def _of_instances(items: Sequence[Item], verdicts: Sequence[Verdict]) -> Iterable[Measurement]:
    """Yield the means of all, of tracks, of each track's categories, and of tasks.

    A category that both tracks have is two, as in the reference.
    """
    names = ("exact_match", "rouge_l")
    yield from _by_task(names, items, verdicts)
    for group in (_track, _category):
        for name in names:
            each = summarise_tasks(
                (group(item), one[name]) for item, one in zip(items, verdicts, strict=True)
            )
            yield from (measured(name, one, part=said) for said, one in each.items())


def _track(item: Item) -> str:
    return str(item.record.track)


def _category(item: Item) -> str:
    return f"{item.record.category} ({item.record.track})" if item.record.category else ""


def _by_task(
    names: Sequence[str], items: Sequence[Item], verdicts: Sequence[Verdict]
) -> Iterable[Measurement]:
    """Yield each metric's mean; where there are several tasks, that of their means and each."""
    for name in names:
        scores = [float(one[name]) for one in verdicts]
        yield measured(name, summarise(scores))
        each = summarise_tasks(zip((one.task for one in items), scores, strict=True))
        if len(each) > 1:
            yield measured(name, summarise([one.mean for one in each.values()]), unit="tasks")
            yield from (measured(name, one, subset=task) for task, one in each.items())


def _of_options(path: Path) -> list[Item]:
    """Read questions with options in either of the forms that their owners publish."""
    found = []
    for file in sorted(one for one in path.rglob("*") if one.is_file()) or [path]:
        read = FORMATS["mmlu" if file.suffix == ".csv" else "hhh-alignment"]
        name = file.relative_to(path).as_posix() if file != path else file.name
        with file.open("rb") as stream:
            for row, made in read(stream, name):
                if isinstance(made, Example) and made.split == "test":
                    asked = Asked(f"{name}:{row}", made.messages[-1].content)
                    found.append(Item(asked, made.task, _right(made)))
    return found


def _right(question: Example) -> tuple[str, ...]:
    """Return what is right to say: the option, and where a letter is wanted either or both."""
    letter, *_ = question.references
    if letter in question.options:
        return question.references
    option = question.options[LETTERS.index(letter)]
    return (letter, option, f"{letter}. {option}")


def _picked(item: Item, given: Given | None, mode: Mode) -> Verdict:
    said = (given.response if given else None) or ""
    return {"accuracy": METRICS["exact_match"](said, item.references)}


LETTERS = "ABCD"
CHOICE = Scheme(
    name="choice",
    scorers=("exact_match",),
    items=_of_options,
    verdict=_picked,
    results=lambda items, verdicts: _by_task(("accuracy",), items, verdicts),
    alone=True,
)


def by_references(metrics: Sequence[str]) -> Scheme:
    """Return the scheme that holds answers against references by metrics, task by task."""
    chosen = {name: METRICS[name] for name in metrics}

    def verdict(item: Item, given: Given | None, mode: Mode) -> Verdict:
        said = (given.response if given else None) or ""
        return {name: metric(said, item.references) for name, metric in chosen.items()}

    return Scheme(
        name="+".join(chosen),
        scorers=tuple(chosen),
        items=_with_references,
        verdict=verdict,
        results=lambda items, verdicts: _by_task(tuple(chosen), items, verdicts),
        alone=True,
    )


def _with_references(path: Path) -> list[Item]:
    """Read items that bring their references along, under any of the names for them."""
    found, problems = [], []
    names = (*outputs.TARGETS, "output", "answer")
    for file, place, value in _records(path):
        key = next((value[one] for one in outputs.KEYS if value.get(one) is not None), None)
        prompt = next((said for one in outputs.PROMPTS if (said := text(value.get(one)))), None)
        said = outputs.field(value, names)
        references = outputs.texts(value[said]) if said else ()
        if not references:
            problems.append(
                Problem(str(file), place, "references", "there are none; name them 'references'")
            )
            continue
        task = value.get("task") or value.get("task_id") or file.stem
        found.append(Item(_asked(file, place, key, prompt), str(task), references))
    if problems:
        raise InvalidCards(problems)
    return found
