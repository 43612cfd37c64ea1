"""What a tuning makes smaller: one module for each objective of a recipe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from registry.tuning.batches import Packed, Unit
from registry.tuning.learner import Learner

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Loss:
    """The loss summed over a batch, and what else a curve shows: sums, each over how many."""

    total: "torch.Tensor"
    measures: "Mapping[str, tuple[torch.Tensor, int]]" = field(default_factory=dict)


class Objective(Protocol):
    """What the loop asks of an objective."""

    def drawn(self, learner: Learner, chosen: Sequence[Unit], step: int) -> Sequence[Unit]:
        """Return what a step learns from, given the units that are its turn."""

    def weight(self, units: Sequence[Unit]) -> int:
        """Return what a step's summed loss is divided by."""

    def loss(self, learner: Learner, batch: Packed, units: Sequence[Unit]) -> Loss:
        """Return the loss over a batch, which holds these units' rows in order."""
