"""What was left out of a conversation as one text, and a summary of it put in its place."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from baimo.notes import Note
from baimo.types.chat import Message, Role
from baimo.types.content import Part, Refusal, Text, Thinking, ToolCall, ToolResult

from .fitting import Fitted
from .turns import SYSTEM, opens_turn

_ASK = """Below is the earlier part of a conversation that has become too long. Summarise it for the one who
goes on with it, in the language it is held in and in fewer than {words} words. Keep names, figures,
decisions, results of tools and open questions. Write the summary only.

{told}"""
_HEAD = "[Summary of {count} earlier messages that were left out]"
_TOKENS_A_WORD = 2


def to_ask(dropped: Iterable[Message], room: int) -> str:
    """The prompt that asks for a summary of at most `room` tokens."""
    told = "\n\n".join([f"{message.role.value}: {_told(message.content)}" for message in dropped])
    return _ASK.format(words=max(20, room // _TOKENS_A_WORD), told=told)


def with_summary(trimmed: Fitted, summary: str) -> tuple[Message, ...]:
    """The messages with the summary before the user's next words, in the same message.

    Roles go on alternating so, which some providers ask for.
    """
    given = Text(text=f"{_HEAD.format(count=len(trimmed.dropped))}\n{summary}\n")
    messages = list(trimmed.messages)
    at = next((at for at, message in enumerate(messages) if message.role not in SYSTEM), len(messages))
    if at < len(messages) and opens_turn(messages[at]):
        messages[at] = replace(messages[at], content=(given, *messages[at].content))
    else:
        messages.insert(at, Message(role=Role.USER, content=(given,)))
    return tuple(messages)


def summarised(trimmed: Fitted, messages: tuple[Message, ...], tokens: int, by: str) -> Fitted:
    """The same, with the summary in it."""
    note = Note(code="summarised", message=f"{len(trimmed.dropped)} messages were summed up by {by}")
    return replace(trimmed, messages=messages, tokens=tokens, notes=(*trimmed.notes, note))


def _told(parts: Iterable[Part]) -> str:
    return "\n".join([words for part in parts if (words := _words(part))])


def _words(part: Part) -> str:
    if isinstance(part, Text | Refusal):
        return part.text
    if isinstance(part, Thinking):
        return ""
    if isinstance(part, ToolCall):
        return f"[calls {part.name} with {part.arguments}]"
    if isinstance(part, ToolResult):
        return f"[result: {_told(part.content)}]"
    return f"[{type(part).__name__.lower()}]"
