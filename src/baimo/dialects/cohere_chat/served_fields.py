"""Being the provider: bodies of callers, and the words for what is wrong with a field."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec import Raw

from baimo.errors import InputError
from baimo.types.content import Replay
from baimo.wire.http import HttpRequest

from .words import NAME


def body_of(wire: HttpRequest) -> bytes:
    """A caller's body in one piece."""
    return wire.body if isinstance(wire.body, bytes) else b"".join(wire.body.chunks())


_fields = msgspec.json.Decoder(dict[str, Raw])


def decoded(
    raw: bytes, decoder: msgspec.json.Decoder[Any], known: frozenset[str]
) -> tuple[Any, dict[str, Raw]]:
    """A body in its type, and the fields that this type does not know. Raises InputError naming the field."""
    try:
        return decoder.decode(raw), {k: v for k, v in _fields.decode(raw).items() if k not in known}
    except msgspec.ValidationError as error:
        raise InputError(named(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request's body is no valid JSON: {error}") from None


def named(message: str, prefix: str = "") -> str:
    """A validation message with the path of the field in front."""
    text, _, path = message.partition(" - at ")
    found = re.search(r"`\$\.?(.*)`", path)
    name = found[1] if found else ""
    missing = re.search(r"missing required field `(\w+)`", text)
    if missing:
        name, text = (f"{name}.{missing[1]}" if name else missing[1]), "is required"
    return f"{'.'.join(filter(None, (prefix, name))) or 'the body'}: {text}"


def kept(fields: dict[str, Any]) -> Replay | None:
    """Fields to be sent back to this wire; None where there are none."""
    return Replay(dialect=NAME, json=Raw(msgspec.json.encode(fields))) if fields else None
