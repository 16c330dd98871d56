"""Applications for the server's tests."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from baimo.serving.asgi import Receive, Scope, Send


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Method, target and body in one line."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    text = b"%b %b %b" % (scope["method"].encode(), scope["extensions"]["baimo.raw"]["target"], body)
    await whole(send, 200, text)


async def whole(send: Send, status: int, text: bytes) -> None:
    fields = [(b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": text})


async def chunks(scope: Scope, receive: Receive, send: Send) -> None:
    """A body in two pieces, without a length."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"one ", "more_body": True})
    await send({"type": "http.response.body", "body": b"two"})


class Waiting:
    """Begins a reply and goes on only when it is let."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.stopped = threading.Event()
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.stopped.set()


def saying(*messages: dict[str, Any]) -> Any:
    """An application that reads the request and sends just these messages."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        for message in messages:
            await send(message)

    return app
