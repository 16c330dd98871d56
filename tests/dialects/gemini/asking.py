"""Shorthands for requests and replies of this wire in tests."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.protocols import Site
from baimo.dialects.gemini import DIALECT
from baimo.errors import Error
from baimo.types.chat import ChatRequest, ChatResponse, Message
from baimo.types.fold import fold
from baimo.wire.http import HttpRequest, WireHead
from tests.conformance.playing import play

EVENTS = WireHead(200, ((b"content-type", b"text/event-stream"),))
JSON = WireHead(200, ((b"content-type", b"application/json; charset=UTF-8"),))
BASE = "https://generativelanguage.googleapis.com/v1beta"


def site(base_url: str = BASE, **quirks: Any) -> Site:
    """The service with those quirks."""
    return Site(base_url=base_url, provider="gemini", codes="google", quirks=DIALECT.quirks(quirks))


def message(role: str, *parts: Any, **fields: Any) -> Message:
    """One turn."""
    return Message(role=role, content=parts, **fields)  # type: ignore[arg-type]


def request(*messages: Message, **fields: Any) -> ChatRequest:
    """A request of those messages, or of one that says hello."""
    said = messages or (Message(role="user", content="Hi"),)  # type: ignore[arg-type]
    return ChatRequest(model="m", messages=said, **fields)


def body(request: ChatRequest, at: Site | None = None) -> dict[str, Any]:
    """What goes out, decoded."""
    wire = DIALECT.encode_request(request, at or site())
    assert isinstance(wire.body, bytes)
    decoded: dict[str, Any] = msgspec.json.decode(wire.body)
    return decoded


def posted(body: dict[str, Any] | bytes, target: str = "/v1beta/models/m:generateContent") -> HttpRequest:
    """A caller's request."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return HttpRequest(method="POST", origin="http://here", target=target.encode(), body=raw)


def asked(**fields: Any) -> ChatRequest:
    """What a caller's body asks for."""
    return DIALECT.decode_request(posted({"contents": [{"parts": [{"text": "Hi"}]}], **fields}))


def event(*parts: dict[str, Any], **candidate: Any) -> bytes:
    """One event of a stream: a chunk of the first candidate."""
    content = {"content": {"parts": list(parts), "role": "model"}} if parts else {}
    return b"data: " + msgspec.json.encode({"candidates": [{**content, **candidate}]}) + b"\r\n\r\n"


def read(*pieces: bytes, head: WireHead = EVENTS) -> tuple[ChatResponse, Error | None]:
    """The response that a reply adds up to, and how it failed."""
    events, error = play(DIALECT.decoder(head, site()), pieces)
    return fold(events), error


def whole(*parts: dict[str, Any], **candidate: Any) -> ChatResponse:
    """The response of a whole reply of one candidate."""
    content = {"content": {"parts": list(parts)}} if parts else {}
    reply = msgspec.json.encode({"candidates": [{**content, "finishReason": "STOP", **candidate}]})
    response, error = read(reply, head=JSON)
    assert error is None
    return response
