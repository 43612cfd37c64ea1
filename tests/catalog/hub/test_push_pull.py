"""`registry push`, `pull`, `diff` and `status` against the server that teams run."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from huggingface_hub import HfApi, constants

from catalog.hub.store import Store, tokens
from registry import frontmatter, reports
from registry.canonical import Message, Row, write_rows
from registry.cli import main
from registry.hashing import hash_file
from registry.reports import Report
from tests.catalog.hub.served import live

SONGS = "cards/datasets/songs.yaml"
PEOPLE = {"ann": ("write", ("ann", "team")), "bob": ("write", ("bob",)), "eve": ("read", ("team",))}


@dataclass(frozen=True)
class Hub:
    """A server, and everybody's tokens."""

    address: str
    tokens: dict[str, str]

    def api(self, user: str = "ann") -> HfApi:
        return HfApi(endpoint=self.address, token=self.tokens[user])

    @property
    def variable(self) -> str:
        """The variable that holds a token of this server."""
        return f"TUNEDECK_TOKEN_127_0_0_1_{self.address.rpartition(':')[2]}"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("hub")
    (folder / "cards").mkdir()
    with Store.open(folder / "hub") as store:
        texts = {
            name: tokens.create(store, name, role=role, namespaces=spaces)[1]  # type: ignore[arg-type]
            for name, (role, spaces) in PEOPLE.items()
        }
    with live(folder) as address:
        yield Hub(address, texts)


@pytest.fixture
def hub(kept: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """Return the server; the environment has ann's token for it and names no other."""
    for name in ("HF_ENDPOINT", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(kept.variable, kept.tokens["ann"])
    return kept


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """Return the id of a repo that no other test has."""
    words = "".join(one if one.isalnum() else "-" for one in request.node.name)
    return f"team/{words[:90].strip('-')}"


@dataclass(frozen=True)
class Checkout:
    """A checkout, and the command in it."""

    hub: Hub
    root: Path

    def run(self, *words: str, code: int = 0) -> Result:
        more = ["--to", self.hub.address] if words[0] in ("push", "pull") else []
        done = CliRunner().invoke(main, [*words, *more, "--root", str(self.root)])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert code == done.exit_code, done.output
        return done

    def told(self, *words: str, code: int = 0) -> Any:
        return json.loads(self.run(*words, "--json", code=code).stdout)

    def text(self, old: str = "", new: str = "") -> str:
        """Return the card of the songs, after an edit of it."""
        path = self.root / SONGS
        if old:
            assert old in path.read_text()
            path.write_text(path.read_text().replace(old, new))
        return path.read_text()


@pytest.fixture
def here(hub: Hub, root: Path) -> Checkout:
    return Checkout(hub, root)


@pytest.fixture
def fresh(
    hub: Hub, root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Checkout]:
    """Return what makes a checkout that lacks some cards, as somebody else has it."""

    def made(*lacking: str) -> Checkout:
        other = tmp_path_factory.mktemp("other")
        shutil.copytree(root / "cards", other / "cards")
        for one in lacking:
            (other / "cards" / f"{one}.yaml").unlink()
        return Checkout(hub, other)

    return made


def read(hub: Hub, repo: str, path: str, kind: str = "dataset", **more: Any) -> bytes:
    return Path(
        hub.api().hf_hub_download(repo, path, repo_type=kind, force_download=True, **more)
    ).read_bytes()


def front(hub: Hub, repo: str, kind: str = "dataset", **more: Any) -> dict[str, Any]:
    return frontmatter.load(frontmatter.split(read(hub, repo, "README.md", kind, **more)))


def edit(hub: Hub, repo: str, text: str = "", **changes: Any) -> str:
    """Edit a page as somebody with the Hub's client would; return the commit."""
    page = frontmatter.split(read(hub, repo, "README.md"))
    content = frontmatter.update(page, changes).encode() + text.encode()
    done = hub.api().upload_file(
        path_or_fileobj=content, path_in_repo="README.md", repo_id=repo, repo_type="dataset"
    )
    return str(done.oid)


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path_factory.mktemp("cache")))


def test_the_first_push_makes_the_repo_and_the_second_has_nothing_to_do(
    here: Checkout, name: str
) -> None:
    done = here.told("push", "songs", "--repo", name)
    assert done["created"]
    info = here.hub.api().dataset_info(name)
    assert info.sha == done["commit"]
    assert (info.card_data.pretty_name, info.card_data.license) == ("Songs", "cc-by-4.0")
    assert {"license:cc-by-4.0", "card:datasets/songs"} <= set(info.tags)
    assert read(here.hub, name, "card.yaml") == (here.root / SONGS).read_bytes()
    assert "nothing to push" in here.run("push", "songs").stdout
    assert here.hub.api().dataset_info(name).sha == info.sha
    (standing,) = here.told("status")
    assert (standing["repo"], standing["says"]) == (f"datasets/{name}", "in step")
    assert standing["commit"] == info.sha
    assert here.told("diff", "songs")["copies"] == {here.hub.address: ""}


