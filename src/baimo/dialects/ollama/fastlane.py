"""The commonest lines of a stream as small structs: more of what is open, and nothing else.

Every field that would mean something more is typed as null, so a line that carries it is refused by the
decoder itself. Fields that mean nothing to us are skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

import msgspec

Nothing: TypeAlias = Literal[""] | None


class _Words(msgspec.Struct, gc=False):
    text: str = msgspec.field(name="content")
    thinking: Nothing = None
    tool_calls: None = None


class _Thoughts(msgspec.Struct, gc=False):
    text: str = msgspec.field(name="thinking")
    content: Nothing = None
    tool_calls: None = None


Lane: TypeAlias = Callable[[bytes], Any]
"""Decodes a line to its `done` and `message.text`."""


class _Line(msgspec.Struct, gc=False, kw_only=True):
    done: bool = False
    error: None = None
    logprobs: None = None


def _lane(message: type) -> Lane:
    line = msgspec.defstruct("_One", [("message", message)], bases=(_Line,), gc=False, kw_only=True)
    return msgspec.json.Decoder(line).decode


LANES: Mapping[str, Lane] = {"text": _lane(_Words), "thinking": _lane(_Thoughts)}
"""By what is open: the decoder of a line that goes on with it."""
