import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.errors import InvalidCards
from registry.evaluation.judging.annotations import Annotations, ask, keep, key_of
from registry.evaluation.judging.judges import Judge

IDENTITY = {"model": "counting", "max_new_tokens": 8}


def counting(asked: list[str], fail_at: int | None = None) -> Judge:
    """Return a judge that says how long a prompt is, last prompts first, and counts them."""

    def answers(prompts: Sequence[str]) -> Iterator[tuple[int, str]]:
        for at in reversed(range(len(prompts))):
            if len(asked) == fail_at:
                raise KeyboardInterrupt
            asked.append(prompts[at])
            yield at, str(len(prompts[at]))

    return Judge(IDENTITY, answers)


@settings(max_examples=30)
@given(st.lists(st.text(alphabet="ab\u2028\n"), max_size=10))
def test_completions_come_in_the_order_of_the_prompts(prompts: list[str]) -> None:
    asked: list[str] = []
    said = ask(counting(asked), prompts, Annotations({}))
    assert said == [str(len(prompt)) for prompt in prompts]
    assert sorted(asked) == sorted(set(prompts))


def test_a_second_run_asks_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    for expected in (2, 0):
        asked: list[str] = []
        with keep(file) as kept:
            assert ask(counting(asked), ["x", "yy\u2028"], kept) == ["1", "3"]
        assert len(asked) == expected


def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path) -> None:
    file, asked = tmp_path / "a.jsonl", []
    prompts = ["a" * n for n in range(6)]
    with pytest.raises(KeyboardInterrupt), keep(file) as kept:
        ask(counting(asked, fail_at=4), prompts, kept)
    later: list[str] = []
    with keep(file) as kept:
        assert ask(counting(later), prompts, kept) == [str(n) for n in range(6)]
    assert (len(asked), len(later)) == (4, 2)


def test_a_torn_last_line_is_asked_again(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    with keep(file) as kept:
        ask(counting([]), ["x", "yy"], kept)
    file.write_bytes(file.read_bytes()[:-9])
    asked: list[str] = []
    with keep(file) as kept:
        ask(counting(asked), ["x", "yy"], kept)
    assert len(asked) == 1
    with keep(file) as kept:
        assert len(kept.known) == 2


def test_what_is_kept_outlives_a_killed_process(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from registry.evaluation.judging.annotations import keep\n"
        "with keep(Path(sys.argv[1])) as kept:\n"
        "    kept.add({'model': 'm'}, 'prompt', 'said')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    file = tmp_path / "a.jsonl"
    done = subprocess.run([sys.executable, "-c", script, file], check=False, env=os.environ)
    assert done.returncode == -signal.SIGKILL
    with keep(file) as kept:
        assert kept.known == {key_of({"model": "m"}, "prompt"): "said"}


def test_another_judge_or_prompt_is_another_question() -> None:
    keys = {
        key_of({"model": "a"}, "p"),
        key_of({"model": "b"}, "p"),
        key_of({"model": "a", "max_new_tokens": 1}, "p"),
        key_of({"model": "a"}, "q"),
    }
    assert len(keys) == 4
    assert key_of({"a": 1, "b": 2}, "p") == key_of({"b": 2, "a": 1}, "p")


def test_annotations_of_another_file_are_taken_over(tmp_path: Path) -> None:
    theirs, ours = tmp_path / "theirs.jsonl", tmp_path / "ours.jsonl"
    with keep(theirs) as kept:
        ask(counting([]), ["x"], kept)
    asked: list[str] = []
    with keep(ours, [theirs]) as kept:
        assert ask(counting(asked), ["x"], kept) == ["1"]
    assert asked == []
    assert ours.read_text() == theirs.read_text()
    with keep(None, [theirs]) as kept:
        assert len(kept.known) == 1


def test_lines_that_are_no_annotations_are_named(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    with keep(file) as kept:
        ask(counting([]), ["x"], kept)
    changed = json.loads(file.read_text()) | {"prompt": "another"}
    with file.open("a") as stream:
        stream.write('{"key": "k"}\n' + json.dumps(changed) + "\n[]\n")
    with pytest.raises(InvalidCards) as caught, keep(file):
        pass
    assert [(one.line, one.field) for one in caught.value.problems] == [
        (2, "row"),
        (3, "key"),
        (4, "row"),
    ]


def test_a_whole_last_line_without_its_end_is_kept_and_not_asked_again(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    with keep(file) as kept:
        ask(counting([]), ["x", "yy"], kept)
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    asked: list[str] = []
    with keep(file) as kept:
        ask(counting(asked), ["x", "yy", "zzz"], kept)
    assert asked == ["zzz"]
    assert file.read_bytes().startswith(whole)
    with keep(file) as kept:
        assert len(kept.known) == 3


def test_opening_whole_annotations_changes_no_byte(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    with keep(file) as kept:
        ask(counting([]), ["x"], kept)
    before = file.read_bytes()
    with keep(file):
        pass
    assert file.read_bytes() == before
