"""One benchmark of multiple choice on one model: options ranked by likelihood, kept and scored."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from registry import checkpoints, devices, hypernetwork, rendering, virtual
from registry.canonical import Demonstration, Row
from registry.decoding import BATCH_TOKENS
from registry.errors import RegistryError
from registry.evaluation import items, options
from registry.evaluation.answers import Choice, Collection, Ranking, choice_of, collect
from registry.evaluation.benchmarks import Evaluated, check_ids
from registry.evaluation.options import By, Question, Ranked, Show
from registry.evaluation.scoring import fold
from registry.hashing import digest
from registry.progress import watched
from registry.reward_model import open_judge

BY: dict[str, By] = {"accuracy": "sum", "accuracy_norm": "characters"}
"""What each metric divides an option's likelihood by."""


def evaluate(
    model_folder: Path,
    rows: Sequence[Row],
    *,
    metrics: Sequence[str],
    show: Show,
    chat: bool,
    shots: int,
    answers: Path,
    weights: str,
    benchmark: str,
    device: str = "auto",
    batch_tokens: int | None = None,
    progress: bool = False,
    say: Callable[[str], None],
) -> Evaluated:
    """Rank the options of every row, keep their likelihoods in the file `answers`, and score them.

    `benchmark` is the hash of all that is shown, examples included. With `chat` the prompt is the
    conversation in the model's template, else the text of `options.few_shot`. All is computed in
    float32: in bfloat16 close calls would fall as the batches do.
    """
    check_ids(rows)
    place = devices.choose(device)
    dtype = devices.compute_dtype(place, "fp32")
    if virtual.tensors(model_folder / checkpoints.ADAPTER) or hypernetwork.tensors_of(model_folder):
        raise RegistryError(
            f"{model_folder.name}: options are ranked by a model's weights alone, and it has"
            " virtual tokens or a hypernetwork; evaluate it on a benchmark that generates"
        )
    rows = [_paired(row) for row in rows]
    rewards = checkpoints.is_reward_model(model_folder)
    if rewards:
        model, tokenizer = None, checkpoints.open_tokenizer(model_folder)
    else:
        model, tokenizer = checkpoints.open_model(model_folder, place, dtype)
    asked = [_question(tokenizer, row, show=show, chat=chat, shots=shots) for row in rows]
    conditions = Ranking(
        weights=weights,
        benchmark=benchmark,
        template=digest(tokenizer.chat_template) if chat else None,
        show=show,
        shots=shots,
        precision="fp32",
    )
    items.beside(answers).unlink(missing_ok=True)
    with collect(answers, conditions, [row.id for row in rows], choice_of) as collection:
        kept = len(collection.answers)
        if kept:
            say(f"{answers.name}: {kept:,} of {len(rows):,} answers are there from an earlier run")
        budget = batch_tokens or BATCH_TOKENS[place.type]
        started = time.perf_counter()
        if rewards:
            waiting = [one for one in asked if one.id not in collection.answers]
            found = _rewarded(model_folder, rows, waiting, device)
        else:
            found = options.ranked(model, asked, batch_tokens=budget, done=set(collection.answers))
        shown = watched(found, "ranking", "question", total=len(rows), done=kept, shown=progress)
        read = _collect(collection, tokenizer, rows, asked, shown)
        seconds = time.perf_counter() - started
    given = [collection.answers[row.id] for row in rows]
    tasks = [one.task for one in given]
    right = {
        name: [float(chosen(one, BY[name]) == one.answer) for one in given] for name in metrics
    }
    verdicts = [
        {"answer": one.answer, "chosen": {name: chosen(one, BY[name]) for name in metrics}}
        for one in given
    ]
    items.write(answers, [one.id for one in given], tasks, verdicts)
    return Evaluated(
        scores={name: fold(tasks, many) for name, many in right.items()},
        n=len(given),
        kept=kept,
        tokens=sum(one.read + sum(one.tokens) for one in given),
        truncated=None,
        seconds=seconds,
        tokens_per_second=read / seconds if read else None,
        device=place.type,
        precision="fp32",
    )


def chosen(one: Choice, by: By) -> int:
    """Return the option that scores highest, the first of equals."""
    return Ranked(one.id, one.scores, one.tokens, one.characters, one.answer).chosen(by)


def with_examples(rows: Sequence[Row], examples: Sequence[Row], shots: int) -> list[Row]:
    """Give each row the first so many examples of its task, with their answers, as positives."""
    of: dict[str, list[Demonstration]] = {}
    for one in examples:
        text = one.messages[-1].content.removeprefix(f"{one.definition}\n\n")
        of.setdefault(one.task, []).append(Demonstration(text, one.references[0]))
    for row in rows:
        if len(of.get(row.task, ())) < shots:
            raise RegistryError(
                f"{row.id}: its task '{row.task}' has {len(of.get(row.task, ()))} examples,"
                f" {shots} are asked for; use fewer"
            )
    return [replace(row, positives=tuple(of[row.task][:shots])) for row in rows]


def _paired(row: Row) -> Row:
    """Give a row without options its better and its worse answer as such."""
    if row.options or not (row.references and row.rejected):
        return row
    return replace(row, options=(row.references[0], row.rejected[0]))


def _rewarded(
    folder: Path, rows: Sequence[Row], asked: Sequence[Question], device: str
) -> Iterator[Ranked]:
    """Rank options by what a reward model says of them as answers."""
    says = open_judge(folder, device=device, precision="fp32")
    by_id = {row.id: row for row in rows}
    for one in asked:
        found = says([by_id[one.id]] * len(one.texts), one.texts)
        # Rewards are no likelihoods: no length divides them.
        yield Ranked(one.id, tuple(found), (1,) * len(found), (1,) * len(found), one.answer)


def _question(tokenizer: Any, row: Row, *, show: Show, chat: bool, shots: int) -> Question:
    if chat:
        ids = rendering.prompt(tokenizer, row.messages)
        text = tokenizer.decode(ids, clean_up_tokenization_spaces=False)
    else:
        text = _begun(tokenizer) + options.few_shot(row, shots)
    made = options.question(tokenizer, row, show=show, prompt=text)
    if made.answer is None:
        raise RegistryError(f"{row.id}: no option is its reference; leave the row out")
    return made


def _begun(tokenizer: Any) -> str:
    """Return the start token as text, for a model whose texts all begin with one."""
    start = tokenizer.bos_token_id
    return (
        tokenizer.bos_token if start is not None and tokenizer("a")["input_ids"][0] == start else ""
    )


def _collect(
    collection: Collection[Choice],
    tokenizer: Any,
    rows: Sequence[Row],
    asked: Sequence[Question],
    found: Iterator[Ranked],
) -> int:
    """Keep the scores as they come; return how many tokens were read for them."""
    by_id = {one.id: (row, one) for row, one in zip(rows, asked, strict=True)}
    tokens = 0
    for ranked in found:
        row, question = by_id[ranked.id]
        one = _choice(tokenizer, row, question, ranked)
        collection.add(one)
        tokens += one.read + sum(one.tokens)
    return tokens


def _choice(tokenizer: Any, row: Row, asked: Question, ranked: Ranked) -> Choice:
    assert ranked.answer is not None
    return Choice(
        id=row.id,
        task=row.task,
        prompt=tokenizer.decode(asked.prompt, clean_up_tokenization_spaces=False),
        options=asked.texts,
        scores=ranked.scores,
        tokens=ranked.tokens,
        characters=ranked.characters,
        answer=ranked.answer,
        read=len(asked.prompt),
    )
