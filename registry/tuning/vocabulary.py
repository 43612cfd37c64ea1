"""The log-probability of each target, without the logits of all of them at once.

The logits of a long batch over a large vocabulary take more memory than all else of a step. What
the backward pass needs of them is one number a target: they are multiplied again there, a chunk at
a time (the idea of cut cross-entropy; Wijmans et al., 2024). That costs time on a CPU, so it is for
batches whose logits would be large.
"""

from typing import Any

import torch

CHUNK = 1024
"""Targets at once."""
LARGE = 1 << 29
"""Bytes of logits in float32 from which on they are made in chunks."""


class _LogProbability(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor
    ) -> torch.Tensor:
        found = hidden.new_empty(len(targets), dtype=torch.float32)
        sums = torch.empty_like(found)
        for part in _parts(hidden):
            logits = (hidden[part] @ weight.T).float()
            sums[part] = torch.logsumexp(logits, 1)
            found[part] = logits.gather(1, targets[part, None])[:, 0] - sums[part]
        ctx.save_for_backward(hidden, weight, targets, sums)
        return found

    @staticmethod
    def backward(ctx: Any, given: torch.Tensor) -> Any:
        hidden, weight, targets, sums = ctx.saved_tensors
        of_hidden = torch.empty_like(hidden)
        of_weight = None
        if ctx.needs_input_grad[1]:
            of_weight = torch.zeros(weight.shape, dtype=torch.float32, device=weight.device)
        for part in _parts(hidden):
            # The gradient of a logit is given x (1 if it is the target's - its probability).
            logits = (hidden[part] @ weight.T).float()
            slope = torch.exp(logits.sub_(sums[part, None])).mul_(-given[part, None])
            slope.scatter_add_(1, targets[part, None], given[part, None])
            slope = slope.to(hidden.dtype)
            of_hidden[part] = slope @ weight
            if of_weight is not None:
                of_weight += slope.T @ hidden[part]
        return of_hidden, None if of_weight is None else of_weight.to(weight.dtype), None


def log_probability(
    hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor
) -> torch.Tensor:
    """Return log softmax(hidden @ weight.T) at the targets, (targets,), in float32.

    `hidden` is (targets, width) and `weight` (vocabulary, width), of one type.
    """
    found: torch.Tensor = _LogProbability.apply(hidden, weight, targets)  # type: ignore[no-untyped-call]
    return found


def _parts(hidden: torch.Tensor) -> list[slice]:
    return [slice(first, first + CHUNK) for first in range(0, len(hidden), CHUNK)]
