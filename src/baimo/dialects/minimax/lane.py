"""The commonest chunks as small structs: text of the first choice and nothing else.

Every field that would mean something more is typed so that a chunk which carries it is refused by the decoder
itself. Fields that mean nothing to us are skipped.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from baimo.types.content import Text, Thinking

Nothing: TypeAlias = Literal[""] | None


class _Zeros(msgspec.Struct, gc=False):
    total_tokens: Literal[0] = 0
    prompt_tokens: Literal[0] = 0
    completion_tokens: Literal[0] = 0


class _Well(msgspec.Struct, gc=False):
    status_code: Literal[0] = 0


class _Delta(msgspec.Struct, gc=False):
    role: Literal["", "assistant"] | None = None
    tool_calls: None = None
    annotations: None = None


class _Content(_Delta, gc=False):
    text: str = msgspec.field(name="content", default="")
    reasoning_content: Nothing = None


class _Reasoning(_Delta, gc=False):
    text: str = msgspec.field(name="reasoning_content", default="")
    content: Nothing = None


class _Choice(msgspec.Struct, gc=False):
    index: Literal[0] = 0
    finish_reason: Nothing = None
    message: None = None
    messages: None = None


class _Chunk(msgspec.Struct, gc=False):
    usage: _Zeros | None = None
    base_resp: _Well | None = None
    error: None = None
    input_sensitive_type: Literal[0] | None = None
    output_sensitive_type: Literal[0] | None = None
    output_sensitive_int: Literal[0] | None = None
    input_sensitive: bool | None = None
    output_sensitive: bool | None = None


Lane: TypeAlias = Callable[[bytes], Any]


def _lane(delta: type[_Delta]) -> Lane:
    choice = msgspec.defstruct("_OneChoice", [("delta", delta)], bases=(_Choice,), gc=False, kw_only=True)
    one: Any = types.GenericAlias(tuple, (choice,))
    chunk = msgspec.defstruct("_OneChunk", [("choices", one)], bases=(_Chunk,), gc=False, kw_only=True)
    return msgspec.json.Decoder(chunk).decode


LANES: Mapping[type, tuple[Lane, bytes]] = {
    Text: (_lane(_Content), b'"content"'),
    Thinking: (_lane(_Reasoning), b'"reasoning_content"'),
}
"""By the kind of part that is open: the decoder, and the field that must stand in the chunk before."""
