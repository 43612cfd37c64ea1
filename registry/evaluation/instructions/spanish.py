"""M-IFEval's instruction types in Spanish.

Dussolle et al., "M-IFEval: Multilingual Instruction-Following Evaluation" (2025); reference:
`instructions/es_instructions.py` of lightblue-tech/M-IFEval. The reference counts words with
spaCy's Spanish tokeniser, whose rules `spanish_words` follows, and sentences with the parser of
`es_core_news_sm`, a model that no package registry carries: there Punkt's Spanish stands in.
"""

import string
import unicodedata
from functools import partial

from registry.evaluation.instructions import checks, scan
from registry.evaluation.instructions.ifeval import common
from registry.evaluation.instructions.kinds import (
    Arguments,
    Instruction,
    Mode,
    count,
    relation,
    stripped,
)
from registry.evaluation.instructions.spanish_words import count_words, words
from registry.evaluation.instructions.text import LIMIT, count_sentences

_BARE = str.maketrans("", "", string.punctuation)
_MARKERS = {"P.D.": r"p\.\s?d\.", "Nota": "nota"}
_OPTIONS = ("Sí.", "No.", "Quizás.")
_ACUTE = frozenset("áéíóúÁÉÍÓÚ")


def number_sentences(answer: str, given: Arguments, mode: Mode) -> bool:
    """The answer, less the marks of its lists, has enough sentences, or few enough."""
    asked = given["num_sentences"]
    found = 0
    for line in filter(str.strip, scan.without_items(answer)[:LIMIT].splitlines()):
        found += count_sentences(line, asked + 1 - found, "spanish")
        if found > asked:
            break
    return bool(given["relation"](found, asked))


def number_words(answer: str, given: Arguments, mode: Mode) -> bool:
    """The answer, less the marks of its lists, has enough words, or few enough.

    The reference counts spare white space as words; `fixed` does not.
    """
    body = scan.without_items(answer).replace("\n", " ")
    found = len(words(body)) if mode == "fixed" else count_words(body)
    return bool(given["relation"](found, given["num_words"]))


def capital_word_frequency(answer: str, given: Arguments, mode: Mode) -> bool:
    """Enough words are all in capitals, or few enough."""
    found = sum(word.isupper() for word in words(answer))
    return bool(given["capital_relation"](found, given["capital_frequency"]))


def tildes(answer: str, given: Arguments, mode: Mode) -> bool:
    """Enough words bear an acute accent, or few enough."""
    found = sum(not _ACUTE.isdisjoint(word) for word in words(answer))
    return bool(given["relation"](found, given["num_words"]))


def with_letter(answer: str, given: Arguments, mode: Mode, *, letter: str) -> bool:
    """Exactly so many words have the letter."""
    return bool(sum(letter in word.lower() for word in words(answer)) == given["let_frequency"])


def asked(answer: str, given: Arguments, mode: Mode, *, marks: tuple[str, str]) -> bool:
    """Something stands between the marks."""
    return scan.wrapped(answer, *marks)


def capital(answer: str, given: Arguments, mode: Mode) -> bool:
    """The answer is Spanish and has no small letter; `fixed` wants a capital as well."""
    # One character of a long answer may stand for eighteen: each is taken apart but once.
    parts = {part for one in set(answer) for part in unicodedata.normalize("NFKD", one)}
    letters = [one for one in parts if one.isalpha()]
    if not all(one.isupper() or unicodedata.combining(one) for one in letters):
        return False
    if mode == "fixed" and not letters:
        return False
    return checks.response_language(answer.lower(), {"language": "es"}, mode)


def end_checker(answer: str, given: Arguments, mode: Mode) -> bool:
    """The answer, less quotation marks and a full stop, ends with the phrase."""
    if mode == "fixed":
        return checks.end_checker(answer.strip(" \n\"'*_."), given, mode)
    ending = answer.strip().strip('"').lower()
    return ending.removesuffix(".").endswith(given["end_phrase"].lower())


def begins_with(paragraph: str, first: str, mode: Mode) -> bool:
    """The paragraph begins with the words, whatever their case and marks."""
    expected = first.lower().split()
    # A word of marks alone is a word to the reference; `fixed` takes no notice of it.
    found = [word.translate(_BARE).lower() for word in paragraph.split()[: len(expected) + 9]]
    if mode == "fixed":
        found = [word for word in found if word]
    return found[: len(expected)] == expected


_COMPARE = relation(at_least="al menos", at_most="como máximo")
_COMMON = common(_COMPARE)
_NTH = "length_constraints:nth_paragraph_first_word"

INSTRUCTIONS = {
    **_COMMON,
    "length_constraints:number_sentences": Instruction(
        number_sentences, {"num_sentences": count, "relation": _COMPARE}
    ),
    "length_constraints:number_words": Instruction(
        number_words, {"num_words": count, "relation": _COMPARE}
    ),
    _NTH: Instruction(
        partial(checks.nth_paragraph_first_word, first=begins_with), _COMMON[_NTH].arguments
    ),
    "detectable_format:number_bullet_lists": Instruction(
        partial(checks.number_bullet_lists, dashes=False), {"num_bullets": count}
    ),
    "detectable_content:postscript": Instruction(
        partial(checks.postscript, spaced=_MARKERS), {"postscript_marker": stripped}
    ),
    "detectable_format:constrained_response": Instruction(
        partial(checks.constrained_response, options=_OPTIONS)
    ),
    "detectable_format:title": Instruction(partial(checks.title, marks=("<<", ">>"))),
    "punctuation:question_marks": Instruction(partial(asked, marks=("¿", "?"))),
    "punctuation:exclamation_marks": Instruction(partial(asked, marks=("¡", "!"))),
    "startend:end_checker": Instruction(end_checker, {"end_phrase": stripped}),
    "change_case:capital_word_frequency": Instruction(
        capital_word_frequency, {"capital_frequency": count, "capital_relation": _COMPARE}
    ),
    "change_case:spanish_capital": Instruction(capital),
    "change_case:spanish_lowercase": Instruction(partial(checks.lowercase, code="es")),
    "special_character:enie": Instruction(
        partial(with_letter, letter="ñ"), {"let_frequency": count}
    ),
    "special_character:dieresis": Instruction(
        partial(with_letter, letter="ü"), {"let_frequency": count}
    ),
    "special_character:tildes": Instruction(tildes, {"num_words": count, "relation": _COMPARE}),
}
"""Every Spanish instruction type by its id without the `es:`."""
