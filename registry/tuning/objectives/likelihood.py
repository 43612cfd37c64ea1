"""Supervised tuning: the answers' tokens become likelier, and those of bad answers less likely."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from registry.tuning.batches import Packed, Unit
from registry.tuning.learner import Learner, log_probabilities
from registry.tuning.objectives import Loss

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Likelihood:
    """Cross entropy over supervised tokens; of a unit's second row, unlikelihood.

    Unlikelihood is -log(1 - p) of each token (Welleck et al., 2019, equation 4), times
    `unlikelihood`. A step's sum is divided by all supervised tokens of the step, however they are
    spread over passes: a mean of the passes' means would weigh tokens unequally.
    """

    unlikelihood: float = 0.0

    def drawn(self, learner: Learner, chosen: Sequence[Unit], step: int) -> Sequence[Unit]:
        """Return the units as they are."""
        return chosen

    def weight(self, units: Sequence[Unit]) -> int:
        """Count supervised tokens."""
        return sum(unit.supervised for unit in units)

    def loss(self, learner: Learner, batch: Packed, units: Sequence[Unit]) -> Loss:
        """Return the summed loss over a batch's supervised tokens."""
        import torch

        losses = -log_probabilities(learner, batch)
        if not self.unlikelihood:
            return Loss(losses.sum())
        bad = _of_second_rows(units, batch)
        unlikely = -torch.log1p(-torch.exp(-losses[bad]).clamp(max=1 - 1e-6))
        total = losses[~bad].sum() + self.unlikelihood * unlikely.sum()
        return Loss(total, {"unlikelihood": (unlikely.detach().sum(), int(bad.sum()))})


def _of_second_rows(units: Sequence[Unit], batch: Packed) -> "torch.Tensor":
    """Return which targets are in the second row of their unit."""
    import torch

    second = torch.tensor([at > 0 for unit in units for at in range(len(unit.rows))])
    return second.to(batch.owners.device)[batch.owners]
