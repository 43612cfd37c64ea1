"""Two models are compared row by row, and a comparison of other rows is refused."""

import json
import random
from math import isclose, sqrt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import RegistryError
from registry.evaluation import instructions, intervals, rouge_files
from registry.evaluation.intervals import McNemar
from registry.evaluation.paired import Decided, Difference, Verdicts, compare, read
from registry.files import write_text


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    write_text(path, "".join(f"{json.dumps(one)}\n" for one in rows))
    return path


def refused(*paths: Path) -> list[str]:
    with pytest.raises(RegistryError) as error:
        compare(*read(paths))
    return str(error.value).splitlines()


def file(scores: list[float], tasks: list[str] | None = None, name: str = "a") -> Verdicts:
    names = tasks or [""] * len(scores)
    decided = [Decided(task, {"m": one}, {}) for one, task in zip(scores, names, strict=True)]
    return Verdicts(name, {str(at): one for at, one in enumerate(decided)})


def only(first: Verdicts, second: Verdicts) -> Difference:
    (found,) = compare(first, second).differences
    return found


RIGHT = [1.0, 1.0, 1.0, 0.0, 1.0, 0.0]
WRONG = [0.0, 1.0, 0.0, 0.0, 1.0, 1.0]
scores = st.sampled_from([0.0, 0.25, 1 / 3, 1.0])
pairs = st.lists(
    st.tuples(scores, scores, st.sampled_from(["a", "b", "c"])), min_size=2, max_size=15
)


def test_a_worked_example_comes_out() -> None:
    found = only(file(RIGHT, list("xxyyzz")), file(WRONG, list("xxyyzz")))
    assert (found.n, found.tasks) == (6, 3)
    assert (found.first, found.second) == (pytest.approx(4 / 6), 0.5)
    assert found.difference == pytest.approx(1 / 6)
    # Differences 1 0 1 0 0 -1: squares about 1/6 sum to 17/6; tasks' sums lie 2/3 2/3 -4/3 off.
    assert found.stderr == pytest.approx(sqrt(17 / 6 / 5 / 6))
    assert found.clustered == pytest.approx(sqrt(3 / 2 * 24 / 9) / 6)
    assert found.mcnemar == McNemar(only_first=2, only_second=1, p=1.0)


def test_the_interval_is_that_of_paired_resamples() -> None:
    found, alone = only(file(RIGHT), file(WRONG)), intervals.compare(RIGHT, WRONG)
    assert (found.interval, found.better) == (alone.interval, alone.better)


def test_scores_between_0_and_1_have_no_table_of_verdicts() -> None:
    assert only(file([0.5, 1.0]), file([0.0, 1.0])).mcnemar is None
    assert only(file([0.0, 1.0]), file([0.5, 1.0])).mcnemar is None


@given(pairs)
def test_the_other_way_round_is_the_same_with_another_sign(
    rows: list[tuple[float, float, str]],
) -> None:
    tasks = [task for _, _, task in rows]
    first, second = file([a for a, _, _ in rows], tasks), file([b for _, b, _ in rows], tasks)
    one, other = only(first, second), only(second, first)
    assert one.difference == -other.difference
    assert (one.stderr, one.clustered) == (other.stderr, other.clustered)
    assert one.interval.low == pytest.approx(-other.interval.high, abs=1e-12)
    assert one.better == pytest.approx(1 - other.better)
    assert (one.first, one.second) == (other.second, other.first)
    if one.mcnemar and other.mcnemar:
        assert one.mcnemar.p == other.mcnemar.p
        assert one.mcnemar.only_first == other.mcnemar.only_second


@given(pairs)
def test_a_model_does_not_differ_from_itself(rows: list[tuple[float, float, str]]) -> None:
    same = file([a for a, _, _ in rows], [task for _, _, task in rows])
    found = only(same, same)
    assert found.difference == 0
    assert found.stderr == 0
    assert found.clustered in (0, None)
    assert (found.interval.low, found.interval.high, found.better) == (0, 0, 0.5)
    assert found.mcnemar is None or found.mcnemar.p == 1


