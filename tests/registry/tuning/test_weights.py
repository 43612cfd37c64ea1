from pathlib import Path
from typing import Any

import pytest
import torch

from registry.cards.tuning import Lora, Tune
from registry.tuning.weights import Trained, adamw, add_adapters, gather, publish, trained, unite

SETTINGS = Tune(
    method="full",
    lora=None,
    steps=4,
    tokens_per_step=128,
    max_tokens=64,
    learning_rate=1e-3,
    weight_decay=0.1,
    seed=0,
)


def learned(model: Any) -> Trained:
    found = [(name, each) for name, each in model.named_parameters() if each.requires_grad]
    return trained(found)


def test_full_tuning_trains_every_weight(tiny: Any) -> None:
    assert len(learned(tiny).names) == len(list(tiny.parameters()))


def test_lora_trains_adapters_in_float32_and_nothing_else(tiny: Any) -> None:
    model = add_adapters(tiny.to(torch.bfloat16), Lora(rank=2, alpha=4), Path("tiny"))
    weights = learned(model)
    assert all("lora_" in name for name in weights.names)
    assert all(each.dtype == torch.float32 for each in weights.own)
    assert len(weights.names) == 2 * 7 * 2  # two matrices for seven layers of two blocks


def test_only_the_named_layers_get_an_adapter(tiny: Any) -> None:
    model = add_adapters(tiny, Lora(rank=2, alpha=4, targets=("q_proj",)), Path("tiny"))
    assert all("q_proj" in name for name in learned(model).names)


@torch.no_grad()
def test_an_adapter_adds_alpha_over_rank_of_its_product_and_has_its_dropout(tiny: Any) -> None:
    lora = Lora(rank=2, alpha=10, dropout=0.25, targets=("q_proj",))
    adapted = add_adapters(tiny, lora, Path("some/where/tiny"))
    one = tiny.model.layers[0].self_attn.q_proj
    one.lora_B["default"].weight.normal_()
    given = torch.randn(3, 32)
    product = given @ one.lora_A["default"].weight.T @ one.lora_B["default"].weight.T
    added = one.eval()(given) - one.base_layer(given)
    assert torch.allclose(added, 5 * product, atol=1e-4)
    assert one.lora_dropout["default"].p == 0.25
    assert adapted.peft_config["default"].base_model_name_or_path == "tiny"


def test_weights_in_float32_are_their_own_masters(tiny: Any) -> None:
    weights = learned(tiny)
    assert all(a is b for a, b in zip(weights.own, weights.masters, strict=True))


def test_weights_in_bfloat16_get_masters_in_float32(tiny: Any) -> None:
    weights = learned(tiny.to(torch.bfloat16))
    assert all(each.dtype == torch.float32 for each in weights.masters)


def test_gradients_of_several_passes_are_added_in_float32(tiny: Any) -> None:
    weights = learned(tiny.to(torch.bfloat16))
    for _ in range(2):
        for own in weights.own:
            own.grad = torch.full_like(own, 1 + 1 / 128)
        gather(weights)
    assert all(own.grad is None for own in weights.own)
    for each in weights.masters:
        assert each.grad is not None
        assert set(each.grad.flatten().tolist()) == {2 + 2 / 128}


def test_a_change_below_bfloat16_s_step_reaches_the_model_on_average(tiny: Any) -> None:
    weights = learned(tiny.to(torch.bfloat16))
    before = weights.own[0].detach().float().clone()
    weights.masters[0].mul_(1 + 1 / 1024)
    publish(weights, seed=1, step=1)
    grown = weights.own[0].detach().float().norm() / before.norm()
    assert grown.item() == pytest.approx(1 + 1 / 1024, abs=1 / 4096)


def test_what_is_published_depends_on_seed_and_step_alone(tiny: Any) -> None:
    weights = learned(tiny.to(torch.bfloat16))
    weights.masters[0].mul_(1.001)
    seen = []
    for seed, step in ((1, 1), (1, 1), (1, 2), (2, 1)):
        torch.rand(3)
        publish(weights, seed, step)
        seen.append(weights.own[0].detach().clone())
    assert torch.equal(seen[0], seen[1])
    assert not torch.equal(seen[0], seen[2])
    assert not torch.equal(seen[0], seen[3])


def test_each_tensor_is_rounded_by_noise_of_its_own(tiny: Any) -> None:
    weights = learned(tiny.to(torch.bfloat16))
    shapes = [each.shape for each in weights.masters]
    one, other = [at for at, shape in enumerate(shapes) if shape == (64, 32)][:2]
    for at in (one, other):
        weights.masters[at].fill_(1 + 1 / 256)  # halfway between two values of bfloat16
    publish(weights, seed=1, step=1)
    assert not torch.equal(weights.own[one], weights.own[other])
    assert set(weights.own[one].flatten().tolist()) == {1.0, 1 + 1 / 128}


def test_a_tensor_longer_than_the_noise_is_rounded_to_its_end() -> None:
    own = torch.zeros(1 << 11, (1 << 10) + 1, dtype=torch.bfloat16)
    master = torch.full_like(own, -3.0, dtype=torch.float32)
    publish(Trained(("long",), (own,), (master,)), seed=1, step=1)
    assert torch.equal(own.float(), master)


def test_a_united_model_holds_the_masters_and_stays_tied(tiny: Any) -> None:
    weights = learned(tiny.to(torch.bfloat16))
    weights.masters[0].add_(1e-5)
    model = unite(tiny, weights)
    assert torch.equal(model.model.embed_tokens.weight, weights.masters[0])
    assert model.lm_head.weight is model.model.embed_tokens.weight


def test_decay_shrinks_matrices_and_leaves_norms(tiny: Any) -> None:
    weights = learned(tiny)
    optimiser = adamw(weights, SETTINGS)
    before = [each.detach().clone() for each in weights.masters]
    for each in weights.masters:
        each.grad = torch.zeros_like(each)
    optimiser.step()
    for old, new in zip(before, weights.masters, strict=True):
        shrunk = old * (1 - 1e-3 * 0.1) if old.dim() >= 2 else old
        assert torch.allclose(new, shrunk, atol=1e-8, rtol=0)
