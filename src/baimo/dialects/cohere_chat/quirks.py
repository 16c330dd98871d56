"""How models of this wire differ from each other: every difference is one typed field."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Refusable: TypeAlias = Literal["tool_choice", "thinking", "image"]
"""What a model may not know."""


class Quirks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The differences. The defaults are those of a model that nobody has looked at yet."""

    refused: tuple[Refusable, ...] = ()
    """tool_choice: that a tool must or must not be called. thinking: whether, and how long. image: pictures
    in a message."""
