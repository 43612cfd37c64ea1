"""Several processes that tune one model, each holding a part of its weights (FSDP2).

torchrun starts them. A step's units are dealt to them by tokens; the loss is divided by the weight
of the whole step and gradients are summed, so that any number of processes takes the same step.
In bfloat16 the weights stay float32 and each layer is rounded, to the nearest, as it is used; a
single process rounds at random once a step (`weights.publish`). The two differ by that noise.
"""

import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from heapq import heapify, heapreplace
from typing import TYPE_CHECKING, Any

from registry.cards.tuning import Tune
from registry.devices import choose
from registry.errors import RegistryError
from registry.tuning.batches import best_fit

if TYPE_CHECKING:
    import torch

    from registry.tuning.learner import Learner
    from registry.tuning.weights import Trained

# How long a process waits for the others; the first one writes the model of a large run meanwhile.
_PATIENCE = timedelta(minutes=20)
_LOST = (
    "tuning: another process of this run ended or does not answer; the last checkpoint is kept, "
    "start the run again"
)


@dataclass(frozen=True, slots=True)
class Group:
    """The processes of a run, and which of them this one is; the first one leads."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process logs, reports and writes the model."""
        return self.rank == 0


ALONE = Group()


def group() -> Group:
    """Return what torchrun says in the environment."""
    if not {"RANK", "WORLD_SIZE", "MASTER_ADDR"} <= os.environ.keys():
        return ALONE
    return Group(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]))


@contextmanager
def joined(device: str) -> Iterator[Group]:
    """Join the other processes of a run, if there are any, for as long as the block takes.

    When one of them is gone, the block ends with a sentence.
    """
    import torch
    from torch import distributed

    found = group()
    if found.size == 1:
        yield found
        return
    on_cuda = choose(device).type == "cuda"
    if on_cuda:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", found.rank)))
    backend = "cpu:gloo,cuda:nccl" if on_cuda else "gloo"
    before = signal.signal(signal.SIGTERM, _ended)
    try:
        distributed.init_process_group(backend, timeout=_PATIENCE)
        yield found
    except RuntimeError as error:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if not _is_lost(error):
            raise
        raise RegistryError(_LOST) from None
    except BaseException:
        # torchrun ends all processes when one has failed; this one still says why it did.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise
    signal.signal(signal.SIGTERM, before)
    distributed.destroy_process_group()


def _ended(number: int, frame: Any) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise RegistryError(_LOST)


def _is_lost(error: RuntimeError) -> bool:
    """Return whether an error comes from the connection; gloo has no class of its own for that."""
    from torch.distributed import DistError

    said = str(error).lower()
    return isinstance(error, DistError) or any(
        word in said for word in ("gloo", "connection", "nccl", "timed out")
    )


def check(settings: Tune, group: Group) -> None:
    """Refuse what several processes cannot do together."""
    if group.size == 1:
        return
    if settings.method not in ("full", "lora") or settings.objective != "likelihood":
        raise RegistryError(
            f"tuning: method {settings.method} with objective {settings.objective} takes one "
            f"process, not {group.size}; start it without torchrun"
        )


def split(learner: "Learner", device: "torch.device", group: Group) -> None:
    """Leave each process its part of every layer, float32 where trained, on its device."""
    import torch
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard

    mesh = init_device_mesh(device.type, (group.size,))
    half = torch.bfloat16 if learner.dtype == torch.bfloat16 else None
    policy = MixedPrecisionPolicy(param_dtype=half, reduce_dtype=torch.float32)
    kinds = set(learner.model._no_split_modules or ())
    layers = [each for each in learner.model.modules() if type(each).__name__ in kinds]
    for part in (*layers, learner.model):
        for weight in part.parameters():
            if weight.requires_grad:
                weight.data = weight.data.float()
        fully_shard(part, mesh=mesh, mp_policy=policy)
    for part in learner.model.modules():
        if isinstance(part, FSDPModule):
            part.set_gradient_divide_factor(1.0)
            part.set_force_sum_reduction_for_comms(True)


def deal(lengths: Sequence[int], hands: int) -> list[list[int]]:
    """Deal things to hands, the longest first, each to the hand that has least so far.

    >>> deal([3, 5, 1, 2], hands=2)
    [[1, 2], [0, 3]]
    """
    found: list[list[int]] = [[] for _ in range(hands)]
    held = [(0, hand) for hand in range(hands)]
    heapify(held)
    for thing in sorted(range(len(lengths)), key=lambda at: -lengths[at]):
        length, hand = held[0]
        found[hand].append(thing)
        heapreplace(held, (length + lengths[thing], hand))
    return [sorted(one) for one in found]


def passes(lengths: Sequence[int], at_once: int, group: Group) -> list[tuple[list[int], bool]]:
    """Return which units go through the model together in this process, and whether they count.

    All processes pass as often, because each pass needs every process's part of the weights: one
    that has nothing left repeats the shortest unit, which does not count.
    """
    shares = []
    for dealt in deal(lengths, group.size):
        bins = best_fit([lengths[at] for at in dealt], at_once)
        shares.append([[dealt[at] for at in one] for one in bins])
    own = shares[group.rank]
    idle = [min(range(len(lengths)), key=lengths.__getitem__)]
    missing = max(map(len, shares)) - len(own)
    return [(one, True) for one in own] + [(idle, False)] * missing


def summed(total: "torch.Tensor", sums: Mapping[str, list[float]], group: Group) -> None:
    """Add up, in place, what all processes counted under the same names."""
    if group.size == 1:
        return
    import torch
    from torch import distributed

    flat = [each for name in sorted(sums) for each in sums[name]]
    joint = torch.cat([total[None], total.new_tensor(flat)])
    distributed.all_reduce(joint)
    total.copy_(joint[0])
    for at, name in enumerate(sorted(sums)):
        sums[name][:] = joint[1 + 2 * at : 3 + 2 * at].tolist()


def clip(weights: "Trained", most: float) -> float:
    """Scale the gradients down to a norm, of all parts together, and return what it was."""
    import torch

    norm = torch.nn.utils.clip_grad_norm_(weights.masters, most)
    return float(norm.full_tensor() if hasattr(norm, "full_tensor") else norm)


def draw(seed: int, step: int, group: Group) -> None:
    """Seed what dropout draws in a step; a single process goes on drawing where it was."""
    import torch

    if group.size > 1:
        torch.manual_seed((seed * 1_000_003 + step) * 4_099 + group.rank)


def unite(parts: "Trained", whole: "Trained | None") -> None:
    """Copy the weights whose parts the processes hold into a whole model's, where one is given."""
    assert whole is None or whole.names == parts.names
    for at, part in enumerate(parts.masters):
        full = part.full_tensor()  # type: ignore[attr-defined]
        if whole is not None:
            whole.masters[at].data.copy_(full)
