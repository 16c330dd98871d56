"""Frames of this wire to events. The transport gives one whole frame a piece.

The commonest frame, a piece of text in the middle of an answer, is decoded straight into a small struct;
whatever else a frame holds makes that struct refuse it, and the tolerant way takes over.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from baimo.dialect.jsontext import decode, encode
from baimo.dialect.parts import Parts
from baimo.errors import StreamInterrupted, WireError
from baimo.types.chat import FinishReason
from baimo.types.content import Citation, Opaque, Text, Thinking, ToolCall
from baimo.types.events import ChatEvent, Finished, PartDelta, Started, UsageReported, Withdrawn
from baimo.types.usage import Usage
from baimo.wire.http import WireHead

from .errors import MAX_ERROR_BODY, VOID, find_refusal, raise_for_body, refusal_of
from .pairs import NAME

_TEXT, _THINKING = "text", "thinking"
_LAST = 2


class _QuickText(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    content: str
    role: str = ""
    index: int = 0
    reasoning_content: str = ""


class _QuickChoices(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    status: int
    text: tuple[_QuickText]
    seq: int = 0


class _QuickPayload(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    choices: _QuickChoices


class _QuickHeader(msgspec.Struct, gc=False):
    code: int
    status: int


class _QuickFrame(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    header: _QuickHeader
    payload: _QuickPayload


_quick = msgspec.json.Decoder(_QuickFrame)
_ODD = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class RefusedDecoder:
    """Collects the body of a refused handshake and raises what it means when it has ended."""

    def __init__(self, head: WireHead, table: str) -> None:
        self._head = head
        self._table = table
        self._body = bytearray()
        self.early: list[ChatEvent] = []

    def feed(self, piece: bytes) -> list[ChatEvent]:
        self._body += piece[: MAX_ERROR_BODY - len(self._body)]
        return []

    def end(self) -> list[ChatEvent]:
        raise_for_body(self._head, bytes(self._body), self._table)


class FrameDecoder:
    """Decodes the frames of one answer; one with status 2 ends it."""

    def __init__(self, head: WireHead, table: str) -> None:
        self.early: list[ChatEvent] = []
        self.is_over = False
        """The last frame has come: nothing more is to be read."""
        self._head = head
        self._table = table
        self._piece = b""
        """The frame before."""
        self._parts = Parts()
        self._started = False
        self._calls = 0
        self._sources: list[Citation] = []

    @property
    def request_id(self) -> str | None:
        """The provider's id of the call, once a frame has told it."""
        return self._sid

    _sid: str | None = None

    def feed(self, piece: bytes) -> list[ChatEvent]:
        """The events of one frame. Raises ProviderError or WireError."""
        if piece == self._piece and _number(piece) > 0:
            return []  # sent twice: frames are numbered from 0, so no two of one answer are alike
        self._piece = piece
        quick = self._quickly(piece) if self._parts.count else None
        if quick is not None:
            return quick
        out: list[ChatEvent] = []
        self.early = out
        frame = decode(piece)
        said = find_refusal(frame)
        if said is not None:
            if self._started and said.code in VOID:
                out.append(Withdrawn(reason=said.message))
            raise refusal_of(said, self._head, piece, self._table)
        if not isinstance(frame, dict) or not isinstance(frame.get("header"), dict):
            raise WireError(f"a frame without a header: {piece[:200].decode('utf-8', 'replace')!r}")
        if not self.is_over:
            self._frame(frame["header"], _mapping(frame.get("payload")), out)
        return out

    def end(self) -> list[ChatEvent]:
        """The socket was closed. Raises StreamInterrupted where the last frame had not come."""
        self.early = []
        if not self.is_over:
            raise StreamInterrupted(
                "the socket was closed before the answer's last frame (status 2) came",
                ended="cut",
                request_id=self._sid,
            )
        return []

    def _quickly(self, piece: bytes) -> list[ChatEvent] | None:
        """The event of a frame of nothing but text, or None."""
        try:
            frame = _quick.decode(piece)
        except _ODD:
            return None
        header, choices = frame.header, frame.payload.choices
        if header.code or self.is_over or _LAST in (header.status, choices.status):
            return None
        said = choices.text[0]
        if said.reasoning_content:
            part, text = self._parts.get(_THINKING), said.reasoning_content
            if said.content:
                return None
        else:
            part, text = self._parts.get(_TEXT), said.content
        if part is None or part.held:
            return None
        return [PartDelta(index=part.index, text=text)] if text else []

    def _frame(self, header: dict[str, Any], payload: dict[str, Any], out: list[ChatEvent]) -> None:
        sid = header.get("sid")
        if not self._started:
            self._started = True
            self._sid = sid if isinstance(sid, str) and sid else None
            out.append(Started(id=self._sid))
        for plugin in _dicts(_mapping(payload.get("plugins")).get("text")):
            self._plugin(plugin, out)
        choices = _mapping(payload.get("choices"))
        for said in _dicts(choices.get("text")):
            self._said(said, out)
        counts = _mapping(_mapping(payload.get("usage")).get("text"))
        if counts:
            out.append(UsageReported(usage=_usage(counts)))
        if _LAST in (header.get("status"), choices.get("status")):
            self._close(out)

    def _said(self, said: dict[str, Any], out: list[ChatEvent]) -> None:
        """One entry of `choices.text`: reasoning, then text, then a call."""
        for key, other, field, part in (
            (_THINKING, _TEXT, "reasoning_content", Thinking()),
            (_TEXT, _THINKING, "content", Text(text="")),
        ):
            text = said.get(field)
            if not isinstance(text, str) or not text:
                continue
            if key not in self._parts:
                if other in self._parts:
                    self._parts.end(other, out)
                self._parts.start(key, part, out)
            self._parts.text(key, text, out)
        call = said.get("function_call")
        if isinstance(call, dict):
            self._call(call, out)

    def _call(self, call: dict[str, Any], out: list[ChatEvent]) -> None:
        name, arguments = call.get("name"), call.get("arguments")
        if not isinstance(name, str) or not name:
            return
        key = f"call {self._calls}"
        # There are no ids here; one that is unique within the answer is what its result needs.
        self._parts.start(key, ToolCall(id=f"call_{self._calls}", name=name, arguments=""), out)
        text = arguments if isinstance(arguments, str) else "" if arguments is None else encode(arguments)
        self._parts.text(key, text, out)
        self._calls += 1

    def _plugin(self, plugin: dict[str, Any], out: list[ChatEvent]) -> None:
        """What a plugin found: sources of the text, or something only this wire understands."""
        sources = _citations(plugin.get("content"))
        if sources:
            self._sources += sources
            return
        key = f"plugin {self._parts.count}"
        self._parts.start(key, Opaque(dialect=NAME, json=Raw(encode(plugin).encode())), out)
        self._parts.end(key, out)

    def _close(self, out: list[ChatEvent]) -> None:
        """The last frame: every part and the answer end."""
        self.is_over = True
        if self._sources:
            if _TEXT not in self._parts:
                self._parts.start(_TEXT, Text(text=""), out)
            self._parts.end(_TEXT, out, citations=tuple(self._sources))
        self._parts.end_all(out)
        out.append(Finished(reason=FinishReason.TOOL_CALLS if self._calls else FinishReason.STOP))


