"""Neutral messages to this wire's: `system` apart, blocks of one key each, users and assistants in turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw

from baimo.dialect.complaints import Complaints
from baimo.errors import InputError
from baimo.types.chat import Message, Role
from baimo.types.content import (
    Audio,
    File,
    Image,
    Opaque,
    Part,
    Refusal,
    Replay,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
)

from .caching import cache_point
from .media import MediaEncoder
from .quirks import Quirks
from .words import NAME

Block = dict[str, Any]

_fields = msgspec.json.Decoder(dict[str, Any])
_object = msgspec.json.Decoder(dict[str, Raw])

_ASSISTANT_ONLY = (Thinking, Refusal, ToolCall)
_ROLES = {Role.ASSISTANT: "assistant", Role.USER: "user", Role.TOOL: "user"}
_SYSTEM = (Role.SYSTEM, Role.DEVELOPER)


def kept(replay: Replay | None) -> dict[str, Any]:
    """What this wire wants back with a part or a message; nothing of other wires."""
    return _fields.decode(replay.json) if replay is not None and replay.dialect == NAME else {}


class MessageEncoder:
    """Encodes the messages of one request."""

    def __init__(self, complaints: Complaints, quirks: Quirks) -> None:
        self._complaints = complaints
        self._replays = quirks.reasoning_replay
        self._media = MediaEncoder(complaints)
        self._blocks: dict[type[Part], Callable[[Any], list[Block]]] = {
            Text: self._text,
            Thinking: self._thinking,
            Refusal: self._refusal,
            ToolCall: self._call,
            ToolResult: self._result,
            Opaque: self._opaque,
            Image: self._media.image,
            File: self._media.document,
            Video: self._media.video,
            Audio: self._media.audio,
        }

    def encode(self, messages: tuple[Message, ...]) -> dict[str, Any]:
        """`messages`, and `system` where there is something in it."""
        system: list[Block] = []
        turns: list[dict[str, Any]] = []
        is_open = False
        for index, message in enumerate(messages):
            if message.name is not None:
                self._complaints.cannot("the name of a message's author")
            _check(message, index)
            stands = kept(message.replay)
            blocks = [block for part in message.content for block in self._part(part)]
            if message.role in _SYSTEM and not stands:
                if turns:
                    self._complaints.emulated("a later message of the system was put in front of all others")
                system += blocks
                continue
            role = _ROLES.get(message.role, "system")
            if is_open and not stands and turns[-1]["role"] == role:
                turns[-1]["content"] += blocks
            elif blocks or not message.content:
                turns.append({"role": role, "content": blocks, **stands})
            is_open = not stands
        body: dict[str, Any] = {"messages": turns}
        if system:
            body["system"] = system
        return body

    def _part(self, part: Part) -> list[Block]:
        blocks = self._blocks[type(part)](part)
        if part.cache is not None and blocks:
            blocks = [*blocks, *cache_point(part.cache, self._complaints)]
        return blocks

    def _text(self, part: Text) -> list[Block]:
        """Words; an empty text would be refused and is left out. A guarded or cited one goes back as it
        came."""
        block = kept(part.replay)
        if "citationsContent" in block:
            return [{"citationsContent": {"content": [{"text": part.text}], **block["citationsContent"]}}]
        if block:
            return [block]
        if part.citations:
            self._complaints.note("sources_left_out", "sources of an earlier answer were not sent back")
        return [{"text": part.text}] if part.text else []

    def _thinking(self, part: Thinking) -> list[Block]:
        """Earlier reasoning, byte for byte: what was encrypted or signed, and the rest where models want
        it."""
        kept_by = kept(part.replay)
        if self._replays == "none" or not (kept_by or (self._replays == "all" and part.text)):
            self._complaints.note(
                "reasoning_left_out",
                "earlier reasoning was not sent back: "
                + (
                    "this model takes none" if self._replays == "none" else "it has no signature of this wire"
                ),
            )
            return []
        if "redactedContent" in kept_by:
            return [{"reasoningContent": {"redactedContent": kept_by["redactedContent"]}}]
        return [{"reasoningContent": {"reasoningText": {"text": part.text, **kept_by}}}]

    def _refusal(self, part: Refusal) -> list[Block]:
        self._complaints.emulated("an earlier refusal was sent as the text of its message")
        return [{"text": part.text}] if part.text else []

    def _opaque(self, part: Opaque) -> list[Block]:
        if part.dialect == NAME:
            return [_fields.decode(part.json)]
        self._complaints.cannot(f"what only {part.dialect} understands")
        return []

    def _call(self, part: ToolCall) -> list[Block]:
        given: Any = object_of(part.arguments)
        if part.kind == "custom" or given is None:
            what = "of a custom tool" if part.kind == "custom" else "whose arguments are no JSON object"
            self._complaints.cannot(f"an earlier call {what}", "arguments are an object on this wire")
            given = {"input": part.arguments}
        return [{"toolUse": {"toolUseId": part.id, "name": part.name, "input": given, **kept(part.replay)}}]

    def _result(self, part: ToolResult) -> list[Block]:
        content: list[Block] = []
        for piece in part.content:
            if isinstance(piece, Audio):
                self._complaints.cannot("a tool's result with audio content")
            else:
                content += self._part(piece)
        result: Block = {"toolUseId": part.call_id, "content": content}
        if part.is_error:
            result["status"] = "error"
        return [{"toolResult": {**result, **kept(part.replay)}}]


def _check(message: Message, index: int) -> None:
    """Raises InputError for a part that the message's role must not hold."""
    for number, part in enumerate(message.content):
        where = f"messages[{index}].content[{number}] is a {type(part).__name__}, which"
        is_assistant = message.role is Role.ASSISTANT
        if isinstance(part, _ASSISTANT_ONLY) and not is_assistant:
            raise InputError(f"{where} only an assistant's message may hold")
        if isinstance(part, ToolResult) and message.role not in (Role.TOOL, Role.USER):
            raise InputError(f"{where} a message of the {message.role.value} must not hold")
        if message.role in _SYSTEM and not isinstance(part, (Text, Opaque)):
            raise InputError(f"{where} a message of the system must not hold: it takes texts")


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
