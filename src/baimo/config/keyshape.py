"""Whether a text looks like a key of a provider: what people most often get wrong when they copy one."""

from __future__ import annotations

from typing import Literal

import msgspec

from baimo.catalogue.rows import ProviderRow

_QUOTES = ('"', "'", "`", "“", "”", "‘", "’")
_SHORTEST = 8


class Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """One reason why a text may be no key."""

    code: Literal["empty", "quotes", "spaces", "not_ascii", "assignment", "foreign", "prefix", "short"]
    """A word for programs."""
    message: str
    """The same for people. Never holds the key."""
    certain: bool
    """True when it cannot work; False when it only looks wrong."""


def doubts(row: ProviderRow, key: str) -> tuple[Doubt, ...]:
    """What speaks against `key` being an API key of that provider, worst first; empty when nothing does."""
    if not key.strip():
        return (Doubt(code="empty", message="nothing was given", certain=True),)
    found = []
    if key[0] in _QUOTES or key[-1] in _QUOTES:
        found.append(Doubt(code="quotes", message="it stands in quotes: leave them out", certain=True))
    if any(char.isspace() for char in key):
        message = "it holds spaces or line breaks: copy it again"
        found.append(Doubt(code="spaces", message=message, certain=True))
    if not key.isascii() and not found:
        message = "it holds characters outside ASCII: copy it again"
        found.append(Doubt(code="not_ascii", message=message, certain=True))
    if found:
        return tuple(found)
    return tuple(_suspicions(row, key))


def _suspicions(row: ProviderRow, key: str) -> list[Doubt]:
    name, equals, _ = key.partition("=")
    if equals and name.isupper() and name.replace("_", "").isalnum():
        return [
            Doubt(code="assignment", message=f"it begins with {name}=: give only what follows", certain=True)
        ]
    for prefix, owner in row.foreign_keys.items():
        if key.startswith(prefix):
            message = f"keys that begin with {prefix} are of {owner}, not of {row.name}"
            return [Doubt(code="foreign", message=message, certain=False)]
    found = []
    if row.key_prefixes and not key.startswith(row.key_prefixes):
        message = f"keys of {row.name} begin with {' or '.join(row.key_prefixes)}"
        found.append(Doubt(code="prefix", message=message, certain=False))
    if len(key) < _SHORTEST:
        found.append(Doubt(code="short", message=f"it has only {len(key)} characters", certain=False))
    return found
