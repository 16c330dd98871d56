"""Where limits are shared: an untrusted project has no say in it, for its names and counts go there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .layers import PROJECT_FILE, Layer
from .trust import Project


def check_shared(layers: Iterable[Layer], project: Project | None) -> None:
    """Raise ConfigError where the file of an untrusted project names a Redis for limits."""
    for layer in layers:
        table = layer.table.get("limits")
        if layer.project and project is not None and isinstance(table, Mapping) and "shared" in table:
            project.require(PROJECT_FILE, "wants to say where limits are shared (limits.shared)")
