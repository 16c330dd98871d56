"""Streams that show a value while it is written, and end with the whole of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Any, TypeVar

from .async_streams import AsyncChatStream
from .forming import Forming
from .parsing import ParsedState
from .prepared import Prepared
from .streams import ChatStream

T = TypeVar("T")


class ParsedStream(ParsedState[T]):
    """What is known of a value, each time that it has grown; then `.result`, the whole of it, checked.

    What comes is plain: dicts, lists, texts, numbers. Of a list or dict it is the same object each time,
    which grows. Inside `with` leaving early closes the connection at once.

    Raises what `ChatStream` raises, and AnswerFormatError after the last event where the answer is no value
    of the type.
    """

    def __init__(self, stream: ChatStream, call: Prepared, forming: Forming[Any]) -> None:
        super().__init__(stream, call, forming)
        self._stream = stream

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        stream = self._stream
        while not stream._over:
            if not stream._fill():
                self._ended()
                break
            if self._took(stream._rest()):
                return self.partial
        raise StopIteration

    def __enter__(self) -> ParsedStream[T]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncParsedStream(ParsedState[T]):
    """As `ParsedStream`, with `async for` and `async with`."""

    def __init__(self, stream: AsyncChatStream, call: Prepared, forming: Forming[Any]) -> None:
        super().__init__(stream, call, forming)
        self._stream = stream

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        stream = self._stream
        while not stream._over:
            if not await stream._fill():
                self._ended()
                break
            if self._took(stream._rest()):
                return self.partial
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """As `close`, for code that expects to await it."""
        self.close()

    async def __aenter__(self) -> AsyncParsedStream[T]:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
