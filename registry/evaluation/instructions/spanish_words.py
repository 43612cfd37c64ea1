"""Spanish words, counted as spaCy's tokeniser for Spanish counts them.

White space parts a text to chunks, marks come off both ends of a chunk one by one, an address
stays whole, and what is left is parted at what stands between letters. What consists of
punctuation alone is no word. Written from the rules that spaCy documents and publishes as
`spacy.lang.es`; checked against spaCy 3.8 on thousands of texts (docs/instructions.md).
"""

import re
import unicodedata
from functools import lru_cache

from registry.evaluation.instructions.lists import listed
from registry.evaluation.instructions.text import LIMIT

_QUOTES = "'\"”“`‘´’‚,„»«「」『』（）〔〕【】《》〈〉⟦⟧"
_MARKS = "…,:;!?¿؟¡()[]{}<>_#*&。？！，、；：～·।،۔؛٪" + _QUOTES
_CURRENCY = "$£€¥฿₽﷼₴₠₡₢₣₤₥₦₧₨₩₪₫₭₮₯₰₱₲₳₵₶₷₸₹₺₻₼₾₿"
_UNITS = listed(
    "km² km³ km m² m³ dm² dm³ dm cm² cm³ cm mm² mm³ mm ha µm nm yd in ft kg mg µg lb oz m/s "
    "km/h kmh mph hPa Pa mbar mb MB kb KB gb GB tb TB g t m T G M K"
)
_LOWER = r"[^\W_A-ZÀ-ÖØ-ÞΑ-ΩА-Я]"  # small letters, letters of scripts without case, digits
_ALPHA = r"[^\W\d_]"
_ADDRESS = re.compile(
    r"(?:[\w+.-]{2,}://)?(?:[^\s@:]+(?::[^\s@]*)?@)?(?:[A-Za-z0-9\u00a1-\uffff]"
    r"[A-Za-z0-9\u00a1-\uffff_-]{0,63}\.)+[a-zà-ÿ]{2,63}(?::\d{2,5})?(?:[/?#]\S*)?"
)
_DOTS = re.compile(r"\.\.+|…+")
_DOTS_END = re.compile(r"(?:\.\.+|…)\Z")
_UNIT_END = re.compile(rf"(?<=[0-9])(?:{'|'.join(map(re.escape, _UNITS))})\Z")
_STOP_END = re.compile(
    rf"(?:(?<={_LOWER})|(?<=[%²+\-…,:;!?¿¡()\[\]{{}}<>_#*&'\"”“`‘´’»«—–])|(?<=[A-ZÀ-ÖØ-Þ]{{2}})"
    r"|(?<=°[FCK]))\.\Z"
)
_PARTED = re.compile(
    r"\.\.+|…"
    r"|(?<=[0-9])[+*^](?=[0-9-])"
    rf"|(?:(?<={_LOWER})(?<![0-9])|(?<=['\"”“`‘´’»«—–]))\.(?=[A-ZÀ-ÖØ-Þ'\"”“`‘´’»«—–])"
    rf"|(?<={_ALPHA}),(?={_ALPHA})"
    rf"|(?:(?<={_ALPHA})|(?<=[0-9]))[:<>=/](?={_ALPHA})"
)
_WHOLE = frozenset(
    listed(
        "n° °C aprox. dna. dpto. ej. esq. pág. p.ej. Ud. Vd. Uds. Vds. vol. a.C. a.J.C. d.C. "
        "d.J.C. apdo. Av. Avda. Cía. Dr. Dra. EE.UU. Ee.Uu. etc. fig. Gob. Gral. Ing. J.C. km/h "
        "Lic. m.n. núm. P.D. Prof. Profa. q.e.p.d. Q.E.P.D. S.A. S.L. S.R.L. s.s.s. Sr. Sra. "
        "Srta. a. b. c. d. e. f. g. h. i. j. k. l. m. n. o. p. q. r. s. t. u. v. w. x. y. z. ä. "
        "ö. ü. =) =D =( =| =/ =3 xD XD XDD :3 :D :P :p :O :o :x :X 8) 8D ;D ^_^ O.O o.o O_O o_o "
        "<3 </3 \\o/"
    )
)
_HOUR = re.compile(r"(?:1[0-2]|[1-9])(?:[ap]\.m\.|[ap]m)|12m\.")
_SPACE = re.compile(r"\s+")

_NEAR = 40  # no rule looks at more characters at an end of a chunk, but for runs of dots
_LONGEST = 2_000  # characters of an address


