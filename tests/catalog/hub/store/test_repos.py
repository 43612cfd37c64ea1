import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.hub.store import cards, possession, pulls, refs, repos, trees
from catalog.hub.store.errors import NoRepo, NoRevision, Refused, RepoExists
from catalog.hub.store.tokens import Who

README = """\
---
language: [no, en]
license: apache-2.0
task_categories:
- text-generation
tags: [songs, 2023-04]
pretty_name: Songs of the Sea
released: 2023-04-12
---
# Songs
See https://arxiv.org/abs/2308.10792.
"""


def ids(page: repos.Page) -> list[str]:
    return [one.repo.id for one in page.repos]


def test_a_repo_begins_with_one_empty_commit(people: Any) -> None:
    made = people.repo(private=True, author="ann")
    assert repos.find(people.store, "datasets", "team/songs") == made
    assert (made.private, made.risky, made.author, len(made.head)) == (True, False, "ann", 40)


def test_a_name_is_taken_in_any_case_but_found_in_its_own(people: Any) -> None:
    people.repo("team/Songs")
    with pytest.raises(RepoExists):
        people.repo("TEAM/songs")
    people.repo("team/Songs", "models")
    for type, id in (("datasets", "team/songs"), ("datasets", "team"), ("datasets", "team/x")):
        with pytest.raises(NoRepo):
            repos.find(people.store, type, id)


def test_a_deleted_repo_leaves_its_name_free(people: Any) -> None:
    one = people.repo()
    people.commit(one, people.put("README.md"), create_pr=True)
    repos.delete(people.store, one)
    with pytest.raises(NoRepo):
        people.now(one)
    with pytest.raises(NoRepo):
        repos.delete(people.store, one)
    two = people.repo()
    assert two.key != one.key
    assert two.head != one.head


def test_a_moved_repo_keeps_what_it_has(people: Any) -> None:
    one = people.repo()
    head = people.commit(one, people.put("a")).commit.id
    people.repo("team/taken")
    with pytest.raises(RepoExists):
        repos.move(people.store, one, "team/Taken")
    with pytest.raises(Refused):
        repos.move(people.store, one, "api/x")
    moved = repos.move(people.store, one, "other/Songs")
    assert (moved.key, moved.head, moved.id) == (one.key, head, "other/Songs")
    assert repos.find(people.store, "datasets", "other/Songs") == moved
    assert ids(repos.page(people.store, "datasets", search=["team/songs"])) == []


def test_settings_change_what_they_name(people: Any) -> None:
    one = people.repo()
    changed = repos.settings(people.store, one, private=True)
    assert (changed.private, changed.risky, changed.gated) == (True, False, False)
    changed = repos.settings(people.store, one, risky=True, gated=True)
    assert (changed.private, changed.risky, changed.gated) == (True, True, True)


def test_a_list_shows_what_somebody_may_read(people: Any) -> None:
    people.repo("team/open")
    people.repo("team/hidden", private=True)
    people.repo("other/hidden", private=True)
    people.repo("team/model", "models")
    seen = {
        None: {"team/open"},
        people.ann: {"team/open", "team/hidden"},
        people.bob: {"team/open", "other/hidden"},
        Who("eve", "read", ("TEAM",)): {"team/open", "team/hidden"},
        Who("root", "admin"): {"team/open", "team/hidden", "other/hidden"},
    }
    for who, wanted in seen.items():
        assert set(ids(repos.page(people.store, "datasets", who=who))) == wanted


def test_lists_are_filtered_by_what_the_readme_says_now(people: Any) -> None:
    one, two = people.repo("team/one"), people.repo("team/two")
    people.repo("other/three")
    people.commit(one, people.put("README.md", README.encode()))
    people.commit(two, people.put("README.md", b"---\nlicense: mit\ntags: songs\n---\n"))

    def found(**more: Any) -> set[str]:
        return set(ids(repos.page(people.store, "datasets", **more)))

    assert found(filters=["language:no"]) == {"team/one"}
    assert found(filters=["songs"]) == {"team/one", "team/two"}
    assert found(filters=["songs", "license:mit"]) == {"team/two"}
    assert found(filters=["arxiv:2308.10792", "2023-04"]) == {"team/one"}
    assert found(search=["SEA"]) == {"team/one"}
    assert found(search=["team", "one"]) == {"team/one"}
    assert found(search=["%"]) == found(search=["t_am"]) == set()
    assert found(author="Team") == {"team/one", "team/two"}
    assert found(author="tea") == set()
    people.commit(one, people.put("README.md", b"no front matter"))
    assert found(filters=["songs"]) == {"team/two"}
    assert found(gated=True) == set()


def test_pages_show_every_repo_once(people: Any) -> None:
    for number in range(7):
        people.clock.now += number % 2
        people.repo(f"team/r{number}")
    for sort in ("changed", "created", "name"):
        for descending in (True, False):
            order: dict[str, Any] = {"sort": sort, "descending": descending}
            whole = ids(repos.page(people.store, "datasets", **order))
            some, cursor = [], None
            while True:
                page = repos.page(people.store, "datasets", limit=2, cursor=cursor, **order)
                some += ids(page)
                cursor = page.next
                if cursor is None:
                    break
            assert some == whole
            assert len(set(whole)) == 7
    assert ids(repos.page(people.store, "datasets", sort="name", descending=False))[0] == "team/r0"


