"""Laws of templates: what stands in a rendering, what is drawn from what, and what never is."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.canonical import Constraint, Demonstration, Message, Row
from registry.cards.mixing import Demonstrations, Template, Verbalised
from registry.cards.wordings import ALLOWED, NEEDED, WORDINGS, folded, slots
from registry.templates import BLANK, Renderer, definition_of, denied, input_of

TEXTS = st.text(
    alphabet=st.one_of(st.sampled_from("{}\n label"), st.characters(exclude_categories=["Cs"])),
    min_size=1,
    max_size=20,
).filter(str.strip)
LABELS = st.lists(TEXTS, min_size=2, max_size=5, unique_by=folded)
SHOWN = st.builds(Demonstration, TEXTS, TEXTS, st.just("") | TEXTS)
WORDS = {"good": ("great", "wonderful"), "bad": ("terrible",), "so-so": ("okay",)}
OWN = {
    "nli": "It is {label}.",
    "llm": "{input} It is {blank}, not {options}.",
    "human": "{definition}|{avoid}{positives}{negatives}|{input}",
}


def review(number: int = 0, **more: Any) -> Row:
    row = Row(
        id=f"reviews:{number}",
        dataset="reviews",
        task="judge",
        split="train",
        messages=(Message("system", "Judge it."), Message("user", f"Bulb {number} shines.")),
        references=("good",),
        options=("good", "bad", "so-so"),
    )
    return replace(row, **more)


def renderer(family: Any, *wordings: str, seed: int = 1, **more: Any) -> Renderer:
    words = more.pop("words", WORDS if family != "human" else {})
    verbaliser = tuple(Verbalised(label=label, words=many) for label, many in words.items())
    template = Template(
        family=family, wordings=wordings or (OWN[family],), verbaliser=verbaliser, **more
    )
    return Renderer(template, seed)


def shown(row: Row) -> str:
    (message,) = row.messages
    assert message.role == "user"
    return message.content


@st.composite
def rows(draw: st.DrawFn) -> Row:
    labels = draw(LABELS)
    return review(
        draw(st.integers(0, 10**6)),
        messages=(Message("user", draw(TEXTS)),),
        options=tuple(labels),
        references=(draw(st.sampled_from(labels)),),
        positives=tuple(draw(st.lists(SHOWN, max_size=4))),
        negatives=tuple(draw(st.lists(SHOWN, max_size=4))),
        definition=draw(st.just("") | TEXTS),
    )


@st.composite
def verbalisers(draw: st.DrawFn, labels: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    many = len(labels)
    words = draw(st.lists(TEXTS, min_size=many, max_size=2 * many, unique_by=folded))
    found: dict[str, list[str]] = {label: [words[at]] for at, label in enumerate(labels)}
    for at, word in enumerate(words[many:]):
        found[labels[at % many]].append(word)
    return {label: tuple(these) for label, these in found.items()}


@given(rows(), st.data())
def test_every_label_s_hypothesis_is_rendered_exactly_once(row: Row, data: st.DataObject) -> None:
    words = data.draw(verbalisers(row.options))
    made = renderer("nli", "<<{label}>>", words=words).all(row)
    ending = "\nDoes the premise entail the hypothesis? Answer with entailment or not entailment."
    rendered = [shown(one).removesuffix(ending) for one in made]
    start = f"Premise: {input_of(row)}\nHypothesis: "
    assert Counter(rendered) == Counter(f"{start}<<{words[at][0]}>>" for at in row.options)
    for label, one in zip(row.options, made, strict=True):
        assert one.references == ("entailment" if label in row.references else "not entailment",)
    assert len({one.id for one in made}) == len(made)


@given(rows(), st.data())
def test_a_verbaliser_round_trips(row: Row, data: st.DataObject) -> None:
    words = data.draw(verbalisers(row.options))
    made = renderer("llm", words=words)
    for label in row.options:
        assert made.label(made.word(label)) == label
        assert {made.label(f" {word}\n") for word in words[label]} == {label}
    (answered,) = made.all(row)
    assert {made.label(one) for one in answered.references} == set(row.references)


@given(rows())
def test_answers_to_all_hypotheses_are_the_label_again(row: Row) -> None:
    made = renderer("nli", words={}, entailed="yes", not_entailed="no")
    answers = [one.references[0].upper() for one in made.all(row)]
    assert made.held(row, answers) == row.references


@pytest.mark.parametrize("family", ["nli", "llm", "human"])
@given(row=rows(), seed=st.integers(0, 100))
def test_the_input_stands_verbatim_in_each_rendering(family: str, row: Row, seed: int) -> None:
    offered = (*WORDINGS[family], OWN[family])
    asks = Demonstrations(positive=2, negative=2, order="varied")
    more = {"demonstrations": asks} if family == "human" else {}
    made = renderer(family, *offered, words={}, seed=seed, definition="Do it.", **more)
    for one in made.all(row):
        assert input_of(row) in shown(one)
        assert one.kind == family
        assert one.template in {*WORDINGS[family], made.wordings[-1].id}


@pytest.mark.parametrize("family", ["nli", "llm", "human"])
@given(row=rows(), seed=st.integers(0, 100))
def test_no_rendering_is_trained_on_what_the_row_does_not_say(
    family: str, row: Row, seed: int
) -> None:
    """A demonstration is shown and nothing else: answers come from the row's references."""
    asks = Demonstrations(positive=4, negative=4, order="drawn")
    more = {"demonstrations": asks} if family == "human" else {}
    made = renderer(family, words={}, seed=seed, **more)
    wanted = {"entailment", "not entailment"} if family == "nli" else {*row.references}
    for one in made.all(row):
        assert {*one.references} <= wanted
        assert (one.negatives, one.positives) == (row.negatives, row.positives)


