"""Choose among options by their likelihood, without generating: rank classification.

Sanh et al. (T0, 2021) section 6.1 take the option with the highest log-likelihood given the
prompt; Brown et al. (GPT-3, 2020) section 2.4 divide it by the option's tokens; `acc_norm` of the
lm-evaluation-harness divides it by its characters; Hendrycks et al. (MMLU, 2021) rank letters.

Each distinct prompt goes through the model once. Its keys and values then serve all its options,
whose last tokens need no pass of their own: letters take none at all. In float32 the scores are
those of each whole sequence scored alone; in bfloat16 a close call may go either way.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from registry.canonical import Row
from registry.errors import RegistryError
from registry.evaluation.summary import Summary, summarise

if TYPE_CHECKING:
    import torch

VERSION = "1"

By = Literal["sum", "tokens", "characters"]
Show = Literal["letters", "texts"]

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt and its options, as tokens; `texts` are the options as they read."""

    id: str
    prompt: tuple[int, ...]
    options: tuple[tuple[int, ...], ...]
    texts: tuple[str, ...]
    answer: int | None = None


@dataclass(frozen=True, slots=True)
class Ranked:
    """A question with the log-likelihood (natural logarithm) of each option.

    `tokens` and `characters` are how long the options are, to divide by.
    """

    id: str
    scores: tuple[float, ...]
    tokens: tuple[int, ...]
    characters: tuple[int, ...]
    answer: int | None

    def chosen(self, by: By = "sum") -> int:
        """Return the option that scores highest, the first of equals."""
        scores = self.normalised(by)
        return scores.index(max(scores))

    def normalised(self, by: By = "sum") -> tuple[float, ...]:
        """Return the scores, divided by the options' tokens or characters where asked for."""
        if by == "sum":
            return self.scores
        lengths = self.tokens if by == "tokens" else self.characters
        return tuple(
            score / max(1, length) for score, length in zip(self.scores, lengths, strict=True)
        )


def accuracy(ranked: Sequence[Ranked], by: By = "sum") -> Summary:
    """Return how often the chosen option is the answer; `characters` gives accuracy_norm."""
    return summarise([float(one.chosen(by) == one.answer) for one in ranked])


def question(
    tokenizer: Any, row: Row, *, show: Show = "texts", prompt: str | None = None
) -> Question:
    """Make a question of a row that has options, to be ranked as its letters or its full texts.

    The prompt is `few_shot(row)` unless given, as text with the template already around it. An
    option follows it after one space, or at once where it ends in white space.
    """
    if not row.options:
        raise RegistryError(f"{row.id}: it has no options to rank; generate an answer instead")
    asked = few_shot(row) if prompt is None else prompt
    letters = tuple(LETTERS[: len(row.options)])
    texts = letters if show == "letters" else row.options
    gap = "" if asked[-1:].isspace() else " "
    cut = [_continuation(tokenizer, asked, gap + text) for text in texts]
    return Question(row.id, cut[0][0], tuple(one for _, one in cut), texts, _answer(row))


def few_shot(row: Row, shots: int | None = None) -> str:
    """Return a row's last message with so many of its positives before it, as MMLU writes them.

    All of them where no number is given. A definition that leads the message leads the examples.
    """
    if shots is not None and not 0 <= shots <= len(row.positives):
        raise RegistryError(
            f"{row.id}: it has {len(row.positives)} examples, {shots} are asked for; use fewer"
        )
    text = row.messages[-1].content
    lead = f"{row.definition}\n\n"
    rest = text.removeprefix(lead)
    shown = "".join(f"{one.input} {one.output}\n\n" for one in row.positives[:shots])
    return f"{lead if rest != text else ''}{shown}{rest}"


def rank(model: Any, questions: Sequence[Question], *, batch_tokens: int) -> list[Ranked]:
    """Score all options of all questions, in their order.

    A batch holds at most so many tokens, every option counted with its whole prompt.
    """
    found = {one.id: one for one in ranked(model, questions, batch_tokens=batch_tokens)}
    return [found[one.id] for one in questions]


def ranked(
    model: Any,
    questions: Sequence[Question],
    *,
    batch_tokens: int,
    done: Collection[str] = frozenset(),
) -> Iterator[Ranked]:
    """Yield questions with their scores as their batch is done, those of long prompts first.

    Those of `done` are left out, and a batch of which nothing else is left is not made; the other
    batches are what they were, so that what is left over gets the scores it would have had.
    """
    _check(model, questions)
    of: dict[tuple[int, ...], list[Question]] = {}
    for one in questions:
        of.setdefault(one.prompt, []).append(one)
    for batch in _batches(questions, batch_tokens):
        left = {prompt: [one for one in of[prompt] if one.id not in done] for prompt, _ in batch}
        for prompt, scores in _scored(model, batch) if any(left.values()) else ():
            yield from (_ranked(one, scores) for one in left[prompt])


def _ranked(one: Question, scores: Mapping[tuple[int, ...], float]) -> Ranked:
    return Ranked(
        one.id,
        tuple(scores[option] for option in one.options),
        tuple(map(len, one.options)),
        tuple(map(len, one.texts)),
        one.answer,
    )


def _continuation(tokenizer: Any, prompt: str, option: str) -> tuple[tuple[int, ...], Any]:
    """Return the tokens of a prompt, and those that the text has after them with the option."""
    before, whole = tokenizer([prompt, prompt + option], add_special_tokens=False)["input_ids"]
    after = whole[len(before) :]
    if whole[: len(before)] != before or not after:
        # The last word of the prompt and the option are one token together.
        after = tokenizer(option, add_special_tokens=False)["input_ids"]
    return tuple(before), tuple(after)


