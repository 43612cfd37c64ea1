import os
import re
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from catalog import sitemap
from catalog.feed import ATOM, News, clean, feed
from catalog.settings import Settings

EVIL = "</title><script>alert(1)</script> & \x00 ]]> é"
MAPS = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
git_is_here = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")


def entries(text: str) -> list[Xml.Element]:
    return Xml.fromstring(text).findall(f"{{{ATOM}}}entry")


def of(element: Xml.Element, tag: str) -> str:
    found = element.find(f"{{{ATOM}}}{tag}")
    assert found is not None, tag
    return found.text or ""


def check_atom(text: str) -> None:
    """Hold a feed against what RFC 4287 asks of every feed and entry."""
    top = Xml.fromstring(text)
    assert top.tag == f"{{{ATOM}}}feed"
    assert of(top, "title")
    assert top.find(f"{{{ATOM}}}author/{{{ATOM}}}name") is not None
    ids = [of(one, "id") for one in (top, *entries(text))]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", one) for one in ids)
    for one in (top, *entries(text)):
        assert datetime.fromisoformat(of(one, "updated")).tzinfo
        for link in one.findall(f"{{{ATOM}}}link"):
            assert urlsplit(link.attrib["href"]).netloc


def commit(root: Path, subject: str, at: int) -> None:
    when = {"GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "a@example.org"}
    when |= {"GIT_COMMITTER_NAME": "Ann", "GIT_COMMITTER_EMAIL": "a@example.org"}
    when |= {"GIT_COMMITTER_DATE": f"@{1_700_000_000 + at} +0000"}
    when |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    for words in (["init", "-q"], ["add", "-A", "cards"], ["commit", "-qm", subject]):
        command = ["git", "-C", str(root), *words]
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, **when})


@pytest.fixture
def kept(sample: Any, tmp_path: Path) -> Path:
    """The sample in git, with a second commit that changed one card."""
    root: Path = sample.make(tmp_path)
    commit(root, "Add cards", 0)
    card = root / "cards/datasets/wizardlm.yaml"
    card.write_text(card.read_text().replace("value: 143000", "value: 144000"))
    commit(root, "Count <again> & better", 60)
    return root


def test_without_git_the_newest_files_come_first(sample: Any, tmp_path: Path, fresh: Any) -> None:
    root = sample.make(tmp_path)
    for path in root.glob("cards/*/*.yaml"):
        os.utime(path, (1_600_000_000, 1_600_000_000))
    os.utime(root / "cards/models/chatgpt.yaml", (1_700_000_000, 1_700_000_000))
    answer = fresh(root).get("/feed.atom")
    check_atom(answer.text)
    assert answer.headers["content-type"].startswith("application/atom+xml")
    first, *rest = entries(answer.text)
    assert of(first, "title") == "ChatGPT: changed"
    assert of(first, "updated") == "2023-11-14T22:13:20+00:00"
    assert len(rest) == len(list(root.glob("cards/*/*.yaml"))) - 1


@git_is_here
def test_with_git_an_entry_is_a_commit_of_a_card(kept: Path, fresh: Any) -> None:
    text = fresh(kept).get("/feed.atom").text
    check_atom(text)
    newest = entries(text)[0]
    assert of(newest, "title") == "WizardLM (Evol-Instruct): changed"
    assert of(newest, "summary") == "Count <again> & better"
    assert newest.find(f"{{{ATOM}}}link[@href='http://localhost/datasets/wizardlm']") is not None
    assert {of(one, "title").rpartition(": ")[2] for one in entries(text)[1:]} == {"added"}


@git_is_here
def test_an_entry_keeps_its_id_when_others_come_and_under_another_name(
    kept: Path, fresh: Any
) -> None:
    client = fresh(kept)
    before = {of(one, "id") for one in entries(client.get("/feed.atom").text)}
    other = client.get("/feed.atom", headers={"host": "127.0.0.1:80"}).text
    assert {of(one, "id") for one in entries(other)} == before
    assert "http://127.0.0.1/datasets/wizardlm" in other.replace(":80/", "/")
    card = kept / "cards/datasets/wizardlm.yaml"
    card.write_text(card.read_text().replace("value: 144000", "value: 145000"))
    commit(kept, "Again", 120)
    after = {of(one, "id") for one in entries(client.get("/feed.atom").text)}
    assert before < after


@git_is_here
def test_a_removed_card_is_no_news(kept: Path, fresh: Any) -> None:
    (kept / "cards/papers/wizardlm-2023.yaml").unlink()
    commit(kept, "Remove", 120)
    assert "wizardlm-2023" not in fresh(kept).get("/feed.atom").text


@git_is_here
def test_a_card_that_came_back_was_added_and_never_removed(kept: Path, fresh: Any) -> None:
    card = kept / "cards/papers/wizardlm-2023.yaml"
    text = card.read_text()
    card.unlink()
    commit(kept, "Remove", 120)
    card.write_text(text)
    commit(kept, "Put back", 180)
    titles = [of(one, "title") for one in entries(fresh(kept).get("/feed.atom").text)]
    assert titles[0].startswith("WizardLM: Empowering")
    assert not [one for one in titles if one.endswith(": removed")]


@git_is_here
def test_a_cards_page_tells_its_history(kept: Path, fresh: Any, parse: Any) -> None:
    client = fresh(kept)
    found = client.get("/datasets/wizardlm.json").json()["history"]
    assert [one["subject"] for one in found["changes"]] == ["Count <again> & better", "Add cards"]
    assert found["changes"][0]["fields"] == [{"field": "scale", "how": "1 claim changed"}]
    page = parse(client.get("/datasets/wizardlm").text)
    assert not page.faults
    assert "Count <again> & better Ann" in page.text
    assert "Scale 1 claim changed" in page.text


