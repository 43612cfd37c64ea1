from typing import Any

import pytest

from registry.evaluation.instructions import Mode, check
from registry.evaluation.instructions.ifeval import INSTRUCTIONS

YES, NO = True, False

# Id, arguments, a text that follows it, one that does not.
SAMPLES: list[tuple[str, dict[str, Any], str, str]] = [
    ("keywords:existence", {"keywords": ["Sea", "salt"]}, "salt of the sea", "the sea"),
    ("keywords:forbidden_words", {"forbidden_words": ["rock"]}, "a rocket", "Rock on"),
    (
        "keywords:frequency",
        {"keyword": "war", "frequency": 2, "relation": "at least"},
        "War and war",
        "war and peace",
    ),
    (
        "keywords:letter_frequency",
        {"letter": "A", "let_frequency": 2, "let_relation": "less than"},
        "An odd story",
        "Aardvark",
    ),
    (
        "language:response_language",
        {"language": "de"},
        "Das Wetter ist heute wirklich sehr schön.",
        "The weather is lovely today, is it not?",
    ),
    (
        "length_constraints:number_sentences",
        {"num_sentences": 3, "relation": "less than"},
        "Mr. Smith came. He left.",
        "One came. Two left. Three stayed.",
    ),
    (
        "length_constraints:number_words",
        {"num_words": 3, "relation": "at least"},
        "one two three",
        "one two",
    ),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "a\n***\nb", "a\n\nb"),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "Then"},
        "First.\n\nthen, second.",
        "First.\n\nSecond, then.",
    ),
    ("detectable_content:number_placeholders", {"num_placeholders": 2}, "[a] [b]", "[a] [b"),
    (
        "detectable_content:postscript",
        {"postscript_marker": "P.P.S"},
        "Bye.\nP. P.S Write!",
        "Bye.\nP.S. Write!",
    ),
    ("detectable_format:number_bullet_lists", {"num_bullets": 2}, "* a\n- b", "* a\n**b**"),
    (
        "detectable_format:constrained_response",
        {},
        "My answer is maybe.",
        "Maybe.",
    ),
    (
        "detectable_format:number_highlighted_sections",
        {"num_highlights": 2},
        "*one* and **two**",
        "*one* and ** **",
    ),
    (
        "detectable_format:multiple_sections",
        {"section_spliter": "SECTION", "num_sections": 2},
        "SECTION 1\na\nSECTION 2\nb",
        "Section 1\na\nSECTION 2\nb",
    ),
    ("detectable_format:json_format", {}, '```json\n{"a": 1}\n```', "{a: 1}"),
    ("detectable_format:title", {}, "<<A day>>\nIt began", "<< >>\nIt began"),
    ("combination:two_responses", {}, "a\n******\nb", "a\n******\na"),
    ("combination:repeat_prompt", {"prompt_to_repeat": "Say hi."}, "say hi. Hi!", "Hi! Say hi."),
    ("startend:end_checker", {"end_phrase": "The end."}, 'So. "the end."', "The end. So."),
    ("startend:quotation", {}, ' "all of it" ', '"all" of it'),
    (
        "change_case:capital_word_frequency",
        {"capital_frequency": 2, "capital_relation": "at least"},
        "NASA and WELL-KNOWN",
        "NASA and Esa",
    ),
    (
        "change_case:english_lowercase",
        {},
        "it is a lovely day, and we are all well.",
        "It is a lovely day, and we are all well.",
    ),
    (
        "change_case:english_capital",
        {},
        "IT IS A LOVELY DAY, AND EVERYBODY WHOM WE KNOW IS WELL. WHAT SHOULD WE WANT? ",
        "It is a LOVELY DAY, and we are all well.",
    ),
    ("punctuation:no_comma", {}, "no; none", "one, two"),
]


def follows(id_: str, given: dict[str, Any], answer: str, mode: Mode = "reference") -> bool:
    record = {"key": 1, "instruction_id_list": [id_], "kwargs": [given]}
    return check(record, answer, mode).strict[0]


def test_the_samples_cover_every_instruction_type() -> None:
    assert sorted(id_ for id_, *_ in SAMPLES) == sorted(INSTRUCTIONS)


@pytest.mark.parametrize("mode", ["reference", "revised", "fixed"])
@pytest.mark.parametrize(("id_", "given", "yes", "no"), SAMPLES, ids=[one[0] for one in SAMPLES])
def test_every_type_tells_an_answer_that_follows_from_one_that_does_not(
    id_: str, given: dict[str, Any], yes: str, no: str, mode: Mode
) -> None:
    if (id_, mode) not in {
        ("combination:repeat_prompt", "fixed"),
        ("startend:end_checker", "fixed"),
        ("detectable_content:postscript", "fixed"),
        ("change_case:english_capital", "reference"),
        ("change_case:english_capital", "revised"),
    }:
        assert follows(id_, given, yes, mode)
    assert not follows(id_, given, no, mode)


