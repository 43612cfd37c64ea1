from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from registry.decoding import Answered, Prompt, answer, batches, draw
from registry.errors import RegistryError
from registry.virtual import of_prompt

NEW = 12
TEXTS = ("Sing.", "S", "Sing a song about rain in May, please.", "la la la", "?", "Sing. Sing!")


@pytest.fixture
def prompts(tokenizer: Any) -> list[Prompt]:
    return [Prompt(f"p{at}", tuple(tokenizer(text)["input_ids"])) for at, text in enumerate(TEXTS)]


def answers(
    model: Any,
    tokenizer: Any,
    prompts: Sequence[Prompt],
    *,
    batch_tokens: int = 10_000,
    **more: Any,
) -> dict[str, Answered]:
    given = answer(model, tokenizer, prompts, max_new_tokens=NEW, batch_tokens=batch_tokens, **more)
    return {one.id: one for one in given}


def alone(model: Any, tokenizer: Any, prompts: Sequence[Prompt]) -> dict[str, Answered]:
    return {id: one for p in prompts for id, one in answers(model, tokenizer, [p]).items()}


def end_early(model: Any, prompts: Sequence[Prompt]) -> None:
    """Make tokens that the model likes to say its end tokens, so that rows end apart."""
    said = [said_by_transformers(model, prompt) for prompt in prompts]
    model.generation_config.eos_token_id = [2, said[0][3], said[2][6], said[3][0]]


def said_by_transformers(model: Any, prompt: Prompt) -> list[int]:
    shown = torch.tensor([prompt.tokens])
    out = model.generate(
        input_ids=shown,
        attention_mask=torch.ones_like(shown),
        max_new_tokens=NEW,
        do_sample=False,
        pad_token_id=2,
    )
    tokens: list[int] = out[0, len(prompt.tokens) :].tolist()
    return tokens


@contextmanager
def shapes_seen(model: Any) -> Iterator[list[tuple[int, ...]]]:
    seen: list[tuple[int, ...]] = []
    hook = model.register_forward_pre_hook(
        lambda _, args, kwargs: seen.append(tuple(kwargs["input_ids"].shape)), with_kwargs=True
    )
    yield seen
    hook.remove()


def absolute_positions() -> Any:
    """Return a random model that learns a vector for each position: a shift changes it."""
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=259,
        n_positions=64,
        n_embd=32,
        n_layer=2,
        n_head=4,
        initializer_range=0.5,
        bos_token_id=1,
        eos_token_id=2,
    )
    return GPT2LMHeadModel(config).eval()


def check_against_transformers(model: Any, tokenizer: Any, prompts: Sequence[Prompt]) -> None:
    end_early(model, prompts)
    found = answers(model, tokenizer, prompts)
    for prompt in prompts:
        said = said_by_transformers(model, prompt)
        ended = said[-1] in model.generation_config.eos_token_id
        text = tokenizer.decode(said[:-1] if ended else said, skip_special_tokens=True)
        assert found[prompt.id] == Answered(prompt.id, text, len(said), truncated=not ended)


def test_an_answer_is_that_of_transformers(
    tiny: Any, tokenizer: Any, prompts: list[Prompt]
) -> None:
    check_against_transformers(tiny, tokenizer, prompts)


def test_positions_are_those_of_transformers(tokenizer: Any, prompts: list[Prompt]) -> None:
    check_against_transformers(absolute_positions(), tokenizer, prompts)


@pytest.mark.parametrize("batch_tokens", [10_000, 100, 60])
def test_answers_do_not_depend_on_the_batch(
    tiny: Any, tokenizer: Any, prompts: list[Prompt], batch_tokens: int
) -> None:
    end_early(tiny, prompts)
    together = answers(tiny, tokenizer, prompts, batch_tokens=batch_tokens)
    assert together == alone(tiny, tokenizer, prompts)


def test_rows_end_at_different_lengths_in_these_tests(
    tiny: Any, tokenizer: Any, prompts: list[Prompt]
) -> None:
    end_early(tiny, prompts)
    found = answers(tiny, tokenizer, prompts).values()
    assert len({one.tokens for one in found}) > 2
    assert {one.truncated for one in found} == {True, False}


