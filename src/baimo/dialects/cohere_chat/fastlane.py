"""The commonest events of a stream as small structs: more of what is open, and nothing else.

Every field that would mean something more is typed as null, so an event that carries it is refused by the
decoder itself and costs no look-up here. Fields that mean nothing to us are skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

import msgspec


class _Text(msgspec.Struct, gc=False):
    text: str
    thinking: None = None


class _Thought(msgspec.Struct, gc=False):
    text: str = msgspec.field(name="thinking")
    other: None = msgspec.field(name="text", default=None)


class _Function(msgspec.Struct, gc=False):
    arguments: str
    name: None = None


class _Call(msgspec.Struct, gc=False):
    function: _Function

    @property
    def text(self) -> str:
        return self.function.arguments


Lane: TypeAlias = Callable[[bytes], Any]
"""Decodes an event to its `index` and `delta.message.content.text`."""


def _lane(word: str, field: str, content: type) -> Lane:
    told = msgspec.defstruct("_Message", [("content", content, msgspec.field(name=field))], gc=False)
    delta = msgspec.defstruct("_Delta", [("message", told)], gc=False)
    kind: Any = Literal[word]
    event = msgspec.defstruct(
        "_Event", [("type", kind), ("index", int), ("delta", delta), ("logprobs", None, None)], gc=False
    )
    return msgspec.json.Decoder(event).decode


LANES: Mapping[str, Lane] = {
    "text": _lane("content-delta", "content", _Text),
    "thinking": _lane("content-delta", "content", _Thought),
    "call": _lane("tool-call-delta", "tool_calls", _Call),
}
"""By what is open: the decoder of an event that goes on with it."""
