"""How metrics see text: normalised whole, or as stemmed tokens.

Both are what the scorer of Super-NaturalInstructions does to text; its tokens are those of the
`rouge_score` package, which keeps only ASCII letters and digits.
"""

import re
import string

from registry.evaluation.metrics.stemmer import stem

_TOKEN = re.compile(r"[a-z0-9]+")
_WITHOUT_PUNCTUATION = str.maketrans("", "", string.punctuation)
_LONGEST_UNSTEMMED = 3


def normalise(text: str) -> str:
    """Return the text in lower case, without ASCII punctuation, every white space one space.

    Articles stay, unlike in SQuAD's normalisation; full-width and other punctuation stays too.

    >>> normalise("  The end,\\nfinally! ")
    'the end finally'
    """
    return " ".join(text.lower().translate(_WITHOUT_PUNCTUATION).split())


def tokens(text: str) -> list[str]:
    """Return the runs of ASCII letters and digits; those longer than three are stemmed.

    >>> tokens("Running, ran: 3 naïve dogs")
    ['run', 'ran', '3', 'na', 've', 'dog']
    """
    found = _TOKEN.findall(text.lower())
    return [stem(word) if len(word) > _LONGEST_UNSTEMMED else word for word in found]
