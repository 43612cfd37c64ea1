"""IFBench's rules for marks, lines and lists."""

import re
import string
from itertools import pairwise

from registry.evaluation.instructions.ifbench.plain import (
    EDGES,
    sentences,
    unmarked,
)
from registry.evaluation.instructions.kinds import Arguments, Mode
from registry.evaluation.instructions.lists import listed
from registry.evaluation.instructions.text import tokens

_CLOSES = {")": "(", "]": "[", "}": "{"}
_LETTERED = re.compile(r"\W*[aA]\W*[bB]\W*[cC]\W*")
_BULLET = re.compile(r"^\s*\*\s")
_SUB_BULLET = re.compile(r"^\s*-\s")
_THESIS = re.compile(r"<(i|em)>([^<]*\S[^<]*)</\1>\s*\S")
_MINOR = frozenset(
    listed(
        "a an and as at but by en for from if in into nor of off on or over per so than the to up "
        "via vs with yet"
    )
)
_NOT_QUOTES = string.digits + string.punctuation.replace('"', "")


def emoji(answer: str, given: Arguments, mode: Mode) -> bool:
    """Every sentence ends in an emoji, or the next begins with it, as after a full stop it does."""
    found = [unmarked(sentence).strip() for sentence in sentences(answer)]
    for at, sentence in enumerate(found):
        if not sentence:
            return False
        if any(map(_is_emoji, sentence[-2:])):
            continue
        if at + 1 == len(found) or not found[at + 1] or not _is_emoji(found[at + 1][0]):
            return False
    return True


def _is_emoji(one: str) -> bool:
    from emoji import is_emoji

    return is_emoji(one)


