"""Answers as their owners publish them, and which item each belongs to."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import InvalidCards, RegistryError
from registry.evaluation.matching import Asked, match
from registry.evaluation.outputs import Given, read, response_of, texts

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


def lines(path: Path, *values: Any) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in values))
    return path


@pytest.mark.parametrize(
    ("value", "response", "key", "prompt"),
    [
        ({"prompt": "Sing.", "response": "La"}, "La", None, "Sing."),
        ({"key": 1001, "response": "La"}, "La", "1001", None),
        ({"id": "task001-7", "prediction": "La"}, "La", "task001-7", None),
        ({"question_id": 81, "choices": [{"turns": ["La", "Lo"]}]}, "La", "81", None),
        (
            {"doc_id": 3, "doc": {"key": 9, "prompt": "Sing."}, "resps": [["La"]]},
            "La",
            "9",
            "Sing.",
        ),
        ({"input": "Sing.", "output": "La", "target": "La"}, "La", None, "Sing."),
        ({"key": "1", "response": None}, None, "1", None),
        ({"key": "1", "response": 4}, None, "1", None),
        ({"key": "1", "response": ""}, "", "1", None),
    ],
)
def test_shapes_of_owners_are_read_as_they_are(
    value: dict[str, Any],
    response: str | None,
    key: str | None,
    prompt: str | None,
    tmp_path: Path,
) -> None:
    (found,) = read(lines(tmp_path / "answers.jsonl", value))
    assert (found.response, found.key, found.prompt) == (response, key, prompt)


@pytest.mark.parametrize("name", ["outputs", "predictions", "examples"])
def test_a_list_within_one_object_is_the_answers(name: str, tmp_path: Path) -> None:
    path = tmp_path / "songs.json"
    path.write_text(json.dumps({"canary": "x", name: [{"input": "a", "prediction": "b"}]}))
    (found,) = read(path)
    assert (found.prompt, found.response, found.task) == ("a", "b", "songs")


def test_a_folder_is_all_its_files_each_a_task(tmp_path: Path) -> None:
    for name in ("b", "a"):
        lines(tmp_path / f"{name}.jsonl", {"key": name, "response": name})
    assert [(one.task, one.key) for one in read(tmp_path)] == [("a", "a"), ("b", "b")]


def test_every_fault_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text('{"key": 1, "response": "a"}\n{"key": 2\n[1]\n{"key": 3}\n')
    with pytest.raises(InvalidCards) as caught:
        read(path)
    assert [one.line for one in caught.value.problems] == [2, 3, 4]
    assert "write it as 'response'" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"), [(b"", "no answers"), (b"\xff", "not UTF-8"), (None, "no such file")]
)
def test_what_is_no_file_of_answers_is_refused(
    text: bytes | None, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "answers.jsonl"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(RegistryError, match=said):
        read(path)


def test_line_ends_within_a_response_end_no_line(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text('{"key": 1, "response": "a\u2028b\x85c"}\r\n', encoding="utf-8", newline="")
    (found,) = read(path)
    assert found.response == "a\u2028b\x85c"


@given(JSON)
def test_any_json_is_a_text_or_none(value: Any) -> None:
    assert isinstance(response_of(value), str | None)
    assert all(isinstance(one, str) for one in texts(value))


def answer(key: str | None = None, prompt: str | None = None, at: int = 1) -> Given:
    return Given(where=f"answers.jsonl:{at}", response="La", key=key, prompt=prompt)


def test_nothing_is_dropped() -> None:
    items = [Asked("1", "a"), Asked("2", "b"), Asked("3", "c")]
    found = match(
        items, [answer("3", at=1), answer("1", at=2), answer("9", at=3), answer("1", at=4)]
    )
    assert [one and one.where for one in found.answers] == [
        "answers.jsonl:2",
        None,
        "answers.jsonl:1",
    ]
    assert found.missing == ("2",)
    assert found.unknown == ("answers.jsonl:3",)
    assert found.repeated == ("answers.jsonl:4",)


def test_what_knows_most_answers_decides() -> None:
    items = [Asked("1", "a"), Asked("2", "b")]
    by_prompt = match(items, [answer("0", "b"), answer("1", "a")])
    assert by_prompt.by == "prompt"
    assert by_prompt.missing == ()
    assert match(items, [answer("1", "a"), answer("2", "b")]).by == "key"
    assert match(items, [answer("1", "b"), answer("2", "a")]).by == "prompt"
    assert match(items, [answer(prompt=" a\n"), answer(prompt="b ")]).missing == ()


def test_items_of_one_prompt_take_answers_in_the_order_of_the_file() -> None:
    items = [Asked("1", "a"), Asked("2", "a")]
    found = match(items, [answer(prompt="a", at=1), answer(prompt="a", at=2)])
    assert [one and one.where for one in found.answers] == ["answers.jsonl:1", "answers.jsonl:2"]


def test_answers_to_something_else_are_refused() -> None:
    with pytest.raises(RegistryError, match="to another, or to another version"):
        match([Asked("1", "a")], [answer("7", "z")])


def test_keys_that_meet_by_chance_are_refused() -> None:
    items = [Asked(str(1000 + one)) for one in range(100)]
    with pytest.raises(RegistryError, match="3 of 20 answers"):
        match(items, [answer(str(983 + one)) for one in range(20)])


def test_a_key_whose_prompt_is_another_is_no_match() -> None:
    items = [Asked("0", "first"), Asked("1", "second")]
    found = match(items, [answer("0", "second"), answer("1", "first")])
    assert found.by == "prompt"
    with pytest.raises(RegistryError, match="0 of 2 answers"):
        match(items, [answer("0", "other"), answer("1", "third")])


def test_an_item_without_a_key_is_not_known_by_its_place() -> None:
    items = [Asked("data.json:1", "a", placed=True), Asked("data.json:2", "b", placed=True)]
    with pytest.raises(RegistryError, match="0 of 2 answers"):
        match(items, [answer("data.json:1"), answer("data.json:2")])
    assert match(items, [answer("0", "b"), answer("1", "a")]).by == "prompt"


def test_a_key_that_two_items_share_is_none() -> None:
    items = [Asked("1", "uno"), Asked("1", "un")]
    found = match(items, [answer("1", "un")])
    assert [one and one.prompt for one in found.answers] == [None, "un"]
    with pytest.raises(RegistryError, match="Where items share keys, give the prompts"):
        match(items, [answer("1")])


def test_the_reference_beside_a_completion_is_not_the_response(tmp_path: Path) -> None:
    line = {"instruction": "Sing.", "output": "gold", "completion": "La"}
    (found,) = read(lines(tmp_path / "a.jsonl", line))
    assert found.response == "La"


@given(
    st.lists(st.sampled_from("abcd"), max_size=6, unique=True),
    st.lists(st.sampled_from("abcde"), min_size=1, max_size=8),
)
def test_each_answer_is_taken_unknown_or_repeated(keys: list[str], given: list[str]) -> None:
    items = [Asked(one) for one in keys]
    answers = [answer(one, at=at) for at, one in enumerate(given)]
    if not keys or sum(one in keys for one in given) < min(len(keys), len(given)) / 2:
        return
    found = match(items, answers)
    taken = [one for one in found.answers if one]
    assert len(taken) + len(found.unknown) + len(found.repeated) == len(given)
    assert len(taken) + len(found.missing) == len(items)
    assert all(one.key == item.key for one, item in zip(found.answers, items, strict=True) if one)


def test_outputs_of_two_styles_are_tasks_of_two_folders_without_their_owners_scores(
    tmp_path: Path,
) -> None:
    for style in ("cot", "direct"):
        name = tmp_path / style / "snarks_few_shot_template_0-255000.jsonl"
        name.parent.mkdir()
        name.write_text('{"input": "Q: a?\\nA:", "prediction": "(B)", "target": "(B)"}\n')
        metrics = name.with_name(f"{name.stem}_eval_metrics.jsonl")
        metrics.write_text('{"accuracy": 92.8, "accuracy_with_calc": 92.8}')
    assert [one.task for one in read(tmp_path)] == ["cot/snarks", "direct/snarks"]
    assert [one.task for one in read(tmp_path / "cot")] == ["snarks"]
