"""How metrics see text: normalised whole, or as stemmed tokens.

Both are what the scorer of Super-NaturalInstructions does to text; its tokens are those of the
`rouge_score` package, which keeps only ASCII letters and digits.
"""

import json
import re
import string
from collections.abc import Sequence
from functools import lru_cache

from registry.evaluation.metrics.stemmer import stem

_find_words = re.compile(r"[a-z0-9]+").findall
_WITHOUT_PUNCTUATION = str.maketrans("", "", string.punctuation)
_LONGEST_UNSTEMMED = 3
_LONGEST_KEPT = 1 << 12


def plain(value: object) -> str:
    """Return what is scored for an answer that came from a file: null is no text at all.

    >>> plain(None), plain("No."), plain(["a", 1])
    ('', 'No.', '["a", 1]')
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def normalise(text: str) -> str:
    """Return the text in lower case, without ASCII punctuation, every white space one space.

    Articles stay, unlike in SQuAD's normalisation; full-width and other punctuation stays too.

    >>> normalise("  The end,\\nfinally! ")
    'the end finally'
    """
    return " ".join(text.lower().translate(_WITHOUT_PUNCTUATION).split())


def words(text: str) -> list[str]:
    """Return the runs of ASCII letters and digits, in lower case.

    >>> words("Running, ran: 3 naïve dogs")
    ['running', 'ran', '3', 'na', 've', 'dogs']
    """
    return _find_words(text.lower())


def tokens(text: str) -> list[str]:
    """Return the runs of ASCII letters and digits; those longer than three are stemmed.

    >>> tokens("Running, ran: 3 naïve dogs")
    ['run', 'ran', '3', 'na', 've', 'dog']
    """
    return list(map(_stemmed, words(text)))


def reference_tokens(text: str) -> Sequence[str]:
    """Return the same as `tokens`, remembered: a reference comes once for each model and metric."""
    return _remembered(text) if len(text) < _LONGEST_KEPT else tokens(text)


_remembered = lru_cache(maxsize=1 << 12)(tokens)


class _Stems(dict[str, str]):
    """The stems of the words met so far; a look-up costs a fifth of a call."""

    MOST = 1 << 17
    LONGEST = 64

    def __missing__(self, word: str) -> str:
        stemmed = stem(word) if len(word) > _LONGEST_UNSTEMMED else word
        if len(word) <= self.LONGEST:
            if len(self) >= self.MOST:
                self.clear()
            self[word] = stemmed
        return stemmed


_stemmed = _Stems().__getitem__
