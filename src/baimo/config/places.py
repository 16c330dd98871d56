"""The files and folders that `[ledger]`, `[recordings]` and `record` name, as absolute paths."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from .credentials import Locator
from .layers import PROJECT_FILE, Given, Layer, merged
from .services import Services
from .trust import Project


def with_places(
    services: Services, layers: Iterable[Layer], locator: Locator, project: Project | None
) -> Services:
    """The services with paths that hold wherever the program goes.

    A path is relative to the folder of the file it stands in, or to the home behind `~/`. Raises ConfigError
    where an untrusted project names one outside of its folder.
    """
    layers = list(layers)

    def placed(given: Given, what: str) -> str:
        path = locator.path(given.value, given.layer)
        if given.layer.project and project is not None and not project.holds(path):
            project.require(PROJECT_FILE, f"wants to write {what} outside of its folder ({path})")
        return str(path)

    ledger, recordings = services.ledger, services.recordings
    if ledger is not None and ledger.path is not None:
        given = merged((layer, layer.table.get("ledger", {})) for layer in layers)["path"]
        services = replace(services, ledger=replace(ledger, path=placed(given, "the ledger")))
    if recordings is not None and recordings.folder:
        given = _folder(layers)
        services = replace(services, recordings=replace(recordings, folder=placed(given, "recordings")))
    return services


def _folder(layers: Iterable[Layer]) -> Given:
    """Where the folder of recordings is named: `record` before `[recordings]`."""
    record = merged((layer, layer.table) for layer in layers).get("record")
    if record is not None and record.value:
        return record
    return merged((layer, layer.table.get("recordings", {})) for layer in layers)["folder"]
