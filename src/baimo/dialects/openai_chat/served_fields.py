"""Being the provider: fields of a caller's body, refused with their place where they are wrong."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from baimo.errors import InputError
from baimo.types.content import Cache

Json: TypeAlias = dict[str, Any]


def named(message: str, prefix: str = "") -> str:
    """A validation message with the path of the field in front."""
    text, _, path = message.partition(" - at ")
    found = re.search(r"`\$(?:\.)?(.*)`", path)
    name = found[1] if found else ""
    missing = re.search(r"missing required field `(\w+)`", text)
    if missing:
        name = f"{name}.{missing[1]}" if name else missing[1]
        text = "is required"
    where = f"{prefix}.{name}" if prefix and name else prefix or name or "the body"
    return f"{where}: {text}"


def string(fields: Json, name: str, where: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise InputError(f"{where}.{name}: must be a string")
    return value


def mapping(value: Any, where: str) -> Json:
    if not isinstance(value, dict):
        raise InputError(f"{where}: must be an object")
    return value


def cache_of(part: Json) -> Cache | None:
    for name in ("prompt_cache_breakpoint", "cache_control"):
        mark = part.get(name)
        if isinstance(mark, dict):
            ttl = mark.get("ttl")
            return Cache(ttl=ttl if ttl in ("5m", "30m", "1h", "12h") else None)
    return None
