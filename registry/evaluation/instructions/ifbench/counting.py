"""IFBench's counts and ratios."""

import re
from itertools import pairwise

from registry.evaluation.instructions.ifbench.plain import cleaned, sentences, unmarked, words
from registry.evaluation.instructions.kinds import Arguments, Mode
from registry.evaluation.instructions.lists import listed
from registry.evaluation.instructions.text import count_words, tokens

_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+")
_WHOLE_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
_CONJUNCTIONS = frozenset(("and", "but", "for", "nor", "or", "so", "yet"))
_INTERROBANGS = ("?!", "!?", "‽")

NAMES = tuple(
    listed(
        "Emma Liam Sophia Jackson Olivia Noah Ava Lucas Isabella Mason Mia Ethan Charlotte "
        "Alexander Amelia Benjamin Harper Leo Zoe Daniel Chloe Samuel Lily Matthew Grace Owen "
        "Abigail Gabriel Ella Jacob Scarlett Nathan Victoria Elijah Layla Nicholas Audrey David "
        "Hannah Christopher Penelope Thomas Nora Andrew Aria Joseph Claire Ryan Stella Jonathan"
    )
)
"""The names that its prompts list."""

_PERSONAL = frozenset(
    listed(
        "i me my mine myself we us our ours ourselves you your yours yourself yourselves he him "
        "his himself she her hers herself it its itself they them their theirs themselves"
    )
)
_PRONOUNS = _PERSONAL | frozenset(
    listed(
        "this that these those who whom whose which what whoever whomever whatever whichever "
        "anybody anyone anything everybody everyone everything nobody nothing somebody someone "
        "something each either neither both all some any none"
    )
)

# The English stop words of NLTK's corpus: those of M. Porter's list, contractions and their parts.
_STOP_WORDS = frozenset(
    listed(
        "a about above after again against ain all am an and any are aren as at be because been "
        "before being below between both but by can couldn d did didn do does doesn doing don "
        "down during each few for from further had hadn has hasn have haven having he her here "
        "hers herself him himself his how i if in into is isn it its itself just ll m ma me "
        "mightn more most mustn my myself needn no nor not now o of off on once only or other our "
        "ours ourselves out over own re s same shan she should shouldn so some such t than that "
        "the their theirs them themselves then there these they this those through to too under "
        "until up ve very was wasn we were weren what when where which while who whom why will "
        "with won wouldn y you your yours yourself yourselves"
    )
)


def word_count_range(answer: str, given: Arguments, mode: Mode) -> bool:
    """The number of words lies between two numbers, both included."""
    return bool(given["min_words"] <= count_words(answer) <= given["max_words"])


def unique_word_count(answer: str, given: Arguments, mode: Mode) -> bool:
    """There are enough different words; `fixed` takes no lone mark for a word."""
    found = {cleaned(word) for word in answer.lower().split()}
    return bool(len(found - {""} if mode == "fixed" else found) >= given["N"])


def conjunctions(answer: str, given: Arguments, mode: Mode) -> bool:
    """There are enough different conjunctions; only to `fixed` are `And,` and `and` the same."""
    found = {word for word in answer.split() if cleaned(word).lower() in _CONJUNCTIONS}
    if mode == "fixed":
        found = {cleaned(word).lower() for word in found}
    return bool(len(found) >= given["small_n"])


def person_names(answer: str, given: Arguments, mode: Mode) -> bool:
    """Enough of the listed names are there; the reference finds Leo in Leonard."""
    if mode == "reference":
        return bool(sum(name in answer for name in NAMES) >= given["N"])
    return bool(len(set(NAMES) & set(_WORD.findall(answer))) >= given["N"])


def numbers(answer: str, given: Arguments, mode: Mode) -> bool:
    """There are exactly so many numbers; only `fixed` keeps 3-4 apart."""
    if mode == "fixed":
        return bool(len(_WHOLE_NUMBER.findall(answer)) == given["N"])
    return bool(len(_NUMBER.findall(unmarked(answer))) == given["N"])


