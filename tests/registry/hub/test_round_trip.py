"""Pages and cards there and back: what nobody meant to change has not changed."""

import hashlib
import importlib.util
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from registry import frontmatter, load, reports
from registry.cards import Card, load_text, to_yaml
from registry.drafts.draft import Source
from registry.drafts.page import draft_of
from registry.errors import RegistryError
from registry.hub import mapping, merge, page, push, repo
from registry.hub.mapping import Scene
from registry.hub.pull import adopt
from registry.hub.remote import Entry, Remote
from registry.index import Registry, name_of

_SPEC = importlib.util.spec_from_file_location("styles", Path(__file__).parent / "styles.py")
assert _SPEC
assert _SPEC.loader
styles = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(styles)

TOP = Path(__file__).parents[3]
COMMIT = "c" * 40
AT = "hub:datasets/owl/birds"


@pytest.fixture(scope="module")
def shipped() -> Registry:
    return load(TOP)


def listed(files: dict[str, bytes]) -> dict[str, Entry]:
    return {path: Entry(len(data), repo.File(path, data).git()) for path, data in files.items()}


def at(files: dict[str, bytes]) -> Remote:
    return Remote(
        commit=COMMIT,
        files=listed(files),
        readme=files.get("README.md"),
        card=files.get("card.yaml"),
    )


def local(card: Card, text: bytes, scene: Scene) -> push.Local:
    return push.Local(
        name=name_of(card), card=text, view=mapping.view(card, scene), body=page.body(card, scene)
    )


def written(there: dict[str, bytes], plan: push.Plan) -> dict[str, bytes]:
    return there | {one.path: one.content for one in plan.files if isinstance(one.content, bytes)}


def drafted(data: bytes, registry: Registry, kind: str) -> tuple[Card, merge.Sync, Scene]:
    found = frontmatter.split(data)
    at = AT if kind == "dataset" else "hub:models/owl/birds"
    source = Source("README.md", at, revision=COMMIT)
    card = draft_of(
        frontmatter.load(found), found.body, Path("README.md"), source, registry, kind=kind
    )
    card = load_text(to_yaml(card))
    scene = Scene(registry=registry, page=at)
    made = push.keep_asked(local(card, b"", scene), at_(data))
    text = to_yaml(card).encode()
    sync = merge.meet(hashlib.sha256(text).hexdigest(), made.view, frontmatter.load(found))
    return card, sync, scene


def at_(data: bytes) -> Remote:
    return at({"README.md": data})


PAGES = [(name, "dataset") for name in styles.GOOD] + [(name, "model") for name in styles.MODELS]


@pytest.mark.parametrize(("name", "kind"), PAGES)
def test_a_page_that_was_pulled_and_not_edited_is_not_pushed(
    name: str, kind: str, root: Path
) -> None:
    data = (styles.GOOD | styles.MODELS)[name]
    card, sync, scene = drafted(data, load(root), kind)
    mine = push.keep_asked(local(card, to_yaml(card).encode(), scene), at_(data))
    plan = push.plan(mine, at_(data), sync)
    assert (plan.files, plan.conflicts, plan.moved) == ((), (), ())


