"""Blocks of an answer to parts: what they begin with, their deltas, their end."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from baimo.dialect.jsontext import decode, encode, join_halves
from baimo.dialect.parts import OpenPart, Parts
from baimo.errors import WireError
from baimo.types.content import Opaque, Replay, Text, Thinking, ToolCall
from baimo.types.events import ChatEvent

from .citations import decode_citations, kept
from .words import NAME

_CALL_FIELDS = ("type", "id", "name", "input")


class _Block:
    """A block that has begun and not ended."""

    __slots__ = ("citations", "fields", "kind", "pieces", "signature")

    def __init__(self, kind: type[Text | Thinking | ToolCall | Opaque], fields: dict[str, Any]) -> None:
        self.kind = kind
        self.fields = fields
        self.citations: list[Any] = []
        self.signature = ""
        self.pieces: list[str] | None = None
        """Arguments as they come; None where none came yet."""


class Blocks:
    """The blocks of one answer, by their index."""

    def __init__(self) -> None:
        self._parts = Parts()
        self._open: dict[int, _Block] = {}

    @property
    def count(self) -> int:
        """How many parts have begun."""
        return self._parts.count

    def plain(self, index: int) -> OpenPart | None:
        """The open part of that index, if nothing but text may come to it: then it may be added at once."""
        part = self._parts.get(index)
        if part is None or part.held:
            return None
        return None if part.kind is ToolCall and self._open[index].pieces is None else part

    def start(self, index: int, fields: dict[str, Any], out: list[ChatEvent]) -> None:
        """A block begins, empty or with all that it has."""
        if index in self._open:
            self.stop(index, out)
        kind = fields.get("type")
        if kind == "text":
            self._open[index] = block = _Block(Text, fields)
            block.citations += _list(fields.get("citations"))
            self._parts.start(index, Text(text=_words(fields.get("text"))), out)
        elif kind == "thinking":
            self._open[index] = block = _Block(Thinking, fields)
            block.signature = _text(fields.get("signature"))
            self._parts.start(index, Thinking(text=_words(fields.get("thinking"))), out)
        elif kind == "redacted_thinking":
            self._open[index] = _Block(Thinking, fields)
            self._parts.start(index, Thinking(replay=_replay({"data": fields.get("data")})), out)
        elif kind == "tool_use":
            self._open[index] = _Block(ToolCall, fields)
            extras = {name: value for name, value in fields.items() if name not in _CALL_FIELDS}
            call = ToolCall(
                id=_text(fields.get("id")),
                name=_text(fields.get("name")),
                arguments="",
                replay=_replay(extras) if extras else None,
            )
            self._parts.start(index, call, out)
        else:
            self._open[index] = _Block(Opaque, fields)

    def delta(self, index: int, delta: dict[str, Any], out: list[ChatEvent]) -> None:
        """More of a block; what is not known of it is passed over."""
        block = self._open.get(index)
        if block is None:
            return
        kind = delta.get("type")
        if kind == "text_delta" and block.kind is Text:
            self._parts.text(index, _text(delta.get("text")), out)
        elif kind == "thinking_delta" and block.kind is Thinking:
            self._parts.text(index, _text(delta.get("thinking")), out)
        elif kind == "signature_delta":
            block.signature = _text(delta.get("signature")) or block.signature
        elif kind == "citations_delta" and "citation" in delta:
            block.citations.append(delta["citation"])
        elif kind == "input_json_delta":
            self._input(index, block, _text(delta.get("partial_json")), out)

    def _input(self, index: int, block: _Block, piece: str, out: list[ChatEvent]) -> None:
        if not piece:
            return
        if block.kind is ToolCall:
            block.pieces = _SENT
            self._parts.text(index, piece, out)
        elif block.kind is Opaque:
            block.pieces = [*(block.pieces or ()), piece]

    def stop(self, index: int, out: list[ChatEvent]) -> None:
        """A block is whole."""
        block = self._open.pop(index, None)
        if block is None:
            return
        if block.kind is Text:
            replay = kept(block.citations) if block.citations else None
            self._parts.end(index, out, citations=decode_citations(block.citations), replay=replay)
        elif block.kind is Thinking:
            self._parts.end(
                index, out, replay=_replay({"signature": block.signature}) if block.signature else None
            )
        elif block.kind is ToolCall:
            if block.pieces is None:
                given = block.fields.get("input")
                self._parts.text(index, encode({} if given is None else given), out)
            self._parts.end(index, out)
        else:
            fields = block.fields
            if block.pieces is not None:
                fields = {**fields, "input": _value("".join(block.pieces))}
            whole = Raw(encode(fields).encode("utf-8", "replace"))
            self._parts.start(index, Opaque(dialect=NAME, json=whole), out)
            self._parts.end(index, out)

    def end_all(self, out: list[ChatEvent]) -> None:
        """End what is still open."""
        for index in tuple(self._open):
            self.stop(index, out)


_SENT: list[str] = []


def _replay(fields: dict[str, Any]) -> Replay:
    return Replay(dialect=NAME, json=Raw(msgspec.json.encode(fields)))


def _value(text: str) -> Any:
    """Arguments of a tool of the provider's own; what is no JSON stays a text."""
    try:
        return decode(text.encode("utf-8", "surrogatepass"))
    except WireError:
        return text


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _words(value: Any) -> str:
    text, held = join_halves("", _text(value))
    return text + ("\ufffd" if held else "")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
