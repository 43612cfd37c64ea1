"""Attention within the rows of a packed sequence and never across them."""

from functools import cache
from inspect import signature
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

from registry.errors import RegistryError

if TYPE_CHECKING:
    import torch

NAME = "within_rows"


def use(model: Any) -> None:
    """Make a model attend within rows; its forward then needs `row_lengths`.

    transformers builds no mask for an attention that it has none registered for, and hands
    keyword arguments of the model's forward on to the attention as they are.
    """
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, attend)
    model.set_attn_implementation(NAME)


def attend(
    module: Any,
    query: "torch.Tensor",
    key: "torch.Tensor",
    value: "torch.Tensor",
    attention_mask: None,
    *,
    row_lengths: tuple[int, ...],
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **_: Any,
) -> "tuple[torch.Tensor, None]":
    """Attend causally within each row; tensors are (1, heads, tokens, size).

    On CUDA in bfloat16 all rows go through one kernel. Elsewhere one call a row: a mask
    over the whole sequence costs the square of its length and loses by far on a CPU.
    """
    import torch

    if softcap is not None or (sliding_window is not None and max(row_lengths) > sliding_window):
        raise RegistryError(
            "model: its attention has a soft cap, or a window shorter than the longest row; "
            "lower max_tokens to the window, or tune a model without"
        )
    if query.is_cuda and query.dtype == torch.bfloat16 and not dropout and _has_one_kernel():
        return _one_kernel(query, key, value, row_lengths, scaling), None
    # On a CPU the backward pass of a row of 64 tokens takes 0.5 ms in float32 and 1.3 ms in
    # bfloat16, a quarter of a whole step's time (9 heads of 64, torch 2.13).
    wide = torch.float32 if query.device.type == "cpu" else query.dtype
    q, k, v = query.to(wide), key.to(wide), value.to(wide)
    done = [
        torch.nn.functional.scaled_dot_product_attention(
            q[:, :, start:end],
            k[:, :, start:end],
            v[:, :, start:end],
            dropout_p=dropout,
            is_causal=True,
            scale=scaling,
            enable_gqa=True,
        )
        for start, end in pairwise(accumulate(row_lengths, initial=0))
    ]
    return torch.cat(done, dim=2).transpose(1, 2).to(query.dtype), None


@cache
def _has_one_kernel() -> bool:
    try:
        from torch.nn.attention.varlen import varlen_attn
    except ImportError:
        return False
    return {"window_size", "enable_gqa"} <= signature(varlen_attn).parameters.keys()


def _one_kernel(
    query: "torch.Tensor",
    key: "torch.Tensor",
    value: "torch.Tensor",
    lengths: tuple[int, ...],
    scaling: float | None,
) -> "torch.Tensor":
    import torch
    from torch.nn.attention.varlen import varlen_attn

    ends = torch.tensor(list(accumulate(lengths, initial=0)), device=query.device).int()
    done = varlen_attn(
        query[0].transpose(0, 1).contiguous(),
        key[0].transpose(0, 1).contiguous(),
        value[0].transpose(0, 1).contiguous(),
        cu_seq_q=ends,
        cu_seq_k=ends,
        max_q=max(lengths),
        max_k=max(lengths),
        scale=scaling,
        window_size=(-1, 0),
        enable_gqa=True,
    )
    assert isinstance(done, torch.Tensor)
    return done[None]
