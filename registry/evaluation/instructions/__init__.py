"""Verifiable instructions: whether an answer follows what its prompt asks for, told by program.

IFEval, IFBench and M-IFEval in Spanish, French and Japanese, written anew from their published
definitions. `check` gives a verdict for one record and its answer, `summary` folds verdicts,
`chains` scores dialogues and levels. docs/instructions.md lists every known difference.
"""

from registry.evaluation.instructions.kinds import MODES, Mode
from registry.evaluation.instructions.verdicts import (
    KNOWN,
    SCORERS,
    Accuracy,
    Item,
    Level,
    Verdict,
    check,
    item,
    known,
    summary,
)

__all__ = [
    "KNOWN",
    "MODES",
    "SCORERS",
    "Accuracy",
    "Item",
    "Level",
    "Mode",
    "Verdict",
    "check",
    "item",
    "known",
    "summary",
]
