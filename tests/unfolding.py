"""The events that a whole response consists of, as a stream would tell them: the fold the other way round."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from baimo.types.chat import ChatResponse, Choice
from baimo.types.content import Audio, Image, Part, Refusal, Text, Thinking, ToolCall
from baimo.types.events import (
    ChatEvent,
    Finished,
    LogprobsReported,
    PartDelta,
    PartEnded,
    PartStarted,
    Started,
    UsageReported,
    Withdrawn,
)
from baimo.types.usage import Usage


def unfold(response: ChatResponse, *, piece: int = 4) -> list[ChatEvent]:
    """Events that fold to the response; texts come in pieces of so many characters."""
    events: list[ChatEvent] = [
        Started(id=response.id, model=response.model or None, created=response.created)
    ]
    for choice in response.choices:
        events += _choice(choice, piece)
    if response.usage != Usage():
        events.append(UsageReported(usage=response.usage))
    for choice in response.choices:
        events.append(Finished(reason=choice.finish_reason, raw=choice.finish_raw, choice=choice.index))
    return events


def _choice(choice: Choice, piece: int) -> Iterator[ChatEvent]:
    for index, part in enumerate(choice.message.content):
        yield from _part(part, index, choice.index, piece)
    if choice.logprobs is not None:
        yield LogprobsReported(tokens=choice.logprobs, choice=choice.index)
    if choice.withdrawn is not None:
        yield Withdrawn(reason=choice.withdrawn, choice=choice.index)


def _part(part: Part, index: int, choice: int, piece: int) -> Iterator[ChatEvent]:
    begun, text, data, expires_at = replace(part, citations=(), replay=None), "", b"", None
    if isinstance(begun, (Text, Thinking, Refusal)):
        text, begun = begun.text, replace(begun, text="")
    elif isinstance(begun, ToolCall):
        text, begun = begun.arguments, replace(begun, arguments="")
    elif isinstance(begun, Audio):
        text, data, expires_at = begun.transcript or "", begun.data or b"", begun.expires_at
        begun = replace(begun, transcript=None, data=None, expires_at=None)
    elif isinstance(begun, Image):
        data, begun = begun.data or b"", replace(begun, data=None)
    yield PartStarted(index=index, part=begun, choice=choice)
    for at in range(0, len(text), piece):
        yield PartDelta(index=index, text=text[at : at + piece], choice=choice)
    for half in (data[: len(data) // 2], data[len(data) // 2 :]):
        if half:
            yield PartDelta(index=index, data=half, choice=choice)
    yield PartEnded(
        index=index, citations=part.citations, replay=part.replay, expires_at=expires_at, choice=choice
    )
