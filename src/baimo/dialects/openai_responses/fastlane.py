"""The commonest events as small structs: one more piece of a text, of reasoning or of a call's arguments.

A field that would mean something more is typed as empty, so an event that carries it is refused by the
decoder itself; fields that mean nothing to us are skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import msgspec

from .output import ARGUMENTS, INPUT, REASONING, SUMMARY, TEXT


class Piece(msgspec.Struct, gc=False):
    """A piece, and where it belongs."""

    delta: str
    output_index: int
    inner: int = 0


class _Text(Piece, gc=False, kw_only=True, tag=TEXT, tag_field="type"):
    inner: int = msgspec.field(name="content_index")
    logprobs: tuple[()] | None = None


class _Summary(Piece, gc=False, kw_only=True, tag=SUMMARY, tag_field="type"):
    inner: int = msgspec.field(name="summary_index")


class _Reasoning(Piece, gc=False, kw_only=True, tag=REASONING, tag_field="type"):
    inner: int = msgspec.field(name="content_index")


class _Arguments(Piece, gc=False, kw_only=True, tag=ARGUMENTS, tag_field="type"):
    pass


class _Input(Piece, gc=False, kw_only=True, tag=INPUT, tag_field="type"):
    pass


Lane: TypeAlias = Callable[[bytes], Piece]

LANES: Mapping[str, tuple[Lane, str]] = {
    TEXT: (msgspec.json.Decoder(_Text).decode, "content_index"),
    SUMMARY: (msgspec.json.Decoder(_Summary).decode, "summary_index"),
    REASONING: (msgspec.json.Decoder(_Reasoning).decode, "content_index"),
    ARGUMENTS: (msgspec.json.Decoder(_Arguments).decode, ""),
    INPUT: (msgspec.json.Decoder(_Input).decode, ""),
}
"""By the type of event: its decoder, and the field that says which piece of its item it belongs to."""
