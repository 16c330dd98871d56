"""The commonest events of a stream as small structs: more of what is open, and nothing else.

Every field that would mean something more is typed as null, so an event that carries it is refused by the
decoder itself and costs no look-up here. Fields that mean nothing to us are skipped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec


class _Text(msgspec.Struct, gc=False):
    text: str
    thinking: None = None


class _TextMessage(msgspec.Struct, gc=False):
    content: _Text


class _TextDelta(msgspec.Struct, gc=False):
    message: _TextMessage


class _TextEvent(msgspec.Struct, gc=False):
    type: Literal["content-delta"]
    index: int
    delta: _TextDelta
    logprobs: None = None


class _Thought(msgspec.Struct, gc=False):
    thinking: str
    text: None = None


class _ThoughtMessage(msgspec.Struct, gc=False):
    content: _Thought


class _ThoughtDelta(msgspec.Struct, gc=False):
    message: _ThoughtMessage


class _ThoughtEvent(msgspec.Struct, gc=False):
    type: Literal["content-delta"]
    index: int
    delta: _ThoughtDelta
    logprobs: None = None


_text = msgspec.json.Decoder(_TextEvent).decode
_thought = msgspec.json.Decoder(_ThoughtEvent).decode

Lane: TypeAlias = Callable[[bytes], tuple[int, str]]
"""The index of the content block, and what is added to it."""


def text_lane(payload: bytes) -> tuple[int, str]:
    """More of a text."""
    event = _text(payload)
    return event.index, event.delta.message.content.text


def thinking_lane(payload: bytes) -> tuple[int, str]:
    """More reasoning."""
    event = _thought(payload)
    return event.index, event.delta.message.content.thinking
