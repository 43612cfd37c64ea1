"""A card that is written and read again is the same card, whatever its texts are."""

from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.cards import Card, Cited, Claim, Declared, Measured, load_text, to_plain, to_yaml
from registry.cards.building import build_card
from registry.cards.claims import COUNTS, WORDS
from registry.cards.kinds import TYPES
from registry.cards.nodes import parse
from registry.cards.rules import HOME, LICENCE, PLACE, SOURCE, Ref, Rule
from registry.cards.scalars import Reading
from registry.cards.shapes import asks, bare, claimed, fields_of, is_claims, optional, rules
from registry.index import card_files

TOP = Path(__file__).parents[3]
NASTY = [
    *("no", "yes", "null", "~", "true", "1", "012", "1e-4", "2023-04-12", ".5", "-", "- a"),
    *("a: b", "a #b", "#", "'", '"', "\\", "{a}", "[a]", "&a", "*a", "!a", "%a", "@a", "`a", "?"),
    *("---", "...", "a\nb", "a\n\nb\n", " a", "a ", "\ta", "a\t\nb", "\n a", "a\n  b\n", "a\r\nb"),
    *(
        "\x00",
        "\x07",
        "\x85",
        "\u2028",
        "\ufeffa",
        "\U0001f600",
        "é",
        "x" * 300,
        "word " * 60 + "x",
    ),
    *("=", "<<", "|", ">", "| a", "a\\", "0x1F", "1:30", "Ünï: # 'x\"", "a\n", "\n", "a\n \nb"),
]
TEXTS = st.one_of(
    st.sampled_from([one for one in NASTY if one.strip()]),
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(
        str.strip
    ),
)
SAMPLES = {
    id(HOME): ["hub:a/b", "github:a/b", "https://x.org/a?b=c#d"],
    id(SOURCE): ["pypi:a==1.0", f"hub:datasets/a/b@{'0' * 40}:c d", "file:a"],
    id(PLACE): ["a.json", "a b/c.json", "å/#b"],
    id(LICENCE): ["MIT", "terms: what: they # say"],
}


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Return values for an annotation of `kinds`, with what its rules allow."""
    if optional(hint):
        return st.none() | values(bare(hint)) if not rules(hint, Rule) else st.none() | held(hint)
    if is_claims(hint):
        return st.lists(claims(hint), max_size=2).map(tuple)
    return held(hint)


def held(hint: Any) -> st.SearchStrategy[Any]:
    inner = bare(hint)
    if is_dataclass(inner):
        return made(inner)
    if get_origin(inner) is tuple:
        least = 1 if rules(hint, Rule) else 0
        return st.lists(values(get_args(inner)[0]), min_size=least, max_size=2).map(tuple)
    if get_origin(inner) is Literal:
        return st.sampled_from(get_args(inner))
    if inner is bool:
        return st.booleans()
    if inner is int:
        return st.integers(1, 10**12)
    if inner is float:
        return st.floats(1e-12, 0.99)
    return texts(hint)


def texts(hint: Any) -> st.SearchStrategy[str]:
    for rule in rules(hint, Rule):
        if id(rule) in SAMPLES:
            return st.sampled_from(SAMPLES[id(rule)])
        known = rule.schema.get("enum") or rule.schema.get("anyOf", [{}])[0].get("enum")
        return (
            st.sampled_from(known)
            if known
            else st.from_regex(rule.schema["pattern"][1:-1], fullmatch=True)
        )
    if any(ref.words for ref in rules(hint, Ref)):
        return st.sampled_from(["human", "program", "gpt-4", "no", "1e3"])
    return TEXTS


@st.composite
def claims(draw: st.DrawFn, hint: Any) -> Claim[Any]:
    wanted = asks(hint)
    cited = st.builds(Cited, TEXTS, TEXTS, st.none() | TEXTS)
    declared = st.builds(Declared, TEXTS, st.none() | TEXTS, st.none() | TEXTS)
    ways: list[st.SearchStrategy[Any]] = [cited, declared]
    ways += [st.sampled_from(wanted.measured).map(Measured)] if wanted.measured else []
    evidence = draw(st.one_of(ways))
    filled = values(claimed(hint)).filter(lambda value: value != ())
    given_ = {name: draw(qualifier(name, wanted.units)) for name in wanted.must}
    given_ |= {name: draw(st.none() | qualifier(name, wanted.units)) for name in wanted.may}
    value, printed, hedge = None, None, None
    if not isinstance(evidence, Measured):
        value = draw(st.none() | filled)
        printed = draw(st.none() | TEXTS)
        hedge = draw(st.none() | st.sampled_from(WORDS["hedge"]))
    note = draw(st.none() | TEXTS)
    return Claim(value=value, evidence=evidence, printed=printed, hedge=hedge, note=note, **given_)


def qualifier(name: str, units: tuple[str, ...]) -> st.SearchStrategy[Any]:
    if name in COUNTS:
        return st.integers(0, 10**6)
    words = units if name == "unit" else WORDS.get(name)
    return st.sampled_from(words) if words else TEXTS


def made(cls: Any) -> st.SearchStrategy[Any]:
    known = fields_of(cls)
    must = {one.name: values(one.hint) for one in known if one.required}
    may = {one.name: values(one.hint) for one in known if not one.required}
    return st.fixed_dictionaries(must, optional=may).map(lambda given_: cls(**given_))


def read_again(card: Card) -> Card:
    """Read what `to_yaml` wrote, leaving out whether its fields go together."""
    said: list[tuple[int, str, str]] = []
    reading = Reading(lambda *problem: said.append(problem))
    node = parse(to_yaml(card), reading.complain)
    assert node is not None, said
    found = build_card(type(card), node, reading)
    assert said == []
    return found  # type: ignore[no-any-return]


@pytest.mark.parametrize("cls", TYPES.values(), ids=TYPES)
@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_a_written_card_reads_as_the_same_card(cls: type[Card], data: st.DataObject) -> None:
    card = data.draw(made(cls))
    assert read_again(card) == card


@pytest.mark.parametrize("text", [one for one in NASTY if one.strip()])
def test_a_nasty_text_survives_in_every_place(text: str) -> None:
    card = load_text("kind: paper\nid: p\ntitle: T\n")
    changed = type(card)(
        kind="paper", id="p", title=text, notes=(text, text), bibtex=text, authors=(text,)
    )
    assert read_again(changed) == changed


@given(TEXTS)
def test_another_yaml_reader_sees_the_same_text(text: str) -> None:
    card = TYPES["paper"](kind="paper", id="p", title=text)  # type: ignore[call-arg]
    assert yaml.safe_load(to_yaml(card)) == to_plain(card)


@pytest.mark.parametrize(
    "path", card_files(TOP), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_a_shipped_card_reads_as_itself_after_writing(path: Path) -> None:
    card = load_text(path.read_text(encoding="utf-8"))
    assert load_text(to_yaml(card)) == card


def test_fields_at_their_default_are_left_out_and_one_claim_stands_alone() -> None:
    text = """\
kind: dataset
id: songs
title: Songs
summary: 'About songs: three.'
licence:
  value: MIT
  declared: the owner
scale:
  - value: null
    printed: /
    unit: tasks
    cited: p
    at: Table 1
  - value: 1500000
    hedge: about
    printed: ~1.5 million
    unit: instances
    cited: p
    at: Table 1
"""
    assert to_yaml(load_text(text)) == text


def test_lines_such_as_bibtex_are_written_as_a_block() -> None:
    text = """\
kind: paper
id: p
title: P
bibtex: |
  @misc{p,
    title = {P},
  }
"""
    assert to_yaml(load_text(text)) == text


def test_texts_that_look_like_something_else_are_quoted() -> None:
    card = load_text("kind: paper\nid: p\ntitle: '012'\nnotes: ['no', '1e-4', '2023', 2023-04]\n")
    assert to_yaml(card).splitlines()[2:] == [
        'title: "012"',
        "notes:",
        "  - 'no'",
        '  - "1e-4"',
        '  - "2023"',
        '  - "2023-04"',
    ]
