"""The switches of an ingredient, from tables to tables."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from registry.canonical import Demonstration, Message, Origin, Row, read_rows, write_rows
from registry.cards import Mixture
from registry.cards.mixing import HoldOut, Ingredient, Joined, Mix, Symbols, Template
from registry.errors import RegistryError
from registry.mixed import Mixed
from registry.mixtures import mix

LABELS = ("sad", "glad", "mad")


def song(number: int, task: str = "mood", answer: str | None = None, **more: Any) -> Row:
    return Row(
        id=f"songs:{task}-{number}",
        dataset="songs",
        task=task,
        split="train",
        messages=(Message("system", "Name the mood."), Message("user", f"Song {number} of {task}")),
        references=(LABELS[number % 3] if answer is None else answer,),
        origin=Origin("songs.json", number),
        **more,
    )


MOODS = [song(n) for n in range(30)]
TALES = [song(n, "tale", f"Once {n}") for n in range(20)]


class Songbook:
    """A dataset and the mixtures made of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def mixed(
        self, rows: Iterable[Row], *, size: int = 40, seed: int = 1, hold: Any = None, **more: Any
    ) -> Mixed:
        table = self._folder / "songs"
        write_rows(table / "train.parquet", rows)
        one = Ingredient(dataset="songs", weight=1, **more)
        settings = Mix(datasets=(one,), size=size, seed=seed, hold_out=hold)
        card = Mixture(kind="mixture", id="choir", title="Choir", summary="Songs.", mix=settings)
        return mix(card, {"songs": table}, self._folder / "out")

    def part(self, name: str = "train") -> list[Row]:
        return list(read_rows(self._folder / "out" / f"{name}.parquet"))


@pytest.fixture
def songbook(tmp_path: Path) -> Songbook:
    return Songbook(tmp_path)


def examples(row: Row) -> list[tuple[str, str]]:
    """Return the inputs of a prompt and their outputs; the last is the row's own."""
    parts = row.messages[0].content.split("Input: ")[1:]
    pairs = [part.split("\nOutput:") for part in parts]
    return [(asked, said.strip()) for asked, said in pairs]


def test_examples_show_which_symbol_means_which_label(songbook: Songbook) -> None:
    songbook.mixed(MOODS, symbols=Symbols(exemplars=2))
    label_of = {row.messages[-1].content: row.references[0] for row in MOODS}
    for row in songbook.part():
        *shown, (own, nothing) = examples(row)
        meaning = {label_of[asked]: said for asked, said in shown}
        assert nothing == ""
        assert len(shown) == 6
        assert len(set(meaning.values())) == len(meaning) == 3
        assert all(meaning[label_of[asked]] == said for asked, said in shown)
        assert row.references == (meaning[label_of[own]],)
        assert set(row.options) == set(meaning.values())
        assert own not in [asked for asked, _ in shown]
        assert not set(LABELS) & set(row.options)


def test_every_prompt_has_symbols_of_its_own(songbook: Songbook) -> None:
    songbook.mixed(MOODS, symbols=Symbols(exemplars=1))
    assert len({row.options for row in songbook.part()}) == 30


@pytest.mark.parametrize(("kind", "fits"), [("numbers", str.isdigit), ("letters", str.islower)])
def test_symbols_are_of_the_kinds_asked_for(songbook: Songbook, kind: Any, fits: Any) -> None:
    songbook.mixed(MOODS, symbols=Symbols(exemplars=1, kinds=(kind,)))
    assert all(fits(symbol) for row in songbook.part() for symbol in row.options)


def test_the_instruction_is_shown_where_it_is_asked_for_only(songbook: Songbook) -> None:
    for wanted in (True, False):
        songbook.mixed(MOODS, symbols=Symbols(exemplars=1, instruction=wanted))
        for row in songbook.part():
            assert row.messages[0].content.startswith("Name the mood.\n\n") is wanted
            assert [one.role for one in row.messages] == ["user"]


def test_tasks_without_labels_stay_as_they_are(songbook: Songbook) -> None:
    made = songbook.mixed([*MOODS, *TALES], size=50, symbols=Symbols(exemplars=1))
    assert next(row for row in songbook.part() if row.task == "tale") in TALES
    assert len(songbook.part()) == 50
    assert made.recast["train"] == {"songs": 30}


def test_tasks_without_labels_can_be_left_out(songbook: Songbook) -> None:
    made = songbook.mixed([*MOODS, *TALES], symbols=Symbols(exemplars=1, others="drop"))
    assert {row.task for row in songbook.part()} == {"mood"}
    assert "1 tasks of songs left out: they are no classification tasks" in made.notes
    assert made.measured["unlabelled"][0].value == 1


