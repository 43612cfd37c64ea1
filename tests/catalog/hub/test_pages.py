"""Pages of repos: what the addresses that clients print lead to in a browser."""

from typing import Any
from urllib.parse import urljoin

import pytest

from catalog.app import ROUTES
from catalog.hub.store import names as store_names
from catalog.hub.store import refs, repos
from catalog.hub.store.errors import Refused
from catalog.hub.web import readme
from catalog.security import HEADERS
from tests.catalog.hub.paged import (
    PAGES,
    README,
    fresh,
    hrefs,
    propose,
    put,
    read,
)
from tests.catalog.hub.served import Hub


def test_every_page_is_well_formed_and_guarded_like_the_catalogs_own(site: Hub, parse: Any) -> None:
    head = repos.find(site.store, "datasets", "team/songs").head
    for page in ("/hub", *(f"/datasets/team/songs{one.format(head=head)}" for one in PAGES)):
        found = parse(read(site, page))
        assert found.faults == [], page
        assert "style" not in [name for _, names in found.tags for name in names], page
        assert found.values("src") == [], page
        headers = site.client.get(page).headers
        assert {name: headers[name] for name in HEADERS} == HEADERS, page
        assert site.client.head(page).status_code == 200, page


def test_a_repos_page_says_what_is_in_it(site: Hub, parse: Any) -> None:
    text = read(site, "/datasets/team/songs")
    words = parse(text).text
    for said in ("README.md 234 bytes", "Songs & <b>birds</b>", "language no", "Add birds"):
        assert said.replace("234", str(len(README))) in words, said
    assert "hf download team/songs --repo-type dataset" in words
    assert "datasets.load_dataset('team/songs')" in words
    assert "export HF_ENDPOINT=http://localhost" in words
    assert "Owl, not wren" in words
    assert '<a href="/datasets/team/songs/tree/main">' in text


def test_a_readme_is_shown_without_its_front_matter_and_comments(site: Hub) -> None:
    shown = read(site, "/datasets/team/songs").partition('class="readme"')[2]
    assert "pretty_name: " not in shown
    assert "made by a template" not in shown
    assert "&lt;!-- kept --&gt;" in shown


def test_a_readmes_links_lead_into_the_repo_and_never_to_a_script(site: Hub) -> None:
    text = read(site, "/datasets/team/songs")
    found = hrefs(text)
    assert 'title="Birds"' in text
    for wanted in ("blob/main/data/birds.txt", "blob/main/card.yaml"):
        assert f"/datasets/team/songs/{wanted}" in found
    assert "https://e.example/x" in found
    assert not [href for href in found if "javascript" in href]


