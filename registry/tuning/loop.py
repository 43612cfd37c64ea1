"""The training loop: one for every method and objective, on whatever device there is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from registry.canonical import Row
from registry.cards.tuning import Tune
from registry.devices import choose, compute_dtype, enough_memory, matmul_rate, peak_memory
from registry.errors import RegistryError
from registry.progress import bar
from registry.trained import Shown
from registry.tuning import distributed
from registry.tuning.batches import Place, Unit, pack, steps_from
from registry.tuning.checkpointing import Progress, discard, restore, save
from registry.tuning.distributed import ALONE, Group
from registry.tuning.examples import check, fingerprint, plan, units
from registry.tuning.learner import Learner, open_learner, told
from registry.tuning.learner import save as save_learner
from registry.tuning.objectives import Objective
from registry.tuning.objectives.choice import choose_objective
from registry.tuning.objectives.policy import Reward
from registry.tuning.schedule import learning_rate
from registry.tuning.shown import first_sequences
from registry.tuning.weights import Trained, adamw, gather, publish, trained

if TYPE_CHECKING:
    import torch

# Tokens that go through the model at once; a step of more accumulates. On a CPU more is no faster.
_AT_ONCE = {"cuda": 16_384, "mps": 2_048, "cpu": 1_024}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """What was done, for the report.

    Tokens are real ones: there is no padding. `seconds` and `tokens_per_second` are of this
    process alone, after step `resumed_from`; the rest is of the whole run. `packing` is the share
    of the steps' budgets that was filled, `mfu` what 6 FLOPs a parameter and token are of the rate
    at which the device multiplied matrices just before, in bfloat16 where `precision` is fp8, whose
    own rate can be higher. `measures` names what the objective counts beside the loss, which is
    logged with each step. `shown` are the first sequences, token for token.
    """

    steps: int
    epochs: float
    rows: int
    rows_too_long: int
    tokens: int
    supervised_tokens: int
    seconds: float
    tokens_per_second: float
    resumed_from: int
    first_loss: float
    last_loss: float
    trained_parameters: int
    parameters: int
    peak_memory_bytes: int
    device: str
    processes: int
    precision: str
    packing: float
    mfu: float
    measures: tuple[str, ...]
    shown: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One optimiser step: mean loss, norm of the gradient, tokens, what else was counted."""

    loss: float
    norm: float
    tokens: int
    supervised: int
    measures: Mapping[str, float] = field(default_factory=dict)


def tune(
    base: Path,
    rows: Sequence[Row],
    settings: Tune,
    out: Path,
    checkpoints: Path,
    *,
    device: str = "auto",
    reward: Reward | None = None,
    judge: Path | None = None,
    group: Group = ALONE,
    log: Callable[[int, Mapping[str, float]], None],
    say: Callable[[str], None],
    progress: bool,
) -> Tuned:
    """Tune the model in folder `base` on `rows` and write it to `out`.

    A run that was killed goes on from its last checkpoint and ends with the same losses. `log`
    gets the measures of each step, counted from 1; steps after that checkpoint come again.
    `reward` says what answers earn, for objective policy, by the reward model in folder `judge` if
    there is one. Of a group of processes each makes this call, and the one that leads writes what
    there is to write.
    """
    import torch

    check(settings, base)
    distributed.check(settings, group)
    where = choose(device)
    dtype = compute_dtype(where, settings.precision)
    rate_of_matrices = matmul_rate(where, dtype)
    torch.manual_seed(settings.seed)
    with enough_memory(where, "the model; use a smaller one, or more devices with torchrun"):
        at = where if group.size == 1 else torch.device("cpu")
        learner = open_learner(base, settings, at, dtype)
        if group.size > 1:
            distributed.split(learner, where, group)
    made, too_long = units(learner.tokenizer, rows, settings)
    shown = first_sequences(learner.tokenizer, rows, made, settings)
    learner = told(learner, rows)
    weights = trained(learner.parameters())
    optimiser = adamw(weights, settings)
    at_once = max(
        settings.tokens_at_once or _AT_ONCE[where.type], _longest(made, settings, learner.virtual)
    )
    mark = fingerprint(base, rows, settings, judge, dtype=str(dtype), at_once=at_once)
    # What an objective asks of the initial model comes before a checkpoint's weights are put back.
    objective, made = choose_objective(
        learner, base, rows, made, settings, at_once, reward, progress=progress and group.leads
    )
    done = restore(checkpoints, mark, weights, optimiser, group, say)
    publish(weights, settings.seed, done.step)
    if resumed_from := done.step:
        say(f"{checkpoints}: going on after step {resumed_from} of {settings.steps}")

    tokens_before, began = done.tokens, perf_counter()
    sizes, room = plan(made, settings)
    planned = steps_from(done.place, sizes, room, settings.seed)
    measures: dict[str, None] = {}  # in the order in which they were met
    advice = "lower tokens_at_once, say `recompute: true`, or use method 'lora'"
    enough = enough_memory(where, f"{at_once} tokens at once; {advice}")
    drawn = bar("tune", settings.steps, "step", done=done.step, shown=progress)
    with enough, drawn as counted:
        while done.step < settings.steps:
            before = perf_counter()
            place, chosen = next(planned)
            rate = _rate(done.step, settings)
            for each in optimiser.param_groups:
                each["lr"] = rate
            taken = objective.drawn(learner, [made[at] for at in chosen], done.step)
            distributed.draw(settings.seed, done.step, group)
            step = optimise(
                learner, objective, taken, weights, optimiser, settings.clip, at_once, group
            )
            done = _after(done, place, step, len(chosen))
            publish(weights, settings.seed, done.step)
            speed = step.tokens / (perf_counter() - before)
            measures |= dict.fromkeys(step.measures)
            log(
                done.step,
                {
                    "loss": step.loss,
                    "learning_rate": rate,
                    "gradient_norm": step.norm,
                    "tokens_per_second": speed,
                    "epoch": done.rows / len(made),
                    **step.measures,
                },
            )
            counted.add(says=f"loss {step.loss:.3f}, {speed:.0f} tokens/s")
            if done.step % settings.checkpoint_every == 0 and done.step < settings.steps:
                save(checkpoints, mark, done, weights, optimiser, group)
    seconds = perf_counter() - began

    if group.size > 1:
        learner, weights = _whole(base, settings, learner, weights, group)
    if group.leads:
        save_learner(learner, weights, base, out)
        discard(checkpoints)
    tokens_per_second = (done.tokens - tokens_before) / seconds
    return Tuned(
        steps=done.step,
        epochs=done.rows / len(made),
        rows=len(made),
        rows_too_long=too_long,
        tokens=done.tokens,
        supervised_tokens=done.supervised_tokens,
        seconds=seconds,
        tokens_per_second=tokens_per_second,
        resumed_from=resumed_from,
        first_loss=done.first_loss,
        last_loss=done.last_loss,
        trained_parameters=sum(each.numel() for each in weights.masters),
        parameters=learner.size,
        peak_memory_bytes=peak_memory(where),
        device=where.type,
        processes=group.size,
        precision=_precision(settings, dtype),
        packing=(done.rows if settings.policy else done.tokens) / (done.step * room),
        mfu=6 * learner.size * tokens_per_second / (group.size * rate_of_matrices),
        measures=tuple(measures),
        shown=shown,
    )


