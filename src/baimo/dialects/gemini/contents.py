"""Neutral messages to this wire's contents: turns of `user` and `model`, one instruction of the system."""

from __future__ import annotations

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
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
)

from .media import encode_media
from .parts import (
    MADE_UP,
    SIGNATURE,
    encode_call,
    encode_thinking,
    laid_over,
    object_of,
    opaque_fields,
    replay_fields,
)
from .quirks import Quirks

STAND_IN = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="
"""What Google documents for calls that no model of its made: base64 of `skip_thought_signature_validator`."""

_ASSISTANT_ONLY = (Thinking, Refusal, ToolCall)
_MEDIA = (Image, Audio, Video, File)


class ContentsEncoder:
    """Encodes the messages of one request."""

    def __init__(self, complaints: Complaints, quirks: Quirks, files: str) -> None:
        self._complaints = complaints
        self._quirks = quirks
        self._files = files
        self._called: dict[str, str] = {}
        self._stood_in = False

    def encode(self, messages: tuple[Message, ...]) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
        """The system's instruction, and the turns: results of tools that follow each other become one."""
        system: list[Message] = []
        contents: list[dict[str, Any]] = []
        is_result = False
        for index, message in enumerate(messages):
            if message.name is not None:
                self._complaints.cannot("the name of a message's author")
            if message.role in (Role.SYSTEM, Role.DEVELOPER):
                if contents:
                    self._complaints.emulated("a later message of the system was sent as one of the user")
                    contents.append(self._turn("user", self._system(message), message))
                else:
                    system.append(message)
                is_result = False
                continue
            role = "model" if message.role is Role.ASSISTANT else "user"
            parts = self._parts(message, index)
            if message.role is Role.TOOL and is_result:
                contents[-1]["parts"] += parts
            else:
                contents.append(self._turn(role, parts, message))
            is_result = message.role is Role.TOOL
        return self._instruction(system), contents

    def _instruction(self, system: list[Message]) -> dict[str, Any] | None:
        if not system:
            return None
        wire: dict[str, Any] = {"parts": [part for message in system for part in self._system(message)]}
        for message in system:
            wire |= replay_fields(message.replay)
        return wire

    def _system(self, message: Message) -> list[dict[str, Any]]:
        parts = []
        for part in message.content:
            self._marks(part)
            if isinstance(part, Text):
                parts.append({"text": part.text, **replay_fields(part.replay)})
            else:
                self._complaints.cannot(f"{type(part).__name__.lower()} content of the system")
        return parts

    def _turn(self, role: str, parts: list[dict[str, Any]], message: Message) -> dict[str, Any]:
        return {"role": role, "parts": parts or [{"text": ""}], **replay_fields(message.replay)}

    def _marks(self, part: Part) -> None:
        if part.cache is not None:
            self._complaints.cannot(
                "what to cache",
                'it does so by itself; a cache of one\'s own is named by extra={"cachedContent": …}',
            )

    def _parts(self, message: Message, index: int) -> list[dict[str, Any]]:
        """The parts of one turn."""
        wire: list[dict[str, Any]] = []
        has_call = False
        for number, part in enumerate(message.content):
            where = f"messages[{index}].content[{number}]"
            self._check(part, message.role, where)
            self._marks(part)
            encoded = self._part(part, where)
            if encoded is None:
                continue
            if isinstance(part, ToolCall) and not has_call:
                has_call = True
                self._stand_in(encoded)
            wire.append(encoded)
        if message.role is Role.TOOL and not wire and not message.content:
            raise InputError(f"messages[{index}] is of a tool and must hold tool results, nothing else")
        return wire

    def _check(self, part: Part, role: Role, where: str) -> None:
        """Raise InputError for a part that a message of that role must not hold."""
        kind = type(part).__name__
        if role is Role.ASSISTANT:
            if isinstance(part, ToolResult):
                raise InputError(f"{where} is a ToolResult, which an assistant's message must not hold")
        elif isinstance(part, _ASSISTANT_ONLY):
            raise InputError(f"{where} is a {kind}, which only an assistant's message may hold")
        elif role is Role.TOOL and not isinstance(part, ToolResult):
            raise InputError(f"{where} is a {kind}: a tool's message must hold tool results, nothing else")

    def _part(self, part: Part, where: str) -> dict[str, Any] | None:
        """The wire's part; None where it was left out."""
        if isinstance(part, Text):
            return {"text": part.text, **replay_fields(part.replay)}
        if isinstance(part, Thinking):
            return encode_thinking(part)
        if isinstance(part, ToolCall):
            return self._call(part)
        if isinstance(part, ToolResult):
            return self._result(part, where)
        if isinstance(part, _MEDIA):
            wire = encode_media(part, self._files, self._quirks, self._complaints)
            return None if wire is None else laid_over(wire, replay_fields(part.replay))
        if isinstance(part, Refusal):
            self._complaints.emulated("an earlier refusal was sent as the text of its message")
            return {"text": part.text}
        return self._opaque(part)

    def _opaque(self, part: Opaque) -> dict[str, Any] | None:
        wire = opaque_fields(part)
        if wire is None:
            self._complaints.cannot(f"what only {part.dialect} understands")
        return wire

    def _call(self, part: ToolCall) -> dict[str, Any]:
        self._called[part.id] = part.name
        arguments: Any = object_of(part.arguments)
        if part.kind == "custom" or arguments is None:
            what = "of a custom tool" if part.kind == "custom" else "whose arguments are no JSON object"
            self._complaints.cannot(f"an earlier call {what}", "arguments are an object on this wire")
            arguments = boxed(part.arguments)
        return encode_call(part, arguments)

    def _stand_in(self, call: dict[str, Any]) -> None:
        """The first call of a turn carries the signature of all of them."""
        if self._quirks.signatures == "required" and SIGNATURE not in call:
            call[SIGNATURE] = STAND_IN
            if not self._stood_in:
                self._stood_in = True
                self._complaints.emulated(
                    "an earlier call without a signature of thoughts was sent with the stand-in for one"
                )

    def _result(self, part: ToolResult, where: str) -> dict[str, Any]:
        name = part.name or self._called.get(part.call_id)
        if not name:
            raise InputError(
                f"{where} answers {part.call_id!r}, which no call before it has as its id",
                hint="Give the result the name of its function: ToolResult(name=…).",
            )
        texts: list[str] = []
        media: list[dict[str, Any]] = []
        for piece in part.content:
            if isinstance(piece, Text):
                texts.append(piece.text)
            else:  # of wires whose results hold none it was set aside before
                found = encode_media(piece, self._files, self._quirks, self._complaints)
                media += [] if found is None else [found]
        answer: dict[str, Any] = {} if part.call_id.startswith(MADE_UP) else {"id": part.call_id}
        answer |= {"name": name, "response": response_of("\n\n".join(texts), is_error=part.is_error)}
        if media:
            answer["parts"] = media
        return laid_over({"functionResponse": answer}, replay_fields(part.replay))


def response_of(text: str, *, is_error: bool) -> Raw | dict[str, str]:
    """What a tool gave back as the object that this wire wants: a JSON object as it is, other text boxed."""
    if is_error:
        return {"error": text}
    found = object_of(text) if text.strip() else None
    return {"result": text} if found is None else found


def text_of_response(response: dict[str, Any]) -> tuple[str, bool]:
    """The text of a tool's answer, and whether it tells of a failure: what `response_of` boxed is unboxed."""
    ((name, value),) = response.items() if len(response) == 1 else (("", None),)
    if isinstance(value, str) and name == "error":
        return value, True
    if isinstance(value, str) and name == "result" and (not value.strip() or object_of(value) is None):
        return value, False
    return msgspec.json.encode(response).decode(), False


def boxed(text: str) -> dict[str, str]:
    """What stands in the place of an object for arguments that are none."""
    return {"input": text}
