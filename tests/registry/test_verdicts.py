from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.cards import Claim, Declared, Measured
from registry.cards.vocabulary import HEDGES
from registry.verdicts import Said, Verdict, held, verdicts

OWNER = Declared("the owner")


def said(value: Any, **more: Any) -> Said:
    return Said(Claim(value=value, evidence=OWNER, **more), value)


def counted(value: Any, **more: Any) -> Said:
    return Said(Claim(value=None, evidence=Measured("convert"), **more), value)


def judged(*many: Said, field: str = "scale", subset: str | None = None) -> list[str]:
    return [str(one) if one else "-" for one in verdicts(field, many, subset)]


NUMBERS = st.one_of(
    st.integers(0, 10**9), st.floats(0, 1000, allow_nan=False).map(lambda x: round(x, 2))
)
PRINTED = st.sampled_from([None, "52K", "~1.5 million", "196 (k)", "eight", "up to 20%", ""])
CLAIMS = st.builds(
    said, NUMBERS, hedge=st.sampled_from([None, *HEDGES]), printed=PRINTED, unit=st.just("tasks")
)


@given(CLAIMS)
def test_a_claim_equals_itself(claim: Said) -> None:
    assert held("scale", claim, claim).kind == "equal"


@given(CLAIMS, CLAIMS)
def test_which_of_two_claims_comes_first_plays_no_part(one: Said, other: Said) -> None:
    assert held("scale", one, other).kind == held("scale", other, one).kind


@given(st.lists(CLAIMS, max_size=4), st.randoms())
def test_what_was_measured_judges_alike_in_any_order(claims: list[Said], luck: Any) -> None:
    many = [*claims, counted(1000, unit="tasks")]
    kinds = sorted(str(one and one.kind) for one in verdicts("scale", many))
    luck.shuffle(many)
    assert sorted(str(one and one.kind) for one in verdicts("scale", many)) == kinds


@given(st.integers(1, 10**12), st.integers(1, 6))
def test_a_measured_number_agrees_with_its_roundings(number: int, digits: int) -> None:
    rounded = int(float(f"{number:.{digits - 1}e}"))
    found = held("scale", said(rounded), counted(number))
    assert found.kind == ("equal" if rounded == number else "within rounding")


@given(st.integers(1_000, 10**8))
def test_a_measured_number_agrees_with_its_thousands_and_no_others(number: int) -> None:
    thousands = (number + 500) // 1000
    for other, kinds in ((thousands, {"equal", "within rounding"}), (thousands + 2, {"differs"})):
        claim = said(other * 1000, printed=f"{other} (k)")
        assert held("scale", claim, counted(number)).kind in kinds


@given(st.floats(0.01, 100).map(lambda x: round(x, 6)), st.integers(0, 5))
def test_a_measured_score_agrees_with_its_roundings(score: float, digits: int) -> None:
    rounded = round(score, digits)
    if rounded:
        assert held("results", said(rounded), counted(score)).kind in ("equal", "within rounding")


def test_the_zeros_of_a_score_are_vouched_for() -> None:
    assert held("results", said(90.0), counted(90.4)).kind == "within rounding"
    assert held("results", said(90.0), counted(94.2)).kind == "differs"


@pytest.mark.parametrize(
    ("value", "more", "measured", "verdict"),
    [
        (52000, {"printed": "52K"}, 52002, "within rounding"),
        (52000, {"printed": "52K"}, 52000, "equal"),
        (52000, {"printed": "52K"}, 52501, "differs by -0.95%"),
        (196000, {"printed": "196 (k)"}, 143000, "differs by +37.1%"),
        (1500000, {"printed": "~1.5 million", "hedge": "about"}, 1549000, "within rounding"),
        (1500000, {"printed": "~1.5 million", "hedge": "about"}, 1551000, "differs by -3.3%"),
        (20000, {"printed": "20K"}, 20600, "differs by -2.9%"),
        (20000, {}, 20600, "within rounding"),
        (1880000, {"printed": "1,880 (k)"}, 1880400, "within rounding"),
        (1880000, {"printed": "1.88 million"}, 1884000, "within rounding"),
        (8, {"printed": "eight"}, 9, "differs by -11.1%"),
        (20, {"printed": "twenty"}, 22, "differs by -9.1%"),
        (1600, {"hedge": "over"}, 1616, "within rounding"),
        (1600, {"hedge": "over"}, 1600, "differs by +0.0%"),
        (1600, {"hedge": "over"}, 1599, "differs by +0.063%"),
        (1600, {"hedge": "at least"}, 1600, "within rounding"),
        (100, {"hedge": "under"}, 100, "differs by +0.0%"),
        (100, {"hedge": "at most"}, 100, "within rounding"),
        (5, {}, 0, "differs"),
    ],
)
def test_a_number_is_held_against_the_measured_one(
    value: int, more: dict[str, str], measured: int, verdict: str
) -> None:
    assert judged(said(value, **more), counted(measured)) == [verdict, "-"]