@git_is_here
def test_a_long_history_is_cut_and_says_so(kept: Path, fresh: Any, parse: Any) -> None:
    card = kept / "cards/datasets/wizardlm.yaml"
    for at in range(21):
        card.write_text(card.read_text() + f"# {at}\n")
        commit(kept, f"Note {at}", 100 + at)
    client = fresh(kept)
    found = client.get("/datasets/wizardlm.json").json()["history"]
    assert (len(found["changes"]), found["older"]) == (20, 3)
    assert "3 older changes are left out here" in parse(client.get("/datasets/wizardlm").text).text


def test_outside_git_a_card_has_no_history(client: TestClient) -> None:
    found = client.get("/datasets/wizardlm.json").json()["history"]
    assert found == {"changes": [], "older": 0}
    assert 'id="history"' not in client.get("/datasets/wizardlm").text


def news(at: int, text: str) -> News:
    return News(
        name=f"datasets/x{at}",
        title=text,
        mark=str(at),
        date="2023-11-14T22:13:20+00:00",
        done="changed",
        says=text,
        author=text or None,
    )


@given(st.lists(st.text(), max_size=3))
def test_whatever_cards_say_the_feed_stays_a_feed(texts: list[str]) -> None:
    text = feed("http://localhost", [news(at, one) for at, one in enumerate([EVIL, *texts])])
    check_atom(text)
    said = [of(one, "summary") for one in entries(text)]
    assert said == [
        one.replace("\r\n", "\n").replace("\r", "\n") for one in map(clean, [EVIL, *texts])
    ]


def test_every_page_links_to_the_feed(client: TestClient, parse: Any) -> None:
    for address in ("/", "/models/smollm2-short", "/nothing"):
        links = [given for tag, given in parse(client.get(address).text).tags if tag == "link"]
        (link,) = [one for one in links if one.get("type") == "application/atom+xml"]
        assert (link["rel"], link["href"]) == ("alternate", "/feed.atom")


def test_a_feed_that_a_reader_has_is_not_sent_again(client: TestClient) -> None:
    tag = client.get("/feed.atom").headers["etag"]
    assert client.get("/feed.atom", headers={"if-none-match": tag}).status_code == 304


@pytest.mark.parametrize("address", ["/feed.atom", "/sitemap.xml", "/robots.txt"])
def test_a_strange_host_gets_no_addresses(address: str, client: TestClient) -> None:
    assert client.get(address, headers={"host": "evil.example"}).status_code == 403


def test_the_sitemap_has_every_page_and_each_is_there(client: TestClient, checkout: Path) -> None:
    top = Xml.fromstring(client.get("/sitemap.xml").text)
    pages = [one.findtext(f"{MAPS}loc") or "" for one in top.findall(f"{MAPS}url")]
    cards = {path.relative_to(checkout / "cards") for path in checkout.glob("cards/*/*.yaml")}
    wanted = {f"http://localhost/{one.with_suffix('')}" for one in cards if one.suffix == ".yaml"}
    assert set(pages) == {"http://localhost/", *(one.replace(".yaml", "") for one in wanted)}
    assert all(client.get(one).status_code == 200 for one in pages)
    dates = [one.findtext(f"{MAPS}lastmod") or "" for one in top.findall(f"{MAPS}url")]
    assert all(datetime.fromisoformat(one).tzinfo for one in dates)


def test_too_many_pages_for_one_file_come_in_several(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sitemap.MOST == 50_000  # what the protocol allows
    monkeypatch.setattr(sitemap, "MOST", 500)
    dates = {f"datasets/x{at}": f"2026-01-{1 + at % 28:02}" for at in range(1001)}
    top = Xml.fromstring(sitemap.parts("http://localhost", dates))
    assert [one.findtext(f"{MAPS}loc") for one in top] == [
        f"http://localhost/sitemap-{number}.xml" for number in (1, 2, 3)
    ]
    files = [Xml.fromstring(sitemap.pages("http://localhost", dates, at)) for at in (1, 2, 3)]
    assert [len(one) for one in files] == [500, 500, 1]
    listed = [one.findtext(f"{MAPS}loc") for each in files for one in each]
    assert len(set(listed)) == 1001


def test_the_whole_map_is_an_index_where_one_file_is_too_small(
    checkout: Path, fresh: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = fresh(checkout)  # one that keeps no answer
    whole = Xml.fromstring(client.get("/sitemap.xml").text)
    monkeypatch.setattr(sitemap, "MOST", 5)
    top = Xml.fromstring(client.get("/sitemap.xml").text)
    assert top.tag == f"{MAPS}sitemapindex"
    parts = [client.get(one.findtext(f"{MAPS}loc") or "") for one in top]
    listed = [page for part in parts for page in Xml.fromstring(part.text)]
    assert [one.findtext(f"{MAPS}loc") for one in listed] == [
        one.findtext(f"{MAPS}loc") for one in whole
    ]
    assert client.get(f"/sitemap-{len(parts) + 1}.xml").status_code == 404
    assert client.get("/sitemap-0.xml").status_code == 404


def test_robots_are_told_where_the_map_is_and_what_is_not_for_them(
    client: TestClient, checkout: Path
) -> None:
    from catalog.app import standalone

    assert client.get("/robots.txt").text == (
        "User-agent: *\nDisallow:\n\nSitemap: http://localhost/sitemap.xml\n"
    )
    app = standalone(Settings(root=checkout, mlflow="/mlflow"))
    with TestClient(app, base_url="http://localhost") as other:
        assert "Disallow: /mlflow/\n" in other.get("/robots.txt").text
