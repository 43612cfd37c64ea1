"""The objective of a recipe, with what it needs of the initial model."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from registry.canonical import Row
from registry.cards.tuning import Tune
from registry.errors import RegistryError
from registry.tuning.batches import Place, Unit, steps_from
from registry.tuning.examples import plan
from registry.tuning.learner import Learner, open_learner
from registry.tuning.objectives import Objective
from registry.tuning.objectives.likelihood import Likelihood
from registry.tuning.objectives.policy import Earning, Reward
from registry.tuning.objectives.preference import Preferring, with_facts
from registry.tuning.objectives.reward import Rewarding


def choose_objective(
    learner: Learner,
    base: Path,
    rows: Sequence[Row],
    units: list[Unit],
    settings: Tune,
    at_once: int,
    reward: Reward | None,
    *,
    progress: bool,
) -> tuple[Objective, list[Unit]]:
    """Return a recipe's objective, and its units with the facts that it asks for.

    The learner has to be as it begins.
    """
    if settings.preference:
        preferring = Preferring(settings.preference)
        if preferring.needs_initial:
            units = _with_facts(learner, units, settings, preferring, at_once, progress)
        return preferring, units
    if settings.objective == "reward":
        return Rewarding(), units
    if settings.policy:
        if reward is None:
            raise RegistryError("tune.policy: nothing says what answers earn; give a reward")
        initial = _initial(learner, base, settings) if settings.policy.kl else None
        by_id = {row.id: row for row in rows}
        return Earning(settings.policy, by_id, reward, initial, settings.seed, at_once), units
    return Likelihood(settings.unlikelihood), units


def _with_facts(
    learner: Learner,
    units: list[Unit],
    settings: Tune,
    preferring: Preferring,
    at_once: int,
    progress: bool,
) -> list[Unit]:
    """Score under the initial model the pairs that the steps will come to, and only these."""
    planned = steps_from(Place(0, 0), *plan(units, settings), settings.seed)
    needed = sorted({at for _, chosen in islice(planned, settings.steps) for at in chosen})
    scored = with_facts(
        learner,
        [units[at] for at in needed],
        per_token=preferring.per_token,
        at_once=at_once,
        progress=progress,
    )
    found = dict(zip(needed, scored, strict=True))
    return [found.get(at, unit) for at, unit in enumerate(units)]


def _initial(learner: Learner, base: Path, settings: Tune) -> Learner:
    """Return what the model is before tuning: opened once more, or with other virtual tokens."""
    if learner.tokens is not None:
        import torch

        begun = torch.nn.Parameter(learner.tokens.detach().clone(), requires_grad=False)
        return replace(learner, tokens=begun)
    before = replace(settings, method="full", lora=None)
    made = open_learner(base, before, learner.device, learner.dtype)
    made.model.eval().requires_grad_(False)
    return made
