from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.canonical import Demonstration, Message, Row
from registry.errors import RegistryError
from registry.evaluation.options import Question, Ranked, accuracy, few_shot, question, rank

ids = st.lists(st.integers(3, 258), min_size=1, max_size=12).map(tuple)
HEAD = "The following are questions about  art."
ROW = Row(
    id="mmlu:1",
    dataset="mmlu",
    task="art",
    split="test",
    messages=(Message("user", f"{HEAD}\n\nWhich sings?\nA. harp\nB. tenor\nAnswer:"),),
    references=("B",),
    definition=HEAD,
    options=("harp", "tenor"),
    positives=(
        Demonstration("Who paints?\nA. painter\nB. baker\nAnswer:", "A"),
        Demonstration("Who bakes?\nA. painter\nB. baker\nAnswer:", "B"),
    ),
)


def alone(model: Any, prompt: tuple[int, ...], option: tuple[int, ...]) -> float:
    """Return the score of one option by one pass over the whole sequence."""
    whole = torch.tensor([[*prompt, *option]])
    with torch.inference_mode():
        likely = model(whole).logits[0].log_softmax(-1)
    return sum(float(likely[len(prompt) + at - 1, token]) for at, token in enumerate(option))


def made(prompt: tuple[int, ...], options: tuple[tuple[int, ...], ...], id: str = "q") -> Question:
    return Question(id, prompt, options, tuple("x" * len(one) for one in options), 0)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    asked=st.lists(st.tuples(ids, st.lists(ids, min_size=1, max_size=4)), min_size=1, max_size=5),
    batch_tokens=st.sampled_from([1, 60, 10_000]),
)
def test_scores_are_those_of_each_whole_sequence_alone(
    tiny: Any, asked: list[tuple[tuple[int, ...], list[tuple[int, ...]]]], batch_tokens: int
) -> None:
    questions = [made(prompt, tuple(options), f"q{n}") for n, (prompt, options) in enumerate(asked)]
    for one, ranked in zip(
        questions, rank(tiny, questions, batch_tokens=batch_tokens), strict=True
    ):
        expected = [alone(tiny, one.prompt, option) for option in one.options]
        assert ranked.id == one.id
        assert ranked.scores == pytest.approx(expected, abs=1e-5)


class Counted:
    """A model that notes the shape of what it is given."""

    def __init__(self, model: Any) -> None:
        self.config, self.device, self._model = model.config, model.device, model
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, **given: Any) -> Any:
        self.shapes.append(tuple(given["input_ids"].shape))
        return self._model(**given)


def test_a_prompt_that_many_questions_share_is_read_once(tiny: Any) -> None:
    model = Counted(tiny)
    prompt = (5, 6, 7, 8)
    rank(model, [made(prompt, ((9,), (10,))), made(prompt, ((11, 12),))], batch_tokens=1000)
    assert model.shapes == [(1, 4), (1, 1)]


def test_letters_need_no_pass_of_their_own(tiny: Any) -> None:
    model = Counted(tiny)
    rank(model, [made((5, 6), ((9,), (10,))), made((5, 6, 7), ((9,),))], batch_tokens=1000)
    assert model.shapes == [(2, 3)]


def test_a_lack_of_memory_halves_the_batch(tiny: Any) -> None:
    class Small(Counted):
        def __call__(self, **given: Any) -> Any:
            if len(given["input_ids"]) > 1:
                raise torch.OutOfMemoryError
            return super().__call__(**given)

    questions = [made((5, 6, at), ((9,), (10,)), f"q{at}") for at in range(20, 23)]
    assert rank(Small(tiny), questions, batch_tokens=10_000) == [
        replace(one, scores=pytest.approx(one.scores, abs=1e-5))
        for one in rank(tiny, questions, batch_tokens=10_000)
    ]
    with pytest.raises(RegistryError, match="no memory for 2 options"):
        rank(Small(tiny), [made((5,), ((9, 9), (10, 9)))], batch_tokens=10_000)


RANKED = Ranked("q", (-4.0, -3.0, -3.5), (4, 1, 2), (5, 5, 10), 2)


def test_lengths_divide_the_scores() -> None:
    assert (RANKED.chosen(), RANKED.chosen("tokens"), RANKED.chosen("characters")) == (1, 0, 2)
    assert RANKED.normalised("tokens") == (-1.0, -3.0, -1.75)


def test_of_equal_options_the_first_is_chosen() -> None:
    assert Ranked("q", (-1.0, -1.0), (1, 1), (1, 1), 1).chosen() == 0


def test_accuracy_depends_on_what_divides() -> None:
    assert accuracy([RANKED]).mean == 0.0
    assert accuracy([RANKED], "characters").mean == 1.0


def test_examples_stand_between_the_definition_and_the_question() -> None:
    assert few_shot(ROW, 1) == (
        f"{HEAD}\n\nWho paints?\nA. painter\nB. baker\nAnswer: A\n\n"
        "Which sings?\nA. harp\nB. tenor\nAnswer:"
    )
    assert few_shot(ROW, 0) == ROW.messages[0].content
    assert few_shot(ROW) == few_shot(ROW, 2)


def test_examples_that_a_row_lacks_are_refused() -> None:
    with pytest.raises(RegistryError, match="has 2 examples, 5 are asked for"):
        few_shot(ROW, 5)


def test_letters_and_texts_name_the_same_answer(tokenizer: Any) -> None:
    letters = question(tokenizer, ROW, show="letters")
    texts = question(tokenizer, ROW, show="texts")
    assert letters.answer == texts.answer == 1
    assert letters.texts == ("A", "B")
    assert texts.texts == ("harp", "tenor")
    assert tokenizer.decode(letters.options[1]) == " B"
    assert tokenizer.decode(texts.options[0]) == " harp"
    assert tokenizer.decode(letters.prompt) == few_shot(ROW)


def test_an_answer_may_be_the_text_of_an_option(tokenizer: Any) -> None:
    assert question(tokenizer, replace(ROW, references=("harp",))).answer == 0
    assert question(tokenizer, replace(ROW, references=("oboe",))).answer is None


def test_after_a_template_no_space_is_added(tokenizer: Any) -> None:
    asked = question(tokenizer, ROW, prompt="<|im_start|>assistant\n")
    assert tokenizer.decode(asked.options[0]) == "harp"


def test_an_option_that_melts_into_the_prompt_has_tokens_of_its_own() -> None:
    class Melting:
        def __call__(self, text: str | list[str], **_: object) -> dict[str, Any]:
            cut = {"a": [5], "a b": [6], "a c": [5, 7], " b": [8], " c": [9]}
            found = [cut[one] for one in ([text] if isinstance(text, str) else text)]
            return {"input_ids": found[0] if isinstance(text, str) else found}

    asked = question(Melting(), replace(ROW, options=("b", "c")), prompt="a")
    assert (asked.prompt, asked.options) == ((5,), ((8,), (7,)))


def test_a_row_without_options_is_refused(tokenizer: Any) -> None:
    with pytest.raises(RegistryError, match="no options to rank"):
        question(tokenizer, replace(ROW, options=()))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (made((), ((5,),)), "no tokens"),
        (made((5,), ((5,), ())), "no tokens"),
        (made((5,), ()), "no tokens"),
        (made((5,) * 511, ((5, 5),)), "513 tokens are more than the model's 512"),
    ],
)
def test_what_cannot_be_scored_is_refused_first(tiny: Any, asked: Question, said: str) -> None:
    with pytest.raises(RegistryError, match=said):
        rank(tiny, [asked], batch_tokens=1000)
