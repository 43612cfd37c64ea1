"""Each objective against its paper's formula, and as a whole run on a tiny model."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from peft import PeftModel
from torch.nn.functional import logsigmoid

from registry.canonical import Row
from registry.cards.tuning import Lora, Policy, Preference, Tune, Virtual
from registry.checkpoints import ADAPTER, open_model, open_reward_model, quiet
from registry.errors import RegistryError
from registry.rendering import Rendered, render, render_rows
from registry.reward_model import open_judge
from registry.tuning import attention
from registry.tuning.batches import Unit, pack
from registry.tuning.learner import Learner
from registry.tuning.objectives.likelihood import Likelihood
from registry.tuning.objectives.policy import Earning
from registry.tuning.objectives.preference import Preferring, with_facts
from registry.tuning.objectives.reward import rewards
from tests.registry.tuning.runs import CPU, Killed, Run, learner, plain_scores

FP32 = torch.float32
SETTINGS = Tune(
    method="full",
    steps=20,
    tokens_per_step=512,
    max_tokens=128,
    learning_rate=5e-3,
    precision="fp32",
    checkpoint_every=6,
    seed=1,
)
DPO = replace(SETTINGS, objective="preference", preference=Preference(beta=0.5))
REWARD = replace(SETTINGS, objective="reward")
POLICY = replace(
    SETTINGS,
    objective="policy",
    policy=Policy(reward="exact_match", rows=4, answers=6, max_new_tokens=6, kl=0.01),
    steps=30,
)


@pytest.fixture
def pairs(make_rows: Callable[..., list[Row]]) -> list[Row]:
    """Return rows whose better answer is "la" and whose worse one is "lo"."""
    return [replace(row, references=("la",), rejected=("lo",)) for row in make_rows(16)]


@pytest.fixture
def run(tiny_folder: Path, tmp_path: Path, pairs: list[Row]) -> Run:
    return Run(tiny_folder, tmp_path / "run", pairs)


@pytest.fixture
def other(tiny_folder: Path, tmp_path: Path, pairs: list[Row]) -> Run:
    return Run(tiny_folder, tmp_path / "other", pairs)


def pair_units(tokenizer: Any, rows: Sequence[Row]) -> list[Unit]:
    better = render_rows(tokenizer, rows)
    worse = render_rows(tokenizer, (replace(row, references=row.rejected) for row in rows))
    return [Unit(pair) for pair in zip(better, worse, strict=True)]


def preferred(
    make_tiny: Any, tokenizer: Any, rows: list[Row], settings: Preference
) -> tuple[torch.Tensor, list[tuple[torch.Tensor, torch.Tensor]]]:
    """Return our loss on some pairs, and both answers' tokens under policy and initial model."""
    policy, initial = make_tiny(3), make_tiny(4)
    objective = Preferring(settings)
    units = pair_units(tokenizer, rows)
    at_first = with_facts(
        learner(make_tiny(4)), units, per_token=objective.per_token, at_once=10_000
    )
    batch = pack([row for unit in units for row in unit.rows])
    found = objective.loss(learner(make_tiny(3)), batch, at_first)
    each = [
        (plain_scores(policy, row), plain_scores(initial, row))
        for unit in units
        for row in unit.rows
    ]
    return found.total, each


def test_dpo_is_equation_7(make_tiny: Any, tokenizer: Any, pairs: list[Row]) -> None:
    found, each = preferred(make_tiny, tokenizer, pairs[:3], Preference(beta=0.3))
    leads = [(ours.sum() - theirs.sum()).detach() for ours, theirs in each]
    wanted = -sum(logsigmoid(0.3 * (leads[at] - leads[at + 1])) for at in range(0, 6, 2))
    assert float(found.detach()) == pytest.approx(float(wanted), rel=1e-4)


@pytest.mark.parametrize("progress", [True, False])
def test_scoring_pairs_shows_how_far_it_is(
    make_tiny: Any,
    tokenizer: Any,
    pairs: list[Row],
    capsys: pytest.CaptureFixture[str],
    progress: bool,
) -> None:
    units = pair_units(tokenizer, pairs[:3])
    tiny = learner(make_tiny(4))
    with_facts(tiny, units, per_token=False, at_once=10_000, progress=progress)
    assert ("3/3" in capsys.readouterr().err) is progress


