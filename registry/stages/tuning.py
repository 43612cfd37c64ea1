"""The stage that tunes a model."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.cards import Model, Recipe, to_plain
from registry.cards.tuning import Tune
from registry.errors import RegistryError
from registry.index import load, name_of
from registry.logbook import Say, clock, code, done, made_by
from registry.losses import Losses
from registry.place import Place
from registry.reports import WEIGHTS, Artefact, Measurement, Report, artefact
from registry.stages.shared import find, maker

if TYPE_CHECKING:
    from registry.tuning.loop import Tuned


def tune(place: Place, name: str, *, say: Say) -> Report:
    """Tune a model as its card says; a killed run goes on from its last checkpoint.

    Under torchrun the processes tune together, and this is what the one that leads does.
    """
    from registry import devices, tracking, trained

    card, recipe, inputs = _to_tune(place, name)
    losses = Losses(place.checkpoints(card.id) / "losses.jsonl")
    watched = os.environ.get("MLFLOW_TRACKING_URI")
    with clock() as environment, tracking.live(watched, card.id, say=say) as live:
        environment["code"] = code(place.root)
        log = _both(losses, live)
        tuned = _tune(place, card, recipe, log=log, say=say, progress=place.progress)
    losses.finish(place.losses(card.id), recipe.tune.steps)
    trained.write(place.shown(card.id), tuned.shown)
    environment |= {"device": tuned.device, "precision": tuned.precision}
    environment["hardware"] = devices.describe(devices.choose(place.device))
    environment |= {"processes": tuned.processes} if tuned.processes > 1 else {}
    environment |= {"resumed_from": tuned.resumed_from} if tuned.resumed_from else {}
    outputs = (
        artefact(place.root, place.model(card.id) / WEIGHTS),
        artefact(place.root, place.losses(card.id)),
        artefact(place.root, place.shown(card.id)),
        *_beside_weights(place, card.id),
    )
    settings = {"build": to_plain(card.build), "tune": to_plain(recipe.tune)}
    measured = _measured(tuned, losses)
    return done(place, "tune", card, settings, inputs, outputs, measured, environment, say)


def follow(place: Place, name: str) -> None:
    """Take part in a tuning that another process leads; write nothing but parts of checkpoints."""
    card, recipe, _ = _to_tune(place, name)
    _tune(place, card, recipe, log=lambda *_: None, say=lambda _: None, progress=False)


def _beside_weights(place: Place, id: str) -> tuple[Artefact, ...]:
    """Return what a tuned model has beside its weights: virtual tokens, a hypernetwork."""
    from registry import hypernetwork, virtual
    from registry.checkpoints import ADAPTER

    folder = place.model(id)
    others = (virtual.tensors(folder / ADAPTER), hypernetwork.tensors_of(folder))
    return tuple(artefact(place.root, one) for one in others if one)


def _to_tune(place: Place, name: str) -> tuple[Model, Recipe, tuple[Artefact, ...]]:
    """Return a model's card and its recipe, and what they are made of, which has to be there."""
    registry = load(place.root)
    card = find(registry, name, Model)
    if card.build is None:
        reason = card.not_reproduced or "the card has no `build`; add one"
        raise RegistryError(f"{name_of(card)}: cannot be tuned: {reason}")
    recipe = find(registry, f"recipes/{card.build.recipe}", Recipe)
    base, judge = card.build.base, recipe.tune.policy and recipe.tune.policy.model
    wanted = [
        (maker(registry, base), base, WEIGHTS),
        ("mix", card.build.mixture, "/train.parquet"),
        *([(maker(registry, judge), judge, WEIGHTS)] if judge else []),
    ]
    return card, recipe, _all_made(place, wanted)


def _all_made(place: Place, wanted: Sequence[tuple[str, str, str]]) -> tuple[Artefact, ...]:
    """Return what earlier stages made, or say of all that is missing which stages to run."""
    found: list[Artefact] = []
    missing = []
    for stage, id, ending in wanted:
        try:
            found += made_by(place, stage, id, ending)
        except RegistryError as error:
            missing.append(str(error))
    if missing:
        raise RegistryError("\n".join(missing))
    return tuple(found)


def _tune(
    place: Place,
    card: Model,
    recipe: Recipe,
    *,
    log: Callable[[int, Mapping[str, float]], None],
    say: Say,
    progress: bool,
) -> "Tuned":
    from registry import canonical
    from registry.tuning import distributed, loop

    assert card.build is not None
    with distributed.joined(place.device) as group:
        return loop.tune(
            place.model(card.build.base),
            list(canonical.read_rows(place.mixture(card.build.mixture) / "train.parquet")),
            recipe.tune,
            place.model(card.id),
            place.checkpoints(card.id),
            device=place.device,
            reward=_reward(place, recipe.tune),
            judge=_judge(place, recipe.tune),
            group=group,
            log=log,
            say=say,
            progress=progress,
        )


def _reward(place: Place, settings: Tune) -> Any:
    """Return what answers earn under a recipe; None where nothing is earned."""
    if settings.policy is None:
        return None
    if judge := _judge(place, settings):
        from registry.reward_model import open_judge

        return open_judge(judge, device=place.device)
    from registry.evaluation.rewards import reward

    return reward(settings.policy.reward)


def _judge(place: Place, settings: Tune) -> Path | None:
    """Return the folder of a recipe's reward model."""
    named = settings.policy and settings.policy.model
    return place.model(named) if named else None


def _measured(tuned: "Tuned", losses: Losses) -> dict[str, tuple[Measurement, ...]]:
    """Put what the loop counted under the names that claims and pages use."""
    scale = {
        "parameters": tuned.parameters,
        "trained parameters": tuned.trained_parameters,
        "instances": tuned.rows,
        "tokens": tuned.tokens,
        "supervised tokens": tuned.supervised_tokens,
    }
    one = {
        "steps": tuned.steps,
        "epochs": tuned.epochs,
        "rows_too_long": tuned.rows_too_long,
        "tokens_per_second": tuned.tokens_per_second,
        "packing": tuned.packing,
    }
    return {
        "scale": tuple(Measurement(unit=unit, value=value) for unit, value in scale.items()),
        "loss": (
            Measurement(part="first", value=tuned.first_loss),
            Measurement(part="last", value=tuned.last_loss),
        ),
        "measures": tuple(
            Measurement(part=f"{name}, {part}", value=value)
            for name, ends in losses.ends(tuned.measures, tuned.steps).items()
            for part, value in zip(("first tenth", "last tenth"), ends, strict=True)
        ),
        "speed": tuple(
            Measurement(unit=unit, value=value)
            for unit, value in (
                ("tokens per second", tuned.tokens_per_second),
                ("MFU", tuned.mfu),
                ("bytes at peak", tuned.peak_memory_bytes),
                ("seconds", tuned.seconds),
            )
        ),
        "peak_memory": (Measurement(unit="bytes", value=tuned.peak_memory_bytes),),
        **{name: (Measurement(value=value),) for name, value in one.items()},
    }


def _both(
    first: Callable[[int, Mapping[str, float]], None],
    second: Callable[[int, Mapping[str, float]], None],
) -> Callable[[int, Mapping[str, float]], None]:
    def log(step: int, metrics: Mapping[str, float]) -> None:
        first(step, metrics)
        second(step, metrics)

    return log