@pytest.mark.parametrize(("name", "kind"), PAGES)
def test_an_edited_card_changes_its_own_keys_and_no_other_byte(
    name: str, kind: str, root: Path
) -> None:
    data = (styles.GOOD | styles.MODELS)[name]
    card, sync, scene = drafted(data, load(root), kind)
    text = frontmatter.edit(
        to_yaml(card),
        {"licence": {"value": "ODbL-1.0", "declared": f"README.md of {scene.page}@x"}},
        "card",
    )
    edited = load_text(text)
    mine = push.keep_asked(local(edited, text.encode(), scene), at_(data))
    plan = push.plan(mine, at_(data), sync)
    assert not plan.conflicts
    assert plan.readme is not None
    before, after = frontmatter.split(data), frontmatter.split(plan.readme)
    assert after.body == before.body
    values = frontmatter.load(after)
    assert values.pop("registry")["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    former = frontmatter.load(before)
    former.pop("registry", None)
    for one in ("license", "license_name"):
        former.pop(one, None)
    assert values.pop("license") == "odbl"
    values.pop("license_name", None)
    assert values == former
    changed = {"license", "license_name", "registry"}
    assert lines_without(after, changed) == lines_without(before, changed)
    again = push.plan(mine, at(written({"README.md": data}, plan)), plan.sync)
    assert again.files == ()


def lines_without(found: frontmatter.Page, keys: set[str]) -> list[str]:
    text = found.front
    for block in reversed(frontmatter._blocks(text, "x")):
        if block.key in keys:
            text = text[: block.start] + text[block.end :]
    return [line for line in text.splitlines() if line.strip() != "{}"]


@pytest.mark.parametrize("name", styles.BAD)
def test_a_page_that_cannot_be_read_is_refused_and_never_rewritten(name: str, root: Path) -> None:
    card = load(root).datasets["songs"]
    scene = Scene(registry=load(root))
    with pytest.raises(RegistryError):
        push.plan(local(card, b"x", scene), at_(styles.BAD[name]), None)


def test_every_shipped_card_is_the_same_there_and_back(shipped: Registry) -> None:
    scene = Scene(registry=shipped, reports=tuple(reports.all_of(TOP)))
    for card in shipped:
        text = (TOP / shipped.files[name_of(card)]).read_bytes()
        mine = local(card, text, scene)
        first = push.plan(mine, None, None)
        there = written({}, first)
        assert there["card.yaml"] == text
        found = frontmatter.split(there["README.md"])
        front = frontmatter.load(found)
        assert {key: front[key] for key in front if key != "registry"} == dict(mine.view)
        assert merge.recorded(front) == first.sync
        assert page.made(found.body) == mine.body
        assert load_text(there["card.yaml"].decode()) == card
        for known in (first.sync, None):
            again = push.plan(mine, at(there), known)
            assert (again.files, again.conflicts, again.moved) == ((), (), ()), card.id


def test_every_shipped_cards_view_is_the_same_each_time(shipped: Registry) -> None:
    scene = Scene(registry=shipped, reports=tuple(reports.all_of(TOP)))
    shuffled = replace(
        shipped,
        datasets=MappingProxyType(dict(reversed(shipped.datasets.items()))),
        papers=MappingProxyType(dict(reversed(shipped.papers.items()))),
    )
    for card in shipped:
        one = mapping.view(card, scene)
        other = mapping.view(card, replace(scene, registry=shuffled))
        assert list(one.items()) == list(other.items())
        assert list(one) == [key for key in mapping.KEYS if key in one]


def test_what_the_view_of_a_shipped_card_says_can_be_drafted_back(shipped: Registry) -> None:
    """The licence and languages that a page shows are those that a draft of it has."""
    scene = Scene(registry=shipped)
    for card in (*shipped.datasets.values(), *shipped.models.values()):
        view = mapping.view(card, scene)
        source = Source("README.md", AT, revision=COMMIT)
        draft = draft_of(view, "", Path("README.md"), source, shipped, kind=card.kind, id="x")
        again = mapping.view(load_text(to_yaml(draft)), scene)
        for key in ("language", "pretty_name", "annotations_creators"):
            assert again.get(key) == view.get(key), (card.id, key)
        if "license_name" not in view:
            # Which GPL it is the Hub's id does not say.
            assert again.get("license") == view.get("license"), card.id


def test_adopting_what_a_page_says_touches_no_other_line(shipped: Registry) -> None:
    card = shipped.datasets["alpaca"]
    text = (TOP / "cards/datasets/alpaca.yaml").read_text()
    source = Source("README.md", AT, revision=COMMIT)
    front: dict[str, Any] = {"license": "mit", "size_categories": ["n<1K"], "pretty_name": "A"}
    after = adopt(text, card, ["license", "size_categories"], front, source, shipped)
    new = load_text(after)
    assert [one.value for one in new.licence] == [*(c.value for c in card.licence), "MIT"]
    assert replace(new, licence=card.licence) == card
    head, _, tail = text.partition("licence:\n")
    assert after.startswith(head)
    assert after.endswith(tail[tail.index("scale:") :])
    later = Source("README.md", AT, revision="d" * 40)
    again = load_text(adopt(after, new, ["license"], {"license": "cc0-1.0"}, later, shipped))
    assert [one.value for one in again.licence] == [*(c.value for c in card.licence), "CC0-1.0"]
