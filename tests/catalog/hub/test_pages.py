"""Pages of repos: what the addresses that clients print lead to in a browser."""

import re
from collections.abc import Iterator, Mapping
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

import pytest
from starlette.testclient import TestClient

from catalog.app import ROUTES, standalone
from catalog.hub.store import Store, blobs, commits, pulls, refs, repos
from catalog.hub.store import names as store_names
from catalog.hub.store.commits import DeleteFile, Put
from catalog.hub.store.errors import Refused
from catalog.hub.store.repos import Repo
from catalog.hub.store.tokens import Who
from catalog.hub.web import readme, steps, texts
from catalog.security import HEADERS
from catalog.settings import Settings
from registry.files import write_text
from tests.catalog.hub.served import Hub, hub, live

ANN = Who("ann", "write", ("team",))
CARD = "kind: dataset\nid: songs\ntitle: Songs of birds\nsummary: All of them.\n"
README = b"""---
language: no
license: mit
pretty_name: Songs & <b>birds</b>
---
<!-- made by a template -->
# Songs

All [birds](data/birds.txt "Birds"), [here](./card.yaml), [there](https://e.example/x) and
[not](javascript:alert(1)).

```
<!-- kept -->
```
"""
PAGES = (
    "",
    "/tree/main",
    "/tree/main/data",
    "/tree/refs%2Fpr%2F1",
    "/blob/main/README.md",
    "/blob/main/card.yaml",
    "/blob/main/config.json",
    "/commits/main",
    "/commit/{head}",
    "/discussions",
    "/discussions/1",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    root = tmp_path_factory.mktemp("hub")
    write_text(root / "cards" / "datasets" / "songs.yaml", CARD)
    with hub(root) as made:
        songs = repos.create(made.store, "datasets", "team/songs")
        files = {"README.md": README, "card.yaml": CARD.encode(), "config.json": b"{}\n"}
        put(made.store, songs, files | {"data/birds.txt": b"robin\nwren\n"}, title="Add birds")
        propose(made.store, songs, {"data/birds.txt": b"robin\nowl\n"}, title="Owl, not wren")
        yield made


def put(
    store: Store, repo: Repo, files: Mapping[str, bytes | None], *, to: str = "main", **said: Any
) -> commits.Committed:
    """Commit files; None deletes one."""
    made: list[Any] = []
    with blobs.receiving(store, ANN.user) as batch:
        for path, content in files.items():
            if content is None:
                made.append(DeleteFile(path))
            else:
                made.append(Put(path, batch.add(content).sha256))
    said = {"title": "Change", "who": ANN} | said
    return commits.commit(store, repo, to, operations=made, **said)


def propose(
    store: Store, repo: Repo, files: Mapping[str, bytes | None], **said: Any
) -> commits.Committed:
    return put(store, repo, files, create_pr=True, **said)


def fresh(site: Hub, name: str, files: Mapping[str, bytes | None] | None = None) -> Repo:
    """Make a model repo of a test's own, with files."""
    repo = repos.create(site.store, "models", f"team/{name}", risky=True)
    if files:
        put(site.store, repo, files)
    return repos.find(site.store, "models", repo.id)


def read(site: Hub, path: str) -> str:
    answer = site.client.get(path)
    assert answer.status_code == 200, f"{path}: {answer.status_code}"
    assert answer.headers["content-type"] == "text/html; charset=utf-8", path
    return str(answer.text)


def hrefs(text: str) -> list[str]:
    return [unescape(href) for href in re.findall(r'<a [^>]*?href="([^"]*)"', text)]


def all_pages(site: Hub, home: str, start: str) -> list[str]:
    """Return the pages from `start` on, each by the link that the one before it has."""
    found, path = [], start
    while path:
        found.append(read(site, path))
        later = re.search(r'<a href="([^"]*)" rel="next"', found[-1])
        path = unescape(later[1]) if later else ""
        assert path.startswith((home, "/hub")) or not path
    return found


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


def test_a_revision_may_be_a_branch_a_tag_a_pull_request_or_a_commit(site: Hub) -> None:
    repo = fresh(site, "revised", {"x.txt": b"first"})
    refs.tag(site.store, repo, "v1/a")
    refs.branch(site.store, repo, "b/c")
    put(site.store, repo, {"x.txt": b"second"}, to="b/c")
    propose(site.store, repo, {"x.txt": b"third"})
    for revision, word in (
        ("main", "first"),
        ("v1/a", "first"),
        ("refs/heads/main", "first"),
        (repo.head, "first"),
        (repo.head[:7], "first"),
        ("b/c", "second"),
        ("refs/pr/1", "third"),
    ):
        text = read(site, f"/team/revised/blob/{quote(revision, safe='')}/x.txt")
        assert f'<span id="L1">{word}\n</span>' in text, revision


def test_a_large_folder_is_shown_a_page_at_a_time(site: Hub) -> None:
    names = {f"d/{n:03} &.txt": b"" for n in range(250)} | {"d/123 &/x": b""}
    fresh(site, "many", names)
    pages = all_pages(site, "/team/many", "/team/many/tree/main/d")
    found = [re.findall(r'<th role="rowheader"[^>]*><a href="([^"]*)"', page) for page in pages]
    assert [len(some) for some in found] == [100, 100, 51]
    assert len({href for some in found for href in some}) == 251
    assert "From the beginning" in pages[1]
    assert "From the beginning" not in pages[0]
    fresh(site, "full", {f"{n:03}": b"" for n in range(101)})
    assert "All files" in read(site, "/team/full")


def test_a_long_history_is_shown_a_page_at_a_time(site: Hub) -> None:
    repo = fresh(site, "old")
    for n in range(119):
        put(site.store, repo, {"x": b"%d" % n}, title=f"Step {n}")
    pages = all_pages(site, "/team/old", "/team/old/commits/main")
    titles = [re.findall(r"<bdi>(Step \d+|initial commit)</bdi>", page) for page in pages]
    assert [len(some) for some in titles] == [50, 50, 20]
    wanted = [*(f"Step {n}" for n in range(118, -1, -1)), "initial commit"]
    assert [one for some in titles for one in some] == wanted
    assert "All commits" in read(site, "/team/old")


def test_many_discussions_are_shown_a_page_at_a_time(site: Hub) -> None:
    repo = fresh(site, "talked")
    for n in range(1, 61):
        pulls.open(site.store, repo, title=f"Topic {n}", author="ann", pull=False)
    pulls.status(site.store, repo, 60, "closed", author="ann")
    pages = all_pages(site, "/team/talked", "/team/talked/discussions")
    titles = [re.findall(r"<bdi>Topic (\d+)</bdi>", page) for page in pages]
    assert [len(some) for some in titles] == [50, 10]
    assert [int(one) for some in titles for one in some] == list(range(60, 0, -1))
    text = read(site, "/team/talked")
    assert "Topic 59" in text
    assert "Topic 60<" not in text


def test_the_list_has_all_public_repos_a_page_at_a_time(site: Hub) -> None:
    made = {f"team/listed-{n}" for n in range(60)}
    for id in made:
        repos.create(site.store, "models", id)
    repos.create(site.store, "models", "team/listed-not", private=True)
    start = "/hub?type=models&q=LISTED"
    pages = all_pages(site, "/hub", start)
    found = [href[1:] for page in pages for href in hrefs(page) if href.startswith("/team/")]
    assert len(pages) == 2
    assert sorted(found) == sorted(made)
    assert "From the beginning" in pages[1]
    both = read(site, "/hub")
    assert "/datasets/team/songs" in hrefs(both)
    assert "/hub?type=models&cursor=" in both.replace("&amp;", "&")


def test_the_list_is_narrowed_by_words_and_type(site: Hub) -> None:
    found = [one for one in hrefs(read(site, "/hub?q=license%3Amit+SONGS")) if "/team/" in one]
    assert found == ["/datasets/team/songs"]
    assert "None has these words." in read(site, "/hub?q=no-such-thing")
    assert "/datasets/team/songs" not in hrefs(read(site, "/hub?type=models"))
    for bad in ("type=spaces", "type=models&cursor=x", "q=%00"):
        assert site.client.get(f"/hub?{bad}").status_code == 400, bad


def test_text_is_shown_with_its_lines_numbered(site: Hub) -> None:
    fresh(site, "text", {"a.txt": b"\xef\xbb\xbfone\r\n<two>\rthree\n\n", "empty": b""})
    text = read(site, "/team/text/blob/main/a.txt")
    shown = re.findall(r'<span id="L(\d)">(.*?)\n</span>', text)
    assert shown == [("1", "one"), ("2", "&lt;two&gt;␍three"), ("3", "")]
    assert "It is empty." in read(site, "/team/text/blob/main/empty")


def test_what_is_no_text_or_too_much_of_it_is_named_and_not_shown(site: Hub) -> None:
    least = b"x" * texts.MOST
    files = {"least": least, "most": least + b"x", "binary": b"a\0b", "latin": b"\xe9t\xe9"}
    files |= {"lines": b"\n" * texts.MOST_LINES, "more": b"\n" * (texts.MOST_LINES + 1)}
    fresh(site, "bounds", files)
    for name in files:
        text = read(site, f"/team/bounds/blob/main/{name}")
        assert ("It is not shown here" in text) is (name not in ("least", "lines")), name
        assert f'<a href="/team/bounds/resolve/main/{name}" download' in text
        assert re.search(r'<code class="hash">[0-9a-f]{64}</code>', text)


def test_a_commits_page_shows_what_changed(site: Hub, parse: Any) -> None:
    before = "".join(f"{n}\n" for n in range(40)).encode()
    repo = fresh(site, "diff", {"a": before, "gone": b"bye\n", "image": b"\0" * 10})
    after = before.replace(b"\n20\n", b"\n<script>\n").removesuffix(b"\n")
    files = {"a": after, "gone": None, "image": b"\0" * 20, "new": b"hello\n"}
    id = put(site.store, repo, files, title="All at once", message="Why & how").commit.id
    text = read(site, f"/team/diff/commit/{id}")
    assert "4 files changed" in text
    assert '<span class="gone">-20\n</span><span class="new">+&lt;script&gt;\n</span>' in text
    assert text.count(r"\ No newline at end of file") == 1
    assert '<span class="gone">-bye\n</span>' in text
    assert '<span class="new">+hello\n</span>' in text
    words = parse(text).text
    assert "image changed, 10 bytes → 20 bytes Its lines are not compared here" in words
    assert "gone deleted, 4 bytes" in words
    assert "Why & how" in words
    assert f"/team/diff/blob/{repo.head}/gone" in hrefs(text)
    assert f"/team/diff/commit/{repo.head}" in hrefs(text)
    first = commits.history(site.store, repo, id)[-1].id
    assert "No file changed" in read(site, f"/team/diff/commit/{first}")


def test_a_large_commit_is_shown_in_part(site: Hub) -> None:
    files = {f"{n:04}": b"%d\n" % n for n in range(steps.MOST_FILES + 7)}
    big = {"!large": b"x" * (steps.MOST_BYTES + 1), "!long": b"y\n" * (steps.MOST_LINES + 5)}
    repo = fresh(site, "large", files | big)
    text = read(site, f"/team/large/commit/{repo.head}")
    assert f"{len(files) + 2} files changed" in text
    assert "9 more files are not named here" in text
    assert text.count('class="change"') == steps.MOST_FILES
    assert text.count('<pre class="lines diff">') == steps.MOST_DIFFS
    assert text.count("+y\n") == steps.MOST_LINES
    assert "5 more lines are not shown" in text


def test_a_pull_request_shows_its_state_and_what_it_would_change(site: Hub) -> None:
    repo = fresh(site, "pull", {"a": b"1\n"})
    propose(site.store, repo, {"a": b"2\n"}, title="Two", message="Better <i>so</i>")
    put(site.store, repo, {"b": b"3\n"}, to="refs/pr/1", title="And three")
    pulls.comment(site.store, repo, 1, author="bob", text="Is <u>it</u>?")
    text = read(site, "/team/pull/discussions/1")
    for said in (
        ">open<",
        "Better &lt;i&gt;so&lt;/i&gt;",
        "Is &lt;u&gt;it&lt;/u&gt;?",
        "And three",
    ):
        assert said in text, said
    assert '<span class="gone">-1\n</span><span class="new">+2\n</span>' in text
    assert '<span class="new">+3\n</span>' in text
    merged = pulls.merge(site.store, repo, 1, who=ANN)
    text = read(site, "/team/pull/discussions/1")
    assert ">merged<" in text
    assert f"/team/pull/commit/{merged.id}" in hrefs(text)


def test_a_discussion_that_proposes_nothing_shows_no_files(site: Hub) -> None:
    repo = fresh(site, "talk", {"a": b"1\n"})
    pulls.open(site.store, repo, title="Why?", description="So.", author="bob", pull=False)
    text = read(site, "/team/talk/discussions/1")
    assert "So." in text
    assert "file" not in text.partition("<article>")[2]


EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)> {{7*7}}'
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script></svg>'


