"""The fold: what a run of events adds up to. There is no second way to make a response."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from .chat import ChatResponse, Choice, Ended, FinishReason, Message, Role, TokenLogprob
from .content import Audio, Image, Part, Refusal, Text, Thinking, ToolCall
from .events import (
    ChatEvent,
    Continued,
    Finished,
    LogprobsReported,
    PartDelta,
    PartEnded,
    PartStarted,
    Started,
    UsageReported,
    Withdrawn,
)
from .usage import Usage

_JOIN_AT = 512
"""Pieces of one part that are kept before they are joined: bounds the memory of a long stream to its text."""


class _Growing:
    """One part while it grows."""

    __slots__ = ("data", "ended", "joined", "part", "pieces")

    def __init__(self, part: Part) -> None:
        self.part = part
        self.pieces: list[str] = []
        self.joined: list[str] | None = None
        self.data: bytearray | None = None
        self.ended: PartEnded | None = None

    def settle(self, data: bytes) -> None:
        """Join what has piled up, and take bytes in."""
        if self.joined is None:
            self.joined = []
        self.joined.append("".join(self.pieces))
        self.pieces.clear()
        if data:
            if self.data is None:
                self.data = bytearray()
            self.data += data

    def whole(self) -> Part:
        part, ended = self.part, self.ended
        changes: dict[str, Any] = {}
        text = "".join(self.pieces) if self.joined is None else "".join([*self.joined, *self.pieces])
        if text:
            field = _GROWS.get(type(part))
            if field is not None:
                changes[field] = (getattr(part, field) or "") + text
        if self.data and isinstance(part, (Audio, Image)):
            changes["data"] = (part.data or b"") + bytes(self.data)
        if ended is not None:
            if ended.citations:
                changes["citations"] = part.citations + ended.citations
            if ended.replay is not None:
                changes["replay"] = ended.replay
            if ended.expires_at is not None and isinstance(part, Audio):
                changes["expires_at"] = ended.expires_at
        return replace(part, **changes) if changes else part


_GROWS: dict[type, str] = {
    Text: "text",
    Thinking: "text",
    Refusal: "text",
    ToolCall: "arguments",
    Audio: "transcript",
}
"""Where the text of a PartDelta goes, by the kind of part."""


class _GrowingChoice:
    __slots__ = ("finish", "logprobs", "parts", "withdrawn")

    def __init__(self) -> None:
        self.parts: dict[int, Part | _Growing] = {}
        self.logprobs: list[TokenLogprob] | None = None
        self.finish: Finished | None = None
        self.withdrawn: str | None = None

    def whole(self, index: int) -> Choice:
        parts = self.parts
        finish = self.finish
        ordered = sorted(parts.items()) if len(parts) > 1 else parts.items()
        content = [part.whole() if isinstance(part, _Growing) else part for _, part in ordered]
        return Choice(
            index=index,
            message=Message(role=Role.ASSISTANT, content=tuple(content)),
            finish_reason=finish.reason if finish is not None else FinishReason.UNKNOWN,
            finish_raw=finish.raw if finish is not None else None,
            logprobs=tuple(self.logprobs) if self.logprobs is not None else None,
            withdrawn=self.withdrawn,
        )

    def growing(self, index: int) -> _Growing:
        """The part, ready to grow. Most parts of a whole reply never do."""
        part = self.parts[index]
        if isinstance(part, _Growing):
            return part
        growing = self.parts[index] = _Growing(part)
        return growing


class Folder:
    """Takes events as they come; `response()` gives what they add up to so far.

    Memory is bounded by the reply's own text: pieces are joined now and then. With `keep=False` what
    parts grow by is let go, for callers who have used it already.
    """

    __slots__ = ("_choices", "_first", "_keep", "_started", "_usage")

    def __init__(self, *, keep: bool = True) -> None:
        self._choices: dict[int, _GrowingChoice] = {}
        self._first: list[ChatEvent] | None = None
        self._keep = keep
        self._started: Started | None = None
        self._usage: Usage | None = None

    def add(self, events: list[ChatEvent]) -> None:
        """Take events in; they must come in the order of the reply."""
        first = self._first
        if first is None:
            self._first = events  # a whole reply brings all of them at once: see _plain
            return
        if first:
            self._settle()
        choices = self._choices
        for event in events:
            if type(event) is PartDelta:  # by far the most frequent in a stream
                if self._keep:
                    part = choices[event.choice].parts[event.index]
                    if type(part) is not _Growing:
                        part = choices[event.choice].growing(event.index)
                    pieces = part.pieces
                    pieces.append(event.text)
                    if event.data or len(pieces) >= _JOIN_AT:
                        part.settle(event.data)
            elif type(event) is PartStarted:
                choice = choices.get(event.choice) or self._choice(event.choice)
                choice.parts[event.index] = event.part
            elif type(event) is PartEnded:
                if event.citations or event.replay is not None or event.expires_at is not None:
                    choices[event.choice].growing(event.index).ended = event
            elif type(event) is Started:
                self._started = event
            elif type(event) is UsageReported:
                self._usage = event.usage
            elif type(event) is Finished:
                (choices.get(event.choice) or self._choice(event.choice)).finish = event
            else:
                self._add_rare(event)

    def _add_rare(self, event: ChatEvent) -> None:
        match event:
            case LogprobsReported():
                choice = self._choice(event.choice)
                if choice.logprobs is None:
                    choice.logprobs = []
                choice.logprobs.extend(event.tokens)
            case Withdrawn():
                self._choice(event.choice).withdrawn = event.reason
            case Continued():
                pass  # tells callers of a seam; the text is one
            case _:
                raise TypeError(f"{event!r} is no event of a chat")

    def kind(self, index: int, choice: int = 0) -> type[Part]:
        """What kind of part that is. Raises KeyError for one that has not begun."""
        self._settle()
        part = self._choices[choice].parts[index]
        return type(part.part if isinstance(part, _Growing) else part)

    def _settle(self) -> None:
        """Take in what was put off."""
        first = self._first
        if first:
            self._first = _TAKEN
            self.add(first)

    def response(self, *, ended: Ended = "complete", **facts: Any) -> ChatResponse:
        """The response so far. `facts` are further fields of it: provider, notes, request_id, ..."""
        if self._first and len(self._first) == _PLAIN:
            plain = _plain(self._first, ended, facts)
            if plain is not None:
                return plain
        self._settle()
        choices = self._choices
        ordered = sorted(choices.items()) if len(choices) > 1 else choices.items()
        started = self._started
        if started is not None:
            facts.setdefault("id", started.id)
            facts.setdefault("created", started.created)
            if started.model is not None:
                facts["model"] = started.model
        if self._usage is not None:
            facts["usage"] = self._usage
        return ChatResponse(
            choices=tuple([choice.whole(index) for index, choice in ordered]), ended=ended, **facts
        )

    def _choice(self, index: int) -> _GrowingChoice:
        choice = self._choices.get(index)
        if choice is None:
            choice = self._choices[index] = _GrowingChoice()
        return choice


_TAKEN: list[ChatEvent] = []
_PLAIN = 5


def _plain(events: list[ChatEvent], ended: Ended, facts: dict[str, Any]) -> ChatResponse | None:
    """The response of the commonest whole reply, one text of one choice with usage; None for any other."""
    start, part, usage, end, finish = events
    if not (
        type(start) is Started
        and type(part) is PartStarted
        and type(usage) is UsageReported
        and type(end) is PartEnded
        and type(finish) is Finished
        and end == _ENDED
        and not (part.index or part.choice or finish.choice)
    ):
        return None
    if start.model is not None:
        facts["model"] = start.model
    message = Message(role=Role.ASSISTANT, content=(part.part,))
    return ChatResponse(
        choices=(Choice(message=message, finish_reason=finish.reason, finish_raw=finish.raw),),
        usage=usage.usage,
        id=start.id,
        created=start.created,
        ended=ended,
        **facts,
    )


_ENDED = PartEnded(index=0)


def fold(events: Iterable[ChatEvent]) -> ChatResponse:
    """The response that a run of events adds up to."""
    folder = Folder()
    folder.add(list(events))
    return folder.response()
