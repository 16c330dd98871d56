"""The commonest events of a stream as small structs: a piece of text of the first choice and nothing else.

Every field that would mean something more is typed as null, so an event that carries it is refused by the
decoder itself and costs no look-up here. Fields that mean nothing to us are skipped.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from baimo.types.content import Text, Thinking

Nothing: TypeAlias = Literal[""] | None
NoList: TypeAlias = tuple[()] | None
_NONE = msgspec.Raw(b"null")


class _Message(msgspec.Struct, gc=False):
    tool_calls: NoList = None
    function_call: None = None
    partial: None = None


class _Content(_Message, gc=False, kw_only=True):
    text: str = msgspec.field(name="content")
    reasoning_content: Nothing = None


class _Reasoning(_Message, gc=False, kw_only=True):
    text: str = msgspec.field(name="reasoning_content")
    content: Nothing | NoList = None


class _Words(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    text: str


class _List(_Message, gc=False, kw_only=True):
    parts: tuple[_Words] = msgspec.field(name="content")
    reasoning_content: Nothing = None


class _Choice(msgspec.Struct, gc=False):
    finish_reason: Literal["null"] | None = None
    index: Literal[0] = 0
    logprobs: None = None


class _Output(msgspec.Struct, gc=False):
    search_info: None = None
    text: None = None
    finish_reason: None = None
    audio: None = None


class _Event(msgspec.Struct, gc=False):
    usage: msgspec.Raw = _NONE
    code: Nothing = None


Lane: TypeAlias = Callable[[bytes], Any]


def _lane(message: type[_Message]) -> Lane:
    choice = msgspec.defstruct("_OneChoice", [("message", message)], bases=(_Choice,), gc=False, kw_only=True)
    one: Any = types.GenericAlias(tuple, (choice,))
    output = msgspec.defstruct("_OneOutput", [("choices", one)], bases=(_Output,), gc=False, kw_only=True)
    event = msgspec.defstruct("_OneEvent", [("output", output)], bases=(_Event,), gc=False, kw_only=True)
    return msgspec.json.Decoder(event).decode


_TEXT, _THOUGHT, _LISTED = _lane(_Content), _lane(_Reasoning), _lane(_List)

LANES: Mapping[type, tuple[tuple[Lane, bool], ...]] = {
    Text: ((_TEXT, False), (_LISTED, True)),
    Thinking: ((_THOUGHT, False),),
}
"""By the kind of part that is open: the decoders, and whether the text stands in a list of parts."""
