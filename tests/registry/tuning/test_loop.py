import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import torch

from registry.canonical import Row
from registry.cards.tuning import Tune
from registry.checkpoints import open_model
from registry.errors import RegistryError
from registry.rendering import render
from registry.tuning.loop import tune
from registry.tuning.objectives import Loss
from registry.tuning.objectives.likelihood import Likelihood
from tests.registry.tuning.runs import BF16, CPU, LORA, SETTINGS, Killed, Run


@pytest.mark.parametrize("settings", [SETTINGS, BF16, LORA, replace(LORA, precision="bf16")])
def test_the_loss_falls(run: Run, settings: Tune) -> None:
    tuned = run.tune(replace(settings, steps=25))
    assert tuned.last_loss < 0.8 * tuned.first_loss


def test_the_first_loss_is_the_base_model_s(run: Run, tiny_folder: Path) -> None:
    one_step = replace(SETTINGS, steps=1, warmup_steps=0, tokens_per_step=4096)
    tuned = run.tune(one_step)
    model, tokenizer = open_model(tiny_folder, CPU, torch.float32)
    total, count = 0.0, 0
    for row in run.rows:
        rendered = render(tokenizer, row)
        pairs = zip(rendered.tokens, rendered.labels_mask, strict=True)
        labels = torch.tensor([[token if mask else -100 for token, mask in pairs]])
        with torch.no_grad():
            loss = model(torch.tensor([rendered.tokens]), labels=labels).loss
        total += float(loss) * sum(rendered.labels_mask)
        count += sum(rendered.labels_mask)
    assert tuned.first_loss == pytest.approx(total / count, rel=1e-5)
    assert tuned.supervised_tokens == count


def test_what_was_done_is_counted(run: Run) -> None:
    tuned = run.tune(replace(SETTINGS, steps=5, tokens_per_step=128))
    assert tuned.steps == len(run.logged) == 5
    assert tuned.rows == 24
    assert 0 < tuned.packing <= 1
    assert tuned.tokens == round(tuned.packing * 5 * 128)
    assert 0 < tuned.supervised_tokens < tuned.tokens
    assert tuned.trained_parameters == tuned.parameters
    assert (tuned.device, tuned.precision, tuned.resumed_from) == ("cpu", "fp32", 0)
    assert tuned.tokens_per_second == pytest.approx(tuned.tokens / tuned.seconds)
    assert tuned.peak_memory_bytes > 0


def test_what_was_shown_first_is_told_and_a_resumed_run_tells_the_same(
    run: Run, other: Run
) -> None:
    whole = run.tune(SETTINGS)
    assert len(whole.shown) == 4
    assert sum(one.tokens for one in whole.shown if one.step == 1) <= SETTINGS.tokens_per_step
    with pytest.raises(Killed):
        other.tune(SETTINGS, kill_at=6)
    resumed = other.tune(SETTINGS)
    assert resumed.resumed_from == 4
    assert resumed.shown == whole.shown


def test_what_is_shown_of_a_step_is_all_that_the_loss_counts(run: Run) -> None:
    run.rows = run.rows[:3]
    tuned = run.tune(replace(SETTINGS, steps=1, warmup_steps=0, tokens_per_step=4096))
    assert sum(one.tokens for one in tuned.shown) == tuned.tokens
    assert sum(one.trained for one in tuned.shown) == tuned.supervised_tokens


def test_epochs_are_the_share_of_rows_seen(run: Run) -> None:
    everything_at_once = replace(SETTINGS, steps=3, tokens_per_step=4096)
    assert run.tune(everything_at_once).epochs == 3
    assert [measures["epoch"] for measures in run.logged.values()] == [1, 2, 3]


def test_rows_that_are_too_long_are_counted(run: Run, make_rows: Callable[..., list[Row]]) -> None:
    run.rows += make_rows(3, answer="la" * 200)
    assert run.tune(SETTINGS).rows_too_long == 3


def test_the_logged_rate_follows_the_schedule(run: Run) -> None:
    run.tune(replace(SETTINGS, steps=4, learning_rate=1.0e-3, decay="linear"))
    rates = [measures["learning_rate"] for measures in run.logged.values()]
    assert rates == pytest.approx([0.5e-3, 1e-3, 1e-3, 0.5e-3])


def test_each_step_goes_as_far_as_its_rate(run: Run, other: Run) -> None:
    two = replace(SETTINGS, steps=2, warmup_steps=0)
    run.tune(replace(two, decay="linear"))
    other.tune(replace(two, decay="constant"))
    assert run.losses == other.losses  # the first step has the peak, whatever comes after
    assert run.saved() != other.saved()


def test_the_tuned_model_answers_as_it_was_taught(run: Run) -> None:
    run.rows = run.rows[:1]
    run.tune(replace(SETTINGS, steps=40, precision="auto"))
    model, tokenizer = open_model(run.folder / "out", CPU, torch.float32)
    rendered = render(tokenizer, run.rows[0])
    asked = [t for t, m in zip(rendered.tokens, rendered.labels_mask, strict=True) if not m]
    answered = model.generate(torch.tensor([asked]), max_new_tokens=8, do_sample=False)
    assert tokenizer.decode(answered[0][len(asked) :]) == "la<|im_end|>"


