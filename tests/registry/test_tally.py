from statistics import fmean

from hypothesis import given
from hypothesis import strategies as st

from registry.canonical import Example, Message, Origin, batch_of, encode, exchange_hash
from registry.tally import Tally, summary


def row(prompt: str, *answers: str, task: str = "", split: str = "train") -> Example:
    return Example(
        task=task,
        split=split,
        messages=(Message("system", "Sing."), Message("user", prompt)),
        references=answers,
    )


def counted(*rows: Example) -> Tally:
    tally, many = Tally(), len(rows)
    batch = batch_of("songs", None, rows, ["songs:1"] * many, [Origin("x", 0)] * many)
    tally.add(rows, batch.exchanges)
    return tally


@given(lengths=st.lists(st.integers(0, 50), min_size=1))
def test_a_summary_of_counts_is_that_of_the_values(lengths: list[int]) -> None:
    found = summary({length: lengths.count(length) for length in lengths})
    assert found["max"] == max(lengths)
    assert abs(found["mean"] - fmean(lengths)) <= 0.05 + 1e-9
    for name, percent in (("median", 50), ("p90", 90)):
        below = sum(length <= found[name] for length in lengths)
        less = sum(length < found[name] for length in lengths)
        assert below * 100 >= len(lengths) * percent > less * 100


def test_repeated_rows_are_those_with_the_same_messages_and_first_reference() -> None:
    songs = row("A", "la"), row("A", "la", "do"), row("A", "do"), row("B", "la")
    (duplicates,) = counted(*songs).measured()["duplicates"]
    assert duplicates.value == 1


def test_the_border_between_two_texts_is_part_of_a_rows_hash() -> None:
    one = [{"role": "user", "content": "ab"}]
    two = [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]
    pairs = (one, ["c"]), (two, ["c"]), (one, []), (one, [""])
    assert len({exchange_hash(encode(said), encode(answer)) for said, answer in pairs}) == 4


def test_a_prompt_without_an_answer_has_no_output_length() -> None:
    assert [one.part for one in counted(row("A")).measured()["lengths"]] == ["prompt"]


def test_tasks_messages_and_splits_are_counted() -> None:
    tally = counted(row("A", task="scales"), row("B", task="scales", split="test"))
    found = {(one.unit, one.split): one.value for one in tally.measured()["scale"]}
    assert found == {
        ("instances", None): 2,
        ("instances", "train"): 1,
        ("instances", "test"): 1,
        ("tasks", None): 1,
        ("messages", None): 4,
    }


@given(
    st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from(["la", "do"])), max_size=8),
    st.integers(0, 8),
)
def test_parts_that_are_merged_count_what_the_whole_does(
    songs: list[tuple[str, str]], cut: int
) -> None:
    rows = [row(prompt, answer, task=prompt) for prompt, answer in songs]
    merged = counted(*rows[cut:])
    merged.merge(counted(*rows[:cut]))
    assert merged.measured() == counted(*rows).measured()
