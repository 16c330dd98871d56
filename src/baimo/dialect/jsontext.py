"""JSON as providers write it: strict first, then with what the strict reader refuses.

A provider that cuts its text between the two halves of a surrogate pair sends half an escape, which is no
valid Unicode; one that cuts inside a UTF-8 character sends half a character.
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from baimo.errors import WireError

_strict = msgspec.json.Decoder()

_LONE = re.compile("[\ud800-\udfff]")


def decode(payload: bytes) -> Any:
    """The value; strings may hold half surrogates. Raises WireError for what is no JSON at all."""
    try:
        return _strict.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return json.loads(payload.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise WireError(f"no JSON where some was due: {excerpt(payload)}") from None


def encode(value: Any) -> str:
    """Compact JSON text of a value that `decode` gave."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"))


def excerpt(payload: bytes, limit: int = 200) -> str:
    """The first characters of a body, for an error's message."""
    text = payload[: limit * 4].decode("utf-8", "replace").strip()
    return repr(text[:limit] + ("…" if len(text) > limit else ""))


def join_halves(held: str, text: str) -> tuple[str, str]:
    """Text without half surrogates, and the first half at its end that may find its other half later.

    >>> join_halves("\\ud83d", "\\ude00!")
    ('😀!', '')
    """
    if not held and (text.isascii() or not _LONE.search(text)):
        return text, ""
    text = held + text
    held = ""
    if text and "\ud800" <= text[-1] <= "\udbff":
        text, held = text[:-1], text[-1]
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole, held
