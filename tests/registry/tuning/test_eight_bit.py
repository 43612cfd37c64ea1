"""Products in fp8: every layer's against float32, and whole runs of a tiny model."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import log
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch.nn import functional

from registry.canonical import Row
from registry.cards.tuning import Lora, Policy, Preference, Tune, contradictions
from registry.devices import compute_dtype
from registry.errors import RegistryError
from registry.rendering import Rendered
from registry.tuning import eight_bit
from registry.tuning.batches import pack
from registry.tuning.eight_bit import product
from registry.tuning.learner import log_probabilities, open_learner
from tests.registry.tuning.runs import BF16, CPU, SETTINGS, Killed, Run

FP8 = replace(BF16, precision="fp8")
DPO = replace(FP8, objective="preference", preference=Preference(beta=0.1))
REWARD = replace(FP8, objective="reward")
POLICY = replace(
    FP8,
    objective="policy",
    policy=Policy(reward="exact_match", rows=2, answers=3, max_new_tokens=4, kl=0.01),
)

Three = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
Multiply = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def drawn(tokens: int = 37, low: int = 48, high: int = 80) -> Three:
    """Return what goes in, the weights, and a gradient, in bfloat16 and of different sizes."""
    torch.manual_seed(tokens)
    shapes = ((tokens, low), (high, low), (tokens, high))
    made = [torch.randn(shape).bfloat16() for shape in shapes]
    return 3 * made[0], 0.02 * made[1], 1e-4 * made[2]


def all_three(multiply: Multiply, inputs: Three) -> Three:
    """Return a product and the gradients of its two factors, in float32."""
    one, other = (each.clone().requires_grad_() for each in inputs[:2])
    found = multiply(one, other)
    found.backward(inputs[2].to(found.dtype))  # type: ignore[no-untyped-call]
    assert one.grad is not None
    assert other.grad is not None
    return found.detach().float(), one.grad.float(), other.grad.float()


def in_float32(inputs: Three) -> Three:
    return all_three(functional.linear, tuple(each.float() for each in inputs))  # type: ignore[arg-type]


def apart(found: torch.Tensor, exact: torch.Tensor) -> float:
    """Return the size of a difference, as a share of the exact values'."""
    assert found.shape == exact.shape
    return float((found - exact).norm() / exact.norm())


def integers(largest: int, *shape: int) -> torch.Tensor:
    made = torch.randint(-largest, largest + 1, shape)
    made.view(-1)[0] = largest
    return made.bfloat16()


# e4m3 keeps 4 digits of two, e5m2 3: evenly spread errors of at most 1/16 and 1/8 of a value.
@pytest.mark.parametrize(
    ("which", "least", "most"), [(0, 0.02, 0.05), (1, 0.04, 0.08), (2, 0.04, 0.08)]
)
@pytest.mark.parametrize("tokens", [1, 16, 37])
def test_products_and_gradients_are_float32_s_but_for_fp8_s_rounding(
    tokens: int, which: int, least: float, most: float
) -> None:
    inputs = drawn(tokens)
    exact = in_float32(inputs)[which]
    error = apart(all_three(product, inputs)[which], exact)
    assert error < most
    if tokens > 1:
        # Nothing but fp8 is that far off; bfloat16 is not.
        assert error > least
    assert apart(all_three(functional.linear, inputs)[which], exact) < 0.005


def nearest(values: torch.Tensor, kind: torch.dtype) -> torch.Tensor:
    """Return what is nearest to each value of all that fp8 can say at the tensor's scale."""
    every = torch.arange(256, dtype=torch.uint8).view(kind).double()
    every = every[every.isfinite()]
    scale = values.double().abs().max() / every.max()
    far = (values.double()[..., None] / scale - every).abs()
    return every[far.argmin(-1)] * scale


