"""Each method of a recipe on a tiny model: what is trained, what is saved, what is read back."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel

from registry import virtual
from registry.canonical import Row
from registry.cards.tuning import Hypernetwork, Lora, Tune, Virtual
from registry.checkpoints import ADAPTER, open_model, quiet
from registry.decoding import Prompt, answer
from registry.errors import RegistryError
from registry.rendering import prompt
from registry.tuning.loop import Tuned, tune

CPU = torch.device("cpu")
PROMPT = Tune(
    method="prompt",
    virtual=Virtual(tokens=6),
    steps=30,
    tokens_per_step=256,
    max_tokens=128,
    learning_rate=0.1,
    precision="fp32",
    checkpoint_every=10,
    seed=1,
)
PREFIX = replace(PROMPT, method="prefix", learning_rate=0.05)
DORA = replace(
    PROMPT, method="lora", virtual=None, lora=Lora(rank=4, alpha=8, dora=True), learning_rate=2e-2
)


class Made:
    """One run, with its losses."""

    def __init__(self, base: Path, rows: list[Row], settings: Tune, folder: Path) -> None:
        self.losses: list[float] = []
        self.out = folder / "out"

        def log(step: int, measures: Any) -> None:
            self.losses.append(measures["loss"])

        self.tuned: Tuned = tune(
            base,
            rows,
            settings,
            self.out,
            folder / "checkpoints",
            device="cpu",
            log=log,
            say=lambda line: None,
            progress=False,
        )


@pytest.fixture
def make(
    tiny_folder: Path, tmp_path: Path, make_rows: Callable[..., list[Row]]
) -> Callable[[Tune], Made]:
    return lambda settings: Made(tiny_folder, make_rows(24), settings, tmp_path / settings.method)


def answers(folder: Path, rows: list[Row], start: virtual.Start | None) -> list[str]:
    model, tokenizer = open_model(folder, CPU, torch.float32)
    asked = [Prompt(row.id, prompt(tokenizer, row.messages)) for row in rows]
    made = answer(model, tokenizer, asked, max_new_tokens=6, batch_tokens=1000, start=start)
    return [one.text for one in sorted(made, key=lambda one: one.id)]


@pytest.mark.parametrize("settings", [PROMPT, PREFIX, DORA, replace(PROMPT, precision="bf16")])
def test_the_loss_falls(make: Callable[[Tune], Made], settings: Tune) -> None:
    made = make(settings)
    assert made.losses[-1] < 0.8 * made.losses[0]


@pytest.mark.parametrize(("settings", "each"), [(PROMPT, 32), (PREFIX, 2 * 2 * 2 * 8)])
def test_virtual_tokens_alone_are_trained(
    make: Callable[[Tune], Made], tiny_folder: Path, settings: Tune, each: int
) -> None:
    made = make(settings)
    assert made.tuned.trained_parameters == 6 * each
    before, _ = open_model(tiny_folder, CPU, torch.bfloat16)
    after, _ = open_model(made.out, CPU, torch.bfloat16)
    pairs = zip(before.parameters(), after.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


@pytest.mark.parametrize("settings", [PROMPT, PREFIX])
def test_what_is_saved_is_what_peft_reads(make: Callable[[Tune], Made], settings: Tune) -> None:
    made = make(settings)
    model, _ = open_model(made.out, CPU, torch.float32)
    tokens = torch.tensor([[5, 9, 77, 30, 8]])
    start = virtual.read(made.out / ADAPTER, model)
    assert virtual.length(start) == 6
    with torch.no_grad(), quiet():
        ours = _after(model, tokens, start)
        theirs = PeftModel.from_pretrained(model, str(made.out / ADAPTER))(input_ids=tokens).logits
    assert torch.allclose(ours, theirs[:, -5:], atol=1e-4)


def _after(model: Any, tokens: torch.Tensor, start: virtual.Start | None) -> torch.Tensor:
    from transformers import DynamicCache

    cache = DynamicCache(config=model.config)
    for layer, (keys, values) in enumerate(start or ()):
        cache.update(keys, values, layer)
    found: torch.Tensor = model(input_ids=tokens, past_key_values=cache).logits
    return found


@pytest.mark.parametrize("settings", [PROMPT, PREFIX])
def test_answers_start_from_the_virtual_tokens(
    make: Callable[[Tune], Made], make_rows: Callable[..., list[Row]], settings: Tune
) -> None:
    made = make(replace(settings, steps=60))
    model, _ = open_model(made.out, CPU, torch.float32)
    rows = make_rows(24)
    taught = [row.references[0] for row in rows]
    with_them = answers(made.out, rows, virtual.read(made.out / ADAPTER, model))
    without = answers(made.out, rows, None)
    begun = [sum(map(str.startswith, said, taught)) for said in (with_them, without)]
    assert begun[0] > begun[1]


def test_a_folder_without_virtual_tokens_has_no_start(
    make: Callable[[Tune], Made], tiny_folder: Path, tiny: Any
) -> None:
    assert virtual.read(tiny_folder / ADAPTER, tiny) is None
    assert virtual.read(make(DORA).out / ADAPTER, tiny) is None


def test_a_soft_prompt_starts_as_the_words_it_is_given(make: Callable[[Tune], Made]) -> None:
    told = replace(PROMPT, virtual=Virtual(tokens=3, text="la la"), steps=1, learning_rate=1e-9)
    made = make(told)
    model, tokenizer = open_model(made.out, CPU, torch.float32)
    words = tokenizer("la la", add_special_tokens=False)["input_ids"][:3]
    embedded = model.get_input_embeddings()(torch.tensor(words))
    start = virtual.read(made.out / ADAPTER, model)
    wanted = virtual.of_prompt(embedded, model)
    assert start is not None
    for (keys, _), (expected, _) in zip(start, wanted, strict=True):
        assert torch.allclose(keys, expected, atol=1e-4)


HYPERNETWORK = Hypernetwork(rank=2, alpha=2, targets=("q_proj", "query"))


@pytest.mark.parametrize(
    "settings",
    [
        replace(DORA, lora=Lora(rank=2, alpha=2, targets=("q_proj", "query"))),
        replace(DORA, lora=Lora(rank=2, alpha=2, targets=("query",))),
        replace(DORA, method="hypernetwork", lora=None, hypernetwork=HYPERNETWORK),
    ],
)
def test_layers_that_a_model_does_not_have_are_named_beside_those_it_has(
    make: Callable[[Tune], Made], settings: Tune
) -> None:
    with pytest.raises(RegistryError, match=r"tiny: .* no layer named query; .* k_proj, lm_"):
        make(settings)


def test_dora_says_so_in_its_adapter(make: Callable[[Tune], Made]) -> None:
    described = json.loads((make(DORA).out / ADAPTER / "adapter_config.json").read_text())
    assert described["use_dora"] is True


@pytest.mark.parametrize("dora", [False, True])
def test_a_merged_adapter_answers_as_it_did_apart(
    make: Callable[[Tune], Made], tiny_folder: Path, dora: bool
) -> None:
    made = make(replace(DORA, lora=Lora(rank=4, alpha=8, dora=dora)))
    merged, _ = open_model(made.out, CPU, torch.float32)
    base, _ = open_model(tiny_folder, CPU, torch.float32)
    tokens = torch.tensor([[5, 9, 77, 30, 8]])
    with torch.no_grad(), quiet():
        plain = base(input_ids=tokens).logits
        apart = PeftModel.from_pretrained(base, str(made.out / ADAPTER))(input_ids=tokens).logits
        together = merged(input_ids=tokens).logits
    # The merged weights are rounded to bfloat16.
    assert (together - apart).abs().mean() < 0.05 * (apart - plain).abs().mean()


@pytest.mark.parametrize("settings", [DORA, replace(DORA, method="full", lora=None)])
def test_activations_computed_again_change_nothing(
    make: Callable[[Tune], Made], settings: Tune
) -> None:
    few = replace(settings, steps=4, checkpoint_every=9)
    kept = make(few)
    again = make(replace(few, recompute=True))
    assert again.losses == pytest.approx(kept.losses, rel=1e-5)
