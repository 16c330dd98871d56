"""The commonest events as small structs: one more piece of a text, of reasoning or of a call's arguments.

A field that would mean something more is typed as empty, so an event that carries it is refused by the
decoder itself; fields that mean nothing to us are skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

import msgspec

from .output import ARGUMENTS, INPUT, REASONING, SUMMARY, TEXT


class Piece(msgspec.Struct, gc=False):
    """A piece, and where it belongs."""

    delta: str
    output_index: int
    inner: int = 0


class _Text(Piece, gc=False, kw_only=True):
    type: Literal["response.output_text.delta"]
    inner: int = msgspec.field(name="content_index")
    logprobs: tuple[()] | None = None


class _Summary(Piece, gc=False, kw_only=True):
    type: Literal["response.reasoning_summary_text.delta"]
    inner: int = msgspec.field(name="summary_index")


class _Reasoning(Piece, gc=False, kw_only=True):
    type: Literal["response.reasoning_text.delta"]
    inner: int = msgspec.field(name="content_index")


class _Arguments(Piece, gc=False, kw_only=True):
    type: Literal["response.function_call_arguments.delta"]


class _Input(Piece, gc=False, kw_only=True):
    type: Literal["response.custom_tool_call_input.delta"]


Lane: TypeAlias = Callable[[bytes], Piece]

LANES: Mapping[str, tuple[Lane, str]] = {
    TEXT: (msgspec.json.Decoder(_Text).decode, "content_index"),
    SUMMARY: (msgspec.json.Decoder(_Summary).decode, "summary_index"),
    REASONING: (msgspec.json.Decoder(_Reasoning).decode, "content_index"),
    ARGUMENTS: (msgspec.json.Decoder(_Arguments).decode, ""),
    INPUT: (msgspec.json.Decoder(_Input).decode, ""),
}
"""By the type of event: its decoder, and the field that says which piece of its item it belongs to."""
