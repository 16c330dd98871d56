"""Requests that somebody else's client made, answered in its own wire, on asyncio. As `answering`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from baimo.errors import Error
from baimo.operations import EmbedOperation, ModelsOperation, in_batches, joined
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.models import ModelInfo
from baimo.wire.http import WireHead

from .answer import embed_response
from .answering import Served
from .async_client import AsyncClient
from .async_driving import AsyncDriver
from .async_streams import AsyncChatStream


class AsyncServedChat(Served):
    """One chat, answered in the caller's wire: `begin` gives the head, iterating the pieces of the body."""

    def __init__(self, client: AsyncClient, *args: Any, **options: Any) -> None:
        super().__init__(client, *args, **options)
        self._stream = AsyncChatStream(
            AsyncDriver(self._call.steps, self._call.services or client._services), self._call
        )
        self._state = self._stream
        self._waiting: list[bytes] = []

    async def begin(self) -> WireHead:
        """Send, and read until there is something to tell. Raises what keeps the answer from beginning."""
        while self._told.head is None:
            event = await anext(self._stream, None)
            self._waiting += self._told.end() if event is None else self._told.feed([event])
        return self._told.head

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            waiting, self._waiting = self._waiting, []
            for piece in waiting:
                yield piece
            if self.is_over:
                return
            try:
                event = await anext(self._stream, None)
                self._waiting = self._told.end() if event is None else self._told.feed([event])
            except Error as error:
                self._waiting = self._told.broken(error)

    def close(self) -> None:
        """Done with it. An answer that is not over closes its connection at once."""
        self._stream.close()


async def embed(
    client: AsyncClient, request: EmbedRequest, model: str, wire: str, timeout: float | None = None
) -> EmbedResponse:
    """As `AsyncClient.embed`, of a request in neutral words; token ids go where the provider takes them."""
    route = client.settings.resolve(model, wire)
    answers: list[EmbedResponse] = []
    for batch in in_batches(request, route):
        found: list[EmbedResponse] = []
        call = client._simple("embeddings", EmbedOperation(batch), route, timeout, batch)
        driver = await client._finish(call, found.extend)
        answers.append(call.done(embed_response(found[0], driver), driver.outcome))
    return joined(answers)


async def models(
    client: AsyncClient, provider: str, wire: str, timeout: float | None = None
) -> tuple[ModelInfo, ...]:
    """As `AsyncClient.models`, asked at the endpoint of that dialect where there is one."""
    found: list[tuple[ModelInfo, ...]] = []
    route = client.settings.resolve(f"{provider}/*", wire)
    await client._told(client._simple("models", ModelsOperation(), route, timeout), found.extend)
    return client._with_facts(found[0], provider)
