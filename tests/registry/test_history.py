import os
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from registry import history
from registry.cards import Dataset, load_text
from registry.cli import main
from registry.files import write_text
from registry.history import changes, compare

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")

SONGS = "cards/datasets/songs.yaml"
WHO = {"GIT_AUTHOR_NAME": "Ann & Co", "GIT_AUTHOR_EMAIL": "a@example.org"}
WHO |= {"GIT_COMMITTER_NAME": "Ann", "GIT_COMMITTER_EMAIL": "a@example.org"}
WHO |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


def git(root: Path, *words: str, at: int = 0) -> None:
    when = {"GIT_COMMITTER_DATE": f"@{1_700_000_000 + at} +0200"}
    where = {**os.environ, **WHO, **when}
    subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True, env=where)


def commit(root: Path, subject: str, at: int) -> None:
    git(root, "add", "--all", "cards")
    git(root, "commit", "-qm", subject, at=at)


@pytest.fixture
def kept(root: Path) -> Path:
    """A root of cards in git, with one commit."""
    git(root, "init", "-q")
    commit(root, "Add cards", 0)
    return root


def edit(root: Path, old: str, new: str, file: str = SONGS) -> None:
    text = (root / file).read_text()
    assert old in text
    write_text(root / file, text.replace(old, new))


def said(root: Path, file: str = SONGS) -> list[tuple[str, str]]:
    found = history.history(root, file)
    return [(one.change.subject, history.as_text(one)) for one in found]


def test_a_change_names_the_fields_and_counts_the_claims(kept: Path) -> None:
    edit(kept, "title: Songs", "title: All songs")
    edit(kept, "value: CC-BY-4.0", "value: MIT")
    edit(kept, "  - unit: instances\n    measured: convert\n", "")
    commit(kept, "Say it better", 60)
    assert said(kept) == [
        ("Say it better", "title: changed; licence: 1 claim changed; scale: 1 claim removed"),
        ("Add cards", "the card was added"),
    ]


def test_a_change_has_commit_date_author_and_subject(kept: Path) -> None:
    edit(kept, "title: Songs", "title: S")
    commit(kept, "Subject: a\tb \u202e <b>", 60)
    newest, first = changes(kept)[SONGS]
    assert (newest.author, newest.subject) == ("Ann & Co", "Subject: a\tb \u202e <b>")
    assert newest.date == "2023-11-14T22:14:20+00:00"
    assert len(newest.commit) == 40
    assert (first.done, newest.done) == ("added", "changed")
    assert newest.before == first.after


def test_a_renamed_card_keeps_its_history(kept: Path) -> None:
    git(kept, "mv", SONGS, "cards/datasets/chants.yaml")
    edit(kept, "id: songs", "id: chants", "cards/datasets/chants.yaml")
    commit(kept, "Rename", 60)
    assert said(kept, "cards/datasets/chants.yaml") == [
        ("Rename", "the card was renamed; id: changed"),
        ("Add cards", "the card was added"),
    ]
    assert SONGS not in changes(kept)


def test_two_cards_that_swap_names_swap_histories(kept: Path) -> None:
    one, other = "cards/models/nightingale.yaml", "cards/models/singer.yaml"
    edit(kept, "title: Singer", "title: A singer", other)
    commit(kept, "Of the singer", 60)
    git(kept, "mv", one, "cards/x")
    git(kept, "mv", other, one)
    git(kept, "mv", "cards/x", other)
    git(kept, "-c", "diff.renames=true", "commit", "-qm", "Swap", at=120)
    assert "Of the singer" in {*dict(said(kept, other)), *dict(said(kept, one))}


def test_a_card_that_came_back_has_all_of_it(kept: Path) -> None:
    text = (kept / SONGS).read_text()
    (kept / SONGS).unlink()
    commit(kept, "Remove", 60)
    write_text(kept / SONGS, text)
    commit(kept, "Put back", 120)
    done = [one.done for one in changes(kept)[SONGS]]
    assert done == ["added", "removed", "added"]


def test_a_version_that_todays_rules_do_not_read_is_said(kept: Path) -> None:
    edit(kept, "title: Songs", "tittle: Songs")
    commit(kept, "Break it", 60)
    edit(kept, "tittle: Songs", "title: Songs")
    commit(kept, "Mend it", 120)
    mended, broken, _ = said(kept)
    assert mended[1].startswith("the card before this change cannot be read by today's rules: ")
    assert broken[1].startswith("the card after this change cannot be read by today's rules: ")
    assert "title: is missing" in broken[1]


def test_a_comment_changes_no_field(kept: Path) -> None:
    write_text(kept / SONGS, (kept / SONGS).read_text() + "# why\n")
    commit(kept, "Explain", 60)
    assert said(kept)[0] == ("Explain", "no field, only comments or layout")


def test_a_new_commit_is_seen_at_once_and_a_change_without_one_is_not(kept: Path) -> None:
    assert len(said(kept)) == 1
    edit(kept, "title: Songs", "title: Hymns")
    assert len(said(kept)) == 1
    commit(kept, "Hymns", 60)
    assert len(said(kept)) == 2


def test_cards_below_a_repositorys_top_have_histories_too(tmp_path: Path) -> None:
    write_text(tmp_path / "inner" / SONGS, "kind: dataset\nid: songs\ntitle: S\nsummary: S.\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "inner")
    git(tmp_path, "commit", "-qm", "Inside")
    assert said(tmp_path / "inner") == [("Inside", "the card was added")]


def test_without_a_repository_or_a_commit_there_is_no_history(root: Path) -> None:
    assert changes(root) == {}
    git(root, "init", "-q")
    assert said(root) == []


def test_without_git_there_is_no_history(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(kept))
    assert changes(kept) == {}
    assert said(kept) == []


def card(title: str, licences: list[str]) -> Dataset:
    claims = "".join(f"\n  - {{value: {one}, declared: x}}" for one in licences)
    text = f"kind: dataset\nid: a\ntitle: {title}\nsummary: S.\n"
    made = load_text(text + (f"licence:{claims}\n" if licences else ""))
    assert isinstance(made, Dataset)
    return made


LICENCES = st.lists(st.sampled_from(["MIT", "Apache-2.0", "CC0-1.0"]), unique=True, max_size=3)


@given(LICENCES, LICENCES)
def test_only_what_differs_is_named(before: list[str], after: list[str]) -> None:
    found = {one.field: one.how for one in compare(card("A", before), card("A", after))}
    assert set(found) == ({"licence"} if before != after else set())
    if sorted(before) == sorted(after) and before != after:
        assert found["licence"] == "in another order"


def test_the_command_prints_it_for_people_and_for_scripts(kept: Path) -> None:
    edit(kept, "title: Songs", "title: Hymns")
    commit(kept, "Hymns", 60)
    told = CliRunner().invoke(main, ["history", "songs", "--root", str(kept)])
    assert "Ann & Co: Hymns\n  title: changed\n" in told.output
    listed = CliRunner().invoke(main, ["history", "songs", "--json", "--root", str(kept)])
    assert '"field": "title"' in listed.output
    assert '"card": "datasets/songs"' in listed.output