# Id, arguments, an answer at the edge, what the reference says of it, what `fixed` says.
EDGES: list[tuple[str, dict[str, Any], str, bool, bool]] = [
    ("keywords:existence", {"keywords": ["art"]}, "heart", YES, NO),
    ("keywords:existence", {"keywords": ["C++"]}, "in C++ ", YES, NO),
    ("keywords:forbidden_words", {"forbidden_words": ["a b"]}, "A b.", NO, NO),
    (
        "keywords:frequency",
        {"keyword": "art", "frequency": 1, "relation": "less than"},
        "hearts",
        NO,
        YES,
    ),
    (
        "keywords:letter_frequency",
        {"letter": "#", "let_frequency": 2, "let_relation": "at least"},
        "# a # b",
        YES,
        YES,
    ),
    ("language:response_language", {"language": "en"}, "12345", YES, NO),
    ("language:response_language", {"language": "zh"}, "今天天气很好，我们去公园。", NO, YES),
    (
        "length_constraints:number_sentences",
        {"num_sentences": 1, "relation": "at least"},
        "no end",
        YES,
        YES,
    ),
    (
        "length_constraints:number_words",
        {"num_words": 2, "relation": "less than"},
        "don't",
        NO,
        YES,
    ),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 1}, "***a***", YES, YES),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "a ***b", YES, NO),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "a\n***\n\n***\nb", NO, NO),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "b"},
        "a\n\n\n\nb c",
        NO,
        YES,
    ),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 1, "nth_paragraph": 1, "first_word": "b"},
        "**B** c",
        NO,
        YES,
    ),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 1, "nth_paragraph": 2, "first_word": "b"},
        "b",
        NO,
        NO,
    ),
    ("detectable_content:number_placeholders", {"num_placeholders": 1}, "[ ]", YES, NO),
    ("detectable_content:number_placeholders", {"num_placeholders": 1}, "[a\nb]", NO, NO),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, "so p.s. x", YES, NO),
    ("detectable_format:number_bullet_lists", {"num_bullets": 1}, "---", YES, NO),
    ("detectable_format:number_bullet_lists", {"num_bullets": 1}, "\n\n  * a", YES, YES),
    (
        "detectable_format:constrained_response",
        {},
        "I think My answer is yes. Really.",
        YES,
        NO,
    ),
    (
        "detectable_format:number_highlighted_sections",
        {"num_highlights": 2},
        "*a*b* c*",
        YES,
        NO,
    ),
    (
        "detectable_format:multiple_sections",
        {"section_spliter": "Day", "num_sections": 2},
        "Day 1 comes before Day 2",
        YES,
        NO,
    ),
    ("detectable_format:json_format", {}, "NaN", YES, NO),
    ("detectable_format:json_format", {}, "5", YES, NO),
    ("detectable_format:json_format", {}, "[" * 100_000, NO, NO),
    ("detectable_format:title", {}, "<<<b>>", YES, YES),
    ("combination:two_responses", {}, "******\na\n******\nb******", YES, YES),
    ("combination:repeat_prompt", {"prompt_to_repeat": "Say"}, "say it", YES, NO),
    ("startend:end_checker", {"end_phrase": "So."}, "so.", YES, NO),
    ("startend:end_checker", {"end_phrase": "So."}, "**So.**", NO, YES),
    ("startend:quotation", {}, '"', NO, NO),
    (
        "change_case:capital_word_frequency",
        {"capital_frequency": 1, "capital_relation": "less than"},
        "I am",
        NO,
        NO,
    ),
    ("change_case:english_capital", {}, "WHERE ARE THE CHILDREN TODAY", NO, YES),
    ("change_case:english_lowercase", {}, "...", NO, NO),
    ("punctuation:no_comma", {}, "一，二", YES, NO),
]


@pytest.mark.parametrize(("id_", "given", "answer", "reference", "fixed"), EDGES)
def test_at_the_edges_each_mode_says_what_is_known_of_it(
    id_: str, given: dict[str, Any], answer: str, reference: bool, fixed: bool
) -> None:
    assert follows(id_, given, answer) is reference
    assert follows(id_, given, answer, "revised") is reference
    assert follows(id_, given, answer, "fixed") is fixed


def test_m_ifeval_s_english_ids_are_those_of_ifeval() -> None:
    assert follows("en:punctuation:no_comma", {}, "none")
    assert not follows("en:punctuation:no_comma", {}, "one, two")
