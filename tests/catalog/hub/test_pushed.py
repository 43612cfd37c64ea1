"""What somebody pushed is in the catalog at once, and is never taken for the checkout's own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from catalog.app import standalone
from catalog.hub.store import Store, blobs, commits, repos, tokens
from catalog.hub.store.commits import DeleteFile, Put
from catalog.hub.store.repos import Repo
from catalog.index import Index
from catalog.settings import Settings
from registry.index import check
from tests.catalog.hub.served import PEOPLE, Hub

PAPER = "kind: paper\nid: chorus\ntitle: Chorus\nsummary: On choirs.\n"
HYMNS = "kind: dataset\nid: hymns\ntitle: Hymns\nsummary: Old songs.\n"
SONGS = """\
kind: dataset
id: songs
title: Songs of the valley
summary: Questions about songs.
licence:
- {value: MIT, declared: its authors, at: their page}
parents:
- {value: hymns, relation: part, declared: its authors, at: their page}
"""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    (tmp_path / "cards" / "papers").mkdir(parents=True)
    (tmp_path / "cards" / "papers" / "chorus.yaml").write_text(PAPER)
    with Store.open(tmp_path / "hub") as store:
        texts = {
            name: tokens.create(store, name, role=role, namespaces=spaces)[1]
            for name, (role, spaces) in PEOPLE.items()
        }
        app = standalone(Settings(root=tmp_path, hub=True, patience=0))
        with TestClient(app, base_url="http://localhost") as client:
            yield Hub(tmp_path, store, client, texts)


def put(hub: Hub, repo: Repo, files: dict[str, str | None]) -> str:
    """Commit files to a repo's main; None removes one."""
    who = tokens.check(hub.store, hub.tokens["ann" if repo.namespace == "team" else "bob"])
    with blobs.receiving(hub.store, who.user) as batch:
        operations = [
            DeleteFile(path) if text is None else Put(path, batch.add(text.encode()).sha256)
            for path, text in files.items()
        ]
    done = commits.commit(
        hub.store, repo, "main", who=who, title="put", operations=operations, parent=None
    )
    return done.commit.id


def made(hub: Hub, id: str, files: dict[str, str | None], type: str = "datasets") -> Repo:
    repo = repos.create(hub.store, type, id)
    put(hub, repo, files)
    return repos.find(hub.store, type, id)


def names(hub: Hub, place: str = "datasets") -> list[str]:
    return [one["name"] for one in hub.client.get(f"/{place}.json").json()["cards"]]


def page(hub: Hub, name: str) -> dict[str, Any]:
    found: dict[str, Any] = hub.client.get(f"/{name}.json").json()
    return found


def test_a_pushed_card_has_a_page_is_found_and_says_where_it_is_from(hub: Hub) -> None:
    assert names(hub) == []
    repo = made(hub, "team/songs", {"card.yaml": SONGS})
    said = page(hub, "datasets/songs")
    assert said["card"]["title"] == "Songs of the valley"
    assert said["pushed"] == {
        "repo": "datasets/team/songs",
        "href": "/datasets/team/songs",
        "commit": repo.head,
        "drafted": False,
    }
    found = hub.client.get("/cards.json", params={"q": "valley"}).json()
    assert [(one["name"], one["pushed"]) for one in found["cards"]] == [("datasets/songs", True)]
    assert "nobody here has checked it" in hub.client.get("/datasets/songs").text


def test_the_feed_says_that_a_card_was_pushed(hub: Hub) -> None:
    made(hub, "team/songs", {"card.yaml": SONGS})
    text = hub.client.get("/feed.atom").text
    assert text.count("pushed to a repo of this server") == 1
    assert text.count("its file was written") == 1


def test_a_card_of_the_checkout_says_nothing_of_a_push(hub: Hub) -> None:
    assert page(hub, "papers/chorus")["pushed"] is None
    assert "pushed" not in hub.client.get("/papers.json").json()["cards"][0]


def test_pushed_cards_can_be_filtered_by(hub: Hub) -> None:
    made(hub, "team/songs", {"card.yaml": SONGS})
    found = hub.client.get("/cards.json", params={"origin": "pushed"}).json()
    assert [one["name"] for one in found["cards"]] == ["datasets/songs"]


