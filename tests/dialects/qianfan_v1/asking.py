"""Short ways to ask, to be answered, and to look at both."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.protocols import Site
from baimo.dialects.qianfan_v1 import DIALECT
from baimo.types.chat import ChatRequest, Message, Role
from baimo.types.content import Part, Text
from baimo.wire.http import HttpRequest, WireHead

BASE = "/rpc/2.0/ai_custom/v1/wenxinworkshop"
SITE = Site(base_url=f"https://aip.baidubce.com{BASE}", provider="qianfan")
JSON = WireHead(200, ((b"content-type", b"application/json"),))
SSE = WireHead(200, ((b"content-type", b"text/event-stream"),))


def user(*parts: Part | str) -> Message:
    return Message(role=Role.USER, content=tuple(Text(text=p) if isinstance(p, str) else p for p in parts))


def request(*messages: Message, **fields: Any) -> ChatRequest:
    return ChatRequest(model="completions_pro", messages=messages or (user("Hi"),), **fields)


def body_of(wire: HttpRequest) -> dict[str, Any]:
    assert isinstance(wire.body, bytes)
    body: dict[str, Any] = msgspec.json.decode(wire.body)
    return body


def encoded(asked: ChatRequest) -> dict[str, Any]:
    """The body that a request becomes."""
    return body_of(DIALECT.encode_request(asked, SITE))


def post(body: Any, path: str = "/chat/completions_pro") -> HttpRequest:
    """A request as a server sees it."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return HttpRequest(method="POST", origin="http://127.0.0.1", target=f"{BASE}{path}".encode(), body=raw)


def asked_for(body: Any, path: str = "/chat/completions_pro") -> ChatRequest:
    return DIALECT.decode_request(post(body, path))
