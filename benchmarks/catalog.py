"""The catalog with many cards: how long questions, pages, lineage and updates take.

    python benchmarks/catalog.py [--cards 100000] [--edges 300000] [--mlflow 1000 10000]

Writes cards of random words (datasets, models and papers, with parents and tuning data, so that
there are so many edges), builds the index in a process of its own, asks it, changes one card and
looks again. Prints the median, the 95th percentile and the largest time of each, and the peak of
memory. `--mlflow` registers as many models in MLflow and searches both. Timings are for people to
compare; no test reads them.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# This file has the name of the package that it measures, and its folder stands first.
sys.path[:] = [one for one in sys.path if Path(one).resolve() != Path(__file__).resolve().parent]

LICENCES = ["MIT", "Apache-2.0", "CC-BY-4.0", "CC-BY-NC-4.0", "CC-BY-SA-4.0", "CC0-1.0"]
LANGUAGES = ["eng", "zho", "deu", "fra", "spa", "hin", "arb", "jpn", "rus", "por", "swa", "fin"]
WRITERS = ["human", "program", "model"]
HOPS = 8


def main() -> None:
    """Make the cards, measure, print."""
    asked = argparse.ArgumentParser(description="Measure the catalog with many cards.")
    asked.add_argument("--cards", type=int, default=100_000)
    asked.add_argument("--edges", type=int, default=300_000)
    asked.add_argument("--mlflow", type=int, nargs="*", default=[])
    asked.add_argument("--keep", type=Path, help="Keep the cards here, and use those that are.")
    asked.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.inside:
        measure(given.inside)
        return
    with tempfile.TemporaryDirectory() as place:
        root = given.keep or Path(place)
        if not (root / "cards").exists():
            edges = make(root, given.cards, given.edges)
            print(f"{given.cards:,} cards with {edges:,} edges in {root}")
        command = [sys.executable, __file__, "--inside", str(root)]
        # A process of its own, so that the peak of memory is that of the catalog alone.
        subprocess.run(command, check=True)
        for count in given.mlflow:
            beside_mlflow(Path(place) / f"mlflow-{count}", count)


def make(root: Path, cards: int, edges: int) -> int:
    """Write cards: a tenth papers, a half models, the rest datasets; return how many edges."""
    chance = random.Random(7)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(8000)]
    papers, models = cards // 10, cards // 2
    datasets = cards - papers - models
    per = edges / max(1, cards - papers)
    made = 0
    for at in range(papers):
        title = " ".join(chance.choices(words, k=6))
        write(root, "papers", f"p{at}", f"kind: paper\nid: p{at}\ntitle: {title}\nyear: 2023\n")
    for at in range(datasets):
        many = min(at, int(per + chance.random()))
        parents = sorted({near(chance, at) for _ in range(many)})
        made += len(parents)
        write(root, "datasets", f"d{at}", dataset(chance, words, at, parents, papers))
    for at in range(models):
        many = int(per + chance.random())
        used = sorted({chance.randrange(datasets) for _ in range(max(1, many - 1))})
        made += len(used) + (at > 0)
        write(root, "models", f"m{at}", model(chance, words, at, used, papers))
    return made


def near(chance: random.Random, at: int) -> int:
    """Return an earlier number, mostly one close by, so that lineages are deep."""
    return max(0, at - 1 - int(chance.expovariate(1 / 2000)))


def dataset(
    chance: random.Random, words: list[str], at: int, parents: list[int], papers: int
) -> str:
    """Return a dataset's card."""
    said = f"cited: p{chance.randrange(papers)}, at: Table {chance.randrange(9)}"
    languages = chance.sample(LANGUAGES, chance.choice([1, 1, 1, 2, 5]))
    lines = [
        f"kind: dataset\nid: d{at}\ntitle: {' '.join(chance.choices(words, k=3))}",
        f"summary: {' '.join(chance.choices(words, k=20))}",
        f"released: {{value: {chance.randrange(2016, 2026)}-{chance.randrange(1, 13):02}, {said}}}",
        f"annotator: {{value: [{chance.choice(WRITERS)}], {said}}}",
        f"languages: {{value: [{', '.join(languages)}], {said}}}",
        f"licence: {{value: {chance.choice(LICENCES)}, {said}}}",
        f"scale:\n  - {{value: {int(10 ** chance.uniform(2, 8))}, unit: instances, {said}}}",
    ]
    if parents:
        lines.append("parents:")
        lines += [f"  - {{value: d{one}, relation: subset, {said}}}" for one in parents]
    return "\n".join(lines) + "\n"


