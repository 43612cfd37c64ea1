"""What pages of repos hold: folders, histories, files, commits and pull requests."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from catalog.app import standalone
from catalog.hub.store import Store, commits, pulls, refs, repos
from catalog.hub.web import steps, texts
from catalog.settings import Settings
from tests.catalog.hub.paged import (
    ANN,
    all_pages,
    fresh,
    hrefs,
    propose,
    put,
    read,
)
from tests.catalog.hub.served import Hub, live


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
