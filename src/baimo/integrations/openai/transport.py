"""In place of the network: hands what the SDK's client wants to send to a client of ours."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import openai

from baimo.client import answering, async_answering
from baimo.client.answering import Served, ServedChat
from baimo.client.async_answering import AsyncServedChat
from baimo.client.async_client import AsyncClient
from baimo.client.client import Client
from baimo.errors import Error, StreamInterrupted, TimedOutError, TransportError
from baimo.integrations import openai_desk as desk
from baimo.integrations.openai_desk import Order
from baimo.integrations.openai_places import Places
from baimo.types.chat import ChatRequest
from baimo.types.embeddings import EmbedRequest
from baimo.wire.http import HttpRequest, WireHead

_log = logging.getLogger("baimo.integrations.openai")


class FaceTransport(httpx2.BaseTransport):
    """Answers requests of `openai.OpenAI` through a client. `owns`: whether it is closed with this."""

    def __init__(self, client: Client, places: Places, *, owns: bool) -> None:
        self._client = client
        self._places = places
        self._owns = owns

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer. Raises the SDK's own errors where no reply came; refusals are replies."""
        request.read()
        try:
            order = _read(self._places, request)
            if isinstance(order.request, ChatRequest):
                return self._chat(order, order.request)
            return _reply(*self._whole(order))
        except Error as error:
            return _refused(error, request)

    def close(self) -> None:
        """Close the client where it was made for this."""
        if self._owns:
            self._client.close()

    def _chat(self, order: Order, asked: ChatRequest) -> httpx2.Response:
        served = ServedChat(
            self._client,
            order.dialect,
            asked,
            order.model,
            timeout=order.timeout,
            within=order.within,
            headers=order.headers,
        )
        try:
            head = served.begin()
        except BaseException:
            served.close()
            raise
        return _reply(desk.headed(head, served.fields()), stream=_Pieces(served))

    def _whole(self, order: Order) -> tuple[WireHead, bytes]:
        places, timeout = self._places, order.timeout
        if isinstance(order.request, EmbedRequest):
            wire = order.dialect.name
            response = answering.embed(self._client, order.request, order.model, wire, timeout)
            return desk.embedded(order, response)
        if not order.model:
            return desk.good(desk.listed(order, desk.known(places)))
        found = answering.models(self._client, order.model, order.dialect.name)
        return desk.good(desk.listed(order, desk.named(places, found, provider=order.model)))


class AsyncFaceTransport(httpx2.AsyncBaseTransport):
    """Answers requests of `openai.AsyncOpenAI` through a client. `owns`: whether it is closed with this."""

    def __init__(self, client: AsyncClient, places: Places, *, owns: bool) -> None:
        self._client = client
        self._places = places
        self._owns = owns

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer. Raises the SDK's own errors where no reply came; refusals are replies."""
        await request.aread()
        try:
            order = _read(self._places, request)
            if isinstance(order.request, ChatRequest):
                return await self._chat(order, order.request)
            return _reply(*await self._whole(order))
        except Error as error:
            return _refused(error, request)

    async def aclose(self) -> None:
        """Close the client where it was made for this."""
        if self._owns:
            await self._client.close()

    async def _chat(self, order: Order, asked: ChatRequest) -> httpx2.Response:
        served = AsyncServedChat(
            self._client,
            order.dialect,
            asked,
            order.model,
            timeout=order.timeout,
            within=order.within,
            headers=order.headers,
        )
        try:
            head = await served.begin()
        except BaseException:
            served.close()
            raise
        return _reply(desk.headed(head, served.fields()), stream=_AsyncPieces(served))

    async def _whole(self, order: Order) -> tuple[WireHead, bytes]:
        places, timeout = self._places, order.timeout
        if isinstance(order.request, EmbedRequest):
            wire = order.dialect.name
            response = await async_answering.embed(self._client, order.request, order.model, wire, timeout)
            return desk.embedded(order, response)
        if not order.model:
            return desk.good(desk.listed(order, desk.known(places)))
        found = await async_answering.models(self._client, order.model, order.dialect.name)
        return desk.good(desk.listed(order, desk.named(places, found, provider=order.model)))


class _Pieces(httpx2.SyncByteStream):
    """The body of a chat, piece by piece as it comes."""

    def __init__(self, served: ServedChat) -> None:
        self._served = served

    def __iter__(self) -> Iterator[bytes]:
        yield from self._served
        _tell(self._served)

    def close(self) -> None:
        self._served.close()


class _AsyncPieces(httpx2.AsyncByteStream):
    """The same, awaited."""

    def __init__(self, served: AsyncServedChat) -> None:
        self._served = served

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._served:
            yield piece
        _tell(self._served)

    async def aclose(self) -> None:
        self._served.close()


def _read(places: Places, request: httpx2.Request) -> Order:
    url = request.url
    wire = HttpRequest(
        method=request.method,
        origin=f"{url.scheme}://{url.netloc.decode('ascii')}",
        target=url.raw_path,
        headers=tuple([(name.lower(), value) for name, value in request.headers.raw]),
        body=request.content,
    )
    return desk.read(places, wire, request.headers.multi_items(), request.extensions.get("timeout") or {})


def _reply(head: WireHead, body: bytes = b"", stream: Any = None) -> httpx2.Response:
    if stream is not None:
        return httpx2.Response(head.status, headers=list(head.headers), stream=stream)
    return httpx2.Response(head.status, headers=list(head.headers), content=body)


def _refused(error: Error, request: httpx2.Request) -> httpx2.Response:
    """A refusal as a reply; raises the SDK's own error where no whole reply came."""
    if isinstance(error, TimedOutError):
        timed_out = openai.APITimeoutError(request=request)
        timed_out.message, timed_out.args = str(error), (str(error),)
        raise timed_out from error
    if isinstance(error, (TransportError, StreamInterrupted)):
        raise openai.APIConnectionError(message=str(error), request=request) from error
    response = _reply(*desk.refusal(error))
    response.extensions["baimo.error"] = error
    return response


def _tell(served: Served) -> None:
    """The notes of an answer that is over, for who looks at logs and not at header fields."""
    for note in served.notes:
        _log.info("%s: %s", note.code, note.message)
