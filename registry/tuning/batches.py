"""Rows packed into budgets of tokens: no padding, a fresh order in every epoch.

Rows go, shuffled, into the fullest budget they still fit (best fit). Sorting them first would
fill the last per cent, but put rows of one length, hence of one task, into the same step.
"""

import random
from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from registry.rendering import Rendered

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Packed:
    """Rows laid end to end as one sequence.

    `lengths` are the rows', `positions` restart with each row. `keep` are the places whose next
    token is supervised, `targets` those tokens, `owners` the rows they are in: only there are
    logits computed. `ids` are the rows'. Each row begins with `virtual` places that hold no token.
    """

    tokens: "torch.Tensor"
    positions: "torch.Tensor"
    lengths: tuple[int, ...]
    keep: "torch.Tensor"
    targets: "torch.Tensor"
    owners: "torch.Tensor"
    ids: tuple[str, ...]
    virtual: int = 0

    def summed(self, of_targets: "torch.Tensor") -> "torch.Tensor":
        """Return the sum over each row's targets of one number for each target."""
        return of_targets.new_zeros(len(self.lengths)).index_add(0, self.owners, of_targets)

    def counts(self) -> "torch.Tensor":
        """Return how many targets each row has."""
        return self.owners.bincount(minlength=len(self.lengths))


@dataclass(frozen=True, slots=True)
class Unit:
    """Rows that a loss needs together, and what it knows of them beforehand (`facts`)."""

    rows: tuple[Rendered, ...]
    facts: tuple[float, ...] = ()

    @property
    def tokens(self) -> int:
        """How many tokens its rows have."""
        return sum(len(row.tokens) for row in self.rows)

    @property
    def supervised(self) -> int:
        """How many tokens its rows have in the loss; nothing can be asked to predict a first."""
        return sum(sum(row.labels_mask[1:]) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an optimiser step stands in the data: both counted from 0."""

    epoch: int
    step: int


def best_fit(lengths: Sequence[int], room: int) -> list[list[int]]:
    """Put things of these lengths, in order, into as few bins of `room` as best fit finds.

    >>> best_fit([3, 4, 2, 1], room=5)
    [[0, 2], [1, 3]]
    """
    bins: list[list[int]] = []
    left: list[tuple[int, int]] = []  # (free room, bin) of the bins that still take something
    shortest = min(lengths, default=0)
    for thing, length in enumerate(lengths):
        if not 0 < length <= room:
            raise ValueError(f"length {length} does not fit into {room}")
        where = bisect_left(left, (length, -1))
        if where < len(left):
            free, into = left.pop(where)
        else:
            free, into = room, len(bins)
            bins.append([])
        bins[into].append(thing)
        if free - length >= shortest:
            insort(left, (free - length, into))
    return bins


def epoch_steps(lengths: Sequence[int], room: int, seed: int, epoch: int) -> list[list[int]]:
    """Return the rows of each step of one epoch: every row once, at most `room` tokens a step."""
    order = list(range(len(lengths)))
    random.Random(f"{seed} {epoch}").shuffle(order)
    bins = best_fit([lengths[row] for row in order], room)
    return [[order[thing] for thing in one] for one in bins]


def steps_from(
    start: Place, lengths: Sequence[int], room: int, seed: int
) -> Iterator[tuple[Place, list[int]]]:
    """Yield the rows of each step, epoch after epoch without end, from `start` on."""
    for epoch in count(start.epoch):
        first = start.step if epoch == start.epoch else 0
        planned = epoch_steps(lengths, room, seed, epoch)
        yield from ((Place(epoch, n), planned[n]) for n in range(first, len(planned)))


def pack(
    examples: Sequence[Rendered], device: "torch.device | str" = "cpu", virtual: int = 0
) -> Packed:
    """Lay examples end to end, each after so many virtual places."""
    import torch

    lengths = tuple(virtual + len(example.tokens) for example in examples)
    placeholders, nothing = (0,) * virtual, (False,) * virtual
    tokens = torch.tensor([token for one in examples for token in (*placeholders, *one.tokens)])
    mask = torch.tensor([each for one in examples for each in (*nothing, *one.labels_mask)])
    positions = torch.cat([torch.arange(length) for length in lengths])
    owners = torch.arange(len(lengths)).repeat_interleave(torch.tensor(lengths))
    # Nothing comes before a row's first token, so nothing can be asked to predict it.
    supervised = (mask & (positions > virtual)).nonzero().squeeze(1)
    return Packed(
        tokens[None].to(device),
        positions[None].to(device),
        lengths,
        (supervised - 1).to(device),
        tokens[supervised].to(device),
        owners[supervised].to(device),
        tuple(one.id for one in examples),
        virtual,
    )
