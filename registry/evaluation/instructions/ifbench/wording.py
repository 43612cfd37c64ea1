"""IFBench's rules for words and sentences."""

import re
import string
from collections import Counter
from itertools import pairwise

from registry.evaluation.instructions.ifbench.plain import (
    EDGES,
    cleaned,
    sentences,
    unmarked,
    words,
)
from registry.evaluation.instructions.ifbench.verbs import is_verb
from registry.evaluation.instructions.kinds import Arguments, Mode
from registry.evaluation.instructions.text import LIMIT, tokens

_CONSONANTS = re.compile("[bcdfghjklmnpqrstvwxyz]{2}")
_PRIMES = frozenset(
    (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97)
)


def alphabet(answer: str, given: Arguments, mode: Mode) -> bool:
    """Each word begins with the letter after that of the word before; a follows z."""
    initials = [word[0].lower() for word in unmarked(answer).split()]
    if not initials or initials[0] not in string.ascii_lowercase:
        return False
    first = ord(initials[0]) - 97
    return all(one == chr(97 + (first + at) % 26) for at, one in enumerate(initials))


def vowel(answer: str, given: Arguments, mode: Mode) -> bool:
    """The answer is one line with at most three of the five vowels."""
    line = answer.strip()
    return "\n" not in line and sum(one in line.lower() for one in "aeiou") <= 3


def consonants(answer: str, given: Arguments, mode: Mode) -> bool:
    """Every word has two consonants in a row; to `fixed` a lone mark is no word."""
    found = answer.lower().split()
    if mode == "fixed":
        found = [word for word in found if any(one.isalpha() for one in word)]
    return all(_CONSONANTS.search(word) for word in found) and (mode != "fixed" or bool(found))


def palindrome(answer: str, given: Arguments, mode: Mode) -> bool:
    """There are ten palindromes of five letters or more; `fixed` wants ten different ones."""
    found = [word for word in words(answer) if len(word) >= 5 and word == word[::-1]]
    return len(set(found) if mode == "fixed" else found) >= 10


def prime_lengths(answer: str, given: Arguments, mode: Mode) -> bool:
    """The length of every word is a prime below 100."""
    return all(len(word) in _PRIMES for word in unmarked(answer).split())


def repeats(answer: str, given: Arguments, mode: Mode) -> bool:
    """No word is there more often than so."""
    return bool(max(Counter(words(answer)).values(), default=0) <= given["small_n"])


def start_verb(answer: str, given: Arguments, mode: Mode) -> bool:
    """The first word is a verb.

    The reference asks NLTK's tagger, whose weights no wheel carries; here a list of verbs and the
    endings of their forms answer.
    """
    first = tokens(answer[:500])[:1]
    return bool(first) and is_verb(first[0])


def odd_even_syllables(answer: str, given: Arguments, mode: Mode) -> bool:
    """Words of an odd and of an even number of syllables take turns."""
    import syllapy

    odd = (syllapy.count(word) % 2 for word in words(answer[:LIMIT]))
    return all(one != two for one, two in pairwise(odd))


def last_first(answer: str, given: Arguments, mode: Mode) -> bool:
    """The last word of each sentence is the first of the next; `fixed` wants two sentences."""
    found = sentences(answer)
    for one, two in pairwise(found):
        last, first = one.rstrip(EDGES).split()[-1:], two.lstrip(EDGES).split()[:1]
        if mode == "fixed":
            last, first = [cleaned(word) for word in last], [cleaned(word) for word in first]
        if not last or not first or last[0].lower() != first[0].lower():
            return False
    return mode != "fixed" or len(found) > 1


def paragraph_last_first(answer: str, given: Arguments, mode: Mode) -> bool:
    """Every line ends with the word it began with; the reference fails a line of marks."""
    for line in answer.lower().split("\n"):
        if not line.strip():
            continue
        found = cleaned(line.strip()).split()
        if mode == "fixed":
            found = [cleaned(word) for word in found]
        if not found and mode == "reference":
            return False
        if found and found[0] != found[-1]:
            return False
    return True


def no_consecutive(answer: str, given: Arguments, mode: Mode) -> bool:
    """No two words in a row begin alike."""
    return all(one[0] != two[0] for one, two in pairwise(words(answer)))


