"""Variants of a benchmark as canonical tables, one Parquet file each."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from registry.canonical import SCHEMA, TEMPLATED, Row, write_rows
from registry.errors import RegistryError, near
from registry.evaluation.robustness.perturb import KINDS, MOST, Perturbed, perturb


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A table that was written: how its rows were changed, and why others were not."""

    name: str
    path: Path
    rows: int
    digest: str
    changed: Mapping[str, int]
    unchanged: Mapping[str, int]


def write(
    rows: Sequence[Row],
    kinds: Iterable[str],
    out: Path,
    *,
    variants: int = 1,
    seed: int = 0,
    changed_only: bool = False,
) -> tuple[Variant, ...]:
    """Write so many variants of each kind to `<kind>.<n>.parquet` in the folder `out`.

    A row to which nothing can be done stays as it is, unless only changed ones are wanted. It never
    stays among negated ones: an answer to it is right where theirs is wrong.
    """
    chosen = list(dict.fromkeys(kinds))
    _check(rows, chosen, variants)
    return tuple(
        _write(rows, kind, n, seed, out, changed_only or kind == "negated")
        for kind in chosen
        for n in range(1, variants + 1)
    )


def _check(rows: Sequence[Row], kinds: Sequence[str], variants: int) -> None:
    if not rows:
        raise RegistryError("perturb: there are no rows; convert or mix the benchmark again")
    for id, many in Counter(row.id for row in rows).items():
        if many > 1:
            raise RegistryError(f"{id}: {many} rows have this id; keep one")
    for kind in kinds:
        if kind not in KINDS:
            hint = near(kind, KINDS) or f"; known are {', '.join(KINDS)}"
            raise RegistryError(f"perturb: there is no kind '{kind}'{hint}")
        if not 1 <= variants <= MOST.get(kind, variants):
            most = MOST.get(kind)
            wanted = f"1 to {most}" if most else "1 or more"
            raise RegistryError(f"{kind}: cannot have {variants} variants; ask for {wanted}")


def _write(
    rows: Sequence[Row], kind: str, n: int, seed: int, out: Path, changed_only: bool
) -> Variant:
    counted: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}

    def made() -> Iterator[Perturbed]:
        for row in rows:
            one = perturb(row, kind, n, seed)
            counted[one.changed][one.way] += 1
            if one.changed or not changed_only:
                yield one

    name = f"{kind}.{n}"
    path = out / f"{name}.parquet"
    # A layout's name is a column that other tables do not have.
    templated = kind == "demonstrations" or any(row.template for row in rows)
    schema = TEMPLATED if templated else SCHEMA
    table = write_rows(path, (one.row for one in made()), schema=schema)
    return Variant(
        name=name,
        path=path,
        rows=table.rows,
        digest=table.digest,
        changed=dict(counted[True].most_common()),
        unchanged=dict(counted[False].most_common()),
    )
