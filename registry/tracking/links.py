"""Where a card's runs and models are in MLflow's pages."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from registry.tracking.records import STAGES, model_page, run_page, version_page

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.store.tracking.abstract_store import AbstractStore

PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One run of a card; `run` and `model` are addresses within MLflow's pages, `#/…`.

    `live` runs stream a tuning's metrics and end when the report is published; `started` is in
    milliseconds. `model` is the version that the run's weights have, if it made a tuned model, and
    `registered` the model that it is a version of.
    """

    card: str
    stage: str
    run_id: str
    status: str
    started: int
    live: bool
    key: str | None
    run: str
    model: str | None
    registered: str | None


def links(store: "MlflowClient | AbstractStore", card: str | None = None) -> dict[str, list[Link]]:
    """Return the runs of a card such as `models/smol`, or of every card; the newest first.

    `store` is a client, or the tracking store itself inside MLflow's own server.
    """
    everywhere = store.search_experiments(max_results=PAGE)
    ids = [one.experiment_id for one in everywhere if one.name in STAGES]
    wanted = f"tags.`catalog.card` = '{card}'" if card else "tags.`catalog.card` != ''"
    found: dict[str, list[Link]] = {}
    for run in _runs(store, ids, wanted) if ids else ():
        one = _link(run)
        found.setdefault(one.card, []).append(one)
    return found


def _runs(store: "MlflowClient | AbstractStore", ids: list[str], wanted: str) -> Iterator["Run"]:
    token: str | None = None
    while True:
        page = store.search_runs(ids, wanted, 1, max_results=PAGE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _link(run: "Run") -> Link:
    tags, info = run.data.tags, run.info
    card, version = tags["catalog.card"], tags.get("catalog.version")
    name = card.partition("/")[2]
    return Link(
        card=card,
        stage=tags.get("catalog.stage", ""),
        run_id=info.run_id,
        status=info.status,
        started=info.start_time,
        live="catalog.live" in tags,
        key=tags.get("catalog.stage_md5"),
        run=run_page(info.experiment_id, info.run_id),
        model=version_page(name, version) if version else None,
        registered=model_page(name) if version else None,
    )