def test_factors_are_the_nearest_values_that_their_format_has() -> None:
    inputs = drawn()
    kinds = torch.float8_e4m3fn, torch.float8_e4m3fn, torch.float8_e5m2
    narrow = tuple(nearest(each, kind) for each, kind in zip(inputs, kinds, strict=True))
    expected = all_three(functional.linear, narrow)  # type: ignore[arg-type]
    for found, exact in zip(all_three(product, inputs), expected, strict=True):
        assert apart(found, exact) < 0.003  # bfloat16 is that of the results


@pytest.mark.parametrize("tokens", [1, 37])
def test_matrices_lie_in_memory_as_a_gpu_asks(tokens: int, monkeypatch: pytest.MonkeyPatch) -> None:
    real, seen = functional.scaled_mm, []

    def spied(one: torch.Tensor, other: torch.Tensor, *rest: Any, **named: Any) -> torch.Tensor:
        seen.append((one, other, rest[0], rest[2]))
        return real(one, other, *rest, **named)

    monkeypatch.setattr(functional, "scaled_mm", spied)
    all_three(product, drawn(tokens))
    assert len(seen) == 3
    for one, other, *scales in seen:
        assert one.is_contiguous()
        assert other.T.is_contiguous()
        assert all(size % 16 == 0 for size in other.shape)
        assert all(each.shape == () and each.dtype == torch.float32 for each in scales)


def test_what_lies_on_the_grid_of_fp8_is_multiplied_exactly() -> None:
    torch.manual_seed(1)
    # 14 and 7 are the formats' largest values but for a power of two, and so is the scale.
    inputs = integers(14, 21, 32), 0.25 * integers(14, 48, 32), 8 * integers(7, 21, 48)
    for found, exact in zip(all_three(product, inputs), in_float32(inputs), strict=True):
        assert torch.equal(found, exact.bfloat16().float())


@given(one=st.integers(-40, 40), other=st.integers(-40, 40), slope=st.integers(-40, 40))
def test_powers_of_two_pass_through_products_and_gradients(
    one: int, other: int, slope: int
) -> None:
    inputs = drawn(5, 16, 32)
    scaled = tuple(2.0**n * each for n, each in zip((one, other, slope), inputs, strict=True))
    found = all_three(product, scaled)  # type: ignore[arg-type]
    powers = (one + other, slope + other, slope + one)
    for power, each, plain in zip(powers, found, all_three(product, inputs), strict=True):
        assert torch.equal(each, 2.0**power * plain)


def test_gradients_keep_a_range_that_weights_have_no_need_of() -> None:
    x, weight, slope = drawn(32)
    # Beside the largest, 2 ** -22 of it is nothing in e4m3 and something in e5m2.
    slope[1:] *= 2.0**-22
    _, of_given, _ = all_three(product, (x, weight, slope))
    assert apart(of_given[1:], in_float32((x, weight, slope))[1][1:]) < 0.1
    x[1:] *= 2.0**-22
    assert all_three(product, (x, weight, slope))[0][1:].abs().max() == 0


@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize("value", [0.0, 1e-40, 1e30])
def test_zeros_and_very_small_or_large_values_are_no_nan(which: int, value: float) -> None:
    inputs = drawn()
    inputs[which].fill_(value)
    inputs[which][:, 1:] = 0
    for found in all_three(product, inputs):
        assert found.isfinite().all()


def test_one_huge_value_costs_the_others_their_digits_and_no_more() -> None:
    inputs = drawn()
    inputs[0][3, 5] = 1e15
    found = all_three(product, inputs)
    exact = in_float32(inputs)
    assert all(each.isfinite().all() for each in found)
    assert apart(found[0][3], exact[0][3]) < 0.08
    assert found[0][:3].abs().max() == 0


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_what_is_no_number_is_not_hidden(value: float) -> None:
    inputs = drawn()
    inputs[0][3, 5] = value
    assert all_three(product, inputs)[0][3].isnan().all()


@pytest.mark.parametrize("tokens", [1, 13, 16, 31])
def test_rows_of_zeros_after_the_others_change_nothing(tokens: int) -> None:
    one, weight, slope = drawn(tokens)
    longer = functional.pad(one, (0, 0, 0, 7)), weight, functional.pad(slope, (0, 0, 0, 7))
    short, long = all_three(product, (one, weight, slope)), all_three(product, longer)
    assert torch.equal(long[0][:tokens], short[0])
    assert torch.equal(long[1][:tokens], short[1])
    assert torch.equal(long[2], short[2])


