"""The 25 instruction types of IFEval.

Zhou et al., "Instruction-Following Evaluation for Large Language Models" (2023); reference:
`instruction_following_eval` of google-research/google-research, which lm-evaluation-harness
carries. M-IFEval's own English ids are the same behind an `en:`.
"""

from functools import partial

from registry.evaluation.instructions import checks
from registry.evaluation.instructions.kinds import (
    Instruction,
    Kind,
    count,
    letter,
    relation,
    stripped,
    text,
    texts,
)

MARKERS = {"P.P.S": r"p\.\s?p\.\s?s", "P.S.": r"p\.\s?s\."}
"""The postscript markers that may be spaced, as the reference looks for them."""

_OPTIONS = ("My answer is yes.", "My answer is no.", "My answer is maybe.")


def common(compare: Kind) -> dict[str, Instruction]:
    """Return the instructions that are checked alike in English, French and Spanish."""
    return {
        "keywords:existence": Instruction(checks.existence, {"keywords": texts}),
        "keywords:forbidden_words": Instruction(checks.forbidden_words, {"forbidden_words": texts}),
        "keywords:frequency": Instruction(
            checks.frequency, {"keyword": stripped, "frequency": count, "relation": compare}
        ),
        "keywords:letter_frequency": Instruction(
            checks.letter_frequency,
            {"letter": letter, "let_frequency": count, "let_relation": compare},
        ),
        "language:response_language": Instruction(checks.response_language, {"language": text}),
        "length_constraints:number_paragraphs": Instruction(
            checks.number_paragraphs, {"num_paragraphs": count}
        ),
        "length_constraints:nth_paragraph_first_word": Instruction(
            checks.nth_paragraph_first_word,
            {"num_paragraphs": count, "nth_paragraph": position, "first_word": text},
        ),
        "detectable_content:number_placeholders": Instruction(
            checks.number_placeholders, {"num_placeholders": count}, frozenset({"relation"})
        ),
        "detectable_format:number_highlighted_sections": Instruction(
            checks.number_highlighted_sections,
            {"num_highlights": count},
            frozenset({"relation"}),
        ),
        "detectable_format:multiple_sections": Instruction(
            checks.multiple_sections,
            {"section_spliter": stripped, "num_sections": count},
            frozenset({"relation"}),
        ),
        "detectable_format:json_format": Instruction(checks.json_format),
        "combination:two_responses": Instruction(checks.two_responses),
        "combination:repeat_prompt": Instruction(checks.repeat_prompt, {"prompt_to_repeat": text}),
        "startend:end_checker": Instruction(checks.end_checker, {"end_phrase": stripped}),
        "startend:quotation": Instruction(checks.quotation),
        "punctuation:no_comma": Instruction(checks.no_comma),
    }


def counted(compare: Kind) -> dict[str, Instruction]:
    """Return the instructions that count sentences, words and bullets as NLTK does."""
    return {
        "length_constraints:number_sentences": Instruction(
            checks.number_sentences, {"num_sentences": count, "relation": compare}
        ),
        "length_constraints:number_words": Instruction(
            checks.number_words, {"num_words": count, "relation": compare}
        ),
        "detectable_format:number_bullet_lists": Instruction(
            checks.number_bullet_lists, {"num_bullets": count}
        ),
        "change_case:capital_word_frequency": Instruction(
            checks.capital_word_frequency,
            {"capital_frequency": count, "capital_relation": compare},
        ),
    }


def position(value: object) -> int:
    """Read a place in an order that begins with 1."""
    if not (at := count(value)):
        raise ValueError("is 0, and counting begins with 1")
    return at


_COMPARE = relation(fewer="less than", at_least="at least")

INSTRUCTIONS = {
    **common(_COMPARE),
    **counted(_COMPARE),
    "detectable_content:postscript": Instruction(
        partial(checks.postscript, spaced=MARKERS), {"postscript_marker": stripped}
    ),
    "detectable_format:constrained_response": Instruction(
        partial(checks.constrained_response, options=_OPTIONS)
    ),
    "detectable_format:title": Instruction(partial(checks.title, marks=("<<", ">>"))),
    "change_case:english_capital": Instruction(checks.capital),
    "change_case:english_lowercase": Instruction(checks.lowercase),
}
"""Every instruction type of IFEval by its id."""
