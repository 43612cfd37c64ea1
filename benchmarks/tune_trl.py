"""TRL's side of `benchmarks/tune.py`, a process of its own that reads a job and writes an answer.

It imports nothing of ours, so that TRL may live in an environment of its own. Rows come as tokens
and labels, which SFTTrainer takes as they are.
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
    from trl import SFTConfig, SFTTrainer

    tokens: list[int] = []
    losses: list[float] = []
    ends: list[tuple[float, float]] = []

    class Watched(SFTTrainer):  # type: ignore[misc]
        """SFTTrainer that notes real tokens and, of given batches, losses."""

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
    rows = [told["rows"][at] for at in order]
    trainer = Watched(
        model=told["model"],
        args=SFTConfig(**arguments(told, folder)),
        train_dataset=Dataset.from_list(
            [{"input_ids": r["tokens"], "labels": r["labels"]} for r in rows]
        ),
        callbacks=[Clock()],
    )
    trainer.train()
    trainer.save_model(folder)
    return {
        "losses": losses,
        "tokens": sum(tokens[1:]),
        "seconds": ends[-1][0] - ends[0][0],
        "busy": ends[-1][1] - ends[0][1],
        "steps": len(ends),
        "peak": peak_memory(),
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
