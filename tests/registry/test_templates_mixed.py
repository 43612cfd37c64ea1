"""Templates in mixtures: what is drawn, held out and written, and what stops the mixing."""

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.canonical import (
    SCHEMA,
    TEMPLATED,
    Demonstration,
    Message,
    Origin,
    Row,
    digest_table,
    read_rows,
    write_rows,
)
from registry.cards import Mixture
from registry.cards.mixing import Demonstrations, HoldOut, Ingredient, Mix, Template, Verbalised
from registry.choices import PARTS
from registry.errors import RegistryError
from registry.mixed import Mixed
from registry.mixtures import mix

LABELS = ("good", "bad", "so-so")
NLI = Template(family="nli", wordings=("about", "label"))
LLM = Template(
    family="llm",
    wordings=("prefix", "cloze"),
    verbaliser=tuple(Verbalised(label=one, words=(one.upper(),)) for one in LABELS),
)
HUMAN = Template(
    family="human",
    wordings=("crowd",),
    demonstrations=Demonstrations(positive=2, negative=2, order="varied"),
)


def review(number: int, dataset: str = "reviews", task: str = "judge", **more: Any) -> Row:
    said: dict[str, Any] = {
        "messages": (Message("user", f"Judge.\n\n{task} {number}"),),
        "references": (LABELS[number % 3],),
        "options": LABELS,
        "definition": "Judge.",
        "positives": (Demonstration("shown", "GOOD DEMONSTRATION"),),
        "negatives": (Demonstration("shown", "BAD DEMONSTRATION"),),
        "origin": Origin(f"{dataset}.json", number),
    }
    id = f"{dataset}:{task}-{number}"
    return Row(id=id, dataset=dataset, task=task, split="train", **(said | more))


def mixed(
    folder: Path, template: Template | None, rows: Iterable[Row], *others: Row, **more: Any
) -> tuple[Mixed, dict[str, list[Row]]]:
    """Mix the rows by the template, and other rows as they are; return the rows of each part."""
    tables = {}
    for dataset, many in (("reviews", list(rows)), ("others", list(others))):
        if many:
            tables[dataset] = folder / dataset
            write_rows(tables[dataset] / "train.parquet", many)
    asked = dict(zip(tables, (template, None), strict=False))
    card = Mixture(
        kind="mixture",
        id="critic",
        title="Critic",
        summary="Reviews.",
        mix=Mix(
            datasets=tuple(
                Ingredient(dataset=one, weight=1, template=asked[one]) for one in tables
            ),
            size=more.pop("size", 10),
            seed=more.pop("seed", 1),
            hold_out=HoldOut(**more) if more else None,
        ),
    )
    made = mix(card, tables, folder / "out")
    return made, {part: list(read_rows(folder / "out" / f"{part}.parquet")) for part in PARTS}


def sources(rows: Iterable[Row]) -> set[str]:
    return {row.id.partition("/")[0] for row in rows}


@pytest.mark.parametrize("template", [NLI, LLM, HUMAN], ids=lambda one: one.family)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1000), copies=st.integers(1, 3))
def test_nothing_made_of_a_held_out_row_trains(
    tmp_path: Path, template: Template, seed: int, copies: int
) -> None:
    """Also where two rows differ in what the template drops: the system's message."""
    rows = [
        review(
            number + 100 * copy,
            messages=(Message("system", f"Way {copy}."), Message("user", f"film {number}")),
            definition="",
        )
        for number in range(12)
        for copy in range(copies)
    ]
    rows += [review(number, task="other") for number in range(5)]
    made, parts = mixed(tmp_path, template, rows, size=40, seed=seed, instances=4, tasks=("other",))
    held = sources(parts["held_out_tasks"]) | sources(parts["held_out_instances"])
    assert len(held) == 9
    assert not held & sources(parts["train"])
    inputs = {row.id: row.messages[-1].content for row in rows}
    tested = {inputs[id] for id in held}
    assert not tested & {inputs[id] for id in sources(parts["train"])}
    left_out = [id for id, said in inputs.items() if said in tested and id not in held]
    assert made.contaminated == len(left_out)
    assert len(sources(parts["train"])) == len(rows) - len(held) - len(left_out)


def test_a_row_of_family_nli_becomes_one_for_each_label(tmp_path: Path) -> None:
    made, parts = mixed(tmp_path, NLI, map(review, range(20)), size=8, instances=2)
    for part, drawn in (("train", 8), ("held_out_instances", 2)):
        assert len(parts[part]) == 3 * drawn
        assert len({row.id for row in parts[part]}) == 3 * drawn
        assert len(sources(parts[part])) == drawn
        answers = [row.references[0] for row in parts[part]]
        assert answers.count("entailment") == drawn
    assert made.counts["train"] == {"reviews": {"judge": 24}}
    assert sum(made.wordings["train"]["reviews"].values()) == 24
    assert made.wordings["train"]["reviews"].keys() == {"about", "label"}
    found = {(one.split, one.subset): one.value for one in made.measured["drawn"]}
    assert found == {
        ("train", "reviews"): 8,
        ("held_out_tasks", "reviews"): 0,
        ("held_out_instances", "reviews"): 2,
    }


def test_the_hypotheses_of_a_row_are_shuffled_among_the_others(tmp_path: Path) -> None:
    _, parts = mixed(tmp_path, NLI, map(review, range(30)), size=30)
    ids = [row.id.partition("/")[0] for row in parts["train"]]
    together = sum(one == other for one, other in pairwise(ids))
    assert together < 15


