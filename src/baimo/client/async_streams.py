"""A streamed answer, awaited. As `ChatStream`, with `async for` and `async with`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import TracebackType

from baimo.types.events import ChatEvent

from .async_driving import AsyncDriver
from .prepared import Prepared
from .streams import StreamState, TextOnly


class AsyncChatStream(StreamState):
    """The events of one streamed answer, as they come.

    `async for event in stream`, or `async for piece in stream.text`; `.response` is what they add up to.
    The request is sent when reading begins. Inside `async with` leaving early closes the connection at
    once, as does cancelling the task that reads.
    """

    def __init__(self, driver: AsyncDriver, call: Prepared) -> None:
        super().__init__(driver, call)
        self._driver = driver

    def __aiter__(self) -> AsyncIterator[ChatEvent]:
        return self

    async def __anext__(self) -> ChatEvent:
        # As `_fill`, but without a further coroutine a piece: this is what a live stream costs.
        while self._at >= len(self._waiting):
            if self._over:
                raise StopAsyncIteration
            self._begun = True
            try:
                events = await self._driver.advance()
            except BaseException as error:
                self._broke(error)
                raise
            if not self._took(events):
                raise StopAsyncIteration
        at = self._at
        self._at = at + 1
        return self._waiting[at]

    @property
    async def text(self) -> AsyncIterator[str]:
        """The words for people of the first choice, piece by piece."""
        only = TextOnly(self._folder)
        for piece in only.pick(self._rest()):
            yield piece
        while await self._fill():
            for piece in only.pick(self._rest()):
                yield piece

    async def aclose(self) -> None:
        """As `close`, for code that expects to await it."""
        self.close()

    async def __aenter__(self) -> AsyncChatStream:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def _fill(self) -> bool:
        if self._over:
            return False
        self._begun = True
        try:
            events = await self._driver.advance()
        except BaseException as error:
            self._broke(error)
            raise
        return self._took(events)