def line_indent(answer: str, given: Arguments, mode: Mode) -> bool:
    """Every line is indented deeper than the line before; `fixed` takes no notice of blank ones.

    The reference takes blank lines out of the list it walks over, and so misses every other one.
    """
    lines = answer.split("\n")
    depths = _depths([line for line in lines if line.strip()])
    if not all(one < two for one, two in pairwise(depths)):
        return False
    if mode == "fixed":
        return len(depths) > 1
    # Half the lines are left at the least, and stairs of n steps take n * (n - 1) / 2 blanks.
    if (left := len(lines) // 2) * (left - 1) // 2 > len(answer):
        return False
    for line in lines:
        if not line.strip():
            lines.remove(line)
    return all(one < two for one, two in pairwise(_depths(lines)))


def _depths(lines: list[str]) -> list[int]:
    return [len(line) - len(line.lstrip(" ")) for line in lines]


def separated(answer: str, given: Arguments, mode: Mode) -> bool:
    """The separator is there twice or more; `fixed` counts only what opens a line."""
    if mode == "fixed":
        opened = [line.lstrip().startswith(given["sep"]) for line in answer.split("\n")]
        return sum(opened) >= 2
    return answer.count(given["sep"]) >= 2


def newline(answer: str, given: Arguments, mode: Mode) -> bool:
    """Every word stands on a line of its own; only to `fixed` is a line of blanks no line."""
    text = unmarked(answer).strip()
    lines = [line for line in text.split("\n") if (line.strip() if mode == "fixed" else line)]
    return len(lines) == len(text.split())


def no_bullets_bullets(answer: str, given: Arguments, mode: Mode) -> bool:
    """Two sentences come before two bullets, and nothing after.

    To the reference a blank line ends the sentences, so that none may follow it; not to `fixed`.
    """
    before = bullets = 0
    open_ = True
    for line in answer.split("\n"):
        if line.strip().startswith("*"):
            open_ = False
            if before < 2:
                return False
            bullets += 1
        elif mode == "fixed" and not line.strip():
            continue
        elif not open_:
            return False
        else:
            open_ = mode == "fixed" or bool(line.strip())
            before += len(sentences(line.strip())) if before < 2 else 0
    return bullets >= 2


def no_whitespace(answer: str, given: Arguments, mode: Mode) -> bool:
    """There is no white space."""
    return re.search(r"[\s\x1c-\x1f\x85]", answer) is None


def options(answer: str, given: Arguments, mode: Mode) -> bool:
    """The answer is one of the options; lettered ones have to be there to the mark.

    The reference parts options at any `or`, also inside of a word; `fixed` at the word.
    """
    offered = given["options"]
    if "/" in offered:
        choices = offered.split("/")
    elif "or" in offered:
        choices = re.split(r"\bor\b", offered) if mode == "fixed" else offered.split("or")
    else:
        choices = offered.split(",")
    if _LETTERED.match(offered) and mode != "fixed":
        return answer in [one.strip() for one in choices]
    said = answer.strip() if mode == "fixed" else answer
    return said.strip(EDGES).lower() in [one.strip().strip(EDGES).lower() for one in choices]


def output_template(answer: str, given: Arguments, mode: Mode) -> bool:
    """The three parts of the template are there; `fixed` wants them in order."""
    places = [answer.find(part) for part in ("My Answer:", "My Conclusion:", "Future Outlook:")]
    return min(places) >= 0 and (mode != "fixed" or places == sorted(places))


def parentheses(answer: str, given: Arguments, mode: Mode) -> bool:
    """Five pairs of brackets stand one in the other; `fixed` wants the outermost closed too."""
    inside: list[str] = []
    deepest = 0
    for one in answer:
        if one in "([{":
            inside.append(one)
            deepest = max(deepest, len(inside))
        elif one in _CLOSES:
            if not inside or inside.pop() != _CLOSES[one]:
                inside, deepest = [], 0
            elif deepest >= 5 and (mode != "fixed" or not inside):
                return True
            elif mode == "fixed" and not inside:
                deepest = 0
    return False


def quote_unquote(answer: str, given: Arguments, mode: Mode) -> bool:
    """No quotation ends the answer or meets the next; `fixed` wants a quotation.

    The revision no longer reads curly quotation marks.
    """
    text = answer if mode == "revised" else answer.replace("“", '"').replace("”", '"')
    text = "".join(text.replace("'\"'", "").split())
    if '""' in text or (mode == "fixed" and '"' not in text):
        return False
    ending = text.strip(_NOT_QUOTES)
    return ending[-1:] != '"' and (bool(ending) or mode == "revised")


def quotes(answer: str, given: Arguments, mode: Mode) -> bool:
    """Three quotations stand one in the other; `fixed` takes an apostrophe for none."""
    text = re.sub(r"(?<=\w)'(?=\w)", "", answer) if mode == "fixed" else answer
    inside: list[str] = []
    reached = 0
    for one in text:
        if inside and one == inside[-1]:
            inside.pop()
            if reached - len(inside) >= 3:
                return True
        elif one in "\"'":
            inside.append(one)
            reached = max(reached, len(inside))
    return False


def sub_bullets(answer: str, given: Arguments, mode: Mode) -> bool:
    """There is a dash after every star; `fixed` wants bullets, and sub-bullets under each."""
    if mode != "fixed":
        return all("-" in part for part in answer.split("*")[1:])
    have: list[bool] = []
    for line in answer.split("\n"):
        if _BULLET.match(line):
            have.append(False)
        elif have and _SUB_BULLET.match(line):
            have[-1] = True
    return bool(have) and all(have)


def thesis(answer: str, given: Arguments, mode: Mode) -> bool:
    """Something in HTML italics comes before something that is not.

    The reference takes three characters for `<em>` and four for its end.
    """
    if mode == "fixed":
        return _THESIS.search(answer) is not None
    start = answer.find("<i>") if "<i>" in answer else answer.find("<em>")
    if start < 0:
        return False
    text = answer[start:]
    end = text.find("</i>") if "</i>" in text else text.find("</em>")
    return end >= 0 and bool(text[3:end].strip()) and bool(text[end + 4 :].strip())


def title_case(answer: str, given: Arguments, mode: Mode) -> bool:
    """No word is in small letters throughout, or in capitals but for its first.

    `fixed` lets the small words of titles pass that the reference fails; the reference also lets
    a lone small letter pass, which the revision does not.
    """
    for token in tokens(answer):
        head, rest = token[0], token[1:]
        if mode == "fixed" and (token in _MINOR or not head.isalpha() or "'" in token):
            continue
        if mode != "reference" and not rest and head.islower():
            return False
        if head.islower() and (rest.isupper() or rest.islower()):
            return False
    return True
