"""TRL's side of `benchmarks/tune.py`, a process of its own that reads a job and writes an answer.

It imports nothing of ours, so that TRL may live in an environment of its own. Rows come as tokens
and are given to the trainers as tokens.
"""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def main(job: str, out: str) -> None:
    """Do what the job says: losses of given batches, or one epoch by the clock."""
    import torch

    told = json.loads(Path(job).read_text(encoding="utf-8"))
    torch.set_num_threads(told["threads"])
    with tempfile.TemporaryDirectory() as folder:
        done = train(told, folder)
    Path(out).write_text(json.dumps(done), encoding="utf-8")


def train(told: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """Train for one epoch; return the losses, and tokens and seconds after the first step."""
    import torch
    from datasets import Dataset
    from transformers import TrainerCallback

    preferring = told["objective"] == "preference"
    trainer_of, settings = _preferring() if preferring else _answering()
    tokens: list[int] = []
    losses: list[float] = []
    ends: list[tuple[float, float]] = []
    scoring = [0.0, 0.0]

    class Watched(trainer_of):  # type: ignore[misc, valid-type]
        """A trainer that takes tokens as they are, and notes real ones and, if asked, losses."""

        def _prepare_dataset(self, dataset: Any, *given: Any, **named: Any) -> Any:
            if preferring:
                return dataset
            return super()._prepare_dataset(dataset, *given, **named)

        def _precompute_ref_logps(self, *given: Any, **named: Any) -> Any:
            began, busy = time.perf_counter(), time.process_time()
            done = super()._precompute_ref_logps(*given, **named)
            scoring[0] += time.perf_counter() - began
            scoring[1] += time.process_time() - busy
            return done

        def compute_loss(self, model: Any, inputs: Any, *rest: Any, **others: Any) -> Any:
            mask = inputs.get("attention_mask")
            tokens.append(inputs["input_ids"].numel() if mask is None else int(mask.sum()))
            loss = super().compute_loss(model, inputs, *rest, **others)
            if told["batches"]:
                losses.append(float(loss))
            return loss

    class Clock(TrainerCallback):  # type: ignore[misc]
        """Notes when each step ends."""

        def on_step_end(self, *_: Any, **__: Any) -> None:
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            ends.append((time.perf_counter(), time.process_time()))

    order = [at for batch in told["batches"] for at in batch] or range(len(told["rows"]))
    rows = [(pair if preferring else answer)(told["rows"][at]) for at in order]
    trainer = Watched(
        model=told["model"],
        args=settings(**arguments(told, folder)),
        train_dataset=Dataset.from_list(rows),
        callbacks=[Clock()],
    )
    trainer.train()
    trainer.save_model(folder)
    return {
        "losses": losses,
        "tokens": sum(tokens[1:]),
        "seconds": ends[-1][0] - ends[0][0] + scoring[0],
        "busy": ends[-1][1] - ends[0][1] + scoring[1],
        "steps": len(ends),
        "peak": peak_memory(),
    }


def _answering() -> tuple[Any, Any]:
    from trl import SFTConfig, SFTTrainer

    return SFTTrainer, SFTConfig


def _preferring() -> tuple[Any, Any]:
    from trl import DPOConfig, DPOTrainer

    return DPOTrainer, DPOConfig


def answer(row: Any) -> dict[str, list[int]]:
    """Return a row as SFTTrainer reads it; -100 stands where nothing is learned.

    >>> answer([{"tokens": [5, 6], "learned": [0, 1]}])
    {'input_ids': [5, 6], 'labels': [-100, 6]}
    """
    (one,) = row
    labels = [t if each else -100 for t, each in zip(one["tokens"], one["learned"], strict=True)]
    return {"input_ids": one["tokens"], "labels": labels}


def pair(row: Any) -> dict[str, list[int]]:
    """Return a row as DPOTrainer reads it: what both answers begin with, and how each goes on.

    >>> pair([{"tokens": [5, 6], "learned": [0, 1]}, {"tokens": [5, 7], "learned": [0, 1]}])
    {'prompt_ids': [5], 'chosen_ids': [6], 'rejected_ids': [7]}
    """
    asked = row[0]["learned"].index(1)
    chosen, rejected = (one["tokens"][asked:] for one in row)
    return {
        "prompt_ids": row[0]["tokens"][:asked],
        "chosen_ids": chosen,
        "rejected_ids": rejected,
    }


def arguments(told: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """Return TRL's defaults but for what both sides are given, then what the way changes."""
    given = {
        "output_dir": folder,
        "max_length": told["tokens_per_step"],
        "per_device_train_batch_size": told["rows_per_step"],
        "num_train_epochs": 1,
        "learning_rate": told["rate"],
        "bf16": told["precision"] == "bf16",
        "seed": told["seed"],
        "use_cpu": told["device"] == "cpu",
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
    }
    if told["batches"]:
        given |= {"train_sampling_strategy": "sequential"}
    return given | told["way"]


def peak_memory() -> int:
    """Return the most bytes held so far: of the GPU's tensors, or else of the whole process."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text(encoding="ascii", errors="replace").splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    main(*sys.argv[1:])
