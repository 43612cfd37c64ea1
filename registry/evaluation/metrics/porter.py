"""Porter's stemmer as ROUGE-1.5.5 has it.

Porter, "An algorithm for suffix stripping", Program 14.3 (1980), in the Perl that he published and
that ROUGE's author changed (14 February 2004): -ment and -ent are tried after -ement, each on what
is left. It takes off -ies, -ied and -y by the paper's rules; `stemmer` does it by NLTK's.
"""

import re

_C = "[^aeiou][^aeiouy]*"
_V = "[aeiouy][aeiou]*"
_ABOVE_0 = re.compile(f"(?:{_C})?{_V}{_C}").match
_ABOVE_1 = re.compile(f"(?:{_C})?{_V}{_C}{_V}{_C}").match
_IS_1 = re.compile(f"(?:{_C})?{_V}{_C}(?:{_V})?").fullmatch
_HAS_VOWEL = re.compile(f"(?:{_C})?[aeiouy]").match
_IS_SHORT = re.compile(f"{_C}[aeiouy][^aeiouwxy]").fullmatch

_STEP_2 = {
    "ational": "ate",
    "tional": "tion",
    "enci": "ence",
    "anci": "ance",
    "izer": "ize",
    "bli": "ble",
    "alli": "al",
    "entli": "ent",
    "eli": "e",
    "ousli": "ous",
    "ization": "ize",
    "ation": "ate",
    "ator": "ate",
    "alism": "al",
    "iveness": "ive",
    "fulness": "ful",
    "ousness": "ous",
    "aliti": "al",
    "iviti": "ive",
    "biliti": "ble",
    "logi": "log",
}
_STEP_3 = {
    "icate": "ic",
    "ative": "",
    "alize": "al",
    "iciti": "ic",
    "ical": "ic",
    "ful": "",
    "ness": "",
}
_STEP_4 = (
    *("ement", "ance", "ence", "able", "ible", "ant", "ism", "ate", "iti", "ous", "ive", "ize"),
    *("al", "er", "ic", "ou"),
)
_DIGITS = frozenset("0123456789")
_ENDINGS = frozenset(suffix[-2:] for suffix in (*_STEP_2, *_STEP_3))
_LONGEST = 7


def stem(word: str) -> str:
    """Return the stem of a word in lower case.

    >>> stem("caresses"), stem("ponies"), stem("sky"), stem("agreement")
    ('caress', 'poni', 'sky', 'agreem')
    """
    if len(word) < 3 or word[-1] in _DIGITS:
        return word
    # A first y is a consonant; in upper case it is one to the patterns.
    word = "Y" + word[1:] if word[0] == "y" else word
    word = _without_past(_without_plural(word))
    if word.endswith("y") and _HAS_VOWEL(word[:-1]):
        word = word[:-1] + "i"
    word = _replaced(_replaced(word, _STEP_2), _STEP_3)
    word = _without_final_e(_step_4(word))
    if word.endswith("ll") and _ABOVE_1(word):
        word = word[:-1]
    return "y" + word[1:] if word[0] == "Y" else word


def _without_plural(word: str) -> str:
    if word.endswith(("sses", "ies")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and word[-2] != "s" else word


def _without_past(word: str) -> str:
    if word.endswith("eed"):
        return word[:-1] if _ABOVE_0(word[:-3]) else word
    for suffix in ("ed", "ing"):
        rest = word.removesuffix(suffix)
        if rest != word:
            return _mended(rest) if _HAS_VOWEL(rest) else word
    return word


def _mended(word: str) -> str:
    if word.endswith(("at", "bl", "iz")):
        return word + "e"
    if word[-1:] == word[-2:-1] and word[-1] not in "aeiouylsz":
        return word[:-1]
    return word + "e" if _IS_SHORT(word) else word


def _replaced(word: str, suffixes: dict[str, str]) -> str:
    if word[-2:] not in _ENDINGS:
        return word
    for length in range(_LONGEST, 2, -1):
        suffix = word[-length:]
        if len(word) >= length and suffix in suffixes:
            rest = word[:-length]
            return rest + suffixes[suffix] if _ABOVE_0(rest) else word
    return word


def _step_4(word: str) -> str:
    word = _without(word, next((one for one in _STEP_4 if word.endswith(one)), ""))
    word = _without(word, "ment")
    if word.endswith("ent"):
        return _without(word, "ent")
    return _without(word, "ion") if word.endswith(("sion", "tion")) else word


def _without(word: str, suffix: str) -> str:
    rest = word.removesuffix(suffix)
    return rest if rest != word and _ABOVE_1(rest) else word


def _without_final_e(word: str) -> str:
    rest = word.removesuffix("e")
    if rest != word and (_ABOVE_1(rest) or (_IS_1(rest) and not _IS_SHORT(rest))):
        return rest
    return word
