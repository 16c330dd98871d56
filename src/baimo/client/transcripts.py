"""The text of some sound while it is written down, for callers who read it piece by piece."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Protocol

from baimo.errors import Error, StreamInterrupted
from baimo.types.transcription import Transcription, TranscriptPiece, joined_transcript

from .answer import Driven
from .async_driving import AsyncDriver
from .driving import Driver
from .made import made
from .prepared import Prepared


class _Driving(Driven, Protocol):
    def abort(self) -> None: ...


class TranscriptState:
    """What a stream has read so far; the two kinds of streams add how they read on."""

    def __init__(self, driver: _Driving, call: Prepared) -> None:
        self._driving = driver
        self._call = call
        self._came: list[TranscriptPiece] = []
        self._waiting: list[str] = []
        self._begun = False
        self._over = False
        self._response: Transcription | None = None

    @property
    def response(self) -> Transcription:
        """What was heard so far; after the last piece all of it, with what is known of the call."""
        return joined_transcript(self._came) if self._response is None else self._response

    def close(self) -> None:
        """Stop reading; the connection is closed at once unless the text was complete."""
        if not self._over:
            self._over = True
            self._waiting.clear()
            self._driving.abort()
            if self._begun:
                self._call.left()

    def __del__(self) -> None:
        if getattr(self, "_begun", False) and not self._over:
            self.close()
            warnings.warn(
                "a stream was forgotten before its end; read it to the end or use it inside with",
                ResourceWarning,
                stacklevel=2,
                source=self,
            )

    def _took(self, pieces: list[TranscriptPiece] | None) -> None:
        """Take in what the driver gave; None at the end of the call."""
        if pieces is not None:
            self._came += pieces
            self._waiting += [piece.text for piece in pieces if piece.text]
            return
        self._over = True
        self._response = self._call.done(made(self.response, self._driving), self._driving.outcome)

    def _broke(self, error: BaseException) -> None:
        self._over = True
        if not isinstance(error, Error):
            self._call.left()
            return
        if isinstance(error, StreamInterrupted) and error.partial is None:
            error.partial = self.response
        self._call.broke(error)


class TranscriptStream(TranscriptState):
    """The words of one transcription, piece by piece, as they come.

    Iterate over it for pieces of text; `.response` is what they add up to, a `Transcription`. The request is
    sent when reading begins. Inside `with` leaving early closes the connection at once.

    Raises `StreamInterrupted` (`.partial` is the `Transcription` so far) when the text breaks off after its
    first piece, any other `baimo.Error` before.
    """

    def __init__(self, driver: Driver, call: Prepared) -> None:
        super().__init__(driver, call)
        self._driver = driver

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        while not self._waiting:
            if self._over:
                raise StopIteration
            self._begun = True
            try:
                pieces = self._driver.advance()
            except BaseException as error:
                self._broke(error)
                raise
            self._took(pieces)
        return self._waiting.pop(0)

    def __enter__(self) -> TranscriptStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncTranscriptStream(TranscriptState):
    """As `TranscriptStream`, with `async for` and `async with`."""

    def __init__(self, driver: AsyncDriver, call: Prepared) -> None:
        super().__init__(driver, call)
        self._driver = driver

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        while not self._waiting:
            if self._over:
                raise StopAsyncIteration
            self._begun = True
            try:
                pieces = await self._driver.advance()
            except BaseException as error:
                self._broke(error)
                raise
            self._took(pieces)
        return self._waiting.pop(0)

    async def aclose(self) -> None:
        """As `close`, for code that expects to await it."""
        self.close()

    async def __aenter__(self) -> AsyncTranscriptStream:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
