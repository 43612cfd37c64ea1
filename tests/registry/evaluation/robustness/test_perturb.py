"""Laws of perturbations: what a variant says otherwise, and what it never touches."""

from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.canonical import Constraint, Demonstration, Message, Row, digest_table, read_rows
from registry.cards.mixing import Demonstrations, Template
from registry.errors import RegistryError
from registry.evaluation.robustness import (
    KINDS,
    MOST,
    Perturbed,
    origin_of,
    perturb,
    wordings,
    write,
)
from registry.evaluation.robustness.instruction import sentences
from registry.templates import Renderer, input_of

DOCUMENT = Path(__file__).parents[4] / "docs" / "robustness.md"
DEFINITION = "In this task, you are given a review. Say whether it is good. Use one word."
GOOD = tuple(Demonstration(f"Bulb {at}.", f"word {at}", "Why." * (at % 2)) for at in range(4))
TEXTS = st.text(
    alphabet=st.one_of(
        st.sampled_from("{}\n .~\"'"), st.characters(exclude_categories=["Cs", "Cc"])
    ),
    min_size=1,
    max_size=20,
).filter(str.strip)
SENTENCES = st.sampled_from(
    [
        *("You are given a text.", "Your task is to name it.", "Say who.", "Do not guess!"),
        *('Write "do not" twice.', "You need to think, e.g. hard.", "In order to win, stop\n"),
    ]
)
DEFINITIONS = st.lists(SENTENCES | TEXTS, max_size=4).map(" ".join)
SHOWN = st.lists(st.builds(Demonstration, TEXTS, TEXTS, st.just("") | TEXTS), max_size=4)


def review(**more: Any) -> Row:
    row = Row(
        id="reviews:1",
        dataset="reviews",
        task="judge",
        split="test",
        messages=(Message("user", f"{DEFINITION}\n\nThe bulb shines."),),
        references=("good",),
        definition=DEFINITION,
        positives=GOOD,
    )
    return replace(row, **more)


def told(definition: str, **more: Any) -> Row:
    said = (Message("user", f"{definition}\n\nThe bulb shines."),)
    return review(definition=definition, messages=said, **more)


def asked(prompt: str, **more: Any) -> Row:
    return review(definition="", positives=(), messages=(Message("user", prompt),), **more)


def instruction(made: Perturbed) -> str:
    assert made.changed, made.way
    return made.row.definition


@st.composite
def rows(draw: st.DrawFn) -> Row:
    definition, input = draw(DEFINITIONS), draw(TEXTS)
    prompt = f"{definition}\n\n{input}" if definition else input
    system = draw(st.sampled_from([(), ("You are a helpful assistant.",), ("Judge. Be brief.",)]))
    return review(
        messages=(*(Message("system", one) for one in system), Message("user", prompt)),
        definition=definition,
        references=tuple(draw(st.lists(TEXTS, max_size=2))),
        options=tuple(draw(st.lists(TEXTS | SENTENCES, max_size=2))),
        constraints=draw(st.sampled_from([(), (Constraint("punctuation:no_comma"),)])),
        positives=tuple(draw(SHOWN)),
        language=draw(st.sampled_from([None, "eng", "fra"])),
    )


kinds = st.sampled_from(sorted(KINDS))
numbers = st.integers(1, min(MOST.values()))
seeds = st.integers(-3, 3)
KEPT = (
    *("dataset", "task", "split", "references", "rejected", "options", "constraints"),
    *("positives", "negatives", "language", "annotator", "origin"),
)


@given(rows(), kinds, numbers, seeds)
def test_what_is_asked_for_and_scored_by_stays(row: Row, kind: str, n: int, seed: int) -> None:
    made = perturb(row, kind, n, seed).row
    assert all(getattr(made, name) == getattr(row, name) for name in KEPT)


@given(rows(), kinds.filter(lambda kind: kind != "demonstrations"), numbers, seeds)
def test_the_input_stays_to_the_letter(row: Row, kind: str, n: int, seed: int) -> None:
    made = perturb(row, kind, n, seed).row
    assert input_of(made).endswith(input_of(row))
    assert [one.role for one in made.messages] == [one.role for one in row.messages]
    if row.definition.strip():
        assert input_of(made) == input_of(row)


@given(TEXTS, SHOWN, numbers, seeds)
def test_demonstrations_in_another_order_are_before_the_same_input(
    input: str, shown: list[Demonstration], n: int, seed: int
) -> None:
    said = (Message("user", f"{DEFINITION}\n\n{input}"),)
    made = perturb(review(messages=said, positives=tuple(shown)), "demonstrations", n, seed)
    assert made.row.positives == tuple(shown)
    if made.changed:
        assert made.row.messages[-1].content.endswith(f"\nInput: {input}\nOutput:")


