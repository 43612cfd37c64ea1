"""Pairs of answers under the initial model, and what a preference counts beside its loss."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from registry.canonical import Row
from registry.cards.tuning import Preference
from registry.rendering import render
from registry.tuning.batches import Unit, best_fit, pack
from registry.tuning.objectives.preference import Preferring, with_facts
from tests.registry.tuning.runs import learner, plain_scores


@pytest.fixture
def units(tokenizer: Any, make_rows: Callable[..., list[Row]]) -> list[Unit]:
    """Return pairs of many lengths: "la" or more over "no"."""
    return [
        Unit((render(tokenizer, row), render(tokenizer, replace(row, references=("no",)))))
        for row in make_rows(7)
    ]


def test_facts_are_each_pair_s_own_whatever_is_scored_with_it(
    make_tiny: Any, units: list[Unit]
) -> None:
    tiny, units = make_tiny(), [units[3], units[2], units[0]]
    room = units[0].tokens + units[2].tokens
    assert best_fit([unit.tokens for unit in units], room) == [[0, 2], [1]]
    found = with_facts(learner(make_tiny()), units, per_token=False, at_once=room)
    assert [unit.rows for unit in found] == [unit.rows for unit in units]
    for unit in found:
        wanted = [float(plain_scores(tiny, row).sum().detach()) for row in unit.rows]
        assert unit.facts == pytest.approx(wanted, rel=1e-4)


def test_pairs_are_scored_without_dropout_and_learnt_with_it_afterwards(
    make_tiny: Any, units: list[Unit]
) -> None:
    model, plain = make_tiny(), make_tiny()
    for layer in model.model.layers:
        layer.self_attn.attention_dropout = 0.5
    (scored,) = with_facts(learner(model.train()), units[:1], per_token=False, at_once=1000)
    (wanted,) = with_facts(learner(plain), units[:1], per_token=False, at_once=1000)
    assert scored.facts == pytest.approx(wanted.facts, rel=1e-5)
    assert model.training


def test_dpo_may_compare_means_over_tokens(make_tiny: Any, units: list[Unit]) -> None:
    objective = Preferring(Preference(beta=0.3, per_token=True))
    (unit,) = with_facts(
        learner(make_tiny(4)), units[2:3], per_token=objective.per_token, at_once=1000
    )
    policy, initial = make_tiny(3), make_tiny(4)
    better, worse = (
        plain_scores(policy, row).mean() - plain_scores(initial, row).mean() for row in unit.rows
    )
    found = objective.loss(learner(make_tiny(3)), pack(unit.rows), [unit]).total
    wanted = -torch.nn.functional.logsigmoid(0.3 * (better - worse))
    assert float(found.detach()) == pytest.approx(float(wanted.detach()), rel=1e-4)


def test_what_is_counted_beside_the_loss_is_beta_times_what_was_gained(
    make_tiny: Any, units: list[Unit]
) -> None:
    given = [Unit(units[0].rows, (-1.0, -2.0)), Unit(units[1].rows, (-900.0, 0.0))]
    model = make_tiny(3)
    gained = [
        float(plain_scores(model, row).sum().detach()) - fact
        for unit in given
        for row, fact in zip(unit.rows, unit.facts, strict=True)
    ]
    leads = [gained[0] - gained[1], gained[2] - gained[3]]
    batch = pack([row for unit in given for row in unit.rows])
    found = Preferring(Preference(beta=0.3)).loss(learner(make_tiny(3)), batch, given).measures
    assert {count for _, count in found.values()} == {2}
    assert {name: float(each) for name, (each, _) in found.items()} == {
        "accuracy": sum(lead > 0 for lead in leads),
        "margin": pytest.approx(0.3 * sum(leads), rel=1e-4),
        "chosen": pytest.approx(0.3 * (gained[0] + gained[2]), rel=1e-4),
    }
