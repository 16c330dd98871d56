"""Being the provider: a caller's messages."""

from __future__ import annotations

import re
from binascii import Error as BadBase64
from binascii import a2b_base64
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Raw

from baimo.errors import InputError
from baimo.types.chat import Message, Role
from baimo.types.content import File, Image, Opaque, Part, Replay, Text, ToolCall, ToolResult, Video

from .words import NAME

Json: TypeAlias = dict[str, Any]


class _Function(msgspec.Struct, rename="pascal"):
    name: str
    arguments: str = ""


class _Call(msgspec.Struct, rename="pascal"):
    id: str
    function: _Function


class _Message(msgspec.Struct, rename="pascal"):
    """The fields of a message that are understood."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str | None = None
    contents: list[Json] | None = None
    tool_call_id: str | None = None
    tool_calls: list[_Call] | None = None
    file_ids: list[str] | None = msgspec.field(default=None, name="FileIDs")
    reasoning_content: str | None = None


class _Url(msgspec.Struct, rename="pascal"):
    url: str
    fps: float | None = None


_KNOWN = frozenset(field.encode_name for field in msgspec.structs.fields(_Message)) | {"Index", "Type"}


def named(message: str, prefix: str = "") -> str:
    """A validation message with the path of the field in front."""
    text, _, path = message.partition(" - at ")
    found = re.search(r"`\$\.?(.*)`", path)
    name = found[1] if found else ""
    missing = re.search(r"missing required field `(\w+)`", text)
    if missing:
        name = f"{name}.{missing[1]}" if name else missing[1]
        text = "is required"
    where = f"{prefix}.{name}" if prefix and name else prefix or name or "the body"
    return f"{where}: {text}"


def converted(value: Any, kind: Any, where: str) -> Any:
    """A value of that type. Raises InputError naming the field."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise InputError(named(str(error), where)) from None


def decode_message(fields: dict[str, Raw], index: int) -> Message:
    """One message of a body. Raises InputError naming it and the field."""
    where = f"Messages[{index}]"
    known = {name: msgspec.json.decode(value) for name, value in fields.items() if name in _KNOWN}
    wire: _Message = converted(known, _Message, where)
    if wire.reasoning_content:
        raise InputError(f"{where}.ReasoningContent: must not be sent back")
    unknown = {name: value for name, value in fields.items() if name not in _KNOWN}
    if wire.role == "tool":
        if not wire.tool_call_id:
            raise InputError(f"{where}.ToolCallId: is required")
        texts = (Text(text=wire.content or ""),)
        parts: list[Part] = [ToolResult(call_id=wire.tool_call_id, content=texts)]
    else:
        parts = _content(wire, where)
        parts += [File(file_id=name) for name in wire.file_ids or ()]
        for call in wire.tool_calls or ():
            parts.append(ToolCall(id=call.id, name=call.function.name, arguments=call.function.arguments))
    return Message(
        role=Role(wire.role),
        content=tuple(parts),
        replay=Replay(dialect=NAME, json=Raw(msgspec.json.encode(unknown))) if unknown else None,
    )


def _content(wire: _Message, where: str) -> list[Part]:
    if wire.contents:
        return [_part(part, f"{where}.Contents[{number}]") for number, part in enumerate(wire.contents)]
    if wire.content or not (wire.tool_calls or wire.file_ids):
        return [Text(text=wire.content or "")]
    return []


def _part(entry: Json, where: str) -> Part:
    kind = entry.get("Type")
    if kind == "text":
        return Text(text=converted(entry.get("Text"), str, f"{where}.Text"))
    if kind == "image_url":
        url = converted(entry.get("ImageUrl"), _Url, f"{where}.ImageUrl").url
        if not url.startswith("data:"):
            return Image(url=url)
        head, _, data = url.partition(",")
        try:
            content = a2b_base64(data, strict_mode=True)
        except (BadBase64, ValueError):
            raise InputError(f"{where}.ImageUrl.Url: is no valid base64") from None
        return Image(data=content, media_type=head.removeprefix("data:").partition(";")[0] or None)
    if kind == "video_url":
        video = converted(entry.get("VideoUrl"), _Url, f"{where}.VideoUrl")
        return Video(url=video.url, fps=video.fps)
    if not isinstance(kind, str):
        raise InputError(f"{where}.Type: is required")
    return Opaque(dialect=NAME, json=Raw(msgspec.json.encode(entry)))
