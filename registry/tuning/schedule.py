"""The learning rate of each step: a linear warm-up, then a decay."""

from math import cos, pi
from typing import Literal


def learning_rate(
    step: int,
    steps: int,
    peak: float,
    warmup: int = 0,
    decay: Literal["constant", "linear", "cosine"] = "linear",
) -> float:
    """Return the rate of a step, counted from 0.

    The first step after the warm-up has the peak; a decay would reach 0 one step after the last,
    so that no step is spent at 0.

    >>> [learning_rate(step, 4, 1.0, warmup=2) for step in range(4)]
    [0.5, 1.0, 1.0, 0.5]
    """
    if step < warmup:
        return peak * (step + 1) / warmup
    left = 1 - (step - warmup) / max(1, steps - warmup)
    if decay == "linear":
        return peak * left
    return peak * (1 + cos(pi * (1 - left))) / 2 if decay == "cosine" else peak
