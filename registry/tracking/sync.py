"""Reports to MLflow, once each: a run, its files as datasets, its numbers, its model.

MLflow is rebuilt from cards and reports; nothing is kept there alone. Every call here can be
repeated, so a run that a killed sync left half made is finished by the next one.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.cards import Card, Model
from registry.hashing import digest
from registry.index import Registry, name_of
from registry.progress import watched
from registry.reports import Artefact, Report
from registry.tracking import models, records
from registry.tracking.connection import experiment, reach, shown
from registry.tracking.description import describe_model, plain
from registry.tracking.revisions import revisions

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Run

Say = Callable[[str], None]
BATCH = 100
METRICS = 1000
MEASURED = "catalog.measured_md5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What a sync found and made; `runs` and `versions` are addresses within MLflow's pages."""

    tracking_uri: str
    created: int
    finished: int
    renewed: int
    known: int
    runs: Mapping[str, str]
    versions: Mapping[str, str]

    def __str__(self) -> str:
        made = f"{self.created} new" if self.created else "nothing new"
        mended = f", {self.finished} half made before and now finished" if self.finished else ""
        again = f", {self.renewed} measured again" if self.renewed else ""
        return f"MLflow at {self.tracking_uri}: {made}{mended}{again}, {self.known} there already"

    def links(self) -> dict[str, Any]:
        """Return the addresses by report and by model, for a report."""
        where = {"tracking_uri": self.tracking_uri}
        return {**where, "runs": dict(self.runs), "models": dict(self.versions)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where one sync writes, and what it knows of the cards and reports."""

    client: "MlflowClient"
    experiments: Mapping[str, str]
    registry: Registry
    reports: tuple[Report, ...]
    makers: records.Makers
    root: Path
    revisions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A report's run in MLflow, and what was done to it.

    `state` is created, finished (it was half made), renewed (measured again) or known.
    """

    report: Report
    card: Card
    run: "Run"
    state: str

    @property
    def address(self) -> str:
        """The run's place in MLflow's pages."""
        return records.run_page(self.run.info.experiment_id, self.run.info.run_id)


def sync(
    registry: Registry,
    reports: Iterable[Report],
    root: Path,
    *,
    tracking_uri: str,
    say: Say,
    progress: bool = False,
) -> Synced:
    """Bring MLflow up to date with the reports of convert, mix, tune and evaluate.

    A run that is there already is not touched, unless its report has other numbers now; the entry
    of each tuned model is renewed, since its text follows the card.
    """
    known = tuple(reports)
    wanted = records.in_order(registry, known)
    with reach(tracking_uri) as client:
        target = Target(
            client=client,
            experiments={stage: experiment(client, stage) for stage in records.STAGES},
            registry=registry,
            reports=known,
            makers=records.Makers(registry, known),
            root=root,
            revisions=revisions(registry, root),
        )
        done = list(_recorded(target, watched(wanted, "publish", "report", shown=progress), say))
        versions = dict(_registered(target, done, say))
    states = [one.state for one in done]
    synced = Synced(
        tracking_uri=shown(tracking_uri),
        created=states.count("created"),
        finished=states.count("finished"),
        renewed=states.count("renewed"),
        known=states.count("known"),
        runs={one.report.file: one.address for one in done},
        versions=versions,
    )
    say(str(synced))
    return synced


def _recorded(target: Target, wanted: Iterable[Report], say: Say) -> Iterator[Recorded]:
    for report in wanted:
        card = records.card_of(target.registry, report)
        if card is None:
            say(f"{report.file}: no card is called '{report.id}' any more; left out")
            continue
        one = _record(target, report, card, say)
        if one and report.stage == "tune":
            _retire_live(target, one)
        if one:
            yield one


def _record(target: Target, report: Report, card: Card, say: Say) -> Recorded | None:
    place = target.experiments[report.stage]
    found = target.client.search_runs([place], f"tags.`catalog.stage_md5` = '{report.key}'")
    finished = [one for one in found if one.info.status == "FINISHED"]
    if finished and finished[0].data.tags.get(MEASURED) == _measured(report):
        return Recorded(report, card, finished[0], "known")
    base = models.read_by(target.client, [*target.experiments.values()], report)
    if finished:
        _renew(target, report, finished[0], base)
        return Recorded(report, card, finished[0], "renewed")
    if base is None and report.stage == "evaluate":
        say(_homeless(report))
        return None
    run = found[0] if found else _create(target, report, card)
    _fill(target, report, card, run, base)
    state = "finished" if found else "created"
    say(f"{report.stage} {report.stem}: run {run.info.run_id} {state}")
    return Recorded(report, card, run, state)


def _create(target: Target, report: Report, card: Card) -> "Run":
    when = records.times(report)
    revision = target.revisions.get(name_of(card))
    tags = {
        "catalog.stage_md5": report.key,
        "catalog.stage": report.stage,
        "catalog.card": name_of(card),
        "mlflow.source.name": report.file,
        "mlflow.source.type": "PROJECT",
        "mlflow.note.content": f"{plain(card.title)}, {report.stage}. [Card](/{name_of(card)})",
        MEASURED: _measured(report),
    }
    if revision:
        tags |= {"card_rev": revision, "mlflow.source.git.commit": revision.partition("-")[0]}
    said = records.params(report.environment, report.file)
    tags |= {f"environment.{name}": value for name, value in said.items()}
    return target.client.create_run(
        target.experiments[report.stage],
        start_time=when[0] if when else None,
        tags=tags,
        run_name=report.stem,
    )


def _fill(target: Target, report: Report, card: Card, run: "Run", base: str | None) -> None:
    from mlflow.entities import Param

    client, id = target.client, run.info.run_id
    said = [Param(*one) for one in records.params(report.settings, report.file).items()]
    for some in _chunks(said, BATCH):
        client.log_batch(id, params=some)
    client.log_inputs(id, datasets=[_dataset(one) for one in _files(target, report, card)])
    if base:
        models.link_input(client, run, base)
    if isinstance(card, Model) and report.stage in ("convert", "tune"):
        models.written_by(client, run, report, card)
    when = records.times(report) or (run.info.start_time, None)
    metrics = [*_metrics(target, report, when[0], base), *_curve(target, report, when)]
    for some in _chunks(metrics, METRICS):
        client.log_batch(id, metrics=some)
    client.set_terminated(id, "FINISHED", when[1])


def _renew(target: Target, report: Report, run: "Run", base: str | None) -> None:
    """Log the numbers of work that was measured again: same key, other numbers.

    MLflow forgets no score of a model: sorting takes the newest, a filter matches any.
    """
    when = records.times(report) or (int(time.time() * 1000), None)
    for some in _chunks(list(_metrics(target, report, when[0], base)), METRICS):
        target.client.log_batch(run.info.run_id, metrics=some)
    target.client.set_tag(run.info.run_id, MEASURED, _measured(report))


def _measured(report: Report) -> str:
    return digest([[one.name, one.value] for one in records.numbers(report.measured)])


def _homeless(report: Report) -> str:
    one = records.weights(report.inputs)
    what = f"sha256 {one.sha256[:12]}…" if one else "no weights at all"
    return (
        f"{report.file}: is left out: it scored weights ({what}) that no report of convert or "
        "tune wrote; run `dvc repro` so that model and scores belong together"
    )


def _files(target: Target, report: Report, card: Card) -> list[records.Input]:
    return records.inputs(target.makers, report, card)


def _dataset(one: records.Input) -> Any:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    kept = Dataset(one.name, one.digest, "local", one.source, profile=one.profile)
    return DatasetInput(kept, [InputTag("mlflow.data.context", one.context)])


def _metrics(target: Target, report: Report, now: int, base: str | None) -> Iterator["Metric"]:
    """Yield the measured numbers; a score names its model and the rows it was measured on."""
    from mlflow.entities import Metric

    model = base if report.stage == "evaluate" else None
    for one in records.numbers(report.measured):
        table = _rows(target, report, one.benchmark) if model and one.benchmark else None
        yield Metric(
            one.name,
            one.value,
            now,
            0,
            model_id=model,
            dataset_name=table.path if table else None,
            dataset_digest=table.digest if table else None,
        )


def _rows(target: Target, report: Report, benchmark: str) -> Artefact | None:
    return records.table_of(target.registry, benchmark, report.inputs)


def _curve(target: Target, report: Report, when: tuple[int, int | None]) -> Iterator["Metric"]:
    from mlflow.entities import Metric

    started, ended = when
    length = (ended or started) - started
    path = (target.root / report.file).with_suffix(".loss.csv")
    for one in records.curve(path) if report.stage == "tune" else ():
        yield Metric(one.name, one.value, started + int(one.at * length), one.step)


def _chunks(many: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(many), size):
        yield many[start : start + size]


def _retire_live(target: Target, one: Recorded) -> None:
    """Delete the runs that streamed this tuning's metrics: the report's run says it all."""
    when = records.times(one.report)
    name = name_of(one.card)
    said = f"tags.`catalog.card` = '{name}' and tags.`catalog.live` != ''"
    for live in target.client.search_runs([target.experiments["tune"]], said):
        if when is None or live.info.start_time <= when[1]:
            target.client.set_tag(live.info.run_id, "catalog.run", one.run.info.run_id)
            target.client.delete_run(live.info.run_id)


def _registered(target: Target, done: Iterable[Recorded], say: Say) -> Iterator[tuple[str, str]]:
    for one in done:
        if one.report.stage == "tune" and isinstance(one.card, Model):
            revision = target.revisions.get(name_of(one.card))
            text = describe_model(target.registry, target.reports, one.card, revision)
            tags = models.tags_of(target.registry, one.card, revision)
            version = models.register(
                target.client, one.card, one.report, one.run, text=text, tags=tags, say=say
            )
            if version:
                yield one.card.id, records.version_page(one.card.id, version)
