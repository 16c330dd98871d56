"""Calls whose answer is a value of a type: what both clients share. Loaded with the first such call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from msgspec import UNSET

from baimo.errors import AnswerFormatError, InputError
from baimo.schema.partial import JsonStart, PartialJson
from baimo.types.chat import ChatResponse
from baimo.types.content import Text, ToolCall
from baimo.types.events import ChatEvent, PartDelta, PartStarted
from baimo.types.parsed import Parsed

from .forming import Forming, read_how
from .options import ChatOptions, Messages, Model
from .prepared import Prepared
from .streams import StreamState

if TYPE_CHECKING:
    from .base import ClientBase

T = TypeVar("T")

_OWN = ("response_format", "validate", "tools_as")


def prepare(
    client: ClientBase,
    model: Model,
    messages: Messages,
    options: ChatOptions,
    *,
    into: Any,
    how: Any,
    repair: Any = False,
    stream: bool = False,
) -> tuple[Prepared, Forming[Any]]:
    """The call, and what reads its answer. Raises InputError."""
    given: Mapping[str, Any] = options
    for name in _OWN:
        if given.get(name) is not None:
            raise InputError(f"{name} is not for parse: the answer's form follows from its type")
    if stream and given.get("keep") is False:
        raise InputError("keep=False is not for a parsed stream: its value is read from all of the text")
    if repair is not True and repair is not False:
        raise InputError(f"repair must be true or false: for one further round or none; got {repair!r}")
    forming: Forming[Any] = Forming(into, how=read_how(how), repairs=repair)
    formed: Any = {**options, "response_format": forming.form}
    return client._chat(model, messages, formed, stream=stream, forming=forming), forming


def parsed(response: ChatResponse, call: Prepared, forming: Forming[Any]) -> Parsed[Any]:
    """What the caller gets of an answer that was found good."""
    assert call.at is not None  # set when the call was done
    assert call.request is not None
    how = forming.how(call.request, call.at)
    try:
        value = forming.reader.value(response.choices[0])
    except AnswerFormatError as error:  # an answer from the cache, which was good for an equal type
        error.response = response
        raise
    return Parsed(value=value, response=response, how=how)


class ParsedState(Generic[T]):
    """What a parsed stream has read so far; the two kinds of streams add how they read on."""

    def __init__(self, stream: StreamState, call: Prepared, forming: Forming[Any]) -> None:
        self._inner = stream
        self._call = call
        self._forming = forming
        self._start = JsonStart()
        self._said = PartialJson()
        self._called = PartialJson()
        self._calls: dict[int, bool] = {}
        self._result: Parsed[T] | None = None

    @property
    def partial(self) -> Any:
        """What is known of the value now, in plain dicts, lists and texts; None before anything is.

        The same objects grow until the end: copy what you want to keep.
        """
        found = self._said.value if self._called.value is UNSET else self._called.value
        if self._forming.reader.is_wrapped:
            found = found.get("value", UNSET) if isinstance(found, dict) else UNSET
        return None if found is UNSET else found

    @property
    def result(self) -> Parsed[T]:
        """The whole value, checked. Raises InputError while the stream is not read to its end."""
        if self._result is None:
            raise InputError("the stream is not over: read it to its end before its result")
        return self._result

    @property
    def response(self) -> ChatResponse:
        """What the events read so far add up to."""
        return self._inner.response

    def close(self) -> None:
        """Stop reading; the connection is closed at once unless the answer was complete."""
        self._inner.close()

    def _took(self, events: list[ChatEvent]) -> bool:
        """Whether these events tell more of the value."""
        changed = False
        for event in events:
            if type(event) is PartDelta:
                if event.choice == 0 and event.text:
                    changed |= self._reads(event.index, event.text)
            elif type(event) is PartStarted and event.choice == 0:
                part = event.part
                if type(part) is ToolCall:
                    self._calls[event.index] = part.name == self._forming.reader.tool
                    changed |= self._reads(event.index, part.arguments)
                elif type(part) is Text and part.text:
                    changed |= self._reads(event.index, part.text)
        return changed and self.partial is not None

    def _reads(self, index: int, text: str) -> bool:
        if index in self._calls:
            return self._calls[index] and self._called.feed(text)
        if self._inner.kind(index) is Text:
            return self._said.feed(self._start.feed(text))
        return False

    def _ended(self) -> None:
        if self._result is None:
            self._result = parsed(self._inner.response, self._call, self._forming)