def test_a_row_that_has_ended_leaves_the_batch(
    tiny: Any, tokenizer: Any, prompts: list[Prompt]
) -> None:
    end_early(tiny, prompts)
    with shapes_seen(tiny) as seen:
        found = answers(tiny, tokenizer, prompts)
    steps = [rows for rows, _ in seen]
    assert sum(steps) == sum(one.tokens for one in found.values())


def test_an_answer_has_no_more_tokens_than_allowed(
    tiny: Any, tokenizer: Any, prompts: list[Prompt]
) -> None:
    tiny.generation_config.eos_token_id = None
    for one in answers(tiny, tokenizer, prompts).values():
        assert (one.tokens, one.truncated) == (NEW, True)


def test_the_end_token_is_counted_but_not_said(tiny: Any, tokenizer: Any) -> None:
    prompt = Prompt("p", tuple(tokenizer("Sing.")["input_ids"]))
    first, *_ = said_by_transformers(tiny, prompt)
    tiny.generation_config.eos_token_id = first
    assert answers(tiny, tokenizer, [prompt])["p"] == Answered("p", "", 1, truncated=False)


def test_the_end_token_of_the_tokenizer_ends_too(tiny: Any, tokenizer: Any) -> None:
    prompt = Prompt("p", tuple(tokenizer("Sing.")["input_ids"]))
    tiny.generation_config.eos_token_id = None
    first, *_ = said_by_transformers(tiny, prompt)
    before = tokenizer.eos_token
    try:
        tokenizer.eos_token = tokenizer.convert_ids_to_tokens(first)
        assert answers(tiny, tokenizer, [prompt])["p"].tokens == 1
    finally:
        tokenizer.eos_token = before


def test_special_tokens_are_not_part_of_an_answer(tiny: Any, tokenizer: Any) -> None:
    prompt = Prompt("p", tuple(tokenizer("Sing.")["input_ids"]))
    tiny.generation_config.eos_token_id = None
    assert 0 in said_by_transformers(tiny, prompt)
    assert "<|endoftext|>" not in answers(tiny, tokenizer, [prompt])["p"].text


def test_done_prompts_are_not_answered_again(
    tiny: Any, tokenizer: Any, prompts: list[Prompt]
) -> None:
    assert list(answers(tiny, tokenizer, prompts, done={"p0", "p2"})) == ["p5", "p3", "p1", "p4"]


def test_a_batch_begun_earlier_is_computed_in_its_old_company(
    tiny: Any, tokenizer: Any, prompts: list[Prompt]
) -> None:
    with shapes_seen(tiny) as seen:
        found = answers(tiny, tokenizer, prompts, batch_tokens=100, done={"p2", "p5", "p0"})
    second = batches(prompts, max_new_tokens=NEW, batch_tokens=100)[1]
    assert seen[0] == (len(second), len(second[0].tokens))
    assert list(found) == ["p3", "p1", "p4"]


def test_nothing_runs_when_all_is_done(tiny: Any, tokenizer: Any, prompts: list[Prompt]) -> None:
    with shapes_seen(tiny) as seen:
        assert answers(tiny, tokenizer, prompts, done={prompt.id for prompt in prompts}) == {}
    assert seen == []


def test_a_batch_without_memory_is_halved(tiny: Any, tokenizer: Any, prompts: list[Prompt]) -> None:
    def narrow(_: Any, args: Any, kwargs: Any) -> None:
        if len(kwargs["input_ids"]) > 2:
            raise torch.OutOfMemoryError("no room")

    expected = alone(tiny, tokenizer, prompts)
    tiny.register_forward_pre_hook(narrow, with_kwargs=True)
    assert answers(tiny, tokenizer, prompts) == expected


def test_a_prompt_without_memory_alone_is_named(tiny: Any, tokenizer: Any) -> None:
    def refuse(_: Any, args: Any) -> None:
        raise torch.OutOfMemoryError("no room")

    tiny.register_forward_pre_hook(refuse)
    with pytest.raises(RegistryError, match="p: the device has no memory for 3 tokens"):
        answers(tiny, tokenizer, [Prompt("p", (5, 6, 7))])