@given(st.lists(st.tuples(scores, scores), min_size=2, max_size=15))
def test_rows_that_are_each_a_task_are_independent(rows: list[tuple[float, float]]) -> None:
    tasks = [str(at) for at in range(len(rows))]
    found = only(file([a for a, _ in rows], tasks), file([b for _, b in rows], tasks))
    assert found.stderr is not None
    assert found.clustered is not None
    assert isclose(found.stderr, found.clustered, rel_tol=1e-9, abs_tol=1e-12)


@given(pairs, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(
    rows: list[tuple[float, float, str]], chance: random.Random
) -> None:
    tasks = [task for _, _, task in rows]
    first, second = file([a for a, _, _ in rows], tasks), file([b for _, b, _ in rows], tasks)
    moved = list(first.rows.items())
    chance.shuffle(moved)
    assert only(Verdicts("a", dict(moved)), second) == only(first, second)


def test_a_row_without_a_task_leaves_no_clusters() -> None:
    found = only(file(RIGHT, ["x", "", "y", "y", "z", "z"]), file(WRONG))
    assert (found.tasks, found.clustered) == (None, None)


def test_a_task_that_one_file_names_counts_for_both() -> None:
    named, bare = file(RIGHT, list("xxyyzz")), file(WRONG)
    assert only(named, bare).tasks == only(bare, named).tasks == 3


def test_rows_of_one_task_have_no_clustered_error() -> None:
    found = only(file(RIGHT, ["x"] * 6), file(WRONG, ["x"] * 6))
    assert (found.tasks, found.clustered) == (1, None)


def test_one_row_has_no_error() -> None:
    assert only(file([1.0]), file([0.0])).stderr is None


FOLLOWED = [[True, False, True], [True], [False, False], [True, True]]
OTHERS = [[True, True, True], [False], [False, True], [True, False]]


def followed(lists: list[list[bool]]) -> Verdicts:
    rows = {str(at): Decided("", {}, {"strict": tuple(one)}) for at, one in enumerate(lists)}
    return Verdicts("a", rows)


def test_instructions_count_by_prompt_and_singly() -> None:
    prompts, singly = compare(followed(FOLLOWED), followed(OTHERS)).differences
    assert (prompts.metric, singly.metric) == ("prompt_strict", "instruction_strict")
    assert (prompts.first, prompts.second, prompts.difference) == (0.5, 0.25, 0.25)
    assert singly.first == pytest.approx(5 / 8)
    assert singly.difference == pytest.approx(0, abs=1e-12)
    assert prompts.mcnemar == McNemar(only_first=2, only_second=1, p=1.0)
    assert singly.mcnemar is None


def test_the_error_over_instructions_is_that_of_reports() -> None:
    """Against a model that follows nothing, the difference is the accuracy itself."""
    nothing = followed([[False] * len(one) for one in FOLLOWED])
    _, singly = compare(followed(FOLLOWED), nothing).differences
    verdicts = [instructions.Verdict(tuple(one), tuple(one)) for one in FOLLOWED]
    reported = instructions.summary(verdicts).strict.instruction
    assert singly.difference == pytest.approx(reported.mean)
    assert singly.stderr == pytest.approx(reported.stderr)


def test_metrics_that_only_one_has_are_named() -> None:
    first = Verdicts("a", {"1": Decided("", {"m": 1.0, "mine": 0.5}, {})})
    second = Verdicts("b", {"1": Decided("", {"m": 0.0, "theirs": 0.5}, {})})
    found = compare(first, second)
    assert [one.metric for one in found.differences] == ["m"]
    assert (found.only_first, found.only_second) == (("mine",), ("theirs",))


def test_a_chosen_option_is_right_where_it_is_the_answer(tmp_path: Path) -> None:
    picked = [
        {"key": "1", "answer": 0, "chosen": {"accuracy": 0, "accuracy_norm": 1}},
        {"key": "2", "answer": 2, "chosen": {"accuracy": 1, "accuracy_norm": 2}},
    ]
    (found,) = read([lines(tmp_path / "a", picked)])
    assert found.rows["1"].scores == {"accuracy": 1, "accuracy_norm": 0}
    assert found.rows["2"].scores == {"accuracy": 0, "accuracy_norm": 1}


def test_a_line_is_read_as_scoring_writes_it(tmp_path: Path) -> None:
    line = {"key": 7, "task": "t", "exact_match": 1.0, "extracted": "42", "strict": [True, False]}
    (found,) = read([lines(tmp_path / "a", [line])])
    assert found.rows == {"7": Decided("t", {"exact_match": 1.0}, {"strict": (True, False)})}


def test_scores_of_a_kind_are_named_with_it(tmp_path: Path) -> None:
    evaluation = rouge_files.Evaluation("1", "11", "a song", ("a song", "a tale"))
    written = "".join(rouge_files.lines(rouge_files.score([evaluation])))
    write_text(tmp_path / "a", written)
    (found,) = read([tmp_path / "a"])
    assert found.rows["1"].scores["rouge1.f"] == pytest.approx(0.75)


def test_no_number_that_is_none_is_a_score(tmp_path: Path) -> None:
    write_text(tmp_path / "a", '{"key": "1", "m": NaN}\n{"key": "2", "m": 1' + "0" * 400 + "}\n")
    (said,) = refused(tmp_path / "a", tmp_path / "a")[:1]
    assert "no score in 2 rows (1, 2)" in said


def test_a_row_without_instructions_has_no_verdict(tmp_path: Path) -> None:
    path = lines(tmp_path / "a", [{"key": "1", "strict": [], "loose": []}])
    assert "no score in 1 row (1)" in refused(path, path)[0]


def test_rows_that_only_one_has_are_named_on_both_sides(tmp_path: Path) -> None:
    first = lines(tmp_path / "a", [{"key": f"r{n}", "m": 1} for n in range(8)])
    second = lines(tmp_path / "b", [{"key": "r7", "m": 1}, {"key": "x", "m": 1}])
    missing, beyond = refused(first, second)
    assert missing.startswith(f"{second}: no verdict on 7 rows (r0, r1, r2, r3, r4 and 2 more); ")
    assert beyond.startswith(f"{first}: no verdict on 1 row (x); ")


def test_all_that_is_wrong_in_both_files_is_said_at_once(tmp_path: Path) -> None:
    first = lines(tmp_path / "a", [{"key": "1", "m": 1}, {"key": "1", "m": 0}, {"m": 1}])
    second = lines(tmp_path / "b", [{"key": "1", "m": 1}, {"key": "2", "n": 1}, {"key": "3"}])
    assert [said.partition(";")[0] for said in refused(first, second)] == [
        f"{first}: no key in 1 line (3)",
        f"{first}: a second verdict on 1 row (1)",
        f"{second}: no score in 1 row (3)",
        f"{second}: no 'm' in 1 row (2)",
        f"{second}: no 'n' in 1 row (1)",
    ]


def test_lines_that_are_no_json_are_refused_with_their_place(tmp_path: Path) -> None:
    write_text(tmp_path / "a", '{"key": "1", "m": 1}\n{"key"\n')
    (said,) = refused(tmp_path / "a", tmp_path / "a")
    assert said.startswith(f"{tmp_path / 'a'}:2: line: is no JSON")


def test_a_file_of_answers_is_refused(tmp_path: Path) -> None:
    path = lines(tmp_path / "a", [{"key": "1", "answer": "a song", "tokens": 3}])
    (said,) = refused(path, path)[:1]
    assert "no score in 1 row (1); name a file of verdicts" in said


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = lines(tmp_path / "a", [])
    assert "holds no verdicts" in refused(path, path)[0]


def test_another_task_of_a_row_is_refused(tmp_path: Path) -> None:
    first = lines(tmp_path / "a", [{"key": "1", "task": "x", "m": 1}])
    second = lines(tmp_path / "b", [{"key": "1", "task": "y", "m": 1}])
    assert "another task for 1 row (1)" in refused(first, second)[0]


def test_another_number_of_instructions_is_refused(tmp_path: Path) -> None:
    first = lines(tmp_path / "a", [{"key": "1", "strict": [True], "loose": [True]}])
    second = lines(tmp_path / "b", [{"key": "1", "strict": [True] * 2, "loose": [True]}])
    (said,) = refused(first, second)
    assert "not as many instructions (strict) for 1 row (1)" in said


def test_files_without_a_common_metric_are_refused(tmp_path: Path) -> None:
    first = lines(tmp_path / "a", [{"key": "1", "m": 1}])
    second = lines(tmp_path / "b", [{"key": "1", "n": 1}])
    (said,) = refused(first, second)
    assert "have no metric in common (m and n)" in said
