"""The length-controlled win rate of AlpacaEval 2: what the win rate were if lengths did not differ.

Dubois et al., "Length-Controlled AlpacaEval" (2024); `metrics/glm_winrate.py` of
tatsu-lab/alpaca_eval. A preference is explained by a logistic model without intercept of the
tanh of the standardised difference in length, of the instruction's difficulty and of the model;
the win rate is the mean prediction with the first set to zero.

The reference fits with liblinear, whose L1 solution is approximate and depends on a random order
and on its version. Ours goes down to the optimum, so figures differ where liblinear stops early.
"""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from registry.errors import InvalidCards, Problem, RegistryError, near
from registry.evaluation.judging.rows import number

Floats = NDArray[np.float64]
Glm = Literal["length_controlled_v1", "length_controlled_noreg", "length_controlled_minimal"]

COLUMNS = ("np.tanh(std_delta_len)", "instruction_difficulty", "not_gamed_baseline.astype(float)")
"""The columns of published weights, in the order of `Weights`."""

GAMED_WEIGHT = 0.2 / 2
"""What a row of the two gamed baselines counts beside a row of the model."""

PENALTIES = tuple(float(10 ** (-4 + 8 * at / 9)) for at in range(10))
"""The inverse penalties that are tried; the best by loss on held-out rows is taken."""

SPLITS = 5

STEPS, HALVINGS, SMALLEST = 200, 40, 1e-13
"""A fit ends when no coefficient moves more than the smallest step."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What a model's fit found: what length, difficulty and the model itself weigh."""

    length: float
    difficulty: float
    model: float

    def __sub__(self, other: "Weights") -> "Weights":
        return Weights(
            self.length - other.length,
            self.difficulty - other.difficulty,
            self.model - other.model,
        )


@dataclass(frozen=True, slots=True)
class Difficulties:
    """How difficult each instruction is, by its place in AlpacaEval; `share` is its weight."""

    values: Floats
    share: Floats
    estimated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthControlled:
    """A win rate in per cent without the effect of length, and how it came about.

    `stderr` is that over the predictions. `glm` names the reference's variant. `estimated` means
    that the instructions' difficulties were not given.
    """

    win_rate: float
    stderr: float | None
    weights: Weights
    glm: Glm
    fitted: bool
    estimated: bool = False


_NODES = (-2.0893, -0.7934, 0.4863, 1.9951, 3.5459, 6.3225)
_SHARES = (0.16091, 0.37694, 0.28205, 0.12996, 0.04851, 0.00163)


def estimated_difficulties() -> Difficulties:
    """Return a distribution that stands in for the difficulties of AlpacaEval's 805 instructions.

    They are published as a file of their own, not with the weights. But each published win rate is
    a mean over the same difficulties, so that pairs of weights and win rate tell much of their
    distribution. These nodes give 47 of 52 such pairs of the leaderboard back within 0.01 points;
    the other five models were fitted anew after their weights were published, as it seems, and
    are up to 0.45 points away.
    """
    return Difficulties(np.array(_NODES), np.array(_SHARES), estimated=True)


def read_weights(path: Path) -> dict[str, Weights]:
    """Read published weights: CSV with a row for each model, its name in the first column."""
    head, *rows = _cells(path)
    missing = [name for name in COLUMNS if name not in head]
    if missing:
        raise RegistryError(f"{path}: it has no column '{missing[0]}'; name a file of GLM weights")
    places = [head.index(name) for name in COLUMNS]
    found, faults = {}, []
    for at, row in enumerate(rows, 2):
        values = [number(row[place]) if place < len(row) else None for place in places]
        if None in values:
            column = COLUMNS[values.index(None)]
            faults.append(Problem(str(path), at, column, "is no number; mend the row"))
            continue
        found[row[0]] = Weights(*(value for value in values if value is not None))
    if faults:
        raise InvalidCards(faults)
    return found