def test_ipo_is_a_square_of_means(make_tiny: Any, tokenizer: Any, pairs: list[Row]) -> None:
    found, each = preferred(make_tiny, tokenizer, pairs[:3], Preference(loss="ipo", beta=0.3))
    leads = [(ours.mean() - theirs.mean()).detach() for ours, theirs in each]
    wanted = sum((leads[at] - leads[at + 1] - 1 / 0.6) ** 2 for at in range(0, 6, 2))
    assert float(found.detach()) == pytest.approx(float(wanted), rel=1e-4)


def test_simpo_needs_no_initial_model(make_tiny: Any, tokenizer: Any, pairs: list[Row]) -> None:
    settings = Preference(loss="simpo", beta=2.0, margin=0.7)
    found, each = preferred(make_tiny, tokenizer, pairs[:3], settings)
    means = [ours.mean().detach() for ours, _ in each]
    wanted = -sum(logsigmoid(2 * (means[at] - means[at + 1]) - 0.7) for at in range(0, 6, 2))
    assert float(found.detach()) == pytest.approx(float(wanted), rel=1e-4)


def test_the_better_answers_own_loss_may_be_added(
    make_tiny: Any, tokenizer: Any, pairs: list[Row]
) -> None:
    plain, each = preferred(make_tiny, tokenizer, pairs[:2], Preference(beta=0.3))
    added, _ = preferred(make_tiny, tokenizer, pairs[:2], Preference(beta=0.3, likelihood=0.5))
    wanted = -0.5 * sum(float(ours.mean().detach()) for ours, _ in each[0::2])
    assert float((added - plain).detach()) == pytest.approx(wanted, rel=1e-4)


def test_unlikelihood_is_equation_4(make_tiny: Any, tokenizer: Any, pairs: list[Row]) -> None:
    model = make_tiny(3)
    (unit,) = pair_units(tokenizer, pairs[:1])
    found = Likelihood(0.4).loss(learner(make_tiny(3)), pack(unit.rows), [unit])
    good, bad = (plain_scores(model, row) for row in unit.rows)
    wanted = -good.sum() - 0.4 * torch.log1p(-bad.exp()).sum()
    assert float(found.total.detach()) == pytest.approx(float(wanted.detach()), rel=1e-4)


def test_units_of_one_answer_and_of_two_are_told_apart(
    make_tiny: Any, tokenizer: Any, pairs: list[Row]
) -> None:
    both, other = pair_units(tokenizer, pairs[:2])
    units = [Unit(other.rows[:1]), both, Unit(other.rows[:1])]
    found = Likelihood(0.4).loss(
        learner(make_tiny(3)), pack([row for unit in units for row in unit.rows]), units
    )
    model = make_tiny(3)
    good = [plain_scores(model, unit.rows[0]).sum() for unit in units]
    bad = torch.log1p(-plain_scores(model, both.rows[1]).exp())
    wanted = -sum(good) - 0.4 * bad.sum()
    assert float(found.total.detach()) == pytest.approx(float(wanted.detach()), rel=1e-4)
    value, count = found.measures["unlikelihood"]
    assert (float(value), count) == (pytest.approx(-float(bad.detach().sum()), rel=1e-4), len(bad))


def test_an_answer_that_is_certain_is_unlearnt_by_a_finite_loss(make_tiny: Any) -> None:
    model = make_tiny(3)
    model.lm_head.weight.data *= 1e4
    given = (5, 9, 7)
    with torch.no_grad():
        said = int(model(torch.tensor([given])).logits[0, -1].argmax())
    bad = Rendered("songs:1", (*given, said), (False, False, False, True))
    good = Rendered("songs:1", given, (False,) * 3)
    found = Likelihood(1.0).loss(learner(model), pack([good, bad]), [Unit((good, bad))])
    found.total.backward()
    assert 10 < float(found.total.detach()) < 20
    assert all(bool(each.grad.isfinite().all()) for each in model.parameters())


