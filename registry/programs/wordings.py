"""How people ask for what a program can verify: wordings with slots, by instruction type.

All are our own. A wording is a sentence, or a `clause` that goes on with the sentence of the task.
`{n}` and the like are arguments; what is around a slot decides how it is quoted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from registry.programs.words import ENDINGS, LANGUAGES, WORDS

Draw = Callable[[Random], Any]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One instruction type under one choice of its fixed arguments.

    `drawn` makes the other arguments. Types with the same `theme` do not go together.
    """

    id: str
    sentences: tuple[str, ...]
    clauses: tuple[str, ...] = ()
    fixed: Mapping[str, Any] = field(default_factory=dict)
    drawn: Mapping[str, Draw] = field(default_factory=dict)
    theme: str = ""


def number(first: int, last: int, round_to: int = 1) -> Draw:
    """Draw a number; small ones are likelier, as they are in what people ask for."""

    def draw(of: Random) -> int:
        high = first + int((last - first) * of.random() ** 2)
        return max(first, high // round_to * round_to)

    return draw


def one_of(values: tuple[str, ...]) -> Draw:
    """Draw one of these."""
    return lambda of: of.choice(values)


def some_of(values: tuple[str, ...], most: int) -> Draw:
    """Draw a list of one to so many of these, in any order."""
    return lambda of: of.sample(values, of.randint(1, most))


def _compared(
    id: str,
    amount: str,
    drawn: Mapping[str, Draw],
    more: tuple[str, ...],
    fewer: tuple[str, ...],
    *,
    relation: str = "relation",
    clauses: tuple[tuple[str, ...], tuple[str, ...]] = ((), ()),
) -> list[Requirement]:
    """Return a type that counts, once as a least number and once as one to stay below."""
    return [
        Requirement(id, more, clauses[0], {relation: "at least"}, drawn, amount),
        Requirement(id, fewer, clauses[1], {relation: "less than"}, drawn, amount),
    ]


REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        "punctuation:no_comma",
        (
            "Do not use any commas.",
            "Commas are not allowed anywhere in your response.",
            "Keep the whole text free of commas.",
            "Please avoid commas throughout.",
            "There must not be a single comma in your answer.",
            "Refrain from using commas.",
        ),
        ("without using any commas", "and do not use a comma", "but leave out all commas"),
    ),
    *_compared(
        "length_constraints:number_words",
        "length",
        {"num_words": number(20, 900, 10)},
        (
            "Write at least {num_words} words.",
            "Your answer should have {num_words} or more words.",
            "The text must be {num_words} words or longer.",
            "Use no fewer than {num_words} words.",
            "Aim for a minimum of {num_words} words.",
            "Make it {num_words}+ words long.",
        ),
        (
            "Stay under {num_words} words.",
            "Use fewer than {num_words} words.",
            "Your response must be less than {num_words} words.",
            "It has to be shorter than {num_words} words.",
            "Keep the word count below {num_words}.",
        ),
        clauses=(
            ("in at least {num_words} words", "with {num_words} words or more"),
            ("in less than {num_words} words", "with under {num_words} words"),
        ),
    ),
    *_compared(
        "length_constraints:number_sentences",
        "length",
        {"num_sentences": number(2, 40)},
        (
            "Write at least {num_sentences} sentences.",
            "There should be {num_sentences} or more sentences.",
            "Your reply needs a minimum of {num_sentences} sentences.",
            "Use no fewer than {num_sentences} sentences.",
        ),
        (
            "Use less than {num_sentences} sentences.",
            "Your response should contain fewer than {num_sentences} sentences.",
            "The number of sentences has to stay under {num_sentences}.",
            "Keep it below {num_sentences} sentences.",
        ),
        clauses=(
            ("in at least {num_sentences} sentences", "with {num_sentences} or more sentences"),
            ("in less than {num_sentences} sentences", "in fewer than {num_sentences} sentences"),
        ),
    ),
    Requirement(
        "length_constraints:number_paragraphs",
        (
            "Write {num_paragraphs} paragraphs, separated by ***.",
            "There should be exactly {num_paragraphs} paragraphs. Put *** between them.",
            "Divide your answer to {num_paragraphs} paragraphs with the markdown divider: ***",
            "Your text must have {num_paragraphs} paragraphs. Paragraphs are divided by ***.",
            "Use three asterisks, ***, to separate the {num_paragraphs} paragraphs.",
            "It should be {num_paragraphs} paragraphs long, with *** after each but the last.",
        ),
        ("in {num_paragraphs} paragraphs that are separated by ***",),
        drawn={"num_paragraphs": number(2, 8)},
        theme="paragraphs",
    ),
    Requirement(
        "length_constraints:nth_paragraph_first_word",
        (
            "There should be {num_paragraphs} paragraphs, divided by blank lines. Paragraph"
            " {nth_paragraph} must begin with the word {first_word}.",
            "Write exactly {num_paragraphs} paragraphs with two line breaks between them, and start"
            ' the {nth_paragraph:th} one with "{first_word}".',
            "Separate {num_paragraphs} paragraphs with an empty line each. The {nth_paragraph:th}"
            " paragraph has to start with {first_word}.",
            "The first word of the {nth_paragraph:th} of {num_paragraphs} paragraphs is"
            ' "{first_word}". Only paragraphs are separated by two new lines.',
        ),
        drawn={
            "num_paragraphs": number(2, 8),
            "nth_paragraph": number(1, 5),
            "first_word": one_of(WORDS),
        },
        theme="paragraphs",
    ),
    Requirement(
        "keywords:existence",
        (
            "Include the keywords {keywords}.",
            "Make sure to mention {keywords}.",
            "The words {keywords} must appear in your response.",
            "Use {keywords} somewhere in the text.",
            "Your answer has to contain the following: {keywords}.",
            "Don't forget to include the keywords: {keywords}.",
        ),
        (
            "that mentions {keywords}",
            "and include the keywords {keywords}",
            "with {keywords} in it",
        ),
        drawn={"keywords": some_of(WORDS, 4)},
    ),
    Requirement(
        "keywords:forbidden_words",
        (
            "Do not include the keywords {forbidden_words}.",
            "Avoid the words {forbidden_words}.",
            "The following must not appear: {forbidden_words}.",
            "You are not allowed to say {forbidden_words}.",
            "Leave out {forbidden_words} entirely.",
            "Refrain from using these words: {forbidden_words}.",
        ),
        ("without the words {forbidden_words}", "that never uses {forbidden_words}"),
        drawn={"forbidden_words": some_of(WORDS, 4)},
    ),
    *_compared(
        "keywords:frequency",
        "frequency",
        {"keyword": one_of(WORDS), "frequency": number(1, 11)},
        (
            "Use the word {keyword} at least {frequency:times}.",
            'Mention "{keyword}" {frequency:times} or more.',
            "The word '{keyword}' should appear at least {frequency:times}.",
            'Make sure that "{keyword}" occurs no fewer than {frequency:times}.',
        ),
        (
            "Use the word {keyword} less than {frequency:times}.",
            'The word "{keyword}" must appear fewer than {frequency:times}.',
            "'{keyword}' may occur less than {frequency:times} only.",
        ),
        clauses=(
            ("and say {keyword} at least {frequency:times}",),
            ("but say {keyword} less than {frequency:times}",),
        ),
    ),
    *_compared(
        "keywords:letter_frequency",
        "letters",
        {"letter": one_of(tuple("abcdefghijklmnopqrstuvwxyz")), "let_frequency": number(1, 60)},
        (
            "The letter {letter} should appear at least {let_frequency:times}.",
            'Use the letter "{letter}" {let_frequency:times} or more.',
            "Let the letter '{letter}' occur no fewer than {let_frequency:times}.",
        ),
        (
            "The letter {letter} should appear less than {let_frequency:times}.",
            'Use the letter "{letter}" fewer than {let_frequency:times}.',
            "'{letter}', the letter, must show up less than {let_frequency:times}.",
        ),
        relation="let_relation",
    ),
    *_compared(
        "change_case:capital_word_frequency",
        "case",
        {"capital_frequency": number(1, 30)},
        (
            "Use at least {capital_frequency} words in all capital letters.",
            "Words in ALL CAPS should appear {capital_frequency:times} or more.",
            "Stress things with no fewer than {capital_frequency} fully capitalized words.",
        ),
        (
            "Words with all capital letters should appear less than {capital_frequency:times}.",
            "Use fewer than {capital_frequency} words in all caps.",
            "Keep the number of fully capitalized words below {capital_frequency}.",
        ),
        relation="capital_relation",
    ),
    Requirement(
        "change_case:english_capital",
        (
            "Write everything in English capital letters.",
            "Your whole response has to be in English and in all caps.",
            "USE CAPITAL LETTERS ONLY, in English.",
            "All letters must be capitalized, and the language is English.",
        ),
        ("in all capital letters, in English",),
        theme="case",
    ),
    Requirement(
        "change_case:english_lowercase",
        (
            "Write in English, all in lowercase letters.",
            "No capital letters are allowed; answer in English.",
            "Use only lowercase English.",
            "Your entire response should be in lower case and in English.",
        ),
        ("in all lowercase English letters", "with no capital letters, in English"),
        theme="case",
    ),
    *(
        Requirement(
            "language:response_language",
            (
                f"Answer in {name} only.",
                f"Your whole response must be in {name}, no other language is allowed.",
                f"Use the {name} language.",
                f"Respond only in {name}.",
            ),
            (f"in {name}", f"in the {name} language"),
            {"language": code},
            theme="case",
        )
        for code, name in LANGUAGES.items()
    ),
    Requirement(
        "detectable_content:number_placeholders",
        (
            "Include at least {num_placeholders} placeholders in square brackets, such as [name].",
            "There should be {num_placeholders} or more placeholders, for example [address].",
            "Leave a minimum of {num_placeholders} blanks written like [date].",
            "Use at least {num_placeholders} placeholders represented by square brackets.",
        ),
        ("with at least {num_placeholders} placeholders in square brackets such as [place]",),
        drawn={"num_placeholders": number(1, 12)},
    ),
    *(
        Requirement(
            "detectable_content:postscript",
            (
                f"Add a postscript that starts with {marker}",
                f"At the end of your response, add a postscript starting with {marker}",
                f"Finish with a note that begins with {marker}",
                f"End with a postscript, introduced by {marker}",
            ),
            fixed={"postscript_marker": marker},
        )
        for marker in ("P.S.", "P.P.S")
    ),
    Requirement(
        "detectable_format:number_bullet_lists",
        (
            "Use exactly {num_bullets} bullet points in markdown, such as: * This is a point.",
            "Your answer must contain exactly {num_bullets} bullets, like * one.",
            "List {num_bullets} bullet points in total, each starting with an asterisk.",
            "There should be {num_bullets} markdown bullets, no more and no less.",
        ),
        ("in exactly {num_bullets} bullet points", "as {num_bullets} bullets in markdown"),
        drawn={"num_bullets": number(1, 11)},
    ),
    Requirement(
        "detectable_format:number_highlighted_sections",
        (
            "Highlight at least {num_highlights} parts with markdown, i.e. *highlighted part*.",
            "Put {num_highlights} or more phrases in *italics*.",
            "At least {num_highlights} sections should be highlighted, like *this one*.",
            "Emphasize no fewer than {num_highlights} passages with markdown asterisks.",
        ),
        ("with at least {num_highlights} sections highlighted in markdown, like *this*",),
        drawn={"num_highlights": number(1, 10)},
    ),
    Requirement(
        "detectable_format:multiple_sections",
        (
            "Write {num_sections} sections, each marked with {section_spliter} X.",
            "Your response must have {num_sections} sections. Mark the beginning of each with"
            " {section_spliter} X, such as: {section_spliter} 1",
            "Split it into {num_sections} parts that begin with {section_spliter} and a number.",
            "Start each of the {num_sections} sections with {section_spliter} X.",
        ),
        drawn={
            "num_sections": number(2, 8),
            "section_spliter": one_of(
                ("SECTION", "Section", "PARAGRAPH", "Day", "Part", "Chapter")
            ),
        },
        theme="paragraphs",
    ),
    Requirement(
        "detectable_format:title",
        (
            "Add a title wrapped in double angular brackets, i.e. <<title>>.",
            "Include a title, such as <<a good day>>.",
            "The title must stand in double angular brackets, like <<this>>.",
            "Give it a title between << and >>.",
        ),
        ("with a title in double angular brackets, such as <<title>>",),
    ),
    Requirement(
        "detectable_format:json_format",
        (
            "Wrap the entire output in JSON format.",
            "Everything has to be in JSON. You can use markdown ticks such as ```.",
            "Return nothing but JSON.",
            "The whole answer must be a JSON block.",
        ),
        ("in JSON format", "as JSON"),
    ),
    Requirement(
        "detectable_format:constrained_response",
        (
            'Choose from: "My answer is yes.", "My answer is no.", "My answer is maybe."',
            "Answer with one of the following: ('My answer is yes.', 'My answer is no.', 'My answer"
            " is maybe.')",
            "Say exactly one of: 'My answer is yes.' 'My answer is no.' 'My answer is maybe.'",
        ),
        theme="options",
    ),
    Requirement(
        "combination:two_responses",
        (
            "Give two different responses, separated by 6 asterisk symbols: ******.",
            "Write two answers with ****** between them.",
            "I want two versions. Put six asterisks (******) between them and nowhere else.",
            "Provide exactly two responses that are divided by ******.",
        ),
        theme="options",
    ),
    Requirement(
        "startend:end_checker",
        (
            "Finish with this exact phrase: {end_phrase}",
            'Your response must end with the phrase "{end_phrase}"',
            'The very last sentence should be "{end_phrase}"',
            'End the whole thing with "{end_phrase}" No other words should follow.',
        ),
        drawn={"end_phrase": one_of(ENDINGS)},
    ),
    Requirement(
        "startend:quotation",
        (
            "Wrap your entire response in double quotation marks.",
            "Put double quotation marks around the whole answer.",
            "The text must start and end with a double quote.",
            "Enclose everything in double quotes.",
        ),
        ("and wrap it all in double quotation marks",),
    ),
    Requirement(
        "combination:repeat_prompt",
        (
            "First repeat the request above word for word without change, then give your answer.",
            "Before you answer, repeat the request above exactly as it is. Do not say anything"
            " before it.",
            "Repeat the sentence above without change first, and only then answer it.",
            "Start by copying the request above word for word.",
        ),
        theme="repeat",
    ),
)
"""Every way in which a row may ask for something; a type is drawn first, then one of its ways."""

TASKS = (
    "Write {form} about {topic}",
    "Can you write {form} about {topic}",
    "Please write {form} on {topic}",
    "Compose {form} about {topic}",
    "I need {form} about {topic}",
    "Create {form} about {topic} for {name}",
    "Draft {form} to {name} about {topic}",
    "Could you help {name} with {form} on {topic}",
    "Explain {topic} to {name}",
    "Tell me about {topic}",
    "What should {name} know about {topic}",
    "Summarize what is known about {topic}",
    "Give me some ideas for {topic}",
    "{opening} Write {form} about {topic}",
)
"""What a row asks for before it requires anything of it."""