def test_lora_leaves_an_adapter_beside_the_merged_weights(run: Run) -> None:
    tuned = run.tune(LORA)
    assert tuned.trained_parameters < tuned.parameters
    assert (run.folder / "out" / "adapter" / "adapter_model.safetensors").is_file()
    assert (run.folder / "out" / "model.safetensors").is_file()


def test_the_same_run_gives_the_same_bytes(run: Run, other: Run) -> None:
    run.tune(SETTINGS)
    other.tune(SETTINGS)
    assert run.saved() == other.saved()


def test_another_seed_gives_another_run(run: Run, other: Run) -> None:
    run.tune(SETTINGS)
    other.tune(replace(SETTINGS, seed=2))
    assert run.losses != other.losses


def test_a_loss_that_is_no_number_ends_the_run_and_leaves_no_model(run: Run) -> None:
    with pytest.raises(RegistryError, match="lower the learning rate"):
        run.tune(replace(SETTINGS, learning_rate=math.inf))
    assert not (run.folder / "out").exists()


def failing_at(step: int, spoil: Callable[[Loss], Loss], monkeypatch: pytest.MonkeyPatch) -> None:
    """Spoil the loss of a step, counted from 1; each of SETTINGS' takes one pass."""
    real, calls = Likelihood.loss, count(1)

    def loss(self: Likelihood, *given: Any) -> Loss:
        found = real(self, *given)
        return spoil(found) if next(calls) == step else found

    monkeypatch.setattr(Likelihood, "loss", loss)


def test_a_loss_that_is_no_number_leaves_the_checkpoint_before_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def to_nan(loss: Loss) -> Loss:
        return Loss(loss.total * math.nan)

    failing_at(6, to_nan, monkeypatch)
    with pytest.raises(RegistryError, match=r"the loss is nan .* lower the learning rate"):
        run.tune(SETTINGS)
    monkeypatch.undo()
    assert run.tune(replace(SETTINGS)).resumed_from == 4


def test_a_gradient_that_is_no_number_leaves_the_checkpoint_before_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(loss: Loss) -> Loss:
        loss.total.register_hook(lambda given: given * math.nan)
        return loss

    failing_at(6, spoil, monkeypatch)
    with pytest.raises(RegistryError, match=r"the loss is \d.* and the gradient's norm nan; lower"):
        run.tune(SETTINGS)
    monkeypatch.undo()
    assert run.tune(SETTINGS).resumed_from == 4


def test_a_lower_learning_rate_after_a_failure_starts_anew_with_a_sentence(
    run: Run, other: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_at(6, lambda loss: Loss(loss.total * math.nan), monkeypatch)
    with pytest.raises(RegistryError, match="lower the learning rate"):
        run.tune(SETTINGS)
    monkeypatch.undo()
    lower = replace(SETTINGS, learning_rate=1e-3)
    assert run.tune(lower).resumed_from == 0
    (sentence,) = run.said
    assert sentence.endswith("starting anew")
    other.tune(lower)
    assert run.saved() == other.saved()


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory"
        ),
    ],
)
def test_too_little_memory_is_a_sentence_and_leaves_the_checkpoint_before_it(
    run: Run, error: RuntimeError, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(loss: Loss) -> Loss:
        raise error

    failing_at(6, fail, monkeypatch)
    said = "cpu has no memory for 1024 tokens at once; lower tokens_at_once, .* checkpoint is kept$"
    with pytest.raises(RegistryError, match=said):
        run.tune(SETTINGS)
    monkeypatch.undo()
    assert run.tune(SETTINGS).resumed_from == 4


def test_a_bug_keeps_its_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(loss: Loss) -> Loss:
        raise RuntimeError("shapes do not match")

    failing_at(1, fail, monkeypatch)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        run.tune(SETTINGS)


def test_no_rows_are_a_sentence(run: Run) -> None:
    run.rows = []
    with pytest.raises(RegistryError, match="none to train on"):
        run.tune(SETTINGS)


def test_a_recipe_beyond_the_model_s_context_is_refused_before_anything_is_opened(
    run: Run,
) -> None:
    longer = replace(SETTINGS, max_tokens=1024, tokens_per_step=1024)
    with pytest.raises(RegistryError, match="rows of 1024 tokens are longer than the 512"):
        run.tune(longer)
    assert not (run.folder / "out").exists()


def test_a_row_without_a_reference_is_named(run: Run) -> None:
    run.rows.append(replace(run.rows[0], id="songs:mute", references=()))
    with pytest.raises(RegistryError, match="songs:mute: it has no reference"):
        run.tune(SETTINGS)


def test_a_quiet_run_writes_nothing(run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    run.tune(LORA)
    assert capfd.readouterr() == ("", "")


def test_progress_is_shown_on_stderr(run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    def log(step: int, measures: Mapping[str, float]) -> None: ...

    given: Any = {"device": "cpu", "log": log, "say": print, "progress": True}
    folder = run.folder
    tune(run.base, run.rows, SETTINGS, folder / "out", folder / "checkpoints", **given)
    shown = capfd.readouterr()
    assert shown.out == ""
    assert "9/9" in shown.err
    assert "tokens/s" in shown.err
