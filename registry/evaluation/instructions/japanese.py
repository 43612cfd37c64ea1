"""M-IFEval's instruction types in Japanese.

Dussolle et al., "M-IFEval: Multilingual Instruction-Following Evaluation" (2025); reference:
`instructions/ja_instructions.py` of lightblue-tech/M-IFEval. Where a later fork of it
(shisa-ai/M-IFEval) mends a check, `fixed` mends it too.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import partial
from itertools import islice

from registry.evaluation.instructions import checks, japanese_words, scan
from registry.evaluation.instructions.ifeval import common, position
from registry.evaluation.instructions.kinds import (
    Arguments,
    Instruction,
    Mode,
    count,
    letter,
    relation,
    stripped,
    text,
    texts,
)
from registry.evaluation.instructions.text import LIMIT

_BULLET = re.compile("・[^・]")
_ANY_BULLET = re.compile(r"^[ \t　]*(?:[・•]|[*+-][ \t])[ \t　]*[^\s・*-]", re.MULTILINE)
_NUMBERED = re.compile(r"\d+\.\s")
_MARKED = re.compile("《[^\n《》]*》")
_KANJI = re.compile("[\u4e00-\u9faf]+")
_READING = re.compile("（[ぁ-ん]+）")
_FIXED_READING = re.compile("[（(《][ぁ-んー・]+[）)》]")
_FIXED_KANJI = re.compile("[\u3400-\u9fff々〆〇]+")
_KATAKANA = re.compile("[ァ-ヺｦ-ﾟ]")
_HIRAGANA = re.compile("[ぁ-ゖ]")
_DIGIT = re.compile(r"\d")
_ENDS = re.compile("[。！？]")
_DECORATION = "「『 　\t>#-*+・_`0123456789.)"
_MARKERS = {"P.P.S": r"p\.\s?p\.\s?s", "P.S.": r"p\.\s?s\."}
_OPTIONS = ("はい、そうです。", "いいえ、違います。", "どちらとも言えません。")


def existence(answer: str, given: Arguments, mode: Mode) -> bool:
    """Every keyword is there as a word; to `fixed`, as part of one will do.

    Whether 創造性 is one word or two is the tokeniser's choice, not the writer's.
    """
    wanted = set(given["keywords"])
    if not all(word in answer for word in wanted):
        return False
    if mode != "fixed":
        for word in japanese_words.words(answer):
            wanted.discard(word.surface)
            if not wanted:
                break
    return mode == "fixed" or not wanted


def forbidden_words(answer: str, given: Arguments, mode: Mode) -> bool:
    """No forbidden word is there as a word; to `fixed`, not as part of one either."""
    there = {word for word in given["forbidden_words"] if word in answer}
    if not there or mode == "fixed":
        return not there
    return not any(word.surface in there for word in japanese_words.words(answer))


def frequency(answer: str, given: Arguments, mode: Mode) -> bool:
    """The keyword is there often enough as a word; `fixed` counts it in longer words too."""
    keyword, asked = given["keyword"], given["frequency"]
    found = answer.count(keyword)
    if mode != "fixed" and found:
        named = (word for word in japanese_words.words(answer) if word.surface == keyword)
        found = sum(1 for _ in islice(named, asked + 1))
    return bool(given["relation"](found, asked))


def letter_frequency(answer: str, given: Arguments, mode: Mode) -> bool:
    """The letter is there often enough in hiragana and katakana together."""
    one = given["letter"]
    found = answer.count(one)
    found += answer.count(chr(ord(one) + 96)) if "ぁ" <= one <= "ん" else 0
    return bool(given["let_relation"](found, given["let_frequency"]))


def number_sentences(answer: str, given: Arguments, mode: Mode) -> bool:
    """The answer has enough sentences, or few enough."""
    found = japanese_words.count_sentences(answer)
    return bool(given["relation"](found, given["num_sentences"]))


def number_letters(answer: str, given: Arguments, mode: Mode) -> bool:
    """The answer has enough characters, or few enough; `fixed` leaves white space out."""
    found = len("".join(answer.split())) if mode == "fixed" else len(answer)
    return bool(given["relation"](found, given["num_letters"]))


def begins_with(paragraph: str, word: str, mode: Mode) -> bool:
    """The paragraph begins with the word, opening quotation marks aside.

    The reference lowers the word and not the paragraph; `fixed` lowers both and looks past marks
    of headings and lists.
    """
    if mode == "fixed":
        return paragraph.lstrip(_DECORATION).lower().startswith(word.lower())
    return paragraph.lstrip("「").lstrip("『").startswith(word.lower())


def postscript(answer: str, given: Arguments, mode: Mode) -> bool:
    """A postscript opens with the marker; only `fixed` wants it to open a line."""
    marker = given["postscript_marker"]
    pattern = _MARKERS.get(marker) or re.escape(marker)
    if mode == "fixed":
        return re.search(rf"^[^\w\n]*{pattern}", answer, re.I | re.M) is not None
    return re.search(pattern, answer, re.I) is not None


def number_bullet_lists(answer: str, given: Arguments, mode: Mode) -> bool:
    """There are exactly so many bullets; `fixed` knows those of Markdown as well as ・."""
    if mode == "fixed":
        return bool(len(_ANY_BULLET.findall(answer)) == given["num_bullets"])
    return bool(scan.marked_lines(answer, _BULLET) == given["num_bullets"])


def number_numbered_lists(answer: str, given: Arguments, mode: Mode) -> bool:
    """There are exactly so many numbered items."""
    return bool(scan.marked_lines(answer, _NUMBERED) == given["num_items"])


def number_highlighted_sections(answer: str, given: Arguments, mode: Mode) -> bool:
    """Enough stands between 《 and 》."""
    found = sum(bool(one[1:-1].strip()) for one in _MARKED.findall(answer))
    return bool(found >= given["num_highlights"])


def multiple_sections(answer: str, given: Arguments, mode: Mode) -> bool:
    """There are at least so many sections 第1章; `fixed` counts only what opens a line."""
    heading = rf"第\d+{re.escape(given['section_spliter'])}"
    if mode == "fixed":
        heading = rf"{scan.OPENING}{heading}"
    return bool(len(re.findall(heading, answer, re.MULTILINE)) >= given["num_sections"])


def repeat_prompt(answer: str, given: Arguments, mode: Mode) -> bool:
    """The answer opens with the prompt."""
    return answer.strip().startswith(given["prompt_to_repeat"].strip())


def end_checker(answer: str, given: Arguments, mode: Mode) -> bool:
    """The answer, less closing quotation marks, ends with the phrase; `fixed` skips stars too."""
    around = "」』*_ \n" if mode == "fixed" else "」』"
    return answer.strip().strip(around).endswith(given["end_phrase"].strip(around))


def sentence_unified_end(answer: str, given: Arguments, mode: Mode) -> bool:
    """Every sentence ends alike, quotations aside.

    To the reference a line's end before a sentence's end is part of a sentence; to `fixed` not.
    """
    sentences = _ENDS.split(_unquoted(answer))
    if mode == "fixed":
        sentences = [line.strip() for one in sentences for line in one.split("\n")]
    return all(one.endswith(given["ending"]) for one in sentences if one)


def nominal_ending(answer: str, given: Arguments, mode: Mode) -> bool:
    """Enough sentences end in a noun."""
    told = _unquoted(answer)
    if len(_ENDS.findall(told)) < given["count"]:
        return False
    found = 0
    before = None
    for word in japanese_words.words(told):
        found += bool(before and word.surface in "。！？" and before.part.startswith("名詞"))
        before = word
        if found >= given["count"]:
            break
    return found >= int(given["count"])


def _unquoted(answer: str) -> str:
    return scan.without(scan.without(answer[:LIMIT], "「", "」"), "『", "』")


def quotation(answer: str, given: Arguments, mode: Mode) -> bool:
    """The answer stands between 「 and 」."""
    whole = answer.strip()
    return len(whole) > 1 and whole[0] == "「" and whole[-1] == "」"


def absent(answer: str, given: Arguments, mode: Mode, *, pattern: re.Pattern[str]) -> bool:
    """Nothing of the kind is there."""
    return pattern.search(answer) is None


def furigana(answer: str, given: Arguments, mode: Mode) -> bool:
    """Every run of kanji bears its reading; `fixed` wants one, and knows 々 and long vowels."""
    kanji, reading = (_FIXED_KANJI, _FIXED_READING) if mode == "fixed" else (_KANJI, _READING)
    read = [reading.match(answer, run.end()) is not None for run in kanji.finditer(answer)]
    return all(read) and (mode != "fixed" or bool(read))


def kanji(answer: str, given: Arguments, mode: Mode) -> bool:
    """There are enough kanji, or few enough."""
    found = sum(run.end() - run.start() for run in _KANJI.finditer(answer))
    return bool(given["relation"](found, given["kanji_limit"]))


def hiragana_only(answer: str, given: Arguments, mode: Mode) -> bool:
    """Every letter is hiragana; `fixed` wants there to be one."""
    return _only(answer, mode, lambda one: "ぁ" <= one <= "ん" or one == "ー")


def katakana_only(answer: str, given: Arguments, mode: Mode) -> bool:
    """Every letter is katakana; `fixed` wants there to be one."""
    return _only(answer, mode, lambda one: "ァ" <= one <= "ン" or one in "ー・" or "ｦ" <= one <= "ﾟ")


def _only(answer: str, mode: Mode, is_right: Callable[[str], bool]) -> bool:
    letters = [one for one in set(answer) if unicodedata.category(one).startswith("L")]
    return all(map(is_right, letters)) and (mode != "fixed" or bool(letters))


_COMPARE = relation(fewer="未満", at_least="以上")

INSTRUCTIONS = {
    **common(_COMPARE),
    "keywords:existence": Instruction(existence, {"keywords": texts}),
    "keywords:forbidden_words": Instruction(forbidden_words, {"forbidden_words": texts}),
    "keywords:frequency": Instruction(
        frequency, {"keyword": stripped, "frequency": count, "relation": _COMPARE}
    ),
    "keywords:letter_frequency": Instruction(
        letter_frequency, {"letter": letter, "let_frequency": count, "let_relation": _COMPARE}
    ),
    "length_constraints:number_sentences": Instruction(
        number_sentences, {"num_sentences": count, "relation": _COMPARE}
    ),
    "length_constraints:number_letters": Instruction(
        number_letters, {"num_letters": count, "relation": _COMPARE}
    ),
    "length_constraints:nth_paragraph_first_word": Instruction(
        partial(checks.nth_paragraph_first_word, first=begins_with),
        {"num_paragraphs": count, "nth_paragraph": position, "first_word": text},
    ),
    "detectable_content:postscript": Instruction(postscript, {"postscript_marker": stripped}),
    "detectable_format:number_bullet_lists": Instruction(
        number_bullet_lists, {"num_bullets": count}
    ),
    "detectable_format:number_numbered_lists": Instruction(
        number_numbered_lists, {"num_items": count}
    ),
    "detectable_format:number_highlighted_sections": Instruction(
        number_highlighted_sections, {"num_highlights": count}
    ),
    "detectable_format:multiple_sections": Instruction(
        multiple_sections, {"section_spliter": stripped, "num_sections": count}
    ),
    "detectable_format:constrained_response": Instruction(
        partial(checks.constrained_response, options=_OPTIONS)
    ),
    "detectable_format:title": Instruction(partial(checks.title, marks=("『", "』"))),
    "detectable_format:nominal_ending": Instruction(nominal_ending, {"count": count}),
    "combination:repeat_prompt": Instruction(repeat_prompt, {"prompt_to_repeat": text}),
    "startend:end_checker": Instruction(end_checker, {"end_phrase": stripped}),
    "startend:sentence_unified_end": Instruction(sentence_unified_end, {"ending": text}),
    "startend:quotation": Instruction(quotation),
    "punctuation:no_comma": Instruction(partial(absent, pattern=re.compile("、"))),
    "punctuation:no_period": Instruction(partial(absent, pattern=re.compile("。"))),
    "letters:furigana": Instruction(furigana),
    "letters:kanji": Instruction(kanji, {"kanji_limit": count, "relation": _COMPARE}),
    "letters:kansuuji": Instruction(partial(absent, pattern=_DIGIT)),
    "letters:no_katakana": Instruction(partial(absent, pattern=_KATAKANA)),
    "letters:no_hiragana": Instruction(partial(absent, pattern=_HIRAGANA)),
    "letters:katakana_only": Instruction(katakana_only),
    "letters:hiragana_only": Instruction(hiragana_only),
}
"""Every Japanese instruction type by its id without the `ja:`."""
