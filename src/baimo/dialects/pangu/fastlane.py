"""The commonest chunks as small structs: more of what the first choice says, and nothing else.

Every field that would mean something more is typed as null, so a chunk that carries it is refused by the
decoder itself. Usage, which every chunk repeats, is cut out unread.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

import msgspec

Nothing: TypeAlias = Literal[""] | None


class _Words(msgspec.Struct, gc=False):
    text: str = msgspec.field(name="content")
    reasoning_content: Nothing = None
    tool_calls: tuple[()] | None = None


class _Thoughts(msgspec.Struct, gc=False):
    text: str = msgspec.field(name="reasoning_content")
    content: Nothing = None
    tool_calls: tuple[()] | None = None


class _Choice(msgspec.Struct, gc=False):
    index: Literal[0] = 0
    finish_reason: Literal["", "null"] | None = None
    delta: None = None


class _Chunk(msgspec.Struct, gc=False):
    usage: msgspec.Raw = msgspec.Raw(b"null")
    error_code: Nothing = None


Lane: TypeAlias = Callable[[bytes], Any]


def _lane(message: type) -> Lane:
    how: dict[str, Any] = {"gc": False, "kw_only": True}
    choice = msgspec.defstruct("_One", [("message", message)], bases=(_Choice,), **how)
    one: Any = types.GenericAlias(tuple, (choice,))
    return msgspec.json.Decoder(msgspec.defstruct("_Only", [("choices", one)], bases=(_Chunk,), **how)).decode


LANES: Mapping[str, Lane] = {"text": _lane(_Words), "thinking": _lane(_Thoughts)}
"""By what is open: the decoder of a chunk that goes on with it."""
