"""Shorthands for requests of this wire in tests."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.protocols import Site
from baimo.dialects.openai_chat import DIALECT
from baimo.types.chat import ChatRequest, Message
from baimo.wire.http import HttpRequest

USER = {"role": "user", "content": "Hi"}


def site(**quirks: Any) -> Site:
    """A provider with those quirks."""
    return Site(base_url="https://api.example/v1", provider="example", quirks=DIALECT.quirks(quirks))


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


def asked(body: dict[str, Any] | bytes, target: str = "/v1/chat/completions") -> ChatRequest:
    """What a caller's body asks for."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return DIALECT.decode_request(
        HttpRequest(method="POST", origin="http://here", target=target.encode(), body=raw)
    )


def asked_one(message: dict[str, Any], **fields: Any) -> Message:
    """The message that a caller's second message becomes."""
    return asked({"model": "m", "messages": [USER, message], **fields}).messages[1]
