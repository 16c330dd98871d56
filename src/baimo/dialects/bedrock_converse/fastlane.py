"""The commonest events of a stream as small structs: more of a text, of reasoning, or of a call's arguments.

A delta of another kind lacks the field and is refused by the decoder itself. The padding `p` that every
event carries is skipped without being kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import msgspec

from baimo.types.content import Part, Text, Thinking, ToolCall


class _Delta(msgspec.Struct, gc=False):
    text: str


class _TextEvent(msgspec.Struct, gc=False):
    delta: _Delta
    index: int = msgspec.field(name="contentBlockIndex")


class _Reasoning(msgspec.Struct, gc=False):
    reasoning: _Delta = msgspec.field(name="reasoningContent")

    @property
    def text(self) -> str:
        return self.reasoning.text


class _ReasoningEvent(msgspec.Struct, gc=False):
    delta: _Reasoning
    index: int = msgspec.field(name="contentBlockIndex")


class _Input(msgspec.Struct, gc=False):
    text: str = msgspec.field(name="input")


class _Call(msgspec.Struct, gc=False):
    call: _Input = msgspec.field(name="toolUse")

    @property
    def text(self) -> str:
        return self.call.text


class _CallEvent(msgspec.Struct, gc=False):
    delta: _Call
    index: int = msgspec.field(name="contentBlockIndex")


Lane: TypeAlias = Callable[[bytes], _TextEvent | _ReasoningEvent | _CallEvent]

LANES: Mapping[type[Part], Lane] = {
    Text: msgspec.json.Decoder(_TextEvent).decode,
    Thinking: msgspec.json.Decoder(_ReasoningEvent).decode,
    ToolCall: msgspec.json.Decoder(_CallEvent).decode,
}
"""By the kind of part that is open."""

ODD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a lane raises for an event that is not its own."""