def test_a_push_without_a_repo_goes_to_the_users_own(here: Checkout) -> None:
    assert here.told("push", "songs")["repo"] == "datasets/ann/songs"
    assert here.told("push", "singer")["repo"] == "models/ann/singer"
    assert here.hub.api().model_info("ann/singer").card_data.base_model is None


def test_every_kind_of_card_comes_back_byte_for_byte(
    here: Checkout, fresh: Callable[..., Checkout], name: str
) -> None:
    for path in sorted(here.root.glob("cards/*/*.yaml")):
        repo = f"{name}-{path.parent.name}-{path.stem}"
        done = here.told("push", f"{path.parent.name}/{path.stem}", "--repo", repo)
        relative = path.relative_to(here.root)
        other = fresh(f"{path.parent.name}/{path.stem}")
        pulled = other.told("pull", done["repo"])
        assert pulled["changed"]
        assert (other.root / relative).read_bytes() == path.read_bytes()
        assert "nothing to push" in other.run("push", path.stem).stdout
        assert not here.told("pull", done["repo"])["changed"]


def test_who_knows_less_than_a_page_says_takes_nothing_from_it(
    here: Checkout, fresh: Callable[..., Checkout], name: str
) -> None:
    for one in ("songs", "nightingale", "singer"):
        here.run("push", one, "--repo", f"{name}-{one}")
    before = front(here.hub, f"{name}-singer", "model")
    assert (before["base_model"], before["datasets"]) == (f"{name}-nightingale", [f"{name}-songs"])
    other = fresh()
    path = other.root / "cards/models/singer.yaml"
    assert "nothing to push" in other.run("push", "singer", "--repo", f"{name}-singer").stdout
    path.write_text(path.read_text().replace("title: Singer", "title: Songbird"))
    other.run("push", "singer")
    after = front(here.hub, f"{name}-singer", "model")
    assert (after["base_model"], after["datasets"]) == (before["base_model"], before["datasets"])
    assert "# Songbird" in read(here.hub, f"{name}-singer", "README.md", "model").decode()
    here.run("pull", f"{name}-singer")
    assert "nothing to push" in here.run("push", "singer").stdout


def test_a_base_that_a_card_lost_is_taken_from_its_page(here: Checkout, name: str) -> None:
    for one in ("nightingale", "singer"):
        here.run("push", one, "--repo", f"{name}-{one}")
    assert "base_model" in front(here.hub, f"{name}-singer", "model")
    path = here.root / "cards/models/singer.yaml"
    card = "kind: model\nid: singer\ntitle: Singer\nsummary: Nobody knows of what.\n"
    path.write_text(card)
    here.run("push", "singer")
    assert "base_model" not in front(here.hub, f"{name}-singer", "model")


