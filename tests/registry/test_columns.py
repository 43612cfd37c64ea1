"""Columns put together from flat buffers are the columns that Arrow makes."""

from operator import itemgetter
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import columns
from registry.columns import column

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
PAIR = pa.struct([("said", pa.string()), ("row", pa.int64())])
PAIRS = st.fixed_dictionaries({"said": st.none() | TEXTS, "row": st.integers(-(2**63), 2**63 - 1)})
TYPED = st.sampled_from(
    [
        (pa.string(), st.none() | TEXTS),
        (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
        (PAIR, PAIRS),
        (pa.list_(pa.string()), st.lists(TEXTS, max_size=3)),
        (pa.list_(PAIR), st.lists(PAIRS, max_size=3)),
    ]
)


@given(TYPED, st.data())
def test_a_column_is_what_arrow_makes_of_the_values(
    typed: tuple[pa.DataType, st.SearchStrategy[Any]], data: st.DataObject
) -> None:
    type, values = typed
    given = data.draw(st.lists(values, max_size=20))
    made = column(given, type, itemgetter)
    made.validate(full=True)
    assert made.equals(pa.array(given, type))


@given(TYPED, st.integers(0, 20), st.data())
def test_one_value_again_and_again_is_a_column_too(
    typed: tuple[pa.DataType, st.SearchStrategy[Any]], many: int, data: st.DataObject
) -> None:
    type, values = typed
    given = [data.draw(values)] * many
    made = column(given, type, itemgetter)
    made.validate(full=True)
    assert made.equals(pa.array(given, type))


def test_values_that_begin_and_end_alike_need_not_be_one() -> None:
    same = "La."
    assert column([same, "Do.", same], pa.string(), itemgetter).to_pylist() == ["La.", "Do.", "La."]


def test_more_text_than_a_column_can_hold_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "_LARGEST", 5)
    assert len(column(["La.", "Do"], pa.string(), itemgetter)) == 2
    with pytest.raises(OverflowError, match="more than 2 GB"):
        column(["La.", "Do."], pa.string(), itemgetter)


def test_half_a_surrogate_pair_is_no_text() -> None:
    with pytest.raises(UnicodeEncodeError):
        column(["\ud800"], pa.string(), itemgetter)
