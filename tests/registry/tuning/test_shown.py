from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.canonical import Message, Origin, Row
from registry.cards.tuning import Tune
from registry.rendering import Rendered, render_rows
from registry.trained import Segment, plain
from registry.tuning.batches import Place, Unit, pack, steps_from
from registry.tuning.shown import LONGEST, SEQUENCES, first_sequences, segments, unpack

SETTINGS = Tune(
    method="full",
    lora=None,
    steps=4,
    tokens_per_step=128,
    max_tokens=128,
    learning_rate=1e-3,
    seed=3,
)
TORN = "\ufffd"
HOSTILE = "<script>alert(1)</script>"


def row(answer: str, asked: str = "Sing.") -> Row:
    return Row(
        id="songs:1",
        dataset="songs",
        task="sing",
        split="train",
        messages=(Message("user", asked),),
        references=(answer,),
        origin=Origin("songs.json", 5),
    )


def whole(parts: Iterator[Segment] | tuple[Segment, ...]) -> str:
    return "".join(one.text for one in parts)


def test_the_answer_and_its_end_are_trained_on_and_nothing_else(tokenizer: Any) -> None:
    (one,) = render_rows(tokenizer, [row("la")])
    (made,) = first_sequences(tokenizer, [row("la")], [Unit((one,))], SETTINGS)
    assert [part.text for part in made.segments if part.trained] == ["la", "<|im_end|>"]
    assert made.trained == 3
    assert made.tokens == len(one.tokens)
    assert (made.id, made.file, made.row, made.step) == ("songs:1", "songs.json", 5, 1)


def test_special_tokens_stand_alone_even_side_by_side(tokenizer: Any) -> None:
    end = tokenizer.eos_token_id
    made = list(segments(tokenizer, [end, end, *tokenizer("a")["input_ids"]], [False] * 3))
    assert [(one.text, one.special) for one in made] == [
        ("<|im_end|>", True),
        ("<|im_end|>", True),
        ("a", False),
    ]


def test_a_mask_that_is_wrong_is_seen(tokenizer: Any) -> None:
    (one,) = render_rows(tokenizer, [row("la")])
    shifted = Rendered(one.id, one.tokens, (*one.labels_mask[1:], False))
    (made,) = first_sequences(tokenizer, [row("la")], [Unit((shifted,))], SETTINGS)
    assert [part.text for part in made.segments if part.trained] == ["\nla"]
    unmasked = Rendered(one.id, one.tokens, (True,) * len(one.tokens))
    (made,) = first_sequences(tokenizer, [row("la")], [Unit((unmasked,))], SETTINGS)
    assert "Sing." in whole(tuple(part for part in made.segments if part.trained))


def test_the_first_token_is_shown_as_the_loss_has_it(tokenizer: Any) -> None:
    made = list(unpack(pack([Rendered("a", (5, 6), (True, True)), Rendered("b", (7,), (True,))])))
    assert made == [([5, 6], [False, True]), ([7], [False])]


@given(text=st.text(st.characters(exclude_categories=["Cs"])), data=st.data())
def test_segments_together_are_the_text(tokenizer: Any, text: str, data: Any) -> None:
    tokens = tokenizer(text, add_special_tokens=False)["input_ids"]
    mask = data.draw(st.lists(st.booleans(), min_size=len(tokens), max_size=len(tokens)))
    made = list(segments(tokenizer, tokens, mask))
    assert sum(one.tokens for one in made) == len(tokens)
    assert sum(one.tokens for one in made if one.trained) == sum(mask)
    if TORN not in whole(iter(made)):
        assert whole(iter(made)) == text
    # What is lost of a text is what a mask cuts through, and each of that is marked.
    kept = [one for one in whole(iter(made)) if one != TORN]
    left = iter(text)
    assert all(one in left for one in kept)


def test_a_character_cut_by_the_mask_is_marked_on_both_sides(tokenizer: Any) -> None:
    tokens = tokenizer("aé€z", add_special_tokens=False)["input_ids"]
    mask = [False, False, True, True, True, True, True]  # the cut goes through é
    made = [one.text for one in segments(tokenizer, tokens, mask)]
    assert made == [f"a{TORN}", f"{TORN}€z"]
    every = [bool(at % 2) for at in range(len(tokens))]
    made = [one.text for one in segments(tokenizer, tokens, every)]
    assert made == ["a", TORN, TORN, TORN, TORN, TORN, "z"]


def test_a_replacement_character_of_the_text_is_no_tear(tokenizer: Any) -> None:
    tokens = tokenizer(f"a{TORN}b", add_special_tokens=False)["input_ids"]
    mask = [False] * 4 + [True]
    assert [one.text for one in segments(tokenizer, tokens, mask)] == [f"a{TORN}", "b"]


