"""A place to tune a tiny model in, for tests of the loop, of kills and of objectives."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from registry.canonical import Row
from registry.cards.tuning import Lora, Tune
from registry.rendering import Rendered
from registry.tuning import attention
from registry.tuning.learner import Learner
from registry.tuning.loop import Tuned, tune

CPU = torch.device("cpu")
SETTINGS = Tune(
    method="full",
    lora=None,
    steps=9,
    tokens_per_step=256,
    max_tokens=128,
    learning_rate=5e-3,
    warmup_steps=2,
    precision="fp32",
    checkpoint_every=4,
    seed=1,
)
LORA = replace(SETTINGS, method="lora", lora=Lora(rank=4, alpha=8, dropout=0.1), learning_rate=2e-2)
BF16 = replace(SETTINGS, precision="bf16")


def learner(model: Any, tokenizer: Any = None) -> Learner:
    """Return what learns with all of a model's weights, in float32."""
    attention.use(model)
    return Learner(model, model, tokenizer, torch.float32, "full", 0)


def plain_scores(model: Any, rendered: Rendered) -> torch.Tensor:
    """Return the log-probabilities of a row's supervised tokens, by the model's own attention."""
    tokens = torch.tensor([rendered.tokens])
    each = torch.log_softmax(model(tokens).logits[0, :-1], -1)
    of_next = each.gather(1, tokens[0, 1:, None])[:, 0]
    return of_next[torch.tensor(rendered.labels_mask[1:])]


class Killed(Exception):
    """Stands for a kill inside one process."""


class Run:
    """One place to tune in, with what was logged and said."""

    def __init__(self, base: Path, folder: Path, rows: list[Row]) -> None:
        self.base, self.folder, self.rows = base, folder, rows
        self.logged: dict[int, Mapping[str, float]] = {}
        self.said: list[str] = []

    def tune(self, settings: Tune, kill_at: int | None = None, reward: Any = None) -> Tuned:
        def log(step: int, measures: Mapping[str, float]) -> None:
            if step == kill_at:
                raise Killed
            self.logged[step] = measures

        return tune(
            self.base,
            self.rows,
            settings,
            self.folder / "out",
            self.folder / "checkpoints",
            device="cpu",
            reward=reward,
            log=log,
            say=self.said.append,
            progress=False,
        )

    @property
    def losses(self) -> list[float]:
        return [self.logged[step]["loss"] for step in sorted(self.logged)]

    @property
    def first(self) -> Mapping[str, float]:
        return self.logged[min(self.logged)]

    @property
    def last(self) -> Mapping[str, float]:
        return self.logged[max(self.logged)]

    def saved(self) -> bytes:
        return (self.folder / "out" / "model.safetensors").read_bytes()
