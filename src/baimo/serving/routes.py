"""Dialects as one ASGI application: whoever answers is asked in neutral words and answers in them.

The caller's request decides the dialect, its own `operation` the route. What is refused or fails is told
in the caller's dialect: before a reply as a status, within one as that wire tells it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable
from contextlib import aclosing
from typing import Any, TypeAlias, cast

import msgspec

from baimo.dialect.protocols import ChatEncoder, EmbedDialect, ModelsDialect, ServedDialect
from baimo.errors import Error, NotFoundError
from baimo.types.chat import ChatRequest
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.events import ChatEvent
from baimo.types.models import ModelInfo
from baimo.wire.http import HttpRequest, SocketRequest, WireHead, WireRequest

from .asgi import Receive, Scope, Send
from .asked import Asked, read_asked, serving
from .requested import read_request

Answer: TypeAlias = AsyncIterable[ChatEvent] | EmbedResponse | tuple[ModelInfo, ...]
Items: TypeAlias = AsyncGenerator[bytes, None]
Answerer: TypeAlias = Callable[[Asked], Awaitable[Answer]]
"""Answers chat with events, embed with vectors, models with a list. Raises baimo's errors for a refusal."""


class DialectRoutes:
    """The application. Of several dialects the first one that knows a route serves it."""

    def __init__(self, dialects: Iterable[ServedDialect], answer: Answerer) -> None:
        self._dialects = tuple(dialects)
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI's entry."""
        wire = await read_request(scope, receive)
        if wire is None:
            return
        found = serving(self._dialects, wire)
        if found is None:
            await self._nothing(scope, wire, send)
        elif isinstance(wire, SocketRequest):
            await self._socket(*found, wire, receive, send)
        else:
            await self._http(*found, wire, send)

    async def _http(self, dialect: Any, operation: str, wire: HttpRequest, send: Send) -> None:
        try:
            head, body = await self._answered(dialect, operation, wire)
        except Error as error:
            refused, data = dialect.encode_error(error)
            head, body = refused, _once(data)
        await send({"type": "http.response.start", "status": head.status, "headers": list(head.headers)})
        async with aclosing(body) as pieces:
            async for piece in pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _answered(self, dialect: Any, operation: str, wire: HttpRequest) -> tuple[WireHead, Items]:
        """Head and body. Raises whatever keeps the answer from beginning."""
        asked = read_asked(dialect, operation, wire)
        answer = await self._answer(asked)
        if isinstance(asked.request, ChatRequest):
            encoder: ChatEncoder = dialect.encoder(asked.request)
            items = _encoded(encoder, cast("AsyncIterable[ChatEvent]", answer))
            first = await anext(items, b"")  # who fails before its first word is refused with a status
            return encoder.head(), _chained(first, items)
        json = WireHead(200, ((b"content-type", b"application/json"),))
        if isinstance(asked.request, EmbedRequest):
            vectors = cast("EmbedResponse", answer)
            return json, _once(cast("EmbedDialect", dialect).encode_embed_response(asked.request, vectors))
        models = cast("tuple[ModelInfo, ...]", answer)
        return json, _once(cast("ModelsDialect", dialect).encode_model_list(models))

    async def _socket(
        self, dialect: Any, operation: str, wire: SocketRequest, receive: Receive, send: Send
    ) -> None:
        await send({"type": "websocket.accept"})
        message = await receive()
        if message["type"] != "websocket.receive":
            return
        frame = message["text"] if message.get("text") is not None else message["bytes"]
        try:
            whole = msgspec.structs.replace(wire, frames=(frame,))
            asked = read_asked(dialect, operation, whole)
            answer = await self._answer(asked)
            encoder: ChatEncoder = dialect.encoder(asked.request)
            async with aclosing(_encoded(encoder, cast("AsyncIterable[ChatEvent]", answer))) as items:
                async for item in items:
                    await send({"type": "websocket.send", "text": item.decode()})
        except Error as error:
            await send({"type": "websocket.send", "text": dialect.encode_error(error)[1].decode()})
        await send({"type": "websocket.close", "code": 1000})

    async def _nothing(self, scope: Scope, wire: WireRequest, send: Send) -> None:
        kind = "http.response" if scope["type"] == "http" else "websocket.http.response"
        error = NotFoundError(f"nothing is served at {wire.target.decode('latin-1')}", status=404)
        head, body = WireHead(404, ((b"content-type", b"text/plain"),)), f"{error.message}\n".encode()
        if self._dialects and hasattr(self._dialects[0], "encode_error"):
            head, body = self._dialects[0].encode_error(error)
        await send({"type": f"{kind}.start", "status": 404, "headers": list(head.headers)})
        await send({"type": f"{kind}.body", "body": body})


async def _encoded(encoder: ChatEncoder, events: AsyncIterable[ChatEvent]) -> Items:
    """The items of a reply as its events come. A failure after the first item is told within the reply."""
    begun = False
    try:
        async for event in events:
            for item in encoder.feed(event):
                begun = True
                yield item
    except Error as error:
        if not begun:
            raise
        for item in encoder.error(error):
            yield item
        return
    finally:
        close = getattr(events, "aclose", None)
        if close is not None:
            await close()  # a caller who leaves ends the answer where it is made
    for item in encoder.end():
        yield item


async def _chained(first: bytes, rest: Items) -> Items:
    async with aclosing(rest):
        yield first
        async for item in rest:
            yield item


async def _once(data: bytes) -> Items:
    yield data
