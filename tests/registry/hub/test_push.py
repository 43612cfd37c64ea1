"""Push and pull over real HTTP, by the unmodified client, against a small hub."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registry import frontmatter
from registry.hub import merge

Run = Callable[..., Any]
SONGS = "cards/datasets/songs.yaml"


def front(page: bytes) -> dict[str, Any]:
    return frontmatter.load(frontmatter.split(page))


def card(root: Path, text: str | None = None) -> str:
    path = root / SONGS
    if text is not None:
        path.write_text(text)
    return path.read_text()


def edit_page(hub: Any, repo: str, **changes: Any) -> str:
    page = frontmatter.split(hub.repos[repo].files["README.md"])
    made: str = hub.put(repo, README__md=frontmatter.update(page, changes).encode())
    return made


def test_a_push_makes_a_repo_with_card_page_and_croissant(hub: Any, run: Run, root: Path) -> None:
    run("push", "songs", "--repo", "team/songs")
    files = hub.repos["datasets/team/songs"].files
    assert {"card.yaml", "README.md", "croissant.json"} <= files.keys()
    assert files["card.yaml"] == (root / SONGS).read_bytes()
    found = front(files["README.md"])
    assert (found["pretty_name"], found["license"]) == ("Songs", "cc-by-4.0")
    assert found["registry"]["sha256"] == hashlib.sha256(files["card.yaml"]).hexdigest()
    assert len(hub.repos["datasets/team/songs"].commits) == 2


def test_without_a_repo_it_goes_to_the_users_own(hub: Any, run: Run) -> None:
    run("push", "songs")
    assert "datasets/team/songs" in hub.repos
    run("push", "singer")
    assert "models/team/singer" in hub.repos


def test_a_second_push_says_that_there_is_nothing_to_push(hub: Any, run: Run) -> None:
    run("push", "songs")
    before = len(hub.repos["datasets/team/songs"].commits)
    assert "nothing to push" in run("push", "songs").stdout
    assert len(hub.repos["datasets/team/songs"].commits) == before


def test_a_dry_run_shows_the_diff_and_changes_nothing(hub: Any, run: Run, root: Path) -> None:
    done = run("push", "songs", "--repo", "team/songs", "--dry-run")
    assert "+pretty_name: Songs" in done.stdout
    assert not hub.repos
    assert not (root / "hub.yaml").exists()


def test_a_pull_of_our_own_brings_the_card_back_byte_for_byte(
    hub: Any, run: Run, told: Run, root: Path
) -> None:
    text = card(root) + "# a comment of ours\n"
    card(root, text)
    run("push", "songs")
    (root / SONGS).unlink()
    assert told("pull", "team/songs")["changed"]
    assert card(root) == text
    assert "nothing to push" in run("push", "songs").stdout
    assert not told("pull", "team/songs")["changed"]


def test_what_people_write_on_the_page_stays(hub: Any, run: Run, root: Path) -> None:
    run("push", "songs")
    page = hub.repos["datasets/team/songs"].files["README.md"]
    mine = page.replace(b"tags:\n", b"# theirs\nviewer:   false  # odd\ntags:\n- music\n")
    mine = mine.replace(b"<!-- end", b"<!-- end") + b"\n## Ours\n\nA note.\n"
    hub.put("datasets/team/songs", README__md=mine)
    card(root, card(root).replace("title: Songs", "title: More songs"))
    run("push", "songs")
    after = hub.repos["datasets/team/songs"].files["README.md"]
    assert b"# theirs\nviewer:   false  # odd\n" in after
    assert after.endswith(b"\n## Ours\n\nA note.\n")
    assert front(after)["pretty_name"] == "More songs"
    assert "music" in front(after)["tags"]
    assert b"# More songs" in after


def test_a_key_that_changed_on_the_page_becomes_a_claim_of_the_page(
    hub: Any, run: Run, told: Run, root: Path
) -> None:
    run("push", "songs")
    commit = edit_page(hub, "datasets/team/songs", license="mit", pretty_name="Chants")
    assert told("push", "songs")["to_pull"] == ["pretty_name", "license"]
    done = told("pull", "team/songs")
    assert done["fields"] == ["pretty_name", "license"]
    text = card(root)
    assert "value: MIT" in text
    assert "CC-BY-4.0" in text
    assert "title: Chants" in text
    by = f"README.md of {hub.address}/datasets/team/songs@{commit}"
    assert by in text
    pushed = told("push", "songs")
    assert not pushed["conflicts"]
    found = front(hub.repos["datasets/team/songs"].files["README.md"])
    assert (found["license"], found["pretty_name"]) == ("mit", "Chants")
    assert "nothing to push" in run("push", "songs").stdout


def test_a_key_that_the_card_does_not_have_is_brought_too(
    hub: Any, run: Run, told: Run, root: Path
) -> None:
    run("push", "songs")
    edit_page(hub, "datasets/team/songs", language="no", viewer=False)
    assert told("push", "songs")["to_pull"] == ["language"]
    assert told("pull", "team/songs")["fields"] == ["language"]
    assert "nor" in card(root)
    assert not told("pull", "team/songs")["changed"]
    assert "nothing to push" not in run("push", "songs").stdout
    assert "nothing to push" in run("push", "songs").stdout
    found = front(hub.repos["datasets/team/songs"].files["README.md"])
    assert (found["language"], found["viewer"]) == ("no", False)


def test_what_changed_on_both_sides_is_reported_and_not_guessed(
    hub: Any, run: Run, told: Run, root: Path
) -> None:
    run("push", "songs")
    edit_page(hub, "datasets/team/songs", pretty_name="Theirs")
    text = card(root, card(root).replace("title: Songs", "title: Mine"))
    commits = len(hub.repos["datasets/team/songs"].commits)
    done = told("push", "songs", code=1)
    assert done["conflicts"] == ["pretty_name: 'Theirs' there, 'Mine' here, and both are new"]
    assert told("pull", "team/songs", code=1)["conflicts"]
    assert card(root) == text
    assert len(hub.repos["datasets/team/songs"].commits) == commits
    run("push", "songs", "--ours")
    found = front(hub.repos["datasets/team/songs"].files["README.md"])
    assert found["pretty_name"] == "Mine"


def test_the_side_there_can_be_taken(hub: Any, run: Run, root: Path) -> None:
    run("push", "songs")
    edit_page(hub, "datasets/team/songs", pretty_name="Theirs")
    card(root, card(root).replace("title: Songs", "title: Mine"))
    run("pull", "team/songs", "--theirs")
    assert "title: Theirs" in card(root)


def test_a_card_that_changed_there_is_pulled_first(
    hub: Any, run: Run, told: Run, root: Path
) -> None:
    run("push", "songs")
    base = card(root)
    there = base.replace("Three instructions about songs.", "Three of them.")
    hub.put("datasets/team/songs", card__yaml=there.encode())
    card(root, base.replace("title: Songs", "title: Mine"))
    assert "changed there" in told("push", "songs", code=1)["conflicts"][0]
    told("pull", "team/songs")
    assert "title: Mine" in card(root)
    assert "Three of them." in card(root)
    run("push", "songs")
    assert hub.repos["datasets/team/songs"].files["card.yaml"] == card(root).encode()


def test_a_change_here_is_still_to_be_pushed_after_a_pull(
    hub: Any, run: Run, told: Run, root: Path
) -> None:
    run("push", "songs")
    card(root, card(root).replace("title: Songs", "title: Mine"))
    told("pull", "team/songs")
    assert "README.md" in [one["path"] for one in told("push", "songs")["files"]]
    assert front(hub.repos["datasets/team/songs"].files["README.md"])["pretty_name"] == "Mine"


def test_a_commit_that_comes_between_is_merged_not_lost(hub: Any, run: Run, root: Path) -> None:
    run("push", "songs")
    card(root, card(root).replace("title: Songs", "title: Mine"))
    hub.before_commit = lambda: edit_page(hub, "datasets/team/songs", viewer=False)
    done = run("push", "songs")
    assert "meanwhile" in done.stderr
    found = front(hub.repos["datasets/team/songs"].files["README.md"])
    assert (found["pretty_name"], found["viewer"]) == ("Mine", False)


def test_a_pull_request_is_not_remembered_as_pushed(
    hub: Any, run: Run, told: Run, root: Path
) -> None:
    run("push", "songs")
    text = (root / "hub.yaml").read_text()
    card(root, card(root).replace("title: Songs", "title: Mine"))
    assert told("push", "songs", "--create-pr")["pull_request"]
    assert (root / "hub.yaml").read_text() == text
    assert "the card changed" in run("status").stdout


def test_status_and_diff_answer_without_a_hub(hub: Any, run: Run, told: Run, root: Path) -> None:
    assert "no card is on a hub yet" in run("status").stderr
    run("push", "songs")
    asked = len(hub.asked)
    (standing,) = told("status")
    assert (standing["name"], standing["says"]) == ("datasets/songs", "in step")
    assert told("diff", "songs")["copies"] == {hub.address: ""}
    card(root, card(root).replace("title: Songs", "title: Mine"))
    (standing,) = told("status")
    assert standing["card_changed"]
    assert "pretty_name" in standing["keys_changed"]
    text = run("diff", "songs").stdout
    assert "+title: Mine" in text
    assert "+pretty_name: Mine" in text
    assert len(hub.asked) == asked


def test_a_foreign_page_becomes_a_draft_that_the_page_declares(
    hub: Any, run: Run, told: Run, root: Path
) -> None:
    page = b"---\nlicense: mit\nlanguage: no\n---\n# Birds\n\nAll about birds.\n"
    commit = hub.put("datasets/owl/birds", README__md=page)
    done = told("pull", "owl/birds")
    assert (done["name"], done["drafted"]) == ("datasets/birds", True)
    text = (root / done["file"]).read_text()
    assert "[nor]" in text or "- nor" in text
    assert f"README.md of {hub.address}/datasets/owl/birds@{commit}" in text
    assert "nothing to push" in run("push", "birds").stdout
    assert hub.repos["datasets/owl/birds"].files == {"README.md": page}


def test_an_edited_draft_changes_only_what_was_edited(
    hub: Any, run: Run, told: Run, root: Path
) -> None:
    page = b"---\nlicense: mit # ours\npretty_name: 'Birds'\n# end\n---\n# Birds\n\nHm.\n"
    page = page.replace(b"\n", b"\r\n")
    hub.put("datasets/owl/birds", README__md=page)
    path = root / told("pull", "owl/birds")["file"]
    path.write_text(path.read_text().replace("title: Birds", "title: Owls"))
    run("push", "birds")
    after = hub.repos["datasets/owl/birds"].files["README.md"]
    head, _, tail = after.partition(b"registry:\r\n")
    assert head == b"---\r\nlicense: mit # ours\r\npretty_name: Owls\r\n# end\r\n"
    assert tail.endswith(b"---\r\n# Birds\r\n\r\nHm.\r\n")
    assert b"\n" not in tail.replace(b"\r\n", b"")
    assert hub.repos["datasets/owl/birds"].files["card.yaml"] == path.read_bytes()


def test_a_foreign_page_that_changed_is_followed(hub: Any, run: Run, told: Run, root: Path) -> None:
    hub.put("datasets/owl/birds", README__md=b"---\nlicense: mit\n---\n# Birds\n")
    path = root / told("pull", "owl/birds")["file"]
    commit = edit_page(hub, "datasets/owl/birds", license="apache-2.0")
    assert told("pull", "owl/birds")["fields"] == ["license"]
    text = path.read_text()
    assert "Apache-2.0" in text
    assert "MIT" not in text
    assert commit in text
    assert not told("pull", "owl/birds")["changed"]


def test_pushing_over_a_page_that_nobody_pulled_is_a_conflict(hub: Any, told: Run) -> None:
    hub.put("datasets/owl/songs", README__md=b"---\nlicense: mit\n---\n# Theirs\n")
    done = told("push", "songs", "--repo", "owl/songs", code=1)
    assert done["conflicts"][0].startswith("license: 'mit' there, 'cc-by-4.0' here")


def test_a_token_goes_to_its_own_hub_only(
    hub: Any, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = hub.address.rpartition(":")[2]
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.delenv(f"TUNEDECK_TOKEN_127_0_0_1_{port}")
    run("push", "songs", "--repo", "team/songs")
    assert set(hub.tokens) == {None}
    assert "whose repo" in run("push", "singer", code=1).output
    monkeypatch.setenv(f"TUNEDECK_TOKEN_127_0_0_1_{port}", "hf_ours")
    run("push", "songs")
    assert hub.tokens[-1] == "Bearer hf_ours"
    assert "Bearer hf_secret" not in hub.tokens


def test_the_file_in_git_holds_no_token(hub: Any, run: Run, root: Path) -> None:
    run("push", "songs")
    assert "hf_ours" not in (root / "hub.yaml").read_text()


def test_a_repo_that_is_not_there_is_said(hub: Any, run: Run) -> None:
    assert "shows no such repo" in run("pull", "team/nothing", code=1).output
    assert "no namespace" in run("pull", "nothing", code=1).output


def test_the_record_on_the_page_is_read_back() -> None:
    sync = merge.Sync("a" * 64, {"license": "x"}, {"tags": "y"})
    assert merge.recorded({"registry": merge.record(sync)}) == sync
    for odd in (None, [], {"schema": 2}, {"schema": 1, "sha256": 1}, {"schema": 1, "base": []}):
        assert merge.recorded({"registry": odd}) is None


def test_what_a_checkout_does_not_know_of_stays_on_the_page(hub: Any, run: Run, root: Path) -> None:
    for one in ("songs", "nightingale", "singer"):
        run("push", one)
    page = hub.repos["models/team/singer"].files["README.md"]
    assert {"base_model", "datasets"} <= front(page).keys()
    (root / "hub.yaml").unlink()
    assert "nothing to push" in run("push", "singer", "--repo", "team/singer").stdout
    (root / "hub.yaml").unlink()
    run("pull", "team/singer")
    assert "nothing to push" in run("push", "singer").stdout
    assert hub.repos["models/team/singer"].files["README.md"] == page
