"""A card to YAML: fields in the order of their dataclass, reading it again gives the same card."""

import re
from dataclasses import MISSING, fields
from typing import Any

import yaml

from registry.cards.claim import QUALIFIERS, Cited, Claim, Declared
from registry.cards.kinds import Card
from registry.cards.nodes import scalar

_WIDTH = 100
_NUMBERLIKE = re.compile(r"[-+.\d][-+.,:_\deE]*")


def to_yaml(card: Card) -> str:
    """Return a card as YAML text."""
    return yaml.dump(
        to_plain(card),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=_WIDTH,
        default_flow_style=False,
    )


def to_plain(value: Any) -> Any:
    """Return a card, or a part of one, as plain values; fields at their default are left out."""
    if isinstance(value, Claim):
        return _claim(value)
    if isinstance(value, tuple):
        made = [to_plain(one) for one in value]
        claims = bool(value) and isinstance(value[0], Claim)
        return made[0] if claims and len(made) == 1 else made
    if hasattr(value, "__dataclass_fields__"):
        return {
            one.name: to_plain(getattr(value, one.name))
            for one in fields(value)
            if not _at_default(value, one)
        }
    return value


def _at_default(value: Any, one: Any) -> bool:
    return one.default is not MISSING and getattr(value, one.name) == one.default


def _claim(claim: Claim[Any]) -> dict[str, Any]:
    evidence = claim.evidence
    said: dict[str, Any] = {}
    if claim.status != "measured":
        said["value"] = to_plain(claim.value)
    said |= {name: getattr(claim, name) for name in ("hedge", "printed", *QUALIFIERS)}
    if isinstance(evidence, Cited):
        said |= {"cited": evidence.paper, "at": evidence.at, "quote": evidence.quote}
    elif isinstance(evidence, Declared):
        said |= {"declared": evidence.by, "at": evidence.at, "quote": evidence.quote}
    else:
        said["measured"] = evidence.stage
    said["note"] = claim.note
    return {name: one for name, one in said.items() if one is not None or name == "value"}


class _Dumper(yaml.SafeDumper):
    """Quotes whatever YAML 1.1 readers or ours would not read back as text."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless=False)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style(value))


def style(value: str) -> str | None:
    """Return YAML's style for a text: a block for lines such as BibTeX, quotes where needed."""
    if _is_block(value):
        return "|"
    plain = isinstance(scalar(value), str) and not _NUMBERLIKE.fullmatch(value)
    return None if plain and value.isprintable() else '"'


def _is_block(value: str) -> bool:
    """Tell whether a text is whole lines that YAML's block keeps as they are."""
    *lines, end = value.split("\n")
    kept = all(line and line.isprintable() and line == line.rstrip() for line in lines)
    return not end and len(lines) > 1 and kept and not value.startswith(" ")


_Dumper.add_representer(str, _text)
