import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.errors import RegistryError
from registry.evaluation.answers import Answer, Conditions, answer_of, collect, read
from registry.files import partial

HERE = Conditions(
    weights="a" * 64, benchmark="md5:b", template="md5:c", max_new_tokens=8, precision="fp32"
)
ORDER = ("one", "two", "three")


def given_to(id: str, text: str = "la") -> Answer:
    return Answer(
        id=id,
        task="sing",
        prompt="<|im_start|>user\nSing.",
        answer=text,
        references=("la", "lala"),
        tokens=3,
        truncated=False,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model" / "songs.jsonl"


def run(path: Path, ids: Sequence[str], *, conditions: Conditions = HERE) -> dict[str, Answer]:
    """Answer some ids as an evaluation would; return what was there before."""
    with collect(path, conditions, ORDER, answer_of) as collection:
        before = dict(collection.answers)
        for id in ids:
            collection.add(given_to(id))
    return before


def be_killed(path: Path, ids: Sequence[str], *, order: Sequence[str] = ORDER) -> None:
    with suppress(KeyboardInterrupt), collect(path, HERE, order, answer_of) as collection:
        for id in ids:
            collection.add(given_to(id))
        raise KeyboardInterrupt


def test_what_was_written_is_read_back_in_the_order_of_the_benchmark(path: Path) -> None:
    run(path, ["three", "one", "two"])
    assert read(path) == (HERE, [given_to(id) for id in ORDER])


def test_the_file_does_not_depend_on_the_order_of_completion(path: Path) -> None:
    run(path, ["three", "one", "two"])
    first = path.read_bytes()
    path.unlink()
    run(path, ["one", "two", "three"])
    assert path.read_bytes() == first


def test_no_partial_file_is_left_at_the_end(path: Path) -> None:
    run(path, ORDER)
    assert [file.name for file in path.parent.iterdir()] == ["songs.jsonl"]


def test_answers_of_a_killed_run_are_kept(path: Path) -> None:
    be_killed(path, ["two"])
    assert run(path, ["one", "three"]) == {"two": given_to("two")}


def test_a_run_killed_twice_keeps_both_its_parts(path: Path) -> None:
    be_killed(path, ["two"])
    be_killed(path, ["one"])
    assert set(run(path, ["three"])) == {"one", "two"}


def test_a_killed_run_leaves_no_whole_file(path: Path) -> None:
    be_killed(path, ["two"])
    assert not path.exists()


def test_an_answer_is_on_disk_at_once(path: Path) -> None:
    with collect(path, HERE, ["two"], answer_of) as collection:
        collection.add(given_to("two"))
        assert json.loads(partial(path).read_text().splitlines()[-1])["id"] == "two"


def test_an_interrupted_evaluation_ends_with_the_same_bytes(path: Path) -> None:
    run(path, ORDER)
    whole = path.read_bytes()
    path.unlink()
    be_killed(path, ["three"])
    run(path, ["one", "two"])
    assert path.read_bytes() == whole


@pytest.mark.parametrize("torn", [b'{"id": "on', b'{"id": "one"}', b"\xff\xfe", b"[1]\n", b"{\n"])
def test_a_torn_last_line_is_dropped(path: Path, torn: bytes) -> None:
    be_killed(path, ["two"])
    with partial(path).open("ab") as stream:
        stream.write(torn)
    assert set(run(path, ["one", "three"])) == {"two"}
    assert len(read(path)[1]) == 3


@pytest.mark.parametrize("size", range(0, 400, 13))
def test_a_run_torn_anywhere_can_be_taken_up(path: Path, size: int) -> None:
    be_killed(path, ["two", "one"])
    partial(path).write_bytes(partial(path).read_bytes()[:size])
    before = run(path, ORDER)
    assert before.keys() <= {"two", "one"}
    assert len(read(path)[1]) == 3


@pytest.mark.parametrize(
    "other",
    [
        replace(HERE, weights="0" * 64),
        replace(HERE, benchmark="md5:0"),
        replace(HERE, template="md5:0"),
        replace(HERE, max_new_tokens=9),
        replace(HERE, precision="bf16"),
    ],
)
def test_answers_under_other_conditions_are_not_kept(path: Path, other: Conditions) -> None:
    be_killed(path, ["two"])
    assert run(path, ORDER, conditions=other) == {}
    assert read(path)[0] == other


def test_a_whole_file_under_the_same_conditions_is_kept(path: Path) -> None:
    run(path, ORDER)
    assert set(run(path, [])) == set(ORDER)


def test_a_whole_file_under_other_conditions_stays_until_the_new_one_is_there(path: Path) -> None:
    run(path, ORDER)
    whole = path.read_bytes()
    with (
        pytest.raises(KeyboardInterrupt),
        collect(path, replace(HERE, max_new_tokens=9), ORDER, answer_of),
    ):
        raise KeyboardInterrupt
    assert path.read_bytes() == whole


def test_an_answer_that_is_no_longer_asked_for_is_dropped(path: Path) -> None:
    be_killed(path, ["four"], order=(*ORDER, "four"))
    assert run(path, ORDER) == {}
    assert [one.id for one in read(path)[1]] == list(ORDER)


def test_missing_answers_are_counted_and_make_no_file(path: Path) -> None:
    with pytest.raises(RegistryError, match="2 of 3 answers are missing; run it again"):
        run(path, ["one"])
    assert not path.exists()


def test_the_first_line_says_under_which_conditions(path: Path) -> None:
    run(path, ORDER)
    header = json.loads(path.read_text().splitlines()[0])
    assert header["fingerprint"] == HERE.fingerprint
    assert header["weights"] == "a" * 64


def test_no_answers_say_what_to_do(path: Path) -> None:
    with pytest.raises(RegistryError, match="no answers are here; evaluate the model first"):
        read(path)


@pytest.mark.parametrize("text", ["", "{}\n", "nonsense\n", '{"schema": 0}\n', "[]\n"])
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.jsonl").write_text(text)
    with pytest.raises(RegistryError, match="holds no answers of this version"):
        read(tmp_path / "a.jsonl")


texts = st.text() | st.sampled_from(["\u2028\n\r\x85", "{}", '"', "\x1c\x0b", "猫"])


@settings(max_examples=50)
@given(answer=texts, references=st.lists(texts, min_size=1).map(tuple))
def test_any_text_survives(
    tmp_path_factory: pytest.TempPathFactory, answer: str, references: tuple[str, ...]
) -> None:
    path = tmp_path_factory.mktemp("any") / "a.jsonl"
    kept = replace(given_to("one", answer), references=references, prompt=answer)
    with collect(path, HERE, ["one"], answer_of) as collection:
        collection.add(kept)
    assert read(path)[1] == [kept]
