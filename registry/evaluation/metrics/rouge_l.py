"""ROUGE-L, as the scorer of Super-NaturalInstructions computes it.

Lin, "ROUGE" (2004), section 3.1; reference: `rouge_score.RougeScorer(["rougeL"],
use_stemmer=True)`, the F-measure of the longest common subsequence of tokens, the best over the
references. Scores are equal to the last bit.

Only ASCII letters and digits make tokens, so an answer in Chinese or Arabic scores 0 even where it
equals the reference. The cross-lingual track of Super-NaturalInstructions tokenises with GPT-2's
vocabulary instead; that variant is in `super_ni`. Precision, recall and the other ROUGEs are in
`rouge`.
"""

from collections.abc import Sequence

from registry.evaluation.metrics.subsequence import common_subsequence
from registry.evaluation.metrics.text import reference_tokens, tokens

VERSION = "1"


def rouge_l(answer: str, references: Sequence[str]) -> float:
    """Score the longest common subsequence with the nearest reference, from 0.0 to 1.0.

    >>> rouge_l("the cat sat", ["a dog", "the cat is sitting"])
    0.5714285714285715
    """
    if not references:
        raise ValueError("an answer has no overlap when there is no reference")
    found = tokens(answer)
    return max(_f_measure(found, reference_tokens(reference)) for reference in references)


def _f_measure(answer: Sequence[str], reference: Sequence[str]) -> float:
    common = common_subsequence(answer, reference)
    if not common:
        return 0.0
    precision, recall = common / len(answer), common / len(reference)
    return 2 * precision * recall / (precision + recall)
