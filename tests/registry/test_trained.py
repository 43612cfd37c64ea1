from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import reports
from registry.errors import RegistryError
from registry.files import write_text
from registry.reports import Report
from registry.trained import Segment, Shown, plain, read, write

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
segments = st.builds(
    Segment,
    text=texts,
    tokens=st.integers(1, 9),
    trained=st.booleans(),
    special=st.booleans(),
    left_out=st.booleans(),
)


def shown(*parts: Segment) -> Shown:
    return Shown(
        id="songs:1",
        dataset="songs",
        task="sing",
        file="songs.whl!songs.json",
        row=7,
        step=1,
        tokens=sum(one.tokens for one in parts),
        trained=sum(one.tokens for one in parts if one.trained),
        left_out=0,
        segments=parts,
    )


@given(st.lists(st.lists(segments, max_size=4), max_size=3))
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, many: list[list[Segment]]
) -> None:
    path = tmp_path_factory.mktemp("shown") / "a.samples.jsonl"
    kept = tuple(shown(*parts) for parts in many)
    write(path, kept)
    assert read(path) == kept


def test_a_sequence_has_a_line_of_its_own_whatever_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "a.samples.jsonl"
    one = shown(Segment(text="la\n\u2028la\x85", tokens=3, trained=True))
    write(path, [one, one])
    assert path.read_bytes().count(b"\n") == 2
    assert read(path) == (one, one)


def test_a_segment_says_only_what_is_so() -> None:
    (part,) = plain(shown(Segment(text="la", tokens=1, trained=False)))["segments"]
    assert part == {"text": "la", "tokens": 1, "trained": False}


def test_where_nothing_was_recorded_there_is_nothing(tmp_path: Path) -> None:
    assert read(tmp_path / "absent.samples.jsonl") == ()


@pytest.mark.parametrize("text", ["{", "[]\n", '{"id": 1}\n', '{"segments": [{}], "origin": {}}\n'])
def test_a_record_of_another_shape_is_told(tmp_path: Path, text: str) -> None:
    write_text(tmp_path / "a.samples.jsonl", text)
    with pytest.raises(RegistryError, match="holds no sequences of this version"):
        read(tmp_path / "a.samples.jsonl")


def test_the_record_is_not_taken_for_a_report(tmp_path: Path) -> None:
    reports.write(tmp_path, Report(stage="tune", id="singer"))
    write(tmp_path / "reports" / "tune" / "singer.samples.jsonl", [shown()])
    assert [one.id for one in reports.all_of(tmp_path)] == ["singer"]