def optimise(
    learner: Learner,
    objective: Objective,
    taken: Sequence[Unit],
    weights: Trained,
    optimiser: "torch.optim.Optimizer",
    clip: float,
    at_once: int,
    group: Group = ALONE,
) -> Step:
    """Take one step on units, at most `at_once` tokens of them in memory at a time."""
    import torch

    lengths = [unit.tokens + learner.virtual * len(unit.rows) for unit in taken]
    weight = max(1, objective.weight(taken))
    total = torch.zeros((), device=learner.device)
    sums: dict[str, list[float]] = {}
    for part, counts in distributed.passes(lengths, at_once, group):
        some = [taken[at] for at in part]
        batch = pack([row for unit in some for row in unit.rows], learner.device, learner.virtual)
        loss = objective.loss(learner, batch, some)
        (loss.total / weight * counts).backward()  # type: ignore[no-untyped-call]
        gather(weights)
        total += loss.total.detach() / weight * counts
        for name, (value, count) in loss.measures.items():
            before = sums.setdefault(name, [0.0, 0])
            sums[name] = [before[0] + float(value) * counts, before[1] + count * counts]
    distributed.summed(total, sums, group)
    norm = distributed.clip(weights, clip)
    if not (isfinite(norm) and isfinite(total.item())):
        raise RegistryError(
            f"tuning: the loss is {total.item()} and the gradient's norm {norm}; "
            "lower the learning rate, or use precision 'fp32'"
        )
    optimiser.step()
    optimiser.zero_grad()
    return Step(
        total.item(),
        norm,
        sum(unit.tokens for unit in taken),
        sum(unit.supervised for unit in taken),
        {name: value / max(1, count) for name, (value, count) in sums.items()},
    )


def _whole(
    base: Path, settings: Tune, learner: Learner, parts: Trained, group: Group
) -> tuple[Learner, Trained]:
    """Put the parts that a group holds together, where it leads, in the model as one has it."""
    import torch

    if not group.leads:
        distributed.unite(parts, None)
        return learner, parts
    made = open_learner(base, settings, torch.device("cpu"), learner.dtype)
    weights = trained(made.parameters())
    distributed.unite(parts, weights)
    return made, weights


def _longest(made: Sequence[Unit], settings: Tune, virtual: int) -> int:
    """Return how many tokens may have to go through the model together."""
    longest = max(unit.tokens + virtual * len(unit.rows) for unit in made)
    return max(longest, settings.max_tokens)


def _precision(settings: Tune, dtype: "torch.dtype") -> str:
    if settings.precision == "fp8":
        return "fp8"
    return "bf16" if dtype.itemsize == 2 else "fp32"


def _rate(step: int, settings: Tune) -> float:
    peak, warmup = settings.learning_rate, settings.warmup_steps
    return learning_rate(step, settings.steps, peak, warmup, settings.decay)


def _after(done: Progress, place: Place, step: Step, rows: int) -> Progress:
    return Progress(
        step=done.step + 1,
        place=Place(place.epoch, place.step + 1),
        rows=done.rows + rows,
        tokens=done.tokens + step.tokens,
        supervised_tokens=done.supervised_tokens + step.supervised,
        first_loss=done.first_loss if done.step else step.loss,
        last_loss=step.loss,
    )