def words(text: str) -> list[str]:
    """Return the words of a text, in order.

    >>> words("¡Hola, señora! Cuesta 3,50€ (aprox.).")
    ['Hola', 'señora', 'Cuesta', '3,50', '€', 'aprox.']
    """
    return [word for chunk in text[:LIMIT].split() for word in _of(chunk)]


def count_words(text: str) -> int:
    """Count words and, as spaCy does, white space beyond one blank.

    >>> count_words("uno dos"), count_words("uno  dos")
    (2, 3)
    """
    cut = text[:LIMIT]
    spare = sum(
        1
        for run in _SPACE.finditer(cut)
        if run.start() == 0 or cut[run.start()] != " " or run.end() - run.start() > 1
    )
    return len(words(cut)) + spare


@lru_cache(maxsize=1 << 14)
def _of(chunk: str) -> tuple[str, ...]:
    return tuple(piece for piece in _joined(_pieces(chunk)) if not _marks(piece))


def _marks(word: str) -> bool:
    return all(unicodedata.category(one).startswith("P") for one in word)


def _pieces(chunk: str) -> list[str]:
    before: list[str] = []
    after: list[str] = []
    low, high = 0, len(chunk)
    while low < high and not _known(chunk, low, high):
        head = _prefix(chunk[low : min(high, low + _NEAR)])
        if head and _known(chunk, low + head, high):
            before.append(chunk[low : low + head])
            low += head
            break
        tail = _suffix(chunk[max(low + head, high - _NEAR) : high])
        if tail and _known(chunk, low, high - tail):
            after.append(chunk[high - tail : high])
            high -= tail
            break
        if not head and not tail:
            break
        before.extend([chunk[low : low + head]] * bool(head))
        after.extend([chunk[high - tail : high]] * bool(tail))
        low, high = low + head, high - tail
    return before + _middle(chunk[low:high]) + after[::-1]


def _joined(pieces: list[str]) -> list[str]:
    """Put together again what rules took apart and what is known whole: 25°C ends in °C."""
    if len(pieces) < 2:
        return pieces
    joined: list[str] = []
    at = 0
    while at < len(pieces):
        for size in (5, 4, 3, 2):
            whole = "".join(pieces[at : at + size])
            if len(pieces) - at >= size and len(whole) <= _NEAR and _whole(whole):
                joined += _middle(whole)
                at += size
                break
        else:
            joined.append(pieces[at])
            at += 1
    return joined


def _known(chunk: str, low: int, high: int) -> bool:
    return 0 < high - low <= _NEAR and _whole(chunk[low:high])


def _whole(chunk: str) -> bool:
    return chunk in _WHOLE or chunk == "pal" or _HOUR.fullmatch(chunk) is not None


def _prefix(near: str) -> int:
    if dots := _DOTS.match(near):
        return dots.end() if near[0] == "." else min(dots.end(), 2)
    for dollars in ("US$", "C$", "A$"):
        if near.startswith(dollars):
            return len(dollars)
    if near[0] == "+":
        return int(not near[1:2].isdigit())
    return int(near[0] in _MARKS or near[0] in "§%=—–" or near[0] in _CURRENCY or _icon(near[0]))


def _suffix(near: str) -> int:
    if not near:
        return 0
    if dots := _DOTS_END.search(near):
        return dots.end() - dots.start()
    if near[-1] in _MARKS or near[-1] in "—–" or _icon(near[-1]) or _STOP_END.search(near):
        return 1
    if near[-2:-1].isdigit() and (near[-1] == "+" or near[-1] in _CURRENCY):
        return 1
    unit = _UNIT_END.search(near)
    return unit.end() - unit.start() if unit else 0


def _icon(one: str) -> bool:
    return unicodedata.category(one) == "So"


def _middle(chunk: str) -> list[str]:
    if not chunk:
        return []
    if chunk == "pal":
        return ["pa", "l"]
    if _HOUR.fullmatch(chunk):
        digits = len(chunk) - len(chunk.lstrip("0123456789"))
        return [chunk[:digits], chunk[digits:]]
    if _whole(chunk) or (len(chunk) < _LONGEST and _ADDRESS.fullmatch(chunk)):
        return [chunk]
    if chunk.isascii():
        return _parted(chunk)
    plain = "".join(f" {one} " if _icon(one) else one for one in chunk)
    return [piece for part in plain.split() for piece in _parted(part)]


def _parted(chunk: str) -> list[str]:
    pieces, start = [], 0
    for match in _PARTED.finditer(chunk):
        if match.start() > start:
            pieces.append(chunk[start : match.start()])
        pieces.append(match.group())
        start = match.end()
    return [*pieces, chunk[start:]] if start < len(chunk) else pieces
