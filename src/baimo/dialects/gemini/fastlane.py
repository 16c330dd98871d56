"""The commonest chunks as small structs: one piece of words of the first candidate and nothing else.

Every field that would mean something more is typed as null, so a chunk that carries it is refused by the
decoder itself and costs no look-up here. Counts are passed over: those of the last chunk are read in the end.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from baimo.types.content import Text, Thinking


class _Part(msgspec.Struct, gc=False, kw_only=True, rename="camel"):
    text: str
    thought_signature: None = None
    function_call: None = None
    inline_data: None = None
    part_metadata: None = None


class _Words(_Part, gc=False, kw_only=True):
    thought: None = None


class _Thought(_Part, gc=False, kw_only=True):
    thought: bool


class _Candidate(msgspec.Struct, gc=False, kw_only=True, rename="camel"):
    index: Literal[0] = 0
    finish_reason: None = None
    grounding_metadata: None = None
    citation_metadata: None = None
    logprobs_result: None = None


class _Chunk(msgspec.Struct, gc=False, kw_only=True, rename="camel"):
    prompt_feedback: None = None
    error: None = None


Lane: TypeAlias = Callable[[bytes], Any]


def _lane(part: type[_Part]) -> Lane:
    parts: Any = types.GenericAlias(tuple, (part,))
    content = msgspec.defstruct("_Content", [("parts", parts)], gc=False)
    one = msgspec.defstruct(
        "_One", [("content", content)], bases=(_Candidate,), gc=False, kw_only=True, rename="camel"
    )
    first: Any = types.GenericAlias(tuple, (one,))
    chunk = msgspec.defstruct(
        "_Only", [("candidates", first)], bases=(_Chunk,), gc=False, kw_only=True, rename="camel"
    )
    return msgspec.json.Decoder(chunk).decode


LANES: Mapping[type, Lane] = {Text: _lane(_Words), Thinking: _lane(_Thought)}
"""By the kind of part that is open: the decoder of a chunk that goes on with it."""
