"""Words and sentences as IFBench's checkers take them: without NLTK's models."""

import re
import string

from registry.evaluation.instructions.text import LIMIT

EDGES = string.punctuation + " "
"""What is taken off both ends of a word."""

_BARE = str.maketrans("", "", string.punctuation)
_KEPT, _CUT = "\ue000", "\ue001"  # a full stop that ends nothing; the place where a sentence ends
_LETTER = "[A-Za-z]"
_COMPANY = "(?:Inc|Ltd|Jr|Sr|Co)"
_OPENING = (
    r"(?:Mr|Mrs|Ms|Dr|Prof|Capt|Cpt|Lt|He\s|She\s|It\s|They\s|Their\s|Our\s|We\s|But\s|However\s"
    r"|That\s|This\s|Wherever)"
)
_STEPS = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"(Mr|St|Mrs|Ms|Dr)\.", rf"\1{_KEPT}"),
        (r"\.(com|net|org|io|gov|edu|me)", rf"{_KEPT}\1"),
        (r"([0-9])\.([0-9])", rf"\1{_KEPT}\2"),
        (r"\.{2,}", lambda run: _KEPT * len(run.group()) + _CUT),
        (r"Ph\.D\.", f"Ph{_KEPT}D{_KEPT}"),
        (rf"\s({_LETTER})\. ", rf" \1{_KEPT} "),
        (rf"([A-Z]\.[A-Z]\.(?:[A-Z]\.)?) ({_OPENING})", rf"\1{_CUT} \2"),
        (rf"({_LETTER})\.({_LETTER})\.({_LETTER})\.", rf"\1{_KEPT}\2{_KEPT}\3{_KEPT}"),
        (rf"({_LETTER})\.({_LETTER})\.", rf"\1{_KEPT}\2{_KEPT}"),
        (rf" ({_COMPANY})\. ({_OPENING})", rf" \1{_CUT} \2"),
        (rf" ({_COMPANY})\.", rf" \1{_KEPT}"),
        (rf" ({_LETTER})\.", rf" \1{_KEPT}"),
    )
)
_SWAPS = ((".”", "”."), ('."', '".'), ('!"', '"!'), ('?"', '"?'))


def unmarked(text: str) -> str:
    """Return the text without ASCII punctuation.

    >>> unmarked("don't stop!")
    'dont stop'
    """
    return text.translate(_BARE)


def words(text: str) -> list[str]:
    """Return the words in small letters and without ASCII punctuation."""
    return unmarked(text.lower()).split()


def sentences(text: str) -> list[str]:
    """Return the sentences, told by rules: abbreviations, initials, addresses, closing quotes.

    >>> sentences('Mr. A. Smith asked "Why?" Then 3.5 went... Home')
    ['Mr. A. Smith asked "Why"?', 'Then 3.5 went...', 'Home']
    """
    flat = f" {text[:LIMIT]}  ".replace("\n", " ")
    for pattern, replacement in _STEPS:
        flat = pattern.sub(replacement, flat)
    for before, after in _SWAPS:
        flat = flat.replace(before, after)
    for end in ".?!":
        flat = flat.replace(end, end + _CUT)
    parts = [part.strip() for part in flat.replace(_KEPT, ".").split(_CUT)]
    return parts if parts[-1] else parts[:-1]


def cleaned(word: str) -> str:
    """Return the word without marks at its ends."""
    return word.strip(EDGES)
