"""Shorthands for requests and frames of this wire in tests."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.protocols import Site
from baimo.dialects.spark_ws import DIALECT
from baimo.types.chat import ChatRequest, Message, Role
from baimo.types.content import Part, Text
from baimo.wire.http import SocketRequest

HI = Message(role=Role.USER, content=(Text(text="Hi"),))


def site(base_url: str = "wss://spark-api.xf-yun.com", **quirks: Any) -> Site:
    """Spark with those quirks."""
    return Site(base_url=base_url, provider="spark", app_id="a1b2c3d4", quirks=DIALECT.quirks(quirks))


def request(*messages: Message, model: str = "generalv3.5", **fields: Any) -> ChatRequest:
    """A request of those messages, or of one that says hello."""
    return ChatRequest(model=model, messages=messages or (HI,), **fields)


def said(role: str, *parts: Part | str, **fields: Any) -> Message:
    """One message of texts and parts."""
    content = tuple([Text(text=part) if isinstance(part, str) else part for part in parts])
    return Message(role=Role(role), content=content, **fields)


def frame_of(wire: SocketRequest) -> dict[str, Any]:
    """The one text frame, decoded."""
    (frame,) = wire.frames
    assert isinstance(frame, str)
    decoded: dict[str, Any] = msgspec.json.decode(frame)
    return decoded


def frame(asked: ChatRequest, at: Site | None = None) -> dict[str, Any]:
    """What goes out, decoded."""
    return frame_of(DIALECT.encode_request(asked, at or site()))


def socket(body: Any, target: bytes = b"/v3.5/chat") -> SocketRequest:
    """A caller's handshake with its frame."""
    text = body if isinstance(body, (str, bytes)) else msgspec.json.encode(body).decode()
    return SocketRequest(origin="ws://127.0.0.1", target=target, frames=(text,))


def asked(*turns: dict[str, Any], domain: str = "generalv3.5", **chat: Any) -> dict[str, Any]:
    """A caller's frame."""
    return {
        "header": {"app_id": "a1b2c3d4"},
        "parameter": {"chat": {"domain": domain, **chat}},
        "payload": {"message": {"text": list(turns or ({"role": "user", "content": "Hi"},))}},
    }
