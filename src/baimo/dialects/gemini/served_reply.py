"""Being the provider: events to this wire's replies, whole, as an event stream, or as one array of chunks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from baimo.dialect.complaints import Complaints
from baimo.errors import Error
from baimo.types.chat import ChatRequest, FinishReason, TokenLogprob
from baimo.types.content import Audio, Citation, Opaque, Part, Refusal, Text, Thinking, ToolCall, ToolResult
from baimo.types.events import (
    ChatEvent,
    Finished,
    LogprobsReported,
    PartDelta,
    PartEnded,
    PartStarted,
    Started,
    UsageReported,
)
from baimo.types.usage import Usage
from baimo.wire.http import WireHead

from .candidate import encode_logprobs
from .contents import boxed
from .errors import error_content
from .grounding import encode_citations
from .media import encode_media
from .parts import encode_call, encode_thinking, laid_over, object_of, opaque_fields, replay_fields
from .quirks import Quirks
from .request import foreign_fields
from .usage import encode_usage
from .words import FORM, encode_finish

_WHOLE_HEAD = WireHead(200, ((b"content-type", b"application/json; charset=UTF-8"),))
_STREAM_HEAD = WireHead(200, ((b"content-type", b"text/event-stream"),))

_WORDS = (Text, Thinking, Refusal)
_ANY = Quirks(web_addresses=True)


class _Served:
    """One part while it is written. One that is live is shown piece by piece, others when they are whole."""

    def __init__(self, part: Part, *, is_live: bool) -> None:
        self.part = part
        self.is_live = is_live
        self.pieces: list[str] = []
        self.data = bytearray()


class _Candidate:
    """One candidate while it is written."""

    def __init__(self) -> None:
        self.parts: dict[int, _Served] = {}
        self.wire: dict[int, dict[str, Any]] = {}
        self.cited: dict[int, tuple[str, tuple[Citation, ...]]] = {}
        self.tokens: list[TokenLogprob] = []
        self.finish = Finished(reason=FinishReason.STOP)


class ReplyEncoder:
    """Writes one chunk for each event that this wire shows, or all of it as one object at the end.

    A call is written when it is whole. Why candidates end, where they come from and what it cost stands in
    the last chunk.
    """

    def __init__(self, request: ChatRequest) -> None:
        self._stream = request.stream
        self._is_array = request.stream and foreign_fields(request).get(FORM) == "array"
        self._frame: dict[str, Any] = {"modelVersion": request.model}
        self._candidates: dict[int, _Candidate] = {}
        self._usage: Usage | None = None
        self._count = 0

    def head(self) -> WireHead:
        """Status and header fields."""
        return _STREAM_HEAD if self._stream and not self._is_array else _WHOLE_HEAD

    def feed(self, event: ChatEvent) -> list[bytes]:
        """The chunks for one event of ours."""
        if isinstance(event, PartDelta):
            return self._more(event)
        if isinstance(event, PartStarted):
            return self._started(event)
        if isinstance(event, PartEnded):
            return self._ended(event)
        if isinstance(event, Started):
            self._begun(event)
        elif isinstance(event, UsageReported):
            self._usage = event.usage
        elif isinstance(event, LogprobsReported):
            return self._logprobs(event)
        elif isinstance(event, Finished):
            self._candidate(event.choice).finish = event
        return []

    def end(self) -> list[bytes]:
        """The last chunk of a stream, or the whole object."""
        body: dict[str, Any] = {"candidates": [self._last(index) for index in sorted(self._candidates)]}
        if self._usage is not None:
            body["usageMetadata"] = encode_usage(self._usage)
        body |= self._frame
        if not self._stream:
            return [msgspec.json.encode(body)]
        return [self._framed(body), b"]\n"] if self._is_array else [self._framed(body)]

    def error(self, error: Error) -> list[bytes]:
        """An error inside the stream; nothing follows it."""
        return [self._framed(error_content(error)[1])]

    def _begun(self, event: Started) -> None:
        self._frame["modelVersion"] = event.model or self._frame["modelVersion"]
        if event.created is not None:
            when = datetime.fromtimestamp(event.created, UTC)
            self._frame["createTime"] = when.strftime("%Y-%m-%dT%H:%M:%SZ")
        if event.id is not None:
            self._frame["responseId"] = event.id

    def _candidate(self, index: int) -> _Candidate:
        return self._candidates.setdefault(index, _Candidate())

    def _started(self, event: PartStarted) -> list[bytes]:
        part = event.part
        is_live = self._stream and isinstance(part, _WORDS) and part.replay is None
        served = _Served(part, is_live=is_live)
        self._candidate(event.choice).parts[event.index] = served
        if not isinstance(part, _WORDS) or not part.text:
            return []
        served.part = replace(part, text="")
        return self._said(served, part.text, event.choice)

    def _more(self, event: PartDelta) -> list[bytes]:
        served = self._candidate(event.choice).parts[event.index]
        served.data += event.data
        return self._said(served, event.text, event.choice)

    def _said(self, served: _Served, text: str, choice: int) -> list[bytes]:
        served.pieces.append(text)
        if not served.is_live or not text:
            return []
        wire: dict[str, Any] = {"text": text}
        if isinstance(served.part, Thinking):
            wire["thought"] = True
        return self._chunk(choice, {"content": {"parts": [wire], "role": "model"}})

    def _ended(self, event: PartEnded) -> list[bytes]:
        candidate = self._candidate(event.choice)
        served = candidate.parts.pop(event.index)
        text = "".join(served.pieces)
        if isinstance(served.part, Text):
            candidate.cited[event.index] = text, served.part.citations + event.citations
        replay = event.replay or served.part.replay
        if served.is_live:
            beside = replay_fields(replay)
            if not beside:
                return []
            thought = {"thought": True} if isinstance(served.part, Thinking) else {}
            wire: dict[str, Any] | None = {"text": "", **thought, **beside}
        else:
            wire = _whole(replace(served.part, replay=replay), text, bytes(served.data))
        if wire is None:
            return []
        if self._stream:
            return self._chunk(event.choice, {"content": {"parts": [wire], "role": "model"}})
        candidate.wire[event.index] = wire
        return []

    def _logprobs(self, event: LogprobsReported) -> list[bytes]:
        if self._stream:
            return self._chunk(event.choice, {"logprobsResult": encode_logprobs(list(event.tokens))})
        self._candidate(event.choice).tokens += event.tokens
        return []

    def _last(self, index: int) -> dict[str, Any]:
        """A candidate in the last chunk, or in the whole object."""
        candidate = self._candidates[index]
        parts = [wire for _, wire in sorted(candidate.wire.items())]
        wire: dict[str, Any] = {}
        if parts or self._stream:
            wire["content"] = {"parts": parts or [{"text": ""}], "role": "model"}
        wire["finishReason"] = encode_finish(candidate.finish.reason, candidate.finish.raw)
        wire["index"] = index
        if candidate.tokens:
            wire["logprobsResult"] = encode_logprobs(candidate.tokens)
        grounding = encode_citations([cited for _, cited in sorted(candidate.cited.items())])
        if grounding:
            wire["groundingMetadata"] = grounding
        return wire

    def _chunk(self, choice: int, candidate: dict[str, Any]) -> list[bytes]:
        return [self._framed({"candidates": [{**candidate, "index": choice}], **self._frame})]

    def _framed(self, body: dict[str, Any]) -> bytes:
        payload = msgspec.json.encode(body)
        self._count += 1
        if self._is_array:
            return (b"[" if self._count == 1 else b",\r\n") + payload
        return b"data: " + payload + b"\r\n\r\n"


def _whole(part: Part, text: str, data: bytes) -> dict[str, Any] | None:
    """A part that is written in one piece; None for one that this wire has no place for."""
    if isinstance(part, Thinking):
        return encode_thinking(replace(part, text=text))
    if isinstance(part, (Text, Refusal)):
        return {"text": text, **replay_fields(part.replay)}
    if isinstance(part, ToolCall):
        arguments = object_of(part.arguments + text) if part.kind == "function" else None
        return encode_call(part, boxed(part.arguments + text) if arguments is None else arguments)
    if isinstance(part, Opaque):
        return opaque_fields(part)
    if isinstance(part, ToolResult):
        return None
    if data:
        sound = isinstance(part, Audio)
        part = replace(part, data=(part.data or b"") + data, **({"transcript": None} if sound else {}))
    wire = encode_media(part, "", _ANY, Complaints(drop=True, who=""))
    return None if wire is None else laid_over(wire, replay_fields(part.replay))
