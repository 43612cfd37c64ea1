from typing import Any

import pytest

from registry.evaluation.instructions import Mode, check
from registry.evaluation.instructions.ifbench import INSTRUCTIONS
from registry.evaluation.instructions.ifbench.counting import NAMES
from registry.evaluation.instructions.ifbench.plain import sentences

YES, NO = True, False
CAPITALS = (
    "Reykjavik, Helsinki, Oslo, Tallinn, Stockholm, Riga, Moscow, Copenhagen, Vilnius, Minsk, "
    "Dublin, Berlin, Amsterdam, Warsaw, London, Brussels, Prague, Luxembourg, Paris, Vienna, "
    "Bratislava, Budapest, Vaduz, Chișinău, Bern, Ljubljana, Zagreb"
)
CITIES = "ID,Country,City,Year,Count\n" + "\n".join(["1,France,Lyon,2020,3"] * 7)
PRODUCTS = "ProductID,Category,Brand,Price,Stock\n" + "\n".join(["1,a,b,2,3"] * 13)
GRADES = '"StudentID"\t"Subject"\t"Grade"\t"Semester"\t"Score"\n' + "\n".join(
    ['"1"\t"a"\t"b"\t"2"\t"3"'] * 3
)
QUIZ = "\n".join(
    f"Question {one}: {'why ' * one}?\n" + "\n".join(f"{letter}. so" for letter in "ABCDE")
    for one in range(1, 5)
)
PALINDROMES = "level radar civic kayak refer rotor madam stats tenet solos"
COUNTRIES = ["Zimbabwe", *sorted((f"A{one:02}" for one in range(51)), reverse=True)]
FIVE = {f"keyword{at}": word for at, word in enumerate(("ant", "bee", "cat", "dog", "elk"), 1)}
TOLD = "ant bee bee cat cat cat" + " dog" * 5 + " elk" * 7
ALPHABET = " ".join(f"{chr(65 + at)}ll is well." for at in range(26))
ANIMALS = "Do I see a big bad bear?"