def keywords_specific_position(answer: str, given: Arguments, mode: Mode) -> bool:
    """The keyword is word m of sentence n; only the reference counts marks and minds case."""
    found = sentences(answer)
    if not 0 < given["n"] <= len(found):
        return False
    return _at(_spoken(found[given["n"] - 1], mode), given["m"] - 1, given["keyword"], mode)


def words_position(answer: str, given: Arguments, mode: Mode) -> bool:
    """The keyword is the second word and the last but one.

    The reference takes the final full stop for the last word; the revision takes one mark off,
    `fixed` counts no mark at all.
    """
    found = _spoken(answer, mode) if mode == "fixed" else tokens(answer)
    last = -2
    if mode == "revised" and found and found[-1] in string.punctuation:
        last = -3
    if len(found) < -last:
        return False
    return _at(found, 1, given["keyword"], mode) and _at(found, last, given["keyword"], mode)


def _spoken(text: str, mode: Mode) -> list[str]:
    found = tokens(text)
    if mode == "reference":
        return found
    return [token for token in found if any(one.isalnum() for one in token)]


def _at(found: list[str], place: int, keyword: str, mode: Mode) -> bool:
    if not -len(found) <= place < len(found):
        return False
    word = found[place]
    return word == keyword if mode == "reference" else word.lower() == keyword.lower()


def alliteration_increment(answer: str, given: Arguments, mode: Mode) -> bool:
    """Each sentence has more words in runs of one initial than the sentence before.

    The paper's wording asks for a longer run; its checker adds all runs of a sentence up.
    """
    before = -1
    for sentence in sentences(answer):
        found = [word for word in (one.lstrip(EDGES) for one in sentence.lower().split()) if word]
        alike = [one[0] == two[0] for one, two in pairwise(found)]
        runs = _runs(alike)
        now = max(runs, default=0) if mode == "fixed" else sum(runs)
        if now <= before:
            return False
        before = now
    return True


def _runs(alike: list[bool]) -> list[int]:
    """Return how many words each run has: one more than its likenesses."""
    runs: list[int] = []
    inside = False
    for same in alike:
        if same and inside:
            runs[-1] += 1
        elif same:
            runs.append(2)
        inside = same
    return runs


def increment(answer: str, given: Arguments, mode: Mode) -> bool:
    """Each sentence has exactly so many words more than the sentence before."""
    lengths = [len(unmarked(sentence).split()) for sentence in sentences(answer)]
    grown = all(two == one + given["small_n"] for one, two in pairwise(lengths))
    return bool(lengths) and grown and (mode != "fixed" or len(lengths) > 1)


def keyword(answer: str, given: Arguments, mode: Mode) -> bool:
    """The keyword is in sentence N; the reference finds it inside of other words too."""
    found = sentences(answer)
    if not 0 < given["N"] <= len(found):
        return False
    sentence, word = found[given["N"] - 1], given["word"]
    if mode == "reference":
        return word.lower() in sentence.lower()
    return re.search(rf"\b{re.escape(word)}\b", sentence, re.IGNORECASE) is not None


def repeat_change(answer: str, given: Arguments, mode: Mode) -> bool:
    """The request is repeated with another first word; only `fixed` looks at that word."""
    request = given["prompt_to_repeat"]
    asked, said = request.split(), answer.split()
    if mode == "fixed":
        return bool(asked[1:] == said[1:]) and cleaned(asked[0]) != cleaned((said or [""])[0])
    return bool(request != answer and asked[1:] == said[1:])


def repeat_simple(answer: str, given: Arguments, mode: Mode) -> bool:
    """The answer is the sentence it was told to put out, and nothing else."""
    sentence = "only output this sentence here, ignore all other requests."
    return answer.strip().lower() == sentence


def repeat_span(answer: str, given: Arguments, mode: Mode) -> bool:
    """The answer is a span of the request.

    The prompts number its characters and include both ends. So do the revision and `fixed`; the
    reference numbers words and leaves the last out.
    """
    request, start, end = given["prompt_to_repeat"], given["n_start"], given["n_end"]
    if mode == "reference":
        return bool(answer.lower().split() == request.lower().split()[start:end])
    said, asked = answer.strip().lower(), request[start : end + 1].strip().lower()
    return bool(said == asked)
