"""A small copy of the project, with cards of the project's ids, to run commands in.

The cards describe a tiny model and dataset, made by code.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from registry.files import write_text
from registry.hashing import hash_file

TOP = Path(__file__).parent.parent.parent
BIN = Path(sys.executable).parent
MODEL, BASE, DATA = "smollm2-evals", "smollm2-135m-instruct", "openai-evals"
TASKS = {"double": lambda n: str(2 * n), "next": lambda n: str(n + 1), "same": lambda n: str(n)}
STEPS = 30


class Checkout:
    """A small copy of the project that commands run in."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environment = os.environ | {
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(root),
            "TUNEDECK_DEVICE": "cpu",
            "OMP_NUM_THREADS": "1",
            "GIT_AUTHOR_NAME": "t",
            "GIT_AUTHOR_EMAIL": "t@example.org",
            "GIT_COMMITTER_NAME": "t",
            "GIT_COMMITTER_EMAIL": "t@example.org",
        }

    def run(self, *words: str, fine: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            words,
            check=False,
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        if fine:
            assert done.returncode == 0, done.stdout + done.stderr
        return done

    def repro(self) -> list[str]:
        """Run everything; return the stages that ran."""
        out = self.run("dvc", "repro").stdout
        return [line.split("'")[1] for line in out.splitlines() if line.startswith("Running stage")]

    def report(self, stage: str, id: str) -> dict[str, Any]:
        text = (self.root / "reports" / stage / f"{id}.json").read_text()
        found: dict[str, Any] = json.loads(text)
        return found

    def edit(self, card: str, old: str, new: str) -> None:
        path = self.root / "cards" / card
        text = path.read_text()
        assert old in text
        write_text(path, text.replace(old, new))


def _dataset(root: Path) -> str:
    for task, answer in TASKS.items():
        rows = [
            {
                "input": [
                    {"role": "system", "content": f"Say the {task}."},
                    {"role": "user", "content": str(n)},
                ],
                "ideal": answer(n),
            }
            for n in range(40)
        ]
        rows.append({"ideal": "an answer to nothing"})
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        write_text(root / "owner" / f"{task}.jsonl", lines)
    return _files(root, [f"{task}.jsonl" for task in TASKS])


def _files(root: Path, names: list[str]) -> str:
    made = []
    for name in names:
        found = hash_file(root / "owner" / name)
        made.append(
            f'    - {{path: {name}, origin: "file:owner/{name}", '
            f"sha256: {found.sha256}, bytes: {found.bytes}}}"
        )
    return "\n".join(made)


def cards_of(root: Path, base: Path) -> dict[str, str]:
    shutil.copytree(base, root / "owner", dirs_exist_ok=True)
    names = sorted(path.name for path in base.iterdir() if path.is_file())
    head = "title: T\nsummary: S.\n"
    held = "rows: {{mixture: evals-small, part: {}}}\nmetrics: [rouge_l, exact_match]\n"
    benchmarks = {
        f"benchmarks/evals-new-{part}": f"kind: benchmark\nid: evals-new-{part}\n{head}"
        + held.format(f"held_out_{part}")
        + "generate: {max_new_tokens: 4}\n"
        for part in ("instances", "tasks")
    }
    evaluate = "evaluate: {benchmarks: [evals-new-instances, evals-new-tasks]}\n"
    return benchmarks | {
        f"datasets/{DATA}": f"kind: dataset\nid: {DATA}\n{head}source:\n  files:\n"
        + f"{_dataset(root)}\nconvert: {{format: openai-evals, limit: 50}}\n",
        "mixtures/evals-small": f"kind: mixture\nid: evals-small\n{head}mix:\n"
        f"  datasets:\n    - {{dataset: {DATA}, weight: 1}}\n  size: 60\n  seed: 1\n"
        "  hold_out: {tasks: [same], instances: 4, of_task: 5}\n",
        f"models/{BASE}": f"kind: model\nid: {BASE}\n{head}source:\n  files:\n"
        f"{_files(root, names)}\nweights: {{format: safetensors, file: model.safetensors}}\n"
        + evaluate,
        f"models/{MODEL}": f"kind: model\nid: {MODEL}\n{head}"
        f"build: {{base: {BASE}, mixture: evals-small, recipe: sft-small}}\n{evaluate}",
        "recipes/sft-small": f"kind: recipe\nid: sft-small\n{head}tune: {{method: full, "
        f"steps: {STEPS}, tokens_per_step: 256, max_tokens: 128, learning_rate: 3e-3, "
        "checkpoint_every: 5, precision: fp32, seed: 1}\n",
    }


def begun(root: Path, tiny_folder: Path, *names: str) -> Checkout:
    """Return a checkout with the code, the tiny model's cards and so named files."""
    for name in (".gitignore", *names):
        shutil.copy(TOP / name, root / name)
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(TOP / "registry", root / "registry", ignore=ignore)
    for name, text in cards_of(root, tiny_folder).items():
        write_text(root / "cards" / f"{name}.yaml", text)
    checkout = Checkout(root)
    checkout.run("git", "init", "-q")
    return checkout


def tuned_checkout(root: Path, tiny_folder: Path) -> Checkout:
    """Return a checkout with one commit, in which the tiny model was tuned once."""
    checkout = begun(root, tiny_folder)
    checkout.run("git", "add", "-A")
    checkout.run("git", "commit", "-qm", "start")
    for words in (
        ("convert", f"datasets/{DATA}"),
        ("convert", f"models/{BASE}"),
        ("mix", "evals-small"),
        ("tune", MODEL),
    ):
        checkout.run("registry", *words)
    return checkout
