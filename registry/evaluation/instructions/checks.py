"""The checks of IFEval; what differs between languages is an argument, for M-IFEval's sake.

docs/instructions.md says where `fixed` parts from the reference, and why.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence

from registry.evaluation.instructions import scan
from registry.evaluation.instructions.kinds import Arguments, Mode
from registry.evaluation.instructions.text import (
    count_sentences,
    count_words,
    language,
    tokens,
)

_STARRED = re.compile(r"\*[^*]")
_DASHED = re.compile(r"-")
_BULLET = re.compile(r"^[ \t]*[*+-][ \t]+\S", re.MULTILINE)
_SINGLE = re.compile(r"\*[^\n*]*\*")
_DOUBLE = re.compile(r"\*\*[^\n*]*\*\*")
_EMPHASIS = re.compile(r"(?<!\*)\*{1,3}(?![\s*])[^\n*]*[^\s*]\*{1,3}(?!\*)|(?<!\w)_[^\s_]+_(?!\w)")
_DIVIDER = re.compile(r"\s?\*\*\*\s?")
_DIVIDER_LINE = re.compile(r"^[ \t]*\*\*\*[ \t]*$", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n[ \t]*\n")
_FENCES = ("```json", "```Json", "```JSON", "```")
_APART = re.compile(r"\S*\w\S*")


def existence(answer: str, given: Arguments, mode: Mode) -> bool:
    """Every keyword is there; `fixed` wants it as a word, not inside of one."""
    return all(_found(word, answer, whole=mode == "fixed") for word in given["keywords"])


def forbidden_words(answer: str, given: Arguments, mode: Mode) -> bool:
    """No forbidden word is there as a word."""
    return not any(_found(word, answer, whole=True) for word in given["forbidden_words"])


def frequency(answer: str, given: Arguments, mode: Mode) -> bool:
    """The keyword is there often enough; `fixed` counts it as a word only."""
    found = len(_pattern(given["keyword"], whole=mode == "fixed").findall(answer))
    return bool(given["relation"](found, given["frequency"]))


def letter_frequency(answer: str, given: Arguments, mode: Mode) -> bool:
    """The letter is there often enough, whatever its case.

    Two records ask for `#` and `!`; there the reference draws a letter at random each time, so
    its verdict on them is chance and ours, in every mode, counts what was asked for.
    """
    found = answer.lower().count(given["letter"])
    return bool(given["let_relation"](found, given["let_frequency"]))


def _found(word: str, answer: str, *, whole: bool) -> bool:
    return _pattern(word, whole=whole).search(answer) is not None


def _pattern(word: str, *, whole: bool) -> re.Pattern[str]:
    escaped = re.escape(word)
    return re.compile(rf"\b{escaped}\b" if whole else escaped, re.IGNORECASE)


def response_language(answer: str, given: Arguments, mode: Mode) -> bool:
    """The answer is in the language; what has none counts as followed except in `fixed`."""
    return _is_in(answer, given["language"], mode)


def capital(answer: str, given: Arguments, mode: Mode, *, code: str = "en") -> bool:
    """The answer is in the language and all in capitals.

    langdetect leaves capitalised words out of its count, so `fixed` shows it small letters.
    """
    shown = answer.lower() if mode == "fixed" else answer
    return answer.isupper() and _is_in(shown, code, mode)


def lowercase(answer: str, given: Arguments, mode: Mode, *, code: str = "en") -> bool:
    """The answer is in the language and has no capital."""
    return answer.islower() and _is_in(answer, code, mode)


def _is_in(answer: str, code: str, mode: Mode) -> bool:
    detected = language(answer)
    if detected is None:
        return mode != "fixed"
    return detected == code or (mode == "fixed" and detected.startswith(f"{code}-"))


def number_sentences(answer: str, given: Arguments, mode: Mode, *, of: str = "english") -> bool:
    """The answer has enough sentences, or few enough."""
    asked = given["num_sentences"]
    return bool(given["relation"](count_sentences(answer, asked + 1, of), asked))


def number_words(answer: str, given: Arguments, mode: Mode) -> bool:
    """The answer has enough words, or few enough; in `fixed`, `don't` is one word."""
    found = len(_APART.findall(answer)) if mode == "fixed" else count_words(answer)
    return bool(given["relation"](found, given["num_words"]))


def number_paragraphs(answer: str, given: Arguments, mode: Mode) -> bool:
    """`***` divides the answer to so many paragraphs; `fixed` wants it alone on its line."""
    parts = (_DIVIDER_LINE if mode == "fixed" else _DIVIDER).split(answer)
    filled = [bool(part.strip()) for part in parts]
    return all(filled[1:-1]) and sum(filled) == given["num_paragraphs"]


def nth_paragraph_first_word(
    answer: str,
    given: Arguments,
    mode: Mode,
    *,
    first: Callable[[str, str, Mode], bool] | None = None,
) -> bool:
    """There are so many paragraphs, and the nth begins with the word.

    The reference leaves blank paragraphs out of its count but not out of its numbering.
    """
    parts = _BLANK_LINES.split(answer) if mode == "fixed" else answer.split("\n\n")
    filled = [part for part in parts if part.strip()]
    if len(filled) != given["num_paragraphs"] or given["nth_paragraph"] > len(filled):
        return False
    nth = (filled if mode == "fixed" else parts)[given["nth_paragraph"] - 1].strip()
    return bool(nth) and (first or begins_with)(nth, given["first_word"], mode)


def begins_with(paragraph: str, word: str, mode: Mode) -> bool:
    """The paragraph's first word, up to a mark, is this one whatever its case."""
    opening = paragraph.lstrip("*_#>\"'“‘ \t") if mode == "fixed" else paragraph
    first = (opening.split() or [""])[0].lstrip("'").lstrip('"')
    marks = ".,?!'\":;*_" if mode == "fixed" else ".,?!'\""
    return re.split(f"[{re.escape(marks)}]", first)[0].lower() == word.lower()


