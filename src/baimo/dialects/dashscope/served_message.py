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
from baimo.types.content import (
    Audio,
    Cache,
    Image,
    Opaque,
    Part,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
)

from .words import NAME, kept

Json: TypeAlias = dict[str, Any]


class _Function(msgspec.Struct):
    name: str
    arguments: str = ""


class _Call(msgspec.Struct):
    function: _Function
    id: str = ""


class _Message(msgspec.Struct):
    """The fields of a message that are understood."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str | list[Json] | None = None
    tool_call_id: str | None = None
    tool_calls: list[_Call] | None = None
    reasoning_content: str | None = None
    name: str | None = None
    partial: bool | None = None


_KNOWN = frozenset(_Message.__struct_fields__)


def named(message: str, prefix: str = "") -> str:
    """A validation message with the path of the field in front."""
    text, _, path = message.partition(" - at ")
    found = re.search(r"`\$\.?(.*)`", path)
    name = found[1] if found else ""
    missing = re.search(r"missing required field `(\w+)`", text)
    if missing:
        name, text = (f"{name}.{missing[1]}" if name else missing[1]), "is required"
    return f"{'.'.join(filter(None, (prefix, name))) or 'the body'}: {text}"


def converted(value: Any, kind: Any, where: str) -> Any:
    """A value of that type. Raises InputError naming the field."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise InputError(named(str(error), where)) from None


def decode_message(fields: dict[str, Raw], index: int, open_calls: list[str], *, sharp: bool) -> Message:
    """One message of a body. Raises InputError naming it and the field.

    `open_calls` are the ids of calls without a result so far; `sharp`: pictures are to be seen in all detail.
    """
    where = f"input.messages[{index}]"
    known = {name: msgspec.json.decode(value) for name, value in fields.items() if name in _KNOWN}
    wire: _Message = converted(known, _Message, where)
    unknown = {name: value for name, value in fields.items() if name not in _KNOWN}
    parts = _content(wire, where, sharp=sharp)
    if wire.role == "tool":
        parts = [_result(wire, parts, unknown, open_calls, where)]
    else:
        if wire.reasoning_content:
            parts.insert(0, Thinking(text=wire.reasoning_content))
        for number, call in enumerate(wire.tool_calls or ()):
            ident = call.id or f"call_{index}_{number}"
            open_calls.append(ident)
            parts.append(ToolCall(id=ident, name=call.function.name, arguments=call.function.arguments))
    return Message(role=Role(wire.role), content=tuple(parts), replay=kept(unknown))


def _result(
    wire: _Message, parts: list[Part], unknown: dict[str, Raw], open_calls: list[str], where: str
) -> ToolResult:
    """A result belongs to the call of its `tool_call_id`, or of the `id` that some clients write instead;
    else to the first call that has none yet."""
    ident, other = wire.tool_call_id, unknown.get("id")
    if ident is not None and other is not None:
        unknown["tool_call_id"] = Raw(msgspec.json.encode(ident))
    if ident is None and other is not None:
        ident = converted(msgspec.json.decode(other), str, f"{where}.id")
    if ident is None:
        if not open_calls:
            raise InputError(f"{where}.tool_call_id: is required")
        ident = open_calls[0]
    if ident in open_calls:
        open_calls.remove(ident)
    content: Any = tuple(parts)
    return ToolResult(call_id=ident, content=content, name=wire.name)


def _content(wire: _Message, where: str, *, sharp: bool) -> list[Part]:
    if isinstance(wire.content, list):
        return [
            _part(part, f"{where}.content[{number}]", sharp=sharp) for number, part in enumerate(wire.content)
        ]
    if wire.content or not wire.tool_calls:
        return [Text(text=wire.content or "")]
    return []


def _part(entry: Json, where: str, *, sharp: bool) -> Part:
    cache = Cache() if entry.get("cache_control") else None
    rest = entry.keys() - {"type", "cache_control"}
    if rest == {"text"}:
        return Text(text=converted(entry["text"], str, f"{where}.text"), cache=cache)
    if rest == {"image"} and isinstance(entry["image"], str):
        media_type, data = _data(entry["image"], f"{where}.image")
        detail = "high" if sharp else None
        if data is None:
            return Image(url=entry["image"], detail=detail, cache=cache)
        return Image(data=data, media_type=media_type, detail=detail, cache=cache)
    if rest == {"audio"} and isinstance(entry["audio"], str):
        media_type, data = _data(entry["audio"], f"{where}.audio")
        if data is None:
            return Audio(url=entry["audio"], cache=cache)
        return Audio(data=data, format=media_type.removeprefix("audio/") or None, cache=cache)
    if rest in ({"video"}, {"video", "fps"}) and isinstance(entry["video"], str):
        media_type, data = _data(entry["video"], f"{where}.video")
        fps = converted(entry.get("fps"), float | None, f"{where}.fps")
        if data is None:
            return Video(url=entry["video"], fps=fps, cache=cache)
        return Video(data=data, media_type=media_type or None, fps=fps, cache=cache)
    return Opaque(dialect=NAME, json=Raw(msgspec.json.encode(entry)))


def _data(url: str, where: str) -> tuple[str, bytes | None]:
    """Media type and bytes of an address that holds them; no bytes of any other."""
    if not url.startswith("data:"):
        return "", None
    head, _, data = url.partition(",")
    try:
        return head.removeprefix("data:").partition(";")[0], a2b_base64(data, strict_mode=True)
    except (BadBase64, ValueError):
        raise InputError(f"{where}: is no valid base64") from None
