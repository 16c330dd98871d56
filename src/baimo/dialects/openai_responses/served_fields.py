"""Being the provider: fields of a caller's body, refused with their place where they are wrong."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from baimo.dialect.dataurl import decode_data_url
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
    """A field that must be a string."""
    value = fields.get(name)
    if not isinstance(value, str):
        raise InputError(f"{where}.{name}: must be a string")
    return value


def optional(fields: Json, name: str, where: str) -> str | None:
    """A field that may be a string or be left out."""
    return None if fields.get(name) is None else string(fields, name, where)


def mapping(value: Any, where: str) -> Json:
    """A value that must be an object."""
    if not isinstance(value, dict):
        raise InputError(f"{where}: must be an object")
    return value


def held(url: str, where: str) -> tuple[bytes, str | None]:
    """The bytes in an address, and their media type."""
    try:
        return decode_data_url(url)
    except ValueError:
        raise InputError(f"{where}: is no valid base64") from None


def cache_of(part: Json) -> Cache | None:
    """The mark for the cache that a part carries."""
    mark = part.get("prompt_cache_breakpoint")
    if not isinstance(mark, dict):
        return None
    ttl = mark.get("ttl")
    return Cache(ttl=ttl if ttl in ("30m", "12h") else None)
