"""Short ways to ask, to be answered, and to look at both."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.protocols import Site
from baimo.dialects.minimax import DIALECT
from baimo.errors import Error
from baimo.types.chat import ChatRequest, ChatResponse, Message, Role
from baimo.types.content import Part, Text
from baimo.types.events import ChatEvent
from baimo.types.fold import fold
from baimo.wire.http import HttpRequest, WireHead
from tests.conformance.playing import play

SITE = Site(base_url="https://api.minimaxi.com/v1", provider="minimax")
JSON = WireHead(200, ((b"content-type", b"application/json"),))
SSE = WireHead(200, ((b"content-type", b"text/event-stream"),))


def user(*parts: Part | str) -> Message:
    return Message(role=Role.USER, content=tuple(Text(text=p) if isinstance(p, str) else p for p in parts))


def request(*messages: Message, **fields: Any) -> ChatRequest:
    return ChatRequest(model=fields.pop("model", "m"), messages=messages or (user("Hi"),), **fields)


def encoded(asked: ChatRequest, site: Site = SITE) -> dict[str, Any]:
    """The body that a request becomes."""
    wire = DIALECT.encode_request(asked, site)
    assert isinstance(wire.body, bytes)
    body: dict[str, Any] = msgspec.json.decode(wire.body)
    return body


def decoded(*chunks: Any, head: WireHead = SSE) -> tuple[ChatResponse, list[ChatEvent], Error | None]:
    """What a stream of those chunks becomes."""
    body = b"".join(b"data: " + msgspec.json.encode(chunk) + b"\n\n" for chunk in chunks)
    events, error = play(DIALECT.decoder(head, SITE), [body])
    return fold(events), events, error


def chunk(finish: str = "", index: int = 0, **delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": index, "delta": delta, "finish_reason": finish}]}


def post(body: Any, path: bytes = b"/v1/text/chatcompletion_v2") -> HttpRequest:
    """A request as a server sees it."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return HttpRequest(method="POST", origin="http://127.0.0.1", target=path, body=raw)
