"""Short ways to ask, to be answered, and to look at both."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.protocols import Site
from baimo.dialects.dashscope import DIALECT
from baimo.dialects.dashscope.address import MULTIMODAL, TEXT
from baimo.errors import Error
from baimo.types.chat import ChatRequest, ChatResponse, Message, Role
from baimo.types.content import Part, Text
from baimo.types.events import ChatEvent
from baimo.types.fold import fold
from baimo.wire.http import HttpRequest, WireHead
from tests.conformance.playing import play

BASE = "https://dashscope.aliyuncs.com/api/v1"
JSON = WireHead(200, ((b"content-type", b"application/json"),))
SSE = WireHead(200, ((b"content-type", b"text/event-stream;charset=UTF-8"),))


def site(**quirks: Any) -> Site:
    return Site(base_url=BASE, provider="qwen", quirks=DIALECT.quirks(quirks) if quirks else None)


def user(*parts: Part | str) -> Message:
    return Message(role=Role.USER, content=tuple(Text(text=p) if isinstance(p, str) else p for p in parts))


def request(*messages: Message, **fields: Any) -> ChatRequest:
    return ChatRequest(model=fields.pop("model", "qwen-plus"), messages=messages or (user("Hi"),), **fields)


def encoded(asked: ChatRequest, **quirks: Any) -> dict[str, Any]:
    """The body that a request becomes."""
    return body_of(DIALECT.encode_request(asked, site(**quirks)))


def body_of(wire: HttpRequest) -> dict[str, Any]:
    assert isinstance(wire.body, bytes)
    body: dict[str, Any] = msgspec.json.decode(wire.body)
    return body


def heads(wire: HttpRequest) -> dict[str, str]:
    return {name.decode().lower(): value.decode() for name, value in wire.headers}


def said(content: Any = "", finish: str = "null", **message: Any) -> dict[str, Any]:
    """An event of a stream with one choice."""
    choice = {"message": {"role": "assistant", "content": content, **message}, "finish_reason": finish}
    return {"output": {"choices": [choice]}, "request_id": "r-1"}


def stream(*events: dict[str, Any] | bytes) -> bytes:
    datas = [event if isinstance(event, bytes) else msgspec.json.encode(event) for event in events]
    return b"".join(
        b"id:%d\nevent:result\n:HTTP_STATUS/200\ndata:%s\n\n" % (number, data)
        for number, data in enumerate(datas, 1)
    )


def decoded(
    *events: dict[str, Any], asked: ChatRequest | None = None, **quirks: Any
) -> tuple[ChatResponse, list[ChatEvent], Error | None]:
    """What a stream of those events becomes."""
    where = site(**quirks)
    decoder = DIALECT.decoder(SSE, where) if asked is None else DIALECT.decoder_for(asked, SSE, where)
    found, error = play(decoder, [stream(*events)])
    return fold(found), found, error


def post(body: Any, *, multimodal: bool = False, sse: bool = False, path: str = "") -> HttpRequest:
    """A request as a server sees it."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    fields: tuple[tuple[bytes, bytes], ...] = ((b"host", b"127.0.0.1"), (b"accept", b"application/json"))
    if sse:
        fields = (*fields, (b"x-dashscope-sse", b"enable"))
    end = path or (MULTIMODAL if multimodal else TEXT)
    target = f"/api/v1{end}".encode()
    return HttpRequest(method="POST", origin="http://127.0.0.1", target=target, headers=fields, body=raw)


def asked_for(body: Any, **how: Any) -> ChatRequest:
    return DIALECT.decode_request(post(body, **how))
