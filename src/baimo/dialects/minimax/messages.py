"""Neutral messages to this wire's messages."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.complaints import Complaints
from baimo.dialect.dataurl import encode_data_url, image_type
from baimo.dialect.think import in_tags
from baimo.errors import InputError
from baimo.types.chat import Message, Role
from baimo.types.content import Image, Opaque, Part, Refusal, Text, Thinking, ToolCall, ToolResult

from .words import IN_CONTENT, NAME, fields_of

_ASSISTANT_ONLY = (Thinking, Refusal, ToolCall)


class MessageEncoder:
    """Encodes the messages of one request."""

    def __init__(self, complaints: Complaints) -> None:
        self._complaints = complaints
        self._left_out: set[str] = set()
        """Calls that cannot be told; what they gave belongs to nothing then."""

    def encode(self, messages: tuple[Message, ...]) -> list[dict[str, Any]]:
        """The wire's messages; a tool's results become one message each."""
        if not messages:
            raise InputError("messages is empty; a request needs at least one")
        wire: list[dict[str, Any]] = []
        for index, message in enumerate(messages):
            if message.role is Role.ASSISTANT:
                wire.append(self._assistant(message, index))
            else:
                self._other(message, index, wire)
        return wire

    def _other(self, message: Message, index: int, wire: list[dict[str, Any]]) -> None:
        """A message of the system, the user or a tool."""
        self._forbid(message.content, _ASSISTANT_ONLY, index)
        rest: list[Part] = [part for part in message.content if not isinstance(part, ToolResult)]
        results = [part for part in message.content if isinstance(part, ToolResult)]
        wire += [self._result(part, message) for part in results if part.call_id not in self._left_out]
        if message.role is Role.TOOL:
            if rest or not message.content:
                raise InputError(f"messages[{index}] is of a tool and must hold tool results, nothing else")
        elif rest or not message.content:
            wire.append(self._entry(message, rest))

    def _forbid(self, content: tuple[Part, ...], kinds: tuple[type, ...], index: int) -> None:
        for number, part in enumerate(content):
            if isinstance(part, kinds):
                raise InputError(
                    f"messages[{index}].content[{number}] is a {type(part).__name__}, which a message of "
                    "that role must not hold"
                )

    def _assistant(self, message: Message, index: int) -> dict[str, Any]:
        """An earlier answer with its reasoning, which this provider wants back where it stood."""
        self._forbid(message.content, (ToolResult,), index)
        said: list[Part] = []
        calls: list[dict[str, Any]] = []
        thinking, tagged = "", False
        for part in message.content:
            if isinstance(part, ToolCall):
                if part.kind == "custom":
                    self._complaints.cannot(f"the call of the custom tool {part.name!r} and what it gave")
                    self._left_out.add(part.id)
                else:
                    calls.append(_call(part))
            elif isinstance(part, Thinking):
                thinking += part.text
                tagged = tagged or _is_tagged(part)
            else:
                said.append(Text(text=part.text) if isinstance(part, Refusal) else part)
        entry = self._entry(message, said)
        if tagged and isinstance(entry["content"], str):
            entry["content"] = in_tags(thinking) + entry["content"]
        elif thinking:
            entry["reasoning_content"] = thinking
        if calls:
            entry["tool_calls"] = calls
        return entry

    def _entry(self, message: Message, parts: list[Part]) -> dict[str, Any]:
        """A message with its content: a string where it is nothing but text."""
        role = "system" if message.role is Role.DEVELOPER else message.role.value
        entry: dict[str, Any] = {"role": role}
        if message.name is not None:
            entry["name"] = message.name
        contents = [found for found in map(self._part, parts) if found is not None]
        if all(found.keys() == {"type", "text"} for found in contents):
            entry["content"] = "\n\n".join([found["text"] for found in contents])
        else:
            entry["content"] = contents
        if message.replay is not None and message.replay.dialect == NAME:
            entry.update(fields_of(message.replay))
        return entry

    def _part(self, part: Part) -> dict[str, Any] | None:
        """An entry of a content list; None for what cannot be said."""
        if part.cache is not None:
            self._complaints.cannot("what to cache")
        if isinstance(part, Text):
            return {"type": "text", "text": part.text}
        if isinstance(part, Image):
            return self._image(part)
        if isinstance(part, Opaque):
            return self._opaque(part)
        self._complaints.cannot(f"{type(part).__name__.lower()} content")
        return None

    def _opaque(self, part: Opaque) -> dict[str, Any] | None:
        """A part of a request that we did not know; what stood beside an answer is never sent back."""
        if part.dialect != NAME:
            self._complaints.cannot("a part", f"it is one of the dialect {part.dialect!r}")
            return None
        entry: dict[str, Any] = msgspec.json.decode(part.json)
        return entry if "type" in entry else None

    def _image(self, part: Image) -> dict[str, Any] | None:
        if part.detail not in (None, "auto"):
            self._complaints.cannot("the detail of an image")
        url = part.url
        if part.data is not None:
            url = encode_data_url(part.data, part.media_type or image_type(part.data))
        if url is None:
            self._complaints.cannot("an image by the id of a file", "send its bytes or its address")
            return None
        return {"type": "image_url", "image_url": {"url": url}}

    def _result(self, part: ToolResult, message: Message) -> dict[str, Any]:
        text = ""
        for piece in part.content:
            if piece.cache is not None:
                self._complaints.cannot("what to cache")
            if isinstance(piece, Text):
                text += piece.text
            else:
                self._complaints.cannot(f"a tool's result with {type(piece).__name__.lower()} content")
        if part.is_error:
            text = f"Error: {text}"
            self._complaints.emulated("a tool's failure was told in the words of its result")
        entry = {"role": "tool", "tool_call_id": part.call_id, "content": text}
        if message.replay is not None and message.replay.dialect == NAME:
            entry.update(fields_of(message.replay))
        return entry


def _is_tagged(part: Thinking) -> bool:
    """Whether that reasoning stood inside the content."""
    return part.replay is not None and part.replay.dialect == NAME and IN_CONTENT in fields_of(part.replay)


def _call(part: ToolCall) -> dict[str, Any]:
    function = {"name": part.name, "arguments": part.arguments or "{}"}
    return {"id": part.id, "type": "function", "function": function}
