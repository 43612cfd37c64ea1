"""Models in MLflow: one logged model per run that made weights, one version per set of weights."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from registry.cards import Card, Model
from registry.index import Registry, name_of
from registry.query import claims_of
from registry.reports import Report
from registry.tracking import records

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion, RegisteredModel

WEIGHTS = "catalog.weights_sha256"
CHAMPION = "champion"
REPRODUCED = "reproduced"


def read_by(client: "MlflowClient", experiments: list[str], report: Report) -> str | None:
    """Return the id of the logged model whose weights this report read, the newest if several."""
    one = records.weights(report.inputs)
    if one is None:
        return None
    found = client.search_logged_models(
        experiments,
        f"tags.`{WEIGHTS}` = '{one.sha256}'",
        order_by=[{"field_name": "creation_time", "ascending": False}],
    )
    return str(found[0].model_id) if found else None


def written_by(client: "MlflowClient", run: "Run", report: Report, card: Model) -> str | None:
    """Return the id of the logged model that a run made, logged now if it is not there."""
    one = records.weights(report.outputs)
    if one is None:
        return None
    experiment, id = run.info.experiment_id, run.info.run_id
    found = client.search_logged_models([experiment], f"source_run_id = '{id}'")
    if found:
        model = str(found[0].model_id)
    else:
        tags = {"catalog.card": name_of(card), WEIGHTS: one.sha256, "catalog.path": one.path}
        said = records.params(report.settings, report.file)
        kind = "tuned" if card.build else "base"
        made = client.create_logged_model(experiment, card.id, id, tags, said, kind)
        model = str(made.model_id)
    _link_output(client, run, model)
    client.finalize_logged_model(model, "READY")
    return model


def link_input(client: "MlflowClient", run: "Run", model: str) -> None:
    """Say that a run started from a logged model; MLflow refuses to be told twice."""
    from mlflow.entities import LoggedModelInput

    known = client.get_run(run.info.run_id).inputs
    if model not in {one.model_id for one in (known.model_inputs if known else ())}:
        client.log_inputs(run.info.run_id, models=[LoggedModelInput(model)])


def _link_output(client: "MlflowClient", run: "Run", model: str) -> None:
    from mlflow.entities import LoggedModelOutput

    known = client.get_run(run.info.run_id).outputs
    if model not in {one.model_id for one in (known.model_outputs if known else ())}:
        client.log_outputs(run.info.run_id, [LoggedModelOutput(model, step=0)])


def register(
    client: "MlflowClient",
    card: Model,
    report: Report,
    run: "Run",
    *,
    text: str,
    tags: Mapping[str, str],
    say: Callable[[str], None],
) -> str | None:
    """Give these weights their version of the registered model; return its number.

    `champion` names the version of the newest report. `reproduced` names a version whose weights
    came out of tuning more than once, to the last bit.
    """
    one = records.weights(report.outputs)
    if one is None:
        return None
    entry = _entry(client, card, text, tags)
    found = client.search_model_versions(f"name = '{card.id}'")
    version = next((each for each in found if each.tags.get(WEIGHTS) == one.sha256), None)
    if version is None:
        version = _new_version(client, card, report, run, {**tags, WEIGHTS: one.sha256})
        say(f"{name_of(card)}: version {version.version} is new, sha256 {one.sha256[:12]}…")
    number = str(version.version)
    wanted = [CHAMPION, *([REPRODUCED] if _came_again(report, run, version) else [])]
    for alias in wanted:
        if str(entry.aliases.get(alias)) != number:  # a server says "1", a database 1
            client.set_registered_model_alias(card.id, alias, number)
    if run.data.tags.get("catalog.version") != number:
        client.set_tag(run.info.run_id, "catalog.version", number)
    return number


def _new_version(
    client: "MlflowClient", card: Model, report: Report, run: "Run", tags: Mapping[str, str]
) -> "ModelVersion":
    model = written_by(client, run, report, card)
    with _looked_up_in(client.tracking_uri):
        return client.create_model_version(
            card.id,
            f"models:/{model}",
            run.info.run_id,
            dict(tags),
            description=f"Weights with sha256 `{tags[WEIGHTS]}`. "
            f"[Card in the catalog](/{name_of(card)})",
            model_id=model,
        )


@contextmanager
def _looked_up_in(uri: str) -> Iterator[None]:
    """Name the store in the environment: MLflow looks a version's source up in the default one.

    It does so when it writes to a database directly (3.17), whichever store the client has.
    """
    before = os.environ.get("MLFLOW_TRACKING_URI")
    os.environ["MLFLOW_TRACKING_URI"] = uri
    try:
        yield
    finally:
        if before is None:
            del os.environ["MLFLOW_TRACKING_URI"]
        else:
            os.environ["MLFLOW_TRACKING_URI"] = before


def _came_again(report: Report, run: "Run", version: "ModelVersion") -> bool:
    """Tell whether this report's tuning is another one than that which made the version."""
    when = records.times(report)
    if when and when[0] > run.info.start_time:
        return True
    return str(version.run_id) != str(run.info.run_id)


def _entry(
    client: "MlflowClient", card: Model, text: str, tags: Mapping[str, str]
) -> "RegisteredModel":
    named = client.search_registered_models(f"name = '{card.id}'")
    if not named:
        return client.create_registered_model(card.id, dict(tags), text)
    (found,) = named
    if found.description != text:
        client.update_registered_model(card.id, text)
    for key, value in tags.items():
        if found.tags.get(key) != value:
            client.set_registered_model_tag(card.id, key, value)
    return found


def tags_of(registry: Registry, card: Model, revision: str | None) -> dict[str, str]:
    """Return what people look for: every value that a claim gives, once.

    Who annotated is what the cards of the datasets say that the model was tuned on.
    """
    mixture = registry.mixtures.get(card.build.mixture) if card.build else None
    ids = [one.dataset for one in mixture.mix.datasets] if mixture else []
    datasets = [registry.datasets[id] for id in ids]
    said = {
        "annotator": _said(datasets, "annotator"),
        "language": _said([card], "languages") or _said(datasets, "languages"),
        "licence": _said([card], "licence"),
    }
    said |= {"catalog.card": name_of(card), "card_rev": revision or ""}
    return {tag: one for tag, one in said.items() if one}


def _said(cards: Iterable[Card], field: str) -> str:
    claims = [claim for card in cards for claim in dict(claims_of(card)).get(field, ())]
    values = (claim.value for claim in claims if claim.value is not None)
    flat = (one for value in values for one in (value if isinstance(value, tuple) else (value,)))
    return ", ".join(dict.fromkeys(map(str, flat)))
