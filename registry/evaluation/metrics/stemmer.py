"""Porter's stemmer, with the changes that NLTK makes to it by default.

Porter, "An algorithm for suffix stripping", Program 14.3 (1980). The `rouge_score` package stems
with NLTK's `PorterStemmer` in its NLTK_EXTENSIONS mode, which differs from the paper in a list of
irregular words, short words, -ies, -ied, -y, -alli, -fulli, -bli and -logi. Equal to it for every
word in lower case.

In the words of the paper, a letter is a vowel (v) or a consonant (c), and the measure of a word is
how often a vowel is followed by a consonant in it.
"""

from collections import defaultdict
from collections.abc import Mapping

_IRREGULAR = {
    "sky": "sky",
    "skies": "sky",
    "dying": "die",
    "lying": "lie",
    "tying": "tie",
    "news": "news",
    "inning": "inning",
    "innings": "inning",
    "outing": "outing",
    "outings": "outing",
    "canning": "canning",
    "cannings": "canning",
    "howe": "howe",
    "proceed": "proceed",
    "exceed": "exceed",
    "succeed": "succeed",
}

_STEP_2 = {
    "ational": "ate",
    "tional": "tion",
    "enci": "ence",
    "anci": "ance",
    "izer": "ize",
    "bli": "ble",
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
    "fulli": "ful",
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

_STEP_4 = dict.fromkeys(
    (
        *("al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent"),
        *("ion", "ou", "ism", "ate", "iti", "ous", "ive", "ize"),
    ),
    "",
)

_KINDS = defaultdict(lambda: "c", str.maketrans(dict.fromkeys("aeiou", "v")))

_DIGITS = frozenset("0123456789")
_ENDINGS = frozenset(suffix[-2:] for suffix in (*_STEP_2, *_STEP_3, *_STEP_4))
_LONGEST_SUFFIX = max(map(len, (*_STEP_2, *_STEP_3, *_STEP_4)))


def stem(word: str) -> str:
    """Return the stem of a word in lower case.

    >>> stem("caresses"), stem("relational"), stem("hopping")
    ('caress', 'relat', 'hop')
    """
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) <= 2 or word[-1] in _DIGITS:
        return word
    word = _without_plural(word)
    word = _without_past(word)
    word = _y_to_i(word)
    word = _step_2(word)
    word = _shortened(word, _STEP_3, above=0)
    word = _shortened(word, _STEP_4, above=1)
    return _without_final_letter(word)


def _letters(word: str) -> str:
    """Return a `v` or a `c` for each letter; y is a vowel after a consonant."""
    if "y" not in word:
        return word.translate(_KINDS)
    kinds: list[str] = []
    for letter in word:
        after_consonant = bool(kinds) and kinds[-1] == "c"
        vowel = letter in "aeiou" or (letter == "y" and after_consonant)
        kinds.append("v" if vowel else "c")
    return "".join(kinds)


def _measure(word: str) -> int:
    return _letters(word).count("vc")


def _ends_short(word: str) -> bool:
    """Say whether a syllable as in -wil or -hop ends the word (in the paper: *o)."""
    kinds = _letters(word)
    if len(word) == 2:
        return kinds == "vc"
    return kinds.endswith("cvc") and word[-1] not in "wxy"


def _without_plural(word: str) -> str:
    if word.endswith("ies"):
        return word[:-1] if len(word) == 4 else word[:-2]
    if word.endswith("sses"):
        return word[:-2]
    if word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word


def _without_past(word: str) -> str:
    if word.endswith("ied"):
        return word[:-1] if len(word) == 4 else word[:-2]
    if word.endswith("eed"):
        return word[:-1] if _measure(word[:-3]) > 0 else word
    for suffix in ("ed", "ing"):
        rest = word.removesuffix(suffix)
        if rest != word and "v" in _letters(rest):
            return _mended(rest)
    return word


def _mended(word: str) -> str:
    """Give back the e, or take the doubled letter, of a word that lost -ed or -ing."""
    if word.endswith(("at", "bl", "iz")):
        return word + "e"
    if word[-1:] == word[-2:-1] and _letters(word)[-1] == "c":
        return word if word[-1] in "lsz" else word[:-1]
    return word + "e" if _measure(word) == 1 and _ends_short(word) else word


def _y_to_i(word: str) -> str:
    rest = word.removesuffix("y")
    if rest != word and len(rest) > 1 and _letters(rest)[-1] == "c":
        return rest + "i"
    return word


def _step_2(word: str) -> str:
    if word.endswith("alli") and _measure(word[:-4]) > 0:
        return _step_2(word[:-2])
    if word.endswith("logi"):
        # The l counts towards the measure, so that geo- and theo- lose the i as archaeo- does.
        return word[:-1] if _measure(word[:-3]) > 0 else word
    return _shortened(word, _STEP_2, above=0)


def _shortened(word: str, suffixes: Mapping[str, str], *, above: int) -> str:
    """Replace the longest known suffix if the measure of what is before it is above a bound."""
    if word[-2:] not in _ENDINGS:
        return word
    for length in range(_LONGEST_SUFFIX, 1, -1):
        suffix = word[-length:]
        if suffix in suffixes:
            rest = word[: -len(suffix)]
            fits = _measure(rest) > above and (suffix != "ion" or rest[-1] in "st")
            return rest + suffixes[suffix] if fits else word
    return word


def _without_final_letter(word: str) -> str:
    rest = word[:-1]
    if word.endswith("e"):
        measure = _measure(rest)
        word = rest if measure > 1 or (measure == 1 and not _ends_short(rest)) else word
    if word.endswith("ll") and _measure(word[:-1]) > 1:
        return word[:-1]
    return word
