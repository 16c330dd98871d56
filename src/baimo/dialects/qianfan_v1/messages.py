"""Neutral messages to this wire's: the system apart, user and assistant in turn, one call at a time."""

from __future__ import annotations

from typing import Any

from baimo.dialect.complaints import Complaints
from baimo.errors import InputError
from baimo.types.chat import Message, Role
from baimo.types.content import Part, Refusal, Text, Thinking, ToolCall, ToolResult

from .words import NAME, fields_of

_SYSTEM = (Role.SYSTEM, Role.DEVELOPER)


class MessageEncoder:
    """Encodes the messages of one request. `system` is what the system says."""

    def __init__(self, complaints: Complaints) -> None:
        self.system: str | None = None
        self._complaints = complaints
        self._wire: list[dict[str, Any]] = []
        self._names: dict[str, str] = {}
        self._left_out: set[str] = set()
        """Calls that cannot be told; what they gave belongs to nothing then."""

    def encode(self, messages: tuple[Message, ...]) -> list[dict[str, Any]]:
        """The wire's messages."""
        if not messages:
            raise InputError("messages is empty; a request needs at least one")
        for index, message in enumerate(messages):
            if message.name is not None:
                self._complaints.cannot("the name of a message's author")
            if message.role in _SYSTEM:
                self._told(message, index)
            elif message.role is Role.ASSISTANT:
                self._answered(message, index)
            else:
                self._asked(message, index)
        return self._in_turn()

    def _told(self, message: Message, index: int) -> None:
        text = self._text(message.content, index)
        if self._wire:
            self._complaints.cannot("a system message after the first turn", f"messages[{index}] is one")
        elif self.system is None:
            self.system = text
        else:
            self.system = f"{self.system}\n\n{text}"
            self._complaints.emulated("several system messages went out as one")

    def _asked(self, message: Message, index: int) -> None:
        """A message of the user or of a tool."""
        results = [part for part in message.content if isinstance(part, ToolResult)]
        rest = tuple([part for part in message.content if not isinstance(part, ToolResult)])
        if message.role is Role.TOOL and (rest or not results):
            raise InputError(f"messages[{index}] is of a tool and must hold tool results, nothing else")
        for result in results:
            self._result(result, index)
        if rest or not results:
            self._add({"role": "user", "content": self._text(rest, index)}, message)

    def _result(self, result: ToolResult, index: int) -> None:
        """A result stands behind its call: of several calls each is told with its own result. Calls of
        different answers may have one id, for the wire gives none; a result is of the latest."""
        if result.call_id in self._left_out:
            return
        name = result.name or self._names.get(result.call_id)
        if name is None:
            raise InputError(f"messages[{index}] holds a result of {result.call_id!r}, which nobody called")
        text = self._text(result.content, index)
        if result.is_error:
            text = f"Error: {text}"
            self._complaints.emulated("a tool's failure was told in the words of its result")
        entry = {"role": "function", "name": name, "content": text}
        for place in range(len(self._wire) - 1, -1, -1):
            if self._wire[place].get("id") == result.call_id:
                self._wire.insert(place + 1, entry)
                return
        self._wire.append(entry)

    def _answered(self, message: Message, index: int) -> None:
        """An earlier answer; each of its calls is a message of its own."""
        if any(isinstance(part, ToolResult) for part in message.content):
            raise InputError(f"messages[{index}] is of the assistant and must not hold a ToolResult")
        text = self._text(message.content, index)
        calls = [call for call in message.tool_calls if self._may_call(call)]
        if len(calls) > 1:
            self._complaints.emulated("several calls of one answer were told one after the other")
        if not calls:
            self._add({"role": "assistant", "content": text}, message)
        for number, call in enumerate(calls):
            self._names[call.id] = call.name
            function = {"name": call.name, "arguments": call.arguments or "{}"}
            if message.thinking and not number:
                function["thoughts"] = message.thinking
            entry = {"role": "assistant", "content": "" if number else text, "function_call": function}
            self._add({**entry, "id": call.id}, message)

    def _may_call(self, call: ToolCall) -> bool:
        if call.kind == "custom":
            self._complaints.cannot(f"the call of the custom tool {call.name!r} and what it gave")
            self._left_out.add(call.id)
        return call.kind != "custom"

    def _add(self, entry: dict[str, Any], message: Message) -> None:
        if message.replay is not None and message.replay.dialect == NAME:
            entry.update(fields_of(message.replay))
        self._wire.append(entry)

    def _text(self, parts: tuple[Part, ...], index: int) -> str:
        texts = []
        for part in parts:
            if isinstance(part, (Text, Refusal)):
                texts.append(part.text)
            elif not isinstance(part, (Thinking, ToolCall)):
                self._complaints.cannot(f"{type(part).__name__.lower()} content", "it takes nothing but text")
            if getattr(part, "cache", None) is not None:
                self._complaints.cannot("what to cache")
        return "\n\n".join(texts)

    def _in_turn(self) -> list[dict[str, Any]]:
        """User (or function) and assistant in turn, beginning and ending with the user."""
        wire: list[dict[str, Any]] = []
        for entry in self._wire:
            entry.pop("id", None)
            before = wire[-1] if wire else None
            if before is None and entry["role"] == "assistant":
                self._complaints.cannot("an answer before the first question")
            elif before is not None and _joins(before, entry):
                before["content"] = f"{before['content']}\n\n{entry['content']}"
                self._complaints.emulated("messages of one role in a row went out as one")
            else:
                wire.append(entry)
        if wire and wire[-1]["role"] == "assistant":
            self._complaints.cannot("an answer to go on with", "the last message must be of the user")
            wire.pop()
        if not wire:
            raise InputError("messages holds no question of the user")
        return wire


def _joins(before: dict[str, Any], entry: dict[str, Any]) -> bool:
    plain = "function_call" not in before and "function_call" not in entry
    return bool(before["role"] == entry["role"] != "function" and plain)
