"""Neutral messages to this wire's messages: one string of content each, pictures beside it."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from baimo.dialect.complaints import Complaints
from baimo.errors import InputError
from baimo.types.chat import Message, Role
from baimo.types.content import (
    Audio,
    Image,
    Part,
    Refusal,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)

from .words import NAME

_ASSISTANT_ONLY = (Thinking, Refusal, ToolCall)

_fields = msgspec.json.Decoder(dict[str, Raw])
_object = msgspec.json.Decoder(dict[str, Raw])


class MessageEncoder:
    """Encodes the messages of one request."""

    def __init__(self, complaints: Complaints) -> None:
        self._complaints = complaints
        self._called: dict[str, str] = {}

    def encode(self, messages: tuple[Message, ...]) -> list[dict[str, Any]]:
        """The wire's messages; a tool's results become one message each."""
        wire: list[dict[str, Any]] = []
        for index, message in enumerate(messages):
            if message.role is Role.ASSISTANT:
                wire.append(self._assistant(message, index))
            else:
                self._other(message, index, wire)
        return wire

    def _message(self, message: Message, parts: list[Part]) -> dict[str, Any]:
        role = "system" if message.role is Role.DEVELOPER else message.role.value
        texts, images = self.content(parts)
        wire: dict[str, Any] = {"role": role, "content": "\n\n".join(texts)}
        if images:
            wire["images"] = images
        if message.name is not None:
            self._complaints.cannot("the name of a message's author")
        if message.replay is not None and message.replay.dialect == NAME:
            wire.update(_fields.decode(message.replay.json))
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
            wire.append(self._message(message, rest))

    def _assistant(self, message: Message, index: int) -> dict[str, Any]:
        said: list[Part] = []
        calls: list[dict[str, Any]] = []
        thinking: list[str] = []
        for number, part in enumerate(message.content):
            if isinstance(part, Thinking):
                thinking.append(part.text)
            elif isinstance(part, ToolCall):
                calls.append(self._call(part, len(calls)))
            elif isinstance(part, Refusal):
                self._complaints.emulated("an earlier refusal was sent as the text of its message")
                said.append(Text(text=part.text))
            elif isinstance(part, ToolResult):
                where = f"messages[{index}].content[{number}]"
                raise InputError(f"{where} is a ToolResult, which an assistant's message must not hold")
            else:
                said.append(part)
        wire = self._message(message, said)
        words = "\n\n".join(filter(None, thinking))
        if words:
            wire["thinking"] = words
        if calls:
            wire["tool_calls"] = calls
        return wire

    def content(self, parts: list[Part]) -> tuple[list[str], list[str | bytes]]:
        """The texts, and the pictures and sounds: base64, or bytes that become it when the body is written.

        Their order among each other is lost.
        """
        texts: list[str] = []
        images: list[str | bytes] = []
        for part in parts:
            if part.cache is not None:
                self._complaints.cannot("what to cache", "it does so by itself")
            if isinstance(part, Text):
                texts.append(part.text)
            elif isinstance(part, Image):
                self._image(part, images)
            elif isinstance(part, Audio) and part.data is not None:
                images.append(part.data)
            elif isinstance(part, Audio):
                self._complaints.cannot("audio other than by its bytes")
            else:
                self._complaints.cannot(f"{type(part).__name__.lower()} content")
        return texts, images

    def _image(self, part: Image, images: list[str | bytes]) -> None:
        if part.detail not in (None, "auto"):
            self._complaints.cannot(f"how closely to look at an image (detail {part.detail!r})")
        head, comma, payload = (part.url or "").partition(";base64,")
        if part.data is not None:
            images.append(part.data)
        elif comma and head.startswith("data:"):
            images.append(payload)
        else:
            how = "by the id of a file" if part.url is None else "by a web address"
            self._complaints.cannot(f"an image {how}", "send its bytes")

    def _call(self, part: ToolCall, index: int) -> dict[str, Any]:
        self._called[part.id] = part.name
        arguments: Any = object_of(part.arguments)
        if part.kind == "custom" or arguments is None:
            what = "of a custom tool" if part.kind == "custom" else "whose arguments are no JSON object"
            self._complaints.cannot(f"an earlier call {what}", "arguments are an object on this wire")
            arguments = boxed(part.arguments)
        return {
            "id": part.id,
            "function": {"index": index, "name": part.name, "arguments": arguments},
        }

    def _result(self, part: ToolResult, message: Message) -> dict[str, Any]:
        texts = []
        for piece in part.content:
            if isinstance(piece, Text):
                texts.append(piece.text)
            else:
                self._complaints.cannot(f"a tool's result with {type(piece).__name__.lower()} content")
        text = "\n\n".join(texts)
        if part.is_error:
            text = f"Error: {text}"
            self._complaints.emulated("a tool's failure was told in the words of its result")
        wire: dict[str, Any] = {"role": "tool", "content": text}
        name = part.name or self._called.get(part.call_id)
        if name:
            wire["tool_name"] = name
        wire["tool_call_id"] = part.call_id
        if message.replay is not None and message.replay.dialect == NAME:
            wire.update(_fields.decode(message.replay.json))
        return wire


def object_of(arguments: str) -> Raw | None:
    """Arguments as a JSON object, byte for byte; None where they are none. No text means no arguments."""
    if not arguments.strip():
        return Raw(b"{}")
    try:
        raw = arguments.encode()
        _object.decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return Raw(raw)


def boxed(text: str) -> dict[str, str]:
    """What stands in the place of an object for arguments that are none."""
    return {"input": text}
