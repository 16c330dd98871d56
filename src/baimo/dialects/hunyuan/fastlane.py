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
    text: str = msgspec.field(name="Content")
    reasoning: Nothing = msgspec.field(name="ReasoningContent", default=None)
    calls: tuple[()] | None = msgspec.field(name="ToolCalls", default=None)


class _Thoughts(msgspec.Struct, gc=False):
    text: str = msgspec.field(name="ReasoningContent")
    content: Nothing = msgspec.field(name="Content", default=None)
    calls: tuple[()] | None = msgspec.field(name="ToolCalls", default=None)


class _Choice(msgspec.Struct, gc=False, rename="pascal"):
    index: Literal[0] = 0
    finish_reason: Nothing = None
    moderation_level: Nothing = None
    message: None = None


class _Chunk(msgspec.Struct, gc=False, rename="pascal"):
    usage: msgspec.Raw = msgspec.Raw(b"null")
    note: str | None = None
    moderation_level: Nothing = None
    search_info: None = None
    replaces: tuple[()] | None = None
    recommended_questions: tuple[()] | None = None
    processes: None = None
    response: None = None
    error: None = None
    error_msg: None = None


Lane: TypeAlias = Callable[[bytes], Any]


def _lane(delta: type) -> Lane:
    how: dict[str, Any] = {"gc": False, "kw_only": True, "rename": "pascal"}
    choice = msgspec.defstruct("_One", [("delta", delta)], bases=(_Choice,), **how)
    one: Any = types.GenericAlias(tuple, (choice,))
    return msgspec.json.Decoder(msgspec.defstruct("_Only", [("choices", one)], bases=(_Chunk,), **how)).decode


LANES: Mapping[str, Lane] = {"text": _lane(_Words), "thinking": _lane(_Thoughts)}
"""By what is open: the decoder of a chunk that goes on with it."""
