"""BIG-Bench Hard: the answer in an output, and whether it is the right one.

Suzgun et al., "Challenging BIG-Bench Tasks and Whether Chain-of-Thought Can Solve Them" (2022),
section 3: exact match of the answer after "the answer is" (chain of thought), or of the whole
output (answer only). Shapes: `cot-prompts/` and `code-davinci-002-outputs/` of
suzgunmirac/BIG-Bench-Hard, whose files hold `{"outputs": [{"input", "prediction", "target"}]}`
(JSON Lines of the same objects in an earlier commit), each input being the prompt with its
examples. All 27 tasks are compared alike; targets are option letters as in `(B)`, words of one
case (`True`, `Yes`, `no`, `valid`), numbers, closing brackets or sorted words.

An output that goes on with a question of its own (`Q:`) is cut there. Of several "answer is" the
last counts, up to the end of its line, without one full stop. A lettered option that is spelt out,
`(B) The raven`, is `(B)`. A chain of thought that reaches no answer is taken whole, and so is
right only where it is nothing but the answer.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from registry.errors import RegistryError
from registry.evaluation.metrics.text import plain

VERSION = "1"

Style = Literal["direct", "cot"]

_GOES_ON = "\n\nQ:"
_LEAD = "answer is"
_OPTION = re.compile(r"(\([A-Z]\))(?=[\s.,:;]|$)")


@dataclass(frozen=True, slots=True)
class Output:
    """One line of a published file: the question alone, what came back, what was wanted."""

    question: str
    prediction: str
    target: str


def extract(output: object, style: Style) -> str:
    """Return the answer that an output gives.

    >>> extract("Four legs each, 3 * 4 = 12. So the answer is 12.", "cot")
    '12'
    >>> extract(" (B)", "direct")
    '(B)'
    """
    if style not in ("direct", "cot"):
        raise RegistryError(f"bbh: style '{style}' is not known here; use direct or cot")
    text = plain(output).strip().partition(_GOES_ON)[0]
    if style == "cot":
        text = text.rpartition(_LEAD)[2]
    line = text.strip().partition("\n")[0].strip()
    answer = line.removesuffix(".").rstrip()
    option = _OPTION.match(answer)
    return option[1] if option else answer


def bbh_exact_match(output: object, target: str, style: Style = "cot") -> float:
    """Score 1.0 when the answer in the output is the target, to the letter, else 0.0.

    >>> bbh_exact_match("The raven is leftmost. So the answer is (A).", "(A)")
    1.0
    """
    return float(extract(output, style) == target.strip())


def outputs(values: Iterable[Any]) -> Iterator[Output]:
    """Yield the answers of a published file, given as its JSON value or those of its lines."""
    for value in values:
        many = value.get("outputs") if isinstance(value, Mapping) else None
        for one in [value] if many is None else many:
            try:
                asked, target = one["input"], one["target"]
                prediction = one["prediction"]
            except (KeyError, TypeError) as error:
                raise RegistryError(
                    f"bbh: an output has no {error}; it needs input, prediction and target"
                ) from error
            yield Output(question_of(asked), plain(prediction), plain(target))


def question_of(prompt: str) -> str:
    """Return the question that a prompt with examples ends with, as the benchmark's `input`.

    >>> question_of("Sort a list.\\n\\nQ: b a\\nA: a b\\n\\nQ: d c\\nA: Let's think step by step.")
    'd c'
    """
    last = prompt.rpartition("\n\nQ: ")[2].removeprefix("Q: ")
    return last.rpartition("\nA:")[0] or last