def read_difficulties(path: Path) -> Difficulties:
    """Read difficulties in the order of the instructions: CSV as published, or a JSON list."""
    if path.suffix.lower() == ".json":
        said = json.loads(path.read_text(encoding="utf-8"))
        values = list(said.values()) if isinstance(said, dict) else said
    else:
        head, *rows = _cells(path)
        at = head.index("instruction_difficulty") if "instruction_difficulty" in head else -1
        values = [row[at] for row in rows if row]
    numbers = [number(value) for value in values]
    if not numbers or None in numbers:
        raise RegistryError(f"{path}: not every difficulty is a number; name the published file")
    return Difficulties(np.array(numbers, float), np.full(len(numbers), 1 / len(numbers)))


def predict(
    weights: Mapping[str, Weights], model: str, baseline: str, difficulties: Difficulties
) -> LengthControlled:
    """Return the win rate that published weights give a model over a baseline."""
    for name in (model, baseline):
        if name not in weights:
            raise RegistryError(f"{name}: the weights have no such model{near(name, weights)}")
    delta = weights[model] - weights[baseline]
    each = _logistic(delta.model + delta.difficulty * difficulties.values)
    alone = difficulties.estimated or len(each) < 2
    return LengthControlled(
        win_rate=100 * float(each @ difficulties.share),
        stderr=None if alone else 100 * float(each.std(ddof=1)) / len(each) ** 0.5,
        weights=weights[model],
        glm="length_controlled_v1",
        fitted=False,
        estimated=difficulties.estimated,
    )


@dataclass(frozen=True, slots=True)
class Gamed:
    """The judgements of outputs made to win by length alone, which keep a fit in bounds."""

    preferences: Floats
    lengths: Floats
    difficulties: Floats


def read_gamed(path: Path) -> Gamed:
    """Read the published `df_gamed.csv`; its preferences are 0 to 1, its lengths standardised."""
    head, *rows = _cells(path)
    names = ("preference", "std_delta_len", "instruction_difficulty")
    missing = [name for name in names if name not in head]
    if missing:
        raise RegistryError(f"{path}: it has no column '{missing[0]}'; name the published file")
    columns = [
        np.array([number(row[head.index(name)]) for row in rows], dtype=float) for name in names
    ]
    return Gamed(*columns)


def fit(
    preferences: Sequence[float | None],
    lengths: Sequence[int],
    difficulties: Difficulties | None = None,
    gamed: Gamed | None = None,
) -> LengthControlled | None:
    """Fit the model to preferences (0 to 1, None where missing) in the order of the instructions.

    `lengths` are those of the baseline's output less those of the model's, in characters. Without
    the gamed judgements this is the reference's `length_controlled_noreg`, and without the
    difficulties too `length_controlled_minimal`. Return None where no preference is there.
    """
    values = np.array([np.nan if one is None else one for one in preferences], dtype=float)
    if np.isnan(values).all():
        return None
    glm: Glm = "length_controlled_minimal"
    if difficulties is not None:
        glm = "length_controlled_noreg" if gamed is None else "length_controlled_v1"
    rows = _features(_standardised(lengths), _of_rows(difficulties, len(values)), own=True)
    targets, features, weights = values, rows, np.ones(len(values))
    if gamed is not None and difficulties is not None:
        theirs = _features(np.tanh(gamed.lengths), gamed.difficulties, own=False)
        features = np.concatenate([theirs, rows])
        targets = np.concatenate([gamed.preferences, values])
        weights = np.concatenate([np.full(len(theirs), GAMED_WEIGHT), weights])
    there = ~np.isnan(targets)
    found = _chosen(features[there], targets[there], weights[there])
    each = _logistic(rows[:, 1:] @ found[1:])
    return LengthControlled(
        win_rate=100 * float(each.mean()),
        stderr=100 * float(each.std(ddof=1)) / len(each) ** 0.5 if len(each) > 1 else None,
        weights=Weights(*map(float, found)),
        glm=glm,
        fitted=True,
    )


