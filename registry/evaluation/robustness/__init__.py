"""Robustness: a benchmark asked in other words, and how far its scores spread.

The survey's sections 7.2 (wording, length and consistency of instructions), 7.3.2 (the order of
demonstrations) and 8.1 (negated instructions). `perturb` makes a variant of a canonical row by
rule, with no model; `write` makes tables of them, and `spread` says what their answers come to.
docs/robustness.md lists every wording.
"""

from registry.evaluation.robustness.perturb import KINDS, MOST, Perturbed, origin_of, perturb
from registry.evaluation.robustness.spread import Spread, read, spread
from registry.evaluation.robustness.tables import Variant, write

__all__ = [
    "KINDS",
    "MOST",
    "Perturbed",
    "Spread",
    "Variant",
    "origin_of",
    "perturb",
    "read",
    "spread",
    "write",
]
