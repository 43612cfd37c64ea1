"""Direct preference: the better of two answers gains on the worse one, without a reward model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from registry.cards.tuning import Preference
from registry.progress import bar
from registry.tuning.batches import Packed, Unit, best_fit, pack
from registry.tuning.learner import Learner, log_probabilities
from registry.tuning.objectives import Loss

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Preferring:
    """DPO (Rafailov et al., 2023, equation 7), IPO (Azar et al., 2023), SimPO (Meng et al., 2024).

    A unit's rows are the better and the worse answer; its facts are their scores under the initial
    model: sums of log-probabilities, or means where answers are compared per token.
    """

    settings: Preference

    @property
    def per_token(self) -> bool:
        """Whether answers are compared by the mean of their tokens."""
        return self.settings.per_token or self.settings.loss in ("ipo", "simpo")

    @property
    def needs_initial(self) -> bool:
        """Whether units need facts."""
        return self.settings.loss != "simpo"

    def drawn(self, learner: Learner, chosen: Sequence[Unit], step: int) -> Sequence[Unit]:
        """Return the pairs as they are."""
        return chosen

    def weight(self, units: Sequence[Unit]) -> int:
        """Count pairs."""
        return len(units)

    def loss(self, learner: Learner, batch: Packed, units: Sequence[Unit]) -> Loss:
        """Return the summed loss over a batch's pairs."""
        import torch

        scores, means = _scores(learner, batch, per_token=self.per_token)
        if self.needs_initial:
            facts = torch.tensor([fact for unit in units for fact in unit.facts])
            scores = scores - facts.to(scores.device)
        better, worse, beta = scores[0::2], scores[1::2], self.settings.beta
        lead = better - worse
        own = self._losses(lead) - self.settings.likelihood * means[0::2]
        shown = {"accuracy": lead > 0, "margin": beta * lead, "chosen": beta * better}
        measures = {name: (each.detach().sum(), len(units)) for name, each in shown.items()}
        return Loss(own.sum(), measures)

    def _losses(self, lead: "torch.Tensor") -> "torch.Tensor":
        import torch

        beta = self.settings.beta
        if self.settings.loss == "ipo":
            return (lead - 1 / (2 * beta)) ** 2
        if self.settings.loss == "simpo":
            return -torch.nn.functional.logsigmoid(beta * lead - self.settings.margin)
        return -torch.nn.functional.logsigmoid(beta * lead)


def with_facts(
    learner: Learner,
    units: Sequence[Unit],
    *,
    per_token: bool,
    at_once: int,
    progress: bool = False,
) -> list[Unit]:
    """Return units with their rows' scores under the model as it is now."""
    import torch

    facts: dict[int, tuple[float, ...]] = {}
    learner.model.eval()
    shown = bar("score under the initial model", len(units), "pair", shown=progress)
    with torch.no_grad(), shown as scored:
        for part in best_fit([unit.tokens for unit in units], at_once):
            rows = [row for at in part for row in units[at].rows]
            batch = pack(rows, learner.device, learner.virtual)
            scores, _ = _scores(learner, batch, per_token=per_token)
            given = iter(scores.tolist())
            facts |= {at: tuple(next(given) for _ in units[at].rows) for at in part}
            scored.add(len(part))
    learner.model.train()
    return [Unit(unit.rows, facts[at]) for at, unit in enumerate(units)]


def _scores(
    learner: Learner, batch: Packed, *, per_token: bool
) -> "tuple[torch.Tensor, torch.Tensor]":
    """Return each row's log-probability, summed or per token as asked, and always per token."""
    each = log_probabilities(learner, batch)
    sums = batch.summed(each)
    means = sums / batch.counts().clamp(min=1)
    return (means if per_token else sums), means
