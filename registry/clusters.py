"""Conversion over a cluster, by Ray Data: the same converters, the same rows.

Files lie where every node can read them, and so does the folder of shards. The driver only looks
for the places between rows; each block is read and converted by some node, and its rows become a
shard that is there as a whole or not at all. If a node dies, Ray gives its block to another.

Which rows are in the sample for languages and near repeats is known when all are converted; a
second round looks at those, so that the driver never holds more than one sample.
"""

import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from registry.archives import is_archive, open_members
from registry.canonical import from_dict
from registry.files import whole_folder
from registry.formats import FORMATS
from registry.formats.blocks import Block, blocks, can_be_cut, read_block
from registry.measures import Measures, key_of, last_of
from registry.portions import Counted, Portion, Work, moved, of_block, of_file, put_down
from registry.rowgroups import read as read_group


@dataclass(frozen=True, slots=True)
class Piece:
    """What one task converts: a block of a file, or, without one, a whole file or member."""

    work: Work
    format: str
    path: str
    block: Block | None = None


Shard = tuple[Portion, ...]
"""What a task makes of a piece; the rows are in files, of which no other task knows."""


def portions(files: Iterable[tuple[Work, Path]], format: str, shards: Path) -> Iterator[Portion]:
    """Convert files over the cluster that Ray finds (RAY_ADDRESS), or over this machine's cores.

    Portions come in the order of the files and their rows; shards lie in `shards` until then.
    """
    pieces = [piece for work, path in files for piece in cut(work, path.resolve(), format)]
    folders = [shards.resolve() / f"{number:06}" for number in range(len(pieces))]
    made: list[Shard] = _over_all(convert, list(zip(pieces, folders, strict=True)))
    last = last_of(portion.noted for shard in made for portion in shard)
    seen = [number for number, shard in enumerate(made) if any(_taken(one, last) for one in shard)]
    facts = _over_all(look, [(pieces[number].work, made[number], last) for number in seen])
    for number, found in zip(seen, facts, strict=True):
        made[number] += (Portion({}, "", Counted(found)),)
    for shard in made:
        yield from shard


def cut(work: Work, path: Path, format: str) -> Iterator[Piece]:
    """Yield the pieces of a file: blocks by their place, so that texts need not be sent."""
    work, read = replace(work, later=True), FORMATS[format]
    if is_archive(path) or not can_be_cut(read) or work.limit is not None:
        yield Piece(work, format, str(path))
        return
    with path.open("rb") as stream:
        for block in blocks(stream, work.name, read, keep=False):
            yield Piece(work, format, str(path), block)


def convert(piece: Piece, folder: Path) -> Shard:
    """Convert a piece into a shard, whole or not at all; doing it again changes nothing."""
    with whole_folder(folder) as shard:
        made = [put_down(one, shard, f"{nth}") for nth, one in enumerate(_portions(piece))]
    return tuple(moved(one, folder) for one in made)


def look(work: Work, shard: Shard, last: int | None) -> Measures:
    """Look at the rows of a shard that the sample takes, given the `last` of all shards."""
    facts = Measures(skip=work.skip, last=last)
    for portion in (one for one in shard if _taken(one, last)):
        for rows in portion.rows.values():
            table = read_group(rows.group)
            ids = table["id"].to_pylist()
            places = [at for at, id in enumerate(ids) if last is None or key_of(id) <= last]
            taken = [from_dict(one) for one in table.take(places).to_pylist()]
            facts.look([row.id for row in taken], taken)
    return facts


def _taken(portion: Portion, last: int | None) -> bool:
    return any(last is None or key <= last for key in portion.noted)


def _portions(piece: Piece) -> Iterator[Portion]:
    path, read = Path(piece.path), FORMATS[piece.format]
    if piece.block is not None:
        with path.open("rb") as stream:
            yield of_block(piece.work, read_block(piece.block, stream), piece.format)
    elif is_archive(path):
        for _, member in open_members(path, {piece.work.name}):
            yield from of_file(piece.work, read(member, piece.work.name))
    else:
        with path.open("rb") as whole:
            yield from of_file(piece.work, read(whole, piece.work.name))


def _over_all(function: Callable[..., Any], given: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Call a function once for each of these, somewhere; return what it returns, in order."""
    if not given:
        return []
    import ray

    ray.init(ignore_reinit_error=True, log_to_driver=False, include_dashboard=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    items = [
        {"number": number, "call": pickle.dumps((function, one))}
        for number, one in enumerate(given)
    ]
    done = ray.data.from_items(items, override_num_blocks=len(items)).map(_call).take_all()
    # The bytes are those that a task of this run handed on, never a file's.
    returned = {one["number"]: pickle.loads(one["returned"]) for one in done}
    return [returned[number] for number in range(len(items))]


def _call(item: dict[str, Any]) -> dict[str, Any]:
    function, given = pickle.loads(item["call"])
    return {"number": item["number"], "returned": pickle.dumps(function(*given))}
