"""Being the provider: events to this wire's replies, one object or a stream of messages."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import msgspec

from baimo.errors import Error
from baimo.types.chat import ChatRequest, FinishReason
from baimo.types.content import (
    Citation,
    Image,
    Opaque,
    Part,
    Refusal,
    Replay,
    Text,
    Thinking,
    ToolCall,
)
from baimo.types.events import (
    ChatEvent,
    Finished,
    PartDelta,
    PartEnded,
    PartStarted,
    UsageReported,
)
from baimo.types.usage import Usage
from baimo.wire.eventstream import encode_frame
from baimo.wire.http import WireHead

from .errors import error_body, stream_name
from .messages import kept, object_of
from .sources import encode_citation
from .usage import encode_usage
from .words import IMAGES, STREAM_TYPE, encode_finish, format_of

_WHOLE_HEAD = WireHead(200, ((b"content-type", b"application/json"),))
_STREAM_HEAD = WireHead(200, ((b"content-type", STREAM_TYPE.encode()),))


class _Block:
    """A part on its way: what came of it, for a reply in one piece and for its end."""

    def __init__(self, number: int, part: Part) -> None:
        self.number = number
        self.part = part
        self.text: list[str] = []
        self.data = bytearray()
        self.citations: tuple[Citation, ...] = ()
        self.replay: Replay | None = part.replay


class ReplyEncoder:
    """Writes a message for each event that this wire shows, or all of it as one object at the end.

    Only the first choice is written: there are no others here.
    """

    def __init__(self, request: ChatRequest) -> None:
        self._stream = request.stream
        self._blocks: dict[int, _Block] = {}
        self._begun = False
        self._usage = Usage()
        self._finish = Finished(reason=FinishReason.STOP)

    def head(self) -> WireHead:
        """Status and header fields."""
        return _STREAM_HEAD if self._stream else _WHOLE_HEAD

    def feed(self, event: ChatEvent) -> list[bytes]:
        """The messages for one event of ours."""
        items: list[bytes] = []
        if self._stream and not self._begun:
            self._begun = True
            items.append(message("messageStart", {"role": "assistant"}))
        if isinstance(event, UsageReported):
            self._usage = event.usage
        elif isinstance(event, PartStarted) and not event.choice:
            block = self._blocks[event.index] = _Block(len(self._blocks), event.part)
            items += self._started(block)
        elif isinstance(event, PartDelta) and not event.choice:
            items += self._more(self._blocks[event.index], event.text, event.data)
        elif isinstance(event, PartEnded) and not event.choice:
            items += self._ended(self._blocks[event.index], event)
        elif isinstance(event, Finished) and not event.choice:
            self._finish = event
        return items

    def end(self) -> list[bytes]:
        """The end of the stream, or the whole object."""
        counts, metrics = encode_usage(self._usage)
        reason = encode_finish(self._finish.reason, self._finish.raw)
        if self._stream:
            stop = message("messageStop", {"stopReason": reason})
            return [stop, message("metadata", {"usage": counts, "metrics": metrics})]
        content = [_whole(block) for block in self._blocks.values()]
        body = {
            "output": {"message": {"role": "assistant", "content": content}},
            "stopReason": reason,
            "usage": counts,
            "metrics": metrics,
        }
        return [msgspec.json.encode(body)]

    def error(self, error: Error) -> list[bytes]:
        """An exception inside the stream; nothing follows it."""
        headers = {":exception-type": stream_name(error), ":content-type": "application/json"}
        return [encode_frame({**headers, ":message-type": "exception"}, error_body(error))]

    def _started(self, block: _Block) -> list[bytes]:
        part = block.part
        if not self._stream:
            return self._more(block, _begun_text(part), b"")
        items: list[bytes] = []
        if isinstance(part, ToolCall):
            start: dict[str, Any] = {"toolUse": {"toolUseId": part.id, "name": part.name}}
            items.append(message("contentBlockStart", {"start": start, "contentBlockIndex": block.number}))
        elif isinstance(part, Image):
            start = {"image": {"format": format_of(part.media_type, IMAGES) or "png"}}
            items.append(message("contentBlockStart", {"start": start, "contentBlockIndex": block.number}))
        elif isinstance(part, Opaque):
            items += _opaque(block)
        return items + self._more(block, _begun_text(part), b"")

    def _more(self, block: _Block, text: str, data: bytes) -> list[bytes]:
        """More of a part. Pictures are gathered, for they come whole here; of a sound its words are told."""
        part = block.part
        block.data += data
        if not text:
            return []
        if not self._stream or (isinstance(part, ToolCall) and part.kind == "custom"):
            block.text.append(text)
            return []
        if isinstance(part, Thinking):
            return [_delta(block, {"reasoningContent": {"text": text}})]
        if isinstance(part, ToolCall):
            return [_delta(block, {"toolUse": {"input": text}})]
        return [_delta(block, {"text": text})]

    def _ended(self, block: _Block, event: PartEnded) -> list[bytes]:
        block.citations = block.part.citations + event.citations
        block.replay = event.replay or block.replay
        if not self._stream:
            return []
        items: list[bytes] = []
        part = block.part
        if isinstance(part, Thinking):
            items += [_delta(block, {"reasoningContent": {name: value}}) for name, value in _signs(block)]
        elif isinstance(part, (Text, Refusal)):
            items += [_delta(block, {"citation": entry}) for entry in _sources(block)]
        elif isinstance(part, ToolCall) and part.kind == "custom":
            boxed = msgspec.json.encode({"input": "".join(block.text)}).decode()
            items.append(_delta(block, {"toolUse": {"input": boxed}}))
        elif isinstance(part, Image):
            items.append(_delta(block, {"image": {"source": {"bytes": _picture(block)}}}))
        return [*items, message("contentBlockStop", {"contentBlockIndex": block.number})]


def message(name: str, content: dict[str, Any]) -> bytes:
    """One message of a stream."""
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return encode_frame(headers, msgspec.json.encode(content))


def _delta(block: _Block, delta: dict[str, Any]) -> bytes:
    return message("contentBlockDelta", {"delta": delta, "contentBlockIndex": block.number})


def _begun_text(part: Part) -> str:
    """The words that a part begins with."""
    if isinstance(part, ToolCall):
        return part.arguments
    return part.text if isinstance(part, (Text, Thinking, Refusal)) else ""


def _signs(block: _Block) -> list[tuple[str, Any]]:
    """What must come back with reasoning."""
    return list(kept(block.replay).items())


def _sources(block: _Block) -> list[Any]:
    """Sources as they came from a provider of this wire, else in its words."""
    cited = kept(block.replay).get("citationsContent")
    if isinstance(cited, dict) and isinstance(cited.get("citations"), list):
        found: list[Any] = cited["citations"]
        return found
    return [encode_citation(citation) for citation in block.citations]


def _opaque(block: _Block) -> list[bytes]:
    """What only this wire understands, in pieces: a call that the provider made, or its result."""
    content = _own(block.part)
    for name, start in content.items():
        if name not in ("toolUse", "toolResult") or not isinstance(start, dict):
            return []
        head = {key: value for key, value in start.items() if key not in ("input", "content")}
        delta: Any = start.get("content", [])
        if name == "toolUse":
            delta = {"input": msgspec.json.encode(start.get("input", {})).decode()}
        begun = message("contentBlockStart", {"start": {name: head}, "contentBlockIndex": block.number})
        return [begun, _delta(block, {name: delta})]
    return []


def _own(part: Part) -> dict[str, Any]:
    return kept(Replay(dialect=part.dialect, json=part.json)) if isinstance(part, Opaque) else {}


def _picture(block: _Block) -> str:
    begun = block.part.data if isinstance(block.part, Image) else None
    return b64encode((begun or b"") + bytes(block.data)).decode()


def _whole(block: _Block) -> dict[str, Any]:
    """A part as a block of a reply in one piece."""
    part, text = block.part, "".join(block.text)
    if isinstance(part, Thinking):
        signs = dict(_signs(block))
        if "redactedContent" in signs and not text:
            return {"reasoningContent": signs}
        return {"reasoningContent": {"reasoningText": {"text": text, **signs}}}
    if isinstance(part, ToolCall):
        given: Any = object_of(text) if part.kind == "function" else None
        arguments = {"input": text} if given is None else given
        return {"toolUse": {"toolUseId": part.id, "name": part.name, "input": arguments}}
    if isinstance(part, Image):
        word = format_of(part.media_type, IMAGES) or "png"
        return {"image": {"format": word, "source": {"bytes": _picture(block)}}}
    if isinstance(part, Opaque):
        return _own(part) or {"text": ""}
    sources = _sources(block)
    if sources:
        return {"citationsContent": {"content": [{"text": text}], "citations": sources}}
    return {"text": text}