@given(rows(), kinds, numbers, seeds)
def test_a_row_is_changed_or_what_it_was(row: Row, kind: str, n: int, seed: int) -> None:
    made = perturb(row, kind, n, seed)
    assert made.way
    assert (made.row.messages != row.messages) == made.changed
    if not made.changed:
        assert replace(made.row, id=row.id) == row


@given(rows(), kinds, numbers, seeds)
def test_the_same_call_gives_the_same_row(row: Row, kind: str, n: int, seed: int) -> None:
    assert perturb(row, kind, n, seed) == perturb(row, kind, n, seed)


@given(rows(), st.sets(st.tuples(kinds, numbers), min_size=2), seeds)
def test_ids_are_unique_and_name_origin_and_variant(
    row: Row, variants: set[tuple[str, int]], seed: int
) -> None:
    ids = [perturb(row, kind, n, seed).row.id for kind, n in variants]
    assert len(set(ids)) == len(ids)
    assert {origin_of(id) for id in ids} == {(row.id, f"{kind}.{n}") for kind, n in variants}


@pytest.mark.parametrize("kind", sorted(KINDS))
@given(rows(), seeds)
def test_no_two_variants_of_a_row_ask_the_same(kind: str, row: Row, seed: int) -> None:
    row = replace(row, positives=tuple(dict.fromkeys(row.positives)))
    made = [perturb(row, kind, n, seed) for n in range(1, MOST.get(kind, 8) + 1)]
    for one, other in combinations([one for one in made if one.changed], 2):
        assert one.row.messages != other.row.messages


def test_an_id_may_hold_the_mark_itself() -> None:
    assert origin_of("a~b") == ("a~b", "")
    made = perturb(perturb(review(), "longer", 1).row, "paraphrase", 2).row
    assert made.id == "reviews:1~longer.1~paraphrase.2"
    assert origin_of(made.id) == ("reviews:1~longer.1", "paraphrase.2")


def test_a_variant_has_one_wording_for_all_rows() -> None:
    ways = {perturb(told(f"Say it {at} times."), "paraphrase", 2, 5).way for at in range(20)}
    assert len(ways) == 1


def test_the_seed_decides_which_wording_comes_first() -> None:
    assert len({perturb(review(), "paraphrase", 1, seed).way for seed in range(20)}) > 5


def test_a_seed_draws_the_same_everywhere() -> None:
    said = instruction(perturb(review(), "paraphrase", 1, 0))
    assert said == (
        "Here is your task. For this task, you are provided with a review."
        " Say whether it is good. Use one word."
    )


def test_phrases_are_swapped_with_their_case() -> None:
    said = {
        instruction(perturb(review(), "paraphrase", n, 0)).partition(" ")[2] for n in range(1, 11)
    }
    assert any("For this task, you" in one for one in said)
    assert any("you will be given a review." in one for one in said)


@pytest.mark.parametrize("quoted", ['"do not"', "'do not'", "`do not`", "“do not”"])
def test_what_stands_in_quotation_marks_stays(quoted: str) -> None:
    for n in range(1, 11):
        assert quoted in instruction(perturb(told(f"Say {quoted}."), "paraphrase", n))


@pytest.mark.parametrize("more", [{"options": ("do not",)}, {"references": ("do not",)}])
def test_an_option_or_answer_in_the_instruction_stays(more: Any) -> None:
    for n in range(1, 11):
        made = perturb(told("Choose do or do not.", **more), "paraphrase", n)
        assert instruction(made).endswith("Choose do or do not.")


def test_a_prompt_that_is_one_text_gets_a_lead_and_no_other_word() -> None:
    made = perturb(asked("Do not sing, for example."), "paraphrase", 1)
    lead, _, rest = made.row.messages[0].content.partition("\n\n")
    assert lead in wordings.REQUESTS
    assert rest == "Do not sing, for example."


def test_a_system_message_is_an_instruction_unless_it_is_polite_only() -> None:
    judge, polite = (
        Message("system", "Judge it."),
        Message("system", "You are a helpful assistant."),
    )
    user = Message("user", "A bulb.")
    one = perturb(review(definition="", messages=(judge, user)), "longer", 1).row.messages
    assert one[0].content.endswith("Judge it.")
    assert one[1] == user
    other = perturb(review(definition="", messages=(polite, user)), "longer", 1).row.messages
    assert other[0] == polite
    assert other[1].content.endswith("\n\nA bulb.")


def test_an_instruction_inside_a_template_is_reworded_where_it_stands() -> None:
    row = review(messages=(Message("user", f"Definition: {DEFINITION}\n\nInput: x\nOutput:"),))
    made = perturb(row, "longer", 1).row
    assert made.messages[0].content == f"Definition: {made.definition}\n\nInput: x\nOutput:"


