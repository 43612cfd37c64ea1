from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.canonical import Message, Row
from registry.errors import RegistryError
from registry.rendering import prompt, render, render_rows

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="<|>"), max_size=20)


def row(question: str = "Sing.", *answers: str) -> Row:
    return Row(
        id="songs:1",
        dataset="songs",
        task="sing",
        split="train",
        messages=(Message("system", "Be brief."), Message("user", question)),
        references=answers,
    )


def learnt(tokenizer: Any, given: Row) -> str:
    rendered = render(tokenizer, given)
    pairs = zip(rendered.tokens, rendered.labels_mask, strict=True)
    return str(tokenizer.decode([token for token, mask in pairs if mask]))


def test_a_row_reads_as_the_template_writes_it(tokenizer: Any) -> None:
    assert tokenizer.decode(render(tokenizer, row("Sing.", "La.")).tokens) == (
        "<|im_start|>system\nBe brief.<|im_end|>\n"
        "<|im_start|>user\nSing.<|im_end|>\n"
        "<|im_start|>assistant\nLa.<|im_end|>"
    )


def test_the_mask_covers_the_answer_and_the_end_token(tokenizer: Any) -> None:
    assert learnt(tokenizer, row("Sing.", "La.")) == "La.<|im_end|>"


def test_the_end_token_is_learnt_even_where_it_is_the_padding_too(tokenizer: Any) -> None:
    assert tokenizer.pad_token_id == tokenizer.eos_token_id
    rendered = render(tokenizer, row("Sing.", "La."))
    assert rendered.tokens[-1] == tokenizer.eos_token_id
    assert rendered.labels_mask[-1]


def test_the_end_tokens_of_the_prompt_are_not_learnt(tokenizer: Any) -> None:
    rendered = render(tokenizer, row("Sing.", "La."))
    pairs = zip(rendered.tokens, rendered.labels_mask, strict=True)
    ends = [mask for token, mask in pairs if token == tokenizer.eos_token_id]
    assert ends == [False, False, True]


def test_an_empty_answer_teaches_to_end_at_once(tokenizer: Any) -> None:
    assert learnt(tokenizer, row("Sing.", "")) == "<|im_end|>"


def test_the_first_reference_is_learnt(tokenizer: Any) -> None:
    assert learnt(tokenizer, row("Sing.", "La.", "Lu.")) == "La.<|im_end|>"


@given(question=texts, answer=texts)
def test_what_is_trained_on_begins_with_what_is_asked(
    tokenizer: Any, question: str, answer: str
) -> None:
    one = row(question, answer)
    asked = prompt(tokenizer, one.messages)
    rendered = render(tokenizer, one)
    assert rendered.tokens[: len(asked)] == asked
    assert rendered.labels_mask == (False,) * len(asked) + (True,) * (
        len(rendered.tokens) - len(asked)
    )
    assert learnt(tokenizer, one) == answer + "<|im_end|>"


def test_the_prompt_is_what_the_template_makes_of_it(tokenizer: Any) -> None:
    turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Sing."}]
    made = tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_dict=False)
    assert prompt(tokenizer, row().messages) == tuple(made)


def test_a_tokenizer_that_adds_a_start_token_adds_none_to_the_template_s(tokenizer: Any) -> None:
    from tokenizers.processors import TemplateProcessing

    adding = deepcopy(tokenizer)
    adding.backend_tokenizer.post_processor = TemplateProcessing(
        single="<|im_start|> $A", special_tokens=[("<|im_start|>", adding.bos_token_id)]
    )
    assert adding("x").input_ids[0] == adding.bos_token_id
    assert render(adding, row("Sing.", "La.")) == render(tokenizer, row("Sing.", "La."))


def test_many_rows_are_rendered_as_one_is(tokenizer: Any) -> None:
    rows = [row("Sing." * n, "La." * (n % 3)) for n in range(1, 30)]
    assert list(render_rows(tokenizer, rows)) == [render(tokenizer, one) for one in rows]


def test_a_row_without_a_reference_is_refused(tokenizer: Any) -> None:
    with pytest.raises(RegistryError, match="songs:1: it has no reference"):
        render(tokenizer, row("Sing."))


def test_a_conversation_that_the_assistant_ends_is_refused(tokenizer: Any) -> None:
    ended = replace(row("Sing.", "La."), messages=(Message("assistant", "La."),))
    with pytest.raises(RegistryError, match="songs:1: the conversation ends with 'assistant'"):
        render(tokenizer, ended)


def test_an_empty_conversation_is_refused(tokenizer: Any) -> None:
    with pytest.raises(RegistryError, match="is empty"):
        prompt(tokenizer, ())


def test_a_tokenizer_without_an_end_token_is_refused(tokenizer: Any) -> None:
    endless = deepcopy(tokenizer)
    endless.eos_token = None
    with pytest.raises(RegistryError, match="no end token"):
        render(endless, row("Sing.", "La."))


DIALOGUE = replace(
    row("Sing.", "Lo."),
    messages=(
        Message("system", "Be brief."),
        Message("user", "Sing."),
        Message("assistant", "La."),
        Message("user", "Again."),
    ),
)


def masked(tokenizer: Any, given: Row, loss_on: str) -> str:
    (rendered,) = render_rows(tokenizer, [given], loss_on=loss_on)
    pairs = zip(rendered.tokens, rendered.labels_mask, strict=True)
    return str(tokenizer.decode([token for token, mask in pairs if mask]))


def test_of_a_dialogue_the_answer_alone_is_learnt(tokenizer: Any) -> None:
    assert masked(tokenizer, DIALOGUE, "answer") == "Lo.<|im_end|>"


def test_each_turn_of_the_assistant_may_be_learnt_with_its_end(tokenizer: Any) -> None:
    assert masked(tokenizer, DIALOGUE, "turns") == "La.<|im_end|>Lo.<|im_end|>"
    assert masked(tokenizer, row("Sing.", "La."), "turns") == "La.<|im_end|>"


def test_every_token_may_be_learnt(tokenizer: Any) -> None:
    whole = tokenizer.decode(render(tokenizer, DIALOGUE).tokens)
    assert masked(tokenizer, DIALOGUE, "all") == whole


def test_what_is_learnt_changes_no_token(tokenizer: Any) -> None:
    found = [next(render_rows(tokenizer, [DIALOGUE], loss_on=on)) for on in ("turns", "all")]
    assert {one.tokens for one in found} == {render(tokenizer, DIALOGUE).tokens}


def test_a_template_that_changes_earlier_turns_has_no_turns_to_learn(tokenizer: Any) -> None:
    forgetful = deepcopy(tokenizer)
    forgetful.chat_template = tokenizer.chat_template.replace(
        "message['content']", "('...' if message['role'] == 'assistant' else message['content'])"
    )
    assert masked(forgetful, DIALOGUE, "answer") == "Lo.<|im_end|>"
    with pytest.raises(RegistryError, match="songs:1: turn 3 is not written as it was asked for"):
        masked(forgetful, DIALOGUE, "turns")
