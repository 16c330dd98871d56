"""A streamed answer that the caller reads piece by piece."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from types import TracebackType
from typing import Protocol

from msgspec.structs import replace

from baimo.errors import AnswerFormatError, Error
from baimo.notes import Note
from baimo.types.chat import ChatResponse
from baimo.types.content import Part, Text
from baimo.types.events import ChatEvent, PartDelta, PartStarted
from baimo.types.fold import Folder

from .answer import Driven, chat_response, with_partial
from .driving import Driver
from .prepared import Prepared


class _Driving(Driven, Protocol):
    def abort(self) -> None: ...


class TextOnly:
    """Picks the words for people of the first choice out of events that `folder` has taken in."""

    __slots__ = ("_folder", "_is_text")

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._is_text: dict[int, bool] = {}

    def pick(self, events: list[ChatEvent]) -> list[str]:
        """The pieces of text that these events bring."""
        found: list[str] = []
        is_text = self._is_text
        for event in events:
            if type(event) is PartDelta:
                if event.choice != 0 or not event.text:
                    continue
                wanted = is_text.get(event.index)
                if wanted is None:
                    wanted = is_text[event.index] = self._folder.kind(event.index) is Text
                if wanted:
                    found.append(event.text)
            elif type(event) is PartStarted:
                part = event.part
                if type(part) is Text and part.text and event.choice == 0:
                    found.append(part.text)
        return found


_LET_GO = Note(code="not_kept", message="The text of the stream was not kept, as keep=False asks.")


class StreamState:
    """What a stream has read so far; the two kinds of streams add how they read on."""

    def __init__(self, driver: _Driving, call: Prepared) -> None:
        self._driving = driver
        self._call = call
        self._folder = Folder(keep=call.options.keep)
        self._waiting: list[ChatEvent] = []
        self._at = 0
        self._begun = False
        self._over = False
        self._response: ChatResponse | None = None

    @property
    def response(self) -> ChatResponse:
        """What the events read so far add up to; `ended` is "complete" only after the last one."""
        if self._response is None:
            return self._folder.response(ended="cut", model=self._call.model)
        return self._response

    def kind(self, index: int) -> type[Part]:
        """What kind of part the first choice has there. Raises KeyError for one that has not begun."""
        return self._folder.kind(index)

    def close(self) -> None:
        """Stop reading; the connection is closed at once unless the answer was complete."""
        if not self._over:
            self._over = True
            self._waiting, self._at = [], 0
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

    def _rest(self) -> list[ChatEvent]:
        rest = self._waiting[self._at :] if self._at else self._waiting
        self._at = len(self._waiting)
        return rest

    def _took(self, events: list[ChatEvent] | None) -> bool:
        """Take in what the driver gave; False at the end of the call."""
        if events is not None:
            self._folder.add(events)
            self._waiting, self._at = events, 0
            return True
        self._over = True
        options, tier = self._call.options, self._call.tier
        try:
            response = chat_response(
                self._folder, self._driving, keep_raw=options.keep_raw, streamed=True, tier=tier
            )
        except BaseException as error:
            self._broke(error)
            raise
        if not options.keep:
            response = replace(response, notes=(*response.notes, _LET_GO))
        self._response = self._call.done(response, self._driving.outcome)
        return False

    def _broke(self, error: BaseException) -> None:
        self._over = True
        if isinstance(error, Error):
            if isinstance(error, AnswerFormatError):
                self._response = error.response
            self._call.broke(with_partial(error, self._folder, model=self._call.model))
        else:
            self._call.left()


class ChatStream(StreamState):
    """The events of one streamed answer, as they come.

    Iterate over it for events, or over `.text` for the words alone; `.response` is what they add up to.
    The request is sent when reading begins. Inside `with` leaving early closes the connection at once;
    without it an unread stream is closed when it is forgotten, with a ResourceWarning.

    Raises `StreamInterrupted` (with `.partial`) when the answer breaks off after its first event, any
    other `baimo.Error` before.
    """

    def __init__(self, driver: Driver, call: Prepared) -> None:
        super().__init__(driver, call)
        self._driver = driver

    def __iter__(self) -> Iterator[ChatEvent]:
        return self

    def __next__(self) -> ChatEvent:
        while self._at >= len(self._waiting):
            if not self._fill():
                raise StopIteration
        at = self._at
        self._at = at + 1
        return self._waiting[at]

    @property
    def text(self) -> Iterator[str]:
        """The words for people of the first choice, piece by piece."""
        only = TextOnly(self._folder)
        yield from only.pick(self._rest())
        while self._fill():
            yield from only.pick(self._rest())

    def __enter__(self) -> ChatStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _fill(self) -> bool:
        if self._over:
            return False
        self._begun = True
        try:
            events = self._driver.advance()
        except BaseException as error:
            self._broke(error)
            raise
        return self._took(events)
