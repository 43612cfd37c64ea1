import pickle
import random
import sys
from array import array
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.canonical import Example, Message
from registry.measures import (
    CODES,
    LIBRARIES,
    Measures,
    detect,
    key_of,
    last_of,
    sign,
    similarity,
)
from registry.reports import Measurement

GERMAN = "Alle Menschen sind frei und gleich an Würde und Rechten geboren."
ENGLISH = "All human beings are born free and equal in dignity and rights."
FRENCH = "Tous les êtres humains naissent libres et égaux en dignité et en droits."
PROMPTS = st.sampled_from([GERMAN, ENGLISH, FRENCH, "7", "Sing a song.", "Sing a song!"])
ANSWERS = st.sampled_from(["La la.", "I'm sorry, but I cannot sing.", GERMAN, ENGLISH])


Numbered = tuple[str, Example]


def row(
    id: str, prompt: str, *answers: str, language: str | None = None, told: str = "Sing."
) -> Numbered:
    messages = (Message("system", told), Message("user", prompt))
    return id, Example(messages=messages, references=answers, language=language)


TABLES = st.lists(
    st.builds(
        row, st.text("abc", max_size=3), PROMPTS, ANSWERS, language=st.sampled_from([None, "eng"])
    ),
    max_size=12,
)


def one(measures: Measures, name: str) -> Any:
    (found,) = measures.measured()[name]
    return found


def measured(rows: Sequence[Numbered], **settings: Any) -> Measures:
    made = Measures(**settings)
    made.add([id for id, _ in rows], [one for _, one in rows])
    return made


@given(TABLES, st.integers(1, 5), st.integers(0, 12), st.randoms())
@settings(max_examples=60)
def test_parts_in_any_order_measure_what_the_whole_does(
    rows: list[Numbered], size: int, cut: int, luck: random.Random
) -> None:
    whole = measured(rows, sample=size)
    shuffled = list(rows)
    luck.shuffle(shuffled)
    parts = [measured(shuffled[:cut], sample=size), Measures(sample=size)]
    for id, each in shuffled[cut:]:
        parts[-1].add([id], [each])
    luck.shuffle(parts)
    merged = pickle.loads(pickle.dumps(parts[0]))
    merged.merge(parts[1])
    assert merged.measured() == whole.measured()


@given(TABLES, st.integers(1, 5), st.integers(0, 12))
@settings(max_examples=60)
def test_rows_that_are_noted_first_and_looked_at_later_measure_the_same(
    rows: list[Numbered], size: int, cut: int
) -> None:
    parts = rows[:cut], rows[cut:]
    noted = [array("Q", [key_of(id) for id, _ in part]) for part in parts]
    last, merged = last_of(noted, sample=size), Measures(sample=size)
    for part in parts:
        measures = Measures(sample=size, last=last)
        measures.count([one for _, one in part])
        taken = [(id, one) for id, one in part if last is None or key_of(id) <= last]
        measures.look([id for id, _ in taken], [one for _, one in taken])
        merged.merge(measures)
    assert merged.measured() == measured(rows, sample=size).measured()


def test_notes_of_many_rows_say_which_the_sample_takes_last() -> None:
    keys = list(range(1000))
    random.Random(1).shuffle(keys)
    parts = [array("Q", keys[at : at + 7]) for at in range(0, 1000, 7)]
    assert last_of(parts, sample=30) == 29
    assert last_of(parts, sample=999) == 998
    assert last_of(parts, sample=1000) is None
    assert last_of([], sample=1) is None


def test_a_sample_is_of_so_many_rows_and_not_of_the_first_ones() -> None:
    rows = [row(f"songs:{n}", GERMAN if n % 2 else ENGLISH, "La.") for n in range(200)]
    found = one(measured(rows, sample=60), "languages")
    assert found.n == sum(found.value.values()) == 60
    assert set(found.value) == {"deu", "eng"}
    assert 15 <= found.value["deu"] <= 45
    assert one(measured(rows), "languages").value == {"deu": 100, "eng": 100}


