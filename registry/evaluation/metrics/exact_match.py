"""Exact match, as the scorer of Super-NaturalInstructions counts it.

Wang et al., "Super-NaturalInstructions" (2022); reference: `eval/automatic/evaluation.py` of
allenai/natural-instructions. Case, ASCII punctuation and the amount of white space do not count,
articles do. As there, two texts that are nothing but punctuation match.
"""

from collections.abc import Sequence

from registry.evaluation.metrics.text import normalise

VERSION = "1"


def exact_match(answer: str, references: Sequence[str]) -> float:
    """Score 1.0 when the normalised answer equals any normalised reference, else 0.0.

    >>> exact_match(" paris.", ["Paris", "City of Paris"])
    1.0
    """
    if not references:
        raise ValueError("an answer cannot match when there is no reference")
    normalised = normalise(answer)
    return float(any(normalise(reference) == normalised for reference in references))
