"""What is trained: float32 weights that the optimiser moves, and the model's own copies of them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.cards.tuning import Lora, Tune
from registry.checkpoints import quiet
from registry.errors import RegistryError

if TYPE_CHECKING:
    import torch


_NOISE = 1 << 20


@dataclass(frozen=True, slots=True)
class Trained:
    """The trained tensors by name: `masters` in float32, `own` inside the model.

    They are the same tensors unless the model is in bfloat16 throughout. That is preferred to
    autocast over float32 weights: 8 % to 15 % more tokens a second on one core (SmolLM2-135M),
    and autocast rounds to the nearest, which hides small changes of the weights from the model.
    """

    names: tuple[str, ...]
    own: "tuple[torch.Tensor, ...]"
    masters: "tuple[torch.Tensor, ...]"


def check_targets(model: Any, targets: Sequence[str], name: str) -> None:
    """Refuse adapters for layers that are not there: PEFT looks for one of them to be, not all."""
    import torch

    there = {path.rpartition(".")[2]: module for path, module in model.named_modules()}
    if absent := [one for one in targets if one.rpartition(".")[2] not in there]:
        linear = sorted(n for n, each in there.items() if isinstance(each, torch.nn.Linear))
        raise RegistryError(
            f"{name}: it has no layer named {', '.join(absent)}; "
            f"say as targets which to adapt of {', '.join(linear)}"
        )


def add_adapters(model: Any, lora: Lora, base: Path) -> Any:
    """Freeze a model and give it new LoRA adapters in float32."""
    try:
        from peft import LoraConfig, get_peft_model
    except ModuleNotFoundError:
        raise RegistryError("method lora: it needs the package 'peft'; install it") from None
    given = asdict(lora)
    made = LoraConfig(
        r=given["rank"],
        lora_alpha=given["alpha"],
        lora_dropout=given["dropout"],
        target_modules=list(given["targets"]),
        use_dora=given["dora"],
        task_type="CAUSAL_LM" if hasattr(model, "lm_head") else None,
    )
    with quiet():
        adapted = get_peft_model(model, made)
    # A published adapter names its base by id, not by a folder of the machine it was made on.
    adapted.peft_config["default"].base_model_name_or_path = base.name
    return adapted


def trained(found: "Sequence[tuple[str, torch.Tensor]]") -> Trained:
    """Return what is trained, by name, with float32 masters where the model's own are shorter."""
    import torch

    own = tuple(each for _, each in found)
    masters = tuple(
        each if each.dtype == torch.float32 else each.detach().float().clone() for each in own
    )
    return Trained(tuple(name for name, _ in found), own, masters)


def gather(weights: Trained) -> None:
    """Add the gradients of one backward pass to the masters', in float32."""
    for own, master in zip(weights.own, weights.masters, strict=True):
        if own is not master and own.grad is not None:
            fresh = own.grad.float()
            master.grad = fresh if master.grad is None else master.grad.add_(fresh)
            own.grad = None


def publish(weights: Trained, seed: int, step: int) -> None:
    """Give the model the masters' values, as of a step, rounded up or down at random.

    The noise depends on seed and step alone, so that a resumed run computes with the same weights
    as one that was never stopped. It is drawn once and read from another place for each tensor:
    to draw it for each, as `round_to_bf16` does, took a tenth of a step on a CPU.
    """
    import torch

    noise = torch.Generator().manual_seed(seed * 1_000_003 + step)
    drawn = torch.randint(0, 1 << 16, (2 * _NOISE,), dtype=torch.int32, generator=noise)
    drawn = drawn.to(weights.own[0].device)
    with torch.no_grad():
        for number, (own, master) in enumerate(zip(weights.own, weights.masters, strict=True)):
            if own is not master:
                start = number * 7919 % _NOISE
                _round_into(own, master, drawn[start : start + _NOISE])


def _round_into(own: "torch.Tensor", master: "torch.Tensor", noise: "torch.Tensor") -> None:
    """Round float32 into bfloat16 by noise of 16 bits, used again along the tensor."""
    import torch

    room = torch.empty_like(noise)
    bits = torch.split(master.detach().view(torch.int32).view(-1), _NOISE)
    kept = torch.split(own.view(torch.int16).view(-1), _NOISE)
    for part, to in zip(bits, kept, strict=True):
        moved = torch.add(part, noise[: len(part)], out=room[: len(part)])
        # bfloat16 is the upper half of a float32: a carry out of the lower half rounds up.
        to.copy_(moved.bitwise_right_shift_(16))


def unite(model: Any, weights: Trained) -> Any:
    """Put the masters into the model in place of its own rounded copies."""
    for own, master in zip(weights.own, weights.masters, strict=True):
        own.data = master.data
    return model


def adamw(weights: Trained, settings: Tune) -> "torch.optim.AdamW":
    """Return AdamW with decoupled decay on matrices, not on norms and biases."""
    import torch

    def group(each: "Sequence[torch.Tensor]", decay: float) -> dict[str, Any]:
        return {"params": list(each), "weight_decay": decay}

    matrices = [each for each in weights.masters if each.dim() >= 2]
    others = [each for each in weights.masters if each.dim() < 2]
    groups = [group(matrices, settings.weight_decay), group(others, 0.0)]
    return torch.optim.AdamW(
        [each for each in groups if each["params"]], lr=settings.learning_rate, fused=True
    )