def number_placeholders(answer: str, given: Arguments, mode: Mode) -> bool:
    """There are enough [placeholders]; in `fixed`, empty ones and tick boxes are none."""
    found = scan.bracketed(answer, "[", "]")
    if mode == "fixed":
        found = [one for one in found if one[1:-1].strip(" xX[")]
    return bool(len(found) >= given["num_placeholders"])


def postscript(answer: str, given: Arguments, mode: Mode, *, spaced: Mapping[str, str]) -> bool:
    """A postscript opens with the marker; only `fixed` wants it to open a line.

    The reference reads most markers as regular expressions, in which a dot is any character.
    """
    marker = given["postscript_marker"]
    if mode == "fixed":
        return re.search(rf"^[^\w\n]*{re.escape(marker)}", answer, re.I | re.M) is not None
    pattern = spaced.get(marker) or re.escape(marker.lower()).replace(r"\.", ".")
    return re.search(pattern, answer.lower()) is not None


def number_bullet_lists(answer: str, given: Arguments, mode: Mode, *, dashes: bool = True) -> bool:
    """There are exactly so many bullets; in `fixed`, a rule or a negative number is none."""
    if mode == "fixed":
        return bool(len(_BULLET.findall(answer)) == given["num_bullets"])
    found = scan.marked_lines(answer, _STARRED)
    found += scan.marked_lines(answer, _DASHED) if dashes else 0
    return bool(found == given["num_bullets"])


def constrained_response(
    answer: str, given: Arguments, mode: Mode, *, options: Sequence[str]
) -> bool:
    """The answer holds one of the options; in `fixed`, it is one of them."""
    if mode == "fixed":
        return answer.strip(" \t\n\"'*_") in options
    return any(option in answer for option in options)


def number_highlighted_sections(answer: str, given: Arguments, mode: Mode) -> bool:
    """Enough is put in *stars*; the reference counts some stars twice, `fixed` none."""
    if mode == "fixed":
        return bool(len(_EMPHASIS.findall(answer)) >= given["num_highlights"])
    found = sum(bool(one.strip("*").strip()) for one in _SINGLE.findall(answer))
    found += sum(bool(one[2:-2].strip()) for one in _DOUBLE.findall(answer))
    return bool(found >= given["num_highlights"])


def multiple_sections(answer: str, given: Arguments, mode: Mode) -> bool:
    """There are at least so many numbered sections; `fixed` counts only what opens a line."""
    heading = rf"{re.escape(given['section_spliter'])}\s?\d+"
    if mode == "fixed":
        heading = rf"{scan.OPENING}{heading}"
    return bool(len(re.findall(heading, answer, re.MULTILINE)) >= given["num_sections"])


def json_format(answer: str, given: Arguments, mode: Mode) -> bool:
    """The answer, less a code fence, is JSON; `fixed` wants an object or a list of the standard.

    What is nested too deep for Python's parser is no JSON here; the reference falls over.
    """
    body = answer.strip()
    for fence in _FENCES:
        body = body.removeprefix(fence)
    body = body.removesuffix("```").strip()
    try:
        value = json.loads(body, parse_constant=_refuse if mode == "fixed" else None)
    except (ValueError, RecursionError):
        return False
    return mode != "fixed" or isinstance(value, dict | list)


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def title(answer: str, given: Arguments, mode: Mode, *, marks: tuple[str, str]) -> bool:
    """A title stands between its marks."""
    return scan.titled(answer, *marks)


def two_responses(answer: str, given: Arguments, mode: Mode) -> bool:
    """`******` divides two answers that differ."""
    parts = [part.strip() for part in answer.split("******")]
    filled = [part for part in parts if part]
    return all(parts[1:-1]) and len(filled) == 2 and filled[0] != filled[1]


def repeat_prompt(answer: str, given: Arguments, mode: Mode) -> bool:
    """The answer opens with the prompt; only `fixed` minds its case."""
    opening, prompt = answer.strip(), given["prompt_to_repeat"].strip()
    if mode != "fixed":
        opening, prompt = opening.lower(), prompt.lower()
    return opening.startswith(prompt)


def end_checker(answer: str, given: Arguments, mode: Mode) -> bool:
    """The answer, less quotation marks, ends with the phrase; only `fixed` minds its case."""
    ending, phrase = answer.strip().strip('"'), given["end_phrase"]
    if mode == "fixed":
        return ending.rstrip("\"'*_ \n").endswith(phrase.rstrip("\"'*_ \n"))
    return ending.lower().endswith(phrase.lower())


def quotation(answer: str, given: Arguments, mode: Mode) -> bool:
    """The answer stands in double quotation marks."""
    whole = answer.strip()
    return len(whole) > 1 and whole[0] == whole[-1] == '"'


def capital_word_frequency(answer: str, given: Arguments, mode: Mode) -> bool:
    """Enough words are all in capitals, or few enough; a hyphenated word is one."""
    found = sum(token.isupper() for token in tokens(answer))
    return bool(given["capital_relation"](found, given["capital_frequency"]))


def no_comma(answer: str, given: Arguments, mode: Mode, *, commas: str = ",") -> bool:
    """There is no comma; `fixed` knows those of other scripts too."""
    return not any(comma in answer for comma in (commas + ",،，、" if mode == "fixed" else commas))
