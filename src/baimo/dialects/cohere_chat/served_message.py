"""Being the provider: a caller's messages."""

from __future__ import annotations

from binascii import a2b_base64
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Raw

from baimo.dialect.jsontext import encode
from baimo.errors import InputError
from baimo.types.chat import Message, Role
from baimo.types.content import Image, Opaque, Part, ResultPart, Text, Thinking, ToolCall, ToolResult

from .message import PLANNED
from .served_fields import kept, named
from .words import NAME

Json: TypeAlias = dict[str, Any]


class _Function(msgspec.Struct):
    name: str
    arguments: str = ""


class _Call(msgspec.Struct):
    function: _Function
    id: str
    type: Literal["function"] = "function"


class _Message(msgspec.Struct):
    """The fields of a message that are understood."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[dict[str, Any]] | None = None
    tool_plan: str | None = None
    tool_calls: list[_Call] | None = None
    tool_call_id: str | None = None


_KNOWN = frozenset(_Message.__struct_fields__)


def decode_message(fields: dict[str, Raw], index: int) -> Message:
    """One message of a body. Raises InputError naming it and the field."""
    where = f"messages[{index}]"
    try:
        known = {name: msgspec.json.decode(value) for name, value in fields.items() if name in _KNOWN}
        wire = msgspec.convert(known, _Message)
    except msgspec.ValidationError as error:
        raise InputError(named(str(error), where)) from None
    content: tuple[Part, ...]
    if wire.role == "tool":
        content = (_result(wire, where),)
    elif wire.role == "assistant":
        content = _answer(wire, where)
    elif wire.content is None:
        raise InputError(f"{where}.content: is required")
    else:
        content = _content(wire.content, where)
    unknown = {name: value for name, value in fields.items() if name not in _KNOWN}
    return Message(role=Role(wire.role), content=content, replay=kept(unknown))


def _content(content: str | list[Json] | None, where: str) -> tuple[Part, ...]:
    if isinstance(content, str):
        return (Text(text=content),)
    return tuple([_block(block, f"{where}.content[{n}]") for n, block in enumerate(content or ())])


def _answer(wire: _Message, where: str) -> tuple[Part, ...]:
    """An earlier answer: its blocks, the plan, the calls."""
    parts = list(_content(wire.content, where))
    if wire.tool_plan:
        parts.append(Thinking(text=wire.tool_plan, replay=PLANNED))
    for call in wire.tool_calls or ():
        parts.append(ToolCall(id=call.id, name=call.function.name, arguments=call.function.arguments))
    return tuple(parts) if parts else (Text(text=""),)


def _result(wire: _Message, where: str) -> ToolResult:
    if wire.tool_call_id is None:
        raise InputError(f"{where}.tool_call_id: is required")
    if wire.content is None:
        raise InputError(f"{where}.content: is required")
    if isinstance(wire.content, str):
        return ToolResult(call_id=wire.tool_call_id, content=(Text(text=wire.content),))
    pieces: list[ResultPart] = []
    for number, block in enumerate(wire.content):
        place = f"{where}.content[{number}]"
        if block.get("type") == "document":
            pieces.append(Text(text=_document(block.get("document"), place), replay=kept(block)))
            continue
        piece = _block(block, place)
        if not isinstance(piece, Text):
            raise InputError(f"{place}.type: a tool's result holds texts and documents only")
        pieces.append(piece)
    return ToolResult(call_id=wire.tool_call_id, content=tuple(pieces))


def _document(document: Any, where: str) -> str:
    """What a document says, as text."""
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, (str, dict)):
        raise InputError(f"{where}.document.data: is required")
    return data if isinstance(data, str) else encode(data)


def _block(block: Json, where: str) -> Part:
    kind = block.get("type")
    if not isinstance(kind, str):
        raise InputError(f"{where}.type: is required")
    if kind == "text":
        return Text(text=_string(block, "text", where))
    if kind == "thinking":
        return Thinking(text=_string(block, "thinking", where))
    if kind == "image_url":
        image = block.get("image_url")
        if not isinstance(image, dict):
            raise InputError(f"{where}.image_url: must be an object")
        return _image(image, f"{where}.image_url")
    return Opaque(dialect=NAME, json=Raw(msgspec.json.encode(block)))


def _image(image: Json, where: str) -> Image:
    url, detail = _string(image, "url", where), image.get("detail")
    detail = detail if isinstance(detail, str) else None
    head, comma, data = url.partition(";base64,")
    if not comma or not head.startswith("data:"):
        return Image(url=url, detail=detail)
    try:
        raw = a2b_base64(data, strict_mode=True)
    except ValueError:
        raise InputError(f"{where}.url: is no valid base64") from None
    return Image(data=raw, media_type=head[5:] or None, detail=detail)


def _string(fields: Json, name: str, where: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise InputError(f"{where}.{name}: must be a string")
    return value
