"""The commonest chunks and replies as small structs: text, or a call's arguments, of the first choice alone.

Every field that would mean something more is typed as null, so a chunk that carries it is refused by the
decoder itself and costs no look-up here. Fields that mean nothing to us are skipped.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from baimo.types.content import Text, Thinking, ToolCall

Nothing: TypeAlias = Literal[""] | None


class _Delta(msgspec.Struct, gc=False):
    tool_calls: None = None
    refusal: Nothing = None
    audio: None = None
    function_call: None = None
    reasoning_details: None = None
    annotations: None = None
    images: None = None
    extra_content: None = None
    encrypted_content: Nothing = None


class _Content(_Delta, gc=False):
    text: str = msgspec.field(name="content", default="")
    reasoning_content: Nothing = None
    reasoning: Nothing = None


class _ReasoningContent(_Delta, gc=False):
    text: str = msgspec.field(name="reasoning_content", default="")
    content: Nothing = None
    reasoning: Nothing = None


class _Reasoning(_Delta, gc=False):
    text: str = msgspec.field(name="reasoning", default="")
    content: Nothing = None
    reasoning_content: Nothing = None


class _Words(msgspec.Struct, gc=False):
    text: str


class _ThinkingPart(msgspec.Struct, gc=False):
    type: Literal["thinking"]
    thinking: tuple[_Words]
    signature: None = None


class _Parts(_Delta, gc=False, kw_only=True):
    content: tuple[_ThinkingPart]
    reasoning_content: Nothing = None
    reasoning: Nothing = None

    @property
    def text(self) -> str:
        return self.content[0].thinking[0].text


class _Function(msgspec.Struct, gc=False):
    arguments: str
    name: Nothing = None


class _Fragment(msgspec.Struct, gc=False):
    index: int
    function: _Function
    id: Nothing = None
    custom: None = None
    extra_content: None = None


class _Arguments(_Delta, gc=False, kw_only=True):
    tool_calls: tuple[_Fragment]  # type: ignore[assignment]
    content: Nothing = None
    reasoning_content: Nothing = None
    reasoning: Nothing = None

    @property
    def call(self) -> int:
        """The index of the call."""
        return self.tool_calls[0].index

    @property
    def text(self) -> str:
        return self.tool_calls[0].function.arguments


class _Message(msgspec.Struct, gc=False):
    content: str
    reasoning_content: Nothing = None
    reasoning: Nothing = None
    refusal: Nothing = None
    tool_calls: tuple[()] | None = None
    function_call: None = None
    audio: None = None
    reasoning_details: None = None
    annotations: tuple[()] | None = None
    images: None = None
    extra_content: None = None
    thought_signature: None = None
    encrypted_content: Nothing = None


class _WholeChoice(msgspec.Struct, gc=False):
    message: _Message
    finish_reason: Literal["stop", "length"]
    index: Literal[0] = 0
    logprobs: None = None
    usage: None = None


class _Choice(msgspec.Struct, gc=False):
    index: Literal[0] = 0
    finish_reason: None = None
    logprobs: None = None
    usage: None = None


class _Chunk(msgspec.Struct, gc=False):
    usage: None = None
    error: None = None
    code: Literal[0] | None = None
    base_resp: None = None
    error_code: None = None
    x_groq: None = None
    bot_usage: None = None
    citations: None = None
    search_results: None = None
    search_info: None = None
    web_search: None = None
    references: None = None


class _Reply(_Chunk, gc=False, kw_only=True):
    choices: tuple[_WholeChoice]
    id: str | None = None
    model: str | None = None
    created: int | None = None
    usage: msgspec.Raw = msgspec.Raw(b"null")  # type: ignore[assignment]


whole = msgspec.json.Decoder(_Reply).decode
"""A whole reply of one choice that is nothing but text."""

Lane: TypeAlias = Callable[[bytes], Any]


def _lane(delta: type[_Delta]) -> Lane:
    choice = msgspec.defstruct("_OneChoice", [("delta", delta)], bases=(_Choice,), gc=False, kw_only=True)
    one: Any = types.GenericAlias(tuple, (choice,))
    chunk = msgspec.defstruct("_OneChunk", [("choices", one)], bases=(_Chunk,), gc=False, kw_only=True)
    return msgspec.json.Decoder(chunk).decode


LANES: Mapping[type, tuple[tuple[Lane, bytes], ...]] = {
    Text: ((_lane(_Content), b'"content"'),),
    Thinking: (
        (_lane(_ReasoningContent), b'"reasoning_content"'),
        (_lane(_Reasoning), b'"reasoning"'),
        (_lane(_Parts), b'"thinking"'),
    ),
    ToolCall: ((_lane(_Arguments), b'"arguments"'),),
}
"""By the kind of part that is open: the decoder, and the field that must stand in the chunk before.

The one of a call tells in `delta.call` which call it goes on with.
"""
