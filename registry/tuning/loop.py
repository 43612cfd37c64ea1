"""The training loop: one for full tuning and LoRA, on whatever device there is."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from math import isfinite
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from registry.canonical import Row
from registry.cards.kinds import Tune
from registry.checkpoints import open_model, save_model
from registry.devices import choose, compute_dtype, peak_memory
from registry.errors import RegistryError
from registry.rendering import Rendered, render_rows
from registry.trained import Shown
from registry.tuning import attention
from registry.tuning.batches import Packed, Place, best_fit, pack, steps_from
from registry.tuning.checkpointing import Progress, discard, restore, save
from registry.tuning.examples import check, fingerprint, fitting
from registry.tuning.schedule import learning_rate
from registry.tuning.shown import first_sequences
from registry.tuning.weights import Trained, adamw, add_adapters, gather, publish, trained, unite

if TYPE_CHECKING:
    import torch

# Tokens that go through the model at once; a step of more accumulates. On a CPU more is no faster.
_AT_ONCE = {"cuda": 16_384, "mps": 2_048, "cpu": 1_024}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """What was done, for the report.

    Tokens are real ones: there is no padding. `seconds` and `tokens_per_second` are of this
    process alone, after step `resumed_from`; the rest is of the whole run. `packing` is the share
    of the steps' budgets that was filled. `shown` are the first sequences, token for token.
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
    precision: str
    packing: float
    shown: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One optimiser step: mean loss over supervised tokens, norm of the gradient, tokens."""

    loss: float
    norm: float
    tokens: int
    supervised: int


def tune(
    base: Path,
    rows: Sequence[Row],
    settings: Tune,
    out: Path,
    checkpoints: Path,
    *,
    device: str = "auto",
    log: Callable[[int, Mapping[str, float]], None],
    say: Callable[[str], None],
    progress: bool,
) -> Tuned:
    """Tune the model in folder `base` on `rows` and write it to `out`.

    A run that was killed goes on from its last checkpoint and ends with the same losses. `log`
    gets the measures of each step, counted from 1; steps after that checkpoint come again.
    """
    import torch

    check(settings)
    where = choose(device)
    dtype = compute_dtype(where, settings.precision)
    torch.manual_seed(settings.seed)
    model, tokenizer = open_model(base, where, dtype)
    examples, too_long = fitting(render_rows(tokenizer, rows), settings.max_tokens)
    shown = first_sequences(tokenizer, rows, examples, settings)
    lengths = [len(example.tokens) for example in examples]
    parameters = sum(each.numel() for each in model.parameters())
    attention.use(model)
    if settings.lora is not None:
        model = add_adapters(model, settings.lora, base)
    weights = trained(model.train())
    optimiser = adamw(weights, settings)
    at_once = max(_AT_ONCE[where.type], settings.max_tokens)
    mark = fingerprint(base, rows, settings, dtype=str(dtype), at_once=at_once)
    done = restore(checkpoints, mark, weights, optimiser, say)
    publish(weights, settings.seed, done.step)
    if resumed_from := done.step:
        say(f"{checkpoints}: going on after step {resumed_from} of {settings.steps}")

    tokens_before, began = done.tokens, perf_counter()
    planned = steps_from(done.place, lengths, settings.tokens_per_step, settings.seed)
    with _bar(settings.steps, done.step, progress) as show:
        while done.step < settings.steps:
            before = perf_counter()
            place, chosen = next(planned)
            rate = _rate(done.step, settings)
            for group in optimiser.param_groups:
                group["lr"] = rate
            taken = [examples[row] for row in chosen]
            step = optimise(model, taken, weights, optimiser, settings.clip, dtype, at_once)
            done = _after(done, place, step, len(chosen))
            publish(weights, settings.seed, done.step)
            speed = step.tokens / (perf_counter() - before)
            log(
                done.step,
                {
                    "loss": step.loss,
                    "learning_rate": rate,
                    "gradient_norm": step.norm,
                    "tokens_per_second": speed,
                    "epoch": done.rows / len(examples),
                },
            )
            show(step.loss, speed)
            if done.step % settings.checkpoint_every == 0 and done.step < settings.steps:
                save(checkpoints, mark, done, weights, optimiser)
    seconds = perf_counter() - began

    save_model(unite(model, weights), tokenizer, out)
    discard(checkpoints)
    return Tuned(
        steps=done.step,
        epochs=done.rows / len(examples),
        rows=len(examples),
        rows_too_long=too_long,
        tokens=done.tokens,
        supervised_tokens=done.supervised_tokens,
        seconds=seconds,
        tokens_per_second=(done.tokens - tokens_before) / seconds,
        resumed_from=resumed_from,
        first_loss=done.first_loss,
        last_loss=done.last_loss,
        trained_parameters=sum(each.numel() for each in weights.masters),
        parameters=parameters,
        peak_memory_bytes=peak_memory(where),
        device=where.type,
        precision="bf16" if dtype == torch.bfloat16 else "fp32",
        packing=done.tokens / (done.step * settings.tokens_per_step),
        shown=shown,
    )


def optimise(
    model: Any,
    examples: Sequence[Rendered],
    weights: Trained,
    optimiser: "torch.optim.Optimizer",
    clip: float,
    dtype: "torch.dtype",
    at_once: int,
) -> Step:
    """Take one step on examples, at most `at_once` tokens of them in memory at a time.

    The loss is the sum over all supervised tokens of the step divided by their number, however
    they are spread over passes: a mean of the passes' means would weigh tokens unequally.
    """
    import torch

    parts = best_fit([len(example.tokens) for example in examples], at_once)
    packed = [pack([examples[n] for n in part], weights.own[0].device) for part in parts]
    supervised = sum(batch.targets.numel() for batch in packed)
    total = torch.zeros((), device=weights.own[0].device)
    for batch in packed:
        loss = summed_loss(model, batch, dtype) / max(1, supervised)
        loss.backward()  # type: ignore[no-untyped-call]
        gather(weights)
        total += loss.detach()
    norm = float(torch.nn.utils.clip_grad_norm_(weights.masters, clip))
    if not (isfinite(norm) and isfinite(total.item())):
        raise RegistryError(
            f"tuning: the loss is {total.item()} and the gradient's norm {norm}; "
            "lower the learning rate, or use precision 'fp32'"
        )
    optimiser.step()
    optimiser.zero_grad()
    return Step(total.item(), norm, sum(len(e.tokens) for e in examples), supervised)


def summed_loss(model: Any, batch: Packed, dtype: "torch.dtype") -> "torch.Tensor":
    """Return the cross entropy, in float32, summed over a batch's supervised tokens.

    Logits are computed at those alone: the vocabulary's matrix is a fifth of a small model's
    work, and most tokens are the prompt's.
    """
    import torch

    half = dtype == torch.bfloat16
    with torch.autocast(batch.tokens.device.type, torch.bfloat16, enabled=half):
        logits = model(
            input_ids=batch.tokens,
            position_ids=batch.positions,
            logits_to_keep=batch.keep,
            row_lengths=batch.lengths,
            use_cache=False,
        ).logits[0]
    return torch.nn.functional.cross_entropy(logits.float(), batch.targets, reduction="sum")


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


@contextmanager
def _bar(steps: int, done: int, shown: bool) -> Iterator[Callable[[float, float], None]]:
    """Show steps, time left, loss and tokens a second on stderr, where tqdm is installed."""
    if not (shown and find_spec("tqdm")):
        yield lambda loss, speed: None
        return
    from tqdm import tqdm

    with tqdm(total=steps, initial=done, unit="step", desc="tune", dynamic_ncols=True) as bar:

        def show(loss: float, speed: float) -> None:
            bar.set_postfix_str(f"loss {loss:.3f}, {speed:.0f} tokens/s", refresh=False)
            bar.update()

        yield show