def test_dimensions_before_the_last_stay() -> None:
    one, weight, slope = drawn(30)
    flat = all_three(product, (one, weight, slope))
    shaped = all_three(product, (one.view(2, 15, -1), weight, slope.view(2, 15, -1)))
    assert shaped[0].shape == (2, 15, len(weight))
    assert all(torch.equal(a, b.view(a.shape)) for a, b in zip(flat, shaped, strict=True))


def test_linear_layers_of_decoder_layers_alone_multiply_so(tiny: Any) -> None:
    model = tiny.to(torch.bfloat16)
    names, modules = list(model.state_dict()), dict(model.named_modules())
    before = {name: type(each) for name, each in modules.items()}
    weights = list(model.parameters())
    eight_bit.use(model)
    changed = {name for name, each in model.named_modules() if type(each) is not before[name]}
    parts = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
    assert len(changed) == 2 * len(parts)
    assert all(name.startswith("model.layers.") and name.endswith(parts) for name in changed)
    assert list(model.state_dict()) == names
    assert all(a is b for a, b in zip(model.parameters(), weights, strict=True))


def test_a_layer_adds_its_bias() -> None:
    layer = torch.nn.Linear(48, 80, dtype=torch.bfloat16)
    one, _, slope = drawn()
    exact = layer(one).detach()
    layer.__class__ = eight_bit._EightBit
    found = layer(one)
    assert apart(found.detach(), exact) < 0.05
    found.backward(slope)
    assert layer.bias.grad is not None
    assert apart(layer.bias.grad.float(), slope.float().sum(0)) < 0.02


def test_a_model_of_odd_sizes_is_refused_and_left_alone(make_tiny: Any) -> None:
    model = make_tiny()
    first, last = model.model.layers
    last.mlp.up_proj = torch.nn.Linear(32, 72, bias=False)
    with pytest.raises(RegistryError, match=r"mlp\.up_proj is 72 x 32, .*multiples of 16"):
        eight_bit.use(model)
    assert type(first.mlp.up_proj) is torch.nn.Linear


def test_a_model_whose_layers_are_not_known_is_refused(tiny: Any) -> None:
    tiny._no_split_modules = None
    with pytest.raises(RegistryError, match="no layers known here"):
        eight_bit.use(tiny)


