from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from registry import hypernetwork
from registry.canonical import Message, Row
from registry.cards.tuning import Hypernetwork, Tune
from registry.checkpoints import open_model
from registry.evaluation.answers import read
from registry.evaluation.benchmarks import evaluate
from registry.hypernetwork import acting, adapters, begin, encode, instruction_of
from registry.rendering import render_rows
from registry.tuning.batches import Unit, pack
from registry.tuning.learner import Learner, logits, open_learner, told
from registry.tuning.loop import Tuned, tune
from registry.tuning.objectives.likelihood import Likelihood

CPU = torch.device("cpu")
NETWORK = Hypernetwork(rank=4, alpha=8, size=16, targets=("q_proj", "v_proj", "down_proj"))
SETTINGS = Tune(
    method="hypernetwork",
    hypernetwork=NETWORK,
    steps=60,
    tokens_per_step=512,
    max_tokens=128,
    learning_rate=1e-2,
    precision="fp32",
    checkpoint_every=20,
    seed=1,
)


@pytest.fixture
def rows(make_rows: Callable[..., list[Row]]) -> list[Row]:
    """Return rows of one question under two instructions, which ask for two answers."""

    def under(row: Row, at: int) -> Row:
        told = Message("system", ("Say la.", "Hum an m.")[at % 2])
        return replace(row, messages=(told, *row.messages), references=(("la", "mm")[at % 2],))

    return [under(row, at) for at, row in enumerate(make_rows(16))]


def run(base: Path, rows: list[Row], settings: Tune, folder: Path) -> Tuned:
    return tune(
        base,
        rows,
        settings,
        folder / "out",
        folder / "checkpoints",
        device="cpu",
        log=lambda step, measures: None,
        say=lambda line: None,
        progress=False,
    )


def begun(base: Path, rows: list[Row]) -> Learner:
    torch.manual_seed(3)
    learner = told(open_learner(base, SETTINGS, CPU, torch.float32), rows)
    assert learner.network is not None
    with torch.no_grad():
        for name, each in learner.network.tensors.items():
            if name.endswith(".up"):
                each.normal_(std=0.2)
    return learner


def test_the_instruction_is_the_system_s_turn_or_else_the_whole_question() -> None:
    asked = Message("user", "2 + 2?")
    assert instruction_of([Message("system", "Add."), asked]) == "Add."
    assert instruction_of([asked]) == "2 + 2?"


def test_a_new_network_changes_nothing(tiny_folder: Path, rows: list[Row], tmp_path: Path) -> None:
    learned = run(tiny_folder, rows, replace(SETTINGS, steps=1), tmp_path / "one")
    given: dict[str, Any] = {"method": "full", "hypernetwork": None, "steps": 1}
    plain = run(tiny_folder, rows, replace(SETTINGS, **given), tmp_path / "two")
    assert learned.first_loss == pytest.approx(plain.first_loss, rel=1e-5)


def test_packed_rows_follow_each_its_own_instruction(tiny_folder: Path, rows: list[Row]) -> None:
    learner = begun(tiny_folder, rows)
    rendered = list(render_rows(learner.tokenizer, rows[:5]))
    together = logits(learner, pack(rendered))
    alone = torch.cat([logits(learner, pack([one])) for one in rendered])
    assert torch.allclose(together, alone, atol=1e-4)
    swapped = replace(learner, told=replace(learner.told, by_row={r.id: 0 for r in rows}))
    assert not torch.allclose(logits(swapped, pack(rendered)), alone, atol=1e-2)


def test_every_tensor_of_the_network_gets_a_gradient(tiny_folder: Path, rows: list[Row]) -> None:
    learner = begun(tiny_folder, rows)
    units = [Unit((one,)) for one in render_rows(learner.tokenizer, rows[:4])]
    batch = pack([row for unit in units for row in unit.rows])
    Likelihood().loss(learner, batch, units).total.backward()  # type: ignore[no-untyped-call]
    assert learner.network is not None
    assert all(float(each.grad.abs().sum()) > 0 for each in learner.network.tensors.values())
    assert all(each.grad is None for each in learner.model.parameters())


def test_an_instruction_is_encoded_once_however_many_rows_follow_it(
    tiny_folder: Path, rows: list[Row]
) -> None:
    learner = begun(tiny_folder, rows)
    assert learner.told is not None
    assert learner.told.encoded.shape == (2, 32)
    assert set(learner.told.by_row.values()) == {0, 1}


def test_a_network_tells_instructions_apart_that_the_model_does_not_see(
    tiny_folder: Path, rows: list[Row], tmp_path: Path
) -> None:
    settings = replace(SETTINGS, hypernetwork=replace(NETWORK, instruction="removed"))
    run(tiny_folder, rows, settings, tmp_path)
    before, _ = open_model(tiny_folder, CPU, torch.bfloat16)
    after, _ = open_model(tmp_path / "out", CPU, torch.bfloat16)
    pairs = zip(before.parameters(), after.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)
    given: dict[str, Any] = {"metrics": ["exact_match"], "weights": "a", "benchmark": "b"}
    given |= {"max_new_tokens": 4, "device": "cpu", "say": lambda line: None}
    evaluate(tmp_path / "out", rows, answers=tmp_path / "answers.jsonl", **given)
    answers = {one.id: one.answer for one in read(tmp_path / "answers.jsonl")[1]}
    first, second = ({answers[row.id] for row in rows[at::2]} for at in (0, 1))
    assert not first & second


