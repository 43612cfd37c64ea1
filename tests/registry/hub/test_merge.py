"""Three-way merges: what one side changed wins, what both changed is a conflict."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from registry.hub.merge import meet, merge, merge_cards, record, recorded

KEYS = ("pretty_name", "license", "language", "size_categories")
VALUES = st.sampled_from(["a", "b", ["a", "b"], ["b", "a"], None])
SIDES = st.fixed_dictionaries(dict.fromkeys(KEYS, VALUES))


def filled(side: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in side.items() if value is not None}


def applied(page: dict[str, Any], changes: Any) -> dict[str, Any]:
    return filled(page | dict(changes))


@settings(max_examples=300)
@given(SIDES, SIDES, SIDES)
def test_a_side_that_did_not_change_never_wins(
    base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any]
) -> None:
    met = meet("c", filled(base), filled(base))
    merged = merge(filled(ours), filled(theirs), met)
    for key in KEYS:
        was, mine, his = base[key], ours[key], theirs[key]
        if mine == was and key not in merged.moved:
            assert key not in merged.changes
        if his == was and mine != was and key in merged.changes:
            assert merged.changes[key] == mine
        if mine == was != his and key == "pretty_name":
            assert key in merged.moved
        if key == "pretty_name" and len({str(was), str(mine), str(his)}) == 3:
            assert (key in merged.conflicts) == (mine is not None and his is not None)


@settings(max_examples=300)
@given(SIDES, SIDES, SIDES)
def test_after_a_push_there_is_nothing_left_to_push(
    base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any]
) -> None:
    met = meet("c", filled(base), filled(base))
    merged = merge(filled(ours), filled(theirs), met)
    if merged.conflicts:
        return
    page = applied(theirs, merged.changes)
    behind = {key: met.on_page(key) for key in merged.moved}
    after = meet("d", filled(ours), page, behind=behind)
    assert recorded({"registry": record(after)}) == after
    again = merge(filled(ours), page, after)
    assert (again.changes, again.conflicts) == ({}, ())
    assert set(again.moved) == set(merged.moved)


@settings(max_examples=200)
@given(SIDES, SIDES)
def test_a_first_push_fills_in_and_overwrites_nothing(
    ours: dict[str, Any], theirs: dict[str, Any]
) -> None:
    merged = merge(filled(ours), filled(theirs))
    for key in merged.changes:
        assert theirs[key] is None
    assert not merged.moved
    forced = merge(filled(ours), filled(theirs), force=True)
    assert not forced.conflicts
    page = applied(theirs, forced.changes)
    for key, value in filled(ours).items():
        mine, his = ([one] if isinstance(one, str) else one for one in (value, page[key]))
        assert set(mine) == set(his)


def test_tags_of_other_people_stay_in_their_order() -> None:
    met = meet("c", {"tags": ["card:a", "native:x"]}, {"tags": ["z", "card:a", "native:x", "y"]})
    theirs = {"tags": ["z", "card:a", "native:x", "y", "new"]}
    merged = merge({"tags": ["card:a", "native:w"]}, theirs, met)
    assert merged.changes == {"tags": ["z", "card:a", "y", "new", "native:w"]}
    assert not merge({"tags": ["card:a", "native:x"]}, theirs, met).changes


def test_a_key_that_a_person_took_away_stays_away() -> None:
    view = {"license": "mit"}
    met = meet("c", view, view)
    assert merge(view, {}, met).moved == ("license",)
    assert merge(view, {}, meet("c", view, {})).moved == ()
    assert merge(view, {}, meet("c", view, {})).changes == {}


def test_cards_are_merged_field_by_field_and_keep_their_text() -> None:
    text = "# ours\nkind: x\ntitle: Mine   # yes\nnotes: [a]\n"
    base = {"kind": "x", "title": "T", "notes": ["a"], "gone": 1}
    ours = {"kind": "x", "title": "Mine", "notes": ["a"], "gone": 1}
    theirs = {"kind": "x", "title": "T", "notes": ["a", "b"]}
    merged = merge_cards(base, ours, theirs, text)
    assert merged.conflicts == ()
    assert merged.text == "# ours\nkind: x\ntitle: Mine   # yes\nnotes:\n- a\n- b\n"
    both = merge_cards(base, ours, theirs | {"title": "Theirs"}, text)
    assert both.conflicts == ("title",)