def test_no_text_of_a_repo_is_more_than_text(site: Hub, parse: Any) -> None:
    front = b"---\n'<img src=x onerror=alert(3)>': '<script>alert(4)</script>'\n"
    said = front + f"pretty_name: '{EVIL}'\n---\n{EVIL} ![p](https://e.example/p.png)\n".encode()
    said += b"[a](javascript:alert(5)) [b](data:text/html,x) [c](//e.example) [d](JaVaScRiPt:x)\n"
    repo = fresh(site, "evil", {"README.md": said, "a' onx='1": EVIL.encode(), "x.svg": SVG})
    ref = '"><svg/onload=alert(6)>'
    refs.branch(site.store, repo, ref)
    made = put(site.store, repo, {"a' onx='1": b"2"}, to=ref, title=EVIL, message=EVIL)
    propose(site.store, repo, {"x.svg": b"<svg>"}, title=EVIL, message=EVIL)
    pulls.comment(site.store, repo, 1, author="eve", text=EVIL)
    quoted = quote(ref, safe="")
    for page in (
        *("", "/tree/main", f"/tree/{quoted}", f"/commits/{quoted}", f"/commit/{made.commit.id}"),
        *("/blob/main/README.md", "/blob/main/x.svg", f"/blob/{quoted}/a%27%20onx%3D%271"),
        *("/discussions", "/discussions/1"),
    ):
        found = parse(read(site, f"/team/evil{page}"))
        assert found.faults == [], page
        tags = [tag for tag, _ in found.tags]
        assert not {"script", "img", "style", "iframe", "form", "object"} & {*tags}, page
        assert tags.count("svg") == 1, page
        names = {name for _, attributes in found.tags for name in attributes}
        assert not [name for name in names if name.startswith("on") or name == "style"], page
        schemes = {href.partition(":")[0] for href in found.values("href") if ":" in href}
        assert schemes <= {"https"}, page
    assert EVIL in parse(read(site, "/hub")).text