def model(chance: random.Random, words: list[str], at: int, used: list[int], papers: int) -> str:
    """Return a model's card."""
    said = f"cited: p{chance.randrange(papers)}, at: Section {chance.randrange(9)}"
    lines = [
        f"kind: model\nid: m{at}\ntitle: {' '.join(chance.choices(words, k=3))}",
        f"summary: {' '.join(chance.choices(words, k=20))}",
        f"released: {{value: {chance.randrange(2016, 2026)}-{chance.randrange(1, 13):02}, {said}}}",
        f"licence: {{value: {chance.choice(LICENCES)}, {said}}}",
        "not_reproduced: its weights are made of random words",
        f"scale:\n  - {{value: {int(10 ** chance.uniform(7, 11))}, unit: parameters, {said}}}",
    ]
    if at:
        lines.append(f"parents:\n  - {{value: m{near(chance, at)}, relation: base, {said}}}")
    lines.append("tuned_on:")
    lines += [f"  - {{value: d{one}, {said}}}" for one in used]
    return "\n".join(lines) + "\n"


def write(root: Path, folder: str, id: str, text: str) -> None:
    """Write a card."""
    path = root / "cards" / folder / f"{id}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def measure(root: Path) -> None:
    """Build the index and ask it; in a process of its own."""
    from starlette.testclient import TestClient

    from catalog.app import standalone
    from catalog.index import Index
    from catalog.settings import Settings

    begun = time.perf_counter()
    index = Index(root)
    read = index.refresh()
    print(f"index: {read:,} cards read in {time.perf_counter() - begun:.1f} s")
    settings = Settings(root=root, patience=1000)
    client = TestClient(standalone(settings), base_url="http://localhost")
    begun = time.perf_counter()
    client.get("/datasets")
    print(f"start with a finished index: {time.perf_counter() - begun:.2f} s")
    print("{:34}{:>8}{:>10}{:>10}{:>10}".format("", "n", "median", "p95", "largest"))
    chance = random.Random(11)
    line("facets and words (index)", [timed(index.find, ask) for ask in asks(chance)])
    line("the same as a page", [timed(page, client, one) for one in addresses(chance)])
    counts = index.counts()
    names = [
        f"/{folder}/{folder[0]}{chance.randrange(counts[folder])}"
        for folder in ("datasets", "models", "papers")
        for _ in range(100)
    ]
    line("a card's page", [timed(page, client, one) for one in names])
    starts = [
        (f"{name[1:]}", direction)
        for name in names
        if not name.startswith("/papers")
        for direction in ("up", "down")
    ]
    line(f"closure over {HOPS} hops", [timed(index.reach, *one, HOPS) for one in starts])
    print(f"  equal to brute force over all edges: {equal_to_brute_force(index, starts[::20])}")
    largest = max(len(index.reach(*one, HOPS)) for one in starts)
    print(f"  the largest of them has {largest:,} things")
    print(f"one card changed, index again: {update(root, index):.2f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"memory at its peak: {peak:,} MB")


def asks(chance: random.Random) -> Iterator[Any]:
    """Yield questions as people ask them: some filters, a word or none, an order or none."""
    from catalog.index import Ask

    vocabulary = random.Random(7)
    words = ["".join(vocabulary.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(8000)]
    for at in range(300):
        wanted = {"kind": (chance.choice(["dataset", "model"]),)}
        if at % 2:
            wanted["licence"] = (chance.choice(["open", "non-commercial", "share-alike"]),)
        if at % 3 == 0:
            wanted["annotator"] = (chance.choice(WRITERS),)
            wanted["multilinguality"] = ("multilingual", "bilingual")
        text = chance.choice(words)[: chance.choice([2, 3, 7])] if at % 4 else ""
        ranges = {"instances": (1e6, None)} if at % 5 == 0 else {}
        sort = chance.choice(["", "", "instances", "released", "title"])
        yield Ask(text, wanted, ranges, sort, sort != "title")


def addresses(chance: random.Random) -> Iterator[str]:
    """Yield the questions as addresses of pages."""
    from urllib.parse import urlencode

    for ask in asks(chance):
        pairs = [("q", ask.text)] + [(k, v) for k, many in ask.wanted.items() for v in many]
        pairs += [(f"min_{name}", int(low)) for name, (low, _) in ask.ranges.items()]
        pairs += [("sort", ask.sort), ("order", "desc" if ask.descending else "asc")]
        yield f"/cards?{urlencode([one for one in pairs if one[1] != ''])}"


def page(client: Any, address: str) -> None:
    """Ask for a page."""
    response = client.get(address)
    assert response.status_code == 200, (address, response.status_code)


def timed(work: Callable[..., Any], *given: Any) -> float:
    """Return the milliseconds that some work takes."""
    begun = time.perf_counter()
    work(*given)
    return 1000 * (time.perf_counter() - begun)


def line(name: str, times: list[float]) -> None:
    """Print median, 95th percentile and largest."""
    times.sort()
    middle, late = times[len(times) // 2], times[int(len(times) * 0.95)]
    print(f"{name:34}{len(times):8}{middle:7.1f} ms{late:7.1f} ms{times[-1]:7.1f} ms")


def equal_to_brute_force(index: Any, starts: list[tuple[str, str]]) -> bool:
    """Tell whether closures are those found by going over the list of all edges once a hop."""
    db = index.reader()
    asked = (
        "SELECT a.name, b.name FROM edge JOIN thing a ON a.n = source JOIN thing b ON b.n = target"
    )
    edges = db.execute(asked).fetchall()
    for name, direction in starts:
        found = {name}
        for _ in range(HOPS):
            pairs = edges if direction == "down" else ((b, a) for a, b in edges)
            found |= {target for source, target in pairs if source in found}
        if found != set(index.reach(name, direction, HOPS)):
            return False
    return True


def update(root: Path, index: Any) -> float:
    """Return the seconds until a changed card is found."""
    path = root / "cards" / "datasets" / "d17.yaml"
    text = path.read_text(encoding="utf-8")
    time.sleep(2.1)  # so that no other file is young enough to be looked into
    index.refresh()
    path.write_text(text.replace("title: ", "title: Zanzibar ", 1), encoding="utf-8")
    begun = time.perf_counter()
    read = index.refresh()
    took = time.perf_counter() - begun
    from catalog.index import Ask

    assert read == 1, read
    assert [one.entry.id for one in index.find(Ask("zanzibar")).lines] == ["d17"]
    path.write_text(text, encoding="utf-8")
    return took


def beside_mlflow(root: Path, count: int) -> None:
    """Print how long MLflow's search of registered models takes, and ours of as many cards."""
    from catalog.index import Ask, Index

    make(root, count * 2, count * 4)
    index = Index(root)
    index.refresh()
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{root}/mlflow.db")
    for entry in index.entries("models"):
        tags = {"licence": entry.licence_class[0], "year": entry.released[0][:4]}
        client.create_registered_model(entry.id, tags, json.dumps(entry.summary))
    asked = "tags.licence = 'open'"
    theirs = [
        timed(lambda: client.search_registered_models(asked, max_results=50)) for _ in range(30)
    ]
    ours_asked = Ask(wanted={"kind": ("model",), "licence": ("open",)})
    ours = [timed(index.find, ours_asked) for _ in range(30)]
    print(f"{count:,} models, those under open licences, the first 50")
    line("  MLflow search_registered_models", theirs)
    line("  the catalog, with every facet", ours)
    print(f"  ratio of medians: {sorted(theirs)[15] / sorted(ours)[15]:.0f}")


if __name__ == "__main__":
    main()
