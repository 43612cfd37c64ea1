"""The last state of a run, in one safetensors file, so that a killed run goes on where it was.

Tensors are the trained weights, the optimiser's moments and the states of the random generators;
the rest is JSON in the file's header. One file, renamed into place: there is never half a state.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.files import partial, whole
from registry.tuning.batches import Place
from registry.tuning.weights import Trained

if TYPE_CHECKING:
    import torch

NAME = "last.safetensors"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: steps done, the place of the next one, and what was counted so far."""

    step: int = 0
    place: Place = field(default_factory=lambda: Place(0, 0))
    rows: int = 0
    tokens: int = 0
    supervised_tokens: int = 0
    first_loss: float = nan
    last_loss: float = nan


def save(
    folder: Path,
    fingerprint: str,
    progress: Progress,
    weights: Trained,
    optimiser: "torch.optim.Optimizer",
) -> None:
    """Write the state, replacing the one before."""
    from safetensors.torch import save_file

    tensors = _random_states()
    for name, master in zip(weights.names, weights.masters, strict=True):
        moments = optimiser.state[master]
        tensors[f"weight/{name}"] = master.detach().contiguous()
        tensors[f"mean/{name}"] = moments["exp_avg"]
        tensors[f"square/{name}"] = moments["exp_avg_sq"]
    header = {"fingerprint": fingerprint, "progress": json.dumps(asdict(progress))}
    with whole(folder / NAME) as temporary:
        save_file(tensors, temporary, metadata=header)


def restore(
    folder: Path,
    fingerprint: str,
    weights: Trained,
    optimiser: "torch.optim.Optimizer",
    say: Callable[[str], None],
) -> Progress:
    """Put the saved state back and return how far it is: at the start, if there is none.

    A state of other settings, rows or weights is removed, which is said.
    """
    import torch
    from safetensors import safe_open

    if not (folder / NAME).is_file():
        return Progress()
    with safe_open(folder / NAME, "pt") as opened:
        header = opened.metadata() or {}
        if header.get("fingerprint") == fingerprint:
            progress = _progress(header["progress"])
            _fill(opened, weights, optimiser, progress.step)
            torch.set_rng_state(opened.get_tensor("random/cpu"))
            if "random/cuda" in opened.keys():  # noqa: SIM118 (no mapping)
                torch.cuda.set_rng_state(opened.get_tensor("random/cuda"))
            return progress
    say(f"{folder}: the checkpoint is of other settings, rows or base weights; starting anew")
    discard(folder)
    return Progress()


def _fill(opened: Any, weights: Trained, optimiser: "torch.optim.Optimizer", step: int) -> None:
    import torch

    for name, master in zip(weights.names, weights.masters, strict=True):
        master.data.copy_(opened.get_tensor(f"weight/{name}"))
        optimiser.state[master] = {
            "step": torch.tensor(float(step), device=master.device),
            "exp_avg": opened.get_tensor(f"mean/{name}").to(master.device),
            "exp_avg_sq": opened.get_tensor(f"square/{name}").to(master.device),
        }


def _progress(text: str) -> Progress:
    values = json.loads(text)
    return Progress(**values | {"place": Place(**values["place"])})


def _random_states() -> "dict[str, torch.Tensor]":
    import torch

    states = {"random/cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        states["random/cuda"] = torch.cuda.get_rng_state()
    return states


def discard(folder: Path) -> None:
    """Remove the state; the folder stays, as a pipeline may want it there."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NAME).unlink(missing_ok=True)
    partial(folder / NAME).unlink(missing_ok=True)
