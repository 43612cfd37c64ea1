import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from registry.cards.nodes import MAX_BYTES, MAX_DEPTH, Node, parse, scalar

Said = list[tuple[int, str, str]]


def read(text: str) -> tuple[Node | None, Said]:
    said: Said = []
    return parse(text, lambda *problem: said.append(problem)), said


def plain(text: str) -> object:
    node, said = read(text)
    assert said == []
    assert node is not None
    return node.plain()


def wrong(text: str) -> Said:
    return read(text)[1]


@pytest.mark.parametrize(
    "text",
    [
        *("no", "yes", "on", "Off", "y", "True", "NULL", "012", "0x1F", "0o7", "1_000", "1.2.3"),
        *(
            "2023-04-12",
            "2023-04",
            "12:30:45",
            "+1",
            ".5",
            "1.",
            ".inf",
            ".nan",
            "=",
            "<<",
            "1e999",
        ),
    ],
)
def test_what_yaml_1_1_would_resolve_stays_text(text: str) -> None:
    assert plain(f"a: {text}") == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("12", 12), ("-3", -3), ("0", 0), ("1e-4", 0.0001), ("2.50", 2.5)),
        *(("true", True), ("false", False), ("null", None), ("~", None), ("", None)),
    ],
)
def test_plain_numbers_booleans_and_null_are_what_they_look_like(text: str, value: object) -> None:
    found = plain(f"a: {text}")
    assert found == {"a": value}
    assert type(found["a"]) is type(value)  # type: ignore[index]


def test_quotes_make_text_of_anything() -> None:
    assert plain("a: \"12\"\nb: 'true'\nc: |\n  1\n") == {"a": "12", "b": "true", "c": "1\n"}


def test_a_number_of_a_thousand_digits_is_text() -> None:
    assert plain("a: " + "9" * 5000) == {"a": "9" * 5000}


def test_every_value_and_key_knows_its_line() -> None:
    node, _ = read("a: 1\n\nb:\n  - x\n  - y: 2\n")
    assert node is not None
    assert node.keys == {"a": 1, "b": 3}
    assert [one.line for one in node.value["b"].value] == [4, 5]
    assert node.value["b"].value[1].keys == {"y": 5}


def test_a_repeated_key_is_refused_where_it_stands_again() -> None:
    assert wrong("a: 1\nb:\n  c: 1\n  c: 2\n") == [
        (4, "b.c", "stands on line 3 already; keep one of the two")
    ]


def test_anchors_and_aliases_are_refused() -> None:
    assert wrong("a: &x 1\nb: *x\n") == [
        (1, "&x", "is an anchor; write the value out where it is used"),
        (2, "*x", "is an alias; write the value out"),
    ]


def test_an_anchor_alone_hides_no_other_problem() -> None:
    node, said = read("a: &x 1\na: 2\n")
    assert node is not None
    assert len(said) == 2


def test_a_bomb_of_aliases_is_not_expanded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    node, said = read("\n".join(lines))
    assert node is None
    assert said


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("!!int 3", "!!int"),
        ("!include other.yaml", "!include"),
        ("!<tag:x,2:y> z", "tag:x,2:y"),
        ("!!python/object/apply:os.system [ls]", "!!python/object/apply:os.system"),
    ],
)
def test_a_tag_is_refused_by_the_name_it_was_written_with(written: str, shown: str) -> None:
    assert wrong(f"b: 1\na: {written}") == [(2, shown, "is a tag; a card is plain data, remove it")]


def test_a_second_document_is_refused() -> None:
    assert wrong("a: 1\n---\nb: 2\n") == [
        (2, "yaml", "starts a second document; write one card in a file")
    ]


def test_one_document_may_be_marked() -> None:
    assert plain("---\na: 1\n...\n") == {"a": 1}


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n"])
def test_an_empty_file_says_how_to_begin(text: str) -> None:
    assert wrong(text) == [(1, "file", "is empty; start from `registry new`")]


def test_too_large_a_file_is_not_parsed() -> None:
    assert wrong("a: " + "x" * MAX_BYTES) == [
        (1, "file", "is larger than 1,048,576 bytes; a card is a few kilobytes")
    ]


@pytest.mark.parametrize(("left", "right"), [("[", "]"), ("{a: ", "}")])
def test_too_deep_a_file_is_not_parsed(left: str, right: str) -> None:
    fine, deep = MAX_DEPTH, 100_000
    assert read(left * fine + right * fine)[1] == []
    assert wrong(left * deep + right * deep) == [
        (1, "yaml", "is nested more than 12 deep; a card is flat")
    ]


def test_a_tab_that_indents_is_called_by_its_name() -> None:
    assert wrong("a:\n\tb: 1\n") == [(2, "yaml", "is indented with a tab; indent with spaces")]


def test_what_the_parser_stumbles_over_is_on_its_line() -> None:
    ((line, field, message),) = wrong("a: 1\nb: x: y\n")
    assert (line, field) == (2, "yaml")
    assert message.startswith("is no YAML here: mapping values are not allowed in this context; ")


def test_a_forbidden_character_is_named_with_its_line() -> None:
    assert wrong("a: 1\nb: x\x00y\n") == [
        (2, "yaml", "holds the character U+0000, which YAML forbids; remove it")
    ]


def test_a_key_that_is_a_list_is_refused() -> None:
    assert wrong("? [a, b]\n: 1\n") == [
        (1, "yaml", "has a key that is a list or a mapping; keys are words")
    ]


def test_a_byte_order_mark_and_windows_line_ends_are_fine() -> None:
    assert plain("\ufeffa: 1\r\nb: 2\r\n") == {"a": 1, "b": 2}


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60))
def test_no_text_makes_the_reader_raise(text: str) -> None:
    node, said = read(text)
    assert node is not None or said


@given(st.text(max_size=40))
def test_a_scalar_is_text_or_what_python_makes_of_it(text: str) -> None:
    value = scalar(text)
    assert value == text or value is None or isinstance(value, bool | int | float)


def test_the_rules_hold_for_the_parser_written_in_python_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("registry.cards.nodes.LOADER", yaml.SafeLoader)
    assert plain("a: no\nb: [1, 2023-04]\n") == {"a": "no", "b": [1, "2023-04"]}
    assert wrong("a:\n\tb: 1\n") == [(2, "yaml", "is indented with a tab; indent with spaces")]
    assert wrong("a: 1\n---\nb: 2\n")[0][0] == 2
