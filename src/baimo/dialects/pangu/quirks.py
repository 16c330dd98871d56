"""What differs between the places where Pangu's V1 is served."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from baimo.errors import ConfigError

NAME = "pangu"


class Quirks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The differences."""

    path: Literal["deployment", "pool", "whole"] = "deployment"
    """What follows the base address: project and deployment; project, pool and deployment; or nothing,
    because the base address is the whole call address that the console shows."""

    pool_id: str | None = None
    """The resource pool in the address; where it is set, `path` need not be."""

    @property
    def needs_project(self) -> bool:
        """Whether addresses hold a project's id."""
        return self.path != "whole"


def read_quirks(fields: Mapping[str, Any]) -> Quirks:
    """Quirks from a row's table. Raises ConfigError naming an unknown key or a wrong value."""
    known = Quirks.__struct_fields__
    for field in fields:
        if field not in known:
            from difflib import get_close_matches

            near = get_close_matches(field, known, n=2)
            hint = f"did you mean {' or '.join(near)}?" if near else f"there is {', '.join(known)}"
            raise ConfigError(f"{NAME} has no quirk {field!r}; {hint}")
    try:
        quirks = msgspec.convert(dict(fields), Quirks)
    except msgspec.ValidationError as error:
        raise ConfigError(f"a quirk of {NAME} is wrong: {error}") from None
    if quirks.path == "pool" and not quirks.pool_id:
        raise ConfigError(f"{NAME} needs pool_id for path 'pool'")
    return quirks