def test_a_decoder_that_rewrites_what_came_before_shows_each_run_alone() -> None:
    class Rewriting:
        all_special_ids = ()

        def decode(self, tokens: list[int], **_: Any) -> str:
            return f"{len(tokens)}:" + "".join(map(chr, tokens))

    made = list(segments(Rewriting(), [97, 98, 99], [False, True, True]))
    assert [one.text for one in made] == ["1:a", "2:bc"]


def test_the_middle_of_a_long_sequence_is_left_out_with_its_count(tokenizer: Any) -> None:
    (one,) = render_rows(tokenizer, [row("la", asked="x" * 2 * LONGEST)])
    settings = replace(SETTINGS, tokens_per_step=4 * LONGEST, max_tokens=4 * LONGEST)
    (made,) = first_sequences(tokenizer, [row("la")], [Unit((one,))], settings)
    assert made.left_out == len(one.tokens) - LONGEST
    assert sum(part.tokens for part in made.segments) == made.tokens == len(one.tokens)
    (gap,) = [part for part in made.segments if part.left_out]
    assert (gap.text, gap.tokens, gap.trained) == ("", made.left_out, False)
    assert [part.text for part in made.segments if part.trained] == ["la", "<|im_end|>"]


def test_what_is_left_out_is_counted_by_its_mask(tokenizer: Any) -> None:
    (one,) = render_rows(tokenizer, [row("l" * 2 * LONGEST)])
    made = list(segments(tokenizer, one.tokens, one.labels_mask))
    assert sum(part.tokens for part in made if part.trained) == 2 * LONGEST + 1
    assert {part.trained for part in made if part.left_out} == {True}


def units_of(tokenizer: Any, rows: list[Row]) -> list[Unit]:
    return [Unit((one,)) for one in render_rows(tokenizer, rows)]


def test_the_first_sequences_are_those_of_the_first_steps(
    tokenizer: Any, make_rows: Callable[..., list[Row]]
) -> None:
    rows = make_rows(12)
    examples = units_of(tokenizer, rows)
    lengths = [one.tokens for one in examples]
    steps = steps_from(Place(0, 0), lengths, SETTINGS.tokens_per_step, SETTINGS.seed)
    wanted: list[tuple[int, str]] = []
    for step, (_, chosen) in enumerate(steps, 1):
        wanted += [(step, rows[at].id) for at in chosen]
        if len(wanted) >= SEQUENCES:
            break
    made = first_sequences(tokenizer, rows, examples, SETTINGS)
    assert [(one.step, one.id) for one in made] == wanted[:SEQUENCES]


def test_there_are_no_more_sequences_than_rows(
    tokenizer: Any, make_rows: Callable[..., list[Row]]
) -> None:
    rows = make_rows(2)
    made = first_sequences(tokenizer, rows, units_of(tokenizer, rows), SETTINGS, 50)
    assert sorted(one.id for one in made) == ["songs:0", "songs:1"]


def test_what_looks_like_markup_is_text(tokenizer: Any) -> None:
    (one,) = render_rows(tokenizer, [row(HOSTILE)])
    (made,) = first_sequences(tokenizer, [row(HOSTILE)], [Unit((one,))], SETTINGS)
    assert [part.text for part in made.segments if part.trained] == [HOSTILE, "<|im_end|>"]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_settings_show_the_same(
    tokenizer: Any, make_rows: Callable[..., list[Row]], seed: int
) -> None:
    rows = make_rows(9)
    settings = replace(SETTINGS, seed=seed)
    made = [first_sequences(tokenizer, rows, units_of(tokenizer, rows), settings) for _ in range(2)]
    assert made[0] == made[1]


def test_of_a_pair_it_is_said_which_answer_is_the_worse(tokenizer: Any) -> None:
    rows = [row("la"), row("lo")]
    unit = Unit(tuple(render_rows(tokenizer, rows)))
    made = first_sequences(tokenizer, rows, [unit], SETTINGS)
    assert [(one.answer, one.segments[-2].text) for one in made[:2]] == [
        ("better", "la"),
        ("worse", "lo"),
    ]
    assert [plain(one)["answer"] for one in made[:2]] == ["better", "worse"]


def test_nothing_is_said_of_an_answer_that_is_alone(tokenizer: Any) -> None:
    (made,) = first_sequences(
        tokenizer, [row("la")], [Unit(tuple(render_rows(tokenizer, [row("la")])))], SETTINGS
    )
    assert made.answer is None
    assert "answer" not in plain(made)
