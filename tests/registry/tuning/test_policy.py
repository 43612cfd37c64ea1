"""What a policy draws, what each answer is worth to it, and its loss, number for number."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch

from registry.canonical import Message, Row
from registry.cards.tuning import Policy
from registry.rendering import Rendered, prompt, render
from registry.tuning.batches import Unit, pack
from registry.tuning.learner import answering
from registry.tuning.objectives.policy import Earning, divergence, penalised
from tests.registry.tuning.runs import learner, plain_scores

POLICY = Policy(reward="exact_match", rows=4, answers=6, max_new_tokens=6)


def letters(rows: Sequence[Row], answers: Sequence[str]) -> list[float]:
    """Earn by the share of small letters."""
    return [sum(map(str.islower, answer)) / max(1, len(answer)) for answer in answers]


def songs(number: int) -> Row:
    return Row(
        id=f"songs:{number}",
        dataset="songs",
        task="sing",
        split="train",
        messages=(Message("user", "Sing." * number),),
    )


def test_the_divergence_of_a_policy_is_that_of_grpo_s_equation_4_weighed_by_the_ratio(
    make_tiny: Any, tokenizer: Any
) -> None:
    answered = [replace(songs(1), references=("la",)), replace(songs(3), references=("lo lo",))]
    rendered = [render(tokenizer, row) for row in answered]
    units = [Unit((rendered[0],), (1.5, 1.0)), Unit((rendered[1],), (-0.5, 0.25))]
    model, plain, initial = make_tiny(3), make_tiny(3), make_tiny(4)
    initial.requires_grad_(False)
    objective = Earning(
        replace(POLICY, kl=0.3), {}, letters, learner(make_tiny(4)), seed=0, batch_tokens=100
    )
    found = objective.loss(learner(model), pack(rendered), units)
    found.total.backward()
    both = [(plain_scores(plain, row), plain_scores(initial, row)) for row in rendered]
    divergent = torch.cat([torch.exp(b - a) - (b - a) - 1 for a, b in both])
    wanted = -1.5 * both[0][0].sum() + 0.5 * both[1][0].sum() + 0.3 * divergent.sum()
    # The slope of the estimate itself, and that of how likely the token is at which it is made.
    ratios = torch.cat([torch.exp(a - a.detach()) for a, _ in both])
    (wanted - 0.3 * divergent.sum() + 0.3 * (ratios * divergent).sum()).backward()
    divergence = float(divergent.detach().sum())
    assert float(found.measures["kl"][0]) == pytest.approx(divergence, rel=1e-4)
    assert found.measures["kl"][1] == len(divergent)
    assert (float(found.measures["reward"][0]), found.measures["reward"][1]) == (1.25, 2)
    advantages = -1.5 * len(both[0][0]) + 0.5 * len(both[1][0])
    assert float(found.total.detach()) == pytest.approx(advantages + 0.3 * divergence, rel=1e-4)
    for ours, theirs in zip(model.parameters(), plain.parameters(), strict=True):
        assert torch.allclose(ours.grad, theirs.grad, atol=1e-4, rtol=1e-3)


def test_the_price_s_slope_is_that_of_the_divergence_from_the_initial_model() -> None:
    torch.manual_seed(0)
    free = torch.randn(6, dtype=torch.float64, requires_grad=True)
    initial = torch.randn(6, dtype=torch.float64).log_softmax(0)
    advantage = torch.randn(6, dtype=torch.float64)

    def slope(of: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        policy = free.log_softmax(0)
        (found,) = torch.autograd.grad(of(policy).sum(), free)
        return found

    def ours(policy: torch.Tensor) -> torch.Tensor:
        price = 0.3 * divergence(policy, initial)
        # Tokens weigh as often as the policy draws them, which is nothing to differentiate.
        return policy.detach().exp() * penalised(policy, advantage, price)

    def asked(policy: torch.Tensor) -> torch.Tensor:
        return policy.exp() * (0.3 * (policy - initial) - advantage)

    assert torch.allclose(slope(ours), slope(asked), atol=1e-12)


def drawn(
    model: Any, tokenizer: Any, rows: list[Row], reward: Any, step: int = 0, **switches: Any
) -> list[Unit]:
    """Return the answers to rows that a step would learn from."""
    settings = replace(POLICY, **switches)
    objective = Earning(settings, {row.id: row for row in rows}, reward, None, 7, 1000)
    asked = [
        Unit((Rendered(row.id, tokens, (False,) * len(tokens)),))
        for row in rows
        for tokens in [prompt(tokenizer, row.messages)]
    ]
    return list(objective.drawn(learner(model, tokenizer), asked, step))


def test_an_answer_s_advantage_is_over_the_mean_of_its_own_row(tiny: Any, tokenizer: Any) -> None:
    rows = [songs(1), songs(2)]
    given = iter([0.0, 1.0, 5.0, 5.0])

    def reward(asked: Sequence[Row], answers: Sequence[str]) -> list[float]:
        assert [row.id for row in asked] == ["songs:1", "songs:1", "songs:2", "songs:2"]
        return [next(given) for _ in answers]

    units = drawn(tiny, tokenizer, rows, reward, answers=2, scaled=False)
    assert [unit.rows[0].id for unit in units] == ["songs:1", "songs:1", "songs:2", "songs:2"]
    assert [unit.facts for unit in units] == [(-0.5, 0.0), (0.5, 1.0), (0.0, 5.0), (0.0, 5.0)]


def test_a_scaled_advantage_is_in_standard_deviations_of_its_row(tiny: Any, tokenizer: Any) -> None:
    units = drawn(tiny, tokenizer, [songs(1)], lambda rows, answers: [0.0, 4.0], answers=2)
    assert [unit.facts[0] for unit in units] == pytest.approx([-1.0, 1.0], rel=1e-3)


def test_what_is_learnt_of_an_answer_is_all_that_was_drawn_and_nothing_asked(
    tiny: Any, tokenizer: Any
) -> None:
    asked = prompt(tokenizer, songs(1).messages)
    for unit in drawn(tiny, tokenizer, [songs(1)], letters, answers=4):
        (row,) = unit.rows
        assert row.tokens[: len(asked)] == asked
        assert not any(row.labels_mask[: len(asked)])
        assert all(row.labels_mask[len(asked) :])
        assert 0 < unit.supervised == len(row.tokens) - len(asked) <= 6


def test_each_step_draws_other_answers_and_a_repeated_step_the_same(
    tiny: Any, tokenizer: Any
) -> None:
    first, again, next_one = (
        [unit.rows for unit in drawn(tiny, tokenizer, [songs(1)], letters, step=step)]
        for step in (3, 3, 4)
    )
    assert first == again
    assert first != next_one


def test_a_low_temperature_draws_one_answer_only(tiny: Any, tokenizer: Any) -> None:
    cold, warm = (
        {unit.rows for unit in drawn(tiny, tokenizer, [songs(1)], letters, temperature=heat)}
        for heat in (1e-6, 1.0)
    )
    assert len(cold) == 1 < len(warm)


def test_a_model_answers_without_dropout_and_learns_with_it_afterwards(tiny: Any) -> None:
    learns = learner(tiny.train())
    with answering(learns):
        assert not tiny.training
    assert tiny.training
    with pytest.raises(KeyError), answering(learns):
        raise KeyError
    assert tiny.training
