"""What a published value is worth beside the measured one, or beside an earlier source.

Claims are about the same thing if all that narrows them down is the same. Of these, a published
claim is held against the measured one. Where nothing is measured, it is held against the first
source, or against an earlier one that it contradicts; so two sources that contradict each other
are never both passed over.

Numbers are held against each other as their source means them: "52K" is anything that rounds to
it, "over 1,600" anything above, and 52,002 agrees with the former.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal

from registry.cards.claim import Claim
from registry.cards.vocabulary import ANNOTATORS, LANGUAGE_CLASSES

Kind = Literal[
    "equal", "within rounding", "agrees", "differs", "not comparable", "nothing", "first source"
]

LISTS = ("homes", "parents", "extends", "tuned_on")
"""The fields of which several may hold at once, so that none contradicts another."""

TELLING = ("split", "subset", "part", "revision", "unit")
"""The qualifiers by which a claim that stands alone is told from those that it nearly meets."""

MAIN_SHARE = 0.01
"""Of measured languages, those below this share of the rows count as strays: they contradict no
source, and neither do rows whose language nobody can tell (`und`)."""

UNDETERMINED = "und"

_SCALES = {"k": 3, "thousand": 3, "m": 6, "million": 6, "b": 9, "bn": 9, "billion": 9}
_NUMBER = re.compile(
    r"(?P<digits>\d[\d,']*(?:\.\d+)?)(?:[\s-]*(?P<scale>\(k\)|[kmb]n?\b|thousand|million|billion))?",
    re.IGNORECASE,
)
_SEPARATORS = str.maketrans("", "", ",'")


@dataclass(frozen=True, slots=True)
class Said:
    """A claim and its value; a measured claim's is that of the report, None if there is none."""

    claim: Claim[Any]
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a published claim stands beside the one at `against` in the same field.

    `by` is the signed difference as a share of the other value. `why` says what differs where two
    claims cannot be compared.
    """

    kind: Kind
    against: int | None = None
    by: float | None = None
    why: str | None = None

    def __str__(self) -> str:
        if self.kind == "nothing":
            return "nothing to compare with"
        if self.why:
            return f"{self.kind}: {self.why}"
        if self.by is None:
            return self.kind
        return f"{self.kind} by {percent(self.by)}"


def percent(share: float) -> str:
    """Return a signed share in per cent, with two digits that count where it is small.

    >>> percent(-0.27041), percent(0.000038), percent(12.5), percent(0.0)
    ('-27.0%', '+0.0038%', '+1,250.0%', '+0.0%')
    """
    digits = 1
    while digits < 6 and share and abs(share) * 100 < 10 ** (1 - digits):
        digits += 1
    return f"{100 * share:+,.{digits}f}%"


def about(claim: Claim[Any], subset: str | None = None) -> tuple[tuple[str, Any], ...]:
    """Return what a claim is about; what is measured on a subset of the data is about the subset.

    `subset` is the one that the card's native files are, if they are not the whole.
    """
    narrowed = dict(claim.qualifiers)
    if subset and claim.status == "measured":
        narrowed.setdefault("subset", subset)
    return tuple(sorted(narrowed.items()))


def verdicts(field: str, said: Sequence[Said], subset: str | None = None) -> list[Verdict | None]:
    """Return the verdict on each claim of a field, in their order; None for measured ones."""
    if field == "results":
        said = [_as_share(one) for one in said]
    return [
        None if one.claim.status == "measured" else _verdict(field, at, said, subset)
        for at, one in enumerate(said)
    ]


def _as_share(one: Said) -> Said:
    """Return a result in per cent, or said to be a share, as the plain share that is measured."""
    if one.claim.unit not in ("percent", "share"):
        return one
    value = one.value
    if one.claim.unit == "percent" and _is_number(value):
        value = float(Decimal(str(value)) / 100)
    return replace(one, value=value, claim=replace(one.claim, unit=None, printed=None))


def _verdict(field: str, at: int, said: Sequence[Said], subset: str | None) -> Verdict:
    if said[at].value is None:
        return Verdict(kind="nothing")
    if field in LISTS:
        return _listed(at, said)
    topic = about(said[at].claim, subset)
    filled = [other for other, one in enumerate(said) if one.value is not None and other != at]
    same = [other for other in filled if about(said[other].claim, subset) == topic]
    measured = [other for other in filled if said[other].claim.status == "measured"]
    for other in same:
        if other in measured:
            return held(field, said[at], said[other], other)
    earlier = [held(field, said[at], said[other], other) for other in same if other < at]
    if earlier:
        return next((one for one in earlier if one.kind == "differs"), earlier[0])
    alone = _alone(dict(topic), measured if measured or same else filled, said, subset)
    return Verdict(kind="first source") if same and alone.kind == "nothing" else alone


def _listed(at: int, said: Sequence[Said]) -> Verdict:
    for other, one in enumerate(said):
        if other != at and one.value == said[at].value:
            return Verdict(kind="equal", against=other)
    return Verdict(kind="nothing")


def _alone(
    topic: Mapping[str, Any], others: Sequence[int], said: Sequence[Said], subset: str | None
) -> Verdict:
    """Name the one qualifier that keeps a claim from being held against another."""
    for name in TELLING:
        for other in others:
            claim = said[other].claim
            theirs = dict(about(claim, subset))
            apart = {
                key for key in topic.keys() | theirs.keys() if topic.get(key) != theirs.get(key)
            }
            if apart != {name}:
                continue
            why = f"the {name} differs"
            if name == "unit":
                why += f" ({topic.get(name, 'none')}, {theirs.get(name, 'none')})"
            elif name == "subset" and "subset" in theirs and claim.subset is None:
                why = "only a subset was measured"
            return Verdict(kind="not comparable", against=other, why=why)
    return Verdict(kind="nothing")


def held(field: str, one: Said, other: Said, at: int | None = None) -> Verdict:
    """Hold a claim against another one about the same thing."""
    if _is_number(one.value) and _is_number(other.value):
        return _numbers(one, other, at)
    return Verdict(kind=_KINDS.get(field, _words)(one.value, other.value), against=at)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _numbers(one: Said, other: Said, at: int | None) -> Verdict:
    mine, theirs = _exact(one.value), _exact(other.value)
    hedges = {_bound(said.claim) for said in (one, other)}
    if mine == theirs and len(hedges) == 1:
        return Verdict(kind="equal", against=at)
    if _meet(one, other):
        return Verdict(kind="within rounding", against=at)
    by = float((mine - theirs) / abs(theirs)) if theirs else None
    return Verdict(kind="differs", against=at, by=by)


def _bound(claim: Claim[Any]) -> str | None:
    return None if claim.hedge == "about" else claim.hedge


def _meet(one: Said, other: Said) -> bool:
    """Tell whether one number can be what two claims mean."""
    bounds = [_bound(said.claim) for said in (one, other)]
    if bounds == [None, None]:
        # The finer of two roundings has to round to the coarser one; half goes either way.
        coarser = max(precision(one), precision(other))
        return abs(_exact(one.value) - _exact(other.value)) * 2 <= coarser
    (low, low_open), (high, high_open) = _ends(one)
    (their_low, their_low_open), (their_high, their_high_open) = _ends(other)
    below, open_below = max((low, low_open), (their_low, their_low_open))
    above, closed_above = min((high, not high_open), (their_high, not their_high_open))
    return below < above or (below == above and not open_below and closed_above)


_FAR = Decimal("Infinity")


def _ends(said: Said) -> tuple[tuple[Decimal, bool], tuple[Decimal, bool]]:
    """Return the ends of the range that a claim means, and whether each is left out of it."""
    value, bound = _exact(said.value), _bound(said.claim)
    if bound in ("over", "at least"):
        return (value, bound == "over"), (_FAR, True)
    if bound in ("under", "at most"):
        return (-_FAR, True), (value, bound == "under")
    half = precision(said) / 2
    return (value - half, False), (value + half, False)


def precision(said: Said) -> Decimal:
    """Return the worth of the last digit that a source gives; of a measured number, 0.

    The printed form knows best: in "196 (k)" it is a thousand, in "1.5 million" a hundred thousand.
    Without a printed number of this value it is the last digit that is not 0, of a fraction the
    last one after the point, of a word such as "eight" one.
    """
    if said.claim.status == "measured":
        return Decimal(0)
    value, printed = _exact(said.value), said.claim.printed or ""
    for found in _NUMBER.finditer(printed):
        digits = found["digits"].translate(_SEPARATORS)
        scale = _SCALES.get((found["scale"] or "").casefold().strip("()"), 0)
        if Decimal(digits).scaleb(scale) != abs(value):
            continue
        if scale or "." in digits:
            return Decimal(1).scaleb(scale - len(digits.partition(".")[2]))
        return _last_digit(value)
    if re.fullmatch(r"[^\W\d_]+(\W.*)?", printed) and not re.search(r"\d", printed):
        return Decimal(1)
    return _last_digit(value)


def _last_digit(value: Decimal) -> Decimal:
    exponent = value.normalize().as_tuple().exponent
    if not value or not isinstance(exponent, int):
        return Decimal(1)
    fraction = value.as_tuple().exponent
    return Decimal(1).scaleb(min(exponent, 0) if fraction != 0 else exponent)


def _exact(value: float) -> Decimal:
    return Decimal(repr(value))


def _words(one: Any, other: Any) -> Kind:
    return "equal" if _set(one) == _set(other) else "differs"


def _set(value: Any) -> frozenset[str]:
    return frozenset([value] if isinstance(value, str) else map(str, value))


def _dates(one: str, other: str) -> Kind:
    """Compare dates; `2023-03` agrees with `2023-03-13`."""
    if one == other:
        return "equal"
    return "agrees" if one.startswith(other) or other.startswith(one) else "differs"


def _annotators(one: Any, other: Any) -> Kind:
    """Compare writers; a model that nobody names may be any one."""
    mine, theirs = _set(one), _set(other)
    if mine == theirs:
        return "equal"
    kinds = [{who if who in ANNOTATORS else "model" for who in said} for said in (mine, theirs)]
    named = [said - set(ANNOTATORS) for said in (mine, theirs)]
    return "agrees" if kinds[0] == kinds[1] and not all(named) else "differs"


def _languages(one: Any, other: Any) -> Kind:
    """Compare languages; a class agrees with as many codes, a count with those that matter."""
    if isinstance(one, Mapping) and not isinstance(other, Mapping):
        one, other = other, one
    if isinstance(other, Mapping) and not isinstance(one, Mapping):
        return _counted(_set(one), other)
    mine, theirs = _set(one), _set(other)
    if mine == theirs:
        return "equal"
    codes = all(not said & set(LANGUAGE_CLASSES) for said in (mine, theirs))
    return "differs" if codes or _class(mine) != _class(theirs) else "agrees"


def _counted(said: frozenset[str], counts: Mapping[str, int]) -> Kind:
    known = {code: count for code, count in counts.items() if code != UNDETERMINED}
    total = sum(known.values())
    main = frozenset(code for code, count in known.items() if count >= MAIN_SHARE * total)
    if said == main:
        return "equal"
    if said & set(LANGUAGE_CLASSES):
        return "agrees" if main and _class(said) == _class(main) else "differs"
    return "agrees" if main <= said <= known.keys() else "differs"


def _class(codes: frozenset[str]) -> str:
    named = [one for one in LANGUAGE_CLASSES if one in codes]
    return named[0] if named else LANGUAGE_CLASSES[min(len(codes), len(LANGUAGE_CLASSES)) - 1]


_KINDS: Mapping[str, Any] = {
    "released": _dates,
    "annotator": _annotators,
    "languages": _languages,
}
