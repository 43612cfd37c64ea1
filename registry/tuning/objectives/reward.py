"""A reward model: one number for an answer, learned from which of two is better."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from registry.canonical import Row
from registry.checkpoints import count_parameters, open_reward_model
from registry.devices import choose, compute_dtype
from registry.rendering import render_rows
from registry.tuning import attention
from registry.tuning.batches import Packed, Unit, pack
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


def judge(
    folder: Path, *, device: str = "auto"
) -> Callable[[Sequence[Row], Sequence[str]], list[float]]:
    """Return the function that says what a reward model, in a folder, gives answers to rows."""
    import torch

    where = choose(device)
    dtype = compute_dtype(where, "auto")
    model, tokenizer = open_reward_model(folder, where, dtype)
    attention.use(model)
    judging = Learner(model, model, tokenizer, dtype, "full", count_parameters(folder))

    def reward(rows: Sequence[Row], answers: Sequence[str]) -> list[float]:
        given = [
            replace(row, references=(answer,)) for row, answer in zip(rows, answers, strict=True)
        ]
        found: list[float] = []
        with torch.no_grad():
            for rendered in render_rows(tokenizer, given):
                found += rewards(judging, pack([rendered], where)).tolist()
        return found

    return reward


def rewards(learner: Learner, batch: Packed) -> "torch.Tensor":
    """Return the number that the model gives each row, read at its last token, in float32."""
    import torch

    ends = torch.tensor(list(accumulate(batch.lengths))) - 1
    states = hidden(learner, batch)[ends.to(learner.device)]
    head = learner.model.score.weight.float()
    found: torch.Tensor = (states.float() @ head.T).squeeze(1)
    return found