def optimum(features: Floats, targets: Floats, weights: Floats, inverse_penalty: float) -> Floats:
    """Return the coefficients of the least weighted log loss plus the sum of their sizes.

    The loss counts `inverse_penalty` times, as the C of liblinear does. Proximal Newton steps: each
    minimises the quadratic model of the loss plus the penalty, and is halved until it descends.
    """
    found = np.zeros(features.shape[1])
    scale = inverse_penalty * weights
    for _ in range(STEPS):
        chances = _logistic(features @ found)
        slope = features.T @ (scale * (chances - targets))
        bend = (features * (scale * chances * (1 - chances))[:, None]).T @ features
        step = _quadratic_step(slope, bend, found)
        value = _objective(features, targets, scale, found)
        tried = [found + 0.5**halvings * step for halvings in range(HALVINGS)]
        better = (one for one in tried if _objective(features, targets, scale, one) <= value)
        reached = next(better, found)
        moved = float(np.abs(reached - found).max())
        found = reached
        if moved < SMALLEST:
            break
    return found


def _quadratic_step(slope: Floats, bend: Floats, at: Floats) -> Floats:
    """Minimise slope·d + d·bend·d/2 + |at + d| over d, one coordinate after the other."""
    step = np.zeros_like(at)
    for _ in range(STEPS):
        before = step.copy()
        for one in range(len(at)):
            curve = bend[one, one]
            if curve <= 0:
                continue
            rest = slope[one] + bend[one] @ step - curve * step[one]
            aim = at[one] - rest / curve
            step[one] = np.sign(aim) * max(abs(aim) - 1 / curve, 0) - at[one]
        if np.abs(step - before).max() < SMALLEST:
            break
    return step


def _objective(features: Floats, targets: Floats, scale: Floats, found: Floats) -> float:
    return float(scale @ _losses(features @ found, targets) + np.abs(found).sum())


def _losses(scores: Floats, targets: Floats) -> Floats:
    return np.asarray(np.logaddexp(0, scores) - targets * scores)


def _chosen(features: Floats, targets: Floats, weights: Floats) -> Floats:
    """Fit with the inverse penalty whose held-out loss is least; the smaller of equal ones."""
    n = len(targets)
    if n < SPLITS:
        return optimum(features, targets, weights, PENALTIES[-1])
    # The folds of scikit-learn's GroupKFold over groups of one size: in turn, from the last.
    folds = (n - 1 - np.arange(n)) % SPLITS
    losses = np.zeros(len(PENALTIES))
    for fold in range(SPLITS):
        train, test = folds != fold, folds == fold
        for at, penalty in enumerate(PENALTIES):
            found = optimum(features[train], targets[train], weights[train], penalty)
            held_out = _losses(features[test] @ found, targets[test])
            losses[at] += float((weights[test] * held_out).mean())
    return optimum(features, targets, weights, PENALTIES[int(losses.argmin())])


def _features(lengths: Floats, difficulties: Floats, *, own: bool) -> Floats:
    return np.column_stack([lengths, difficulties, np.full(len(lengths), float(own))])


def _standardised(lengths: Sequence[int]) -> Floats:
    """Return tanh of lengths in standard deviations; zeros where all are the same."""
    values = np.array(lengths, dtype=float)
    spread = values.std(ddof=1) if len(values) > 1 else 0.0
    return np.tanh(values / spread) if spread > 0 else np.zeros(len(values))


def _of_rows(difficulties: Difficulties | None, n: int) -> Floats:
    if difficulties is None:
        return np.zeros(n)
    if difficulties.estimated or len(difficulties.values) < n:
        had = len(difficulties.values)
        raise RegistryError(
            f"difficulties: there are {had} for {n} instructions; give the file of all of them"
        )
    return difficulties.values[:n]


def _logistic(scores: Floats) -> Floats:
    return np.asarray(np.exp(-np.logaddexp(0, -scores)))


def _cells(path: Path) -> list[list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows: list[list[Any]] = [row for row in csv.reader(stream) if row]
    except FileNotFoundError:
        raise RegistryError(f"{path}: no such file; check the name") from None
    if len(rows) < 2:
        raise RegistryError(f"{path}: holds no rows below its head; name the published file")
    return rows