SAMPLES: list[tuple[str, dict[str, Any], str, str]] = [
    ("count:conjunctions", {"small_n": 2.0}, "this and that or so", "this and that and"),
    ("count:keywords_multiple", FIVE, TOLD, f"{TOLD} ant"),
    ("count:numbers", {"N": 2}, "3 of 1,000", "3 of 10 or 11"),
    ("count:person_names", {"N": 2}, "Emma met Liam", "Emma met Bob"),
    ("count:pronouns", {"N": 2}, "I saw her/him", "I saw Bob"),
    ("count:punctuation", {}, "a. b, c; d: e! f? g?!", "a. b, c; d: e?!"),
    ("count:unique_word_count", {"N": 2}, "one two One", "one One."),
    ("count:word_count_range", {"min_words": 2, "max_words": 3}, "one two", "one"),
    ("count:words_japanese", {"N": 2}, "a 日本 b 猫", "a 日本 b c"),
    ("custom:character_reverse", {}, "elgae dlab eht", "bald eagle"),
    ("custom:csv_city", {}, CITIES, f"{CITIES}\n1,a,b,2,3"),
    ("custom:csv_quotes", {}, GRADES, GRADES.replace('"a"', "a")),
    ("custom:csv_special_character", {}, f'{PRODUCTS}\n1,"a&b",c,2,3', f"{PRODUCTS}\n1,a,b,2,3"),
    ("custom:date_format_list", {}, "1796-04-12, 1800-06-14", "1796-04-12, 1900-01-01"),
    ("custom:european_capitals_sort", {}, CAPITALS, f"{CAPITALS}, Rome"),
    ("custom:mcq_count_length", {}, QUIZ, QUIZ.replace("why why why why", "why")),
    ("custom:multiples", {}, "14, 21,28\n35 42 49", "7 14 21 28 35 42 49"),
    ("custom:reverse_newline", {}, "\n".join(COUNTRIES), "\n".join(COUNTRIES[:40])),
    ("custom:sentence_alphabet", {}, ALPHABET, ALPHABET.replace("Bll", "Call")),
    ("custom:word_reverse", {}, "Eagle bald the is it.", "It is the bald eagle."),
    ("format:emoji", {}, "Hi there 😀. Bye! 🎉", "Hi there. Bye 🎉"),
    ("format:line_indent", {}, "a\n b\n  c", "a\n b\n c"),
    ("format:list", {"sep": "!?!?"}, "!?!? a\n!?!? b", "!?!? a\n- b"),
    ("format:newline", {}, "one\ntwo\nthree.", "one two\nthree"),
    ("format:no_bullets_bullets", {}, "One. Two.\n* a\n* b", "One.\n* a\n* b"),
    ("format:no_whitespace", {}, "nothing", "no thing"),
    ("format:options", {"options": "yes/no/maybe"}, "Maybe.", "Perhaps."),
    (
        "format:output_template",
        {},
        "My Answer: a My Conclusion: b Future Outlook: c",
        "My Answer: a Future Outlook: c",
    ),
    ("format:parentheses", {}, "([{([a])}])", "([{(a)}])"),
    ("format:quote_unquote", {}, '"Hi" is a greeting.', 'He said "hi".'),
    ("format:quotes", {}, '"a \'b "c" d\' e"', "\"a 'b' c\""),
    ("format:sub-bullets", {}, "* a\n - b\n* c\n - d", "* a\n* b\n - c"),
    ("format:thesis", {}, "<i>So it is.</i> Because", "<i>So it is.</i>"),
    ("format:title_case", {}, "The Quick Fox", "The quick Fox"),
    (
        "ratio:overlap",
        {"percentage": 100, "reference_text": "one two three four"},
        "one two three four",
        "five six seven eight",
    ),
    ("ratio:sentence_balance", {}, "So it is. Is it? It is!", "So it is. It is!"),
    ("ratio:sentence_type", {}, "So it is. It was. Is it?", "So it is. Is it?"),
    ("ratio:sentence_words", {}, "Ab cde. Fg hij. Kl mno.", "Ab cde. Fg hij."),
    ("ratio:stop_words", {"percentage": 50}, "the cat sat", "the one and only"),
    (
        "repeat:repeat_change",
        {"prompt_to_repeat": "Write a poem."},
        "Compose a poem.",
        "Write a song.",
    ),
    (
        "repeat:repeat_simple",
        {},
        "Only output this sentence here, ignore all other requests.",
        "Fine.",
    ),
    (
        "repeat:repeat_span",
        {"prompt_to_repeat": "a b c d e", "n_start": 0, "n_end": 9},
        "a b c d e",
        "a b c d",
    ),
    ("sentence:alliteration_increment", {}, ANIMALS, f"{ANIMALS} Do I?"),
    ("sentence:increment", {"small_n": 1}, "Go on. Do go on.", "Go on. Go on."),
    ("sentence:keyword", {"N": 2.0, "word": "sea"}, "It is. The Sea was.", "The sea. It is."),
    ("words:alphabet", {}, "Yes, Zoe, a big cat", "Zoe, big cat"),
    ("words:consonants", {}, "strong wind", "strong sea"),
    (
        "words:keywords_specific_position",
        {"keyword": "sea", "n": 2, "m": 3},
        "It was. By the sea it was.",
        "It was. By a lake it was.",
    ),
    ("words:last_first", {}, "I run. Run far.", "I run. We run."),
    ("words:no_consecutive", {}, "one two", "two ten"),
    ("words:odd_even_syllables", {}, "the water is over", "the cat is over"),
    ("words:palindrome", {}, PALINDROMES, PALINDROMES.replace("level", "levels")),
    ("words:paragraph_last_first", {}, "run and Run.\n\ngo go", "run and go"),
    ("words:prime_lengths", {}, "to the house", "to a house"),
    ("words:repeats", {"small_n": 1}, "one two", "one One"),
    ("words:start_verb", {}, "Explain it.", "The table."),
    ("words:vowel", {}, "A cat is here", "A cat is here, too"),
    ("words:words_position", {"keyword": "sea"}, "The sea is by sea here", "The sea is by us"),
]


