"""What a reward model says of answers: one number each, higher for better."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from registry.canonical import Row
from registry.checkpoints import is_reward_model, open_reward_model
from registry.devices import choose, compute_dtype
from registry.errors import RegistryError
from registry.rendering import Rendered, render_rows

Says = Callable[[Sequence[Row], Sequence[str]], list[float]]
"""From rows and an answer to each to numbers, in one order."""

_BATCH = 16


def open_judge(folder: Path, *, device: str = "auto", precision: str = "auto") -> Says:
    """Return the function that says what the reward model of a folder gives answers to rows."""
    if not is_reward_model(folder):
        raise RegistryError(
            f"{folder.name}: it is no reward model; name one that objective reward made"
        )
    where = choose(device)
    model, tokenizer = open_reward_model(folder, where, compute_dtype(where, precision))

    def says(rows: Sequence[Row], answers: Sequence[str]) -> list[float]:
        pairs = zip(rows, answers, strict=True)
        given = [replace(row, references=(answer,)) for row, answer in pairs]
        rendered = list(enumerate(render_rows(tokenizer, given)))
        found: dict[int, float] = {}
        for batch in _batches(sorted(rendered, key=lambda one: len(one[1].tokens)), model):
            numbers = _numbers(model, [one.tokens for _, one in batch])
            found |= {at: number for (at, _), number in zip(batch, numbers, strict=True)}
        return [found[at] for at in range(len(rows))]

    return says


def _batches(
    rendered: Sequence[tuple[int, Rendered]], model: Any
) -> Iterator[Sequence[tuple[int, Rendered]]]:
    size = 1 if model.config.pad_token_id is None else _BATCH
    for first in range(0, len(rendered), size):
        yield rendered[first : first + size]


def _numbers(model: Any, many: Sequence[Sequence[int]]) -> list[float]:
    """Return the model's number for each row; it reads the last token that is no padding."""
    import torch

    width, padding = max(map(len, many)), model.config.pad_token_id
    ids = torch.full((len(many), width), padding or 0)
    mask = torch.zeros(len(many), width, dtype=torch.long)
    for at, tokens in enumerate(many):
        ids[at, : len(tokens)], mask[at, : len(tokens)] = torch.tensor(tokens), 1
    with torch.inference_mode():
        found: torch.Tensor = model(
            input_ids=ids.to(model.device), attention_mask=mask.to(model.device), use_cache=False
        ).logits
    numbers: list[float] = found[:, 0].float().tolist()
    return numbers
