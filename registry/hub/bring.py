"""The tables and weights of a repo, brought to where those of a card lie.

Every file is held against the hash that the hub lists, and against the one that a report proves.
"""

import json
from pathlib import Path, PurePosixPath

from registry import reports as reporting
from registry.cards import Card
from registry.errors import RegistryError
from registry.files import whole, whole_folder
from registry.hub import names, remote, repo
from registry.hub.found import Found
from registry.hub.remote import MAX_FILE
from registry.place import Place
from registry.query import by_stage


def tables_of(place: Place, card: Card, found: Found) -> list[str]:
    """Bring a card's tables; return their paths in the repo."""
    stage = "mix" if card.kind == "mixture" else "convert"
    folder = place.mixture(card.id) if card.kind == "mixture" else place.canonical(card.id)
    report = by_stage(reporting.all_of(place.root)).get((stage, card.id))
    proofs = {PurePosixPath(one.path).name: one.sha256 for one in report.outputs} if report else {}
    wanted = names.paths(one for one in found.there.files if repo.TABLES.fullmatch(one))
    for path in wanted:
        target = folder / PurePosixPath(path).name
        proof = proofs.get(target.name)
        with whole(target) as temporary:
            _fetched(found, path, temporary, proof)
    return wanted


def weights_of(
    place: Place, card: Card, found: Found, *, risky: bool
) -> tuple[list[str], list[str]]:
    """Bring a model's weights; return their paths, and those of what may run and is left there."""
    named = [one for one in found.there.files if repo.wanted_weights(one, risky=risky)]
    wanted = [one for one in named if one not in (repo.CROISSANT,)]
    left = [one for one in found.there.files if names.risky(one) and one not in wanted]
    if "config.json" not in wanted:
        raise RegistryError(f"{found.id}: holds no model; there is no config.json")
    with whole_folder(place.model(card.id)) as folder:
        for path in names.paths(wanted):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            _fetched(found, path, target, None)
        index = folder / "model.safetensors.index.json"
        if index.is_file():
            _whole_index(index, found)
    return wanted, left


def _whole_index(index: Path, found: Found) -> None:
    """Refuse an index that names files outside the folder, or that did not come."""
    try:
        shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
    except (ValueError, KeyError, AttributeError) as error:
        raise RegistryError(f"{found.id}/{index.name}: is no index of weights") from error
    for one in shards:
        if not (isinstance(one, str) and (index.parent / names.path(one)).is_file()):
            raise RegistryError(f"{found.id}/{index.name}: names {one!r}, which is not there")


def _fetched(found: Found, path: str, target: Path, proof: str | None) -> None:
    """Download a file and hold its hash against what the hub listed and what a report proves."""
    entry = found.there.files[path]
    if entry.size > MAX_FILE:
        raise RegistryError(f"{found.id}/{path}: has {entry.size:,} bytes; too large to take")
    got = remote.fetch(
        found.hub, found.type, found.id, found.there.commit, path, target, entry.size
    )
    if got.bytes != entry.size or (entry.sha256 and got.sha256 != entry.sha256):
        said = f"came with the sha256 {got.sha256[:12]}…, not the one that the hub lists"
        raise RegistryError(f"{found.id}/{path}: {said}; not taken")
    if proof and got.sha256 != proof:
        said = f"came with the sha256 {got.sha256[:12]}…, the report here says {proof[:12]}…"
        raise RegistryError(f"{found.id}/{path}: {said}; not taken")
