"""A place to tune a tiny model in, for tests of the loop, of kills and of objectives."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from registry.canonical import Row
from registry.cards.tuning import Lora, Tune
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