def test_a_rejected_answer_alone_becomes_less_likely(
    run: Run, make_rows: Callable[..., list[Row]]
) -> None:
    alone = [replace(row, references=(), rejected=("lo",)) for row in make_rows(4)]
    run.rows = [*make_rows(8), *alone]
    settings = replace(SETTINGS, unlikelihood=1.0)
    run.tune(settings)
    assert run.last["unlikelihood"] < run.first["unlikelihood"]


def test_preference_starts_from_log_2_and_ends_preferring(run: Run) -> None:
    tuned = run.tune(DPO)
    assert tuned.first_loss == pytest.approx(0.6931, abs=1e-3)
    assert run.last["accuracy"] == 1
    assert tuned.last_loss < 0.3


def test_a_reward_model_learns_which_is_better_and_is_read_back(run: Run) -> None:
    tuned = run.tune(REWARD)
    assert tuned.first_loss == pytest.approx(0.693, abs=0.2)
    assert run.last["accuracy"] == 1
    says = open_judge(run.folder / "out", device="cpu", precision="fp32")
    better, worse = says(run.rows[:2], ["la"] * 2), says(run.rows[:2], ["lo"] * 2)
    assert all(a > b for a, b in zip(better, worse, strict=True))
    model, tokenizer = open_reward_model(run.folder / "out", CPU, FP32)
    attention.use(model)
    (rendered,) = render_rows(tokenizer, [replace(run.rows[0], references=("la",))])
    with torch.no_grad():
        found = rewards(Learner(model, model, tokenizer, FP32, "full", 0), pack([rendered]))
    assert better[0] == pytest.approx(float(found), rel=1e-4)


def test_a_reward_model_may_be_an_adapter_with_a_head(run: Run) -> None:
    run.tune(replace(REWARD, method="lora", lora=Lora(rank=4, alpha=8), learning_rate=2e-2))
    assert run.last["accuracy"] == 1
    says = open_judge(run.folder / "out", device="cpu", precision="fp32")
    assert says(run.rows[:1], ["la"]) > says(run.rows[:1], ["lo"])


def test_peft_reads_the_head_of_a_reward_model_with_its_adapter(run: Run) -> None:
    run.tune(replace(REWARD, method="lora", lora=Lora(rank=4, alpha=8), steps=3))
    merged, _ = open_reward_model(run.folder / "out", CPU, FP32)
    base, _ = open_reward_model(run.base, CPU, FP32)
    with quiet():
        adapted = PeftModel.from_pretrained(base, str(run.folder / "out" / ADAPTER)).eval()
    tokens = torch.tensor([[5, 9, 77, 30, 2]])
    assert adapted(tokens).logits.item() == pytest.approx(merged(tokens).logits.item(), abs=0.02)


def letters(rows: Sequence[Row], answers: Sequence[str]) -> list[float]:
    """Earn by the share of small letters."""
    return [sum(map(str.islower, answer)) / max(1, len(answer)) for answer in answers]


def test_a_policy_earns_more(run: Run) -> None:
    tuned = run.tune(POLICY, reward=letters)
    assert {"reward", "kl"} < set(tuned.measures)
    assert run.last["reward"] > run.first["reward"] + 0.3
    assert run.first["kl"] < run.last["kl"]


def test_a_dear_divergence_keeps_a_policy_where_it_was(run: Run, other: Run) -> None:
    assert POLICY.policy is not None
    run.tune(POLICY, reward=letters)
    other.tune(replace(POLICY, policy=replace(POLICY.policy, kl=5.0)), reward=letters)
    assert other.last["kl"] < run.last["kl"]


@pytest.mark.parametrize("method", ["prompt", "prefix"])
def test_a_policy_of_virtual_tokens_diverges_from_those_it_began_with(
    run: Run, method: Literal["prompt", "prefix"]
) -> None:
    given = replace(POLICY, method=method, virtual=Virtual(tokens=4), steps=3, learning_rate=0.1)
    run.tune(given, reward=letters)
    assert run.first["kl"] == pytest.approx(0, abs=1e-6)
    assert run.last["kl"] > 1e-3


