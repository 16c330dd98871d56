"""Shorthands for requests and replies of this wire in tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Raw

from baimo.dialect.protocols import Site
from baimo.dialects.openai_responses import DIALECT
from baimo.errors import Error
from baimo.types.chat import ChatRequest, ChatResponse, Message
from baimo.types.content import Replay
from baimo.types.events import ChatEvent
from baimo.types.fold import fold
from baimo.wire.http import HttpRequest, WireHead
from tests.conformance.playing import play

SSE = WireHead(200, ((b"content-type", b"text/event-stream"),))
JSON = WireHead(200, ((b"content-type", b"application/json"),))


def site(**quirks: Any) -> Site:
    """A server with those quirks."""
    return Site(base_url="https://api.example/v1", provider="example", quirks=DIALECT.quirks(quirks))


def said(text: str, role: str = "user") -> Message:
    return Message(role=role, content=text)  # type: ignore[arg-type]


def request(*messages: Message, **fields: Any) -> ChatRequest:
    """A request of those messages, or of one that says hello."""
    return ChatRequest(model="m", messages=messages or (said("Hi"),), **fields)


def body(asked: ChatRequest, **quirks: Any) -> dict[str, Any]:
    """What goes out, decoded."""
    wire = DIALECT.encode_request(asked, site(**quirks))
    assert isinstance(wire.body, bytes)
    decoded: dict[str, Any] = msgspec.json.decode(wire.body)
    return decoded


def posted(body: dict[str, Any] | bytes) -> HttpRequest:
    """A caller's request."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return HttpRequest(method="POST", origin="http://here", target=b"/v1/responses", body=raw)


def asked(body: dict[str, Any] | bytes) -> ChatRequest:
    """What a caller's body asks for."""
    return DIALECT.decode_request(posted(body))


def replay(**fields: Any) -> Replay:
    return Replay(dialect=DIALECT.name, json=Raw(msgspec.json.encode(fields)))


def stream(*events: dict[str, Any]) -> bytes:
    """A stream of those events."""
    return b"".join([b"data: %b\n\n" % msgspec.json.encode(event) for event in events])


def read(*events: dict[str, Any]) -> tuple[ChatResponse, Error | None]:
    """What a stream of those events adds up to."""
    found, error = play(DIALECT.decoder(SSE, site()), [stream(*events)])
    return fold(found), error


def ended(*output: dict[str, Any], status: str = "completed", **fields: Any) -> dict[str, Any]:
    """The event that ends a stream."""
    return {"type": f"response.{status}", "response": {"status": status, "output": output, **fields}}


def served(events: Sequence[ChatEvent], *, stream: bool, **fields: Any) -> bytes:
    """The reply to a request, being the provider."""
    encoder = DIALECT.encoder(request(stream=stream, **fields))
    items = [item for event in events for item in encoder.feed(event)]
    return b"".join(items + encoder.end())
