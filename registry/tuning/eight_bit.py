"""Linear layers that multiply in 8 bits.

Micikevicius et al., "FP8 Formats for Deep Learning" (2022): weights and activations as e4m3, which
has more digits, gradients as e5m2, which has more range. A tensor is divided by one scale, so that
its largest magnitude of that moment is the format's; products are added up in float32 and come back
in bfloat16. Every device that multiplies fp8 takes one scale a tensor, while one a row or a block
is a matter of the GPU's generation. The scale makes what comes of a row depend, by about fp8's
rounding, on the rows that it is packed with.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional

from registry.errors import RegistryError

_WEIGHTS, _GRADIENTS = torch.float8_e4m3fn, torch.float8_e5m2
# What a GPU wants the sizes of matrices to be multiples of.
_MULTIPLE = 16
# Below it a scale would lose digits, and be 0 in the end.
_SMALLEST = torch.finfo(torch.float32).tiny


def use(model: Any) -> None:
    """Make the linear layers inside a model's decoder layers multiply in fp8.

    They stay where they are, with the weights that they have. Embeddings, norms, attention's own
    products and the head are left alone.
    """
    if not hasattr(functional, "scaled_mm"):
        raise RegistryError(
            f"precision 'fp8': torch {torch.__version__} has no scaled_mm; install a newer one, "
            "or use 'bf16'"
        )
    kinds = set(model._no_split_modules or ())
    layers = [each for each in model.modules() if type(each).__name__ in kinds]
    found = [
        (name, each)
        for layer in layers
        for name, each in layer.named_modules()
        if type(each) is torch.nn.Linear
    ]
    if not found:
        raise RegistryError("precision 'fp8': the model has no layers known here; use 'bf16'")
    for name, each in found:
        out, given = each.weight.shape
        if out % _MULTIPLE or given % _MULTIPLE:
            raise RegistryError(
                f"precision 'fp8': {name} is {out} x {given}, and only multiples of {_MULTIPLE} "
                "can be multiplied so; use 'bf16'"
            )
    for _, each in found:
        each.__class__ = _EightBit


def product(
    given: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None
) -> torch.Tensor:
    """Return given @ weight.T + bias, multiplied in fp8, and its gradients likewise.

    `given` is (..., in) of any number of rows, `weight` (out, in), all in bfloat16.
    """
    found: torch.Tensor = _Product.apply(given, weight)  # type: ignore[no-untyped-call]
    return found if bias is None else found + bias


class _EightBit(torch.nn.Linear):
    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return product(input.to(torch.bfloat16), self.weight, self.bias)


@dataclass(frozen=True, slots=True)
class _Narrow:
    """A matrix in fp8, to be multiplied by its scale."""

    values: torch.Tensor
    scale: torch.Tensor

    @property
    def turned(self) -> "_Narrow":
        return _Narrow(self.values.T.contiguous(), self.scale)


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, given: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        one, other = _narrow(_rows(given), _WEIGHTS), _narrow(weight, _WEIGHTS)
        # The weight is made narrow again in the backward pass: its own memory is there anyway, and
        # of a weight that is split over processes the whole must not outlive the layer's turn.
        ctx.save_for_backward(one.values, one.scale, weight, other.scale)
        ctx.shape = given.shape
        return _shaped(_multiply(one, other), (*given.shape[:-1], len(weight)))

    @staticmethod
    def backward(ctx: Any, slope: torch.Tensor) -> Any:
        values, scale, weight, weight_scale = ctx.saved_tensors
        given = _Narrow(values, scale)
        other = _Narrow(_divided(weight, weight_scale, _WEIGHTS), weight_scale)
        slopes = _narrow(_rows(slope), _GRADIENTS)
        of_given = _multiply(slopes, other.turned)
        of_weight = _multiply(slopes.turned, given.turned)
        return _shaped(of_given, ctx.shape), of_weight


def _multiply(one: _Narrow, other: _Narrow) -> torch.Tensor:
    """Return one @ other.T, which is how matrices have to lie in memory."""
    whole = functional.ScalingType.TensorWise
    return functional.scaled_mm(
        one.values,
        other.values.T,
        one.scale,
        whole,
        other.scale,
        whole,
        output_dtype=torch.bfloat16,
    )


def _narrow(values: torch.Tensor, kind: torch.dtype) -> _Narrow:
    largest = values.abs().amax().float()
    scale = (largest / torch.finfo(kind).max).clamp(min=_SMALLEST)
    return _Narrow(_divided(values, scale, kind), scale)


def _divided(values: torch.Tensor, scale: torch.Tensor, kind: torch.dtype) -> torch.Tensor:
    # In float32: rounded to bfloat16 first, a value could end on the wrong side of a tie.
    return (values.float() / scale).to(kind)


def _rows(values: torch.Tensor) -> torch.Tensor:
    """Return a matrix of rows, with zeros after them up to a number that can be multiplied."""
    flat = values.flatten(0, -2)
    return functional.pad(flat, (0, 0, 0, -len(flat) % _MULTIPLE))


def _shaped(rows: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    """Take off the rows that were added, and give the others a tensor's shape."""
    count = torch.Size(shape[:-1]).numel()
    return rows[:count].view(shape)
