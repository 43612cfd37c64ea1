"""Virtual tokens in training and in answering: the model has to read the same in both."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import torch
from transformers import DynamicCache

from registry import virtual
from registry.canonical import Row
from registry.cards.tuning import Tune, Virtual
from registry.checkpoints import ADAPTER
from registry.decoding import Prompt, answer
from registry.errors import RegistryError
from registry.rendering import render
from registry.tuning.batches import Unit, pack
from registry.tuning.learner import Learner, answering, logits, open_learner
from registry.tuning.loop import optimise
from registry.tuning.objectives import Loss
from registry.tuning.objectives.likelihood import Likelihood
from registry.tuning.weights import adamw, trained
from tests.registry.tuning.runs import CPU, SETTINGS

PROMPT = replace(SETTINGS, method="prompt", virtual=Virtual(tokens=6))
PREFIX = replace(PROMPT, method="prefix")
Rows = Callable[..., list[Row]]


def begun(base: Path, settings: Tune) -> Learner:
    """Return a learner with virtual tokens that are no words any more."""
    torch.manual_seed(1)
    learner = open_learner(base, settings, CPU, torch.float32)
    assert learner.tokens is not None
    with torch.no_grad():
        learner.tokens.add_(0.3 * torch.randn_like(learner.tokens))
    return learner


def behind(model: Any, tokens: tuple[int, ...], start: virtual.Start | None) -> torch.Tensor:
    """Return the logits of tokens that come after a start, by the model's own cache."""
    cache = DynamicCache(config=model.config)
    for layer, (keys, values) in enumerate(start or ()):
        cache.update(keys, values, layer)
    found: torch.Tensor = model(torch.tensor([tokens]), past_key_values=cache).logits[0]
    return found


@torch.no_grad()
@pytest.mark.parametrize("settings", [PROMPT, PREFIX], ids=["prompt", "prefix"])
def test_what_is_learnt_behind_virtual_tokens_is_read_as_when_answering(
    tiny_folder: Path, make_rows: Rows, settings: Tune
) -> None:
    learner = begun(tiny_folder, settings)
    rendered = [render(learner.tokenizer, row) for row in make_rows(3)]
    found = logits(learner, pack(rendered, virtual=learner.virtual))
    with answering(learner) as start:
        each = [
            behind(learner.model, one.tokens, start)[:-1][torch.tensor(one.labels_mask[1:])]
            for one in rendered
        ]
    assert torch.allclose(found, torch.cat(each), atol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize("settings", [PROMPT, PREFIX], ids=["prompt", "prefix"])
def test_answers_behind_virtual_tokens_are_greedy_in_a_batch_too(
    tiny_folder: Path, settings: Tune
) -> None:
    learner = begun(tiny_folder, settings)
    asked = [Prompt("a", (5, 9, 77, 30, 8)), Prompt("b", (40, 41))]
    with answering(learner) as start:
        made = answer(
            learner.model,
            learner.tokenizer,
            asked,
            max_new_tokens=4,
            batch_tokens=1000,
            start=start,
        )
        said = {one.id: one.text for one in made}
        for one in asked:
            tokens = one.tokens
            for _ in range(4):
                best = int(behind(learner.model, tokens, start)[-1].argmax())
                tokens = (*tokens, best)
                if best == learner.tokenizer.eos_token_id:
                    break
            added = list(tokens[len(one.tokens) :])
            assert said[one.id] == learner.tokenizer.decode(added, skip_special_tokens=True)


def test_virtual_tokens_take_room_in_a_pass(
    tiny_folder: Path, make_rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = begun(tiny_folder, PROMPT)
    units = [Unit((render(learner.tokenizer, row),)) for row in make_rows(1)] * 5
    alone = units[0].tokens + 6
    real, seen = Likelihood.loss, []

    def loss(self: Likelihood, learner: Learner, batch: Any, units: Any) -> Loss:
        seen.append(batch.tokens.numel())
        return real(self, learner, batch, units)

    monkeypatch.setattr(Likelihood, "loss", loss)
    weights = trained(learner.parameters())
    optimise(learner, Likelihood(), units, weights, adamw(weights, PROMPT), 1.0, 2 * alone - 1)
    assert seen == [alone] * 5


def test_keys_and_values_are_written_and_read_in_one_order(tiny: Any) -> None:
    start = virtual.of_prompt(torch.randn(3, 32), tiny)
    again = virtual.of_prefix(virtual.as_prefix(start), tiny)
    for pair, same in zip(start, again, strict=True):
        assert all(torch.equal(one, other) for one, other in zip(pair, same, strict=True))


def test_a_prefix_of_another_model_is_refused(tiny: Any) -> None:
    with pytest.raises(RegistryError, match="63 numbers a token do not fit 2 layers of 2 heads"):
        virtual.of_prefix(torch.zeros(3, 63), tiny)


def test_a_short_text_is_said_again_until_the_virtual_tokens_are_full(tiny_folder: Path) -> None:
    told = replace(PROMPT, virtual=Virtual(tokens=7, text="la "))
    learner = open_learner(tiny_folder, told, CPU, torch.float32)
    words = learner.tokenizer("la la l", add_special_tokens=False)["input_ids"]
    assert len(words) == 7
    assert learner.tokens is not None
    wanted = learner.model.get_input_embeddings()(torch.tensor(words))
    assert torch.equal(learner.tokens.detach(), wanted.detach())


def test_a_base_with_virtual_tokens_is_not_tuned_without_them(
    tiny_folder: Path, tiny: Any, tmp_path: Path
) -> None:
    base = copytree(tiny_folder, tmp_path / "soft")
    virtual.write(base / ADAPTER, "prompt", torch.zeros(3, 32), tiny, "tiny")
    with pytest.raises(RegistryError, match="soft: it has virtual tokens or a hypernetwork"):
        open_learner(base, SETTINGS, CPU, torch.float32)