def test_what_is_pushed_over_http_is_there_in_the_next_answer(tmp_path: Path) -> None:
    """With the looks far apart: the push itself asks for one."""
    (tmp_path / "cards").mkdir()
    with Store.open(tmp_path / "hub") as store:
        _, token = tokens.create(store, "ann", role="write", namespaces=("team",))
    app = standalone(Settings(root=tmp_path, hub=True, patience=10**6))
    with TestClient(app, base_url="http://localhost") as client:
        sent = {"authorization": f"Bearer {token}"}
        assert client.get("/datasets.json").json()["total"] == 0
        body = {"type": "dataset", "name": "songs", "organization": "team"}
        assert client.post("/api/repos/create", json=body, headers=sent).status_code == 200
        lines = (
            '{"key": "header", "value": {"summary": "add"}}\n'
            '{"key": "file", "value": {"path": "README.md", "content": "# Songs\\n\\nOf old."}}\n'
        )
        answer = client.post("/api/datasets/team/songs/commit/main", content=lines, headers=sent)
        assert answer.status_code == 200, answer.text
        assert [one["title"] for one in client.get("/datasets.json").json()["cards"]] == ["Songs"]


def test_a_page_without_a_card_is_drafted_and_says_so(hub: Hub) -> None:
    text = "---\nlicense: mit\nlanguage: 'no'\n---\n# Old hymns\n\nSung on Sundays.\n"
    made(hub, "team/hymns", {"README.md": text})
    said = page(hub, "datasets/hymns")
    assert said["pushed"]["drafted"] is True
    (claim,) = said["card"]["claims"]["licence"]
    assert (claim["value"], claim["status"]) == ("MIT", "declared")
    assert "team/hymns" in claim["by"]


def test_a_repo_without_a_page_is_no_card(hub: Hub) -> None:
    made(hub, "team/bare", {"data.txt": "la"})
    assert names(hub) == []


def test_a_change_a_removal_and_a_deleted_repo_are_followed(hub: Hub) -> None:
    repo = made(hub, "team/songs", {"card.yaml": SONGS})
    put(hub, repo, {"card.yaml": SONGS.replace("valley", "hills")})
    assert page(hub, "datasets/songs")["card"]["title"] == "Songs of the hills"
    put(hub, repo, {"card.yaml": None})
    assert names(hub) == []
    put(hub, repo, {"card.yaml": SONGS})
    assert names(hub) == ["datasets/songs"]
    repos.delete(hub.store, repo)
    assert names(hub) == []
    assert hub.client.get("/datasets/songs").status_code == 404


def test_a_private_repo_is_not_shown_until_it_is_public(hub: Hub) -> None:
    repo = repos.create(hub.store, "datasets", "team/songs", private=True)
    put(hub, repo, {"card.yaml": SONGS})
    assert names(hub) == []
    assert hub.client.get("/cards.json", params={"q": "valley"}).json()["total"] == 0
    repos.settings(hub.store, repo, private=False)
    assert names(hub) == ["datasets/songs"]
    repos.settings(hub.store, repo, private=True)
    assert names(hub) == []


@pytest.mark.parametrize("id", ["chorus", "Chorus", "cho-rus"])
def test_no_push_takes_the_id_of_a_card_of_the_checkout(hub: Hub, id: str) -> None:
    card = SONGS.replace("id: songs", f"id: {id.lower()}")
    made(hub, "team/thing", {"card.yaml": card})
    assert names(hub) == []
    assert page(hub, "papers/chorus")["card"]["title"] == "Chorus"


def test_the_older_repo_keeps_an_id_and_the_other_follows_when_it_goes(hub: Hub) -> None:
    older = made(hub, "team/songs", {"card.yaml": SONGS})
    made(hub, "other/songs", {"card.yaml": SONGS.replace("valley", "hills")})
    assert page(hub, "datasets/songs")["pushed"]["repo"] == "datasets/team/songs"
    repos.delete(hub.store, older)
    assert page(hub, "datasets/songs")["pushed"]["repo"] == "datasets/other/songs"
    assert page(hub, "datasets/songs")["card"]["title"] == "Songs of the hills"