def test_a_policy_learns_at_the_temperature_at_which_it_answered(
    make_tiny: Any, tokenizer: Any, pairs: list[Row]
) -> None:
    assert POLICY.policy is not None
    rendered = render(tokenizer, pairs[0])
    model, plain = make_tiny(), make_tiny()
    settings = replace(POLICY.policy, kl=0.0, temperature=2.0)
    objective = Earning(settings, {}, letters, None, 0, 100)
    unit = Unit((rendered,), (1.0, 1.0))
    objective.loss(learner(model), pack([rendered]), [unit]).total.backward()
    tokens = torch.tensor([rendered.tokens])
    each = torch.log_softmax(plain(tokens).logits[0, :-1] / 2, -1)
    of_next = each.gather(1, tokens[0, 1:, None])[:, 0]
    (-of_next[torch.tensor(rendered.labels_mask[1:])].sum()).backward()
    for found, wanted in zip(model.parameters(), plain.parameters(), strict=True):
        assert torch.allclose(found.grad, wanted.grad, atol=1e-4, rtol=1e-3)


def test_the_budget_that_a_policy_fills_is_its_rows(run: Run) -> None:
    assert run.tune(replace(POLICY, steps=2), reward=letters).packing == 1


def test_a_model_that_gives_no_number_is_no_judge(tiny_folder: Path) -> None:
    with pytest.raises(RegistryError, match="tiny: it is no reward model"):
        open_judge(tiny_folder, device="cpu")


def test_the_gradient_of_a_policy_is_advantage_times_that_of_its_log_probability(
    make_tiny: Any, tokenizer: Any, pairs: list[Row]
) -> None:
    assert POLICY.policy is not None
    rendered = [render(tokenizer, row) for row in pairs[:2]]
    units = [Unit((rendered[0],), (1.5, 1.0)), Unit((rendered[1],), (-0.5, 0.0))]
    model, plain = make_tiny(), make_tiny()
    objective = Earning(replace(POLICY.policy, kl=0.0), {}, letters, None, 0, 100)
    objective.loss(learner(model), pack(rendered), units).total.backward()
    good, bad = (plain_scores(plain, row).sum() for row in rendered)
    (-1.5 * good + 0.5 * bad).backward()
    for found, wanted in zip(model.parameters(), plain.parameters(), strict=True):
        assert torch.allclose(found.grad, wanted.grad, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("settings", [DPO, REWARD, POLICY, replace(SETTINGS, unlikelihood=0.5)])
def test_a_resumed_run_ends_as_one_that_was_never_stopped(
    run: Run, other: Run, settings: Tune
) -> None:
    few = replace(settings, steps=9)
    run.tune(few, reward=letters)
    with pytest.raises(Killed):
        other.tune(few, kill_at=8, reward=letters)
    other.tune(few, reward=letters)
    assert other.saved() == run.saved()


def test_unlikelihood_makes_the_bad_answer_less_likely(run: Run, other: Run) -> None:
    run.tune(SETTINGS)
    other.tune(replace(SETTINGS, unlikelihood=1.0))
    likely = []
    for one in (run, other):
        model, tokenizer = open_model(one.folder / "out", CPU, FP32)
        bad = render(tokenizer, replace(one.rows[0], references=("lo",)))
        likely.append(float(plain_scores(model, bad).sum().detach()))
    assert likely[1] < likely[0]


def test_rows_without_a_worse_answer_are_no_pairs(
    run: Run, make_rows: Callable[..., list[Row]]
) -> None:
    run.rows = make_rows(3)
    with pytest.raises(RegistryError, match="none of the 3 has a better and a worse answer"):
        run.tune(DPO)


def test_a_policy_without_a_reward_is_refused(run: Run) -> None:
    with pytest.raises(RegistryError, match="nothing says what answers earn"):
        run.tune(POLICY)
