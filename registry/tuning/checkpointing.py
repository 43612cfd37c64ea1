"""The last state of a run, in one safetensors file, so that a killed run goes on where it was.

Tensors are the trained weights, the optimiser's moments and the states of the random generators;
the rest is JSON in the file's header. One file, renamed into place: there is never half a state.
Several processes write a folder instead, see `sharded`; whatever their number, it goes on.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from math import nan
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING

from registry.errors import RegistryError
from registry.files import partial, whole_alone
from registry.tuning import sharded
from registry.tuning.batches import Place
from registry.tuning.distributed import ALONE, Group
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
    group: Group = ALONE,
) -> None:
    """Write the state, replacing the one before."""
    from safetensors.torch import save_file

    tensors = _tensors(weights, optimiser)
    header = {"fingerprint": fingerprint, "progress": json.dumps(asdict(progress))}
    if group.size > 1:
        new = sharded.save(folder, progress.step, header, tensors, group)
        if group.leads:
            (folder / NAME).unlink(missing_ok=True)
            sharded.discard(folder, but=new)
        return
    # Safetensors writes under a name that it draws, and renames: a kill leaves a file as large.
    with whole_alone(folder / NAME) as temporary:
        save_file(tensors | _random_states(), temporary, metadata=header)
    sharded.discard(folder)


def restore(
    folder: Path,
    fingerprint: str,
    weights: Trained,
    optimiser: "torch.optim.Optimizer",
    group: Group,
    say: Callable[[str], None],
) -> Progress:
    """Put the saved state back and return how far it is: at the start, if there is none.

    One process or several may have written it. A state of other settings, rows or weights is
    removed, which is said.
    """
    found = sharded.agreed(_last(folder) if group.leads else None, group)
    if found is None:
        return Progress()
    path, progress, mark = found
    if mark != fingerprint:
        say(f"{folder}: the checkpoint is of other settings, rows or base weights; starting anew")
        if group.leads:
            discard(folder)
        return Progress()
    _make_room(weights, optimiser, progress.step)
    tensors = _tensors(weights, optimiser)
    if path.name == NAME and group.size == 1:
        _fill(path, tensors)
    else:
        sharded.read(path.parent if path.name == NAME else path, tensors, group)
    return progress


def _last(folder: Path) -> tuple[Path, Progress, str] | None:
    """Return where the last state is, how far it is, and of which run."""
    headers = {path: sharded.header(path) for path in sharded.states(folder)}
    if (folder / NAME).is_file():
        headers[folder / NAME] = _header(folder / NAME)
    found = [
        (path, _progress(header["progress"]), header["fingerprint"])
        for path, header in headers.items()
    ]
    # A kill between a new state's last step and the removal of the one before leaves both.
    return max(found, key=lambda one: one[1].step, default=None)


def _header(path: Path) -> dict[str, str]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as opened:
            return opened.metadata() or {}
    except SafetensorError as error:
        raise RegistryError(f"{path}: cannot be read ({error}); remove it to start anew") from None


def _tensors(weights: Trained, optimiser: "torch.optim.Optimizer") -> "dict[str, torch.Tensor]":
    """Return the tensors of a state, by name; what is copied into them is in the state."""
    found = {}
    for name, master in zip(weights.names, weights.masters, strict=True):
        moments = optimiser.state[master]
        found[f"weight/{name}"] = master.detach().contiguous()
        found[f"mean/{name}"] = moments["exp_avg"]
        found[f"square/{name}"] = moments["exp_avg_sq"]
    return found


def _make_room(weights: Trained, optimiser: "torch.optim.Optimizer", step: int) -> None:
    """Give the optimiser a state, as it is after a step but for the moments' values."""
    import torch

    for master in weights.masters:
        optimiser.state[master] = {
            "step": torch.tensor(float(step), device=master.device),
            "exp_avg": torch.zeros_like(master),
            "exp_avg_sq": torch.zeros_like(master),
        }


def _fill(path: Path, tensors: "dict[str, torch.Tensor]") -> None:
    import torch
    from safetensors import safe_open

    with safe_open(path, "pt") as opened:
        for name, tensor in tensors.items():
            tensor.copy_(opened.get_tensor(name))
        torch.set_rng_state(opened.get_tensor("random/cpu"))
        if "random/cuda" in opened.keys():  # noqa: SIM118 (no mapping)
            torch.cuda.set_rng_state(opened.get_tensor("random/cuda"))


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
    rmtree(partial(folder / NAME), ignore_errors=True)
    sharded.discard(folder)
