"""A reward model: one number for an answer, learned from which of two is better."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from registry.tuning.batches import Packed, Unit
from registry.tuning.learner import Learner, hidden
from registry.tuning.objectives import Loss

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Rewarding:
    """The pairwise logistic loss -log sigmoid(better - worse) (Ouyang et al., 2022, equation 1).

    A unit's rows are the better and the worse answer to one prompt.
    """

    def drawn(self, learner: Learner, chosen: Sequence[Unit], step: int) -> Sequence[Unit]:
        """Return the pairs as they are."""
        return chosen

    def weight(self, units: Sequence[Unit]) -> int:
        """Count pairs."""
        return len(units)

    def loss(self, learner: Learner, batch: Packed, units: Sequence[Unit]) -> Loss:
        """Return the summed loss over a batch's pairs."""
        import torch

        found = rewards(learner, batch)
        lead = found[0::2] - found[1::2]
        total = -torch.nn.functional.logsigmoid(lead).sum()
        shown = {"accuracy": lead > 0, "margin": lead}
        return Loss(total, {n: (each.detach().sum(), len(units)) for n, each in shown.items()})


def rewards(learner: Learner, batch: Packed) -> "torch.Tensor":
    """Return the number that the model gives each row, read at its last token, in float32."""
    import torch

    ends = torch.tensor(list(accumulate(batch.lengths))) - 1
    states = hidden(learner, batch)[ends.to(learner.device)]
    head = learner.model.score.weight.float()
    found: torch.Tensor = (states.float() @ head.T).squeeze(1)
    return found
