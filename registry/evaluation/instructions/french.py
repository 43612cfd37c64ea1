"""M-IFEval's instruction types in French.

Dussolle et al., "M-IFEval: Multilingual Instruction-Following Evaluation" (2025); reference:
`instructions/fr_instructions.py` of lightblue-tech/M-IFEval.
"""

import re
import unicodedata
from functools import partial
from itertools import islice

from registry.evaluation.instructions import checks
from registry.evaluation.instructions.ifeval import MARKERS, common, counted
from registry.evaluation.instructions.kinds import (
    Arguments,
    Instruction,
    Mode,
    count,
    pairs,
    relation,
    stripped,
    text,
)

_ACCENTED = frozenset("àáâãäåçèéêëìíîïñòóôõöùúûüýÿÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝ")
_YOU = re.compile(r"\b(?:tu|te|t'\b|toi|ton|ta|tes)\b|\bt'\b", re.IGNORECASE)
_FORMAL = re.compile(r"\b(?:vous|votre|vos)\b", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"\w+")
_QUOTES = (('"', '"'), ("'", "'"), ("«", "»"))
_OPTIONS = ("Oui.", "Non.", "Peut-être.")


def bare(word: str, most: int | None = None) -> str:
    """Return the word without its accents, or its first letters.

    >>> bare("leçon"), bare("leçon", 3)
    ('lecon', 'lec')
    """
    parts = (part for one in word for part in unicodedata.normalize("NFKD", one))
    return "".join(islice((one for one in parts if not unicodedata.combining(one)), most))


def accents(answer: str, given: Arguments, mode: Mode) -> bool:
    """Every word of the list that is there bears its accents; `fixed` wants each to be there."""
    right = given["word_to_accentuate"]
    words = set(_WORD.findall(answer.lower()))
    if mode == "fixed" and not words.issuperset(one.lower() for one in right.values()):
        return False
    enough = 1 + max(map(len, right), default=0)
    return all(right.get(bare(word, enough), word) == word for word in words)


def no_accents(answer: str, given: Arguments, mode: Mode) -> bool:
    """There is no accented letter; `fixed` finds accents that are characters of their own too."""
    seen = unicodedata.normalize("NFC", answer) if mode == "fixed" else answer
    return _ACCENTED.isdisjoint(seen)


def forbidden_character(answer: str, given: Arguments, mode: Mode) -> bool:
    """The character is not there, whatever its case."""
    return re.search(re.escape(given["forbidden_char"]), answer, re.IGNORECASE) is None


def informal_address(answer: str, given: Arguments, mode: Mode) -> bool:
    """The reader is a `tu`; `fixed` wants no `vous` beside it."""
    return bool(_YOU.search(answer)) and not (mode == "fixed" and _FORMAL.search(answer))


def no_digits(answer: str, given: Arguments, mode: Mode) -> bool:
    """There is no digit."""
    return _DIGIT.search(answer) is None


def quotation(answer: str, given: Arguments, mode: Mode) -> bool:
    """The answer stands in quotation marks, French ones or straight ones."""
    whole = answer.strip()
    return len(whole) > 1 and (whole[0], whole[-1]) in _QUOTES


def capital(answer: str, given: Arguments, mode: Mode) -> bool:
    """The answer is French and all in capitals; the language is told from its small letters."""
    return answer.isupper() and checks.response_language(answer.lower(), {"language": "fr"}, mode)


_COMPARE = relation(fewer="moins de", at_least="au moins")

INSTRUCTIONS = {
    **common(_COMPARE),
    **counted(_COMPARE),
    "length_constraints:number_sentences": Instruction(
        partial(checks.number_sentences, of="french"),
        {"num_sentences": count, "relation": _COMPARE},
    ),
    "detectable_content:postscript": Instruction(
        partial(checks.postscript, spaced=MARKERS), {"postscript_marker": stripped}
    ),
    "detectable_content:informal_address": Instruction(informal_address),
    "detectable_content:no_digits": Instruction(no_digits),
    "detectable_format:constrained_response": Instruction(
        partial(checks.constrained_response, options=_OPTIONS)
    ),
    "detectable_format:title": Instruction(partial(checks.title, marks=("##", "##"))),
    "change_case:french_capital": Instruction(capital),
    "change_case:french_lowercase": Instruction(partial(checks.lowercase, code="fr")),
    "special_character:accents": Instruction(accents, {"word_to_accentuate": pairs}),
    "special_character:ethel_or_cedilla": Instruction(
        forbidden_character, {"forbidden_char": text}
    ),
    "special_character:no_accents": Instruction(no_accents),
    "startend:quotation": Instruction(quotation),
}
"""Every French instruction type by its id without the `fr:`."""
