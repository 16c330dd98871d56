"""Being the provider: a caller's messages."""

from __future__ import annotations

from binascii import Error as BadBase64
from binascii import a2b_base64
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Raw, UnsetType

from baimo.errors import InputError
from baimo.types.chat import Message, Role
from baimo.types.content import (
    Audio,
    Cache,
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

from .finish import IN_PART, NAME
from .served_fields import Json, cache_of, mapping, named, string


class _Call(msgspec.Struct):
    id: str
    type: Literal["function", "custom", "builtin_function"] = "function"
    function: dict[str, str] | None = None
    custom: dict[str, str] | None = None
    extra_content: Json | UnsetType = UNSET


class _Reference(msgspec.Struct):
    id: str


class _Message(msgspec.Struct):
    """The fields of a message that are understood."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[dict[str, Any]] | None = None
    name: str | None = None
    tool_call_id: str | None = None
    tool_calls: list[_Call] | None = None
    function_call: dict[str, str] | None = None
    refusal: str | None = None
    audio: _Reference | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: list[Any] | None = None


_KNOWN_OF_MESSAGE = frozenset(_Message.__struct_fields__)


def decode_message(fields: dict[str, Raw], index: int) -> Message:
    """One message of a body. Raises InputError naming it and the field."""
    where = f"messages[{index}]"
    try:
        wire = msgspec.convert(
            {name: msgspec.json.decode(value) for name, value in fields.items() if name in _KNOWN_OF_MESSAGE},
            _Message,
        )
    except msgspec.ValidationError as error:
        raise InputError(named(str(error), where)) from None
    unknown = {name: value for name, value in fields.items() if name not in _KNOWN_OF_MESSAGE}
    if wire.role in ("tool", "function"):
        content: tuple[Part, ...] = (_result(wire, where),)
    elif wire.role == "assistant":
        content = _answer(wire, where)
    else:
        content = _content(wire.content, where)
    return Message(
        role=Role.TOOL if wire.role == "function" else Role(wire.role),
        content=content,
        name=wire.name if wire.role not in ("tool", "function") else None,
        replay=Replay(dialect=NAME, json=Raw(msgspec.json.encode(unknown))) if unknown else None,
    )


def _content(content: str | list[Json] | None, where: str) -> tuple[Part, ...]:
    if content is None:
        raise InputError(f"{where}.content: is required")
    if isinstance(content, str):
        return (Text(text=content),)
    return tuple([_part(part, f"{where}.content[{number}]") for number, part in enumerate(content)])


def _result(wire: _Message, where: str) -> ToolResult:
    call = wire.tool_call_id or (wire.name if wire.role == "function" else None)
    if call is None:
        raise InputError(f"{where}.tool_call_id: is required")
    parts = _content(wire.content, where)
    texts = tuple([part for part in parts if isinstance(part, Text)])
    if len(texts) != len(parts):
        raise InputError(f"{where}.content: a tool's result holds text only")
    return ToolResult(call_id=call, content=texts, name=wire.name)


def _answer(wire: _Message, where: str) -> tuple[Part, ...]:
    parts: list[Part] = []
    text = wire.reasoning_content or wire.reasoning
    if text or wire.reasoning_details:
        kept = {"reasoning_details": wire.reasoning_details} if wire.reasoning_details else None
        replay = Replay(dialect=NAME, json=Raw(msgspec.json.encode(kept))) if kept else None
        parts.append(Thinking(text=text or "", replay=replay))
    if wire.content:
        parts.extend(_content(wire.content, where))
    if wire.refusal:
        parts.append(Refusal(text=wire.refusal))
    if wire.audio is not None:
        parts.append(Audio(id=wire.audio.id))
    for number, call in enumerate(wire.tool_calls or ()):
        parts.append(_call(call, f"{where}.tool_calls[{number}]"))
    if wire.function_call is not None:
        name = wire.function_call.get("name", "")
        parts.append(ToolCall(id=name, name=name, arguments=wire.function_call.get("arguments", "")))
    return tuple(parts)


def _call(call: _Call, where: str) -> ToolCall:
    body = call.custom if call.type == "custom" else call.function
    if body is None or "name" not in body:
        raise InputError(f"{where}.{call.type}.name: is required")
    extras = None if call.extra_content is UNSET else {"extra_content": call.extra_content}
    return ToolCall(
        id=call.id,
        name=body["name"],
        arguments=body.get("input" if call.type == "custom" else "arguments", ""),
        kind="custom" if call.type == "custom" else "function",
        replay=Replay(dialect=NAME, json=Raw(msgspec.json.encode(extras))) if extras else None,
    )


def _part(part: Json, where: str) -> Part:
    kind = part.get("type")
    if not isinstance(kind, str):
        raise InputError(f"{where}.type: is required")
    cache = cache_of(part)
    body = part.get(kind)
    if kind == "text":
        return Text(text=string(part, "text", where), cache=cache)
    if kind == "refusal":
        return Refusal(text=string(part, "refusal", where))
    if kind in ("image_url", "video_url"):
        address = {"url": body} if isinstance(body, str) else mapping(body, f"{where}.{kind}")
        return _picture(kind, address, part, f"{where}.{kind}", cache)
    if kind == "input_audio":
        sound = mapping(body, f"{where}.{kind}")
        told, form = string(sound, "data", f"{where}.{kind}"), sound.get("format")
        if told.startswith(("https://", "http://")):
            return Audio(url=told, format=form, cache=cache)
        data, _ = _from_data_url(told, f"{where}.{kind}.data")
        return Audio(data=data, format=form, cache=cache)
    if kind == "file":
        return _file(mapping(body, f"{where}.file"), f"{where}.file", cache)
    if kind == "thinking":
        words = part.get("thinking")
        pieces = words if isinstance(words, list) else [{"text": words}]
        signature = part.get("signature")
        marks = {IN_PART: {"signature": signature}} if isinstance(signature, str) else None
        return Thinking(
            text="".join([str(piece.get("text") or "") for piece in pieces if isinstance(piece, dict)]),
            replay=None if marks is None else Replay(dialect=NAME, json=Raw(msgspec.json.encode(marks))),
        )
    return Opaque(dialect=NAME, json=Raw(msgspec.json.encode(part)))


def _picture(kind: str, address: Json, part: Json, where: str, cache: Cache | None) -> Part:
    url = string(address, "url", where)
    data, media_type = None, None
    if url.startswith("data:"):
        data, media_type = _from_data_url(url, where)
    if kind == "video_url":
        link = url if data is None else None
        return Video(
            data=data, url=link, media_type=media_type, fps=part.get("fps", address.get("fps")), cache=cache
        )
    detail = address.get("detail")
    return Image(
        data=data, url=url if data is None else None, media_type=media_type, detail=detail, cache=cache
    )


def _file(file: Json, where: str, cache: Cache | None) -> File:
    name, data, media_type = file.get("filename"), None, None
    if "file_data" in file:
        data, media_type = _from_data_url(string(file, "file_data", where), f"{where}.file_data")
    elif not isinstance(file.get("file_id"), str):
        raise InputError(f"{where}: file_data or file_id is required")
    return File(data=data, file_id=file.get("file_id"), name=name, media_type=media_type, cache=cache)


def _from_data_url(url: str, where: str) -> tuple[bytes, str | None]:
    head, comma, data = url.partition(",")
    if not comma:
        return _bytes(url, where), None
    return _bytes(data, where), head.removeprefix("data:").partition(";")[0] or None


def _bytes(text: str, where: str) -> bytes:
    try:
        return a2b_base64(text, strict_mode=True)
    except (BadBase64, ValueError):
        raise InputError(f"{where}: is no valid base64") from None
