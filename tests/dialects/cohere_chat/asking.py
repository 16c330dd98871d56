"""Shorthands for requests and replies of this wire in tests."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.protocols import Site
from baimo.dialects.cohere_chat import DIALECT
from baimo.types.chat import ChatRequest, Message
from baimo.wire.http import HttpRequest, WireHead

SSE = WireHead(200, ((b"content-type", b"text/event-stream"),))
JSON = WireHead(200, ((b"content-type", b"application/json"),))


def site(base_url: str = "https://api.cohere.com", **quirks: Any) -> Site:
    """The service with those quirks."""
    return Site(base_url=base_url, provider="cohere", codes="cohere", quirks=DIALECT.quirks(quirks))


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


def posted(body: dict[str, Any] | bytes, target: str = "/v2/chat") -> HttpRequest:
    """A caller's request."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return HttpRequest(method="POST", origin="http://here", target=target.encode(), body=raw)


def asked(body: dict[str, Any] | bytes) -> ChatRequest:
    """What a caller's body asks for."""
    return DIALECT.decode_request(posted(body))


def events(*bodies: dict[str, Any]) -> bytes:
    """A stream of those events."""
    return b"".join([b"data: " + msgspec.json.encode(one) + b"\n\n" for one in bodies])
