"""Replies of this wire to events. A stream is lines of JSON; a whole reply is one line of the same form."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from baimo.dialect.ending import FINISH_MISSING, page_error
from baimo.dialect.jsontext import decode, encode, excerpt
from baimo.dialect.parts import Parts
from baimo.dialect.think import ThinkSplitter
from baimo.errors import StreamInterrupted, WireError
from baimo.notes import Note
from baimo.types.chat import TokenLogprob
from baimo.types.content import Text, Thinking, ToolCall
from baimo.types.events import (
    ChatEvent,
    Finished,
    LogprobsReported,
    PartDelta,
    Started,
    UsageReported,
)
from baimo.types.usage import Usage
from baimo.wire.http import WireHead
from baimo.wire.ndjson import LineDecoder

from .context import Window, cut_note
from .errors import error_text, raise_refusal
from .fastlane import LANES, Lane
from .quirks import Quirks
from .words import decode_finish, decode_time

MAX_BODY = 64 * 1024 * 1024
"""Bytes of a whole reply."""

_THINKING, _TEXT = "thinking", "text"

_STREAM = "application/x-ndjson"

_ODD = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""How the quick way refuses what is not for it."""

_METRICS = (
    "total_duration",
    "load_duration",
    "prompt_eval_count",
    "prompt_eval_duration",
    "eval_count",
    "eval_duration",
)
"""Counts of tokens, and durations in nanoseconds; one that is zero is left out."""


class ReplyDecoder:
    """Decodes a reply with a good status.

    Memory: one line of a stream, or a whole body, both bounded.
    """

    def __init__(
        self, head: WireHead, quirks: Quirks, table: str | None, window: Window | None = None
    ) -> None:
        self.early: list[ChatEvent] = []
        self.notes: tuple[Note, ...] = ()
        self._head = head
        self._table = table
        self._window = window
        self._lines = LineDecoder(max_line=MAX_BODY)
        self._pieces: list[bytes] = []
        self._size = 0
        self._seen = False
        self._started = False
        self.has_ended = False
        self._parts = Parts()
        self._calls = 0
        self._stamp = ""
        self._splitter = ThinkSplitter() if quirks.think_tags else None
        self._lane: Lane | None = None
        self._lane_part = 0
        self._is_between = False  # what came so far ends with a line's end

    def feed(self, piece: bytes) -> list[ChatEvent]:
        """The events this piece completes. Raises ProviderError or WireError."""
        if self._is_between and self._lane is not None and piece[-1:] == b"\n":
            # Most reads bring one line.
            try:
                found = self._lane(piece)
            except _ODD:
                pass
            else:
                if not found.done:
                    text = found.message.text
                    return [PartDelta(index=self._lane_part, text=text)] if text else []
        out: list[ChatEvent] = []
        self.early = out
        lane, part = self._lane, self._lane_part
        for line in self._lines.feed(piece):
            if lane is not None:
                try:
                    found = lane(line)
                except _ODD:
                    pass
                else:
                    if not found.done:
                        if text := found.message.text:
                            out.append(PartDelta(index=part, text=text))
                        continue
            self._line(line, out)
            self._find_lane()
            lane, part = self._lane, self._lane_part
        self._is_between = piece[-1:] == b"\n"
        return out

    def end(self) -> list[ChatEvent]:
        """The body ended. Raises StreamInterrupted for one without its last line, WireError for a broken
        one."""
        out: list[ChatEvent] = []
        self.early = out
        for line in self._lines.end():
            self._last(line, out)
        if self._pieces:
            self._spread(out)
        if not self._seen and self._head.media_type != _STREAM:
            raise WireError("an empty body where a reply in JSON was due")
        if not self.has_ended:
            if not self._started and self._seen:
                raise WireError("the reply has neither a field 'message' nor 'response'")
            raise StreamInterrupted("the stream stopped before the line that is done", ended="cut")
        return out

    def _find_lane(self) -> None:
        """The quick way for the next line, if reasoning or text is open and takes nothing but words."""
        self._lane = None
        if self._splitter is None and not self.has_ended:
            key = _THINKING if _THINKING in self._parts else _TEXT
            part = self._parts.get(key)
            if part is not None and not part.held:
                self._lane, self._lane_part = LANES[key], part.index

    def _line(self, line: bytes, out: list[ChatEvent]) -> None:
        if self.has_ended:
            return
        if self._pieces:
            self._collect(line)
            return
        try:
            content = decode(line)
        except WireError:
            if self._seen or not line.startswith(b"{"):
                raise self._no_json(line) from None
            self._collect(line)  # one object spread over several lines
            return
        self._object(content, line, out)

    def _collect(self, line: bytes) -> None:
        self._size += len(line)
        if self._size > MAX_BODY:
            raise WireError(f"the reply is larger than {MAX_BODY} bytes")
        self._pieces.append(line)

    def _last(self, line: bytes, out: list[ChatEvent]) -> None:
        """A line that the end of the body closed: whole, or cut in its middle."""
        try:
            self._line(line, out)
        except WireError as error:
            if not self._seen:
                raise
            raise StreamInterrupted("the stream stopped inside a line", ended="cut") from error

    def _spread(self, out: list[ChatEvent]) -> None:
        body = b"\n".join(self._pieces)
        try:
            content = decode(body)
        except WireError:
            if self._head.media_type == _STREAM:
                raise StreamInterrupted("the stream stopped inside a line", ended="cut") from None
            raise
        self._object(content, body, out)

    def _no_json(self, line: bytes) -> WireError:
        if line.startswith(b"<"):
            return page_error(self._head, line)
        return WireError(f"no JSON where some was due: {excerpt(line)}")

    def _object(self, content: Any, line: bytes, out: list[ChatEvent]) -> None:
        """One line of a stream, or the whole reply."""
        self._seen = True
        text = error_text(content)
        if text is not None:
            raise_refusal(text, self._head, line, self._table)
        if not isinstance(content, dict):
            return
        message = content.get("message")
        if not isinstance(message, dict):
            if "response" not in content:
                return
            message = {"content": content["response"], "thinking": content.get("thinking")}
        self._start(content, out)
        self._message(message, out)
        tokens = decode_logprobs(content.get("logprobs"))
        if tokens:
            out.append(LogprobsReported(tokens=tokens))
        if content.get("done") is True:
            self._close(content, out)

    def _start(self, content: dict[str, Any], out: list[ChatEvent]) -> None:
        if self._started:
            return
        self._started = True
        model, made = content.get("model"), content.get("created_at")
        self._stamp = made if isinstance(made, str) else ""
        out.append(
            Started(model=model if isinstance(model, str) and model else None, created=decode_time(made))
        )

    def _message(self, message: dict[str, Any], out: list[ChatEvent]) -> None:
        thinking, text, calls = message.get("thinking"), message.get("content"), message.get("tool_calls")
        if isinstance(thinking, str) and thinking:
            self._say(_THINKING, thinking, out)
        if isinstance(text, str) and text:
            if self._splitter is None:
                self._say(_TEXT, text, out)
            else:
                self._tagged(self._splitter.feed(text), out)
        for call in calls if isinstance(calls, list) else ():
            self._call(call, out)

    def _say(self, key: str, text: str, out: list[ChatEvent]) -> None:
        """More text of the reasoning or the answer. Reasoning ends where the answer goes on."""
        if key is _TEXT and _THINKING in self._parts:
            self._parts.end(_THINKING, out)
        if key not in self._parts:
            self._parts.start(key, Text(text="") if key is _TEXT else Thinking(), out)
        self._parts.text(key, text, out)

    def _tagged(self, pieces: list[tuple[bool, str]], out: list[ChatEvent]) -> None:
        for inside, text in pieces:
            self._say(_THINKING if inside else _TEXT, text, out)

    def _call(self, entry: Any, out: list[ChatEvent]) -> None:
        """A tool call, which comes whole."""
        function = entry.get("function") if isinstance(entry, dict) else None
        if not isinstance(function, dict):
            return
        if _THINKING in self._parts:
            self._parts.end(_THINKING, out)
        name, ident, given = function.get("name"), entry.get("id"), function.get("arguments")
        name = name if isinstance(name, str) else ""
        arguments = given if isinstance(given, str) else encode(given if given is not None else {})
        if not isinstance(ident, str) or not ident:
            ident = made_up_id(self._stamp, self._calls, name, arguments)
        self._calls += 1
        key = f"call {self._calls}"
        self._parts.start(key, ToolCall(id=ident, name=name, arguments=""), out)
        self._parts.text(key, arguments, out)
        self._parts.end(key, out)

    def _close(self, content: dict[str, Any], out: list[ChatEvent]) -> None:
        """The last line: every part ends, and what it cost is told."""
        self.has_ended = True
        if self._splitter is not None:
            self._tagged(self._splitter.end(), out)
        self._parts.end_all(out)
        usage = decode_usage(content)
        if usage is not None:
            out.append(UsageReported(usage=usage))
        word = content.get("done_reason")
        word = word if isinstance(word, str) and word else None
        out.append(Finished(reason=decode_finish(word, calls=self._calls > 0), raw=word))
        notes = [FINISH_MISSING] if word is None else []
        if self._window is not None and usage is not None:
            note = cut_note(self._window, usage.input_uncached)
            notes += [] if note is None else [note]
        self.notes = tuple(notes)


