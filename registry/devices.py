"""Where tensors live and in which precision they are multiplied."""

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from registry.errors import RegistryError, near

if TYPE_CHECKING:
    import torch

NAMES = ("auto", "cuda", "mps", "cpu")


def choose(name: str = "auto") -> "torch.device":
    """Return the device of that name; `auto` is the first there is of CUDA, MPS and CPU.

    A device that was asked for by name is never silently replaced by another.
    """
    import torch

    if name not in NAMES:
        raise RegistryError(f"device: '{name}' is not known here{near(name, NAMES)}")
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return torch.device(next((known for known, is_there in there.items() if is_there), "cpu"))
    if not there.get(name, True):
        raise RegistryError(
            f"device: '{name}' was asked for and torch {torch.__version__} finds none; "
            "use 'auto' or 'cpu'"
        )
    return torch.device(name)


def compute_dtype(device: "torch.device", precision: str) -> "torch.dtype":
    """Return the type to multiply in; `auto` is bfloat16 only where the hardware multiplies it.

    Elsewhere bfloat16 is emulated, which is slower than float32 and less exact. Of `fp8` it is what
    everything around the products in 8 bits is in: bfloat16, on a device that has such products.
    """
    import torch

    if precision == "auto":
        return torch.bfloat16 if _multiplies_bf16(device) else torch.float32
    if precision == "fp8":
        _check_fp8(device)
    return {"fp8": torch.bfloat16, "bf16": torch.bfloat16, "fp32": torch.float32}[precision]


def _multiplies_bf16(device: "torch.device") -> bool:
    import torch

    if device.type == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= 8
    if device.type == "cpu":
        has: dict[str, Any] = dict(torch.cpu.get_capabilities())
        return bool(has.get("avx512_bf16") or has.get("amx_bf16") or has.get("sve_bf16"))
    return False


def _check_fp8(device: "torch.device") -> None:
    import torch

    # Where a CPU has no fp8, torch multiplies the same values in a wider type.
    if device.type == "cpu":
        return
    found = device.type
    if found == "cuda" and torch.version.hip:
        found = "a GPU of AMD"
    elif found == "cuda":
        major, minor = torch.cuda.get_device_capability(device)
        if (major, minor) >= (8, 9):
            return
        found = f"one of {major}.{minor}"
    raise RegistryError(
        "precision 'fp8': a CPU can multiply so, or an NVIDIA GPU of compute capability 8.9 and"
        f" more, and this is {found}; use 'bf16'"
    )


def describe(device: "torch.device") -> dict[str, str | int]:
    """Return what a report says of the hardware that did the work."""
    import torch

    said: dict[str, str | int] = {"device": device.type, "torch": torch.__version__}
    if device.type == "cuda":
        return said | {"name": torch.cuda.get_device_name(device), "bytes": _cuda_bytes(device)}
    name = torch.cpu.get_capabilities().get("cpu_name") or platform.processor()
    return said | {"name": str(name or platform.machine()), "threads": torch.get_num_threads()}


def _cuda_bytes(device: "torch.device") -> int:
    import torch

    return int(torch.cuda.get_device_properties(device).total_memory)


def matmul_rate(device: "torch.device", dtype: "torch.dtype") -> float:
    """Return how many FLOPs a second the device multiplies large square matrices with.

    The best of a few tries, with as many threads as torch uses now: what no training can exceed.
    """
    import torch

    size, tries = (8192, 5) if device.type == "cuda" else (1024, 5)
    one = torch.randn(size, size, device=device, dtype=dtype)
    fastest = float("inf")
    for _ in range(tries):
        _wait(device)
        began = perf_counter()
        one @ one
        _wait(device)
        fastest = min(fastest, perf_counter() - began)
    return 2 * size**3 / fastest


def _wait(device: "torch.device") -> None:
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def peak_memory(device: "torch.device") -> int:
    """Return the most bytes held so far: of the GPU's tensors, or else of the whole process.

    Linux is asked through /proc: a child's `ru_maxrss` starts at its parent's peak there.
    """
    import torch

    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text(encoding="ascii", errors="replace").splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    import resource

    unit = 1 if platform.system() == "Darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


@contextmanager
def enough_memory(device: "torch.device", what: str) -> Iterator[None]:
    """Say, where memory runs out, for what and what to do."""
    import torch

    try:
        yield
    except RuntimeError as error:
        # On a CPU there is no class for it, and mostly the system ends the process instead.
        if not isinstance(error, torch.OutOfMemoryError) and "allocate memory" not in str(error):
            raise
        raise RegistryError(
            f"tuning: {device.type} has no memory for {what}; the last checkpoint is kept"
        ) from None
