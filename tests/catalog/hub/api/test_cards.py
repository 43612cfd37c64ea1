"""Front matter is judged in the same words when a client asks and when it commits."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from catalog.hub.api.cards import MAX_CARD
from catalog.hub.store import blobs

BAD = b"---\nlicense: mit\nlicense: gpl\n---\n# Birds\n"
GOOD = b"---\nlicense: mit\n---\n# Birds\n"


@pytest.fixture(scope="module")
def make(api: Any) -> Callable[[], str]:
    """Return what makes a repo and returns its address."""
    numbers = iter(range(100))
    return lambda: str(api.repo(f"team/cards-{next(numbers)}"))


def kept(api: Any, user: str, content: bytes) -> str:
    """Upload bytes as somebody; return their sha256."""
    with blobs.receiving(api.store, user) as batch:
        return str(batch.add(content).sha256)


def committed(api: Any, repo: str, *lines: Any, token: str = "write", to: str = "main") -> Any:
    header = {"key": "header", "value": {"summary": "change"}}
    body = b"".join(json.dumps(line).encode() + b"\n" for line in (header, *lines))
    return api.ask("POST", f"{repo}/commit/{to}", token, body)


def large(path: str, sha256: str) -> dict[str, Any]:
    return {"key": "lfsFile", "value": {"path": path, "algo": "sha256", "oid": sha256}}


def test_cards_are_checked_in_the_form_that_was_asked_for(api: Any) -> None:
    bad = {"repoType": "dataset", "content": "---\nlicense: mit\nlicense: gpl\n---\n"}
    said = api.ask("POST", "/api/validate-yaml", None, bad)
    assert said.status == 400
    assert "license" in said.json["errors"][0]["message"]
    text = api.ask("POST", "/api/validate-yaml", None, bad, {"Accept": "text/plain"})
    assert (text.status, text.body[:6]) == (400, b"line 3")
    plain = api.ask("POST", "/api/validate-yaml", None, {"content": "# no front matter\n"})
    assert plain.status == 200
    assert plain.json["warnings"]


@pytest.mark.parametrize(
    "front",
    [
        "a: [",
        "- a",
        "a: &x 1\nb: *x",
        "tags: {a: b}",
        "license: [{}]",
        "? [a]\n: b",
        "a: !!python/none",
    ],
)
def test_front_matter_that_clients_stumble_on_is_an_error(api: Any, front: str) -> None:
    card = {"content": f"---\n{front}\n---\n"}
    assert api.ask("POST", "/api/validate-yaml", None, card).status == 400


@pytest.mark.parametrize("front", ["", "a: 1", "language: [no, en]", "date: 2023-04-12", "é: ü"])
def test_front_matter_that_is_fine_is_fine(api: Any, front: str) -> None:
    for ends in ("\n", "\r\n"):
        card = {"content": f"---\n{front}\n---\nbody".replace("\n", ends)}
        assert api.ask("POST", "/api/validate-yaml", None, card).status == 200


@pytest.mark.parametrize("front", [b"a: [", b"- a", b"a: 1\na: 2", b"a: &x 1", b"license: [{}]"])
def test_a_commit_is_refused_in_the_words_of_the_check(
    api: Any, make: Callable[[], str], front: bytes
) -> None:
    repo, card = make(), b"---\n" + front + b"\n---\n# Birds\n"
    checked = api.post("/api/validate-yaml", {"content": card.decode()})
    head = api.get(repo).json["sha"]
    for to in ("main", "main?create_pr=1"):
        refused = api.commit(repo, {"a.txt": b"a", "README.md": card}, "write", to=to)
        assert refused.status == checked.status == 400
        assert refused.json["errors"] == checked.json["errors"]
        assert "README.md" in refused.json["error"]
    assert api.get(repo).json["sha"] == head
    assert api.get(f"{repo}/discussions").json["discussions"] == []


def test_a_card_that_came_by_lfs_is_judged_like_any_other(
    api: Any, make: Callable[[], str]
) -> None:
    repo = make()
    assert committed(api, repo, large("README.md", kept(api, "write", BAD))).status == 400
    assert committed(api, repo, large("README.md", kept(api, "write", GOOD))).status == 200


def test_only_the_readme_that_stays_is_judged(api: Any, make: Callable[[], str]) -> None:
    repo, bad = make(), kept(api, "write", BAD)
    elsewhere = api.commit(repo, {"docs/README.md": BAD, "readme.txt": BAD}, "write")
    assert elsewhere.status == 200
    good = kept(api, "write", GOOD)
    lines = [large("README.md", bad), large("README.md", good)]
    assert committed(api, repo, *lines).status == 200
    assert committed(api, repo, *reversed(lines)).status == 400
    gone = {"key": "deletedFile", "value": {"path": "README.md"}}
    assert committed(api, repo, large("README.md", bad), gone).status == 200


def test_what_no_client_would_read_as_a_card_is_taken(api: Any, make: Callable[[], str]) -> None:
    repo = make()
    for content in (b"# Birds\n", b"", b"\xff\xfe not UTF-8", b"text\n---\na: [\n---\n"):
        assert api.commit(repo, {"README.md": content}, "write").status == 200
    huge = kept(api, "write", BAD + b"x" * MAX_CARD)
    assert committed(api, repo, large("README.md", huge)).status == 200


def test_the_verdict_tells_nothing_of_bytes_that_the_caller_may_not_name(
    api: Any, make: Callable[[], str]
) -> None:
    repo, theirs = make(), kept(api, "other", BAD + b"secret")
    refused = committed(api, repo, large("README.md", theirs))
    absent = committed(api, repo, large("README.md", hashlib.sha256(b"nowhere").hexdigest()))
    assert refused.status == absent.status == 400
    assert refused.json.keys() == absent.json.keys() == {"error"}