def test_a_picture_is_never_served_as_a_document(site: Hub) -> None:
    fresh(site, "picture", {"x.svg": SVG, "x.html": b"<script>alert(1)</script>"})
    for name in ("x.svg", "x.html"):
        got = site.client.get(f"/team/picture/resolve/main/{name}")
        assert got.headers["content-type"] == "application/octet-stream"
        assert got.headers["content-disposition"].startswith("attachment")
        assert "sandbox" in got.headers["content-security-policy"]
        shown = read(site, f"/team/picture/blob/main/{name}")
        assert "&lt;script&gt;alert(" in shown


def test_the_catalog_leads_to_the_repos_where_there_is_a_hub(site: Hub, tmp_path: Path) -> None:
    assert "/hub" in hrefs(read(site, "/"))
    (tmp_path / "cards").mkdir()
    with TestClient(standalone(Settings(root=tmp_path)), base_url="http://localhost") as alone:
        assert "/hub" not in hrefs(alone.get("/").text)
        for path in ("/hub", "/team/songs", "/datasets/team/songs"):
            assert alone.get(path).status_code == 404
    assert not (tmp_path / "hub").exists()


def test_pages_answer_to_the_name_in_the_public_address(tmp_path: Path) -> None:
    (tmp_path / "cards").mkdir()
    told = Settings(root=tmp_path, hub=True, public_url="https://hub.example.org")
    with TestClient(standalone(told), base_url="http://hub.example.org") as client:
        assert client.get("/hub").status_code == 200
        with Store.open(tmp_path / "hub") as store:
            repos.create(store, "models", "team/m")
        text = client.get("/team/m").text
        assert "export HF_ENDPOINT=https://hub.example.org\n" in text
        assert client.get("/hub", headers={"host": "evil.example"}).status_code == 403