def test_a_prompt_beyond_the_positions_is_refused_before_any_work(
    tiny: Any, tokenizer: Any
) -> None:
    with (
        shapes_seen(tiny) as seen,
        pytest.raises(RegistryError, match="long: 501 tokens of prompt"),
    ):
        answers(tiny, tokenizer, [Prompt("short", (5,)), Prompt("long", (5,) * 501)])
    assert seen == []


def test_a_prompt_that_just_fits_is_answered(tiny: Any, tokenizer: Any) -> None:
    assert answers(tiny, tokenizer, [Prompt("p", (5,) * 500)])["p"].tokens <= NEW


def test_what_an_answer_starts_from_takes_positions_too(tiny: Any, tokenizer: Any) -> None:
    start = of_prompt(torch.randn(3, 32), tiny)
    allowed: Any = {"max_new_tokens": NEW, "batch_tokens": 1000, "start": start}
    with pytest.raises(RegistryError, match="p: 503 tokens of prompt"):
        list(answer(tiny, tokenizer, [Prompt("p", (5,) * 500)], **allowed))


def test_what_is_drawn_comes_in_the_order_of_the_prompts(tiny: Any, tokenizer: Any) -> None:
    def drawn(*prompts: Prompt) -> list[tuple[int, ...]]:
        cold: Any = {"max_new_tokens": 4, "batch_tokens": 1000, "temperature": 1e-6, "seed": 0}
        return draw(tiny, tokenizer, prompts, **cold)

    short, long = Prompt("short", (5,)), Prompt("long", (9, 77, 30, 8))
    assert drawn(short, long) == [*drawn(short), *drawn(long)]
    assert drawn(short) != drawn(long)


def test_an_empty_prompt_is_refused(tiny: Any, tokenizer: Any) -> None:
    with pytest.raises(RegistryError, match="p: the prompt has no tokens"):
        answers(tiny, tokenizer, [Prompt("p", ())])


def test_no_room_for_an_answer_is_refused(tiny: Any, tokenizer: Any) -> None:
    with pytest.raises(RegistryError, match="max_new_tokens: 0 leaves no answer"):
        list(answer(tiny, tokenizer, [], max_new_tokens=0, batch_tokens=1))


def test_progress_goes_to_stderr(
    tiny: Any, tokenizer: Any, prompts: list[Prompt], capsys: pytest.CaptureFixture[str]
) -> None:
    answers(tiny, tokenizer, prompts, progress=True, done={"p0"})
    out, err = capsys.readouterr()
    assert out == ""
    assert "6/6" in err
    assert "tokens/s" in err


lengths = st.lists(st.integers(1, 60), max_size=30)


def made(lengths: Sequence[int]) -> list[Prompt]:
    return [Prompt(f"p{at}", (5,) * length) for at, length in enumerate(lengths)]


@given(lengths=lengths, new=st.integers(1, 20), budget=st.integers(1, 300))
def test_batches_hold_every_prompt_once_longest_first(
    lengths: list[int], new: int, budget: int
) -> None:
    cut = batches(made(lengths), max_new_tokens=new, batch_tokens=budget)
    flat = [len(prompt.tokens) for batch in cut for prompt in batch]
    assert flat == sorted(lengths, reverse=True)
    assert len({prompt.id for batch in cut for prompt in batch}) == len(lengths)


@given(lengths=lengths, new=st.integers(1, 20), budget=st.integers(1, 300))
def test_a_batch_keeps_to_the_budget_unless_one_prompt_breaks_it(
    lengths: list[int], new: int, budget: int
) -> None:
    for batch in batches(made(lengths), max_new_tokens=new, batch_tokens=budget):
        padded = len(batch) * (len(batch[0].tokens) + new)
        assert padded <= budget or len(batch) == 1


@given(lengths=lengths, data=st.data())
def test_batches_do_not_depend_on_the_order_of_prompts(
    lengths: list[int], data: st.DataObject
) -> None:
    prompts = made(lengths)
    shuffled = data.draw(st.permutations(prompts))
    assert batches(shuffled, max_new_tokens=5, batch_tokens=99) == batches(
        prompts, max_new_tokens=5, batch_tokens=99
    )