def test_a_definition_shown_twice_is_not_touched() -> None:
    row = review(messages=(Message("user", f"> {DEFINITION} {DEFINITION}"),))
    assert perturb(row, "paraphrase", 1).way == "its prompt does not show its definition once"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (review(language="fra"), "its language is 'fra', and the wordings are English"),
        (review(messages=()), "its last turn is not the user's"),
        (review(messages=(Message("assistant", "Hm."),)), "its last turn is not the user's"),
        (asked(" "), "its prompt is empty"),
        (
            asked("Sing.", constraints=(Constraint("x", '{"prompt_to_repeat": "Sing."}'),)),
            "its answer has to repeat the prompt",
        ),
    ],
)
@pytest.mark.parametrize("kind", ["paraphrase", "shorter", "longer", "negated"])
def test_rows_that_cannot_be_changed_say_why(row: Row, reason: str, kind: str) -> None:
    made = perturb(row, kind, 1)
    assert not made.changed
    assert made.way == reason


def test_a_translation_task_has_an_english_instruction() -> None:
    assert perturb(review(language="mul"), "paraphrase", 1).changed


def test_a_shorter_instruction_ends_with_the_first_sentence_that_asks() -> None:
    made = perturb(review(), "shorter", 1)
    assert instruction(made) == "In this task, you are given a review. Say whether it is good."
    assert made.row.messages[0].content == f"{made.row.definition}\n\nThe bulb shines."
    assert not perturb(review(), "shorter", 2).changed


def test_a_sentence_that_gives_and_asks_is_one_that_asks() -> None:
    row = told("You are given a text and you need to name it. Be brief.")
    assert (
        instruction(perturb(row, "shorter", 1)) == "You are given a text and you need to name it."
    )


def test_an_instruction_whose_options_would_be_cut_stays() -> None:
    row = told("Judge it. Say good or bad.", options=("good", "bad"))
    assert perturb(row, "shorter", 1).way == "its options stand in what would be cut"


@given(st.lists(SENTENCES | TEXTS, max_size=6).map("".join))
def test_sentences_together_are_the_text(text: str) -> None:
    assert "".join(sentences(text)) == (text if text.strip() else "")


@pytest.mark.parametrize(
    ("text", "many"),
    [
        ("Say it. Stop.", 2),
        ("Say it, i.e. Stop.", 1),
        ("Use Mr. Smith.", 1),
        ("It is 2. Then 3.", 1),
        ("One\nTwo", 2),
        ('Say "yes." Then "no."', 2),
        ("Is it? yes.", 1),
    ],
)
def test_abbreviations_and_numbers_end_no_sentence(text: str, many: int) -> None:
    assert len(sentences(text)) == many


def test_each_longer_variant_is_longer_than_the_one_before() -> None:
    said = [instruction(perturb(review(), "longer", n)) for n in range(1, MOST["longer"] + 1)]
    assert all(other.startswith(one.removesuffix(DEFINITION)) for one, other in pairwise(said))
    assert [len(sentences(one)) for one in said] == [3 + 2 * n for n in range(1, len(said) + 1)]


@pytest.mark.parametrize(
    ("definition", "denied"),
    [
        ("Translate it.", "Do not translate it."),
        ("Please translate it.", "Please do not translate it."),
        ("You are given a text. Name it.", "You are given a text. Do not name it."),
        ("Your task is to sing.", "Your task is not to sing."),
        ("For this, you need to sing.", "For this, you must not sing."),
        ("Here you should sing.", "Here you should not sing."),
    ],
)
def test_one_sentence_that_asks_is_negated_by_rule(definition: str, denied: str) -> None:
    made = perturb(told(definition), "negated", 1)
    assert (instruction(made), made.way) == (denied, "by rule")


@pytest.mark.parametrize(
    "definition",
    ["Name it. Use one word.", "Never name it.", "Sing, you fool.", "You must not sing."],
)
def test_other_instructions_are_told_not_to_be_followed(definition: str) -> None:
    made = perturb(told(definition), "negated", 1)
    assert made.way in wordings.REFUSALS
    assert instruction(made) == f"{made.way} {definition}"


def test_only_the_first_negated_variant_is_by_rule() -> None:
    assert perturb(told("Name it."), "negated", 2).way in wordings.REFUSALS


def orders(row: Row, many: int, seed: int = 0) -> list[list[int]]:
    made = [perturb(row, "demonstrations", n, seed) for n in range(1, many + 1)]
    shown = [one.row.messages[-1].content for one in made if one.changed]
    return [sorted(range(4), key=lambda at, text=one: text.find(f"Bulb {at}.")) for one in shown]  # type: ignore[misc]


