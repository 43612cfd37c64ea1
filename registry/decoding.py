"""Answers to many prompts at once, greedy or drawn.

Prompts are padded on the left and sorted by length. A batch decodes with a cache of keys and
values, and rows that have ended leave it. In float32 an answer does not depend on what shares its
batch; in bfloat16 a close call between two tokens may go either way.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from registry.errors import RegistryError
from registry.progress import bar
from registry.virtual import Start, length

if TYPE_CHECKING:
    import torch

BATCH_TOKENS = {"cpu": 4096, "mps": 8192, "cuda": 65536}
"""Tokens of a batch, prompts and answers, by kind of device.

On a CPU a larger batch is slower: what it wins in decoding it loses to padding in the prompts.
"""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model is shown, as token ids, ready for it to go on."""

    id: str
    tokens: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """What the model said, without prompt and special tokens.

    `tokens` counts the token that ended it too; `truncated` means that none did.
    """

    id: str
    text: str
    tokens: int
    truncated: bool


def answer(
    model: Any,
    tokenizer: Any,
    prompts: Sequence[Prompt],
    *,
    max_new_tokens: int,
    batch_tokens: int,
    done: Collection[str] = (),
    start: Start | None = None,
    progress: bool = False,
) -> Iterator[Answered]:
    """Yield an answer to each prompt that is not `done`, longest prompts first.

    The batches are those of all prompts, so that an evaluation taken up again computes each
    answer in the company that it would have had.
    """
    _check_lengths(model, prompts, max_new_tokens, length(start))
    planned = batches(prompts, max_new_tokens=max_new_tokens, batch_tokens=batch_tokens)
    ends = _end_tokens(model, tokenizer)
    asked = _Asked(model, max_new_tokens, ends, _likeliest, start)
    answers = chain.from_iterable(
        _batch(asked, tokenizer, batch)
        for batch in planned
        if any(prompt.id not in done for prompt in batch)
    )
    new = (one for one in answers if one.id not in done)
    yield from _shown(new, len(prompts), len(done)) if progress else new


def draw(
    model: Any,
    tokenizer: Any,
    prompts: Sequence[Prompt],
    *,
    max_new_tokens: int,
    batch_tokens: int,
    temperature: float,
    seed: int,
    start: Start | None = None,
) -> list[tuple[int, ...]]:
    """Draw an answer to each prompt, in order, as tokens with the one that ends it.

    What is drawn depends on the seed and on all prompts, not on what was drawn before.
    """
    import torch

    _check_lengths(model, prompts, max_new_tokens, length(start))
    noise = torch.Generator(model.device).manual_seed(seed)

    def choose(logits: "torch.Tensor") -> "torch.Tensor":
        chances = torch.softmax(logits.float() / temperature, -1)
        return torch.multinomial(chances, 1, generator=noise)[:, 0]

    asked = _Asked(model, max_new_tokens, _end_tokens(model, tokenizer), choose, start)
    numbered = [Prompt(f"{at:09}", one.tokens) for at, one in enumerate(prompts)]
    found: dict[str, tuple[int, ...]] = {}
    for batch in batches(numbered, max_new_tokens=max_new_tokens, batch_tokens=batch_tokens):
        for one, tokens in zip(batch, _decode(asked, [one.tokens for one in batch]), strict=True):
            found[one.id] = tuple(tokens)
    return [found[one.id] for one in numbered]


@dataclass(frozen=True, slots=True)
class _Asked:
    """How a batch is answered, whatever its prompts are."""

    model: Any
    max_new_tokens: int
    ends: frozenset[int]
    choose: "Callable[[torch.Tensor], torch.Tensor]"
    start: Start | None


def _likeliest(logits: "torch.Tensor") -> "torch.Tensor":
    return logits.argmax(-1)