def test_only_the_beginning_of_a_long_readme_is_shown(site: Hub) -> None:
    fresh(site, "long", {"README.md": b"word " * (readme.MOST // 5) + b"beyond"})
    text = read(site, "/team/long")
    assert "This is its beginning" in text
    assert "beyond" not in text
    assert "This is its beginning" not in read(site, "/datasets/team/songs")


def test_a_readme_of_brackets_is_shown_as_it_is(site: Hub) -> None:
    fresh(site, "brackets", {"README.md": b"![" * 30_000})
    assert '<pre class="verbatim">![![' in read(site, "/team/brackets")


def test_the_card_that_a_repo_names_is_linked_where_the_catalog_has_it(site: Hub) -> None:
    assert '<a href="/datasets/songs">Songs of birds</a>' in read(site, "/datasets/team/songs")
    assert "<h1>Songs of birds</h1>" in read(site, "/datasets/songs")
    for name, text in (
        ("absent", "kind: dataset\nid: none\n"),
        ("broken", "[: {"),
        ("list", "- a"),
    ):
        fresh(site, f"card-{name}", {"card.yaml": text.encode()})
        assert "Its card in the catalog" not in read(site, f"/team/card-{name}")


def test_a_repo_says_why_the_catalog_shows_no_card_of_it(site: Hub) -> None:
    assert "shows no card of this repo" not in read(site, "/datasets/team/songs")
    fresh(site, "why", {"card.yaml": b"kind: dataset\nid: none\n"})
    assert "shows no card of this repo" in read(site, "/team/why")


def test_a_card_of_the_checkout_has_a_repos_page(site: Hub) -> None:
    page = read(site, "/datasets/registry/songs")
    assert '<a href="/datasets/songs">Songs of birds</a>' in page
    assert site.client.get("/datasets/registry/nothing").status_code == 404


def test_a_repo_that_takes_risky_files_says_so(site: Hub) -> None:
    fresh(site, "risky", {"a.py": b"1\n", "b.txt": b"1\n"})
    text = read(site, "/team/risky")
    assert "May hold files that run code" in text
    assert text.count("runs code") == 1
    assert "Can run code" in read(site, "/team/risky/blob/main/a.py")
    assert "Can run code" not in read(site, "/team/risky/blob/main/b.txt")
    assert "May hold files that run code" not in read(site, "/datasets/team/songs")


def test_a_card_without_data_says_not_how_to_load_data(site: Hub) -> None:
    assert "load_dataset" not in read(site, "/datasets/registry/songs")


def test_the_list_shows_what_was_pushed_and_a_search_finds_the_cards_too(site: Hub) -> None:
    read(site, "/datasets/registry/songs")
    assert 'href="/datasets/registry/songs"' not in read(site, "/hub")
    assert 'href="/datasets/team/songs"' in read(site, "/hub")
    assert 'href="/datasets/registry/songs"' in read(site, "/hub?q=registry")


def test_a_model_with_a_config_says_how_transformers_loads_it(site: Hub) -> None:
    fresh(site, "loads", {"config.json": b"{}"})
    assert "AutoModel.from_pretrained" in read(site, "/team/loads")
    fresh(site, "plain", {"x.txt": b""})
    assert "AutoModel" not in read(site, "/team/plain")


def test_front_matter_that_cannot_be_read_is_named(site: Hub) -> None:
    fresh(site, "front", {"README.md": b"---\na: *b\n---\n# Text\n"})
    text = read(site, "/team/front")
    assert "Its front matter cannot be read" in text
    assert "<h1>Text</h1>" in text


def test_an_empty_repo_has_pages(site: Hub) -> None:
    fresh(site, "empty")
    assert "There are none yet." in read(site, "/team/empty")
    assert "Nothing is here." in read(site, "/team/empty/tree/main")


def test_a_private_repo_is_answered_as_if_it_were_not_there(site: Hub) -> None:
    hidden = repos.create(site.store, "datasets", "team/hidden")
    put(site.store, hidden, {"README.md": README, "card.yaml": b"a", "data/x": b"x"})
    propose(site.store, hidden, {"data/x": b"y"})
    head = repos.settings(site.store, hidden, private=True).head
    asked = [f"/datasets/team/hidden{page.format(head=head)}" for page in PAGES]
    asked.append("/datasets/team/hidden/tree/main?after=x")

    def answers() -> list[Any]:
        return [
            (got.status_code, got.headers, got.content)
            for page in asked
            for method in ("GET", "HEAD", "POST")
            for headers in ({}, site.as_("ann"))
            for got in [site.client.request(method, page, headers=headers)]
        ]

    there = answers()
    assert {status for status, _, _ in there} == {404, 405}
    assert "team/hidden" not in read(site, "/hub")
    repos.delete(site.store, hidden)
    assert answers() == there


def test_the_catalogs_pages_go_before_repos_of_any_name() -> None:
    cut = [route.path[1:].split("/") for route in ROUTES]
    taken = {first for first, *rest in cut if rest and not first.startswith("{")}
    for first in (*taken, "hub", "v1"):
        with pytest.raises(Refused):
            store_names.repo("models", f"{first}/x")


def test_an_address_that_no_repo_can_have_is_left_to_the_catalog(site: Hub) -> None:
    for path in (
        "/datasets/none",
        "/typo/songs",
        "/a--b/c",
        "/datasets%2Fteam%2Fsongs",
        "/a%2Fb/c",
    ):
        answer = site.client.get(path)
        assert answer.status_code == 404, path
        assert "All cards" in answer.text, path
    assert site.client.get("/datasets/none.json").json()["ok"] is False


def test_a_slash_at_the_end_changes_nothing(site: Hub) -> None:
    for path in ("/datasets/team/songs", "/datasets/team/songs/tree/main/data"):
        assert read(site, f"{path}/") == read(site, path)


def test_a_file_called_json_has_a_page_of_its_own(site: Hub) -> None:
    assert "<h1><bdi>config.json" in read(site, "/datasets/team/songs/blob/main/config.json")
    missing = site.client.get("/datasets/team/songs/blob/main/none.json")
    assert missing.status_code == 404
    assert missing.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    "path",
    [
        "tree/none",
        "tree/main/none",
        "tree/main/README.md",
        "tree/main/../x",
        "tree/main/%2e%2e/x",
        "tree/main//x",
        "blob/main/data",
        "blob/main/none",
        "blob/main/a%00b",
        "blob/main/%ff",
        "blob/none/README.md",
        "blob/main",
        "commits/none",
        "commits/main?after=none",
        "commit/0000000",
        "commit/none%0a",
        "discussions/9",
        "discussions/x",
        "discussions/01x",
        "discussions/99999999999999999999",
        "settings",
        "raw/main/README.md",
    ],
)
def test_what_a_repo_does_not_have_is_not_found(path: str, site: Hub) -> None:
    answer = site.client.get(f"/datasets/team/songs/{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_a_miss_leads_back_to_the_repo(site: Hub) -> None:
    text = site.client.get("/datasets/team/songs/blob/main/none").text
    assert '<a href="/datasets/team/songs">team/songs</a>' in text


def test_pages_are_read_and_never_written(site: Hub) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert site.client.request(method, "/datasets/team/songs").status_code == 405


WEIRD = (
    "a b/#1&x=%41.txt",
    "é/\u65e5\u672c.txt",
    "100%/%2e%2e",
    "{{7-7}}.txt",
    "a' onmouseover=alert(1) '.txt",
    "tree/main/resolve/x.git/y",
    "+&amp;;.json",
)


def test_every_link_of_every_page_leads_somewhere(site: Hub) -> None:
    repo = fresh(site, "weird", {name: name.encode() for name in WEIRD})
    refs.branch(site.store, repo, 'feature/<b>"x"')
    put(site.store, repo, {"é/new.txt": b"n"}, to='feature/<b>"x"', title="<i>On a branch</i>")
    propose(site.store, repo, {WEIRD[0]: b"other", WEIRD[2]: None})
    waiting, seen, shown = ["/team/weird"], set(), set()
    while waiting:
        path = waiting.pop().partition("#")[0]
        if path in seen or not path.startswith("/team/weird"):
            continue
        seen.add(path)
        answer = site.client.get(path)
        assert answer.status_code == 200, path
        if path.startswith("/team/weird/resolve/"):
            shown.add(answer.text)
        else:
            waiting += [urljoin(path, href) for href in hrefs(answer.text)]
    assert {*WEIRD, "n", "other"} <= shown
    words = {one.split("/")[3] for one in seen if one.count("/") > 2}
    assert words == {"tree", "blob", "commits", "commit", "resolve", "discussions"}
