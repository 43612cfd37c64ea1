from typing import Any

import pytest
import torch
from transformers import DynamicCache

from registry.errors import RegistryError
from registry.rendering import Rendered
from registry.tuning import attention
from registry.tuning.attention import attend
from registry.tuning.batches import Unit, pack
from registry.tuning.learner import Learner
from registry.tuning.loop import optimise
from registry.tuning.objectives.likelihood import Likelihood
from registry.tuning.weights import trained
from registry.virtual import of_prompt

FP32 = torch.float32


def examples() -> list[Rendered]:
    made = []
    for n, length in enumerate((5, 31, 1, 17, 64)):
        tokens = tuple(3 + (7 * n + 11 * place) % 250 for place in range(length))
        mask = tuple(place >= length // 2 for place in range(length))
        made.append(Rendered(str(n), tokens, mask))
    return made


def learner(model: Any) -> Learner:
    attention.use(model)
    return Learner(model, model, None, FP32, "full", 0)


def all_logits(model: Any, given: list[Rendered]) -> torch.Tensor:
    batch = pack(given)
    found: torch.Tensor = model(
        input_ids=batch.tokens,
        position_ids=batch.positions,
        row_lengths=batch.lengths,
        use_cache=False,
    ).logits[0]
    return found


@torch.no_grad()
def test_packed_rows_get_the_logits_they_get_alone(make_tiny: Any) -> None:
    packed, alone = make_tiny(), make_tiny()
    attention.use(packed)
    expected = [alone(torch.tensor([one.tokens])).logits[0] for one in examples()]
    assert torch.allclose(all_logits(packed, examples()), torch.cat(expected), atol=1e-5)


@torch.no_grad()
def test_a_row_does_not_see_the_one_before(tiny: Any) -> None:
    attention.use(tiny)
    _, *others, last = examples()
    changed = [Rendered("x", (9, 8, 7), (False,) * 3), *others, last]
    with_other = all_logits(tiny, changed)[-64:]
    assert torch.allclose(all_logits(tiny, examples())[-64:], with_other, atol=1e-6)


@torch.no_grad()
def test_a_token_sees_what_is_before_it_in_its_row(tiny: Any) -> None:
    attention.use(tiny)
    row = examples()[-1]
    changed = Rendered("x", (200, *row.tokens[1:]), row.labels_mask)
    assert not torch.allclose(all_logits(tiny, [row])[-1], all_logits(tiny, [changed])[-1])


@torch.no_grad()
def test_packed_rows_behind_a_prefix_get_the_logits_they_get_alone(make_tiny: Any) -> None:
    packed, alone = make_tiny(), make_tiny()
    attention.use(packed)
    start = of_prompt(torch.randn(3, 32, generator=torch.Generator().manual_seed(1)), alone)
    batch = pack(examples())
    found = packed(
        input_ids=batch.tokens,
        position_ids=batch.positions + 3,
        row_lengths=batch.lengths,
        start=start,
        use_cache=False,
    ).logits[0]
    expected = []
    for one in examples():
        cache = DynamicCache(config=alone.config)
        for layer, (keys, values) in enumerate(start):
            cache.update(keys, values, layer)
        expected.append(alone(torch.tensor([one.tokens]), past_key_values=cache).logits[0])
    assert torch.allclose(found, torch.cat(expected), atol=1e-5)


@torch.no_grad()
def test_rows_are_apart_again_after_a_while_of_generating(tiny: Any) -> None:
    attention.use(tiny)
    expected = all_logits(tiny, examples())
    with attention.plain(tiny):
        tiny(torch.tensor([[5, 6, 7]]))
    assert torch.equal(all_logits(tiny, examples()), expected)


def test_packed_rows_give_the_gradients_they_give_alone(make_tiny: Any) -> None:
    packed, alone = make_tiny(), make_tiny()
    units = [Unit((one,)) for one in examples()]
    torch.autograd.backward(Likelihood().loss(learner(packed), pack(examples()), units).total)
    for one in examples():
        labels = [t if m else -100 for t, m in zip(one.tokens, one.labels_mask, strict=True)]
        count = sum(one.labels_mask[1:])
        if count:
            loss = alone(torch.tensor([one.tokens]), labels=torch.tensor([labels])).loss
            (loss * count).backward()
    for (name, found), expected in zip(packed.named_parameters(), alone.parameters(), strict=True):
        assert torch.allclose(found.grad, expected.grad, atol=1e-4, rtol=1e-4), name


@pytest.mark.parametrize("at_once", [64, 80, 1000])
def test_a_step_is_the_same_in_one_pass_and_in_many(make_tiny: Any, at_once: int) -> None:
    whole, split = make_tiny(), make_tiny()
    found = []
    for model, room in ((whole, 1000), (split, at_once)):
        still = torch.optim.SGD(model.parameters(), lr=0.1)
        learns = learner(model)
        weights, units = trained(learns.parameters()), [Unit((one,)) for one in examples()]
        found.append(optimise(learns, Likelihood(), units, weights, still, 1.0, room))
    assert found[0].loss == pytest.approx(found[1].loss, rel=1e-5)
    assert found[0].norm == pytest.approx(found[1].norm, rel=1e-4)
    assert found[0].supervised == found[1].supervised
    for one, other in zip(whole.parameters(), split.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def stepped(model: Any, most: float) -> tuple[float, float]:
    """Return a step's gradient norm, and how far it went at a rate of 1, clipped to a norm."""
    before = [each.detach().clone() for each in model.parameters()]
    learns, units = learner(model), [Unit((one,)) for one in examples()]
    still = torch.optim.SGD(model.parameters(), lr=1.0)
    step = optimise(learns, Likelihood(), units, trained(learns.parameters()), still, most, 80)
    moved = zip(before, model.parameters(), strict=True)
    squares = sum(float(((old - new.detach()) ** 2).sum()) for old, new in moved)
    return step.norm, squares**0.5


def test_a_step_goes_as_far_as_the_clipped_gradient_of_all_its_passes(make_tiny: Any) -> None:
    norm, free = stepped(make_tiny(), 1000.0)
    assert free == pytest.approx(norm, rel=1e-3)
    told, clipped = stepped(make_tiny(), 0.5 * norm)
    assert told == pytest.approx(norm, rel=1e-5)
    assert clipped == pytest.approx(0.5 * norm, rel=1e-3)


def heads(count: int) -> torch.Tensor:
    return torch.randn(1, count, 6, 8)


@pytest.mark.parametrize("limits", [{"sliding_window": 3}, {"softcap": 30.0}])
def test_an_attention_that_means_something_else_is_refused(limits: Any) -> None:
    with pytest.raises(RegistryError, match="soft cap, or a window"):
        attend(None, heads(4), heads(2), heads(2), None, row_lengths=(2, 4), **limits)


def test_a_window_longer_than_every_row_changes_nothing() -> None:
    q, k, v = heads(4), heads(2), heads(2)
    plain, _ = attend(None, q, k, v, None, row_lengths=(2, 4))
    within, _ = attend(None, q, k, v, None, row_lengths=(2, 4), sliding_window=4)
    assert torch.equal(plain, within)


@pytest.mark.gpu
def test_one_kernel_gives_what_one_call_a_row_gives() -> None:
    q, k, v = (torch.randn(1, heads, 70, 64) for heads in (4, 2, 2))
    expected, _ = attend(None, q, k, v, None, row_lengths=(5, 64, 1))
    q, k, v = (each.cuda().bfloat16() for each in (q, k, v))
    found, _ = attend(None, q, k, v, None, row_lengths=(5, 64, 1))
    assert torch.allclose(found.float().cpu(), expected, atol=3e-2)


def test_a_model_s_own_scale_of_attention_is_kept() -> None:
    q, k, v = heads(4), heads(2), heads(2)
    wanted, _ = attend(None, 3 * q, k, v, None, row_lengths=(2, 4))
    scaled, _ = attend(None, q, k, v, None, row_lengths=(2, 4), scaling=3 / 8**0.5)
    assert torch.allclose(scaled, wanted, atol=1e-6)


def test_dropout_of_attention_is_drawn() -> None:
    q, k, v = heads(4), heads(2), heads(2)
    plain, _ = attend(None, q, k, v, None, row_lengths=(2, 4))
    dropped, _ = attend(None, q, k, v, None, row_lengths=(2, 4), dropout=0.5)
    assert not torch.allclose(plain, dropped)
