from math import isclose

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.evaluation.judging.agreement import (
    cohen_kappa,
    fleiss_kappa,
    krippendorff_alpha,
    raw_agreement,
    wilson,
)

LABELS = st.sampled_from("abc")
PAIRS = st.lists(st.tuples(LABELS, LABELS), min_size=1, max_size=30)
FLEISS_1971 = [  # the worked example that goes round with Fleiss' article: 10 items, 14 raters
    (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
    (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
]  # fmt: skip


def test_cohen_of_a_table_worked_by_hand() -> None:
    pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    assert isclose(cohen_kappa(pairs) or 0, 0.4)


def test_fleiss_of_the_published_example() -> None:
    items = [[label for label, n in enumerate(row) for _ in range(n)] for row in FLEISS_1971]
    assert round(fleiss_kappa(items) or 0, 3) == 0.210


def test_alpha_of_krippendorffs_nominal_example() -> None:
    one = [None, None, None, None, None, 3, 4, 1, 2, 1, 1, 3, 3, None, 3]
    two = [1, None, 2, 1, 3, 3, 4, 3, None, None, None, None, None, None, None]
    three = [None, None, 2, 1, 3, 4, 4, None, 2, 1, 1, 3, 3, None, 4]
    items = [[v for v in row if v is not None] for row in zip(one, two, three, strict=True)]
    assert round(krippendorff_alpha(items) or 0, 3) == 0.691


def test_a_label_that_stands_alone_does_not_move_alpha() -> None:
    items = [["a", "a"], ["b", "a"], ["b", "b"]]
    assert krippendorff_alpha([*items, ["c"], []]) == krippendorff_alpha(items)


def test_where_chance_explains_everything_nothing_is_defined() -> None:
    assert cohen_kappa([("a", "a")] * 3) is None
    assert fleiss_kappa([["a", "a", "a"]] * 3) is None
    assert krippendorff_alpha([["a", "a"]] * 3) is None
    assert cohen_kappa([]) is None
    assert raw_agreement([["a"], []]) is None
    assert wilson(0, 0) is None


def test_fleiss_refuses_items_with_missing_labels() -> None:
    with pytest.raises(ValueError, match="krippendorff_alpha"):
        fleiss_kappa([["a", "b"], ["a"]])


@given(PAIRS)
def test_kappas_lie_between_minus_one_and_one_and_know_no_order(
    pairs: list[tuple[str, str]],
) -> None:
    kappa = cohen_kappa(pairs)
    if kappa is not None:
        assert -1 <= kappa <= 1
        turned = cohen_kappa([(b, a) for a, b in pairs])
        assert turned is not None
        assert isclose(kappa, turned, abs_tol=1e-12)
        assert (kappa == 1) == all(a == b for a, b in pairs)


@given(PAIRS)
def test_of_two_judges_alpha_is_fleiss_with_a_correction_for_few(
    pairs: list[tuple[str, str]],
) -> None:
    fleiss, alpha = fleiss_kappa(pairs), krippendorff_alpha(pairs)
    if fleiss is not None and alpha is not None:
        n = 2 * len(pairs)
        assert isclose(alpha, 1 - (1 - fleiss) * (n - 1) / n, abs_tol=1e-9)


@settings(max_examples=30)
@given(PAIRS)
def test_cohen_agrees_with_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    kappa = cohen_kappa(pairs)
    if kappa is not None:
        assert isclose(kappa, metrics.cohen_kappa_score(*zip(*pairs, strict=True)), abs_tol=1e-9)


@given(st.integers(0, 50), st.integers(1, 50))
def test_wilson_holds_the_share_and_stays_a_share(successes: int, n: int) -> None:
    successes = min(successes, n)
    interval = wilson(successes, n)
    assert interval
    low, high = interval
    assert 0 <= low <= successes / n <= high <= 1
    other = wilson(n - successes, n)
    assert other
    assert isclose(low, 1 - other[1], abs_tol=1e-12)
