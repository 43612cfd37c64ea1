"""The stage that brings MLflow up to date."""

from registry import reports
from registry.index import load
from registry.logbook import Say, clock
from registry.place import Place
from registry.reports import Report


def publish(place: Place, *, say: Say) -> Report:
    """Bring MLflow up to date with the reports; what is there already stays as it is."""
    from registry import tracking

    found = [one for one in reports.all_of(place.root) if one.stage != "publish"]
    with clock() as environment:
        synced = tracking.sync(
            load(place.root),
            found,
            place.root,
            tracking_uri=place.tracking_uri,
            say=say,
            progress=place.progress,
        )
    settings = {"reports": {one.file: one.key for one in found}}
    environment |= {"tracking_uri": place.tracking_uri} | synced.links()
    report = Report(stage="publish", id="all", settings=settings, environment=environment)
    reports.write(place.root, report)
    return report
