"""Shorthands for requests and replies of this wire in tests."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.protocols import Site
from baimo.dialects.bedrock_converse import DIALECT
from baimo.types.chat import ChatRequest, Message
from baimo.types.content import Part, Replay
from baimo.wire.eventstream import encode_frame
from baimo.wire.http import HttpRequest, WireHead

STREAM = WireHead(200, ((b"content-type", b"application/vnd.amazon.eventstream"),))
JSON = WireHead(200, ((b"content-type", b"application/json"),))


def site(base_url: str = "https://bedrock-runtime.us-east-1.amazonaws.com", **quirks: Any) -> Site:
    """A region's address with those quirks."""
    return Site(base_url=base_url, provider="bedrock", codes="aws", quirks=DIALECT.quirks(quirks))


def request(*messages: Message, **fields: Any) -> ChatRequest:
    """A request of those messages, or of one that says hello."""
    said = messages or (user("Hi"),)
    return ChatRequest(model="m", messages=said, **fields)


def user(*content: Any, **fields: Any) -> Message:
    """A message of the user: a text, or parts."""
    return Message(role="user", content=content[0] if isinstance(content[0], str) else content, **fields)  # type: ignore[arg-type]


def assistant(*content: Part) -> Message:
    return Message(role="assistant", content=content)  # type: ignore[arg-type]


def ours(**fields: Any) -> Replay:
    """What this wire wants back."""
    return Replay(dialect=DIALECT.name, json=msgspec.Raw(msgspec.json.encode(fields)))


def body(request: ChatRequest, at: Site | None = None) -> dict[str, Any]:
    """What goes out, decoded."""
    wire = DIALECT.encode_request(request, at or site())
    assert isinstance(wire.body, bytes)
    decoded: dict[str, Any] = msgspec.json.decode(wire.body)
    return decoded


def notes(request: ChatRequest, at: Site | None = None) -> list[str]:
    """The codes of what the caller is told."""
    return [note.code for note in DIALECT.encode_request(request, at or site()).notes]


def posted(body: Any, target: str = "/model/m/converse") -> HttpRequest:
    """A caller's request."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return HttpRequest(method="POST", origin="http://here", target=target.encode(), body=raw)


def asked(body: Any, target: str = "/model/m/converse") -> ChatRequest:
    """What a caller's body asks for."""
    return DIALECT.decode_request(posted(body, target))


def said(*blocks: dict[str, Any], role: str = "user") -> dict[str, Any]:
    """A message of the wire."""
    return {"role": role, "content": list(blocks)}


def event(name: str, content: Any) -> bytes:
    """One message of a stream."""
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return encode_frame(headers, msgspec.json.encode(content))


def delta(index: int, **content: Any) -> bytes:
    return event("contentBlockDelta", {"contentBlockIndex": index, "delta": content})
