"""Being the provider: events to frames. A reply always streams; its last frame holds usage and calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from baimo.errors import Error
from baimo.types.chat import ChatRequest, FinishReason
from baimo.types.content import Citation, Opaque, Part, Refusal, Text, Thinking, ToolCall
from baimo.types.events import (
    ChatEvent,
    Finished,
    PartDelta,
    PartEnded,
    PartStarted,
    Started,
    UsageReported,
    Withdrawn,
)
from baimo.types.usage import Usage
from baimo.wire.http import WireHead

from .errors import error_frame, failure_frame
from .pairs import NAME

NO_SID = "cht00000000@dx0000000000000000"
"""The id of a reply whose maker gave none."""

SEARCH = "ifly_search"
"""The plugin that sources come from."""

_WORDS: Mapping[type[Part], str] = {Text: "content", Refusal: "content", Thinking: "reasoning_content"}


class FrameEncoder:
    """Writes one frame for each piece of text; what belongs into the last frame waits for it."""

    def __init__(self, request: ChatRequest) -> None:
        self._sid = NO_SID
        self._seq = 0
        self._usage: Usage | None = None
        self._parts: dict[int, Part] = {}
        self._calls: dict[int, str] = {}
        self._plugins: list[dict[str, Any]] = []
        self._is_over = False

    def head(self) -> WireHead:
        """The handshake is accepted."""
        return WireHead(101)

    def feed(self, event: ChatEvent) -> list[bytes]:
        """The frames for one event. Of several answers only the first is written: this wire has no more."""
        if isinstance(event, Started):
            self._sid = event.id or NO_SID
        elif isinstance(event, UsageReported):
            self._usage = event.usage
        elif isinstance(event, PartStarted | PartDelta | PartEnded) and event.choice == 0:
            return self._part(event)
        elif isinstance(event, Withdrawn) and event.choice == 0:
            return self._void(event.reason)
        elif isinstance(event, Finished) and event.reason is FinishReason.CONTENT_FILTER:
            return self._void("output audit failed")
        return []

    def end(self) -> list[bytes]:
        """The frame with status 2."""
        if self._is_over:
            return []
        texts = [
            {"content": "", "role": "assistant", "index": number, "function_call": self._call(index)}
            for number, index in enumerate(self._calls)
        ]
        payload: dict[str, Any] = {"choices": self._choices(2, texts or [_said("content", "")])}
        if self._plugins:
            payload["plugins"] = {"text": self._plugins}
        if self._usage is not None:
            payload["usage"] = {"text": _counts(self._usage)}
        return [self._frame(2, payload)]

    def error(self, error: Error) -> list[bytes]:
        """A frame that says what failed; no other follows."""
        self._is_over = True
        return [error_frame(error, self._sid)]

    def _void(self, reason: str) -> list[bytes]:
        """Moderation takes back what was shown."""
        if self._is_over:
            return []
        self._is_over = True
        return [failure_frame(10014, reason, self._sid)]

    def _part(self, event: PartStarted | PartDelta | PartEnded) -> list[bytes]:
        if isinstance(event, PartStarted):
            self._parts[event.index] = event.part
            return self._started(event.index, event.part)
        if isinstance(event, PartEnded):
            if event.citations:
                self._plugins.append(_sources(event.citations))
            return []
        if event.index in self._calls:
            self._calls[event.index] += event.text
            return []
        return self._words(self._parts[event.index], event.text)

    def _started(self, index: int, part: Part) -> list[bytes]:
        if isinstance(part, ToolCall):
            self._calls[index] = part.arguments
            return []
        if isinstance(part, Opaque):
            if part.dialect == NAME:
                self._plugins.append(msgspec.json.decode(part.json))
            return []
        if part.citations:
            self._plugins.append(_sources(part.citations))
        return self._words(part, getattr(part, "text", ""))

    def _words(self, part: Part, text: str) -> list[bytes]:
        field = _WORDS.get(type(part))
        if field is None or not text or self._is_over:
            return []
        status = 1 if self._seq else 0
        return [self._frame(status, {"choices": self._choices(status, [_said(field, text)])})]

    def _call(self, index: int) -> dict[str, str]:
        part = self._parts[index]
        assert isinstance(part, ToolCall)
        return {"arguments": self._calls[index], "name": part.name}

    def _choices(self, status: int, texts: list[dict[str, Any]]) -> dict[str, Any]:
        seq, self._seq = self._seq, self._seq + 1
        return {"status": status, "seq": seq, "text": texts}

    def _frame(self, status: int, payload: dict[str, Any]) -> bytes:
        header = {"code": 0, "message": "Success", "sid": self._sid, "status": status}
        return msgspec.json.encode({"header": header, "payload": payload})


def _said(field: str, text: str) -> dict[str, Any]:
    return {"content": "", field: text, "role": "assistant", "index": 0}


def _sources(citations: tuple[Citation, ...]) -> dict[str, Any]:
    """Sources as the search plugin tells them: a list in JSON text."""
    found = [
        {
            "index": citation.source or number,
            "url": citation.url or "",
            "title": citation.title or "",
            **({"summary": citation.quote} if citation.quote else {}),
        }
        for number, citation in enumerate(citations, 1)
    ]
    content = msgspec.json.encode(found).decode()
    return {"name": SEARCH, "content": content, "content_type": "text", "role": "assistant", "index": 0}


def _counts(usage: Usage) -> dict[str, int]:
    prompt, completion = usage.input or 0, usage.output or 0
    return {
        "question_tokens": prompt,
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