def test_all_orders_of_demonstrations_come_once() -> None:
    found = orders(review(), 24)
    assert len({tuple(one) for one in found}) == 24
    assert perturb(review(), "demonstrations", 25).way == "its demonstrations have too few orders"


def test_rows_of_one_task_have_the_same_order() -> None:
    other = told(DEFINITION, id="reviews:2")
    assert orders(review(), 3) == orders(other, 3) != orders(review(), 3, seed=1)


def test_a_demonstration_on_the_rows_own_input_is_not_shown() -> None:
    row = review(messages=(Message("user", f"{DEFINITION}\n\nBULB 2."),))
    said = perturb(row, "demonstrations", 1).row.messages[0].content
    assert "word 2" not in said
    assert all(f"word {at}" in said for at in (0, 1, 3))
    assert not perturb(row, "demonstrations", 7).changed


def test_demonstrations_that_a_prompt_shows_change_places_only() -> None:
    template = Template(
        family="human",
        wordings=("crowd",),
        demonstrations=Demonstrations(positive=3, negative=1),
    )
    row = Renderer(template, 0).render(review(negatives=(Demonstration("Bulb 9.", "hm"),)))
    before = row.messages[0].content
    made = [perturb(row, "demonstrations", n).row for n in range(1, 6)]
    assert len({one.messages[0].content for one in made} | {before}) == 6
    for one in made:
        assert sorted(one.messages[0].content) == sorted(before)
        assert one.template == "crowd"
        numbers = [one.messages[0].content.index(f"Positive Example {at} -\n") for at in (1, 2, 3)]
        assert numbers == sorted(numbers)
    assert not perturb(row, "demonstrations", 6).changed


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (review(positives=GOOD[:1]), "has fewer than two good demonstrations"),
        (asked("Sing."), "its prompt is not a definition and an input"),
        (
            review(messages=(Message("system", "Hm."), *review().messages)),
            "its prompt is not a definition and an input",
        ),
        (review(messages=()), "its last turn is not the user's"),
    ],
)
def test_rows_without_orders_say_why(row: Row, reason: str) -> None:
    assert perturb(row, "demonstrations", 1).way == reason


def test_tables_hold_the_rows_in_order_and_count_what_was_done(tmp_path: Path) -> None:
    rows = [review(), review(id="reviews:2", language="fra"), told("Hum.", id="reviews:3")]
    (one, other) = write(rows, ["paraphrase"], tmp_path, variants=2, seed=4)
    found = list(read_rows(tmp_path / "paraphrase.2.parquet"))
    assert found == [perturb(row, "paraphrase", 2, 4).row for row in rows]
    assert (other.name, other.rows) == ("paraphrase.2", 3)
    assert list(other.changed.values()) == [2]
    assert other.unchanged == {"its language is 'fra', and the wordings are English": 1}
    assert digest_table(one.path).digest == one.digest != other.digest


def test_what_is_not_changed_may_be_left_out_and_is_never_among_negated(tmp_path: Path) -> None:
    rows = [review(), review(id="reviews:2", language="fra")]
    (one,) = write(rows, ["paraphrase"], tmp_path, changed_only=True)
    (other,) = write(rows, ["negated"], tmp_path)
    assert (one.rows, other.rows) == (1, 1)
    assert one.unchanged == other.unchanged


def test_tables_are_the_same_bytes_again(tmp_path: Path) -> None:
    first = write([review()], KINDS, tmp_path / "a", seed=2)
    second = write([review()], KINDS, tmp_path / "b", seed=2)
    assert [one.path.read_bytes() for one in first] == [one.path.read_bytes() for one in second]


@pytest.mark.parametrize(
    ("rows", "kind", "variants", "said"),
    [
        ([], "longer", 1, "there are no rows"),
        ([review(), review()], "longer", 1, "reviews:1: 2 rows have this id"),
        ([review()], "longr", 1, "no kind 'longr'; did you mean 'longer'?"),
        ([review()], "longer", 7, "longer: cannot have 7 variants; ask for 1 to 6"),
        ([review()], "shorter", 0, "shorter: cannot have 0 variants; ask for 1 or more"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is(
    tmp_path: Path, rows: list[Row], kind: str, variants: int, said: str
) -> None:
    with pytest.raises(RegistryError, match=said.replace("?", r"\?")):
        write(rows, ["shorter", kind], tmp_path, variants=variants)
    assert not list(tmp_path.iterdir())


def test_the_page_shows_every_wording() -> None:
    page = DOCUMENT.read_text(encoding="utf-8")
    texts = (
        *wordings.LEADS,
        *wordings.REQUESTS,
        *wordings.PADDING,
        *wordings.REFUSALS,
        *(one for many in wordings.EQUALS for one in many),
    )
    assert [one for one in texts if f"`{one}`" not in page] == []
    assert ", ".join(wordings.VERBS) in " ".join(page.split())
