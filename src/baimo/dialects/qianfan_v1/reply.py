"""Replies of this wire, whole and streamed, to events: one event of a stream and a whole body alike."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.ending import is_page
from baimo.dialect.jsontext import decode, encode
from baimo.dialect.parts import Parts
from baimo.dialect.status import request_id
from baimo.errors import StreamInterrupted, WireError
from baimo.notes import Note
from baimo.types.content import Citation, Text, Thinking, ToolCall
from baimo.types.events import ChatEvent, Finished, PartDelta, Started, UsageReported
from baimo.wire.http import WireHead
from baimo.wire.sse import EventDecoder

from .errors import decode_whole, find_refusal, raise_refusal
from .fastlane import decode_piece
from .usage import decode_usage
from .words import decode_finish

MAX_BODY = 64 * 1024 * 1024
"""Bytes of a whole reply."""

_ODD = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_NULL = len(b"null")
_DATA = b"data: "
_LF = 10
_TEXT, _CALL = "text", "call"


class ReplyDecoder:
    """Decodes a reply with a good status; its body tells whether it is one object or a stream of events.

    Memory: one event of a stream, or a whole body, both bounded. `request_id` is the call's id.
    """

    def __init__(self, head: WireHead, table: str | None = None) -> None:
        self.early: list[ChatEvent] = []
        self.notes: tuple[Note, ...] = ()
        self.request_id = request_id(head)
        self._head = head
        self._table = table
        self._start = b""
        self._sse: EventDecoder | None = None
        self._whole: list[bytes] | None = None
        self._size = 0
        self._parts = Parts()
        self._has_started = False
        self._has_ended = False
        self._is_quick = False
        self._is_between = False
        self._finish: str | None = None
        self._is_cut = False
        self._calls = 0
        self._citations: tuple[Citation, ...] = ()
        self._counts: dict[str, Any] | msgspec.Raw | None = None

    def feed(self, piece: bytes) -> list[ChatEvent]:
        """The events this piece completes. Raises ProviderError or WireError."""
        if self._is_quick and self._is_between and (data := piece.removeprefix(_DATA)) != piece:
            # Most pieces are one event.
            try:
                found = decode_piece(data)
            except _ODD:
                pass
            else:
                if piece[-1] == _LF and not (found.is_end or found.need_clear_history or found.is_truncated):
                    if len(found.usage) > _NULL:
                        self._counts = found.usage
                    return [PartDelta(index=0, text=found.result)] if found.result else []
        self.early = []
        if self._sse is None and self._whole is None:
            piece = self._sniff(piece)
        if self._sse is not None:
            self._is_between = piece[-2:] == b"\n\n"
            return self._events(self._sse.feed(piece))
        if self._whole is not None:
            self._size += len(piece)
            if self._size > MAX_BODY:
                raise WireError(f"the reply is larger than {MAX_BODY} bytes")
            self._whole.append(piece)
        return []

    def end(self) -> list[ChatEvent]:
        """The body ended. Raises StreamInterrupted for a stream without an end, WireError for a broken
        body."""
        out: list[ChatEvent] = []
        self.early = out
        if self._sse is None:
            if self._whole is None and self._head.media_type == "text/event-stream":
                raise StreamInterrupted("the stream stopped before anything came", ended="cut")
            self._decode_whole(b"".join(self._whole or ()), out)
            return out
        for payload in self._sse.end():
            try:
                self._event(payload, out)
            except WireError as error:
                raise StreamInterrupted("the stream stopped inside an event", ended="cut") from error
        self._tell_usage(out)
        if not self._has_ended:
            raise StreamInterrupted("the stream stopped before its last piece came", ended="cut")
        self._close(out)
        return out

    def _sniff(self, piece: bytes) -> bytes:
        """Decide by the first visible byte what the body is; gives what is to be read."""
        start = self._start + piece
        visible = start.lstrip().removeprefix(b"\xef\xbb\xbf").lstrip()
        if not visible or visible in (b"\xef", b"\xef\xbb"):
            self._start = visible
            return b""
        if visible[:1] in b'{["<' or is_page(self._head):
            self._whole = []
        else:
            self._sse = EventDecoder()
        return start

    def _events(self, payloads: list[bytes]) -> list[ChatEvent]:
        out: list[ChatEvent] = []
        self.early = out
        for payload in payloads:
            if self._is_quick:
                try:
                    piece = decode_piece(payload)
                except _ODD:
                    pass
                else:
                    if not (piece.is_end or piece.need_clear_history or piece.is_truncated):
                        if len(piece.usage) > _NULL:
                            self._counts = piece.usage
                        if piece.result:
                            out.append(PartDelta(index=0, text=piece.result))
                        continue
            self._event(payload, out)
            part = self._parts.get(_TEXT)
            self._is_quick = part is not None and part.index == 0 and not part.held
        return out

    def _event(self, payload: bytes, out: list[ChatEvent]) -> None:
        """One event of a stream, the tolerant way."""
        visible = payload.strip()
        if not visible or visible.startswith(b"[DONE]"):
            return
        chunk = decode(visible)
        refusal = find_refusal(chunk)
        if refusal is not None:
            self._tell_usage(out)
            raise_refusal(refusal, self._head, payload, self._table)
        if isinstance(chunk, dict):
            self._chunk(chunk, out)

    def _decode_whole(self, body: bytes, out: list[ChatEvent]) -> None:
        reply = decode_whole(self._head, body, self._table)
        if not isinstance(reply.get("result"), str) and not isinstance(reply.get("function_call"), dict):
            raise WireError("the reply has no field 'result' with an answer in it")
        self._chunk(reply, out)
        self._tell_usage(out)
        self._close(out)

    def _chunk(self, chunk: dict[str, Any], out: list[ChatEvent]) -> None:
        """One event of a stream, or a whole reply."""
        if not self._has_started:
            self._has_started = True
            name, created = chunk.get("id"), chunk.get("created")
            self.request_id = name if isinstance(name, str) and name else self.request_id
            known = type(created) is int and created > 0
            out.append(Started(id=self.request_id, created=created if known else None))
        text = chunk.get("result")
        if isinstance(text, str) and text:
            if _TEXT not in self._parts:
                self._parts.start(_TEXT, Text(text=""), out)
            self._parts.text(_TEXT, text, out)
        call = chunk.get("function_call")
        if isinstance(call, dict):
            self._call(call, out)
        if chunk.get("search_info"):
            self._citations = citations_of(chunk["search_info"])
        if isinstance(chunk.get("usage"), dict):
            self._counts = chunk["usage"]
        finish = chunk.get("finish_reason")
        if isinstance(finish, str) and finish:
            self._finish = finish
        self._is_cut = self._is_cut or chunk.get("is_truncated") is True
        self._has_ended = self._has_ended or chunk.get("is_end") is True
        if chunk.get("need_clear_history") is True and not self.notes:
            turn = chunk.get("ban_round")
            where = f"turn {turn}" if type(turn) is int and turn >= 0 else "the last question"
            words = f"Baidu holds {where} of this conversation for unsafe and asks that it be ended."
            self.notes = (Note(code="unsafe_history", message=words),)

    def _call(self, call: dict[str, Any], out: list[ChatEvent]) -> None:
        """A call of a tool comes whole, with what the model thought of it."""
        name, told, thoughts = call.get("name"), call.get("arguments"), call.get("thoughts")
        if isinstance(thoughts, str) and thoughts:
            self._parts.start("thoughts", Thinking(text=thoughts), out)
            self._parts.end("thoughts", out)
        arguments = told if isinstance(told, str) else "" if told is None else encode(told)
        ident = f"call_{self._calls}"
        self._calls += 1
        part = ToolCall(id=ident, name=name if isinstance(name, str) else "", arguments="")
        self._parts.start(_CALL, part, out)
        self._parts.text(_CALL, arguments, out)
        self._parts.end(_CALL, out)

    def _tell_usage(self, out: list[ChatEvent]) -> None:
        """What was counted last."""
        counts: Any = self._counts
        if isinstance(counts, msgspec.Raw):
            counts = decode(bytes(counts))
        if isinstance(counts, dict) and counts:
            out.append(UsageReported(usage=decode_usage(counts)))

    def _close(self, out: list[ChatEvent]) -> None:
        """The answer ended."""
        if _TEXT in self._parts:
            self._parts.end(_TEXT, out, citations=self._citations)
        reason = decode_finish(self._finish, is_cut=self._is_cut, calls=self._calls > 0)
        out.append(Finished(reason=reason, raw=self._finish))


def citations_of(search: Any) -> tuple[Citation, ...]:
    """The sources of an answer, in their order."""
    results = search.get("search_results") if isinstance(search, dict) else None
    found = []
    for entry in results if isinstance(results, list) else ():
        told = entry if isinstance(entry, dict) else {}
        url, title, index = told.get("url"), told.get("title"), told.get("index")
        if url or title:
            found.append(
                Citation(
                    url=url if isinstance(url, str) and url else None,
                    title=title if isinstance(title, str) and title else None,
                    source=str(index) if isinstance(index, (int, str)) else None,
                )
            )
    return tuple(found)
