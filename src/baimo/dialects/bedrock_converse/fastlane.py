"""The commonest events of a stream as small structs: more of a text, of reasoning, or of a call's arguments.

A delta of another kind lacks the field and is refused by the decoder itself. The padding `p` that every
event carries is skipped without being kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from baimo.types.content import Part, Text, Thinking, ToolCall


class _Text(msgspec.Struct, gc=False):
    text: str


class _Input(msgspec.Struct, gc=False):
    text: str = msgspec.field(name="input")


class _Reasoning(msgspec.Struct, gc=False):
    inner: _Text = msgspec.field(name="reasoningContent")


class _Call(msgspec.Struct, gc=False):
    inner: _Input = msgspec.field(name="toolUse")


class _Event(msgspec.Struct, gc=False):
    index: int = msgspec.field(name="contentBlockIndex")


class _TextEvent(_Event, gc=False, kw_only=True):
    delta: _Text


class _ReasoningEvent(_Event, gc=False, kw_only=True):
    delta: _Reasoning


class _CallEvent(_Event, gc=False, kw_only=True):
    delta: _Call


Lane: TypeAlias = Callable[[bytes], Any]
"""Decodes an event to its `index` and `delta`."""

LANES: Mapping[type[Part], tuple[Lane, bool]] = {
    Text: (msgspec.json.Decoder(_TextEvent).decode, False),
    Thinking: (msgspec.json.Decoder(_ReasoningEvent).decode, True),
    ToolCall: (msgspec.json.Decoder(_CallEvent).decode, True),
}
"""By the kind of part that is open: its decoder, and whether the text stands one level deeper, in `inner`."""

ODD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a lane raises for an event that is not its own."""
