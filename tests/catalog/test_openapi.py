"""The JSON as its description says it is, asked for in every way that the description allows."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode
from starlette.testclient import TestClient

from catalog.app import ROUTES, standalone
from catalog.openapi import document
from catalog.settings import Settings

PATHS: dict[str, Any] = document("1")["paths"]
ASKED = [path for path, operations in PATHS.items() if operations["get"].get("parameters")]
"""What can be asked something, and so can be asked it wrongly."""


@pytest.fixture(scope="module")
def described(checkout: Path) -> Any:
    app = standalone(Settings(root=checkout, hosts=("testserver",)))
    return schemathesis.openapi.from_asgi("/openapi.json", app)


@pytest.mark.parametrize("path", list(PATHS))
def test_every_answer_is_as_described(path: str, described: Any) -> None:
    operation = described[path]["GET"]

    @settings(max_examples=30, suppress_health_check=[*HealthCheck])
    @given(case=operation.as_strategy())
    def asked(case: Any) -> None:
        case.call_and_validate()

    asked()


@pytest.mark.parametrize("path", ASKED)
def test_no_question_against_the_description_breaks_the_server(path: str, described: Any) -> None:
    operation = described[path]["GET"]

    @settings(max_examples=30, suppress_health_check=[*HealthCheck])
    @given(case=operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def asked(case: Any) -> None:
        answer = case.call()
        assert answer.status_code in (200, 400, 404, 405), answer.text

    asked()


def test_every_route_of_json_is_described() -> None:
    paths = {route.path for route in ROUTES if route.path.endswith(".json")}
    known = set(document("1")["paths"])
    assert paths - {"/openapi.json"} <= known


def twins(client: TestClient) -> Iterator[str]:
    for folder in ("datasets", "models", "benchmarks", "papers", "mixtures", "recipes"):
        for card in client.get(f"/{folder}.json").json()["cards"]:
            yield f"/{card['name']}.json", "/{folder}/{name}.json"
            yield f"/lineage/{card['name']}.json", "/lineage/{folder}/{name}.json"
            if folder == "benchmarks":
                yield f"/leaderboards/{card['id']}.json", "/leaderboards/{name}.json"


def test_every_card_of_the_sample_is_as_described(client: TestClient) -> None:
    whole = document("1")
    for address, path in twins(client):
        schema = whole["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
        checker = Draft202012Validator({**schema["schema"], "components": whole["components"]})
        checker.validate(client.get(address).json())


def test_an_error_has_the_one_shape(client: TestClient) -> None:
    for address in ("/nope.json", "/datasets/nope.json", "/cards.json?page=0", "/a/b/c.json"):
        said = client.get(address).json()
        assert said.keys() == {"ok", "error", "status"}, address
        assert said["ok"] is False


def test_no_page_of_another_site_may_read_it(client: TestClient) -> None:
    answer = client.get("/cards.json", headers={"origin": "https://evil.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_the_pages_of_a_list_lead_through_it(sample: Any, tmp_path: Path, fresh: Any) -> None:
    for at in range(120):
        sample.put(tmp_path, f"kind: paper\nid: p{at:03}\ntitle: P{at}\n")
    client = fresh(tmp_path)
    seen: list[str] = []
    address = "/papers"
    while address:
        path, _, query = address.partition("?")
        page = client.get(f"{path}.json?{query}").json()
        seen += [one["id"] for one in page["cards"]]
        address = page["next"]
    assert seen == sorted(seen)
    assert len(seen) == len(set(seen)) == 120


def test_a_second_look_costs_nothing_while_nothing_changes(client: TestClient) -> None:
    first = client.get("/cards.json")
    again = client.get("/cards.json", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    plain = client.get("/cards.json", headers={"accept-encoding": "identity"})
    assert plain.content == first.content
    assert "content-encoding" not in plain.headers
    assert json.loads(plain.content)["ok"]
