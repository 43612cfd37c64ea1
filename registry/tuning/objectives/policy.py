"""Learning from rewards: the model answers, and answers above their row's mean become likelier."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev
from typing import Any

from registry import decoding
from registry.canonical import Row
from registry.cards.tuning import Policy
from registry.rendering import Rendered
from registry.tuning.batches import Packed, Unit
from registry.tuning.learner import Learner, answering, log_probabilities
from registry.tuning.objectives import Loss

Reward = Callable[[Sequence[Row], Sequence[str]], Sequence[float]]
"""What answers to rows earn; both in one order."""


@dataclass(frozen=True, slots=True)
class Earning:
    """Group relative policy optimisation (Shao et al., 2024, section 4.1), one update a rollout.

    The gradient is that of reward - kl * KL(policy || initial): an answer's advantage is its reward
    less the mean of its group, over the group's standard deviation where `scaled`; the divergence
    is estimated per token as there (equation 4). As each answer is used once, right after it was
    drawn, the ratio of policies is 1 and nothing is clipped. The sum is divided by the answers'
    tokens, so that length earns nothing by itself (Liu et al., 2025, section 3.1).
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

        each = log_probabilities(learner, batch)
        facts = torch.tensor([unit.facts for unit in units], device=each.device)
        advantage = facts[:, 0][batch.owners]
        # The ratio to itself is 1; its gradient is that of the log-probability.
        own = -advantage * torch.exp(each - each.detach())
        counts = batch.counts()
        measures = {
            "reward": (facts[:, 1].sum(), len(units)),
            "answer_tokens": (counts.sum(), len(units)),
        }
        if self.initial is not None:
            with torch.no_grad():
                before = log_probabilities(self.initial, batch)
            lead = before - each
            divergence = torch.exp(lead) - lead - 1
            own = own + self.settings.kl * divergence
            measures["kl"] = (divergence.detach().sum(), int(counts.sum()))
        return Loss(own.sum(), measures)


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