def test_a_card_that_comes_to_the_checkout_takes_its_id_back(hub: Hub) -> None:
    made(hub, "team/songs", {"card.yaml": SONGS})
    assert page(hub, "datasets/songs")["pushed"]
    path = hub.root / "cards" / "datasets" / "songs.yaml"
    path.parent.mkdir()
    path.write_text(SONGS.replace("valley", "plain"))
    said = page(hub, "datasets/songs")
    assert (said["pushed"], said["card"]["title"]) == (None, "Songs of the plain")
    path.unlink()
    assert page(hub, "datasets/songs")["card"]["title"] == "Songs of the valley"


def test_the_same_bytes_in_the_checkout_are_the_checkouts(hub: Hub) -> None:
    card = PAPER.replace("chorus", "tunes")
    made(hub, "team/tunes", {"card.yaml": card})
    assert page(hub, "papers/tunes")["pushed"]
    (hub.root / "cards" / "papers" / "tunes.yaml").write_text(card)
    assert page(hub, "papers/tunes")["pushed"] is None
    assert hub.client.get("/cards.json", params={"origin": "pushed"}).json()["total"] == 0


@pytest.mark.parametrize(
    "card",
    [
        "kind: dataset\nid: [",
        "kind: model\nid: songs\ntitle: A model among datasets\nsummary: S.\n",
        "kind: dataset\nid: ../../songs\ntitle: Songs\nsummary: S.\n",
        "just text",
        "",
    ],
)
def test_a_faulty_card_is_shown_nowhere_and_stops_nothing(hub: Hub, card: str) -> None:
    made(hub, "team/bad", {"card.yaml": card})
    made(hub, "team/songs", {"card.yaml": SONGS})
    assert names(hub) == ["datasets/songs"]
    written = {path.name for path in hub.root.rglob("*.yaml")}
    assert written == {"chorus.yaml", "songs.yaml"}


def test_what_pushed_cards_lack_is_no_problem_of_the_checkout(hub: Hub) -> None:
    made(hub, "team/songs", {"card.yaml": SONGS})
    said = hub.client.get("/datasets.json").json()
    assert (said["total"], said["problems"]) == (1, [])
    assert "hymns" in hub.client.get("/datasets/songs").text


def test_a_card_of_the_checkout_cannot_rest_on_a_pushed_one(hub: Hub) -> None:
    made(hub, "team/hymns", {"card.yaml": HYMNS})
    assert names(hub) == ["datasets/hymns"]
    folder = hub.root / "cards" / "datasets"
    folder.mkdir()
    (folder / "songs.yaml").write_text(SONGS)
    problems = hub.client.get("/datasets.json").json()["problems"]
    assert problems == [str(one) for one in check(hub.root)[1]]
    assert len(problems) == 1


def test_another_process_sees_the_pushed_cards_too(hub: Hub) -> None:
    made(hub, "team/songs", {"card.yaml": SONGS})
    assert names(hub) == ["datasets/songs"]
    index = Index(hub.root)
    index.refresh()
    assert index.is_pushed("datasets/songs")
    assert [one.name for one in index.entries()] == ["datasets/songs", "papers/chorus"]
    index.close()


def test_a_server_that_starts_again_reads_no_card_twice(hub: Hub) -> None:
    made(hub, "team/songs", {"card.yaml": SONGS})
    assert names(hub) == ["datasets/songs"]
    path = hub.root / "hub" / "pushed" / "cards" / "datasets" / "songs.yaml"
    before = path.stat().st_mtime_ns
    app = standalone(Settings(root=hub.root, hub=True))
    with TestClient(app, base_url="http://localhost") as client:
        assert client.get("/datasets.json").json()["total"] == 1
    assert path.stat().st_mtime_ns == before


BENCHMARK = "kind: benchmark\nid: quiz\ntitle: Quiz\nsummary: Q.\n"
SCORED = """\
kind: model
id: {id}
title: A singer
summary: Sings.
released:
- {{value: '9999', declared: its authors, at: their page}}
tuned_on:
- {{value: hymns, declared: its authors, at: their page}}
results:
- {{value: {value}, benchmark: quiz, metric: accuracy, tuned_tasks: 9, cited: chorus, at: Table 1}}
"""


