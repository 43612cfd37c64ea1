"""How much of what a recipe changes is its seed: a tuned model made again with other seeds.

    python benchmarks/seeds.py smollm2-evals-grpo --seeds 18 19 [--work DIR] [--json]

For each seed the last commit is cloned, the seed is written into the recipe's card there, and the
model is tuned and evaluated on the benchmarks that its reports here are of. Other models and tables
are linked: have them made by `dvc repro` before. Printed are the scores before, with the seed of
the card (from the reports here) and with the others, the mean of all seeds and their standard
deviation. It holds what a seed decides: the order of rows, initial values, dropout, drawn answers.
The errors of a score hold which rows were asked, see `registry report recipes`.

With `--work` the clones stay: what is there is not run again, whatever was committed since, and a
killed tuning goes on.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from registry.cards import Model, Recipe
from registry.cli.shell import table
from registry.errors import RegistryError
from registry.index import load
from registry.place import here
from registry.reports import all_of
from registry.reproduce import run_stage
from registry.trials import trials

QUIET = ("git", "-c", "advice.detachedHead=false")
SEED = re.compile(r"\bseed: *\d+")


def main() -> None:
    """Make the model with each seed, compare."""
    asked = argparse.ArgumentParser(description="Tune a model with other seeds.")
    asked.add_argument("model", help="Id of a model that was tuned and evaluated here.")
    asked.add_argument("--seeds", type=int, nargs="+", required=True)
    asked.add_argument("--work", type=Path, help="Where to keep the clones.")
    asked.add_argument("--json", action="store_true")
    told = asked.parse_args()
    root = Path.cwd()
    card, recipe = cards(root, told.model)
    lines = {recipe.tune.seed: scores(root, card.id)}
    if not lines[recipe.tune.seed]:
        raise SystemExit(f"{card.id}: has no scores here; run `registry evaluate {card.id}` first")
    with tempfile.TemporaryDirectory() as folder:
        for seed in sorted({*told.seeds} - {*lines}):
            clone = (told.work or Path(folder)).resolve() / f"{card.id}-{seed}"
            make(root, clone, card, recipe, seed)
            lines[seed] = scores(clone, card.id)
    found = together(lines)
    if told.json:
        print(json.dumps({"model": card.id, "scores": found}, indent=1))
    else:
        show(found)


def cards(root: Path, id: str) -> tuple[Model, Recipe]:
    """Return a tuned model's card and its recipe's."""
    registry = load(root)
    card = registry.models.get(id)
    if card is None or card.build is None:
        raise SystemExit(f"{id}: is not tuned here; `registry report recipes` shows what is")
    return card, registry.recipes[card.build.recipe]


def scores(root: Path, id: str) -> list[dict[str, Any]]:
    """Return a line for each benchmark and metric, before tuning and after."""
    return [line for line in trials(load(root), all_of(root)) if line["model"] == id]


def make(root: Path, clone: Path, card: Model, recipe: Recipe, seed: int) -> None:
    """Tune and evaluate in a clone whose recipe has another seed."""
    if not clone.is_dir():
        subprocess.run([*QUIET, "clone", "-q", str(root), str(clone)], check=True)
    path = clone / "cards" / "recipes" / f"{recipe.id}.yaml"
    text, written = SEED.subn(f"seed: {seed}", path.read_text(encoding="utf-8"))
    if written != 1:
        raise SystemExit(
            f"{path}: tune.seed: is not there once; write `seed: 17` there, and nowhere else"
        )
    path.write_text(text, encoding="utf-8")
    link(root, clone, card.id)
    done = clone / "done"
    for words in (("tune", card.id), *evaluations(root, card.id)):
        mark = done / "+".join(words)
        if not mark.exists():
            print(f"seed {seed}: registry {' '.join(words)}", file=sys.stderr)
            try:
                run_stage(replace(here(root), root=clone), *words)
            except RegistryError as error:
                raise SystemExit(str(error)) from None
            mark.parent.mkdir(exist_ok=True)
            mark.touch()


def link(root: Path, clone: Path, id: str) -> None:
    """Link what a tuning reads: tables, and every model but the one that is made, with reports."""
    linked = [Path("data") / name for name in ("canonical", "mixtures", "native")]
    linked += [Path("models") / one.name for one in (root / "models").iterdir() if one.name != id]
    for one in linked:
        (clone / one).parent.mkdir(exist_ok=True)
        if (root / one).is_dir() and not (clone / one).exists():
            (clone / one).symlink_to((root / one).resolve(), target_is_directory=True)
    own = shutil.ignore_patterns(f"{id}.*", f"{id}+*")
    shutil.copytree(root / "reports", clone / "reports", ignore=own, dirs_exist_ok=True)


def evaluations(root: Path, id: str) -> list[tuple[str, ...]]:
    """Return the words of each evaluation that there is a report of."""
    found: list[tuple[str, ...]] = []
    for path in sorted((root / "reports" / "evaluate").glob("*.json")):
        model, _, benchmark = path.stem.partition("+")
        if model == id:
            found.append(("evaluate", id, benchmark) if benchmark else ("evaluate", id))
    return found


def together(lines: dict[int, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return one line for each benchmark and metric, with the scores of all seeds."""
    found = []
    for first in next(iter(lines.values())):
        same = first["benchmark"], first["metric"]
        after = {
            seed: one["after"]["value"]
            for seed, all_lines in lines.items()
            for one in all_lines
            if (one["benchmark"], one["metric"]) == same
        }
        values = list(after.values())
        found.append(
            {
                "benchmark": same[0],
                "metric": same[1],
                "before": first["before"] and first["before"]["value"],
                "seeds": after,
                "mean": fmean(values),
                "deviation": stdev(values) if len(values) > 1 else None,
            }
        )
    return found


def show(found: Sequence[dict[str, Any]]) -> None:
    """Print a line for each benchmark and metric, in hundredths."""
    seeds = list(found[0]["seeds"])
    named = [f"seed {one}" for one in seeds]
    head = ("benchmark", "metric", "before", *named, "mean", "deviation")
    rows = []
    for one in found:
        scored = [one["seeds"].get(seed) for seed in seeds]
        values = (one["before"], *scored, one["mean"], one["deviation"])
        texts = ("-" if value is None else f"{100 * value:.1f}" for value in values)
        rows.append((one["benchmark"], one["metric"], *texts))
    table(head, rows, right=set(range(2, len(head))))


if __name__ == "__main__":
    main()
