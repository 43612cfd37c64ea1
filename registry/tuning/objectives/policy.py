"""Learning from rewards: the model answers, and answers above their row's mean become likelier."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev
from typing import TYPE_CHECKING, Any

from registry import decoding
from registry.canonical import Row
from registry.cards.tuning import Policy
from registry.rendering import Rendered
from registry.tuning.batches import Packed, Unit
from registry.tuning.learner import Learner, answering, log_probabilities
from registry.tuning.objectives import Loss

if TYPE_CHECKING:
    import torch

Reward = Callable[[Sequence[Row], Sequence[str]], Sequence[float]]
"""What answers to rows earn; both in one order."""


@dataclass(frozen=True, slots=True)
class Earning:
    """Group relative policy optimisation (Shao et al., 2024, section 4.1), one update a rollout.

    An answer's advantage is its reward less the mean of its group, over the group's standard
    deviation where `scaled`. As each answer is used once, right after it was drawn, the ratio of
    policies is 1 and nothing is clipped; all is at the temperature at which answers are drawn. The
    sum is divided by the answers' tokens, so that length earns nothing by itself (Liu et al., 2025,
    section 3.1). The divergence is held against each token's ratio, see `penalised`.
    """

    settings: Policy
    rows: dict[str, Row]
    reward: Reward
    initial: Learner | None
    seed: int
    batch_tokens: int

    def drawn(self, learner: Learner, chosen: Sequence[Unit], step: int) -> Sequence[Unit]:
        """Answer the rows; return the answers, each with its advantage and its reward."""
        asked = [unit.rows[0] for unit in chosen for _ in range(self.settings.answers)]
        with answering(learner) as start:
            drawn = decoding.draw(
                learner.model,
                learner.tokenizer,
                [decoding.Prompt(one.id, one.tokens) for one in asked],
                max_new_tokens=self.settings.max_new_tokens,
                batch_tokens=self.batch_tokens,
                temperature=self.settings.temperature,
                seed=self.seed * 1_000_003 + step,
                start=start,
            )
        texts = [_text(learner.tokenizer, tokens) for tokens in drawn]
        earned = list(self.reward([self.rows[one.id] for one in asked], texts))
        lead = _advantages(earned, self.settings.answers, scaled=self.settings.scaled)
        return [
            Unit((_answered(one, tokens),), (advantage, reward))
            for one, tokens, advantage, reward in zip(asked, drawn, lead, earned, strict=True)
        ]

    def weight(self, units: Sequence[Unit]) -> int:
        """Count the answers' tokens."""
        return sum(unit.supervised for unit in units)

    def loss(self, learner: Learner, batch: Packed, units: Sequence[Unit]) -> Loss:
        """Return the summed loss over a batch's answers."""
        import torch

        each = log_probabilities(learner, batch, self.settings.temperature)
        facts = torch.tensor([unit.facts for unit in units], device=each.device)
        advantage = facts[:, 0][batch.owners]
        counts = batch.counts()
        measures = {
            "reward": (facts[:, 1].sum(), len(units)),
            "answer_tokens": (counts.sum(), len(units)),
        }
        price: torch.Tensor | float = 0.0
        if self.initial is not None:
            with torch.no_grad():
                before = log_probabilities(self.initial, batch, self.settings.temperature)
            found = divergence(each, before)
            price = self.settings.kl * found
            measures["kl"] = (found.detach().sum(), int(counts.sum()))
        return Loss(penalised(each, advantage, price).sum(), measures)


def divergence(each: "torch.Tensor", before: "torch.Tensor") -> "torch.Tensor":
    """Estimate KL(policy || initial) from log-probabilities of drawn tokens, none below 0.

    The mean over tokens that the policy draws is the divergence (Shao et al., 2024, equation 4).
    """
    import torch

    lead = before - each
    return torch.exp(lead) - lead - 1


def penalised(
    each: "torch.Tensor", advantage: "torch.Tensor", price: "torch.Tensor | float"
) -> "torch.Tensor":
    """Return each token's loss, whose slope is that of price less advantage under the policy.

    The ratio of the policy to itself is 1, and its slope is that of the log-probability. It weighs
    the price too: without it, as in the paper's equation 3, the slope of the estimated divergence
    is on the mean that of KL(initial || policy), which is another one.
    """
    import torch

    ratio = torch.exp(each - each.detach())
    return ratio * (price - advantage)


def _advantages(rewards: Sequence[float], size: int, *, scaled: bool) -> list[float]:
    """Return each reward less the mean of its group of `size`.

    >>> _advantages([1, 0, 1, 1], 2, scaled=False)
    [0.5, -0.5, 0.0, 0.0]
    """
    found = []
    for first in range(0, len(rewards), size):
        group = rewards[first : first + size]
        mean, spread = fmean(group), pstdev(group)
        found += [(one - mean) / (spread + 1e-4 if scaled else 1) for one in group]
    return found


def _answered(asked: Rendered, tokens: Sequence[int]) -> Rendered:
    mask = (False,) * len(asked.tokens) + (True,) * len(tokens)
    return Rendered(asked.id, (*asked.tokens, *tokens), mask)


def _text(tokenizer: Any, tokens: Sequence[int]) -> str:
    return str(
        tokenizer.decode(list(tokens), skip_special_tokens=True, clean_up_tokenization_spaces=False)
    )
