"""`registry push`, `pull`, `diff` and `status` of cards against the server that teams run."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner

from registry.cli import main
from tests.catalog.hub.push.checkouts import SONGS, Checkout, edit, front, read


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
