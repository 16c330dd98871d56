"""Shorthands for requests and replies of this wire in tests."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.protocols import Site
from baimo.dialects.anthropic_messages import DIALECT
from baimo.types.chat import ChatRequest, Message
from baimo.types.content import Replay
from baimo.wire.http import HttpRequest, WireHead

STREAM = WireHead(200, ((b"content-type", b"text/event-stream"),))
JSON = WireHead(200, ((b"content-type", b"application/json"),))


def site(base_url: str = "https://api.anthropic.com", **quirks: Any) -> Site:
    """A host with those quirks."""
    return Site(base_url=base_url, provider="anthropic", codes="anthropic", quirks=DIALECT.quirks(quirks))


def request(*messages: Message, **fields: Any) -> ChatRequest:
    """A request of those messages, or of one that says hello."""
    said = messages or (Message(role="user", content="Hi"),)  # type: ignore[arg-type]
    return ChatRequest(model="m", messages=said, **fields)


def wire(request: ChatRequest, at: Site | None = None) -> HttpRequest:
    """What goes out."""
    return DIALECT.encode_request(request, at or site())


def body(request: ChatRequest, at: Site | None = None) -> dict[str, Any]:
    """What goes out, decoded."""
    raw = wire(request, at).body
    assert isinstance(raw, bytes)
    decoded: dict[str, Any] = msgspec.json.decode(raw)
    return decoded


def posted(body: dict[str, Any] | bytes, target: str = "/v1/messages", **headers: str) -> HttpRequest:
    """A caller's request."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    fields = tuple((name.replace("_", "-").encode(), value.encode()) for name, value in headers.items())
    return HttpRequest(method="POST", origin="http://here", target=target.encode(), headers=fields, body=raw)


def asked(*turns: Any, **fields: Any) -> ChatRequest:
    """What a caller's body asks for."""
    said = turns or ({"role": "user", "content": "Hi"},)
    return DIALECT.decode_request(posted({"model": "m", "max_tokens": 9, "messages": said, **fields}))


def kept(**fields: Any) -> Replay:
    """What came from this wire and goes back to it."""
    return Replay(dialect="anthropic_messages", json=msgspec.Raw(msgspec.json.encode(fields)))


def events(*bodies: dict[str, Any]) -> bytes:
    """A stream of those events."""
    return b"".join(
        [b"event: %b\ndata: %b\n\n" % (one["type"].encode(), msgspec.json.encode(one)) for one in bodies]
    )
