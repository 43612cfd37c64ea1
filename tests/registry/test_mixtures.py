from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.canonical import Message, Origin, Row, digest_table, read_rows, write_rows
from registry.cards import Mixture
from registry.cards.mixing import HoldOut, Ingredient, Mix
from registry.errors import RegistryError
from registry.mixed import Mixed
from registry.mixtures import mix


def song(dataset: str, task: str, number: int, prompt: str = "", answer: str = "La.") -> Row:
    said = prompt or f"{dataset} {task} {number}"
    return Row(
        id=f"{dataset}:{task}-{number}",
        dataset=dataset,
        task=task,
        split="train",
        messages=(Message("system", "Sing."), Message("user", said)),
        references=(answer,),
        origin=Origin(f"{task}.json", number),
    )


def songs(dataset: str, **tasks: int) -> list[Row]:
    return [song(dataset, task, n) for task, rows in tasks.items() for n in range(rows)]


class Tables(dict[str, Path]):
    """Canonical tables in a folder, by dataset."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, dataset: str, rows: Iterable[Row], split: str = "train") -> None:
        self[dataset] = self.root / dataset
        write_rows(self[dataset] / f"{split}.parquet", rows)


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    return Tables(tmp_path / "canonical")


def of(dataset: str, weight: float = 1, **more: Any) -> Ingredient:
    return Ingredient(dataset=dataset, weight=weight, **more)


def mixed(
    tables: Tables, *datasets: Ingredient, size: int = 10, seed: int = 1, **hold_out: Any
) -> Mixed:
    settings = Mix(
        datasets=datasets,
        size=size,
        seed=seed,
        hold_out=HoldOut(**hold_out) if hold_out else None,
    )
    card = Mixture(kind="mixture", id="choir", title="Choir", summary="Songs.", mix=settings)
    return mix(card, tables, tables.root.parent / "out")


def part(tables: Tables, name: str = "train") -> list[Row]:
    return list(read_rows(tables.root.parent / "out" / f"{name}.parquet"))


def ids(tables: Tables, name: str = "train") -> list[str]:
    return [row.id for row in part(tables, name)]


def tasks(tables: Tables, name: str = "train") -> dict[str, int]:
    return dict(Counter(row.task for row in part(tables, name)))


def test_datasets_share_the_size_by_weight(tables: Tables) -> None:
    tables.put("high", songs("high", a=50))
    tables.put("low", songs("low", b=50))
    mixed(tables, of("high", 3), of("low", 1), size=21)
    assert tasks(tables) == {"a": 16, "b": 5}


@given(weights=st.lists(st.floats(0.1, 10), min_size=1, max_size=3), size=st.integers(3, 30))
@settings(max_examples=20)
def test_each_weight_is_kept_within_one_row(
    tmp_path_factory: pytest.TempPathFactory, weights: list[float], size: int
) -> None:
    tables = Tables(tmp_path_factory.mktemp("weights") / "canonical")
    for number, _ in enumerate(weights):
        tables.put(f"d{number}", songs(f"d{number}", a=40))
    mixed(tables, *(of(f"d{number}", weight) for number, weight in enumerate(weights)), size=size)
    got = Counter(row.dataset for row in part(tables))
    for number, weight in enumerate(weights):
        assert abs(got[f"d{number}"] - size * weight / sum(weights)) < 1 + 1e-6


def test_what_a_dataset_lacks_is_said_and_not_filled_from_elsewhere(tables: Tables) -> None:
    tables.put("high", songs("high", a=50))
    tables.put("low", songs("low", b=2))
    made = mixed(tables, of("high"), of("low"), size=20)
    assert tasks(tables) == {"a": 10, "b": 2}
    assert made.short == {"low": 8}
    assert made.notes == ["dataset 'low' lacks 8 rows of its share"]


def test_tasks_share_by_their_rows_up_to_the_cap(tables: Tables) -> None:
    tables.put("high", songs("high", a=60, b=20, c=5))
    mixed(tables, of("high", cap=20), size=18)
    assert tasks(tables) == {"a": 8, "b": 8, "c": 2}


def test_only_the_tasks_listed_train(tables: Tables) -> None:
    tables.put("high", songs("high", a=5, b=5))
    mixed(tables, of("high", tasks=("b",)), size=10)
    assert tasks(tables) == {"b": 5}


def test_a_held_out_task_never_trains(tables: Tables) -> None:
    tables.put("high", songs("high", a=20, b=20))
    mixed(tables, of("high"), size=40, tasks=("b",), of_task=7)
    assert tasks(tables) == {"a": 20}
    assert tasks(tables, "held_out_tasks") == {"b": 7}


def test_a_task_can_be_held_out_that_the_ingredient_does_not_list(tables: Tables) -> None:
    tables.put("high", songs("high", a=5, b=5, c=5))
    mixed(tables, of("high", tasks=("a",)), tasks=("b",))
    assert tasks(tables) == {"a": 5}
    assert tasks(tables, "held_out_tasks") == {"b": 5}


def test_instances_are_held_out_of_each_trained_task(tables: Tables) -> None:
    tables.put("high", songs("high", a=10, b=10, c=10))
    mixed(tables, of("high"), size=40, tasks=("c",), instances=3)
    assert tasks(tables, "held_out_instances") == {"a": 3, "b": 3}
    assert tasks(tables) == {"a": 7, "b": 7}
    assert not set(ids(tables)) & set(ids(tables, "held_out_instances"))


def test_a_small_task_holds_out_fewer_and_says_so(tables: Tables) -> None:
    tables.put("high", songs("high", a=10, b=5, c=1))
    made = mixed(tables, of("high"), size=40, instances=4)
    assert tasks(tables, "held_out_instances") == {"a": 4, "b": 2}
    assert made.few == {"high": {"b": 2, "c": 0}}
    assert len(made.notes) == 3


def test_repeated_rows_are_kept_once_across_datasets(tables: Tables) -> None:
    tables.put("high", [song("high", "a", n, "the same") for n in range(3)])
    tables.put("low", [song("low", "b", 0, "the same"), song("low", "b", 1)])
    made = mixed(tables, of("high"), of("low"))
    assert sorted(ids(tables)) == ["high:a-0", "low:b-1"]
    assert made.duplicates == 3


def test_rows_with_another_answer_are_no_duplicates(tables: Tables) -> None:
    tables.put("high", [song("high", "a", n, "the same", str(n)) for n in range(3)])
    assert mixed(tables, of("high")).duplicates == 0
    assert len(ids(tables)) == 3


@pytest.mark.parametrize("prompt", ["Sing a scale", "sing  A\n scale ", "SING A SCALE"])
def test_a_prompt_of_a_held_out_row_does_not_train(tables: Tables, prompt: str) -> None:
    tables.put("high", [song("high", "a", 0), song("high", "a", 1, prompt, "Another.")])
    tables.put("low", [song("low", "b", 0, "Sing a scale")])
    made = mixed(tables, of("high"), of("low"), tasks=("b",))
    assert ids(tables) == ["high:a-0"]
    assert made.contaminated == 1
    assert "1 rows left out: their prompt is held out" in made.notes


def test_a_prompt_of_a_held_out_instance_does_not_train(tables: Tables) -> None:
    rows = [song("high", "a", n, "the same", str(n)) for n in range(4)]
    tables.put("high", [*rows, *songs("high", b=4)])
    made = mixed(tables, of("high"), instances=1)
    assert made.contaminated == 3
    assert tasks(tables) == {"b": 3}


def test_held_out_rows_that_are_not_written_do_not_train_either(tables: Tables) -> None:
    tables.put("high", [song("high", "b", n, f"held {n}") for n in range(9)])
    tables.put("low", [song("low", "a", n, f"held {n}") for n in range(9)] + songs("low", c=1))
    mixed(tables, of("high"), of("low"), tasks=("b",), of_task=1)
    assert ids(tables) == ["low:c-0"]


def test_another_dataset_does_not_change_what_is_drawn_from_the_first(tables: Tables) -> None:
    tables.put("high", songs("high", a=40))
    tables.put("low", songs("low", b=40))
    mixed(tables, of("high"), size=10)
    alone = ids(tables)
    mixed(tables, of("high"), of("low"), size=20)
    assert [id for id in ids(tables) if id.startswith("high:")] == alone


def test_the_order_of_a_dataset_s_rows_does_not_matter(tables: Tables) -> None:
    rows = songs("high", a=30, b=30)
    tables.put("high", rows)
    mixed(tables, of("high"), size=20, instances=2)
    first = ids(tables), sorted(ids(tables, "held_out_instances"))
    tables.put("high", rows[::-1])
    mixed(tables, of("high"), size=20, instances=2)
    assert (ids(tables), sorted(ids(tables, "held_out_instances"))) == first


def test_a_larger_mixture_keeps_the_rows_of_a_smaller_one(tables: Tables) -> None:
    tables.put("high", songs("high", a=40))
    mixed(tables, of("high"), size=10)
    small = set(ids(tables))
    mixed(tables, of("high"), size=20)
    assert small < set(ids(tables))


def test_another_seed_draws_others_in_another_order(tables: Tables) -> None:
    tables.put("high", songs("high", a=40))
    found = []
    for seed in (1, 2):
        mixed(tables, of("high"), size=10, seed=seed)
        found.append(ids(tables))
    assert set(found[0]) != set(found[1])


def test_tasks_are_shuffled_together(tables: Tables) -> None:
    tables.put("high", songs("high", a=800, b=20))
    mixed(tables, of("high", cap=20), size=40)
    first = Counter(row.task for row in part(tables)[:20])
    assert min(first["a"], first["b"]) >= 5


def test_rows_keep_everything_they_came_with(tables: Tables) -> None:
    rows = {row.id: row for row in songs("high", a=10)}
    tables.put("high", rows.values())
    mixed(tables, of("high"), instances=2)
    for row in (*part(tables), *part(tables, "held_out_instances")):
        assert row == rows[row.id]


def test_only_the_split_train_is_used_where_there_is_one(tables: Tables) -> None:
    tables.put("high", songs("high", a=2))
    tables.put("high", songs("high", b=2), split="test")
    tables.put("low", songs("low", c=2), split="validation")
    mixed(tables, of("high"), of("low"))
    assert tasks(tables) == {"a": 2, "c": 2}


def test_all_three_tables_are_written_and_described(tables: Tables) -> None:
    tables.put("high", songs("high", a=12))
    made = mixed(tables, of("high"))
    assert [table.path.stem for table in made.tables] == [
        "train",
        "held_out_tasks",
        "held_out_instances",
    ]
    for table in made.tables:
        again = digest_table(table.path)
        assert (table.rows, table.digest) == (again.rows, again.digest)
    assert [table.rows for table in made.tables] == [10, 0, 0]
    assert made.counts["train"] == {"high": {"a": 10}}


def test_mixing_twice_gives_the_same_bytes(tables: Tables) -> None:
    tables.put("high", songs("high", a=30, b=30))
    found = []
    for _ in range(2):
        made = mixed(tables, of("high"), instances=2, tasks=("b",))
        found.append([table.path.read_bytes() for table in made.tables])
    assert found[0] == found[1]


def test_scale_is_measured_by_part_and_dataset(tables: Tables) -> None:
    tables.put("high", songs("high", a=12, b=3))
    made = mixed(tables, of("high"), size=8, tasks=("b",), instances=1)
    found = {(one.unit, one.split, one.subset): one.value for one in made.measured["scale"]}
    assert found == {
        ("instances", "train", None): 8,
        ("instances", "train", "high"): 8,
        ("tasks", "train", None): 1,
        ("instances", "held_out_tasks", None): 3,
        ("instances", "held_out_tasks", "high"): 3,
        ("tasks", "held_out_tasks", None): 1,
        ("instances", "held_out_instances", None): 1,
        ("instances", "held_out_instances", "high"): 1,
        ("tasks", "held_out_instances", None): 1,
    }


def test_unknown_tasks_are_all_named_with_what_is_near(tables: Tables) -> None:
    tables.put("high", songs("high", scales=2, trills=2))
    with pytest.raises(RegistryError) as caught:
        mixed(tables, of("high", tasks=("scale", "trills")), tasks=("trill", "trills"))
    assert str(caught.value).splitlines() == [
        "mixture choir: mix.hold_out.tasks: no task 'trill' in any of its datasets;"
        " did you mean 'trills'?",
        "mixture choir: mix.datasets: high: no task 'scale'; did you mean 'scales'?",
        "mixture choir: mix.datasets: high: task 'trills' is held out too;"
        " take it off one of the lists",
    ]


def test_datasets_without_tables_are_all_named(tables: Tables) -> None:
    with pytest.raises(RegistryError) as caught:
        mixed(tables, of("high"), of("low"))
    assert str(caught.value).splitlines() == [
        "mixture choir: dataset 'high' has no tables; convert it first",
        "mixture choir: dataset 'low' has no tables; convert it first",
    ]


def test_a_dataset_listed_twice_is_refused(tables: Tables) -> None:
    tables.put("high", songs("high", a=2))
    with pytest.raises(RegistryError, match="is listed twice"):
        mixed(tables, of("high"), of("high"))


def test_nothing_left_to_train_on_is_an_error_and_changes_nothing(tables: Tables) -> None:
    tables.put("high", songs("high", a=2))
    mixed(tables, of("high"))
    before = ids(tables)
    with pytest.raises(RegistryError, match="no row is left to train on"):
        mixed(tables, of("high"), tasks=("a",))
    assert ids(tables) == before


def test_the_report_says_what_guessing_would_score_on_what_is_held_out(tables: Tables) -> None:
    many = [song("songs", "sing", n, answer="La." if n % 4 else "Do.") for n in range(40)]
    tables.put("songs", many + [song("songs", "hum", n, answer="Mm.") for n in range(5)])
    made = mixed(tables, of("songs"), size=20, tasks=("hum",), instances=8)
    (new_tasks, instances) = made.measured["constant"]
    assert (new_tasks.split, new_tasks.value, new_tasks.n) == ("held_out_tasks", 1.0, 5)
    held = list(read_rows(next(one.path for one in made.tables if "instances" in one.path.name)))
    right = sum(row.references == ("La.",) for row in held)
    assert (instances.value, instances.n) == (right / 8, 8)
    assert made.measured["chance"] == ()