@pytest.mark.parametrize(
    ("answers", "is_one"),
    [
        (["a", "a", "b", "b"], True),
        (["a", "a", "b"], False),
        (["a", "a", "a"], False),
        ([str(n) for n in range(10)] * 2, True),
        ([str(n) for n in range(11)] * 2, False),
    ],
)
def test_answers_decide_which_task_is_a_classification_task(
    songbook: Songbook, answers: Sequence[str], is_one: bool
) -> None:
    rows = [song(n, answer=answer) for n, answer in enumerate(answers)]
    songbook.mixed([*TALES, *rows, *(song(n, "sure") for n in range(9))], rejected="labels")
    assert all(bool(row.rejected) == is_one for row in songbook.part() if row.task == "mood")


def test_symbols_for_no_classification_task_are_refused(songbook: Songbook) -> None:
    with pytest.raises(RegistryError, match="songs: symbols: none of its tasks is a class"):
        songbook.mixed(TALES, symbols=Symbols(exemplars=1))


def test_a_row_whose_label_no_other_shows_is_left_out(songbook: Songbook) -> None:
    rows = [*MOODS, song(100, answer="odd"), song(100, answer="odd", language="eng")]
    rows[-1] = replace(rows[-1], id="songs:mood-101")
    made = songbook.mixed(rows, symbols=Symbols(exemplars=1))
    assert made.unshown["train"] == {"songs": 1}
    assert "1 train rows of songs left out: no other row shows their label" in made.notes
    assert len(songbook.part()) == 30


def test_instances_held_out_are_shown_training_rows_only(songbook: Songbook) -> None:
    songbook.mixed(MOODS, symbols=Symbols(exemplars=3), hold=HoldOut(instances=6))
    trained = {examples(row)[-1][0] for row in songbook.part()}
    held = songbook.part("held_out_instances")
    assert len(held) == 6
    for row in held:
        *shown, (own, _) = examples(row)
        assert {asked for asked, _ in shown} <= trained
        assert own not in trained


def test_tasks_held_out_are_shown_rows_of_their_own(songbook: Songbook) -> None:
    other = [song(n, "other") for n in range(9)]
    hold = HoldOut(tasks=("other",))
    songbook.mixed([*MOODS, *other], symbols=Symbols(exemplars=2), hold=hold)
    held = songbook.part("held_out_tasks")
    assert len(held) == 9
    assert all(asked.endswith("of other") for row in held for asked, _ in examples(row))
    assert all(asked.endswith("of mood") for row in songbook.part() for asked, _ in examples(row))


DEMONSTRATED = [
    song(
        n,
        "tale",
        f"Once {n}",
        negatives=(Demonstration("King", "No."), Demonstration("Fox", "Hm.", "Dull.")),
        positives=(Demonstration("Fox", "Once a fox."),),
        definition="Tell a tale.",
    )
    for n in range(50, 55)
]
SWITCHES: list[dict[str, Any]] = [
    {"symbols": Symbols(exemplars=2)},
    {"symbols": Symbols(exemplars=2), "rejected": "labels"},
    {"rejected": "labels"},
    {"rejected": "negatives"},
    {"sequence": Joined(length=3)},
    {"sequence": Joined(length=2, within="task")},
]


@pytest.mark.parametrize("switch", SWITCHES)
def test_the_order_of_rows_changes_nothing(songbook: Songbook, switch: Any) -> None:
    rows = [*MOODS, *TALES, *DEMONSTRATED]
    hold = HoldOut(instances=2)
    first = songbook.mixed(rows, hold=hold, **switch)
    before = songbook.part()
    Random(1).shuffle(rows)
    again = songbook.mixed(rows, hold=hold, **switch)
    assert songbook.part() == before
    assert [one.digest for one in again.tables[:2]] == [one.digest for one in first.tables[:2]]


@pytest.mark.parametrize("switch", [one for one in SWITCHES if one != {"rejected": "negatives"}])
def test_another_seed_draws_otherwise(songbook: Songbook, switch: Any) -> None:
    songbook.mixed(MOODS, **switch)
    before = {row.id: row for row in songbook.part()}
    songbook.mixed(MOODS, seed=2, **switch)
    assert {row.id: row for row in songbook.part()} != before


@pytest.mark.parametrize("switch", SWITCHES)
def test_ids_stay_unique(songbook: Songbook, switch: Any) -> None:
    songbook.mixed([*MOODS, *TALES, *DEMONSTRATED], **switch)
    ids = [row.id for row in songbook.part()]
    assert len(set(ids)) == len(ids)


def test_another_label_is_rejected(songbook: Songbook) -> None:
    songbook.mixed(MOODS, rejected="labels")
    pairs = {(row.references[0], row.rejected) for row in songbook.part()}
    assert pairs == {(a, (b,)) for a in LABELS for b in LABELS if a != b}


