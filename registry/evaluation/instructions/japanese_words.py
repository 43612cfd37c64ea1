"""Words and sentences of Japanese, as M-IFEval takes them.

Words come from Janome, which carries its dictionary. Sentences are counted as
ja_sentence_segmenter does with the settings of the reference: a line that ends in の goes on in
the next, and 。, ! and ? end a sentence outside of 「」 and parentheses.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from registry.evaluation.instructions.text import LIMIT

TOKENISED = 5_000
"""The characters of an answer that are taken apart to words; Janome reads some 20,000 a second."""

_NARROW = re.compile("[０-９Ａ-Ｚａ-ｚ｡-ﾟ]+")
_BLANKS = re.compile("[ 　]+")
_WIDE = str.maketrans("!?()｡", "！？（）。")
_PLAIN = str.maketrans("！？（）", "!?()")
_AFTER_END = re.compile("([。！？]) (?=[\u0000-\u007f\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef])")
_QUOTED = re.compile("「[^「」]*」")
_BRACKETED = re.compile(r"\([^()]*\)")
_END = re.compile("[。!?]")


class Word(NamedTuple):
    """A word as it stands in the text, and its part of speech in Japanese."""

    surface: str
    part: str


def words(text: str) -> Iterator[Word]:
    """Yield the words of the first `TOKENISED` characters, one after the other."""
    encodable = text[:TOKENISED].encode("utf-8", "replace").decode()  # half an emoji is not
    for token in _tokenizer().tokenize(encodable):
        yield Word(token.surface, token.part_of_speech)


def count_sentences(text: str) -> int:
    """Count sentences.

    >>> count_sentences("はい。「そう。」と言う\\n犬の\\n家。")
    3
    """
    return sum(map(_sentences, _lines(_normal(text[:LIMIT]))))


def _normal(text: str) -> str:
    narrow = _NARROW.sub(lambda run: unicodedata.normalize("NFKC", run.group()), text.strip())
    wide = _BLANKS.sub(" ", narrow.translate(_WIDE))
    return _AFTER_END.sub(r"\1", wide).translate(_PLAIN)


def _lines(text: str) -> Iterator[str]:
    joined: list[str] = []
    for line in text.splitlines():
        joined.append(line)
        if not line.endswith("の") or (line == "の" and len(joined) == 1):
            yield "".join(joined)
            joined = []
    yield "".join(joined)


def _sentences(line: str) -> int:
    open_ = _BRACKETED.sub(_hidden, _QUOTED.sub(_hidden, line))
    ends = [end.end() for end in _END.finditer(open_)]
    return len(ends) + (len(line) > (ends[-1] if ends else 0))


def _hidden(match: re.Match[str]) -> str:
    return _END.sub("x", match.group())


@cache
def _tokenizer() -> Any:
    from janome.tokenizer import Tokenizer

    return Tokenizer()
