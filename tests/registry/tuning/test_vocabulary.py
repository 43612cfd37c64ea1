from typing import Any

import pytest
import torch

from registry.rendering import Rendered
from registry.tuning import attention, vocabulary
from registry.tuning.batches import Packed, pack
from registry.tuning.learner import Learner, log_probabilities
from registry.tuning.vocabulary import log_probability


def given(targets: int, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(targets)
    hidden = torch.randn(targets, 16).to(dtype).requires_grad_()
    weight = torch.randn(50, 16).to(dtype).requires_grad_()
    return hidden, weight, torch.randint(0, 50, (targets,))


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "CHUNK", 7)


@pytest.mark.parametrize(("dtype", "close"), [(torch.float32, 1e-5), (torch.bfloat16, 2e-2)])
@pytest.mark.parametrize("targets", [1, 7, 30])
def test_chunks_give_values_and_gradients_of_the_whole(
    targets: int, dtype: torch.dtype, close: float
) -> None:
    found, whole = given(targets, dtype), given(targets, dtype)
    slopes = torch.linspace(-1, 2, targets)
    made = log_probability(*found)
    hidden, weight, at = whole
    expected = torch.log_softmax((hidden @ weight.T).float(), 1).gather(1, at[:, None])[:, 0]
    assert torch.allclose(made, expected, atol=close)
    (made * slopes).sum().backward()
    (expected * slopes).sum().backward()
    for one, other in zip(found[:2], whole[:2], strict=True):
        assert one.grad is not None
        assert other.grad is not None
        assert torch.allclose(one.grad, other.grad, atol=close, rtol=close)


def test_frozen_weights_get_no_gradient() -> None:
    hidden, weight, at = given(9, torch.float32)
    log_probability(hidden, weight.detach(), at).sum().backward()
    assert hidden.grad is not None
    assert weight.grad is None


def batch() -> Packed:
    rows = [Rendered(str(n), tuple(range(5 + n, 25 + n)), (False, *(True,) * 19)) for n in range(3)]
    return pack(rows)


def test_a_large_batch_goes_in_chunks_and_says_the_same(
    make_tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for limit in (vocabulary.LARGE, 1):
        monkeypatch.setattr(vocabulary, "LARGE", limit)
        model = make_tiny()
        attention.use(model)
        made = log_probabilities(Learner(model, model, None, torch.float32, "full", 0), batch())
        made.sum().backward()  # type: ignore[no-untyped-call]
        found.append((made, [each.grad for each in model.parameters()]))
    (plain, slopes), (chunked, others) = found
    assert torch.allclose(plain, chunked, atol=1e-5)
    assert all(torch.allclose(a, b, atol=1e-4) for a, b in zip(slopes, others, strict=True))


def test_a_head_that_does_more_is_left_to_the_model(
    tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(vocabulary, "LARGE", 1)
    monkeypatch.setattr(vocabulary, "log_probability", never)
    tiny.config.final_logit_softcapping = 30.0
    attention.use(tiny)
    log_probabilities(Learner(tiny, tiny, None, torch.float32, "full", 0), batch())