def test_a_torch_that_cannot_is_refused(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(functional, "scaled_mm")
    with pytest.raises(RegistryError, match="has no scaled_mm; install a newer one"):
        eight_bit.use(tiny)


def test_other_methods_are_refused_before_anything_is_opened(run: Run) -> None:
    settings = replace(FP8, method="lora", lora=Lora(rank=2, alpha=4))
    ((field, said),) = contradictions(settings)
    assert (field, said) == ("precision", "fp8 goes with method: full, not lora; use bf16")
    with pytest.raises(RegistryError, match=r"tune\.precision: fp8 goes with method: full"):
        run.tune(settings)
    assert not list(contradictions(FP8))


@pytest.mark.parametrize(
    ("device", "capability", "said"),
    [
        ("cuda", (8, 6), r"compute capability 8\.9 and more, and this is one of 8\.6; use 'bf16'"),
        ("cuda", (7, 5), r"this is one of 7\.5"),
        ("mps", (0, 0), "this is mps"),
    ],
)
def test_a_device_that_cannot_is_refused_in_a_sentence(
    device: str, capability: tuple[int, int], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    with pytest.raises(RegistryError, match=said):
        compute_dtype(torch.device(device), "fp8")


@pytest.mark.parametrize("capability", [(8, 9), (9, 0), (12, 0)])
def test_everything_around_the_products_is_in_bfloat16(
    capability: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    assert compute_dtype(torch.device("cuda"), "fp8") == torch.bfloat16
    assert compute_dtype(CPU, "fp8") == torch.bfloat16


def test_a_short_run_learns_as_in_bfloat16(run: Run, other: Run) -> None:
    found = run.tune(replace(FP8, steps=25))
    plain = other.tune(replace(BF16, steps=25))
    assert found.last_loss < 0.8 * found.first_loss
    assert run.losses == pytest.approx(other.losses, rel=0.1)
    # And it did multiply otherwise.
    assert run.losses != other.losses
    assert (found.precision, plain.precision) == ("fp8", "bf16")
    assert found.trained_parameters == plain.trained_parameters


def test_automatic_precision_is_never_fp8(run: Run) -> None:
    assert run.tune(replace(SETTINGS, steps=1, warmup_steps=0, precision="auto")).precision in (
        "bf16",
        "fp32",
    )


def test_a_resumed_run_ends_with_the_bytes_of_one_that_was_not_stopped(
    run: Run, other: Run
) -> None:
    run.tune(FP8)
    with pytest.raises(Killed):
        other.tune(FP8, kill_at=6)
    assert other.tune(FP8).resumed_from == 4
    assert other.saved() == run.saved()
    assert other.losses == run.losses


def test_a_run_in_bfloat16_does_not_go_on_from_one_in_fp8(run: Run) -> None:
    with pytest.raises(Killed):
        run.tune(FP8, kill_at=6)
    assert run.tune(BF16).resumed_from == 0


def test_a_saved_model_has_the_form_of_one_that_was_tuned_in_bfloat16(run: Run, other: Run) -> None:
    run.tune(FP8)
    other.tune(BF16)
    found, plain = (load_file(one.folder / "out" / "model.safetensors") for one in (run, other))
    assert [(name, each.dtype, each.shape) for name, each in found.items()] == [
        (name, each.dtype, each.shape) for name, each in plain.items()
    ]
    configs = [
        json.loads((one.folder / "out" / "config.json").read_text(encoding="utf-8"))
        for one in (run, other)
    ]
    assert configs[0] == configs[1]


def test_computing_activations_again_gives_the_same_bytes(run: Run, other: Run) -> None:
    run.tune(FP8)
    other.tune(replace(FP8, recompute=True))
    assert other.saved() == run.saved()


@pytest.mark.parametrize("settings", [DPO, REWARD, POLICY], ids=["dpo", "reward", "policy"])
def test_every_objective_learns_in_fp8(
    run: Run, make_rows: Callable[..., list[Row]], settings: Tune
) -> None:
    run.rows = [replace(row, references=("la",), rejected=("lo",)) for row in make_rows(16)]

    def reward(rows: Sequence[Row], answers: Sequence[str]) -> list[float]:
        return [float("a" in answer) for answer in answers]

    tuned = run.tune(replace(settings, steps=3), reward=reward)
    assert (tuned.steps, tuned.precision) == (3, "fp8")
    if settings is DPO:
        # The initial model computes as the learner does, but on other neighbours.
        assert tuned.first_loss == pytest.approx(log(2), abs=0.02)


def test_a_row_depends_on_its_neighbours_by_fp8_s_rounding(tiny_folder: Path) -> None:
    learner = open_learner(tiny_folder, FP8, CPU, torch.bfloat16)
    rows = [Rendered(str(n), tuple(range(n, 20 + n)), (False, *(True,) * 19)) for n in range(4)]
    with torch.no_grad():
        packed = log_probabilities(learner, pack(rows, CPU))
        alone = torch.cat([log_probabilities(learner, pack([row], CPU)) for row in rows])
    assert 0 < apart(packed, alone) < 0.1


def test_a_learner_of_a_recipe_in_fp8_opens_so(tiny_folder: Path) -> None:
    kinds = set()
    for settings in (FP8, BF16):
        learner = open_learner(tiny_folder, settings, CPU, torch.bfloat16)
        kinds.add(type(learner.model.model.layers[0].mlp.up_proj))
    assert kinds == {eight_bit._EightBit, torch.nn.Linear}