def _number(piece: bytes) -> int:
    """The frame's own number; 0 where it tells none."""
    choices = _mapping(_mapping(decode(piece)).get("payload")).get("choices")
    number = _mapping(choices).get("seq")
    return number if type(number) is int else 0


def _usage(counts: dict[str, Any]) -> Usage:
    """`question_tokens` is reserved by the provider and part of the prompt; it counts for nothing here."""
    return Usage(
        input_uncached=_count(counts, "prompt_tokens"),
        output_visible=_count(counts, "completion_tokens"),
        raw=Raw(encode(counts).encode()),
    )


def _count(counts: dict[str, Any], name: str) -> int | None:
    value = counts.get(name)
    return value if type(value) is int and value >= 0 else None


def _citations(content: Any) -> list[Citation]:
    """Sources out of a plugin's content: a list of objects with addresses, mostly as JSON text."""
    if isinstance(content, str):
        try:
            content = decode(content.encode("utf-8", "surrogatepass"))
        except WireError:
            return []
    found = []
    for entry in _dicts(content):
        url, title = _word(entry, "url", "link"), _word(entry, "title", "name")
        if url is not None:
            quote = _word(entry, "summary", "snippet", "content")
            found.append(Citation(url=url, title=title, quote=quote, source=_index(entry)))
    return found


def _index(entry: dict[str, Any]) -> str | None:
    value = entry.get("index")
    return str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else None


def _word(entry: dict[str, Any], *names: str) -> str | None:
    for name in names:
        value = entry.get(name)
        if isinstance(value, str) and value:
            return value
    return None


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
