"""A hub with its people, checkouts that push to it, and what a client reads there."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from huggingface_hub import HfApi

from registry import frontmatter
from registry.cli import main

SONGS = "cards/datasets/songs.yaml"


@dataclass(frozen=True)
class Hub:
    """A server, and everybody's tokens."""

    address: str
    tokens: dict[str, str]

    def api(self, user: str = "ann") -> HfApi:
        return HfApi(endpoint=self.address, token=self.tokens[user])

    @property
    def variable(self) -> str:
        """The variable that holds a token of this server."""
        return f"TUNEDECK_TOKEN_127_0_0_1_{self.address.rpartition(':')[2]}"


@dataclass(frozen=True)
class Checkout:
    """A checkout, and the command in it."""

    hub: Hub
    root: Path

    def run(self, *words: str, code: int = 0) -> Result:
        more = ["--to", self.hub.address] if words[0] in ("push", "pull") else []
        done = CliRunner().invoke(main, [*words, *more, "--root", str(self.root)])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert code == done.exit_code, done.output
        return done

    def told(self, *words: str, code: int = 0) -> Any:
        return json.loads(self.run(*words, "--json", code=code).stdout)

    def text(self, old: str = "", new: str = "") -> str:
        """Return the card of the songs, after an edit of it."""
        path = self.root / SONGS
        if old:
            assert old in path.read_text()
            path.write_text(path.read_text().replace(old, new))
        return path.read_text()


def read(hub: Hub, repo: str, path: str, kind: str = "dataset", **more: Any) -> bytes:
    return Path(
        hub.api().hf_hub_download(repo, path, repo_type=kind, force_download=True, **more)
    ).read_bytes()


def front(hub: Hub, repo: str, kind: str = "dataset", **more: Any) -> dict[str, Any]:
    return frontmatter.load(frontmatter.split(read(hub, repo, "README.md", kind, **more)))


def edit(hub: Hub, repo: str, text: str = "", **changes: Any) -> str:
    """Edit a page as somebody with the Hub's client would; return the commit."""
    page = frontmatter.split(read(hub, repo, "README.md"))
    content = frontmatter.update(page, changes).encode() + text.encode()
    done = hub.api().upload_file(
        path_or_fileobj=content, path_in_repo="README.md", repo_id=repo, repo_type="dataset"
    )
    return str(done.oid)
