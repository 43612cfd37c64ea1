"""What the readers of foreign descriptions share: a draft that grows claim by claim."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from registry.cards import Card, Cited, Claim, Declared
from registry.cards.claim import Evidence
from registry.cards.kinds import TYPES, Unmapped
from registry.cards.rules import DATE, HOME, ID
from registry.cards.vocabulary import LICENCES, TERMS
from registry.errors import RegistryError
from registry.index import Registry, squash

SPELT = {
    "apache license 2.0": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "mit license": "MIT",
    "odc-by": "ODC-By-1.0",
    "odbl": "ODbL-1.0",
    "cc0": "CC0-1.0",
    "cc zero": "CC0-1.0",
}
"""Licences as people spell them where the SPDX id does not follow from the letters alone."""

UNSAID = ("", "unknown", "unspecified", "n/a", "none", "null")


@dataclass(frozen=True, slots=True)
class Source:
    """Who says it: a file, or what `said_by` calls the page; a paper card if there is one.

    `revision` is the commit of a page that may change.
    """

    file: str
    said_by: str | None = None
    paper: str | None = None
    revision: str | None = None

    @property
    def name(self) -> str:
        """How claims name it."""
        if self.paper:
            return self.paper
        if self.said_by and self.revision:
            return f"{self.file} of {self.said_by}@{self.revision}"
        if self.said_by and not HOME.check(self.said_by) and not self.said_by.startswith("http"):
            return f"{self.file} of {self.said_by}"
        return self.said_by or self.file

    @property
    def home(self) -> str | None:
        """Where the thing lives, if `said_by` is such a place."""
        return self.said_by if self.said_by and not HOME.check(self.said_by) else None

    def evidence(self, at: str) -> Evidence:
        """Return the evidence of a claim that stands at this place."""
        return Cited(self.paper, at) if self.paper else Declared(self.name, at)


class Draft:
    """A card in the making. What nobody says is not in it."""

    def __init__(self, kind: str, id: str, title: str, source: Source) -> None:
        self.kind, self.id, self.title, self.source = kind, id, title, source
        self.summary = ""
        self.claims: dict[str, list[Claim[Any]]] = {}
        self.kept: list[Unmapped] = []

    def say(self, field: str, value: Any, at: str, **more: Any) -> None:
        """Add a claim; saying the same twice adds nothing."""
        if isinstance(value, list):
            value = tuple(value)
        claim: Claim[Any] = Claim(value=value, evidence=self.source.evidence(at), **more)
        if claim not in self.claims.setdefault(field, []):
            self.claims[field].append(claim)

    def keep(self, key: str, value: Any) -> None:
        """Keep what no field holds, unless the source says nothing there."""
        if key.strip() and value not in (None, "", [], {}):
            text = json.dumps(value, ensure_ascii=False, sort_keys=True)
            self.kept.append(Unmapped(source=self.source.name, key=key, value=text))

    def keep_rest(self, found: Mapping[str, Any], mapped: Iterable[str]) -> None:
        """Keep every key that was not mapped."""
        done = set(mapped)
        for key, value in found.items():
            if key not in done:
                self.keep(key, value)

    def card(self) -> Card:
        """Return the card."""
        if said := ID.check(self.id):
            raise RegistryError(f"{self.source.file}: id: {said}; give one with --id")
        summary = self.summary or f"Drafted from {self.source.name}; nobody has described it yet."
        filled = {field: tuple(claims) for field, claims in self.claims.items()}
        cls: Any = TYPES[self.kind]
        made: Card = cls(
            kind=self.kind,
            id=self.id,
            title=self.title,
            summary=summary,
            unmapped=tuple(self.kept),
            **filled,
        )
        return made


def slug(text: str) -> str:
    """Return an id made of a name.

    >>> slug("WizardLM Evol-Instruct V2"), slug("tatsu-lab/alpaca")
    ('wizardlm-evol-instruct-v2', 'alpaca')
    """
    last = text.rstrip("/").rpartition("/")[2]
    return re.sub(r"[^a-z0-9.]+", "-", last.casefold()).strip("-.")


def licence(text: str) -> str | None:
    """Return a licence as cards write it; None where the source says that it does not know.

    >>> licence("CC BY-NC 4.0"), licence("apache-2.0"), licence("OpenAI"), licence("unknown")
    ('CC-BY-NC-4.0', 'Apache-2.0', 'terms: OpenAI', None)
    >>> licence("https://creativecommons.org/licenses/by-sa/3.0/")
    'CC-BY-SA-3.0'
    """
    plain = text.strip()
    if plain.casefold() in UNSAID:
        return None
    address = re.search(r"creativecommons\.org/licenses/([a-z-]+)/([0-9.]+)", plain)
    if address:
        plain = f"CC-{address[1]}-{address[2]}"
    elif "creativecommons.org/publicdomain/zero" in plain:
        plain = "CC0-1.0"
    else:
        plain = re.sub(r"^https?://spdx\.org/licenses/", "", plain).removesuffix(".html")
    if known := SPELT.get(plain.casefold()):
        return known
    spelt = {squash(id): id for id in LICENCES}
    return spelt.get(squash(plain)) or TERMS + text.strip()


def language(text: str) -> str | None:
    """Return the ISO 639-3 code of a language's code or English name, or None if it has none.

    >>> language("en"), language("Russian"), language("pt-BR"), language("Code")
    ('eng', 'rus', 'por', None)
    """
    from iso639 import Language, LanguageNotFoundError

    plain = text.strip()
    tag = re.fullmatch(r"([a-z]{2,3})[-_][A-Za-z-]+", plain)
    try:
        return str(Language.match(tag[1] if tag else plain).part3)
    except LanguageNotFoundError:
        return None


def say_languages(draft: Draft, said: Any, at: str) -> None:
    """Add the languages that are understood, and keep the others."""
    words = [str(one) for one in (said if isinstance(said, list) else [said])]
    codes = {word: language(word) for word in words}
    found = list(dict.fromkeys(code for code in codes.values() if code))
    if found:
        draft.say("languages", found, at, printed=", ".join(words))
    draft.keep(at, [word for word, code in codes.items() if not code])


def date(text: str) -> str | None:
    """Return the date in a text such as 2023-04-12T10:00:00Z, or None."""
    plain = text.strip()[:10]
    return None if DATE.check(plain) else plain


def resolve(cards: Mapping[str, Card], said: str) -> str | None:
    """Return the id of the one card that is called so, by id, title or home; None otherwise.

    An owner in front (`OpenAI ChatGPT`, `tatsu-lab/alpaca`) does not matter for ids and titles.
    """
    homes = {
        claim.value.removeprefix("hub:").removeprefix("datasets/").removeprefix("models/"): id
        for id, card in cards.items()
        for claim in getattr(card, "homes", ())
        if claim.value
    }
    if said in homes:
        return homes[said]
    wanted = {squash(said), squash(said.rpartition("/")[2]), squash(said.partition(" ")[2])} - {""}
    found = {id for id, card in cards.items() if {squash(id), squash(card.title)} & wanted}
    return found.pop() if len(found) == 1 else None


def known(registry: Registry, kind: str, said: str) -> str | None:
    """Return the id of the card of this kind that a source calls so."""
    return resolve(registry.of_kind(kind), said)
