"""One benchmark on one model: answers generated, kept and scored."""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from registry import checkpoints, devices, hypernetwork, rendering, virtual
from registry.canonical import Row
from registry.decoding import BATCH_TOKENS, Answered, Prompt, answer
from registry.errors import RegistryError
from registry.evaluation import following, items
from registry.evaluation.answers import Answer, Collection, Conditions, answer_of, collect
from registry.evaluation.metrics import METRICS, Metric, choose
from registry.evaluation.scoring import Scored, each, fold
from registry.evaluation.summary import Summary
from registry.hashing import digest, hash_file
from registry.hypernetwork import Network
from registry.reports import Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What came out: the scores by metric, and what they took.

    `tokens` counts all answers' tokens, `truncated` the answers that met the limit, and `seconds`
    the generation of this run, whose speed is None where every answer was kept from an earlier one.
    Where options were ranked, tokens are those read, and nothing could be truncated.
    """

    scores: Mapping[str, Scored]
    n: int
    kept: int
    tokens: int
    truncated: int | None
    seconds: float
    tokens_per_second: float | None
    device: str
    precision: str

    def results(self, benchmark: str) -> list[Measurement]:
        """Return the scores as a report lists them.

        Each metric has its mean over answers, then over tasks (`unit` is tasks), then that of each
        task (`subset`).
        """
        return [one for name in self.scores for one in _results(benchmark, name, self.scores[name])]


def evaluate(
    model_folder: Path,
    rows: Sequence[Row],
    *,
    metrics: Sequence[str],
    max_new_tokens: int,
    answers: Path,
    weights: str,
    benchmark: str,
    device: str = "auto",
    precision: str = "auto",
    batch_tokens: int | None = None,
    known: Mapping[str, Metric] = METRICS,
    progress: bool = False,
    say: Callable[[str], None],
) -> Evaluated:
    """Answer every row, keep the answers in the file `answers`, and score them.

    `weights` and `benchmark` are the hashes of the model's weights and of the rows: answers from
    an interrupted run with the same hashes are kept, others are not. The verdicts on the answers
    are written beside them.
    """
    of_constraints = [name for name in metrics if name in following.NAMES]
    chosen = choose([name for name in metrics if name not in of_constraints], known)
    _check(rows, referenced=bool(chosen))
    if of_constraints:
        # Before the first answer, as everything that could not be scored after the last.
        deque(map(following.item_of, rows), maxlen=0)
    items.beside(answers).unlink(missing_ok=True)
    place = devices.choose(device)
    dtype = devices.compute_dtype(place, precision)
    model, tokenizer = checkpoints.open_model(model_folder, place, dtype)
    start = virtual.read(model_folder / checkpoints.ADAPTER, model)
    network = hypernetwork.read(model_folder, model)
    conditions = Conditions(
        weights=_with_others(weights, model_folder),
        benchmark=benchmark,
        template=digest(tokenizer.chat_template),
        max_new_tokens=max_new_tokens,
        precision="bf16" if dtype.itemsize == 2 else "fp32",
    )
    with collect(answers, conditions, [row.id for row in rows], answer_of) as collection:
        kept = len(collection.answers)
        if kept:
            say(f"{answers.name}: {kept:,} of {len(rows):,} answers are there from an earlier run")
        budget = batch_tokens or BATCH_TOKENS[place.type]
        started = time.perf_counter()
        generated = sum(
            _collect_missing(
                collection, model, tokenizer, some, max_new_tokens, budget, start, progress=progress
            )
            for some in _told(network, model, tokenizer, rows)
        )
        seconds = time.perf_counter() - started
    given = [collection.answers[row.id] for row in rows]
    scores = _scored(rows, given, chosen, of_constraints, answers)
    return Evaluated(
        scores={name: scores[name] for name in metrics},
        n=len(given),
        kept=kept,
        tokens=sum(one.tokens for one in given),
        truncated=sum(one.truncated for one in given),
        seconds=seconds,
        tokens_per_second=generated / seconds if generated else None,
        device=place.type,
        precision=conditions.precision,
    )


def _with_others(weights: str, folder: Path) -> str:
    """Return what says which model answers: its weights, its virtual tokens or hypernetwork."""
    others = (virtual.tensors(folder / checkpoints.ADAPTER), hypernetwork.tensors_of(folder))
    found = [hash_file(one).sha256 for one in others if one]
    return digest([weights, *found]) if found else weights


def _scored(
    rows: Sequence[Row],
    given: Sequence[Answer],
    chosen: Mapping[str, Metric],
    of_constraints: Sequence[str],
    answers: Path,
) -> dict[str, Scored]:
    """Score the answers, and write what was decided of each beside them."""
    tasks = [one.task for one in given]
    of_each = each(given, chosen)
    scores = {name: fold(tasks, many) for name, many in of_each.items()}
    verdicts: list[dict[str, Any]] = [
        {name: many[at] for name, many in of_each.items()} for at in range(len(given))
    ]
    if of_constraints:
        checked = following.check(rows, given)
        scores |= following.followed(rows, checked, of_constraints)
        for verdict, one in zip(verdicts, checked, strict=True):
            verdict |= {"strict": list(one.strict), "loose": list(one.loose)}
    items.write(answers, [one.id for one in given], tasks, verdicts)
    return scores


def check_ids(rows: Sequence[Row]) -> None:
    """Refuse a benchmark without rows, or with two of one id."""
    if not rows:
        raise RegistryError("evaluate: the benchmark has no rows; convert or mix it again")
    for id, count in Counter(row.id for row in rows).items():
        if count > 1:
            raise RegistryError(f"{id}: {count} rows of the benchmark have this id; keep one")


def _check(rows: Sequence[Row], *, referenced: bool) -> None:
    """Refuse before the first answer what could not be scored after the last."""
    check_ids(rows)
    for row in rows:
        if referenced and not row.references:
            raise RegistryError(f"{row.id}: it has no reference to score by; leave the row out")


def _collect_missing(
    collection: Collection[Answer],
    model: Any,
    tokenizer: Any,
    rows: Sequence[Row],
    max_new_tokens: int,
    batch_tokens: int,
    start: virtual.Start | None,
    *,
    progress: bool,
) -> int:
    """Generate the answers that are not there yet; return how many tokens that took."""
    by_id = {row.id: row for row in rows}
    shown = {row.id: rendering.prompt(tokenizer, row.messages) for row in rows}
    tokens = 0
    for one in answer(
        model,
        tokenizer,
        [Prompt(id, tuple(ids)) for id, ids in shown.items()],
        max_new_tokens=max_new_tokens,
        batch_tokens=batch_tokens,
        done=set(collection.answers),
        start=start,
        progress=progress,
    ):
        text = tokenizer.decode(shown[one.id], clean_up_tokenization_spaces=False)
        collection.add(_record(by_id[one.id], text, one))
        tokens += one.tokens
    return tokens


def _told(
    network: Network | None, model: Any, tokenizer: Any, rows: Sequence[Row]
) -> Iterator[list[Row]]:
    """Give the rows of each instruction, while a hypernetwork, if there is one, acts by it."""
    if network is None:
        yield list(rows)
        return
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(hypernetwork.instruction_of(row.messages), []).append(row)
    encoded = hypernetwork.encode(model, tokenizer, list(groups))
    for at, group in enumerate(groups.values()):
        made = hypernetwork.adapters(network, encoded[at : at + 1], model)
        with hypernetwork.acting(model, network, made, ()):
            yield [
                replace(
                    row, messages=hypernetwork.without_instruction(row.messages, network.settings)
                )
                for row in group
            ]


def _record(row: Row, prompt: str, answered: Answered) -> Answer:
    return Answer(
        id=row.id,
        task=row.task,
        prompt=prompt,
        answer=answered.text,
        references=row.references,
        tokens=answered.tokens,
        truncated=answered.truncated,
    )


def _results(benchmark: str, metric: str, scored: Scored) -> list[Measurement]:
    def said(summary: Summary, **narrower: str) -> Measurement:
        return Measurement(
            benchmark=benchmark,
            metric=metric,
            value=summary.mean,
            stderr=summary.stderr,
            n=summary.n,
            **narrower,
        )

    over_tasks = [said(scored.of_tasks, unit="tasks")] if scored.of_tasks else []
    each = [said(summary, subset=task) for task, summary in scored.tasks.items()]
    return [said(scored.overall), *over_tasks, *each]