def batches(
    prompts: Sequence[Prompt], *, max_new_tokens: int, batch_tokens: int
) -> list[list[Prompt]]:
    """Cut prompts, longest first, into batches of at most so many tokens once all is answered.

    The longest come first so that a lack of memory shows at once. A prompt too long for the
    budget is a batch of its own.
    """
    cut: list[list[Prompt]] = []
    room = 0
    for prompt in sorted(prompts, key=lambda one: (-len(one.tokens), one.id)):
        if not room:
            room = max(1, batch_tokens // (len(prompt.tokens) + max_new_tokens))
            cut.append([])
        cut[-1].append(prompt)
        room -= 1
    return cut


def _check_lengths(
    model: Any, prompts: Sequence[Prompt], max_new_tokens: int, virtual: int
) -> None:
    """Refuse before the first answer what the model's positions cannot hold."""
    most = getattr(model.config, "max_position_embeddings", None)
    if max_new_tokens < 1:
        raise RegistryError(f"max_new_tokens: {max_new_tokens} leaves no answer; use 1 or more")
    for prompt in prompts:
        length = len(prompt.tokens) + virtual
        if not prompt.tokens:
            raise RegistryError(f"{prompt.id}: the prompt has no tokens; leave the row out")
        if most is not None and length + max_new_tokens > most:
            raise RegistryError(
                f"{prompt.id}: {length} tokens of prompt and {max_new_tokens} of answer are more"
                f" than the model's {most} positions; leave the row out or lower max_new_tokens"
            )


def _end_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    """Return every token that ends an answer: the tokenizer's own and the model's list."""
    declared = model.generation_config.eos_token_id
    many = declared if isinstance(declared, list) else [declared]
    return frozenset(token for token in (*many, tokenizer.eos_token_id) if token is not None)


def _batch(asked: _Asked, tokenizer: Any, batch: list[Prompt]) -> list[Answered]:
    """Answer one batch, or, where memory does not hold it, its halves."""
    import torch

    try:
        outputs = _decode(asked, [prompt.tokens for prompt in batch])
    except torch.OutOfMemoryError as error:
        if len(batch) == 1:
            raise RegistryError(
                f"{batch[0].id}: the device has no memory for {len(batch[0].tokens)} tokens of"
                f" prompt and {asked.max_new_tokens} of answer; use a larger device"
            ) from error
        outputs = None
    if outputs is None:
        # Outside of the handler, whose traceback would keep the failed tensors alive.
        half = len(batch) // 2
        parts = (batch[:half], batch[half:])
        return [one for part in parts for one in _batch(asked, tokenizer, part)]
    return [
        _answered(tokenizer, prompt.id, output, asked.ends)
        for prompt, output in zip(batch, outputs, strict=True)
    ]


def _answered(tokenizer: Any, id: str, output: list[int], ends: frozenset[int]) -> Answered:
    ended = output[-1] in ends
    said = output[:-1] if ended else output
    text = tokenizer.decode(said, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return Answered(id, text, len(output), truncated=not ended)


def _decode(asked: _Asked, prompts: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return what the model adds to each prompt, its end token included."""
    import torch

    with torch.inference_mode():
        return _decode_all(asked, prompts)


def _decode_all(asked: _Asked, prompts: Sequence[Sequence[int]]) -> list[list[int]]:
    import torch

    model = asked.model
    inputs, mask = _padded(prompts, model.device)
    cache, before = _begin(model, asked.start, len(prompts))
    positions = (mask.cumsum(1) - 1).clamp(min=0) + before
    mask = torch.cat([mask.new_ones(len(prompts), before), mask], dim=1)
    outputs: list[list[int]] = [[] for _ in prompts]
    rows = list(range(len(prompts)))
    while True:
        logits = model(
            input_ids=inputs,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits
        chosen = asked.choose(logits[:, -1])
        for row, token in zip(rows, chosen.tolist(), strict=True):
            outputs[row].append(token)
        kept = [at for at, row in enumerate(rows) if outputs[row][-1] not in asked.ends]
        if not kept or len(outputs[rows[kept[0]]]) == asked.max_new_tokens:
            return outputs
        positions = positions[:, -1:] + 1
        if len(kept) < len(rows):
            rows = [rows[at] for at in kept]
            index = torch.tensor(kept, device=model.device)
            cache.batch_select_indices(index)
            chosen, mask, positions = chosen[index], mask[index], positions[index]
        inputs = chosen[:, None]
        mask = torch.cat([mask, mask.new_ones(len(rows), 1)], dim=1)


def _begin(model: Any, start: Start | None, rows: int) -> tuple[Any, int]:
    """Return a cache for so many rows, with the virtual tokens in it, and how many these are."""
    from transformers import DynamicCache

    cache = DynamicCache(config=model.config)
    for layer, (keys, values) in enumerate(start or ()):
        cache.update(keys.expand(rows, -1, -1, -1), values.expand(rows, -1, -1, -1), layer)
    return cache, length(start)


def _padded(
    prompts: Sequence[Sequence[int]], device: "torch.device"
) -> "tuple[torch.Tensor, torch.Tensor]":
    """Return token ids padded on the left, and a mask with a 1 for each real token."""
    import torch

    width = max(map(len, prompts))
    ids = torch.zeros(len(prompts), width, dtype=torch.long)
    mask = torch.zeros(len(prompts), width, dtype=torch.long)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt) :] = torch.tensor(prompt)
        mask[row, width - len(prompt) :] = 1
    return ids.to(device), mask.to(device)


def _shown(answers: Iterator[Answered], total: int, done: int) -> Iterator[Answered]:
    """Pass answers through a progress bar that says how fast they come."""
    tokens = 0
    with bar("answering", total, "answer", done=done) as counted:
        for one in answers:
            tokens += one.tokens
            counted.add(says=f"{tokens / max(counted.seconds, 1e-9):.0f} tokens/s")
            yield one
