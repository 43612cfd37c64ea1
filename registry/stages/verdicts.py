"""Where the verdicts on a model's answers lie, and whether they are those of its report."""

from pathlib import Path

from registry.cards import Model
from registry.errors import RegistryError, near
from registry.evaluation import items
from registry.hashing import hash_file
from registry.index import load, name_of
from registry.logbook import Say
from registry.place import Place
from registry.reports import read
from registry.stages.shared import find


def verdicts_of(place: Place, model: str, benchmark: str, *, say: Say) -> Path:
    """Return the file of what was decided of each of a model's answers to a benchmark.

    There may be one of the pipeline and one beside it: that comes first whose hash a report names.
    `benchmark` may be the name of answers to a variant or to the first rows, such as
    `ifeval.first-20`.
    """
    registry = load(place.root)
    card, id = find(registry, model, Model), benchmark.removeprefix("benchmarks/")
    places = (place.answers(card.id, id), place.tried(card.id, id))
    there = [path for answers in places if (path := items.beside(answers)).is_file()]
    if not there:
        hint = "" if id in registry.benchmarks else near(id, registry.benchmarks)
        hint = hint or f"; registry evaluate {card.id} {id} writes them"
        raise RegistryError(f"{name_of(card)}: there are no verdicts on its answers to {id}{hint}")
    known = _named(place.root, card.id, id)
    paths = {path: path.relative_to(place.root).as_posix() for path in there}
    same = [path for path in there if hash_file(path).sha256 == known.get(paths[path], ("",))[0]]
    chosen = (same or there)[0]
    if not same and paths[chosen] in known:
        report = known[paths[chosen]][1]
        say(f"{paths[chosen]}: is not the file that {report} names by hash; it changed since")
    return chosen


def _named(root: Path, model: str, benchmark: str) -> dict[str, tuple[str, str]]:
    """Return the sha256 of each file that the model's reports say they wrote, and which does."""
    found = [read(root, "evaluate", model, part) for part in (None, benchmark)]
    return {
        one.path: (one.sha256, report.file) for report in found if report for one in report.outputs
    }
