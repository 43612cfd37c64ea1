"""The checkout's cards as repos: what a client gets of them, and that nobody writes to them."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from starlette.testclient import TestClient

from catalog.app import standalone
from catalog.hub.checkout import Checkout, card_of, repo_name
from catalog.hub.store import Store, blobs, commits, repos, tokens, trees
from catalog.hub.store.commits import Put
from catalog.hub.store.errors import NoRepo
from catalog.index import scanning
from catalog.settings import Settings
from catalog.shelf import Watch
from registry import frontmatter

WRITES = [
    ("POST", "/api/datasets/registry/alpaca/commit/main"),
    ("POST", "/api/datasets/registry/alpaca/commit/main?create_pr=1"),
    ("POST", "/api/datasets/registry/alpaca/preupload/main"),
    ("POST", "/api/datasets/registry/alpaca/discussions"),
    ("POST", "/api/datasets/registry/alpaca/branch/side"),
    ("POST", "/api/datasets/registry/alpaca/tag/main"),
    ("PUT", "/api/datasets/registry/alpaca/settings"),
    ("GET", "/api/datasets/registry/alpaca/xet-write-token/main"),
    ("POST", "/datasets/registry/alpaca.git/info/lfs/objects/batch"),
]


@pytest.fixture
def root(tmp_path: Path, sample: ModuleType) -> Path:
    made: Path = sample.make(tmp_path)
    return made


@pytest.fixture
def store(root: Path) -> Iterator[Store]:
    with Store.open(root / "hub") as one:
        yield one


@pytest.fixture
def checkout(root: Path, store: Store) -> Checkout:
    return Checkout(Watch(root, patience=0), lambda: store)


@pytest.fixture
def client(root: Path, store: Store) -> Iterator[TestClient]:
    app = standalone(Settings(root=root, hub=True, patience=0))
    with TestClient(app, base_url="http://localhost") as one:
        yield one


def text(client: TestClient, repo: str, path: str) -> str:
    answer = client.get(f"/{repo}/resolve/main/{path}")
    assert answer.status_code == 200, answer.text
    return answer.text


def admin(store: Store) -> dict[str, str]:
    return {"authorization": f"Bearer {tokens.create(store, 'root', role='admin')[1]}"}


def dataset_of(root: Path) -> str:
    return sorted(path.stem for path in (root / "cards" / "datasets").glob("*.yaml"))[0]


def test_a_card_is_there_byte_for_byte_beside_its_page(client: TestClient, root: Path) -> None:
    id = dataset_of(root)
    card = text(client, f"datasets/registry/{id}", "card.yaml")
    assert card == (root / "cards" / "datasets" / f"{id}.yaml").read_text()
    page = frontmatter.split(text(client, f"datasets/registry/{id}", "README.md").encode())
    assert f"card:datasets/{id}" in frontmatter.load(page)["tags"]


def test_a_repo_that_no_card_stands_for_is_not_there(client: TestClient) -> None:
    assert client.get("/api/datasets/registry/nothing").status_code == 404
    assert client.get("/api/models/registry/nothing").status_code == 404


def test_names_that_nobody_has_are_not_kept_in_mind(checkout: Checkout, root: Path) -> None:
    """Anybody may ask for them, and for any number of them."""
    for name in ("nobody", "nothing", dataset_of(root)):
        checkout.follow("datasets", name)
    assert set(checkout.fresh) == {("datasets", dataset_of(root))}


def test_every_card_has_one_repo(checkout: Checkout, root: Path, store: Store) -> None:
    checkout.walk()
    found = {
        (type, one.repo.name)
        for type in ("models", "datasets")
        for one in repos.page(store, type, author="registry").repos
    }
    cards = list((root / "cards").rglob("*.yaml"))
    assert len(found) == len(cards) > 5
    for type, name in found:
        repo = repos.find(store, type, f"registry/{name}")
        assert {one.path for one in trees.listing(store, repo, repo.head)} == {
            "README.md",
            "card.yaml",
        }


def test_an_edit_is_one_commit_and_no_edit_is_none(
    checkout: Checkout, root: Path, store: Store
) -> None:
    id = dataset_of(root)
    checkout.follow("datasets", id)
    repo = repos.find(store, "datasets", f"registry/{id}")
    checkout.follow("datasets", id)
    Checkout(Watch(root, patience=0), lambda: store).follow("datasets", id)
    assert repos.find(store, "datasets", f"registry/{id}").head == repo.head
    path = root / "cards" / "datasets" / f"{id}.yaml"
    path.write_text(path.read_text() + "# a remark\n")
    checkout.follow("datasets", id)
    after = repos.find(store, "datasets", f"registry/{id}")
    assert commits.get(store, after, after.head).parent == repo.head
    assert [one.path for one in trees.changes(store, after, repo.head, after.head)] == [
        "README.md",
        "card.yaml",
    ]


def test_a_push_is_no_reason_to_walk_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "RACY", 0)
    watch = Watch(root, patience=0)
    before = watch.shelf()
    folder = root / "hub" / "pushed" / "cards" / "papers"
    folder.mkdir(parents=True)
    (folder / "tune.yaml").write_text("kind: paper\nid: tune\ntitle: T\nsummary: S.\n")
    pushed = watch.shelf()
    assert (pushed.generation > before.generation, pushed.own) == (True, before.own)
    path = root / "cards" / "datasets" / f"{dataset_of(root)}.yaml"
    path.write_text(path.read_text() + "notes: [one more]\n")
    assert watch.shelf().own > pushed.own


def test_a_repo_goes_with_its_card(checkout: Checkout, root: Path, store: Store) -> None:
    id = dataset_of(root)
    checkout.walk()
    (root / "cards" / "datasets" / f"{id}.yaml").unlink()
    checkout.walk()
    with pytest.raises(NoRepo):
        repos.find(store, "datasets", f"registry/{id}")


def test_a_repo_that_was_there_before_is_left_alone(
    checkout: Checkout, root: Path, store: Store
) -> None:
    repos.create(store, "datasets", "registry/elder", author="ann")
    checkout.walk()
    assert repos.find(store, "datasets", "registry/elder").author == "ann"


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_nobody_writes_to_them(
    method: str, path: str, client: TestClient, store: Store, root: Path
) -> None:
    path = path.replace("alpaca", dataset_of(root))
    answer = client.request(method, path, headers=admin(store), content=b"{}")
    assert answer.status_code == 403, answer.text
    assert "this server's own cards" in answer.json()["error"]
    assert client.request(method, path, content=b"{}").status_code == 401


def test_nobody_makes_moves_or_deletes_one(client: TestClient, store: Store, root: Path) -> None:
    headers, id = admin(store), dataset_of(root)
    assert client.get(f"/api/datasets/registry/{id}").status_code == 200
    repos.create(store, "datasets", "team/songs")
    for method, path, body in (
        ("POST", "create", {"type": "dataset", "organization": "registry", "name": "mine"}),
        ("POST", "create", {"type": "dataset", "organization": "Registry", "name": "mine"}),
        ("POST", "move", {"type": "dataset", "fromRepo": "team/songs", "toRepo": "REGISTRY/songs"}),
        ("DELETE", "delete", {"type": "dataset", "organization": "registry", "name": id}),
        ("POST", "move", {"type": "dataset", "fromRepo": "team/songs", "toRepo": "registry/songs"}),
        ("POST", "move", {"type": "dataset", "fromRepo": f"registry/{id}", "toRepo": "team/own"}),
    ):
        answer = client.request(method, f"/api/repos/{path}", headers=headers, json=body)
        assert answer.status_code == 403, answer.text


def test_they_are_not_shown_as_pushed(client: TestClient, checkout: Checkout) -> None:
    before = client.get("/cards.json").json()["total"]
    checkout.walk()
    assert client.get("/cards.json").json()["total"] == before
    assert client.get("/cards.json?origin=pushed").json()["total"] == 0


def test_what_somebody_pushed_is_no_repo_of_the_checkout(
    client: TestClient, checkout: Checkout, store: Store, root: Path
) -> None:
    with_page = repos.create(store, "datasets", "team/hymns")
    who = tokens.Who(user="ann", role="write", namespaces=("team",))
    with blobs.receiving(store, "ann") as batch:
        put = Put("README.md", batch.add(b"# Hymns\n").sha256)
    commits.commit(store, with_page, "main", who=who, title="put", operations=[put])
    assert client.get("/datasets/hymns.json").json()["pushed"]
    assert client.get("/api/datasets/registry/hymns").status_code == 404
    checkout.walk()
    with pytest.raises(NoRepo):
        repos.find(store, "datasets", "registry/hymns")


def test_kinds_that_share_an_id_have_repos_of_their_own(root: Path) -> None:
    shelf = Watch(root).shelf()
    id = dataset_of(root)
    assert repo_name("paper", id) != repo_name("dataset", id)
    found = card_of(shelf, "datasets", id)
    assert found
    assert found.kind == "dataset"
    assert card_of(shelf, "models", id) is None
