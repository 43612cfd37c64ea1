"""The index beside the registry's own functions over all cards at once, which it must equal."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.index import Ask, Index
from registry import lineage, query
from registry.files import write_text
from registry.index import check, load
from registry.query import FACETS, Entry, facet_values
from registry.reports import all_of


def names(found: Any) -> list[str]:
    return [one.entry.name for one in found.lines]


@pytest.fixture(scope="module")
def index(checkout: Path) -> Iterator[Index]:
    one = Index(checkout)
    one.refresh()
    yield one
    one.close()


@pytest.fixture(scope="module")
def entries(checkout: Path) -> list[Entry]:
    return query.entries(load(checkout), all_of(checkout))


def test_every_card_is_a_line_as_the_registry_makes_it(index: Index, entries: list[Entry]) -> None:
    assert list(index.entries()) == entries


@pytest.mark.parametrize("direction", ["up", "down"])
def test_every_closure_is_that_of_the_whole_graph(
    direction: str, index: Index, checkout: Path
) -> None:
    whole = lineage.graph(load(checkout), all_of(checkout))
    follow = {"up": lineage.up, "down": lineage.down}[direction]
    assert whole.edges
    for name in whole.nodes:
        expected, found = follow(whole, name), index.graph(name, direction)
        assert dict(found.nodes) == dict(expected.nodes)
        assert set(found.edges) == set(expected.edges)


values = {
    name: ["human", "model", "eng", "open", "dataset", "paper", "2023", "cited", "yes", "no"]
    for name in FACETS
}
asks = st.builds(
    Ask,
    text=st.sampled_from(["", "wizard", "short tasks", "wiz short", "nothing has this"]),
    wanted=st.dictionaries(
        st.sampled_from(FACETS),
        st.lists(st.sampled_from(values["kind"]), min_size=1, max_size=2, unique=True).map(tuple),
        max_size=3,
    ),
    ranges=st.dictionaries(
        st.sampled_from(["instances", "tasks", "year"]),
        st.tuples(
            st.none() | st.integers(0, 200_000).map(float),
            st.none() | st.integers(0, 200_000).map(float),
        ),
        max_size=2,
    ),
    sort=st.sampled_from(["", "title", "released", "instances", "licence"]),
    descending=st.booleans(),
    most=st.none() | st.integers(1, 5),
)


def numbers(one: Entry, name: str) -> tuple[int, ...]:
    years = tuple(int(year) for year in facet_values(one, "year"))
    return years if name == "year" else getattr(one, name)


def within(one: Entry, ranges: Mapping[str, tuple[float | None, float | None]]) -> bool:
    return all(
        any(low is None or value >= low for value in numbers(one, name))
        and any(high is None or value <= high for value in numbers(one, name))
        for name, (low, high) in ranges.items()
    )


def has(one: Entry, wanted: Mapping[str, tuple[str, ...]]) -> bool:
    return all(set(values) & set(facet_values(one, name)) for name, values in wanted.items())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(ask=asks)
def test_filters_and_their_counts_are_those_of_looking_at_every_card(
    ask: Ask, index: Index, entries: list[Entry]
) -> None:
    texts = set(names(index.find(Ask(text=ask.text, most=None))))
    matching = [one for one in entries if one.name in texts and within(one, ask.ranges)]
    kept = [one for one in matching if has(one, ask.wanted)]
    found = index.find(ask)
    assert found.total == len(kept)
    for name in FACETS:
        others = {one: values for one, values in ask.wanted.items() if one != name}
        expected = query.facets([one for one in matching if has(one, others)])[name]
        expected |= {value: 0 for value in ask.wanted.get(name, ()) if value not in expected}
        assert dict(found.facets[name]) == expected
    if ask.sort:
        expected_order = query.sort(kept, ask.sort, descending=ask.descending)
        keys = [getattr(one, ask.sort) for one in expected_order][: ask.most]
        assert [getattr(line.entry, ask.sort) for line in found.lines] == keys


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("wizard", True),
        ("WIZARDLM", True),
        ("wiz", True),
        ("izard", False),
        ("wizard zebra", False),
        ("machine-made", True),
        ('"wizard', True),
        ("wizard OR zebra", False),
        ("*", False),
        ("NEAR(wizard", False),
        ("title:wizard", False),
        ("\x00", False),
        ("wizard\x00", True),
    ],
)
def test_words_are_the_beginnings_of_words_and_never_a_query_language(
    text: str, found: bool, index: Index
) -> None:
    assert bool(index.find(Ask(text=text)).total) is found


@given(st.text(max_size=30))
def test_any_text_is_a_question(text: str) -> None:
    from catalog.index.finding import match

    assert match(text).count('"') % 2 == 0


def test_a_title_with_the_word_stands_before_a_note_with_it(index: Index) -> None:
    assert names(index.find(Ask(text="wizardlm")))[0] in ("datasets/wizardlm", "models/wizardlm-7b")


def test_what_was_found_is_marked_in_its_place(index: Index) -> None:
    lines = index.find(Ask(text="machine-made")).lines
    assert any("\x02machine-made\x03" in (one.snippet or "") for one in lines)


def copy(sample: Any, root: Path) -> Index:
    sample.make(root)
    index = Index(root)
    index.refresh()
    return index


def rewritten(root: Path, name: str, old: str, new: str) -> None:
    path = root / "cards" / f"{name}.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    write_text(path, text.replace(old, new))


def everything(index: Index) -> dict[str, Any]:
    """Return all that the index answers, for two indices to be compared."""
    found = index.find(Ask(most=None))
    return {
        "entries": list(index.entries()),
        "facets": found.facets,
        "ends": found.ends,
        "problems": index.problems(),
        "scored": {id: list(index.results(id)) for id in index.scored()},
        "cited": list(index.citations("survey-2023")),
        "lineage": {
            one.name: (index.graph(one.name, "up"), index.graph(one.name, "down"))
            for one in index.entries()
        },
        "words": names(index.find(Ask(text="s"))),
    }


CHANGES = {
    "a new title": lambda root: rewritten(
        root, "recipes/sft-small", "title: Supervised", "title: New"
    ),
    "another licence": lambda root: rewritten(
        root, "datasets/short-tasks", "value: MIT", "value: CC-BY-NC-4.0"
    ),
    "a card less": lambda root: (root / "cards/datasets/wizardlm.yaml").unlink(),
    "a paper less": lambda root: (root / "cards/papers/survey-2023.yaml").unlink(),
    "a faulty card": lambda root: write_text(root / "cards/recipes/sft-small.yaml", "kind: recipe"),
    "a twin": lambda root: write_text(
        root / "cards/papers/wizardlm2023.yaml", "kind: paper\nid: wizardlm2023\ntitle: x\n"
    ),
    "a stray": lambda root: write_text(root / "cards/stray.yaml", "kind: paper"),
    "a report less": lambda root: (root / "reports/mix/short-mix.json").unlink(),
    "a faulty report": lambda root: write_text(root / "reports/mix/short-mix.json", "{"),
    "nothing": lambda root: None,
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_update_ends_where_a_new_index_begins(change: str, sample: Any, tmp_path: Path) -> None:
    index = copy(sample, tmp_path)
    CHANGES[change](tmp_path)
    index.refresh()
    anew = Index(tmp_path, path=tmp_path / "other.db")
    anew.refresh()
    assert everything(index) == everything(anew)


@pytest.mark.parametrize("change", CHANGES)
def test_problems_are_those_of_the_check(change: str, sample: Any, tmp_path: Path) -> None:
    index = copy(sample, tmp_path)
    CHANGES[change](tmp_path)
    index.refresh()
    _, problems = check(tmp_path)
    found = [one for one in index.problems() if one.startswith("cards/")]
    assert sorted(found) == sorted(map(str, problems))


def test_a_change_is_undone_as_well(sample: Any, tmp_path: Path) -> None:
    index = copy(sample, tmp_path)
    before = everything(index)
    path = tmp_path / "cards/papers/survey-2023.yaml"
    text = path.read_text()
    path.unlink()
    index.refresh()
    assert everything(index) != before
    write_text(path, text)
    index.refresh()
    assert everything(index) == before


def test_only_what_changed_is_read(sample: Any, tmp_path: Path) -> None:
    index = copy(sample, tmp_path)
    assert index.refresh() == 0
    rewritten(tmp_path, "papers/survey-2023", "summary: A survey", "summary: The survey")
    assert index.refresh() == 1


def test_a_card_without_a_date_follows_the_year_of_its_paper(sample: Any, tmp_path: Path) -> None:
    index = copy(sample, tmp_path)
    before = {name: date for name, _, date in index.dated()}
    rewritten(tmp_path, "papers/wizardlm-2023", "year: 2023", "year: 2024")
    index.refresh()
    after = {name: date for name, _, date in index.dated()}
    assert {name for name in before if before[name] != after[name]} == {"models/wizardlm-7b"}


def test_what_a_pipeline_could_not_run_is_judged_again(sample: Any, tmp_path: Path) -> None:
    index = copy(sample, tmp_path)
    name = "datasets/short-tasks"
    path = tmp_path / "cards" / f"{name}.yaml"
    whole = path.read_text()
    write_text(path, "kind: dataset\nid: short-tasks\ntitle: x\nsummary: x\n")
    index.refresh()
    assert any("has nothing to convert" in one for one in index.problems())
    write_text(path, whole)
    index.refresh()
    assert index.problems() == []


def test_a_second_start_reads_nothing(sample: Any, tmp_path: Path) -> None:
    first = copy(sample, tmp_path)
    before = everything(first)
    first.close()
    again = Index(tmp_path)
    assert again.refresh() == 0
    assert everything(again) == before


def test_a_damaged_index_is_made_anew(sample: Any, tmp_path: Path) -> None:
    first = copy(sample, tmp_path)
    before = everything(first)
    first.close()
    for end in ("-wal", "-shm"):
        first.path.with_name(first.path.name + end).unlink(missing_ok=True)
    first.path.write_bytes(b"not a database" * 1000)
    again = Index(tmp_path)
    again.refresh()
    assert everything(again) == before


def test_two_servers_on_one_index_see_each_others_updates(sample: Any, tmp_path: Path) -> None:
    one = copy(sample, tmp_path)
    other = Index(tmp_path)
    other.refresh()
    CHANGES["a new title"](tmp_path)
    CHANGES["another licence"](tmp_path)
    one.refresh()
    other.refresh()
    assert everything(one) == everything(other)


def test_a_reach_counts_its_steps(index: Index) -> None:
    found = index.reach("models/smollm2-short", "up")
    assert found["models/smollm2-short"] == 0
    assert found["mixtures/short-mix"] == 1
    assert found["datasets/short-tasks"] == 2
    assert index.reach("models/smollm2-short", "up", 1).keys() < found.keys()
    assert index.is_larger("models/smollm2-short", "up", len(found) - 1)
    assert not index.is_larger("models/smollm2-short", "up", len(found))


def test_results_keep_who_says_them(index: Index) -> None:
    found = [score for id in index.scored() for _, _, score in index.results(id)]
    assert {one["status"] for one in found} >= {"measured"}
    assert json.dumps(found)
