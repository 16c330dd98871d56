"""Bounds of calls as they are written in a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from baimo.catalogue.rows import Limits
from baimo.errors import ConfigError
from baimo.types.limits import Limit


def read_limit(table: Mapping[str, Any]) -> Limit | None:
    """The bounds of a table that was checked; None for an empty one."""
    return msgspec.convert(table, Limit) if table else None


def check_limit(table: Any, where: str) -> None:
    """Raise ConfigError for bounds that are unknown, or no whole numbers over 0."""
    try:
        limit = msgspec.convert(table, Limit)
    except msgspec.ValidationError as error:
        names = ", ".join(Limit.__struct_fields__)
        raise ConfigError(f"{where}: {error}", hint=f"There is {names}.") from error
    for name in Limit.__struct_fields__:
        bound = getattr(limit, name)
        if bound is not None and bound < 1:
            raise ConfigError(f"{where}.{name} must be at least 1, not {bound}")


def row_limit(facts: Limits) -> Limit | None:
    """The bounds that a row tells; None where it tells none."""
    if facts == _UNTOLD:
        return None
    return Limit(
        concurrency=facts.concurrency,
        requests_per_minute=facts.requests_per_minute,
        tokens_per_minute=facts.tokens_per_minute,
    )


_UNTOLD = Limits()
