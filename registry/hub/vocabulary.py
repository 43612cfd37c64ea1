"""The Hub's words for what cards say, and ours for the Hub's.

Its lists: https://huggingface.co/docs/hub/datasets-cards, .../model-cards and
.../repositories-licenses.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache

from registry.cards.vocabulary import LICENCES, TERMS

PUBLIC = "https://huggingface.co"

_RENAMED = {
    "ODC-By-1.0": "odc-by",
    "ODbL-1.0": "odbl",
    "GPL-3.0-only": "gpl-3.0",
    "GPL-3.0-or-later": "gpl-3.0",
    "AGPL-3.0-only": "agpl-3.0",
}
"""SPDX ids that the Hub spells in more than another case."""

_OWN = frozenset(
    re.findall(
        r"\S+",
        r"openrail creativeml-openrail-m openrail++ bigscience-openrail-m bigcode-openrail-m "
        r"bigscience-bloom-rail-1.0 deepfloyd-if-license llama2 llama3 llama3.1 llama3.2 llama3.3 "
        r"llama4 gemma apple-amlr apple-ascl h-research fair-noncommercial-research-license intel- "
        r"research grok2-community cc cc-by-2.5 cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-sa-2.0 cc- "
        r"by-nc-sa-3.0 bsd gpl gpl-2.0 lgpl lgpl-2.1 lgpl-3.0 agpl-3.0 gpl-3.0 gfdl artistic-2.0 "
        r"afl-3.0 bsl-1.0 bsd-3-clause-clear c-uda cdla-sharing-1.0 cdla-permissive-1.0 pddl "
        r"epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 eupl-1.2 ecl-2.0 isc lppl-1.3c ms-pl mpl-2.0 ncsa "
        r"ofl-1.1 open-mdw osl-3.0 postgresql wtfpl zlib unknown ",
    )
)
"""Ids of the Hub for which cards have no id of their own: they write them as terms."""

MULTILINGUALITY = {
    "monolingual": "monolingual",
    "bilingual": "multilingual",
    "multilingual": "multilingual",
}

_SIZES = (
    *((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M")),
    *((10_000_000, "1M<n<10M"), (100_000_000, "10M<n<100M"), (1_000_000_000, "100M<n<1B")),
    *((10_000_000_000, "1B<n<10B"), (100_000_000_000, "10B<n<100B")),
    (1_000_000_000_000, "100B<n<1T"),
)


def licence(said: Iterable[str]) -> dict[str, object]:
    """Return `license`, and `license_name` where the Hub has no id for one of the licences.

    >>> licence(["CC-BY-NC-4.0"]), licence(["terms: OpenAI terms"])
    ({'license': 'cc-by-nc-4.0'}, {'license': 'other', 'license_name': 'openai-terms'})
    >>> licence(["MIT", "Apache-2.0"])
    {'license': ['mit', 'apache-2.0']}
    """
    ids, names = [], []
    for one in said:
        known = _hub_id(one)
        ids.append(known or "other")
        if known is None:
            names.append(one.removeprefix(TERMS))
    if not ids:
        return {}
    unique = list(dict.fromkeys(ids))
    found: dict[str, object] = {"license": unique[0] if len(unique) == 1 else unique}
    name = "-".join(re.findall(r"[a-z0-9.]+", " ".join(names).casefold()))[:96].strip("-.")
    return found | ({"license_name": name} if name else {})


def _hub_id(said: str) -> str | None:
    if said in LICENCES:
        return _RENAMED.get(said, said.casefold())
    name = said.removeprefix(TERMS).strip().casefold()
    return name if name in _OWN else None


def size(count: int) -> str:
    """Return the Hub's bucket of a number of rows.

    >>> size(0), size(1000), size(52_002), size(10**13)
    ('n<1K', '1K<n<10K', '10K<n<100K', 'n>1T')
    """
    return next((name for above, name in _SIZES if count < above), "n>1T")


def bucket(count: int) -> str:
    """Return the power of ten that a small count lies in.

    >>> bucket(7), bucket(10), bucket(1616)
    ('1-10', '10-100', '1000-10000')
    """
    low = 10 ** (len(str(max(count, 1))) - 1)
    return f"{low}-{low * 10}"


@cache
def language(code: str) -> str:
    """Return a language's code of two letters, where it has one, as the Hub wants it.

    >>> language("eng"), language("ceb")
    ('en', 'ceb')
    """
    from iso639 import Language, LanguageNotFoundError

    try:
        return str(Language.from_part3(code).part1 or code)
    except LanguageNotFoundError:
        return code


def creators(who: Iterable[str], crowd: bool) -> list[str]:
    """Return `annotations_creators` for the writers of a dataset; anything else is a model.

    >>> creators(["human", "gpt-4"], crowd=False)
    ['expert-generated', 'machine-generated']
    """
    people = "crowdsourced" if crowd else "expert-generated"
    return list(dict.fromkeys(people if one == "human" else "machine-generated" for one in who))


def repo_id(homes: Iterable[Mapping[str, object]], folder: str) -> str | None:
    """Return the id of the first home that is a repo of the public Hub of this type.

    `homes` are claims as `query.describe` gives them, `folder` is `models` or `datasets`.
    """
    for one in homes:
        place, _, name = str(one.get("value") or "").partition(":")
        said, _, rest = name.partition("/")
        if place != "hub":
            continue
        if said in ("models", "datasets", "spaces"):
            if said == folder and rest.count("/") == 1:
                return rest
        elif name.count("/") == 1:
            return name
    return None
