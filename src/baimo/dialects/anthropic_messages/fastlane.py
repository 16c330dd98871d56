"""The commonest events as small structs: a piece of text, of reasoning, or of a call's arguments.

Anything else makes the decoder refuse the event, and the tolerant way takes over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from baimo.types.content import Text, Thinking, ToolCall


class _TextDelta(msgspec.Struct, gc=False, tag="text_delta", tag_field="type"):
    text: str


class _ThinkingDelta(msgspec.Struct, gc=False, tag="thinking_delta", tag_field="type"):
    text: str = msgspec.field(name="thinking")


class _InputDelta(msgspec.Struct, gc=False, tag="input_json_delta", tag_field="type"):
    text: str = msgspec.field(name="partial_json")


class _Chunk(msgspec.Struct, gc=False, tag="content_block_delta", tag_field="type"):
    index: int


Lane: TypeAlias = Callable[[bytes], Any]
"""Decodes an event to its `index` and `delta.text`."""


def _lane(delta: type) -> Lane:
    one = msgspec.defstruct(
        "_OneChunk",
        [("delta", delta)],
        bases=(_Chunk,),
        gc=False,
        tag="content_block_delta",
        tag_field="type",
    )
    return msgspec.json.Decoder(one).decode


LANES: Mapping[type, Lane] = {
    Text: _lane(_TextDelta),
    Thinking: _lane(_ThinkingDelta),
    ToolCall: _lane(_InputDelta),
}
"""By the kind of part that is open."""

BEGIN = b"event: content_block_delta\ndata: "
END = b"\n\n"
JOIN = END + BEGIN
"""How such events stand in a stream, one behind the other."""
