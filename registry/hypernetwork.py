"""A network that reads an instruction and gives the low-rank adapters to follow it with.

The survey's section 5.3 (Hypter, Ye and Ren, 2021; HINT, Ivison et al., 2023): the model itself
stays as it is, and an instruction is encoded once, however many inputs follow it. The encoding is
the mean of the model's own last hidden states over it; an inner layer, a vector for each of the
model's layers, and two heads for each kind of matrix make the adapters of it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.canonical import Message
from registry.cards.tuning import Hypernetwork
from registry.files import write_json

if TYPE_CHECKING:
    import torch

FOLDER = "hypernetwork"
_CONFIG, _TENSORS = "config.json", "model.safetensors"
LONGEST = 512
"""Tokens of an instruction that are read."""


@dataclass(frozen=True, slots=True)
class Network:
    """The switches, and the tensors in float32 by name."""

    settings: Hypernetwork
    tensors: "Mapping[str, torch.Tensor]"


def instruction_of(messages: Sequence[Message]) -> str:
    """Return the part of a conversation that says what to do: its system's turn, or its last."""
    told = [one.content for one in messages if one.role == "system"]
    return told[0] if told else messages[-1].content


def without_instruction(messages: Sequence[Message], settings: Hypernetwork) -> tuple[Message, ...]:
    """Return what the model itself is shown of a conversation."""
    if settings.instruction == "kept":
        return tuple(messages)
    return tuple(one for one in messages if one.role != "system")


def begin(model: Any, settings: Hypernetwork) -> Network:
    """Draw a network from torch's generator; its adapters change nothing yet."""
    import torch

    def drawn(*shape: int, of: int) -> "torch.nn.Parameter":
        made = torch.randn(*shape, device=model.device) / sqrt(of)
        return torch.nn.Parameter(made)

    width, size = model.config.hidden_size, settings.size
    tensors = {
        "inner": drawn(size, width, of=width),
        "layers": drawn(model.config.num_hidden_layers, size, of=1),
    }
    for target, (layers, one) in sorted(_modules(model, settings).items()):
        assert len(layers) == model.config.num_hidden_layers
        low, high = one.in_features, one.out_features
        tensors[f"{target}.down"] = drawn(settings.rank * low, size, of=size * low)
        up = torch.zeros(high * settings.rank, size, device=model.device)
        tensors[f"{target}.up"] = torch.nn.Parameter(up)
    return Network(settings, tensors)


def encode(model: Any, tokenizer: Any, instructions: Sequence[str]) -> "torch.Tensor":
    """Return what the model makes of each instruction, (instructions, width), each of length 1."""
    import torch

    found = []
    with torch.inference_mode():
        for text in instructions:
            ids = tokenizer(text, add_special_tokens=False)["input_ids"][:LONGEST]
            ids = ids or [tokenizer.eos_token_id]
            states = model.base_model(torch.tensor([ids], device=model.device)).last_hidden_state
            found.append(states[0].float().mean(0))
    # A clone, as what was made in inference cannot be learned through.
    return torch.nn.functional.normalize(torch.stack(found), dim=1).clone()


def adapters(network: Network, encoded: "torch.Tensor", model: Any) -> Any:
    """Return adapters by module: down (instructions, rank, in) and up (instructions, out, rank)."""
    import torch

    tensors, rank = network.tensors, network.settings.rank
    seen = sqrt(encoded.shape[1]) * encoded @ tensors["inner"].T
    inner = torch.nn.functional.gelu(seen[:, None] + tensors["layers"][None])
    made: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
    for target, (names, _) in _modules(model, network.settings).items():
        down, up = (inner @ tensors[f"{target}.{part}"].T for part in ("down", "up"))
        for at, name in enumerate(names):
            low = down[:, at].reshape(len(encoded), rank, -1)
            made[name] = low, up[:, at].reshape(len(encoded), -1, rank)
    return made


@contextmanager
def acting(
    model: Any, network: Network, made: Any, spans: Sequence[tuple[int, int]]
) -> Iterator[None]:
    """Let adapters act for a while.

    `spans` says which instruction each stretch of a packed sequence follows: its length in tokens
    and the instruction's number. Without spans, all follow the first.
    """
    scale = network.settings.alpha / network.settings.rank
    hooks = []
    for name, (down, up) in made.items():
        hook = _hook(down, up, scale, _joined(spans))
        hooks.append(model.get_submodule(name).register_forward_hook(hook))
    try:
        yield
    finally:
        for one in hooks:
            one.remove()


def _hook(down: Any, up: Any, scale: float, spans: Sequence[tuple[int, int]]) -> Any:
    import torch

    def added(given: "torch.Tensor", at: int) -> "torch.Tensor":
        low = given @ down[at].to(given.dtype).T
        made: torch.Tensor = scale * (low @ up[at].to(given.dtype).T)
        return made

    def act(module: Any, given: "tuple[torch.Tensor]", out: "torch.Tensor") -> "torch.Tensor":
        (read,) = given
        if not spans:
            return out + added(read, 0)
        parts = torch.split(read, [length for length, _ in spans], dim=1)
        made = [added(part, at) for part, (_, at) in zip(parts, spans, strict=True)]
        return out + torch.cat(made, dim=1)

    return act


def _joined(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join neighbours that follow one instruction.

    >>> _joined([(3, 0), (4, 0), (2, 1)])
    [(7, 0), (2, 1)]
    """
    joined: list[tuple[int, int]] = []
    for length, at in spans:
        if joined and joined[-1][1] == at:
            joined[-1] = (joined[-1][0] + length, at)
        else:
            joined.append((length, at))
    return joined


def write(folder: Path, network: Network) -> None:
    """Write a network."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: each.detach().cpu().contiguous() for name, each in network.tensors.items()}
    save_file(tensors, folder / _TENSORS)
    write_json(folder / _CONFIG, asdict(network.settings))


def tensors_of(model_folder: Path) -> Path | None:
    """Return the file of a model's network; None if the model has none."""
    found = model_folder / FOLDER / _TENSORS
    return found if found.is_file() else None


def read(model_folder: Path, model: Any) -> Network | None:
    """Return the network of a model's folder; None if it has none."""
    from safetensors import safe_open

    file = tensors_of(model_folder)
    if file is None:
        return None
    given = json.loads((file.parent / _CONFIG).read_text(encoding="utf-8"))
    settings = Hypernetwork(**given | {"targets": tuple(given["targets"])})
    with safe_open(file, "pt") as opened:
        names = list(opened.keys())
        return Network(settings, {name: opened.get_tensor(name).to(model.device) for name in names})


def _modules(model: Any, settings: Hypernetwork) -> dict[str, tuple[list[str], Any]]:
    """Return, for each target, the names of its modules in order of layers, and one of them."""
    found: dict[str, tuple[list[str], Any]] = {}
    for name, module in model.named_modules():
        target = name.rpartition(".")[2]
        if target in settings.targets:
            found.setdefault(target, ([], module))[0].append(name)
    return found
