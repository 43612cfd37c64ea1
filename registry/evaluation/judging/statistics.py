"""Files of verdicts of one kind to plain figures, and a line for each verdict."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from registry.errors import RegistryError
from registry.evaluation.judging import (
    alpaca,
    chained,
    checklist,
    length,
    llmbar,
    pairwise,
    single,
    vicuna,
)
from registry.evaluation.judging.length import Difficulties, Gamed, Weights
from registry.evaluation.judging.matches import tallies
from registry.evaluation.judging.rows import Line

Files = Mapping[str, Sequence[Line]]
Made = tuple[dict[str, Any], list[dict[str, Any]]]

_TELLING = (
    ("llmbar", {"results", "label"}),
    ("levels", {"level", "satisfied"}),
    ("dialogues", {"turn", "strict"}),
    *(("checklist", {name}) for name in ("decomposed_questions", "eval", "point_judges")),
    ("vicuna", {"question_id", "answer1_id"}),
    ("single", {"rating"}),
    ("single", {"model", "score"}),
    ("single", {"model", "turn", "judgment"}),
    ("pairwise", {"swapped"}),
    ("alpaca-eval", {"preference", "output_2"}),
    ("vicuna", {"text", "score"}),
    *(("pairwise", {name}) for name in ("preference", "verdict", "winner", "g1_winner")),
)


def kind_of(file: str, lines: Sequence[Line]) -> str:
    """Tell what a file holds by the fields of its first row."""
    fields = set(lines[0].value)
    for kind, needed in _TELLING:
        if needed <= fields:
            return kind
    raise RegistryError(f"{file}: nothing tells what it holds; say it with --kind")


def of_annotations(
    files: Files,
    *,
    weights: Mapping[str, Weights] | None = None,
    difficulties: Difficulties | None = None,
    gamed: Gamed | None = None,
) -> Made:
    """Return AlpacaEval's figures of each file, by the leaderboard's names."""
    more: dict[str, Any] = {"weights": weights, "difficulties": difficulties, "gamed": gamed}
    found = [
        {"file": file, **_flat(one)}
        for file, lines in files.items()
        for one in alpaca.standings(lines, **more, alone=len(files) == 1)
    ]
    verdicts = [
        {"file": file, "key": one.instruction, "preference": one.preference}
        for file, lines in files.items()
        for one in map(alpaca.annotation, lines)
    ]
    return {"kind": "alpaca-eval", "files": found}, verdicts


def of_weights(weights: Mapping[str, Weights], difficulties: Difficulties) -> dict[str, Any]:
    """Return the length-controlled win rate of every model over the one whose weights are zero."""
    baseline = next((name for name, one in weights.items() if one == Weights(0, 0, 0)), None)
    if baseline is None:
        raise RegistryError("weights: no row is all zeros, so none is the baseline's; name a FILE")
    every = [(name, length.predict(weights, name, baseline, difficulties)) for name in weights]
    return {
        "kind": "alpaca-eval",
        "baseline": baseline,
        "estimated": difficulties.estimated,
        "files": [
            {
                "model": name,
                "length_controlled_winrate": one.win_rate,
                "lc_standard_error": one.stderr,
            }
            for name, one in every
        ],
    }


def of_reviews(files: Files, *, categories: Mapping[str, str] | None = None) -> Made:
    """Return the figures of Vicuna-bench's reviews; positions are those over all files."""
    found, verdicts = [], []
    for file, lines in files.items():
        made, reviews = vicuna.reviewed(lines)
        each = vicuna.by_category(reviews, categories or {})
        found.append({"file": file, **asdict(made), "categories": each})
        verdicts += [
            {"file": file, "key": one.key, "scores": one.scores, "preference": one.preference}
            for one in reviews
        ]
    together, _ = vicuna.reviewed([line for lines in files.values() for line in lines])
    places = asdict(together.positions) if together.positions else None
    return {"kind": "vicuna", "files": found, "positions": places}, verdicts


def of_llmbar(files: Files) -> Made:
    """Return the figures of LLMBar's results, and each evaluator's over its subsets."""
    every, found, verdicts = [], [], []
    for file, lines in files.items():
        made, judgements = llmbar.judged(lines)
        every.append(made)
        found.append({"file": file, **asdict(made)})
        verdicts += [{"file": file, "key": at, **asdict(one)} for at, one in enumerate(judgements)]
    return {"kind": "llmbar", "files": found, "evaluators": llmbar.over_subsets(every)}, verdicts


def of_ratings(files: Files, *, categories: Mapping[str, str] | None = None) -> Made:
    """Return the figures of each model that was rated in a file."""
    found, verdicts = [], []
    for file, lines in files.items():
        made, ratings = single.rated(lines, categories)
        found += [{"file": file, **asdict(one)} for one in made]
        verdicts += [{"file": file, **asdict(one)} for one in ratings]
    return {"kind": "single", "files": found}, verdicts


def of_pairs(files: Files, *, baseline: str | None = None) -> Made:
    """Return the figures of pairwise verdicts, and of several files how far they agree.

    Where rows name two models, `models` counts what each has won over all files.
    """
    found, every, verdicts = [], [], []
    for file, lines in files.items():
        made, these = pairwise.compared(lines)
        found.append({"file": file, **asdict(made)})
        every.append(these)
        verdicts += [{"file": file, **asdict(one)} for one in these]
    between = asdict(pairwise.between(every)) if len(every) > 1 else None
    matches = [one for lines in files.values() for one in pairwise.matched(lines)]
    models = [asdict(one) for one in tallies(matches, baseline)] if matches else None
    return {"kind": "pairwise", "files": found, "between": between, "models": models}, verdicts


def of_checklists(files: Files) -> Made:
    """Return the figures of checklists."""
    found, verdicts = [], []
    for file, lines in files.items():
        made, items = checklist.followed(lines)
        found.append({"file": file, **asdict(made)})
        verdicts += [{"file": file, "key": one.key, "met": one.met} for one in items]
    return {"kind": "checklist", "files": found}, verdicts


def of_chains(files: Files, *, kind: str) -> Made:
    """Return the figures of levels or of dialogues."""
    scored = chained.levelled if kind == "levels" else chained.conversed
    found = []
    for file, lines in files.items():
        figures, n = scored(lines)
        found.append({"file": file, "n": n, **figures})
    verdicts = [dict(one.value) for lines in files.values() for one in lines]
    return {"kind": kind, "files": found}, verdicts


STATISTICS: Mapping[str, Callable[..., Made]] = {
    "alpaca-eval": of_annotations,
    "vicuna": of_reviews,
    "single": of_ratings,
    "llmbar": of_llmbar,
    "pairwise": of_pairs,
    "checklist": of_checklists,
    "levels": partial(of_chains, kind="levels"),
    "dialogues": partial(of_chains, kind="dialogues"),
}


def _flat(standing: alpaca.Standing) -> dict[str, Any]:
    plain = asdict(standing)
    controlled, figures = plain.pop("length_controlled"), plain.pop("rates")
    rate = {
        "length_controlled_winrate": controlled["win_rate"] if controlled else None,
        "lc_standard_error": controlled["stderr"] if controlled else None,
    }
    return {**plain, **figures, **rate, "length_controlled": controlled}