def test_the_rows_of_a_sample_do_not_depend_on_batches() -> None:
    rows = [row(f"songs:{n}", "7", language=f"q{n}") for n in range(300)] + [row("last", "7")]
    once, singly = measured(rows, sample=20), Measures(sample=20)
    for id, each in reversed(rows):
        singly.add([id], [each])
    assert one(singly, "languages") == one(once, "languages")
    assert len(one(once, "languages").value) == 20


def test_what_rows_say_of_their_language_comes_first() -> None:
    rows = [row("a", GERMAN, language="nds"), row("b", FRENCH), row("c", "7")]
    assert one(measured(rows), "languages") == Measurement(
        value={"fra": 1, "nds": 1, "und": 1}, unit="instances", n=3
    )
    assert one(measured(rows[:1]), "languages") == Measurement(value={"nds": 1}, unit="instances")


def test_texts_without_letters_are_of_no_language() -> None:
    assert [detect(text) for text in ("", "7 + 5 = 12", "Hi", GERMAN, "人人生而自由，在尊严")] == [
        "und",
        "und",
        "und",
        "deu",
        "zho",
    ]


def test_the_labels_become_codes_of_iso_639_3() -> None:
    import iso639

    for label, code in CODES.items():
        assert iso639.Language.from_part3(code)
        if len(label) == 2 and label not in ("bh", "sh"):
            assert iso639.Language.from_part1(label).part3 == code


def test_near_repeats_are_those_beyond_the_first_of_each_group() -> None:
    words = [f"word{n}" for n in range(60)]
    long, other = " ".join(words), " ".join(reversed(words))
    texts = [long, long, long.upper(), long + " more", other, other.replace("word59", "another")]
    rows = [row(f"songs:{n}", text) for n, text in enumerate([*texts, "Quite another text."])]
    assert one(measured(rows), "near_duplicates").value == 4


def test_texts_that_share_seven_tenths_are_no_near_repeats() -> None:
    for n in range(8):
        words = [f"word{n}-{at}" for at in range(60)]
        changed = [*words[:50], *(f"other{n}-{at}" for at in range(10))]
        texts = " ".join(words).replace("-", ""), " ".join(changed).replace("-", "")
        assert 0.55 < similarity(*map(sign, texts)) < 0.8
        rows = [row("a", texts[0]), row("b", texts[1])]
        assert one(measured(rows), "near_duplicates").value == 0


def test_what_all_rows_are_told_makes_none_of_them_alike() -> None:
    rules = " ".join(f"rule{n}" for n in range(200))
    prompts = {"a": "Sing a song of birds.", "b": "What is twelve and seven?"}
    rows = [row(id, prompt, told=rules) for id, prompt in prompts.items()]
    assert one(measured(rows), "near_duplicates").value == 0


def test_refused_answers_are_counted_in_every_row() -> None:
    rows = [row("a", "Sing.", "I'm sorry, but no."), row("b", "Sing.", "La.", "I'm sorry, but no.")]
    assert one(measured([*rows, row("c", "Sing.")], sample=1), "refused_answers").value == 1


@pytest.mark.parametrize(("kind", "module"), LIBRARIES.items())
def test_what_is_not_installed_is_left_out_and_named(
    kind: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    made = measured([row("a", ENGLISH, "La.")])
    (other,) = LIBRARIES.keys() - {kind}
    assert kind not in made.measured()
    assert other in made.measured()
    (said,) = made.left_out
    assert f"{module} is not installed; pip install" in said


def test_what_takes_too_long_can_be_skipped() -> None:
    made = measured([row("a", ENGLISH), row("b", GERMAN, language="deu")], skip=list(LIBRARIES))
    assert one(made, "languages") == Measurement(value={"deu": 1}, unit="instances")
    assert set(made.measured()) == {"languages", "refused_answers"}
    assert made.left_out == ("languages: not asked for", "near duplicates: not asked for")
    assert Measures().left_out == ()


def test_measures_of_two_kinds_do_not_merge() -> None:
    with pytest.raises(ValueError, match="two kinds"):
        Measures().merge(Measures(skip=["languages"]))