def test_the_environment_names_the_hub(
    here: Checkout, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(here.hub.variable)
    monkeypatch.setenv("HF_ENDPOINT", here.hub.address)
    monkeypatch.setenv("HF_TOKEN", here.hub.tokens["ann"])
    root = ("--root", str(here.root))
    done = CliRunner().invoke(main, ["push", "songs", "--repo", name, *root])
    assert done.exit_code == 0, done.output
    assert here.hub.api().repo_exists(name, repo_type="dataset")
    (here.root / SONGS).unlink()
    assert CliRunner().invoke(main, ["pull", name, *root]).exit_code == 0
    assert (here.root / SONGS).is_file()


def test_a_dry_run_makes_no_repo(here: Checkout, name: str) -> None:
    done = here.run("push", "songs", "--repo", name, "--dry-run")
    assert "+pretty_name: Songs" in done.stdout
    assert not here.hub.api().repo_exists(name, repo_type="dataset")
    here.run("push", "songs", "--repo", name)
    here.text("title: Songs", "title: Chants")
    sha = here.hub.api().dataset_info(name).sha
    assert "+pretty_name: Chants" in here.run("push", "songs", "--dry-run").stdout
    assert here.hub.api().dataset_info(name).sha == sha


def test_what_somebody_wrote_on_the_page_and_what_changed_here_are_merged(
    here: Checkout, name: str
) -> None:
    here.run("push", "songs", "--repo", name)
    edit(here.hub, name, "\n## Ours\n\nA note.\n", viewer=False, tags=["music"])
    here.text("title: Songs", "title: Chants")
    here.run("push", "songs")
    found = front(here.hub, name)
    assert (found["pretty_name"], found["viewer"]) == ("Chants", False)
    assert "music" in found["tags"]
    assert read(here.hub, name, "README.md").endswith(b"\n## Ours\n\nA note.\n")
    newest, *_ = here.hub.api().list_repo_commits(name, repo_type="dataset")
    assert newest.title == "Update from the card datasets/songs"


def test_what_changed_on_the_page_alone_is_pulled(here: Checkout, name: str) -> None:
    here.run("push", "songs", "--repo", name)
    commit = edit(here.hub, name, license="mit", language=["no"])
    assert here.told("push", "songs")["to_pull"] == ["license", "language"]
    assert here.told("pull", name)["fields"] == ["license", "language"]
    text = here.text()
    assert f"README.md of {here.hub.address}/datasets/{name}@{commit}" in text
    assert "value: MIT" in text
    assert "nor" in text
    here.run("push", "songs")
    assert "nothing to push" in here.run("push", "songs").stdout
    assert front(here.hub, name)["license"] == "mit"


def test_what_changed_on_both_sides_is_a_conflict_until_somebody_decides(
    here: Checkout, name: str
) -> None:
    here.run("push", "songs", "--repo", name)
    sha = edit(here.hub, name, pretty_name="Theirs")
    here.text("title: Songs", "title: Mine")
    assert "pretty_name" in here.told("push", "songs", code=1)["conflicts"][0]
    assert "pretty_name" in here.told("pull", name, code=1)["conflicts"][0]
    assert here.hub.api().dataset_info(name).sha == sha
    assert "title: Mine" in here.text()
    here.run("push", "songs", "--ours")
    assert front(here.hub, name)["pretty_name"] == "Mine"


def test_two_checkouts_push_in_turn_and_neither_overwrites_the_other(
    here: Checkout, fresh: Callable[..., Checkout], name: str
) -> None:
    other = fresh("datasets/songs")
    here.run("push", "songs", "--repo", name)
    other.run("pull", name)
    other.text("Three instructions about songs.", "Three of them.")
    other.run("push", "songs")
    here.text("title: Songs", "title: Mine")
    assert "changed there" in here.told("push", "songs", code=1)["conflicts"][0]
    here.run("pull", name)
    assert "Three of them." in here.text()
    assert "title: Mine" in here.text()
    here.run("push", "songs")
    other.run("pull", name)
    assert other.text() == here.text()


def test_a_pull_request_waits_until_it_is_merged(here: Checkout, name: str) -> None:
    here.run("push", "songs", "--repo", name)
    known = (here.root / "hub.yaml").read_text()
    here.text("title: Songs", "title: Chants")
    done = here.told("push", "songs", "--create-pr", "-m", "Another title")
    assert done["pull_request"] == f"{here.hub.address}/datasets/{name}/discussions/1"
    assert (here.root / "hub.yaml").read_text() == known
    api = here.hub.api()
    details = api.get_discussion_details(name, 1, repo_type="dataset")
    assert (details.title, details.status) == ("Another title", "open")
    assert front(here.hub, name)["pretty_name"] == "Songs"
    assert front(here.hub, name, revision="refs/pr/1")["pretty_name"] == "Chants"
    api.merge_pull_request(name, 1, repo_type="dataset")
    assert front(here.hub, name)["pretty_name"] == "Chants"
    assert "nothing to push" in here.run("push", "songs").stdout
    assert "in step" in here.run("status").stdout


def test_whoever_reads_a_repo_may_propose_a_card(
    here: Checkout, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.run("push", "songs", "--repo", name)
    here.text("title: Songs", "title: Chants")
    monkeypatch.setenv(here.hub.variable, here.hub.tokens["bob"])
    assert "refused (403)" in here.run("push", "songs", code=1).output
    assert here.told("push", "songs", "--create-pr")["pull_request"]
    assert front(here.hub, name)["pretty_name"] == "Songs"


@pytest.fixture(params=["xet", "lfs"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", request.param == "lfs")
    return str(request.param)


def table(root: Path, count: int = 300) -> Path:
    """Convert songs: write their table and its report."""
    path = root / "data/canonical/songs/train.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        Row(
            id=f"songs:{number}",
            dataset="songs",
            task="sing",
            split="train",
            messages=(Message("user", f"Sing {number}."),),
            references=("la " * (number % 7),),
        )
        for number in range(count)
    ]
    write_rows(path, rows)
    made = reports.artefact(root, path, rows=count)
    reports.write(root, Report(stage="convert", id="songs", outputs=(made,)))
    return path


def test_data_goes_along_and_comes_back_the_same(
    here: Checkout, fresh: Callable[..., Checkout], name: str, way: str
) -> None:
    path = table(here.root)
    here.run("push", "songs", "--repo", name, "--with-data")
    assert "nothing to push" in here.run("push", "songs", "--with-data").stdout
    assert "nothing to push" in here.run("push", "songs").stdout
    assert front(here.hub, name)["configs"][0]["data_files"][0]["path"] == "data/train.parquet"
    (entry,) = here.hub.api().get_paths_info(name, "data/train.parquet", repo_type="dataset")
    assert entry.lfs.sha256 == hash_file(path).sha256
    other = fresh("datasets/songs")
    done = other.told("pull", name, "--with-data")
    assert done["files"] == ["data/train.parquet"]
    brought = other.root / path.relative_to(here.root)
    assert hash_file(brought) == hash_file(path)
    table(here.root, 301)
    here.run("push", "songs", "--with-data")
    other.run("pull", name, "--with-data")
    assert hash_file(brought) == hash_file(path)


def weights(root: Path) -> Any:
    """Tune the singer: write its model's folder and its report; return the model."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    sizes = {"vocab_size": 64, "hidden_size": 16, "intermediate_size": 32}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2, "num_hidden_layers": 1}
    model = LlamaForCausalLM(LlamaConfig(**sizes, **heads, max_position_embeddings=32))
    folder = root / "models/singer"
    model.save_pretrained(folder)
    (folder / "training.py").write_text("raise SystemExit")
    made = reports.artefact(root, folder / "model.safetensors")
    reports.write(root, Report(stage="tune", id="singer", outputs=(made,)))
    return model


def test_weights_go_along_and_load_where_they_come_back(
    here: Checkout, fresh: Callable[..., Checkout], name: str, way: str
) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    model = weights(here.root)
    done = here.told("push", "singer", "--repo", name, "--with-weights")
    assert done["left_out"] == ["training.py"]
    assert here.hub.api().model_info(name).pipeline_tag == "text-generation"
    found = here.hub.api().get_safetensors_metadata(name)
    assert sum(found.parameter_count.values()) == model.num_parameters()
    assert "nothing to push" in here.run("push", "singer", "--with-weights").stdout
    other = fresh("models/singer")
    other.run("pull", name, "--with-weights")
    loaded = AutoModelForCausalLM.from_pretrained(other.root / "models/singer")
    for key, value in model.state_dict().items():
        assert torch.equal(value, loaded.state_dict()[key]), key


def test_weights_that_may_run_code_are_refused_by_the_server_too(here: Checkout, name: str) -> None:
    weights(here.root)
    refused = here.run("push", "singer", "--repo", name, "--with-weights", "--risky", code=1)
    assert "training.py" in refused.output
    assert "run code" in refused.output
    assert here.hub.api().list_repo_files(name) == []


def test_a_private_repo_is_there_for_its_own_alone(
    here: Checkout,
    fresh: Callable[..., Checkout],
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here.run("push", "songs", "--repo", name, "--private")
    assert here.hub.api().dataset_info(name).private
    for token in (None, here.hub.tokens["bob"]):
        if token is None:
            monkeypatch.delenv(here.hub.variable)
        else:
            monkeypatch.setenv(here.hub.variable, token)
        other = fresh("datasets/songs")
        assert "shows no such repo" in other.run("pull", name, code=1).output
        assert not (other.root / SONGS).exists()
    monkeypatch.setenv(here.hub.variable, here.hub.tokens["eve"])
    other = fresh("datasets/songs")
    assert other.told("pull", name)["changed"]
    other.text("title: Songs", "title: Mine")
    assert "refused (403)" in other.run("push", "songs", code=1).output


def test_a_token_that_is_none_is_refused_and_not_shown(
    here: Checkout, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.run("push", "songs", "--repo", name)
    here.text("title: Songs", "title: Mine")
    wrong = "hf_" + "x" * 34
    for token in (wrong, None):
        if token is None:
            monkeypatch.delenv(here.hub.variable)
        else:
            monkeypatch.setenv(here.hub.variable, token)
        refused = here.run("push", "songs", code=1)
        assert "refused (401)" in refused.output
        assert here.hub.variable in refused.output
        assert wrong not in refused.output
    assert front(here.hub, name)["pretty_name"] == "Songs"