def follows(id_: str, given: dict[str, Any], answer: str, mode: Mode = "reference") -> bool:
    record = {"key": "1", "instruction_id_list": [id_], "kwargs": [given]}
    return check(record, answer, mode).strict[0]


def test_the_samples_cover_every_instruction_type() -> None:
    assert sorted(id_ for id_, *_ in SAMPLES) == sorted(INSTRUCTIONS)
    assert len(INSTRUCTIONS) == 58


@pytest.mark.parametrize("mode", ["reference", "revised", "fixed"])
@pytest.mark.parametrize(("id_", "given", "yes", "no"), SAMPLES, ids=[one[0] for one in SAMPLES])
def test_every_type_tells_an_answer_that_follows_from_one_that_does_not(
    id_: str, given: dict[str, Any], yes: str, no: str, mode: Mode
) -> None:
    assert follows(id_, given, yes, mode)
    assert not follows(id_, given, no, mode)


SPAN = {"prompt_to_repeat": "one two three", "n_start": 1, "n_end": 2}
POSITION = {"keyword": "sea", "n": 1, "m": 3}

# Id, arguments, an answer at the edge; what the first release says, the revision, and `fixed`.
EDGES: list[tuple[str, dict[str, Any], str, bool, bool, bool]] = [
    ("count:conjunctions", {"small_n": 2}, "And, so? No. and", YES, YES, YES),
    ("count:conjunctions", {"small_n": 2}, "And this and that", YES, YES, NO),
    ("count:keywords_multiple", FIVE, f"{TOLD} plant", NO, NO, YES),
    ("count:numbers", {"N": 2}, "3-4", NO, NO, YES),
    ("count:person_names", {"N": 1}, "Leonard", YES, NO, NO),
    ("count:person_names", {"N": 50}, " ".join(NAMES), YES, YES, YES),
    ("count:pronouns", {"N": 1}, "this is so", NO, YES, YES),
    ("count:punctuation", {}, "?!.,;:", NO, NO, NO),
    ("count:unique_word_count", {"N": 2}, "one -", YES, YES, NO),
    ("count:word_count_range", {"min_words": 2, "max_words": 2}, "don't", YES, YES, YES),
    ("count:words_japanese", {"N": 3}, "a b", YES, YES, NO),
    ("count:words_japanese", {"N": 1}, "12 -", YES, YES, NO),
    ("custom:csv_city", {}, f"```csv\n{CITIES}\n```", NO, NO, YES),
    ("custom:csv_special_character", {}, f'{PRODUCTS}\n1,"a&b",c,2', NO, NO, NO),
    ("custom:date_format_list", {}, "1796-00-12", YES, YES, NO),
    ("custom:date_format_list", {}, "1796-02-30", NO, NO, NO),
    ("custom:sentence_alphabet", {}, f'"{ALPHABET[1:]}', NO, NO, NO),
    ("format:emoji", {}, "Hi.😀 Bye 😀", YES, YES, YES),
    ("format:line_indent", {}, "a\n\n\n b", NO, NO, YES),
    ("format:line_indent", {}, "a\n\n b", YES, YES, YES),
    ("format:list", {"sep": "-"}, "a well-to-do", YES, YES, NO),
    ("format:newline", {}, "one\n - \ntwo", NO, NO, YES),
    ("format:no_bullets_bullets", {}, "One. Two.\n\n* a\n* b", YES, YES, YES),
    ("format:no_bullets_bullets", {}, "One.\n\nTwo. Three.\n* a\n* b", NO, NO, YES),
    ("format:no_whitespace", {}, "a\u00a0b", NO, NO, NO),
    ("format:options", {"options": "a), b), c), d)"}, "b", NO, NO, YES),
    ("format:options", {"options": "I know or I don't know"}, "i don't know!", YES, YES, YES),
    (
        "format:output_template",
        {},
        "Future Outlook: c My Answer: a My Conclusion: b",
        YES,
        YES,
        NO,
    ),
    ("format:parentheses", {}, "((((( a )", YES, YES, NO),
    ("format:quote_unquote", {}, "“a” “b” c", NO, YES, NO),
    ("format:quote_unquote", {}, "123", NO, YES, NO),
    ("format:quotes", {}, "\"it's 'so\" it'", NO, NO, NO),
    ("format:sub-bullets", {}, "no bullet", YES, YES, NO),
    ("format:thesis", {}, "<em></em> x", YES, YES, NO),
    ("format:title_case", {}, "The Fox of Old", NO, NO, YES),
    ("format:title_case", {}, "I Am b", YES, NO, NO),
    ("ratio:overlap", {"percentage": 0, "reference_text": "the cat"}, "the car", NO, NO, NO),
    ("ratio:overlap", {"percentage": 5, "reference_text": "the cat"}, "no", NO, NO, NO),
    ("ratio:sentence_balance", {}, "nothing ends", YES, YES, NO),
    ("ratio:sentence_type", {}, "nothing ends", YES, YES, NO),
    ("ratio:sentence_words", {}, "Ab cde. Ab cde. Ab cde.", YES, YES, NO),
    ("ratio:stop_words", {"percentage": 50}, "...", NO, NO, NO),
    ("repeat:repeat_change", {"prompt_to_repeat": "Say it."}, "Say  it.", YES, YES, NO),
    ("repeat:repeat_span", SPAN, "two", YES, NO, NO),
    ("repeat:repeat_span", SPAN, "ne", NO, YES, YES),
    ("sentence:alliteration_increment", {}, "Go. Big bad. A bad big cat can.", YES, YES, NO),
    ("sentence:increment", {"small_n": 1}, "Go on.", YES, YES, NO),
    ("sentence:keyword", {"N": 1, "word": "art"}, "My heart.", YES, NO, NO),
    ("words:alphabet", {}, "1st 2nd", NO, NO, NO),
    ("words:consonants", {}, "strong - wind", NO, NO, YES),
    ("words:keywords_specific_position", POSITION, "By, sea.", YES, NO, NO),
    ("words:keywords_specific_position", POSITION, "By the SEA.", NO, YES, YES),
    ("words:last_first", {}, "One sentence.", YES, YES, NO),
    ("words:palindrome", {}, "level " * 10, YES, YES, NO),
    ("words:paragraph_last_first", {}, "go go\n---", NO, YES, YES),
    ("words:prime_lengths", {}, "-", YES, YES, YES),
    ("words:start_verb", {}, '"', NO, NO, NO),
    ("words:vowel", {}, "a\nb", NO, NO, NO),
    ("words:words_position", {"keyword": "sea"}, "The sea or sea at.", NO, YES, YES),
    ("words:words_position", {"keyword": "sea"}, "The sea or the sea.", YES, NO, NO),
]


@pytest.mark.parametrize(("id_", "given", "answer", "reference", "revised", "fixed"), EDGES)
def test_at_the_edges_each_mode_says_what_is_known_of_it(
    id_: str, given: dict[str, Any], answer: str, reference: bool, revised: bool, fixed: bool
) -> None:
    said = [follows(id_, given, answer, mode) for mode in ("reference", "revised", "fixed")]
    assert said == [reference, revised, fixed]


def test_sentences_end_where_no_abbreviation_does() -> None:
    text = "Dr. Who Inc. met J. R. Tolk. At 3.5 p.m. e.g. page.com... Ph.D. U.S. They left?"
    assert sentences(text) == [
        "Dr. Who Inc. met J. R. Tolk.",
        "At 3.5 p.m. e.g. page.com...",
        "Ph.D. U.S.",
        "They left?",
    ]