def pronouns(answer: str, given: Arguments, mode: Mode) -> bool:
    """There are enough pronouns; the reference knows personal and possessive ones only."""
    apart = answer.replace("/", " ")
    if mode == "reference":
        return bool(sum(word in _PERSONAL for word in words(apart)) >= given["N"])
    return bool(sum(token in _PRONOUNS for token in tokens(apart.lower())) >= given["N"])


def punctuation(answer: str, given: Arguments, mode: Mode) -> bool:
    """Every mark is there, and an interrobang whose own marks do not count as the others."""
    if not any(mark in answer for mark in _INTERROBANGS):
        return False
    rest = answer.replace("?!", "", 1)
    if len(rest) == len(answer):
        rest = answer.replace("!?", "", 1)
    return all(mark in rest for mark in ".,!?;:")


def words_japanese(answer: str, given: Arguments, mode: Mode) -> bool:
    """Every Nth word is Japanese, numbers and lone marks aside; `fixed` wants one there."""
    if not (step := given["N"]):
        return False
    nth = [cleaned(word) for word in answer.split()[step - 1 :: step]]
    asked = [word for word in nth if word and not word.isdigit()]
    return all(_JAPANESE.search(word) for word in asked) and (mode != "fixed" or bool(asked))


def keywords_multiple(answer: str, given: Arguments, mode: Mode) -> bool:
    """Five keywords are there 1, 2, 3, 5 and 7 times; `fixed` counts them as words only."""
    text = answer.lower()
    for number, times in enumerate((1, 2, 3, 5, 7), 1):
        keyword = given[f"keyword{number}"].lower()
        whole = rf"\b{re.escape(keyword)}\b"
        found = len(re.findall(whole, text)) if mode == "fixed" else text.count(keyword)
        if found != times:
            return False
    return True


def stop_words(answer: str, given: Arguments, mode: Mode) -> bool:
    """Stop words are at most so many in a hundred; an answer without words is refused."""
    found = _WORD.findall(answer.lower())
    stopped = sum(word in _STOP_WORDS for word in found)
    return bool(found) and stopped / len(found) * 100 <= given["percentage"]


def overlap(answer: str, given: Arguments, mode: Mode) -> bool:
    """The share of trigrams that the reference text has too is as asked, give or take 2%.

    The checkers of the benchmark's owner compare trigrams of characters, `fixed` those of words.
    """
    if mode == "fixed":
        mine, other = _trigrams(words(answer)), _trigrams(words(given["reference_text"]))
    else:
        mine, other = _trigrams(answer), _trigrams(given["reference_text"])
    if not mine:
        return False
    share = len(mine & other) / len(mine) * 100
    return bool(given["percentage"] - 2 <= share <= given["percentage"] + 2)


def _trigrams(units: str | list[str]) -> set[tuple[str, ...]]:
    return set(zip(units, units[1:], units[2:], strict=False))


def sentence_type(answer: str, given: Arguments, mode: Mode) -> bool:
    """There are two statements to each question; `fixed` wants a question."""
    told, asked, _ = _kinds(answer)
    return told == 2 * asked and (mode != "fixed" or asked > 0)


def sentence_balance(answer: str, given: Arguments, mode: Mode) -> bool:
    """There are as many statements as questions as exclamations; `fixed` wants one of each."""
    told, asked, cried = _kinds(answer)
    return told == asked == cried and (mode != "fixed" or asked > 0)


def _kinds(answer: str) -> tuple[int, int, int]:
    ends = [sentence[-1:] for sentence in sentences(answer)]
    return ends.count("."), ends.count("?"), ends.count("!")


def sentence_words(answer: str, given: Arguments, mode: Mode) -> bool:
    """There are three sentences of one length; only `fixed` wants all words to differ."""
    found = sentences(answer)
    if len(found) != 3 or any(len(one) != len(two) for one, two in pairwise(found)):
        return False
    used = words(" ".join(found))
    return mode != "fixed" or len(used) == len(set(used))
