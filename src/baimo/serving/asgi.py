"""ASGI as this server speaks it, and the one extension that it adds.

The extension `baimo.raw` lets an application be a broken server. Its messages, in `send`:
`{"type": "baimo.raw.send", "body": bytes}` writes bytes past all framing, and `{"type": "baimo.raw.abort"}`
breaks the connection off at once. The scope's entry holds `target`: the request's target byte for byte.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

RAW = "baimo.raw"
RAW_SEND = "baimo.raw.send"
RAW_ABORT = "baimo.raw.abort"
REFUSE = "websocket.http.response"
"""The common extension by which a handshake is refused with a reply of HTTP."""