@pytest.mark.parametrize("kind", ["model", "dataset"])
def test_what_a_client_prints_leads_to_a_page(kind: str, tmp_path: Path) -> None:
    from huggingface_hub import HfApi

    from catalog.hub.store import tokens

    (tmp_path / "cards").mkdir()
    with Store.open(tmp_path / "hub") as store:
        token = tokens.create(store, "ann", role="write", namespaces=("team",))[1]
    with (
        live(tmp_path) as address,
        TestClient(standalone(Settings(root=tmp_path, hub=True)), base_url=address) as browser,
    ):
        api = HfApi(endpoint=address, token=token)
        about: Any = {"repo_id": "team/songs", "repo_type": kind}
        printed = [str(api.create_repo(**about))]
        file: Any = about | {"path_or_fileobj": b"robin\n", "path_in_repo": "data/a b.txt"}
        made = api.upload_file(**file)
        printed += [made.commit_url, str(made.repo_url)]
        printed.append(f"{made.repo_url}/blob/main/{quote('data/a b.txt')}")
        printed.append(f"{made.repo_url}/tree/{made.oid}/data")
        proposed = api.upload_file(**file | {"path_or_fileobj": b"owl\n"}, create_pr=True)
        assert proposed.pr_url
        printed += [proposed.pr_url, proposed.commit_url]
        printed.append(f"{made.repo_url}/tree/{quote('refs/pr/1', safe='')}")
        talk = api.create_discussion(title="Which birds?", **about)
        printed.append(talk.url)
        for url in printed:
            answer = browser.get(url)
            assert answer.status_code == 200, url
            assert answer.headers["content-type"].startswith("text/html"), url
