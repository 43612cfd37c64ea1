"""`hub.yaml`: where cards live on hubs, as of the last push or pull.

It lies in git beside the cards, because where a card was pushed is the team's knowledge: without
it, another checkout could not tell what changed since, nor offline what has to be pushed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from registry.errors import RegistryError
from registry.files import write_text
from registry.frontmatter import load, split
from registry.hub.merge import Sync

FILE = "hub.yaml"
_HEAD = "# Where cards live on hubs, written by `registry push` and `registry pull`.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A card's copy on a hub: the endpoint, the repo as `datasets/NS/NAME`, its last commit."""

    name: str
    endpoint: str
    repo: str
    commit: str
    sync: Sync = field(default_factory=lambda: Sync(""))

    @property
    def type(self) -> str:
        """`models` or `datasets`."""
        return self.repo.partition("/")[0]

    @property
    def id(self) -> str:
        """The repo's namespace and name."""
        return self.repo.partition("/")[2]


def read(root: Path) -> list[Copy]:
    """Read every copy; a checkout without `hub.yaml` has none."""
    path = root / FILE
    if not path.is_file():
        return []
    page = split(b"---\n" + path.read_bytes() + b"\n---\n", FILE)
    found = load(page, FILE)
    try:
        return [_copy(name, one) for name, many in found.items() for one in many]
    except (KeyError, TypeError, AttributeError) as error:
        advice = "take it from git again; `registry pull` writes what is missing"
        raise RegistryError(f"{path}: is not what `registry push` writes; {advice}") from error


def _copy(name: str, one: Mapping[str, Any]) -> Copy:
    sync = Sync(str(one["card"]), dict(one.get("view", {})), dict(one.get("page", {})))
    return Copy(
        name=name,
        endpoint=str(one["endpoint"]),
        repo=str(one["repo"]),
        commit=str(one["commit"]),
        sync=sync,
    )


def find(copies: Iterable[Copy], endpoint: str, *, name: str = "", repo: str = "") -> Copy | None:
    """Return the copy of a card, or in a repo, on one hub."""
    for one in copies:
        if one.endpoint == endpoint and (one.name == name or one.repo == repo):
            return one
    return None


def keep(root: Path, copy: Copy) -> None:
    """Remember a copy in place of what was known of that card on that hub, or of that repo."""
    others = [
        one
        for one in read(root)
        if one.endpoint != copy.endpoint or (one.name != copy.name and one.repo != copy.repo)
    ]
    plain: dict[str, list[dict[str, Any]]] = {}
    for one in sorted([*others, copy], key=lambda one: (one.name, one.endpoint, one.repo)):
        plain.setdefault(one.name, []).append(_plain(one))
    text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=1000)
    write_text(root / FILE, _HEAD + text)


def _plain(one: Copy) -> dict[str, Any]:
    made: dict[str, Any] = {
        "endpoint": one.endpoint,
        "repo": one.repo,
        "commit": one.commit,
        "card": one.sync.card,
        "view": dict(one.sync.view),
        "page": dict(one.sync.page),
    }
    return {key: value for key, value in made.items() if value}