def made_up_id(stamp: str, number: int, name: str, arguments: str) -> str:
    """An id for a call that came without one: always the same for the same reply, another for another."""
    from hashlib import blake2s

    text = f"{stamp} {number} {name} {arguments}".encode("utf-8", "surrogatepass")
    return f"call_{blake2s(text, digest_size=4).hexdigest()}"


def decode_usage(content: dict[str, Any]) -> Usage | None:
    """What the last line tells. A count that is left out is not known, for zeros are left out too."""
    told = {name: content[name] for name in _METRICS if name in content}
    if not told:
        return None
    return Usage(
        input_uncached=_count(told.get("prompt_eval_count")),
        output_visible=_count(told.get("eval_count")),
        raw=Raw(msgspec.json.encode(told)),
    )


def _count(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None


def decode_logprobs(entries: Any) -> tuple[TokenLogprob, ...]:
    """The tokens that a line tells the probabilities of."""
    found = [_token(entry) for entry in entries] if isinstance(entries, list) else []
    return tuple([token for token in found if token is not None])


def _token(entry: Any) -> TokenLogprob | None:
    if not isinstance(entry, dict):
        return None
    token, value, parts = entry.get("token"), entry.get("logprob"), entry.get("bytes")
    if not isinstance(token, str) or not isinstance(value, (int, float)):
        return None
    return TokenLogprob(
        token=token,
        logprob=float(value),
        bytes=tuple(parts) if isinstance(parts, list) and all(type(b) is int for b in parts) else None,
        top=decode_logprobs(entry.get("top_logprobs")),
    )
