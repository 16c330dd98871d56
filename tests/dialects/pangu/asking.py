"""Shorthands for requests of this wire in tests."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.protocols import Site
from baimo.dialects.pangu import DIALECT
from baimo.types.chat import ChatRequest, Message
from baimo.wire.http import HttpRequest

TARGET = "/v1/p-1/deployments/d-1/chat/completions"
USER = {"role": "user", "content": "Hi"}


def site(project: str | None = "p-1", **quirks: Any) -> Site:
    """A place with those quirks."""
    return Site(
        base_url="https://pangu.example", provider="pangu", project=project, quirks=DIALECT.quirks(quirks)
    )


def request(*messages: Message, **fields: Any) -> ChatRequest:
    """A request of those messages, or of one that says hello."""
    said = messages or (Message(role="user", content="Hi"),)  # type: ignore[arg-type]
    return ChatRequest(**{"model": "d-1", "messages": said, **fields})


def encoded(request: ChatRequest, at: Site | None = None) -> HttpRequest:
    """What goes out."""
    return DIALECT.encode_request(request, at or site())


def body(request: ChatRequest) -> dict[str, Any]:
    """What goes out, decoded."""
    wire = encoded(request)
    assert isinstance(wire.body, bytes)
    decoded: dict[str, Any] = msgspec.json.decode(wire.body)
    return decoded


def asked(body: dict[str, Any] | bytes, target: str = TARGET) -> ChatRequest:
    """What a caller's body asks for."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return DIALECT.decode_request(
        HttpRequest(method="POST", origin="http://here", target=target.encode(), body=raw)
    )
