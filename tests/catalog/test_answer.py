import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from catalog.answer import finite

ADDRESSES = ("/", "/cards.json", "/models/smollm2-short", "/models/smollm2-short.json")


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_client_that_has_the_body_is_told_so(address: str, client: TestClient) -> None:
    first = client.get(address)
    again = client.get(address, headers={"if-none-match": f'"other", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


def test_a_client_that_has_another_body_gets_this_one(client: TestClient) -> None:
    assert client.get("/", headers={"if-none-match": '"other"'}).status_code == 200


def test_two_pages_have_two_tags(client: TestClient) -> None:
    assert client.get("/").headers["etag"] != client.get("/cards?kind=model").headers["etag"]


def test_a_missing_card_offers_the_near_names(client: TestClient, parse: Any) -> None:
    response = client.get("/datasets/wizadlm")
    page = parse(response.text)
    assert response.status_code == 404
    assert "no dataset card 'wizadlm'; did you mean 'wizardlm'?" in page.text
    assert "/datasets/wizardlm" in page.values("href", "a")
    assert not page.faults


@pytest.mark.parametrize(
    ("address", "status", "error"),
    [
        (
            "/datasets/wizadlm.json",
            404,
            "no dataset card 'wizadlm'; did you mean 'wizardlm'?",
        ),
        ("/nothing/here.json", 404, "/nothing/here.json: there is no such page"),
        ("/a/b/c/d.json", 404, "/a/b/c/d.json: there is no such page"),
        (
            "/cards.json?sort=instance",
            400,
            "sort=instance: no such column; did you mean 'instances'?",
        ),
        ("/cards.json?order=up", 400, "order=up: is neither asc nor desc"),
        ("/cards.json?page=0", 400, "page=0: is no page; pages are 1, 2 and so on"),
        (
            "/lineage/models/smollm2-short.json?direction=left",
            400,
            "direction=left: is not one of up, down, both",
        ),
    ],
)
def test_every_error_in_json_has_one_shape(
    address: str, status: int, error: str, client: TestClient
) -> None:
    response = client.get(address)
    assert response.status_code == status
    assert response.json() == {"ok": False, "error": error, "status": status}


def test_a_page_cannot_be_written(client: TestClient) -> None:
    response = client.post("/cards.json")
    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert response.json()["error"] == "/cards.json: can be read, not written"


def test_a_folder_without_cards_is_said_in_words(fresh: Any, tmp_path: Any, parse: Any) -> None:
    response = fresh(tmp_path).get("/")
    assert response.status_code == 503
    assert "there is no such folder; run this where cards/ is" in parse(response.text).text


def test_a_bug_tells_nothing_of_its_insides(checkout: Any, monkeypatch: Any) -> None:
    from catalog import pages
    from catalog.app import standalone
    from catalog.settings import Settings

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("secret of the house")

    monkeypatch.setattr(pages, "listing", broken)
    app = standalone(Settings(root=checkout))
    quiet = TestClient(app, base_url="http://localhost", raise_server_exceptions=False)
    response = quiet.get("/cards.json")
    assert response.status_code == 500
    assert "secret" not in response.text
    assert "content-security-policy" in response.headers


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(plain)
def test_what_is_answered_is_always_json(value: Any) -> None:
    text = json.dumps(finite(value), allow_nan=False)
    assert json.loads(text) == finite(value)