def _answer(row: Row) -> int | None:
    """Return which option the first reference names, by its text or by its letter."""
    wanted = row.references[0] if row.references else None
    if wanted in row.options:
        return row.options.index(wanted)
    letters = LETTERS[: len(row.options)]
    return letters.index(wanted) if wanted and wanted in tuple(letters) else None


def _check(model: Any, questions: Sequence[Question]) -> None:
    """Refuse before the first score what the model's positions cannot hold."""
    most = getattr(model.config, "max_position_embeddings", None)
    for one in questions:
        if not one.prompt or not all(one.options) or not one.options:
            raise RegistryError(f"{one.id}: its prompt or an option has no tokens; leave it out")
        length = len(one.prompt) + max(map(len, one.options))
        if most is not None and length > most:
            raise RegistryError(
                f"{one.id}: {length} tokens are more than the model's {most} positions;"
                " leave the row out or show fewer examples"
            )


Batch = list[tuple[tuple[int, ...], list[tuple[int, ...]]]]


def _batches(questions: Sequence[Question], batch_tokens: int) -> Iterator[Batch]:
    """Cut the distinct prompts, longest first, each with its distinct options, into batches."""
    of: dict[tuple[int, ...], dict[tuple[int, ...], None]] = {}
    for one in questions:
        of.setdefault(one.prompt, {}).update(dict.fromkeys(one.options))
    batch: Batch = []
    width = rows = 0
    for prompt in sorted(of, key=lambda one: (-len(one), one)):
        options = list(of[prompt])
        grown = max(width, len(prompt) + max(map(len, options)))
        if batch and grown * (rows + len(options)) > batch_tokens:
            yield batch
            batch, rows = [], 0
            grown = len(prompt) + max(map(len, options))
        batch.append((prompt, options))
        width, rows = grown, rows + len(options)
    if batch:
        yield batch


def _scored(
    model: Any, batch: Batch
) -> Iterator[tuple[tuple[int, ...], dict[tuple[int, ...], float]]]:
    """Yield each prompt with the scores of its options; where memory is short, in halves."""
    import torch

    try:
        with torch.inference_mode():
            totals = _totals(model, batch)
    except torch.OutOfMemoryError as error:
        if len(batch) == 1:
            raise RegistryError(
                f"options: the device has no memory for {len(batch[0][1])} options after"
                f" {len(batch[0][0])} tokens; use a larger device"
            ) from error
        totals = None
    if totals is None:
        half = len(batch) // 2
        yield from _scored(model, batch[:half])
        yield from _scored(model, batch[half:])
        return
    found = iter(totals)
    for prompt, options in batch:
        yield prompt, {option: next(found) for option in options}


def _totals(model: Any, batch: Batch) -> list[float]:
    """Return the log-likelihood of each option after its prompt, all in one list."""
    import torch
    from transformers import DynamicCache

    prompts, mask = _padded([prompt for prompt, _ in batch], model.device, left=True)
    cache = DynamicCache(config=model.config)
    first = model(
        input_ids=prompts,
        attention_mask=mask,
        position_ids=(mask.cumsum(1) - 1).clamp(min=0),
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=1,
    ).logits[:, -1]
    owner = torch.tensor(
        [at for at, (_, options) in enumerate(batch) for _ in options], device=model.device
    )
    options, real = _padded([one for _, many in batch for one in many], model.device, left=False)
    logits = first.float().log_softmax(-1)[owner].gather(1, options[:, :1])
    totals = logits[:, 0].double()
    if options.shape[1] > 1:
        totals += _rest(model, cache, mask, owner, options, real)
    found: list[float] = totals.tolist()
    return found


def _rest(
    model: Any,
    cache: Any,
    mask: "torch.Tensor",
    owner: "torch.Tensor",
    options: "torch.Tensor",
    real: "torch.Tensor",
) -> "torch.Tensor":
    """Return what the tokens after the first add to each option of more than one."""
    import torch

    totals = torch.zeros(len(options), dtype=torch.float64, device=options.device)
    long = real.sum(1) > 1
    at = long.nonzero()[:, 0]
    cache.batch_select_indices(owner[at])
    before = mask[owner[at]]
    shown, wanted = options[at, :-1], options[at, 1:]
    logits = model(
        input_ids=shown,
        attention_mask=torch.cat([before, real[at, :-1]], dim=1),
        position_ids=before.sum(1, keepdim=True) + torch.arange(shown.shape[1]).to(shown),
        past_key_values=cache,
        use_cache=True,
    ).logits
    each = logits.float().log_softmax(-1).gather(2, wanted[:, :, None])[:, :, 0].double()
    totals[at] = (each * real[at, 1:]).sum(1)
    return totals


def _padded(
    rows: Sequence[Sequence[int]], device: "torch.device", *, left: bool
) -> "tuple[torch.Tensor, torch.Tensor]":
    """Return token ids padded on one side, and a mask with a 1 for each real token."""
    import torch

    width = max(map(len, rows))
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    mask = torch.zeros(len(rows), width, dtype=torch.long)
    for at, row in enumerate(rows):
        place = slice(width - len(row), width) if left else slice(0, len(row))
        ids[at, place] = torch.tensor(row)
        mask[at, place] = 1
    return ids.to(device), mask.to(device)
