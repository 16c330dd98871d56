"""The fold: what a run of events adds up to. There is no second way to make a response."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, assert_never

from msgspec.structs import replace

from .chat import ChatResponse, Choice, Ended, FinishReason, Message, Role, TokenLogprob
from .content import Audio, Image, Part, Refusal, Text, Thinking, ToolCall
from .events import (
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
from .usage import Usage

_JOIN_AT = 512
"""Pieces of one part that are kept before they are joined: bounds the memory of a long stream to its text."""


class _Growing:
    """One part while it grows."""

    __slots__ = ("data", "ended", "joined", "part", "pieces")

    def __init__(self, part: Part) -> None:
        self.part = part
        self.pieces: list[str] = []
        self.joined: list[str] = []
        self.data: bytearray | None = None
        self.ended: PartEnded | None = None

    def whole(self) -> Part:
        part = self.part
        text = "".join(self.joined) + "".join(self.pieces)
        changes: dict[str, Any] = {}
        match part:
            case Text() | Thinking() | Refusal():
                if text:
                    changes["text"] = part.text + text
            case ToolCall():
                if text:
                    changes["arguments"] = part.arguments + text
            case Audio():
                if text:
                    changes["transcript"] = (part.transcript or "") + text
                if self.data:
                    changes["data"] = (part.data or b"") + bytes(self.data)
            case Image():
                if self.data:
                    changes["data"] = (part.data or b"") + bytes(self.data)
            case _:
                pass
        if self.ended is not None:
            if self.ended.citations:
                changes["citations"] = part.citations + self.ended.citations
            if self.ended.replay is not None:
                changes["replay"] = self.ended.replay
            if self.ended.expires_at is not None and isinstance(part, Audio):
                changes["expires_at"] = self.ended.expires_at
        return replace(part, **changes) if changes else part


class _GrowingChoice:
    __slots__ = ("finish", "logprobs", "parts", "withdrawn")

    def __init__(self) -> None:
        self.parts: dict[int, _Growing] = {}
        self.logprobs: list[TokenLogprob] | None = None
        self.finish: Finished | None = None
        self.withdrawn: str | None = None


class Folder:
    """Takes events as they come; `response()` gives what they add up to so far.

    Memory is bounded by the reply's own text: pieces are joined now and then.
    """

    __slots__ = ("_choices", "_started", "_usage")

    def __init__(self) -> None:
        self._choices: dict[int, _GrowingChoice] = {}
        self._started: Started | None = None
        self._usage = Usage()

    def add(self, events: Iterable[ChatEvent]) -> None:
        """Take events in; they must come in the order of the reply."""
        for event in events:
            if type(event) is PartDelta:  # by far the most frequent
                growing = self._choices[event.choice].parts[event.index]
                if event.text:
                    pieces = growing.pieces
                    pieces.append(event.text)
                    if len(pieces) >= _JOIN_AT:
                        growing.joined.append("".join(pieces))
                        pieces.clear()
                if event.data:
                    if growing.data is None:
                        growing.data = bytearray()
                    growing.data += event.data
            else:
                self._add_rare(event)

    def _add_rare(self, event: ChatEvent) -> None:
        match event:
            case PartStarted():
                self._choice(event.choice).parts[event.index] = _Growing(event.part)
            case PartEnded():
                self._choice(event.choice).parts[event.index].ended = event
            case UsageReported():
                self._usage = event.usage
            case Started():
                self._started = event
            case Finished():
                self._choice(event.choice).finish = event
            case LogprobsReported():
                choice = self._choice(event.choice)
                if choice.logprobs is None:
                    choice.logprobs = []
                choice.logprobs.extend(event.tokens)
            case Withdrawn():
                self._choice(event.choice).withdrawn = event.reason
            case PartDelta():
                self.add((event,))
            case _:
                assert_never(event)

    def kind(self, index: int, choice: int = 0) -> type[Part]:
        """What kind of part that is. Raises KeyError for one that has not begun."""
        return type(self._choices[choice].parts[index].part)

    def _choice(self, index: int) -> _GrowingChoice:
        choice = self._choices.get(index)
        if choice is None:
            choice = self._choices[index] = _GrowingChoice()
        return choice

    def response(self, *, ended: Ended = "complete", **facts: Any) -> ChatResponse:
        """The response so far. `facts` are further fields of it: provider, notes, request_id, ..."""
        choices = [self._whole(index, choice) for index, choice in sorted(self._choices.items())]
        started = self._started
        if started is not None:
            facts.setdefault("id", started.id)
            facts.setdefault("created", started.created)
            if started.model is not None:
                facts["model"] = started.model
        return ChatResponse(choices=tuple(choices), usage=self._usage, ended=ended, **facts)

    @staticmethod
    def _whole(index: int, choice: _GrowingChoice) -> Choice:
        parts = tuple([part.whole() for _, part in sorted(choice.parts.items())])
        finish = choice.finish
        return Choice(
            index=index,
            message=Message(role=Role.ASSISTANT, content=parts),
            finish_reason=finish.reason if finish is not None else FinishReason.UNKNOWN,
            finish_raw=finish.raw if finish is not None else None,
            logprobs=tuple(choice.logprobs) if choice.logprobs is not None else None,
            withdrawn=choice.withdrawn,
        )


def fold(events: Iterable[ChatEvent]) -> ChatResponse:
    """The response that a run of events adds up to."""
    folder = Folder()
    folder.add(events)
    return folder.response()