@pytest.mark.parametrize("template", [NLI, LLM, HUMAN], ids=lambda one: one.family)
def test_rows_that_are_added_change_no_rendering(tmp_path: Path, template: Template) -> None:
    _, few = mixed(tmp_path / "few", template, map(review, range(10)), size=99)
    _, many = mixed(tmp_path / "many", template, map(review, range(30)), size=99)
    later = {row.id: row for row in many["train"]}
    assert few["train"]
    assert [later[row.id] for row in few["train"]] == few["train"]


def test_a_dataset_without_a_template_keeps_its_rows(tmp_path: Path) -> None:
    others = [review(number, "others", "sing") for number in range(10)]
    _, parts = mixed(tmp_path, LLM, map(review, range(10)), *others, size=20)
    kept = {row.id: row for row in parts["train"] if row.dataset == "others"}
    assert kept == {row.id: row for row in others}
    assert {row.template for row in parts["train"]} == {None, "prefix", "cloze"}
    assert {row.kind for row in parts["train"] if row.template} == {"llm"}


def test_a_template_for_one_dataset_does_not_change_which_rows_are_drawn(tmp_path: Path) -> None:
    others = [review(number, "others", "sing") for number in range(20)]
    found = []
    for name, template in (("plain", None), ("llm", LLM), ("nli", NLI)):
        _, parts = mixed(tmp_path / name, template, map(review, range(20)), *others, instances=3)
        found.append([sources(parts[part]) for part in PARTS])
    assert found[0] == found[1] == found[2]


def test_only_a_mixture_with_a_template_has_the_column(tmp_path: Path) -> None:
    for name, template, schema in (("plain", None, SCHEMA), ("nli", NLI, TEMPLATED)):
        made, _ = mixed(tmp_path / name, template, map(review, range(9)), instances=1)
        for one in made.tables:
            assert pq.read_schema(one.path).equals(schema)
            again = digest_table(one.path)
            assert (one.rows, one.digest) == (again.rows, again.digest)
        assert ("wordings" in made.measured) == (template is not None)


def test_mixing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    found = []
    for name in ("a", "b"):
        made, _ = mixed(tmp_path / name, HUMAN, map(review, range(20)), instances=2)
        found.append([one.path.read_bytes() for one in made.tables])
    assert found[0] == found[1]


@pytest.mark.parametrize("template", [NLI, LLM, HUMAN], ids=lambda one: one.family)
def test_no_demonstration_is_trained_on(tmp_path: Path, template: Template) -> None:
    rows = list(map(review, range(9)))
    bad = Demonstration("judge 4", "bad")
    rows = [review(number, negatives=(*rows[0].negatives, bad)) for number in range(9)]
    made, parts = mixed(tmp_path, template, rows, size=99)
    assert sources(parts["train"]) == {row.id for row in rows} - {"reviews:judge-4"}
    assert made.denied == 1
    assert "1 rows left out: a bad demonstration gives their answer" in made.notes
    answers = {answer for row in parts["train"] for answer in (*row.references, *row.rejected)}
    assert not any("DEMONSTRATION" in answer for answer in answers)
    asked = {row.messages[-1].content for row in parts["train"]}
    assert not any(text.endswith(("shown", "shown\nOutput:")) for text in asked)
    seen = any("BAD DEMONSTRATION" in text for text in asked)
    assert seen == (template.family == "human")


def test_a_label_that_the_verbaliser_misses_is_told_with_its_file_and_row(tmp_path: Path) -> None:
    rows = [review(number, options=()) for number in range(9)]
    rows[5] = review(5, options=(), references=("fine",))
    rows[7] = review(7, options=(), references=("fine",))
    rows[8] = review(8, options=(), messages=(Message("user", " "),))
    with pytest.raises(RegistryError) as caught:
        mixed(tmp_path, LLM, rows)
    where = "mixture critic: mix.datasets: reviews: template: reviews.json"
    assert str(caught.value).splitlines() == [
        f"{where}: row 5: label 'fine' is missing in the verbaliser; add it with its words",
        f"{where}: row 8: has no input; list other `tasks`",
    ]
    assert not (tmp_path / "out").exists()


def test_many_problems_are_counted_not_told(tmp_path: Path) -> None:
    rows = [review(number, options=(), references=(f"free {number}",)) for number in range(9)]
    with pytest.raises(RegistryError) as caught:
        mixed(tmp_path, LLM, rows)
    *first, last = str(caught.value).splitlines()
    assert len(first) == 5
    assert last.endswith("template: 4 more like these; list only `tasks` that fit")


def test_tasks_that_are_not_used_need_not_fit(tmp_path: Path) -> None:
    write_rows(
        tmp_path / "reviews" / "train.parquet",
        [*map(review, range(9)), review(0, task="sing", references=("la",))],
    )
    one = Ingredient(dataset="reviews", weight=1, template=LLM, tasks=("judge",))
    card = Mixture(
        kind="mixture", id="c", title="C", summary="C.", mix=Mix(datasets=(one,), size=9, seed=1)
    )
    made = mix(card, {"reviews": tmp_path / "reviews"}, tmp_path / "out")
    assert made.counts["train"] == {"reviews": {"judge": 9}}