@pytest.fixture
def scored(hub: Hub) -> Hub:
    """A checkout with a benchmark and a model, and a pushed model that says it is best."""
    files = {"benchmarks/quiz": BENCHMARK, "datasets/hymns": HYMNS}
    for name, text in {**files, "models/ours": SCORED.format(id="ours", value=5)}.items():
        path = hub.root / "cards" / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    made(hub, "team/theirs", {"card.yaml": SCORED.format(id="theirs", value=9000)}, "models")
    return hub


def test_a_pushed_score_stands_apart_and_counts_nowhere(scored: Hub) -> None:
    (board,) = page(scored, "leaderboards")["boards"]
    assert (board["id"], board["models"]) == ("quiz", 1)
    said = page(scored, "leaderboards/quiz")
    assert [(one["model"], one["status"]) for one in said["scores"]] == [
        ("ours", "cited"),
        ("theirs", "pushed"),
    ]
    assert [(one["n"], one["highest"]) for one in said["groups"]] == [(1, 5.0)]
    assert "Said by pushed cards, unchecked" in scored.client.get("/leaderboards/quiz").text
    of_benchmark = page(scored, "benchmarks/quiz")["scores"]
    assert [one["status"] for one in of_benchmark] == ["cited", "pushed"]


def test_plots_are_of_the_checkouts_cards_alone(scored: Hub) -> None:
    sized = "scale:\n- {value: 9, unit: instances, declared: x, at: y}\n"
    sized += "- {value: 9, unit: tasks, declared: x, at: y}\n"
    made(scored, "team/songs", {"card.yaml": SONGS + sized})
    assert page(scored, "datasets/songs")["entry"]["tasks"] == [9]
    text = scored.client.get("/plots.json").text
    assert "models/ours" in text
    assert "theirs" not in text
    assert "songs" not in text


def test_wherever_a_pushed_card_is_named_beside_others_it_is_marked(scored: Hub) -> None:
    marks = [
        {one["name"]: one.get("pushed") for one in page(scored, "datasets/hymns")["used_by"]},
        {
            one["model"]: one.get("pushed")
            for one in page(scored, "lineage/datasets/hymns")["tuned_on"]
        },
        {one["name"]: one.get("pushed") for one in page(scored, "papers/chorus")["cited_by"]},
        {
            one["name"]: one.get("pushed")
            for one in scored.client.get("/index.json").json()["newest"]["model"]
        },
    ]
    assert marks == [{"models/ours": None, "models/theirs": True}] * 4
    for place in ("datasets/hymns", "lineage/datasets/hymns", "papers/chorus", ""):
        assert scored.client.get(f"/{place}").text.count(">pushed</span>") == 1


def test_what_a_pushed_card_builds_on_is_only_said(hub: Hub) -> None:
    card = "kind: mixture\nid: medley\ntitle: M\nsummary: S.\nmix:\n  seed: 1\n  size: 2\n"
    card += "  datasets:\n  - {dataset: hymns, weight: 1}\n"
    made(hub, "team/hymns", {"card.yaml": HYMNS})
    made(hub, "team/medley", {"card.yaml": card})
    (edge,) = page(hub, "mixtures/medley")["lineage"]["edges"]
    assert (edge["source"], edge["proof"]) == ("datasets/hymns", "declared")


@pytest.mark.parametrize(
    "card",
    [
        HYMNS.replace("hymns", "h" * 400),
        SONGS.replace("value: hymns", f"value: {'h' * 400}"),
        SONGS + f"papers: [{'h' * 400}]\n",
        SONGS + f"scale:\n- {{value: {'9' * 30}, unit: instances, declared: x, at: y}}\n",
    ],
    ids=["id", "parent", "paper", "number"],
)
def test_nothing_that_is_too_long_or_too_large_stops_the_catalog(hub: Hub, card: str) -> None:
    made(hub, "team/large", {"card.yaml": card})
    assert hub.client.get("/cards").status_code == 200
    assert hub.client.get("/datasets/team/large").status_code == 200


def test_a_card_that_cannot_be_laid_out_stops_nothing(
    hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    """A folder stands where the card would be written."""
    (hub.root / "hub" / "pushed" / "cards" / "datasets" / "songs.yaml.partial").mkdir(parents=True)
    made(hub, "team/songs", {"card.yaml": SONGS})
    made(hub, "team/hymns", {"card.yaml": HYMNS})
    assert names(hub) == ["datasets/hymns"]
    assert "team/songs" in caplog.text
