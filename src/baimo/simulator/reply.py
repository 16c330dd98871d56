"""What a script answers, and the events that it becomes: token-like pieces, limits held, usage counted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias

import msgspec

from baimo.types.chat import ChatRequest, FinishReason
from baimo.types.content import Part, Refusal, Text, Thinking, ToolCall, ToolResult
from baimo.types.events import (
    ChatEvent,
    Finished,
    PartDelta,
    PartEnded,
    PartStarted,
    Started,
    UsageReported,
)
from baimo.types.usage import Usage

_PIECE = re.compile("[ \n]?[^\\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{1,8}|.", re.DOTALL)
_A_MESSAGE = 4
"""Tokens that a message costs besides its text."""


class Reply(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One answer. What is left out is not in it."""

    text: str = ""
    thinking: str = ""
    refusal: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish: FinishReason | None = None
    """None: tool_calls, refusal or stop, as the answer is."""
    usage: Usage | None = None
    """None: counted from the pieces."""


Answer: TypeAlias = str | Reply | Iterable[str] | Iterable[ChatEvent]
"""What a script may give: a text, a reply, pieces of text as they come, or events that stand as they are."""


def split(text: str) -> list[str]:
    """The text in pieces as a tokenizer might cut it; joined they are the text again."""
    return _PIECE.findall(text)


def count(text: str) -> int:
    """How many pieces a text has."""
    return len(split(text))


def input_tokens(request: ChatRequest) -> int:
    """What the request's messages cost to read."""
    return sum(
        _A_MESSAGE + sum(count(_words(part)) for part in message.content) for message in request.messages
    )


def events_of(answer: Answer, request: ChatRequest, *, id: str, created: int) -> Iterator[ChatEvent]:
    """The events of an answer, made as they are asked for.

    `max_tokens` and `stop` of the request are held; events that a script gave pass unchanged.
    """
    if isinstance(answer, (str, Reply)):
        reply = Reply(text=answer) if isinstance(answer, str) else answer
        yield Started(id=id, model=request.model, created=created)
        made = _Made(request)
        for choice in range(request.n or 1):
            yield from made.whole(reply, choice)
        yield UsageReported(usage=reply.usage or made.usage)
        for choice, reason in enumerate(made.reasons):
            yield Finished(reason=reason, choice=choice)
        return
    pieces = iter(answer)
    first = next(pieces, "")
    if not isinstance(first, str):
        yield first
        yield from pieces  # type: ignore[misc]  # whose first is an event gives events
        return
    yield Started(id=id, model=request.model, created=created)
    made = _Made(request)
    yield from made.pieces(first, pieces)  # type: ignore[arg-type]  # whose first is text gives text
    yield UsageReported(usage=made.usage)
    yield Finished(reason=made.reasons[0])


class _Made:
    """Counts what is made and stops where the request says so."""

    def __init__(self, request: ChatRequest) -> None:
        self._request = request
        self._stop = tuple(word for word in request.stop if word)
        self._left = 0
        self._thought = 0
        self._said = 0
        self.reasons: list[FinishReason] = []

    @property
    def usage(self) -> Usage:
        """What was read and made until now."""
        return Usage(
            input_uncached=input_tokens(self._request),
            output_visible=self._said,
            reasoning=self._thought or None,
        )

    def whole(self, reply: Reply, choice: int) -> Iterator[ChatEvent]:
        """The parts of one choice; its reason stands in `reasons` afterwards."""
        self._begin()
        parts: list[tuple[Part, str]] = []
        if reply.thinking:
            parts.append((Thinking(text=""), reply.thinking))
        if reply.refusal:
            parts.append((Refusal(text=""), reply.refusal))
        text, is_stopped = self._until_stop(reply.text)
        if text or not (reply.refusal or reply.tool_calls):
            parts.append((Text(text=""), text))
        if not is_stopped:
            parts += [
                (msgspec.structs.replace(call, arguments=""), call.arguments) for call in reply.tool_calls
            ]
        for index, (part, words) in enumerate(parts):
            yield PartStarted(index=index, part=part, choice=choice)
            for piece in split(words):
                if not self._left:
                    break
                self._take(part)
                yield PartDelta(index=index, text=piece, choice=choice)
            else:
                yield PartEnded(index=index, choice=choice)
                continue
            yield PartEnded(index=index, choice=choice)
            self.reasons.append(FinishReason.LENGTH)
            return
        self.reasons.append(FinishReason.STOP if is_stopped else _reason(reply))

    def pieces(self, first: str, rest: Iterable[str]) -> Iterator[ChatEvent]:
        """One text as it comes. A stop word is seen within one piece."""
        self._begin()
        part = Text(text="")
        reason = FinishReason.STOP
        yield PartStarted(index=0, part=part)
        for piece in _chained(first, rest):
            if not self._left:
                reason = FinishReason.LENGTH
                break
            text, is_stopped = self._until_stop(piece)
            if text:
                self._take(part)
                yield PartDelta(index=0, text=text)
            if is_stopped:
                break
        yield PartEnded(index=0)
        self.reasons.append(reason)

    def _begin(self) -> None:
        limit = self._request.max_tokens
        self._left = 1 << 62 if limit is None else limit

    def _take(self, part: Part) -> None:
        self._left -= 1
        if isinstance(part, Thinking):
            self._thought += 1
        else:
            self._said += 1

    def _until_stop(self, text: str) -> tuple[str, bool]:
        at = min((found for word in self._stop if (found := text.find(word)) >= 0), default=-1)
        return (text, False) if at < 0 else (text[:at], True)


def _chained(first: str, rest: Iterable[str]) -> Iterator[str]:
    if first:
        yield first
    yield from rest


def _reason(reply: Reply) -> FinishReason:
    if reply.finish is not None:
        return reply.finish
    if reply.tool_calls:
        return FinishReason.TOOL_CALLS
    return FinishReason.REFUSAL if reply.refusal else FinishReason.STOP


def _words(part: Part) -> str:
    if isinstance(part, (Text, Thinking, Refusal)):
        return part.text
    if isinstance(part, ToolCall):
        return part.name + part.arguments
    if isinstance(part, ToolResult):
        return "".join(_words(inner) for inner in part.content)
    return ""
