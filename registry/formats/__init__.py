"""Native formats: one module each, and the dict that names them.

Others pass `formats=FORMATS | {"mine": read}` to `convert`.
"""

from collections.abc import Mapping

from registry.formats import alpaca, dolly, natural_instructions, openai_evals
from registry.formats.native import Format, Unusable

__all__ = ["FORMATS", "Format", "Unusable"]

FORMATS: Mapping[str, Format] = {
    "alpaca": alpaca.read,
    "dolly": dolly.read,
    "natural-instructions": natural_instructions.read,
    "openai-evals": openai_evals.read,
}
