"""Being the provider: fields of a caller's body, refused with their place where they are wrong."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

import msgspec
from msgspec import Raw

from baimo.errors import InputError
from baimo.types.content import Cache, Replay

from .words import NAME

Json: TypeAlias = dict[str, Any]


def named(message: str, prefix: str = "") -> str:
    """A validation message with the path of the field in front."""
    text, _, path = message.partition(" - at ")
    found = re.search(r"`\$\.?(.*)`", path)
    name = found[1] if found else ""
    missing = re.search(r"missing required field `(\w+)`", text)
    if missing:
        name, text = (f"{name}.{missing[1]}" if name else missing[1]), "Field required"
    return f"{'.'.join(filter(None, (prefix, name))) or 'the body'}: {text}"


def string(fields: Json, name: str, where: str) -> str:
    """A text that must be there."""
    value = fields.get(name)
    if not isinstance(value, str):
        raise InputError(f"{where}.{name}: {'Field required' if value is None else 'must be a string'}")
    return value


def mapping(value: Any, where: str) -> Json:
    """An object that must be there."""
    if not isinstance(value, dict):
        raise InputError(f"{where}: must be an object")
    return value


def cache_of(block: Json) -> Cache | None:
    """The mark for the cache on a block or a tool."""
    mark = block.get("cache_control")
    if not isinstance(mark, dict):
        return None
    ttl = mark.get("ttl")
    return Cache(ttl=ttl if ttl in ("5m", "1h") else None)


def rest_of(block: Json, *known: str) -> Replay | None:
    """The fields of a block that have no neutral name, for this wire only."""
    rest = {
        name: value
        for name, value in block.items()
        if name not in known and name not in ("type", "cache_control") and value is not None
    }
    return replay(rest) if rest else None


def replay(value: Any) -> Replay:
    """What goes back to this wire only."""
    return Replay(dialect=NAME, json=Raw(msgspec.json.encode(value)))
