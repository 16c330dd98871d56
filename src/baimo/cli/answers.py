"""Showing an answer: its words as they come, what it cost, what there is to know about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from baimo.types.chat import ChatResponse, FinishReason
from baimo.types.content import Refusal, Text, Thinking
from baimo.types.events import ChatEvent, PartDelta, PartStarted

from .calling import Stopwatch
from .words import note_line, say

if TYPE_CHECKING:
    from .console import Console

REMARKABLE = (
    FinishReason.LENGTH,
    FinishReason.CONTEXT_LENGTH,
    FinishReason.CONTENT_FILTER,
    FinishReason.REFUSAL,
    FinishReason.ERROR,
)


class Writer(Protocol):
    """Shows an answer while it comes."""

    def waiting(self, what: str) -> None:
        """Nothing has come yet; `what` says why, for people."""

    def clear(self) -> None:
        """Something else is going to be written on the terminal now."""

    def feed(self, text: str) -> None:
        """More of the answer."""

    def end(self) -> None:
        """No more comes, for whatever reason."""


class PlainWriter:
    """The words as they are, with one line break at the end."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = "\n"

    def waiting(self, what: str) -> None:
        """Nothing is shown."""

    def clear(self) -> None:
        """Nothing is in the way."""

    def feed(self, text: str) -> None:
        """Written at once."""
        self._console.piece(text)
        self._last = text[-1:] or self._last

    def end(self) -> None:
        """End the last line."""
        if self._last != "\n":
            self._console.line()


def writer_for(console: Console, *, markdown: bool = True) -> Writer:
    """Markdown to a terminal that can show it, plain words elsewhere."""
    if markdown and console.is_rich:
        from .markdown import MarkdownWriter

        return MarkdownWriter(console.rich())
    return PlainWriter(console)


def show_events(
    events: Iterable[ChatEvent], writer: Writer, console: Console, watch: Stopwatch, *, thinking: bool
) -> None:
    """Write the words of the first choice as they come; its thinking, if wanted, goes to standard error."""
    thought = ""
    writer.waiting(say("answer.waiting"))
    try:
        for kind, text in spoken(events):
            watch.first()
            if kind is not Thinking:
                if thought:
                    console.tell("")
                    thought = ""
                writer.feed(text)
            elif thinking:
                if not thought:
                    writer.clear()
                console.think(text)
                thought = text
            else:
                writer.waiting(say("answer.thinking"))
    finally:
        watch.stop()
        writer.end()


def spoken(events: Iterable[ChatEvent]) -> Iterator[tuple[type, str]]:
    """The pieces of text of the first choice, each with what it is: Text, Refusal or Thinking."""
    kinds: dict[int, type] = {}
    for event in events:
        if isinstance(event, PartStarted) and event.choice == 0:
            if isinstance(event.part, (Text, Refusal, Thinking)):
                kinds[event.index] = type(event.part)
                if event.part.text:
                    yield type(event.part), event.part.text
        elif isinstance(event, PartDelta) and event.choice == 0 and event.text and event.index in kinds:
            yield kinds[event.index], event.text


def show_whole(response: ChatResponse, writer: Writer) -> None:
    """Write an answer that is all there."""
    try:
        writer.feed(response.text or response.refusal or "")
    finally:
        writer.end()


def tell_about(response: ChatResponse, console: Console, watch: Stopwatch, *, verbose: bool) -> None:
    """What there is to know beside the words: notes, an unusual end, and with `-v` usage, cost and time."""
    for note in response.notes:
        console.tell(note_line(note), quiet=True)
    withdrawn = response.choices[0].withdrawn if response.choices else None
    if withdrawn is not None:
        console.tell(say("answer.withdrawn", why=withdrawn))
    elif response.finish_reason in REMARKABLE:
        console.tell(say(f"finish.{response.finish_reason.value}"), quiet=True)
    if verbose:
        console.tell(summary(response, watch), quiet=True)


def summary(response: ChatResponse, watch: Stopwatch) -> str:
    """One line: model, tokens, cost, time, the provider's id of the call."""
    facts = [f"{response.provider}/{response.model}" if response.provider else response.model]
    facts += [tokens(response)] if response.usage.total is not None else []
    facts += [money(response)] if response.cost is not None else []
    facts.append(f"{watch.total_s:.1f} s")
    if watch.first_s is not None:
        facts.append(say("answer.first", seconds=f"{watch.first_s:.1f}"))
    if response.request_id:
        facts.append(response.request_id)
    return " · ".join(facts)


def tokens(response: ChatResponse) -> str:
    """Tokens read and made; those from a cache and those of thinking named apart."""
    usage = response.usage
    read, made = _count(usage.input), _count(usage.output)
    if usage.cache_read:
        read += " " + say("answer.cached", count=f"{usage.cache_read:,}")
    if usage.reasoning:
        made += " " + say("answer.reasoned", count=f"{usage.reasoning:,}")
    return say("answer.tokens", read=read, made=made)


def money(response: ChatResponse) -> str:
    """What it cost, or a question mark."""
    return str(response.cost) if response.cost is not None else "?"


def answer_facts(response: ChatResponse, watch: Stopwatch) -> dict[str, Any]:
    """The answer for a program to read."""
    import msgspec

    usage = response.usage
    counts = {
        name: value
        for name in usage.__struct_fields__
        if name != "raw" and (value := getattr(usage, name)) is not None
    }
    cost = response.cost
    facts = {
        "text": response.text,
        "thinking": response.thinking or None,
        "refusal": response.refusal,
        "tool_calls": msgspec.to_builtins(response.tool_calls) or None,
        "finish_reason": response.finish_reason.value,
        "ended": response.ended,
        "provider": response.provider,
        "model": response.model,
        "usage": {"input": usage.input, "output": usage.output, "total": usage.total, **counts},
        "cost": None if cost is None else {"amount": f"{cost.amount:f}", "currency": cost.currency},
        "seconds": round(watch.total_s, 3),
        "request_id": response.request_id,
        "notes": [{"code": note.code, "message": note.message} for note in response.notes],
    }
    return {name: value for name, value in facts.items() if value is not None}


def _count(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"
