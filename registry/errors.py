"""What goes wrong, said so that a person can put it right.

Every message has the form `where: what is so; what to do`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


class RegistryError(Exception):
    """Something is wrong with the cards, the data or the surroundings; never a bug in here."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in one place of one file."""

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: {self.message}"


class InvalidCards(RegistryError):
    """Every problem found, in file order; never only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(map(str, self.problems)))


class HashMismatch(RegistryError):
    """A file is not the one the card describes."""


class Offline(RegistryError):
    """A file has to be fetched and nothing can be reached."""


def nearest(word: str, known: Iterable[str], *, at_least: float = 0.6) -> str | None:
    """Return the known word that is spelt most like this one, or None; case does not matter.

    `at_least` is how like: 1 is the same, 0 is nothing in common.

    >>> nearest("cc-by-sa 3.0", ["CC-BY-4.0", "CC-BY-SA-3.0"])
    'CC-BY-SA-3.0'
    """
    spelt = {one.casefold(): one for one in known}
    found = get_close_matches(word.casefold(), spelt, n=1, cutoff=at_least)
    return spelt[found[0]] if found else None


def near(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the nearest known word, or nothing.

    >>> near("humam", ["human", "model"])
    "; did you mean 'human'?"
    >>> near("zebra", ["human", "model"])
    ''
    """
    found = nearest(word, known)
    return f"; did you mean '{found}'?" if found else ""