def test_without_a_measurement_sources_are_held_against_earlier_ones() -> None:
    many = (said(52000, printed="52K"), said(52400), said(52002), said(None), counted(None))
    assert judged(*many) == [
        "first source",
        "within rounding",
        "differs by -0.76%",
        "nothing to compare with",
        "-",
    ]
    assert [one and one.against for one in verdicts("scale", many)] == [None, 0, 1, None, None]


def test_claims_about_different_things_are_not_compared() -> None:
    whole = counted(10, unit="instances")
    assert judged(said(9, unit="prompts"), whole)[0] == (
        "not comparable: the unit differs (prompts, instances)"
    )
    assert judged(said(9, unit="instances", split="test"), whole)[0] == (
        "not comparable: the split differs"
    )
    assert judged(said(9, unit="instances", subset="birds"), whole)[0] == (
        "not comparable: the subset differs"
    )
    assert judged(said(9, unit="prompts", split="test"), whole)[0] == "nothing to compare with"
    assert judged(said(9, unit="instances"))[0] == "nothing to compare with"


def test_what_was_measured_on_a_subset_judges_claims_about_that_subset_alone() -> None:
    claims = (said(9, unit="tasks"), said(4, unit="tasks", subset="birds"))
    found = judged(*claims, counted(3, unit="tasks"), subset="birds")
    assert found == ["not comparable: only a subset was measured", "differs by +33.3%", "-"]


@pytest.mark.parametrize(
    ("field", "one", "other", "kind"),
    [
        ("licence", "MIT", "MIT", "equal"),
        ("licence", "MIT", "Apache-2.0", "differs"),
        ("released", "2023-03", "2023-03-13", "agrees"),
        ("released", "2023-03-13", "2023-03-14", "differs"),
        ("languages", ("monolingual",), ("eng",), "agrees"),
        ("languages", ("monolingual",), ("eng", "fra"), "differs"),
        ("languages", ("multilingual",), ("eng", "fra", "deu"), "agrees"),
        ("languages", ("fra", "eng"), ("eng", "fra"), "equal"),
        ("languages", ("eng",), {"eng": 990, "und": 400, "fra": 9}, "equal"),
        ("languages", ("eng", "fra"), {"eng": 990, "fra": 9}, "agrees"),
        ("languages", ("eng",), {"eng": 90, "fra": 10}, "differs"),
        ("languages", ("monolingual",), {"eng": 999, "fra": 1}, "agrees"),
        ("languages", ("deu",), {"eng": 999}, "differs"),
        ("annotator", ("human",), ("gpt-4",), "differs"),
        ("annotator", ("human",), {"human": 7}, "equal"),
        ("annotator", ("model",), ("gpt-4",), "agrees"),
        ("annotator", ("gpt-3",), ("gpt-4",), "differs"),
        ("annotator", ("gpt-4", "human"), ("human", "gpt-4"), "equal"),
        ("annotator", ("human", "model"), ("gpt-4",), "differs"),
        ("modality", ("text", "code"), ("code", "text"), "equal"),
    ],
)
def test_words_are_compared_as_their_field_means_them(
    field: str, one: Any, other: Any, kind: str
) -> None:
    assert held(field, said(one), said(other)).kind == kind
    assert held(field, said(other), said(one)).kind == kind


def test_fields_of_which_several_may_hold_are_no_contradiction() -> None:
    assert (
        judged(said("github:a/b"), said("github:a/c"), field="homes")
        == ["nothing to compare with"] * 2
    )
    assert judged(said("github:a/b"), said("github:a/b"), field="homes") == ["equal"] * 2


def test_a_verdict_reads_as_a_sentence() -> None:
    assert str(Verdict(kind="differs", by=0.5)) == "differs by +50.0%"


@pytest.mark.parametrize(
    ("measured", "verdict"),
    [(0.299, "equal"), (0.29897, "within rounding"), (0.24566, "differs by +21.7%")],
)
def test_a_result_in_per_cent_is_held_against_a_measured_share(
    measured: float, verdict: str
) -> None:
    owner = said(29.9, unit="percent", printed="29.9", benchmark="ifeval")
    assert judged(owner, counted(measured, benchmark="ifeval"), field="results") == [verdict, "-"]


def test_points_are_no_share() -> None:
    owner = said(29.9, unit="points", benchmark="ifeval")
    (verdict, _) = judged(owner, counted(0.299, benchmark="ifeval"), field="results")
    assert verdict == "not comparable: the unit differs (points, none)"