@given(rows(), st.integers(0, 100))
def test_the_same_seed_gives_the_same_rendering_and_other_rows_do_not_matter(
    row: Row, seed: int
) -> None:
    asks = Demonstrations(positive=2, negative=2, order="varied")
    made, again = (
        renderer("human", *WORDINGS["human"], seed=seed, demonstrations=asks) for _ in range(2)
    )
    again.all(review(1))
    assert made.all(row) == again.all(row)


def test_another_seed_gives_other_wordings_and_a_template_s_own_seed_wins() -> None:
    def drawn(seed: int) -> list[str | None]:
        made = renderer("llm", "prefix", "cloze", "choice", seed=seed)
        return [made.render(review(number)).template for number in range(60)]

    assert drawn(1) != drawn(2)
    own = Template(family="llm", wordings=("prefix", "cloze", "choice"), seed=1)
    assert [Renderer(own, 2).wording(review(number)).id for number in range(60)] == drawn(1)


def test_every_wording_is_drawn_about_as_often() -> None:
    made = renderer("llm", "prefix", "cloze", "choice")
    counts = Counter(made.render(review(number)).template for number in range(3000))
    assert all(abs(count - 1000) < 100 for count in counts.values())
    assert len(counts) == 3


def test_a_wording_that_is_added_swaps_none_between_the_others() -> None:
    few, more = renderer("llm", "prefix", "cloze"), renderer("llm", "choice", "prefix", "cloze")
    for number in range(100):
        now = more.wording(review(number))
        assert now.id == "choice" or now == few.wording(review(number))


def test_all_hypotheses_of_a_row_have_one_wording() -> None:
    made = renderer("nli", *WORDINGS["nli"])
    for number in range(20):
        assert len({one.template for one in made.all(review(number))}) == 1


def test_an_input_with_slots_is_not_filled() -> None:
    row = review(messages=(Message("user", "{label} {options} {input}"),))
    assert "\nHypothesis: It is great.\n" in shown(renderer("nli").render(row))
    assert shown(renderer("llm").render(row)).startswith("{label} {options} {input} It is")


def test_a_cloze_has_a_blank_and_the_options_by_their_words() -> None:
    one = renderer("llm").render(review())
    assert shown(one) == f"Bulb 0 shines. It is {BLANK}, not great, terrible or okay."
    assert one.references == ("great", "wonderful")
    assert one.options == ("great", "terrible", "okay")
    assert one.id == "reviews:0"


def test_a_rendered_row_keeps_nothing_that_was_said_of_the_old_answer() -> None:
    row = review(rejected=("bad",), constraints=(Constraint("length:words"),))
    for one in renderer("nli").all(row):
        assert (one.rejected, one.constraints) == ((), ())
    one = renderer("llm").render(row)
    assert (one.rejected, one.constraints) == (("terrible",), ())
    unchanged = renderer("llm", "prefix", words={}).render(row)
    assert (unchanged.rejected, unchanged.constraints) == (row.rejected, row.constraints)


def test_several_right_labels_are_several_entailments() -> None:
    row = review(references=("bad", "good"))
    assert [one.references[0] for one in renderer("nli").all(row)] == [
        "entailment",
        "entailment",
        "not entailment",
    ]


def test_labels_are_those_of_the_verbaliser_where_a_row_has_no_options() -> None:
    assert renderer("nli").labels(review(options=())) == ("good", "bad", "so-so")
    assert renderer("nli").labels(review(options=("bad", "good", "bad"))) == ("bad", "good")


GOOD = tuple(Demonstration(f"good {n}", f"yes {n}", f"why {n}") for n in range(6))
BAD = tuple(Demonstration(f"bad {n}", f"no {n}") for n in range(6))


