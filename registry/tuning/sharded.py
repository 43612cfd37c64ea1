"""The state of a run of several processes: a folder, to which each writes the parts that it holds.

PyTorch's distributed checkpoints, in the form whose files are safetensors: the usual form pickles
its index. Any number of processes can read what any other number wrote.
"""

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, TypeVar

from registry.files import PARTIAL, partial, write_json
from registry.tuning.distributed import Group

if TYPE_CHECKING:
    import torch

T = TypeVar("T")
PREFIX = "step-"
_HEADER = "state.json"


def save(
    folder: Path,
    step: int,
    header: Mapping[str, str],
    tensors: "Mapping[str, torch.Tensor]",
    group: Group,
) -> Path:
    """Write each process's parts to a new folder, which gets its name when all are written."""
    from torch.distributed.checkpoint import state_dict_saver
    from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageWriter

    new = folder / f"{PREFIX}{step}"
    temporary = partial(new)
    if group.leads:
        for left in (new, temporary):
            rmtree(left, ignore_errors=True)
        temporary.mkdir(parents=True)
    agreed(temporary, group)  # by then it is there
    writer = HuggingFaceStorageWriter(str(temporary), save_distributed=True)
    state_dict_saver.save(dict(tensors), storage_writer=writer)
    # The call returns when every process has written its part and flushed it to disk.
    if group.leads:
        write_json(temporary / _HEADER, dict(header))
        temporary.replace(new)
    return new


def header(path: Path) -> dict[str, str]:
    """Return what was said of a state when it was written."""
    found: dict[str, str] = json.loads((path / _HEADER).read_text(encoding="utf-8"))
    return found


def read(folder: Path, tensors: "Mapping[str, torch.Tensor]", group: Group) -> None:
    """Fill tensors, whole ones or parts, from all safetensors files in a folder."""
    from torch.distributed.checkpoint import state_dict_loader
    from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageReader

    reader = HuggingFaceStorageReader(str(folder))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that one process is alone
        state_dict_loader.load(dict(tensors), storage_reader=reader, no_dist=group.size == 1)


def states(folder: Path) -> list[Path]:
    """Return the states that are there as a whole."""
    return [one for one in folder.glob(f"{PREFIX}*") if one.suffix != PARTIAL]


def discard(folder: Path, *, but: Path | None = None) -> None:
    """Remove all states but one, and what killed runs left of others."""
    for one in folder.glob(f"{PREFIX}*"):
        if one != but:
            rmtree(one)


def agreed(found: T, group: Group) -> T:
    """Return what the leading process found."""
    if group.size == 1:
        return found
    from torch import distributed

    told = [found]
    distributed.broadcast_object_list(told)
    return told[0]
