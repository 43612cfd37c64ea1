"""IFBench's instructions that go with one prompt each."""

import csv
import io
import re
import unicodedata
from datetime import date
from itertools import islice, pairwise

from registry.evaluation.instructions.ifbench.plain import EDGES, sentences, unmarked
from registry.evaluation.instructions.kinds import Arguments, Mode
from registry.evaluation.instructions.lists import listed

_NUMBER = re.compile(r"\d+")
_QUESTION = re.compile(r"Question \d+[.|):;]?\s*")
_CHOICE = re.compile(r"[A-Ea-e][.|)]\s*\w")
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})$")
_LONG_MONTHS, _SHORT_MONTHS = (1, 3, 5, 7, 8, 10, 12), (4, 6, 9, 11)
_CAPITALS = listed(
    "Reykjavik Helsinki Oslo Tallinn Stockholm Riga Moscow Copenhagen Vilnius Minsk Dublin "
    "Berlin Amsterdam Warsaw London Brussels Prague Luxembourg Paris Vienna Bratislava "
    "Budapest Vaduz Chisinau Bern Ljubljana Zagreb"
)
_LARGEST = 20_000  # characters of an answer that may be the short list asked for
_MOST = 16  # rows that are looked at: no table asked for has more than 15


def multiples(answer: str, given: Arguments, mode: Mode) -> bool:
    """The numbers of the answer are the multiples of 7 from 14 to 49."""
    return _NUMBER.findall(answer[:_LARGEST]) == [str(one) for one in range(14, 50, 7)]


def mcq_count_length(answer: str, given: Arguments, mode: Mode) -> bool:
    """There are four questions of five choices, each longer than the one before."""
    if not answer.startswith("Question"):
        return False
    found = [part for part in map(str.strip, _QUESTION.split(answer)) if part]
    if len(found) != 4 or any(_choices(one) != 5 for one in found):
        return False
    return all(_length(one) < _length(two) for one, two in pairwise(found))


def _choices(question: str) -> int:
    return sum(_CHOICE.match(line.strip()) is not None for line in question.split("\n"))


def _length(question: str) -> int:
    said = []
    for line in question.split("\n"):
        if _CHOICE.match(line.strip()):
            break
        said.append(line.strip())
    return len(" ".join(said).strip())


def reverse_newline(answer: str, given: Arguments, mode: Mode) -> bool:
    """From Zimbabwe on there are 52 lines or more in reverse alphabetical order."""
    lines = [line for line in (one.strip(EDGES) for one in answer.split("\n")) if line]
    start = next((at for at, line in enumerate(lines) if "Zimbabwe" in line), len(lines))
    listed = [_plain(line) for line in lines[start:]]
    return len(listed) >= 52 and all(one >= two for one, two in pairwise(listed))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")


def word_reverse(answer: str, given: Arguments, mode: Mode) -> bool:
    """Read from its end, the answer names the bald eagle; its words are taken for a sentence."""
    text = " ".join(reversed(unmarked(answer.lower()).split()))
    return "bald eagle" in text and text in sentences(text)


def character_reverse(answer: str, given: Arguments, mode: Mode) -> bool:
    """Somewhere in the answer the bald eagle is spelt from its end."""
    return "elgae dlab" in answer.lower()


def sentence_alphabet(answer: str, given: Arguments, mode: Mode) -> bool:
    """There are 26 sentences, whose first letters are the alphabet.

    `fixed` looks past an opening quotation mark.
    """
    found = sentences(answer)
    if mode == "fixed":
        found = [sentence.lstrip(EDGES + "“‘*") for sentence in found]
    return len(found) == 26 and all(
        sentence[:1].lower() == chr(97 + at) for at, sentence in enumerate(found)
    )


def european_capitals_sort(answer: str, given: Arguments, mode: Mode) -> bool:
    """The answer is the list of capitals that the benchmark's owner has, and nothing else."""
    named = [city.strip() for city in _plain(answer[:_LARGEST]).split(",")]
    return tuple(city for city in named if city) == _CAPITALS


def csv_city(answer: str, given: Arguments, mode: Mode) -> bool:
    """The answer is a table of these columns and seven rows."""
    rows = _rows(_shown(answer, mode), ",")
    if len(rows) != 8 or rows[0] != ["ID", "Country", "City", "Year", "Count"]:
        return False
    return all(len(row) == 5 for row in rows)


def csv_special_character(answer: str, given: Arguments, mode: Mode) -> bool:
    """The answer is a table of fourteen rows, one field of it quoted for its odd character.

    The reference looks no further than the first such field: rows after it may be of any length.
    """
    shown = _shown(answer, mode)
    columns = ("ProductID", "Category", "Brand", "Price", "Stock")
    if not _headed(shown, columns, ",[ \t]*"):
        return False
    rows = _rows(shown.replace('"', '"""'), ",")
    if len(rows) != 15:
        return False
    for row in rows[1:]:
        if len(row) != 5:
            return False
        if mode != "fixed" and any(map(_odd, row)):
            return True
    return mode == "fixed" and any(_odd(field) for row in rows[1:] for field in row)


def _odd(field: str) -> bool:
    line = field.split("\n", 1)[0]
    inner = line[1 : line.rfind('"')] if line.startswith('"') else ""
    return any(not (one.isalnum() or one == "_" or one.isspace()) for one in inner)


def csv_quotes(answer: str, given: Arguments, mode: Mode) -> bool:
    """The answer is a table of three rows between tabs, with every field quoted."""
    shown = _shown(answer, mode)
    columns = ("StudentID", "Subject", "Grade", "Semester", "Score")
    if not _headed(shown, columns, "\t *"):
        return False
    rows = _rows(shown.replace('"', '"""'), "\t")
    return len(rows) == 4 and all(
        len(row) == 5 and all(_quoted(field.strip()) for field in row) for row in rows
    )


def _quoted(field: str) -> bool:
    return bool(field) and field[0] == field[-1] == '"'


def _headed(text: str, columns: tuple[str, ...], between: str) -> bool:
    pattern = between.join(f'(?:{name}|"{name}")' for name in columns)
    return re.fullmatch(pattern, text.split("\n")[0].strip()) is not None


def _shown(answer: str, mode: Mode) -> str:
    """Return the table, which to `fixed` may stand in a code fence."""
    if mode != "fixed":
        return answer
    lines = answer.strip().split("\n")
    fenced = len(lines) > 2 and lines[0].startswith("```") and lines[-1] == "```"
    return "\n".join(lines[1:-1] if fenced else lines)


def _rows(text: str, delimiter: str) -> list[list[str]]:
    """Return the first rows of a table, enough to tell it from the one asked for, or none."""
    try:
        return list(islice(csv.reader(io.StringIO(text), delimiter=delimiter), _MOST))
    except csv.Error:
        return []


def date_format_list(answer: str, given: Arguments, mode: Mode) -> bool:
    """All the answer is dates of Napoleon's lifetime; only `fixed` refuses the month 00."""
    return all(_lived(one.strip(), mode) for one in answer.strip().split(","))


def _lived(written: str, mode: Mode) -> bool:
    if not (match := _DATE.match(written)):
        return False
    year, month, day = map(int, match.groups())
    if not 1769 <= year <= 1821 or month > 12:
        return False
    if mode == "fixed":
        return _exists(year, month, day)
    longest = 31 if month in _LONG_MONTHS else 30 if month in _SHORT_MONTHS else 29
    return day <= longest or month == 0


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
