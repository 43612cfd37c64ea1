"""Our side of `benchmarks/tune.py`, a process of its own that reads a job and writes an answer."""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any


def main(job: str, out: str) -> None:
    """Do what the job says: losses of given batches, or a whole tuning by the clock."""
    import torch

    told = json.loads(Path(job).read_text(encoding="utf-8"))
    torch.set_num_threads(told["threads"])
    done = losses(told) if told["batches"] else speed(told)
    Path(out).write_text(json.dumps(done), encoding="utf-8")


def losses(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the loss of one step on each batch of rows, in this order."""
    import torch

    from registry import devices
    from registry.rendering import Rendered
    from registry.tuning import loop, weights
    from registry.tuning.batches import Unit
    from registry.tuning.learner import open_learner
    from registry.tuning.objectives.likelihood import Likelihood
    from registry.tuning.objectives.preference import Preferring, with_facts
    from registry.tuning.schedule import learning_rate

    settings = recipe(told, len(told["batches"]), 1 << 20)
    place = devices.choose(told["device"])
    dtype = devices.compute_dtype(place, told["precision"])
    torch.manual_seed(settings.seed)
    learner = open_learner(Path(told["model"]), settings, place, dtype)
    trained = weights.trained(learner.parameters())
    optimiser = weights.adamw(trained, settings)
    units = [
        Unit(tuple(Rendered(str(at), tuple(one["tokens"]), tuple(one["learned"])) for one in row))
        for at, row in enumerate(told["rows"])
    ]
    objective: Any = Likelihood()
    if settings.preference:
        objective = Preferring(settings.preference)
        units = with_facts(learner, units, per_token=False, at_once=told["tokens_per_step"])
    found = []
    for step, batch in enumerate(told["batches"]):
        if told["nearest"]:
            to_nearest(trained)
        else:
            weights.publish(trained, settings.seed, step)
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, settings.steps, settings.learning_rate)
        taken = [units[at] for at in batch]
        at_once = sum(unit.tokens for unit in taken)
        done = loop.optimise(learner, objective, taken, trained, optimiser, settings.clip, at_once)
        found.append(done.loss)
    return {"losses": found}


def to_nearest(trained: Any) -> None:
    """Give the model the masters' values as autocast would: rounded to the nearest."""
    import torch

    with torch.no_grad():
        for own, master in zip(trained.own, trained.masters, strict=True):
            if own is not master:
                own.copy_(master)


def speed(told: Mapping[str, Any]) -> dict[str, Any]:
    """Tune on the rows once, as the stage does; return tokens and seconds after the first step."""
    from registry.canonical import read_rows
    from registry.tuning import loop
    from registry.tuning.batches import epoch_steps
    from registry.tuning.objectives import choice

    rows = list(islice(read_rows(Path(told["table"])), told["read"]))
    lengths = [sum(len(one["tokens"]) for one in row) for row in told["rows"]]
    settings = recipe(told, 1, told["tokens_per_step"])
    planned = epoch_steps(lengths, settings.tokens_per_step, settings.seed, 0)
    settings = recipe(told, len(planned), settings.tokens_per_step)
    ends: list[tuple[float, float]] = []
    scoring = Clock(choice.with_facts)
    place: Any = choice
    place.with_facts = scoring
    if told["way"].get("compiled"):
        compile_layers(loop)
    with tempfile.TemporaryDirectory() as folder:
        tuned = loop.tune(
            Path(told["model"]),
            rows,
            settings,
            Path(folder) / "model",
            Path(folder) / "checkpoints",
            device=told["device"],
            log=lambda step, measures: ends.append((time.perf_counter(), time.process_time())),
            say=lambda line: None,
            progress=False,
        )
    first = sum(lengths[at] for at in planned[0])
    return {
        "tokens": tuned.tokens - first,
        "seconds": ends[-1][0] - ends[0][0] + scoring.seconds,
        "busy": ends[-1][1] - ends[0][1] + scoring.busy,
        "steps": tuned.steps,
        "peak": tuned.peak_memory_bytes,
    }


def compile_layers(place: Any) -> None:
    """Let torch compile what every token goes through alone, in the models that tuning opens."""
    opening = place.open_learner

    def opened(*given: Any) -> Any:
        learner = opening(*given)
        for layer in learner.model.base_model.layers:
            for part in (layer.mlp, layer.input_layernorm, layer.post_attention_layernorm):
                part.compile(dynamic=True)
        return learner

    place.open_learner = opened


class Clock:
    """A function whose calls are timed: it scores pairs, before the first step."""

    def __init__(self, does: Callable[..., Any]) -> None:
        self.does, self.seconds, self.busy = does, 0.0, 0.0

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Do it by the clock."""
        began, busy = time.perf_counter(), time.process_time()
        done = self.does(*given, **named)
        self.seconds += time.perf_counter() - began
        self.busy += time.process_time() - busy
        return done


def recipe(told: Mapping[str, Any], steps: int, tokens_per_step: int) -> Any:
    """Return the switches that are TRL's defaults, under our names."""
    from registry.cards.tuning import Preference, Tune

    return Tune(
        method="full",
        objective=told["objective"],
        preference=Preference() if told["objective"] == "preference" else None,
        steps=steps,
        tokens_per_step=tokens_per_step,
        max_tokens=max(len(one["tokens"]) for row in told["rows"] for one in row),
        learning_rate=told["rate"],
        precision=told["precision"],
        checkpoint_every=steps + 1,
        seed=told["seed"],
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
