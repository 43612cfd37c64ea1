"""Attention within the rows of a packed sequence and never across them."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from inspect import signature
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

from registry.errors import RegistryError
from registry.virtual import Start

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


@contextmanager
def plain(model: Any) -> Iterator[None]:
    """Give a model its usual attention back for a while, to generate with."""
    model.set_attn_implementation("sdpa")
    try:
        yield
    finally:
        model.set_attn_implementation(NAME)


def attend(
    module: Any,
    query: "torch.Tensor",
    key: "torch.Tensor",
    value: "torch.Tensor",
    attention_mask: None,
    *,
    row_lengths: tuple[int, ...],
    start: Start | None = None,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **_: Any,
) -> "tuple[torch.Tensor, None]":
    """Attend causally within each row; tensors are (1, heads, tokens, size).

    Every row also sees the keys and values it starts from, if there are any. On CUDA in bfloat16
    all rows go through one kernel. Elsewhere one call a row: a mask over the whole sequence costs
    the square of its length and loses by far on a CPU.
    """
    import torch

    if softcap is not None or (sliding_window is not None and max(row_lengths) > sliding_window):
        raise RegistryError(
            "model: its attention has a soft cap, or a window shorter than the longest row; "
            "lower max_tokens to the window, or tune a model without"
        )
    fast = query.is_cuda and query.dtype == torch.bfloat16 and not dropout and start is None
    if fast and _has_one_kernel():
        return _one_kernel(query, key, value, row_lengths, scaling), None
    # On a CPU the backward pass of a row of 64 tokens takes 0.5 ms in float32 and 1.3 ms in
    # bfloat16, a quarter of a whole step's time (9 heads of 64, torch 2.13).
    wide = torch.float32 if query.device.type == "cpu" else query.dtype
    q, k, v = query.to(wide), key.to(wide), value.to(wide)
    before = start[module.layer_idx] if start else None
    done = [
        _attend_row(
            q[:, :, first:end], k[:, :, first:end], v[:, :, first:end], before, dropout, scaling
        )
        for first, end in pairwise(accumulate(row_lengths, initial=0))
    ]
    return torch.cat(done, dim=2).transpose(1, 2).to(query.dtype), None


def _attend_row(
    query: "torch.Tensor",
    key: "torch.Tensor",
    value: "torch.Tensor",
    before: "tuple[torch.Tensor, torch.Tensor] | None",
    dropout: float,
    scaling: float | None,
) -> "torch.Tensor":
    import torch

    mask = None
    if before is not None:
        keys, values = (each.to(key.dtype) for each in before)
        length, seen = query.shape[2], keys.shape[2]
        key, value = torch.cat([keys, key], dim=2), torch.cat([values, value], dim=2)
        # Of a query and more keys, `is_causal` would align the first of both, not the last.
        mask = query.new_ones(length, seen + length, dtype=torch.bool).tril(seen)
    return torch.nn.functional.scaled_dot_product_attention(
        query,
        key,
        value,
        attn_mask=mask,
        dropout_p=dropout,
        is_causal=mask is None,
        scale=scaling,
        enable_gqa=True,
    )


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
