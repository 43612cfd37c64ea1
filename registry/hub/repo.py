"""The files of a card's repo beside its page: the card, its data, its weights, its Croissant."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.cards import Benchmark, Card, Dataset
from registry.cards.vocabulary import FOLDERS
from registry.errors import RegistryError
from registry.exports.croissant import TableFile, document
from registry.hashing import hash_file
from registry.hub import names
from registry.hub.remote import Entry
from registry.index import Registry
from registry.place import Place
from registry.query import by_stage
from registry.reports import Report

CROISSANT = "croissant.json"
WEIGHTS = re.compile(
    r"(adapter/)?([\w.-]+\.safetensors|[\w.-]+\.json|[\w.-]+\.jinja|merges\.txt|vocab\.txt"
    r"|[\w.-]+\.model|[\w.-]+\.tiktoken)|additional_chat_templates/[\w.-]+\.jinja"
)
"""What a model's folder may hold: tensors, settings, tokenizer, template; nothing that runs."""

TABLES = re.compile(r"data/([\w.-]+)\.parquet")


@dataclass(frozen=True, slots=True)
class File:
    """A file to push: its path in the repo, and its bytes or where they lie."""

    path: str
    content: bytes | Path

    @property
    def size(self) -> int:
        """Its size in bytes."""
        if isinstance(self.content, bytes):
            return len(self.content)
        return self.content.stat().st_size

    def sha256(self) -> str:
        """Return the sha256 of its bytes."""
        if isinstance(self.content, bytes):
            return hashlib.sha256(self.content).hexdigest()
        return hash_file(self.content).sha256

    def differs(self, entry: Entry | None) -> bool:
        """Tell whether a repo lacks these bytes at this path."""
        if entry is None or entry.size != self.size:
            return True
        if entry.sha256:
            return entry.sha256 != self.sha256()
        return entry.oid != self.git()

    def git(self) -> str:
        """Return git's id of its bytes, by which a hub lists small files."""
        made = hashlib.sha1(f"blob {self.size}\0".encode(), usedforsecurity=False)
        if isinstance(self.content, bytes):
            made.update(self.content)
        else:
            with self.content.open("rb") as stream:
                while chunk := stream.read(1 << 20):
                    made.update(chunk)
        return made.hexdigest()


@dataclass(frozen=True, slots=True)
class Table:
    """A canonical table that goes along: its split, its file and the hash that is proven."""

    split: str
    file: File
    sha256: str


def tables(card: Card, place: Place, reports: Sequence[Report]) -> list[Table]:
    """Return the tables of a card, each proven to be what its report says."""
    stage = "mix" if card.kind == "mixture" else "convert"
    folder = place.mixture(card.id) if card.kind == "mixture" else place.canonical(card.id)
    report = by_stage(reports).get((stage, card.id))
    made = [one for one in report.outputs if one.path.endswith(".parquet")] if report else []
    if not made:
        advice = f"run `registry {stage} {card.id}`"
        raise RegistryError(f"{card.id}: no report names tables of it; {advice}")
    found = []
    for one in made:
        path = folder / one.path.rpartition("/")[2]
        proven(path, one.sha256, f"run `registry {stage} {card.id}` again")
        split = re.sub(r"\W", "_", path.stem)
        found.append(Table(split, File(f"data/{path.name}", path), one.sha256))
    return found


def proven(path: Path, sha256: str, advice: str) -> None:
    """Refuse a file that is not the one that a report names."""
    if not path.is_file():
        raise RegistryError(f"{path}: is not there; {advice}")
    found = hash_file(path).sha256
    if found != sha256:
        said = f"has the sha256 {found[:12]}…, its report says {sha256[:12]}…"
        raise RegistryError(f"{path}: {said}; {advice}")


def weights(
    card: Card, place: Place, reports: Sequence[Report], *, risky: bool = False
) -> tuple[list[File], list[str]]:
    """Return the files of a model's folder, and the names of those that are left out."""
    folder = place.model(card.id)
    stage = "tune" if getattr(card, "build", None) else "convert"
    if not (folder / "config.json").is_file():
        advice = f"run `registry {stage} {card.id}`"
        raise RegistryError(f"{folder}: no model is here; {advice}")
    report = by_stage(reports).get((stage, card.id))
    for one in report.outputs if report else ():
        if one.path.startswith(f"models/{card.id}/"):
            proven(place.root / one.path, one.sha256, f"run `registry {stage} {card.id}` again")
    kept: list[str] = []
    left: list[str] = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        fits = wanted_weights(name, risky=risky) and not path.is_symlink()
        (kept if fits else left).append(name)
    return [File(name, folder / name) for name in names.paths(kept)], left


def wanted_weights(path: str, *, risky: bool) -> bool:
    """Tell whether a file belongs to a model's folder; pickles and programs only if asked for."""
    if names.risky(path):
        return risky
    return bool(WEIGHTS.fullmatch(path))


def croissant(registry: Registry, card: Card, made: Sequence[Table], address: str) -> list[File]:
    """Return the Croissant document of a dataset's repo at this address; other cards have none."""
    if not isinstance(card, Dataset | Benchmark):
        return []
    described = [
        TableFile(
            one.split,
            one.file.path,
            f"{address}/resolve/main/{one.file.path}",
            one.sha256,
            one.file.size,
            tuple(_columns(one.file.content)),
        )
        for one in made
    ]
    found: dict[str, Any] = document(registry, card, None, described)
    found["url"] = address
    text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
    return [File(CROISSANT, text.encode())]


def _columns(path: bytes | Path) -> Iterator[tuple[str, str]]:
    """Yield a table's flat columns with Croissant's types."""
    import pyarrow.parquet as pq

    for field in pq.read_schema(path):
        if str(field.type) in ("string", "large_string"):
            yield field.name, "sc:Text"


def card_path(root: Path, card: Card) -> Path:
    """Return where a card's file lies."""
    return root / "cards" / FOLDERS[card.kind] / names.path(f"{card.id}.yaml")


def splits(made: Sequence[Table]) -> Mapping[str, Sequence[str]]:
    """Return the paths of tables by split."""
    return {one.split: [one.file.path] for one in made}