def test_an_option_of_the_row_is_rejected_before_a_label_of_the_task(songbook: Songbook) -> None:
    songbook.mixed(
        [replace(row, options=("yes", row.references[0])) for row in MOODS], rejected="labels"
    )
    assert {row.rejected for row in songbook.part()} == {("yes",)}


def test_symbols_stand_for_rejected_labels_too(songbook: Songbook) -> None:
    songbook.mixed(MOODS, rejected="labels", symbols=Symbols(exemplars=1))
    for row in songbook.part():
        assert len({*row.references, *row.rejected}) == 2
        assert {*row.references, *row.rejected} <= set(row.options)


def test_held_out_rows_reject_another_label_too(songbook: Songbook) -> None:
    songbook.mixed(MOODS, rejected="labels", hold=HoldOut(instances=4))
    held = songbook.part("held_out_instances")
    assert all(len(row.rejected) == 1 for row in held)
    assert not any(row.rejected[0] in row.references for row in held)


def test_each_negative_demonstration_becomes_one_row_of_its_task(songbook: Songbook) -> None:
    made = songbook.mixed(DEMONSTRATED, rejected="negatives", hold=HoldOut(instances=1))
    bad = {row.rejected: row for row in songbook.part() if row.rejected}
    assert bad.keys() == {("No.",), ("Hm.",)}
    assert len(songbook.part()) == 6
    assert made.recast["train"] == {"songs": 2}
    assert bad["Hm.",].references == ("Once a fox.",)
    assert bad["No.",].references == ()
    assert bad["No.",].messages == (
        Message("system", "Name the mood."),
        Message("user", "Tell a tale.\n\nKing"),
    )
    assert len(songbook.part("held_out_instances")) == 1


def test_a_template_renders_the_rows_of_demonstrations(songbook: Songbook) -> None:
    template = Template(family="human", wordings=("crowd",))
    songbook.mixed(DEMONSTRATED, rejected="negatives", template=template)
    said = [row.messages[0].content for row in songbook.part() if row.rejected == ("No.",)]
    assert said == ["Task Definition:\nTell a tale.\n\nTest Instance:\nInput: King\nOutput:"]


def test_a_sequence_is_answered_in_its_order(songbook: Songbook) -> None:
    songbook.mixed(TALES, sequence=Joined(length=3))
    for row in songbook.part():
        (message,) = row.messages
        parts = message.content.split("\n\nThen: ")
        assert parts[0].startswith("First: Name the mood.\n\nSong ")
        numbers = [part.split("Song ")[1].split()[0] for part in parts]
        assert len(set(numbers)) == 3
        assert row.references == ("\n\n".join(f"Once {number}" for number in numbers),)
        assert row.id == f"songs:tale-{numbers[0]}"


def test_a_sequence_can_stay_within_a_task(songbook: Songbook) -> None:
    for within, tasks in (("task", 1), ("dataset", 2)):
        songbook.mixed([*MOODS, *TALES], size=50, sequence=Joined(length=4, within=within))  # type: ignore[arg-type]
        counts = [
            sum(f" of {task}" in row.messages[0].content for task in ("mood", "tale"))
            for row in songbook.part()
        ]
        assert max(counts) == tasks


def test_held_out_rows_are_joined_with_held_out_rows(songbook: Songbook) -> None:
    songbook.mixed(TALES, sequence=Joined(length=2), hold=HoldOut(instances=4))
    held = songbook.part("held_out_instances")
    own = {row.id.removeprefix("songs:tale-") for row in held}
    for row in held:
        assert {part.split()[1] for part in row.references[0].split("\n\n")} <= own


def test_what_is_alone_stays_as_it_is(songbook: Songbook) -> None:
    songbook.mixed(TALES[:1], sequence=Joined(length=2))
    assert songbook.part() == TALES[:1]


def test_a_dialogue_is_neither_joined_nor_shown(songbook: Songbook) -> None:
    turns = (Message("user", "Hi."), Message("assistant", "Hm."), Message("user", "Sing."))
    talk = replace(song(99), messages=turns)
    for switch in ({"sequence": Joined(length=3)}, {"symbols": Symbols(exemplars=9)}):
        songbook.mixed([*MOODS, talk], **switch)  # type: ignore[arg-type]
        rows = songbook.part()
        assert talk in rows
        assert not [row for row in rows if "Sing." in row.messages[0].content]


def test_without_a_switch_nothing_is_said_of_switches(songbook: Songbook) -> None:
    made = songbook.mixed(MOODS)
    assert not {"recast", "unshown", "unlabelled"} & made.measured.keys()
