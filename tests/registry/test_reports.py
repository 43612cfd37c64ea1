import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.errors import RegistryError
from registry.reports import (
    Artefact,
    Measurement,
    Report,
    all_of,
    artefact,
    evaluations,
    headline,
    measured_by,
    parse,
    place,
    read,
    results,
    write,
)

REPORT = Report(
    stage="convert",
    id="songs",
    settings={"format": "alpaca", "members": ["a", "b"]},
    inputs=(Artefact(path="songs.json", sha256="0" * 64, bytes=9, digest="md5:0"),),
    outputs=(Artefact(path="train.parquet", sha256="1" * 64, bytes=5, digest="md5:1", rows=3),),
    measured={
        "scale": (
            Measurement(value=3, unit="instances"),
            Measurement(value=2, unit="instances", split="train"),
        ),
        "languages": (Measurement(value={"eng": 3}, unit="instances"),),
    },
    environment={"device": "cpu", "seconds": 1.5},
)
NAMES = st.text(alphabet="abc", min_size=1, max_size=4)
MEASUREMENTS = st.builds(
    Measurement,
    value=st.none() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | NAMES,
    unit=st.none() | NAMES,
    split=st.none() | NAMES,
    metric=st.none() | NAMES,
    stderr=st.none() | st.floats(0, 1),
    n=st.none() | st.integers(0, 9),
)


def test_a_report_reads_as_it_was_written(tmp_path: Path) -> None:
    path = write(tmp_path, REPORT)
    assert path == tmp_path / "reports" / "convert" / "songs.json"
    assert path == place(tmp_path, "convert", "songs")
    assert read(tmp_path, "convert", "songs") == REPORT


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(NAMES, st.lists(MEASUREMENTS, max_size=2).map(tuple), max_size=2),
    st.dictionaries(NAMES, st.integers() | NAMES | st.booleans(), max_size=3),
)
def test_what_was_measured_and_the_key_survive_the_file(
    tmp_path: Path, measured: dict[str, tuple[Measurement, ...]], chosen: dict[str, object]
) -> None:
    report = replace(REPORT, measured=measured, settings=chosen)
    write(tmp_path, report)
    back = read(tmp_path, "convert", "songs")
    assert back == report
    assert back.key == report.key


def test_the_key_is_in_the_file_and_has_its_form(tmp_path: Path) -> None:
    body = json.loads(write(tmp_path, REPORT).read_text())
    assert body["key"] == REPORT.key
    assert len(REPORT.key) == 36


def test_the_key_is_blind_to_where_and_how_fast_it_ran() -> None:
    other = replace(REPORT, environment={"device": "cuda", "seconds": 0.1})
    assert other.key == REPORT.key


