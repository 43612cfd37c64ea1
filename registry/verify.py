"""Hash again whatever the reports name, and tell every difference."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from registry import reports
from registry.place import Place
from registry.place import said as said_of
from registry.reports import artefact


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """Something on disk that is not what a report says."""

    path: str
    message: str
    reports: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.path}: {self.message} (said by {', '.join(self.reports)})"


def verify(place: Place) -> tuple[int, list[Difference]]:
    """Hash again whatever the reports name; return how many files and every difference.

    DVC checks out a corrupted cache object silently, so its word is not taken. A file that only
    reports beside the main job name may be absent: plain `dvc repro` does not make it.
    """
    main = _main(place)
    said: dict[str, dict[tuple[str, int], list[str]]] = {}
    for report in reports.all_of(place.root):
        for one in (*report.inputs, *report.outputs):
            beside = report.part or (main and report.id not in main)
            if beside and not (place.root / one.path).is_file():
                continue
            files = said.setdefault(one.path, {}).setdefault((one.sha256, one.bytes), [])
            files.append(report.file)
    found = [difference for path in said for difference in _differences(place, path, said[path])]
    return len(said), sorted(found)


def _main(place: Place) -> set[str]:
    """Return the cards that the main job runs over; none where nothing says so."""
    given = said_of(place.root)
    tuned: Mapping[str, Mapping[str, str]] = given.get("tuned") or {}
    mixtures = {one["mixture"] for one in tuned.values()}
    return {*given.get("datasets", ()), *given.get("weights", ()), *tuned, *mixtures}


def _differences(
    place: Place, path: str, said: Mapping[tuple[str, int], list[str]]
) -> Iterator[Difference]:
    file = place.root / path
    everybody = tuple(dict.fromkeys(one for many in said.values() for one in many))
    if not file.is_file():
        yield Difference(path, "is missing; run the stage that makes it", everybody)
        return
    now = artefact(place.root, file)
    for (sha256, size), files in said.items():
        if (now.sha256, now.bytes) != (sha256, size):
            message = (
                f"has sha256 {now.sha256} ({now.bytes:,} bytes), the report says {sha256}"
                f" ({size:,} bytes); run its stage again, or restore the file"
            )
            yield Difference(path, message, tuple(dict.fromkeys(files)))