@pytest.mark.parametrize("cursor", ["", "x", "\u00e4", "W10=", "WyJuYW1lIiwgMSwgMV0=", "bnVsbA=="])
def test_a_cursor_of_no_list_is_refused(people: Any, cursor: str) -> None:
    with pytest.raises(Refused, match="cursor"):
        repos.page(people.store, "datasets", cursor=cursor)


def test_facts_are_those_of_the_commit_asked_for(people: Any) -> None:
    one = people.repo()
    old = people.commit(one, people.put("README.md", README.encode())).commit.id
    people.commit(one, people.put("README.md", b"---\nlicense: mit\n---\n"))
    now = people.now(one)
    assert cards.facts(people.store, now).tags == ("license:mit",)
    assert cards.facts(people.store, now).card == {"license": "mit"}
    facts = cards.facts(people.store, now, old)
    assert facts.card["language"] == ["no", "en"]
    assert facts.card["released"] == "2023-04-12"
    assert "language:no" in facts.tags


@pytest.mark.parametrize(
    "front",
    [
        "a: [",
        "a: &x 1\nb: *x",
        "- a",
        "just text",
        "a: " + "[" * 100 + "]" * 100,
        "a: !!python/object/apply:os.system [true]",
        "? [a]\n: b\n\t",
        "a: [" + "1," * 60_000 + "]",
    ],
)
def test_front_matter_that_cannot_be_taken_is_a_problem_and_no_trap(
    people: Any, front: str
) -> None:
    one = people.repo()
    people.commit(one, people.put("README.md", f"---\n{front}\n---\nText".encode()))
    facts = cards.facts(people.store, people.now(one))
    assert facts.card == {}
    assert "README.md" in (facts.problem or "")
    assert ids(repos.page(people.store, "datasets")) == ["team/songs"]


@pytest.mark.parametrize(
    ("text", "card"),
    [
        ("", {}),
        ("# Title\n---\na: 1\n---\n", {}),
        ("---\n---\n", {}),
        ("---\na: 1\n---", {"a": 1}),
        ("\ufeff---\r\na: no\r\nb: 010\r\n---\r\ntext", {"a": "no", "b": "010"}),
        (
            "---\na: 1.10\nb: 52_002\nc: ~\nd: true\n---\n",
            {"a": 1.1, "b": "52_002", "c": None, "d": True},
        ),
        ("---\na: .nan\nb: 2023-01-01\n1: x\n---\n", {"a": ".nan", "b": "2023-01-01", "1": "x"}),
        ("---\na: |\n  ---\n  b\n---\n", {"a": "---\nb\n"}),
    ],
)
def test_front_matter_is_read_as_the_registry_reads_cards(text: str, card: Any) -> None:
    assert cards.front_matter(text) == card


@given(st.text(max_size=80))
def test_any_readme_has_facts_or_a_problem(text: str) -> None:
    for whole in (text, f"---\n{text}\n---\n"):
        with suppress(ValueError):
            card = cards.front_matter(whole)
            assert json.loads(json.dumps(card)) == card
            cards.tags_of("models", card, whole)


@pytest.mark.parametrize("text", ["\udc80", "a\0b"])
def test_text_that_no_database_holds_is_looked_for_in_vain(people: Any, text: str) -> None:
    one = people.repo()
    with pytest.raises(NoRepo):
        repos.find(people.store, "datasets", f"team/{text}")
    for ask in ({"filters": [text]}, {"search": [text]}, {"author": text}):
        with pytest.raises(Refused):
            repos.page(people.store, "datasets", **ask)
    for revision in (text, f"refs/heads/{text}"):
        with pytest.raises(NoRevision):
            refs.resolve(people.store, one, revision)
        with pytest.raises(NoRevision):
            people.commit(one, to=revision)
    with pytest.raises(NoRevision):
        trees.entries(people.store, one, text, [text])
    assert trees.entries(people.store, one, one.head, [text]) == {}
    with pytest.raises(Refused):
        people.commit(one, title=text)
    with pytest.raises(Refused):
        pulls.open(people.store, one, title=text, author="ann")
    assert possession.nameable(people.store, people.ann, [text]) == {}


def test_tags_of_a_model_are_those_that_clients_ask_for() -> None:
    card = {
        "language": ["en"],
        "license": "mit",
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "datasets": ["team/songs"],
        "base_model": "team/bird",
        "base_model_relation": "finetune",
        "tags": [None, 1, True, "x\ny", "x"],
    }
    assert set(cards.tags_of("models", card)) == {
        "en",
        "language:en",
        "license:mit",
        "transformers",
        "text-generation",
        "dataset:team/songs",
        "base_model:team/bird",
        "base_model:finetune:team/bird",
        "1",
        "x",
    }
