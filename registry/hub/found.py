"""A repo as a pull finds it: read once, and named as claims name its page."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry import frontmatter
from registry.drafts.draft import Source
from registry.errors import RegistryError
from registry.hub import page, remote
from registry.hub.merge import BODY
from registry.hub.remote import README, Hub, Remote


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A repo that was read, and how claims name its page."""

    hub: Hub
    type: str
    id: str
    there: Remote
    page: frontmatter.Page
    front: Mapping[str, Any]

    @property
    def source(self) -> Source:
        said_by = self.hub.said_by(self.type, self.id)
        return Source(README, said_by, revision=self.there.commit)

    @property
    def values(self) -> dict[str, Any]:
        """The page's keys, and the text between our comments as one of them."""
        text = page.made(self.page.body)
        return dict(self.front) | ({BODY: text} if text is not None else {})


def find(root: Path, hub: Hub, said: str) -> Found:
    """Read the repo that is meant; without a type it is the one that is there."""
    type, id = remote.split_repo(said)
    types = [type] if type else list(remote.TYPES)
    there = {one: found for one in types if (found := remote.read(hub, root, one, id))}
    if not there:
        raise RegistryError(
            f"{said}: {hub.endpoint} shows no such repo; check the name or the token"
        )
    if len(there) > 1:
        raise RegistryError(f"{said}: is a model and a dataset; write models/{id} or datasets/{id}")
    ((kind, found),) = there.items()
    parts = frontmatter.split(found.readme or b"", f"{id}/{README}")
    front = frontmatter.load(parts, f"{id}/{README}")
    return Found(hub=hub, type=kind, id=id, there=found, page=parts, front=front)