def human(order: Any, row: Row, seed: int = 1, most: int = 3) -> str:
    asks = Demonstrations(positive=most, negative=most, order=order)
    return shown(renderer("human", seed=seed, demonstrations=asks).render(row))


def test_demonstrations_stand_as_given_with_their_explanations() -> None:
    assert human("given", review(positives=GOOD, negatives=BAD), most=1) == (
        "Judge it.|Positive Example 1 -\nInput: good 0\nOutput: yes 0\nExplanation: why 0\n\n"
        "Negative Example 1 -\nInput: bad 0\nOutput: no 0\n\n|Bulb 0 shines."
    )


def test_drawn_demonstrations_differ_by_row_and_seed_and_varied_ones_in_number() -> None:
    def inputs(order: str, number: int, seed: int = 1) -> tuple[str, ...]:
        text = human(order, review(number, positives=GOOD), seed)
        return tuple(one for one in text.split("\n") if one.startswith("Input: good"))

    drawn = {inputs("drawn", number) for number in range(50)}
    assert {len(one) for one in drawn} == {3}
    assert len(drawn) > 20
    assert any(tuple(sorted(one)) != one for one in drawn)
    assert inputs("drawn", 1) != inputs("drawn", 1, seed=2)
    assert {len(inputs("varied", number)) for number in range(50)} == {0, 1, 2, 3}
    assert {inputs("given", number) for number in range(5)} == {
        ("Input: good 0", "Input: good 1", "Input: good 2")
    }


def test_a_row_is_not_shown_its_own_input() -> None:
    own = Demonstration(" bulb 0  SHINES.", "good")
    text = human("given", review(positives=(own, GOOD[0]), negatives=(own,)))
    assert text.count("Input: ") == 1
    assert "Input: good 0" in text


def test_the_input_is_what_the_definition_leaves() -> None:
    row = review(definition="Judge.", messages=(Message("user", "Judge.\n\nA bulb.\n\nOld."),))
    assert input_of(row) == "A bulb.\n\nOld."
    assert definition_of(row) == "Judge."
    assert definition_of(review()) == "Judge it."
    assert input_of(review()) == "Bulb 0 shines."


def test_a_template_s_definition_and_what_to_avoid_are_written() -> None:
    made = renderer("human", definition="Say which.", avoid="lies.")
    assert shown(made.render(review())) == "Say which.|Things to avoid: lies.\n\n|Bulb 0 shines."


def test_a_bad_demonstration_denies_its_answer_to_its_input_only() -> None:
    bad = Demonstration("Bulb 0  shines.", "GOOD")
    assert denied(review(negatives=(bad,)))
    assert not denied(review(1, negatives=(bad,)))
    assert not denied(review(references=("bad",), negatives=(bad,)))
    assert not denied(review(positives=(bad,)))


@pytest.mark.parametrize(
    ("family", "changes", "said"),
    [
        ("nli", {"references": ("fine",)}, "label 'fine' is missing in the verbaliser"),
        ("llm", {"options": ("good", "fine")}, "label 'fine' is missing in the verbaliser"),
        ("llm", {"options": ("bad", "so-so")}, "answer 'good' is none of its options"),
        ("llm", {"references": ()}, "has no answer"),
        ("llm", {"messages": ()}, "its turns are none"),
        ("llm", {"messages": (Message("user", " "),)}, "has no input"),
        (
            "human",
            {"messages": (Message("user", "a"), Message("assistant", "b"), Message("user", "c"))},
            "its turns are user, assistant, user",
        ),
        ("human", {"messages": (Message("user", "a"),)}, "has no definition"),
    ],
)
def test_a_row_that_cannot_be_rendered_is_told_why(
    family: str, changes: dict[str, Any], said: str
) -> None:
    (problem,) = renderer(family).problems(review(**changes))
    assert problem.startswith(said)
    assert list(renderer(family).problems(review())) == []


def test_labels_that_nobody_lists_are_asked_for() -> None:
    (problem,) = renderer("nli", words={}).problems(review(options=()))
    assert problem == "has no options; write a verbaliser that names every label"
    (problem,) = renderer("llm", "choice", words={}).problems(review(options=()))
    assert problem == "has no options; write a verbaliser that names every label"
    assert list(renderer("llm", "prefix", words={}).problems(review(options=()))) == []


@pytest.mark.parametrize("family", WORDINGS)
def test_our_own_wordings_have_the_slots_of_their_family(family: str) -> None:
    for text in WORDINGS[family].values():
        assert {*NEEDED[family]} <= {*slots(text)} <= {*NEEDED[family], *ALLOWED[family]}
