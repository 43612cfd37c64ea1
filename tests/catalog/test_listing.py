from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams
from starlette.testclient import TestClient

from catalog.listing import PAGE, asked, listing
from catalog.shelf import Shelf, stock
from registry.query import FACETS


@pytest.fixture(scope="module")
def shelf(checkout: Any) -> Shelf:
    return stock(checkout)


def ids(found: dict[str, Any]) -> list[str]:
    return [one["id"] for one in found["cards"]]


def test_every_card_is_listed_in_the_order_of_kinds(client: TestClient) -> None:
    found = client.get("/cards.json").json()
    assert found["total"] == 15
    assert [one["kind"] for one in found["cards"]][:4] == ["dataset"] * 3 + ["benchmark"]
    assert found["counts"]["paper"] == 2


def test_words_and_filters_narrow_together(client: TestClient) -> None:
    found = client.get("/cards.json?q=instruct&kind=dataset&evidence=cited").json()
    assert ids(found) == ["wizardlm"]


def test_two_values_of_one_filter_widen(client: TestClient) -> None:
    assert client.get("/cards.json?kind=recipe&kind=mixture").json()["total"] == 2


def test_the_number_beside_a_filter_is_what_choosing_it_leaves(shelf: Shelf) -> None:
    found = listing(shelf, asked(QueryParams("kind=dataset")))
    for facet in found["facets"]:
        for one in facet["values"]:
            if facet["name"] != "kind":
                chosen = asked(QueryParams(urlsplit(one["href"]).query))
                assert listing(shelf, chosen)["total"] == one["count"], one


def test_the_other_values_of_a_chosen_filter_stay_in_sight(shelf: Shelf) -> None:
    found = listing(shelf, asked(QueryParams("kind=dataset")))
    kinds = next(facet["values"] for facet in found["facets"] if facet["name"] == "kind")
    assert {one["value"]: one["count"] for one in kinds}["model"] == 5


def test_a_chosen_filter_leads_back_out(shelf: Shelf) -> None:
    found = listing(shelf, asked(QueryParams("kind=model")))
    (chosen,) = (one for facet in found["facets"] for one in facet["values"] if one["chosen"])
    assert (chosen["value"], chosen["href"]) == ("model", "/cards")


def test_a_filter_that_nothing_has_is_shown_so_that_it_can_be_removed(client: TestClient) -> None:
    found = client.get("/cards.json?language=tlh").json()
    assert found["total"] == 0
    (chosen,) = (one for facet in found["facets"] for one in facet["values"] if one["chosen"])
    assert (chosen["value"], chosen["count"]) == ("tlh", 0)


def test_sorting_by_size_starts_with_the_largest_and_turns_round(client: TestClient) -> None:
    columns = client.get("/cards.json?kind=dataset").json()["columns"]
    down = next(one["href"] for one in columns if one["name"] == "instances")
    first = client.get("/cards.json?" + urlsplit(down).query).json()
    assert ids(first) == ["wizardlm", "short-tasks", "qwen2.5-rewrites"]
    up = next(one["href"] for one in first["columns"] if one["name"] == "instances")
    assert ids(client.get("/cards.json?" + urlsplit(up).query).json()) == ids(first)[::-1]


def test_a_sorted_column_says_so_to_a_screen_reader(client: TestClient, parse: Any) -> None:
    page = parse(client.get("/cards?sort=released&order=desc").text)
    assert page.values("aria-sort") == ["descending"]


def test_searching_keeps_the_filters_and_the_order(client: TestClient, parse: Any) -> None:
    page = parse(client.get("/cards?kind=model&sort=title&order=desc").text)
    hidden = [given for tag, given in page.tags if given.get("type") == "hidden"]
    assert {(one["name"], one["value"]) for one in hidden} == {
        ("kind", "model"),
        ("sort", "title"),
        ("order", "desc"),
    }


def test_a_long_list_comes_in_pages(sample: Any, tmp_path: Any, fresh: Any) -> None:
    for at in range(PAGE + 5):
        sample.put(tmp_path, f"kind: paper\nid: p{at:03}\ntitle: P{at}\n")
    client = fresh(tmp_path)
    second = client.get("/cards.json?page=2").json()
    assert (second["total"], len(second["cards"])) == (PAGE + 5, 5)
    assert [one["href"] for one in second["pages"]] == ["/cards", "/cards?page=2"]
    assert client.get("/cards.json?page=99").json()["asked"]["page"] == 2


words = st.text(st.characters(codec="utf-8"), max_size=12)
questions = st.builds(
    lambda text, wanted, sort, order: [
        *([("q", text.strip())] if text.strip() else []),
        *[(name, one) for name in FACETS for one in wanted.get(name, ())],
        *([("sort", sort), ("order", order)] if sort else []),
    ],
    words,
    st.dictionaries(st.sampled_from(FACETS), st.lists(words, unique=True, min_size=1, max_size=3)),
    st.sampled_from(["", "title", "released", "instances"]),
    st.sampled_from(["asc", "desc"]),
)


@given(questions)
def test_an_address_asks_for_exactly_what_it_was_made_from(pairs: list[tuple[str, str]]) -> None:
    ask = asked(QueryParams(pairs))
    assert parse_qsl(urlsplit(ask.address).query, keep_blank_values=True) == pairs