def test_a_resumed_run_ends_as_one_that_was_never_stopped(
    tiny_folder: Path, rows: list[Row], tmp_path: Path
) -> None:
    few = replace(SETTINGS, steps=9, checkpoint_every=4)
    run(tiny_folder, rows, few, tmp_path / "whole")

    def log(step: int, measures: Any) -> None:
        if step == 7:
            raise KeyboardInterrupt

    folder = tmp_path / "stopped"
    given: dict[str, Any] = {"device": "cpu", "say": lambda line: None, "progress": False}
    with pytest.raises(KeyboardInterrupt):
        tune(tiny_folder, rows, few, folder / "out", folder / "checkpoints", log=log, **given)
    run(tiny_folder, rows, few, folder)
    name = "out/hypernetwork/model.safetensors"
    assert (tmp_path / "whole" / name).read_bytes() == (folder / name).read_bytes()


def test_hooks_are_gone_afterwards(tiny: Any, tokenizer: Any) -> None:
    network = begin(tiny, NETWORK)
    made = adapters(network, encode(tiny, tokenizer, ["Sing."]), tiny)
    tokens = torch.tensor([[5, 6, 7]])
    with torch.no_grad():
        for name in network.tensors:
            if name.endswith(".up"):
                network.tensors[name].normal_()
        made = adapters(network, encode(tiny, tokenizer, ["Sing."]), tiny)
        before = tiny(tokens).logits
        with acting(tiny, network, made, ()):
            during = tiny(tokens).logits
        assert not torch.allclose(before, during)
        assert torch.equal(before, tiny(tokens).logits)


def drawn(model: Any) -> hypernetwork.Network:
    """Return a network whose adapters change something."""
    network = begin(model, NETWORK)
    with torch.no_grad():
        for name, each in network.tensors.items():
            if name.endswith(".up"):
                each.normal_()
    return network


@torch.no_grad()
def test_an_adapter_adds_alpha_over_rank_of_its_product(tiny: Any) -> None:
    network = drawn(tiny)
    encoded = torch.nn.functional.normalize(torch.randn(2, 32), dim=1)
    made = adapters(network, encoded, tiny)
    given = torch.randn(1, 5, 32)
    for name in ("model.layers.0.self_attn.q_proj", "model.layers.1.self_attn.q_proj"):
        module, (down, up) = tiny.get_submodule(name), made[name]
        with acting(tiny, network, made, [(2, 1), (3, 0)]):
            changed = module(given)
        added = changed - module(given)
        parts = ((given[:, :2], 1), (given[:, 2:], 0))
        wanted = torch.cat([2 * part @ down[at].T @ up[at].T for part, at in parts], dim=1)
        assert torch.allclose(added, wanted, atol=1e-4)


@torch.no_grad()
def test_each_layer_and_each_instruction_has_adapters_of_its_own(tiny: Any) -> None:
    made = adapters(drawn(tiny), torch.randn(2, 32), tiny)
    for part in (0, 1):
        first, second = (made[f"model.layers.{n}.self_attn.v_proj"][part] for n in (0, 1))
        assert not torch.allclose(first, second)
        assert not torch.allclose(first[0], first[1])


@torch.no_grad()
def test_an_instruction_is_the_mean_of_the_model_s_last_states(tiny: Any, tokenizer: Any) -> None:
    found = encode(tiny, tokenizer, ["Sing.", ""])
    ids = tokenizer("Sing.", add_special_tokens=False)["input_ids"]
    for encoded, tokens in zip(found, (ids, [tokenizer.eos_token_id]), strict=True):
        mean = tiny.model(torch.tensor([tokens])).last_hidden_state[0].mean(0)
        assert torch.allclose(encoded, torch.nn.functional.normalize(mean, dim=0), atol=1e-5)


def test_a_network_is_read_back_as_it_was_written(tiny: Any, tmp_path: Path) -> None:
    network = drawn(tiny)
    hypernetwork.write(tmp_path / hypernetwork.FOLDER, network)
    again = hypernetwork.read(tmp_path, tiny)
    assert again is not None
    assert again.settings == NETWORK
    assert again.tensors.keys() == network.tensors.keys()
    assert all(torch.equal(each, again.tensors[n]) for n, each in network.tensors.items())


def test_what_is_shown_of_a_conversation_is_without_its_instruction_where_that_is_asked() -> None:
    told, asked = Message("system", "Add."), Message("user", "2 + 2?")
    removed = replace(NETWORK, instruction="removed")
    assert hypernetwork.without_instruction([told, asked], removed) == (asked,)
    assert hypernetwork.without_instruction([told, asked], NETWORK) == (told, asked)


def test_a_model_that_was_told_instructions_goes_on_learning(
    tiny_folder: Path, rows: list[Row]
) -> None:
    assert begun(tiny_folder, rows).model.training


def test_a_model_without_a_network_has_none(tiny_folder: Path, tiny: Any) -> None:
    assert hypernetwork.read(tiny_folder, tiny) is None