@pytest.mark.parametrize(
    "change",
    [
        {"stage": "mix"},
        {"id": "other"},
        {"settings": {"format": "dolly"}},
        {"inputs": ()},
        {"outputs": (replace(REPORT.outputs[0], digest="md5:2"),)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_key_sees_what_was_done_and_what_came_out(change: dict[str, object]) -> None:
    assert replace(REPORT, **change).key != REPORT.key  # type: ignore[arg-type]


def test_the_key_sees_what_a_table_holds_not_its_bytes() -> None:
    packed = replace(REPORT.outputs[0], sha256="2" * 64, bytes=4)
    assert replace(REPORT, outputs=(packed,)).key == REPORT.key


def test_settings_that_are_absent_are_as_those_that_are_none() -> None:
    assert replace(REPORT, settings={**REPORT.settings, "limit": None}).key == REPORT.key


def test_a_measurement_is_found_by_exactly_its_qualifiers() -> None:
    assert REPORT.find("scale", {"unit": "instances"}) == Measurement(value=3, unit="instances")
    split = REPORT.find("scale", {"unit": "instances", "split": "train"})
    assert split is not None
    assert split.value == 2
    assert REPORT.find("scale", {"unit": "tasks"}) is None
    assert REPORT.find("results", {}) is None


def test_a_stage_that_has_not_run_has_no_report(tmp_path: Path) -> None:
    assert read(tmp_path, "convert", "songs") is None
    assert all_of(tmp_path) == []


def test_all_reports_come_in_order_of_stage_and_id(tmp_path: Path) -> None:
    for stage, id in (("mix", "a"), ("convert", "b"), ("convert", "a")):
        write(tmp_path, replace(REPORT, stage=stage, id=id))
    found = [(one.stage, one.id) for one in all_of(tmp_path)]
    assert found == [("convert", "a"), ("convert", "b"), ("mix", "a")]
    assert [one.id for one in all_of(tmp_path, "mix")] == ["a"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 1}', '{"schema": 2, "stage": "x"}'])
def test_a_file_that_is_no_report_says_what_to_do(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(RegistryError, match=r"x\.json: is not a report .*; run its stage again"):
        parse(path)


def test_an_artefact_is_described_by_its_bytes_unless_its_rows_are_known(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    plain = artefact(tmp_path, tmp_path / "f")
    assert (plain.path, plain.bytes, plain.rows) == ("f", 1, None)
    assert plain.digest == "md5:9dd4e461268c8034f5c8564e155c67a6"
    assert artefact(tmp_path, tmp_path / "f", rows=3, digest="md5:x").digest == "md5:x"


def test_headline_numbers_are_nested_by_what_they_are_of() -> None:
    measured = {
        "scale": (
            Measurement(unit="instances", value=3),
            Measurement(unit="instances", split="train", value=2),
        ),
        "results": (
            Measurement(benchmark="b", metric="m", value=0.5),
            Measurement(benchmark="b", metric="m", unit="tasks", value=0.25),
            Measurement(benchmark="b", metric="m", subset="sing", value=0.75),
        ),
        "languages": (Measurement(unit="instances", value={"eng": 3}),),
    }
    found = headline(Report(stage="evaluate", id="x", measured=measured))
    assert found == {
        "scale": {"instances": 3},
        "results": {"b": {"m": 0.5}, "tasks": {"b": {"m": 0.25}}},
    }


def scored(benchmark: str, value: float, part: str | None = None) -> Report:
    one = Measurement(benchmark=benchmark, metric="rouge_l", value=value)
    return Report(stage="evaluate", id="singer", part=part, measured={"results": (one,)})


def known(*reports: Report) -> dict[tuple[str, str], Report]:
    return {(one.stage, one.stem): one for one in reports}


def test_a_part_has_a_file_of_its_own_beside_the_card_s(tmp_path: Path) -> None:
    whole, part = scored("a", 0.5), scored("b", 0.25, "b")
    assert write(tmp_path, part) == tmp_path / "reports" / "evaluate" / "singer+b.json"
    assert write(tmp_path, whole) == place(tmp_path, "evaluate", "singer")
    assert read(tmp_path, "evaluate", "singer") == whole
    assert read(tmp_path, "evaluate", "singer", "b") == part
    assert all_of(tmp_path) == [whole, part]


def test_a_part_is_another_key_and_none_keeps_the_key_and_the_bytes(tmp_path: Path) -> None:
    whole = scored("a", 0.5)
    assert replace(whole, part="a").key != replace(whole, part="b").key != whole.key
    assert REPORT.key == "md5:3c26103a819472b7f2967e50e6039f5d"
    assert b'"part"' not in write(tmp_path, whole).read_bytes()


def test_a_score_is_found_in_the_report_of_its_benchmark() -> None:
    own, part = scored("a", 0.5), scored("b", 0.25, "b")
    asked = {"benchmark": "b", "metric": "rouge_l"}
    report, found = measured_by(known(own, part), "evaluate", "singer", "results", asked)
    assert report == part
    assert found == part.measured["results"][0]
    assert measured_by(known(own), "evaluate", "singer", "results", asked) == (None, None)


def test_what_a_card_names_is_read_from_the_card_s_own_report() -> None:
    own, part, other = scored("a", 0.5), scored("a", 0.25, "a"), scored("b", 0.75, "b")
    everything = known(other, part, own)
    assert evaluations(everything, "singer") == [own, other]
    assert [one.value for one in results(everything, "singer")] == [0.5, 0.75]
    asked = {"benchmark": "a", "metric": "rouge_l"}
    assert measured_by(everything, "evaluate", "singer", "results", asked)[0] == own


def test_another_model_s_parts_are_not_taken_for_a_model_s() -> None:
    assert evaluations(known(replace(scored("a", 1.0, "a"), id="singers")), "singer") == []
