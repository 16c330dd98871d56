"""Neutral messages to this wire's messages."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.complaints import Complaints
from baimo.dialect.dataurl import encode_data_url, image_type
from baimo.errors import InputError
from baimo.types.chat import Message, Role
from baimo.types.content import (
    Image,
    Opaque,
    Part,
    Refusal,
    ResultPart,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)

from .quirks import Quirks
from .words import NAME, PLAN, fields_of

_ASSISTANT_ONLY = (Thinking, Refusal, ToolCall)


class MessageEncoder:
    """Encodes the messages of one request."""

    def __init__(self, quirks: Quirks, complaints: Complaints) -> None:
        self._quirks = quirks
        self._complaints = complaints

    def encode(self, messages: tuple[Message, ...]) -> list[dict[str, Any]]:
        """The wire's messages; a tool's results become one message each."""
        if not messages:
            raise InputError("messages is empty; a request needs at least one")
        wire: list[dict[str, Any]] = []
        for index, message in enumerate(messages):
            if message.name is not None:
                self._complaints.cannot("the name of a message's author")
            if message.role is Role.ASSISTANT:
                wire.append(self._assistant(message, index))
            else:
                self._other(message, index, wire)
        return wire

    def _other(self, message: Message, index: int, wire: list[dict[str, Any]]) -> None:
        """A message of the system, the developer, the user or a tool."""
        rest: list[Part] = []
        for number, part in enumerate(message.content):
            if isinstance(part, ToolResult):
                wire.append(self._result(part, message))
            elif isinstance(part, _ASSISTANT_ONLY):
                raise InputError(
                    f"messages[{index}].content[{number}] is a {type(part).__name__}, which only an "
                    "assistant's message may hold"
                )
            else:
                rest.append(part)
        if message.role is Role.TOOL:
            if rest or not message.content:
                raise InputError(f"messages[{index}] is of a tool and must hold tool results, nothing else")
        elif rest or not message.content:
            role = "system" if message.role is Role.DEVELOPER else message.role.value
            blocks = [block for block in map(self._part, rest) if block is not None]
            wire.append({"role": role, "content": _shortest(blocks), **fields_of(message.replay)})

    def _assistant(self, message: Message, index: int) -> dict[str, Any]:
        """An earlier answer. Its reasoning goes with it, a plan into the field that it came from."""
        blocks: list[dict[str, Any]] = []
        calls: list[dict[str, Any]] = []
        plan: list[str] = []
        for number, part in enumerate(message.content):
            if isinstance(part, Thinking):
                if PLAN in fields_of(part.replay):
                    plan.append(part.text)
                elif part.text:
                    blocks.append({"type": "thinking", "thinking": part.text})
            elif isinstance(part, ToolCall):
                calls.append(self._call(part))
            elif isinstance(part, Refusal):
                self._complaints.emulated("an earlier refusal was sent as the text of its message")
                blocks.append({"type": "text", "text": part.text})
            elif isinstance(part, ToolResult):
                where = f"messages[{index}].content[{number}]"
                raise InputError(f"{where} is a ToolResult, which an assistant's message must not hold")
            else:
                block = self._part(part)
                if block is not None:
                    blocks.append(block)
        wire: dict[str, Any] = {"role": "assistant"}
        if blocks or not (calls or plan):
            wire["content"] = _shortest(blocks)
        if plan:
            wire["tool_plan"] = "\n\n".join(plan)
        if calls:
            wire["tool_calls"] = calls
        wire.update(fields_of(message.replay))
        return wire

    def _part(self, part: Part | ResultPart) -> dict[str, Any] | None:
        """A block of content; None for what cannot be said."""
        if part.cache is not None:
            self._complaints.cannot("what to cache", "it does so by itself")
        if isinstance(part, Text):
            return {"type": "text", "text": part.text}
        if isinstance(part, Image):
            return self._image(part)
        if isinstance(part, Opaque):
            if part.dialect == NAME:
                block: dict[str, Any] = msgspec.json.decode(part.json)
                return block
            self._complaints.cannot("a part", f"it is one of the dialect {part.dialect!r}")
            return None
        self._complaints.cannot(f"{type(part).__name__.lower()} content")
        return None

    def _image(self, part: Image) -> dict[str, Any] | None:
        url = part.url
        if "image" in self._quirks.refused:
            self._complaints.cannot("image content", "the model does not see")
            return None
        if part.data is not None:
            url = encode_data_url(part.data, part.media_type or image_type(part.data))
        if url is None:
            self._complaints.cannot("an image by the id of a file", "send its bytes or its address")
            return None
        image = {"url": url} if part.detail is None else {"url": url, "detail": part.detail}
        return {"type": "image_url", "image_url": image}

    def _call(self, part: ToolCall) -> dict[str, Any]:
        if part.kind == "custom":
            self._complaints.cannot(f"the call of the custom tool {part.name!r}", "calls are of functions")
        function = {"name": part.name, "arguments": part.arguments or "{}"}
        return {"id": part.id, "type": "function", "function": function, **fields_of(part.replay)}

    def _result(self, part: ToolResult, message: Message) -> dict[str, Any]:
        """A tool's result: a text, or blocks of which documents go back as they came."""
        blocks: list[dict[str, Any]] = []
        for piece in part.content:
            kept = fields_of(piece.replay)
            if isinstance(piece, Text):
                blocks.append(kept or {"type": "text", "text": piece.text})
            else:
                self._complaints.cannot(f"a tool's result with {type(piece).__name__.lower()} content")
        content = _shortest(blocks)
        if part.is_error:
            self._complaints.emulated("a tool's failure was told in the words of its result")
            content = (
                f"Error: {content}"
                if isinstance(content, str)
                else [{"type": "text", "text": "Error:"}, *content]
            )
        wire = {"role": "tool", "tool_call_id": part.call_id, "content": content}
        return {**wire, **fields_of(message.replay)}


def _shortest(blocks: list[dict[str, Any]]) -> Any:
    """A string where nothing is lost by it, else the blocks."""
    if not blocks:
        return ""
    if len(blocks) == 1 and blocks[0].keys() == {"type", "text"}:
        return blocks[0]["text"]
    return blocks
