"""Being the provider: a caller's turns to neutral messages."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw

from baimo.dialect.jsontext import encode
from baimo.errors import InputError
from baimo.types.chat import Message, Role
from baimo.types.content import (
    File,
    Image,
    Opaque,
    Part,
    ResultPart,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)

from .carried import unpack
from .citations import decode_citations
from .served_fields import Json, cache_of, mapping, replay, rest_of, string
from .words import NAME

_ROLES = {"user": Role.USER, "assistant": Role.ASSISTANT, "system": Role.SYSTEM}


def decode_system(system: Any) -> tuple[Message, ...]:
    """The message that stands before the turns."""
    if not system:
        return ()
    return (Message(role=Role.SYSTEM, content=_parts(system, "system")),)


def decode_messages(turns: list[Json]) -> tuple[Message, ...]:
    """All turns; the results in one of the user's become a message of their own before the rest."""
    found: list[Message] = []
    for index, turn in enumerate(turns):
        where = f"messages.{index}"
        role = _ROLES.get(str(turn.get("role")))
        if role is None:
            raise InputError(f"{where}.role: must be user, assistant or system")
        unknown = {name: value for name, value in turn.items() if name not in ("role", "content")}
        if role is Role.SYSTEM:
            unknown = {"role": "system", **unknown}
        kept = replay(unknown) if unknown else None
        parts = _parts(turn.get("content"), f"{where}.content")
        results = tuple([part for part in parts if isinstance(part, ToolResult)])
        if results:
            if role is not Role.USER:
                raise InputError(f"{where}: `tool_result` blocks can only be in `user` messages")
            rest = tuple([part for part in parts if not isinstance(part, ToolResult)])
            found.append(Message(role=Role.TOOL, content=results, replay=kept))
            if not rest:
                continue
            parts, kept = rest, None
        found.append(Message(role=role, content=parts, replay=kept))
    return tuple(found)


def _parts(content: Any, where: str) -> tuple[Part, ...]:
    if isinstance(content, str):
        return (Text(text=content),)
    if not isinstance(content, list):
        raise InputError(f"{where}: {'Field required' if content is None else 'must be a string or a list'}")
    return tuple(
        [_part(mapping(block, f"{where}.{at}"), f"{where}.{at}") for at, block in enumerate(content)]
    )


def _part(block: Json, where: str) -> Part:
    """A block that is known becomes a part, any other is kept as it came."""
    read = _READ.get(string(block, "type", where))
    part = None if read is None else read(block, where)
    return _opaque(block) if part is None else part


def _opaque(block: Json) -> Opaque:
    return Opaque(dialect=NAME, json=Raw(msgspec.json.encode(block)))


def _text(block: Json, where: str) -> Part:
    cited = block.get("citations")
    return Text(
        text=string(block, "text", where),
        cache=cache_of(block),
        citations=decode_citations(cited) if isinstance(cited, list) else (),
        replay=rest_of(block, "text"),
    )


def _thinking(block: Json, where: str) -> Part:
    signature = block.get("signature")
    kept = None
    if isinstance(signature, str) and signature:
        kept = unpack(signature) or replay({"signature": signature})
    return Thinking(text=string(block, "thinking", where), replay=kept)


def _redacted(block: Json, where: str) -> Part:
    return Thinking(replay=replay({"data": string(block, "data", where)}))


def _call(block: Json, where: str) -> Part:
    return ToolCall(
        id=string(block, "id", where),
        name=string(block, "name", where),
        arguments=encode(mapping(block.get("input"), f"{where}.input")),
        cache=cache_of(block),
        replay=rest_of(block, "id", "name", "input"),
    )


def _result(block: Json, where: str) -> Part:
    """A result. Blocks in it that have no neutral form go back to this wire beside the rest."""
    given = block.get("content")
    content: tuple[ResultPart, ...] = ()
    kept: Json = {}
    if given:
        parts = _parts(given, f"{where}.content")
        content = tuple([part for part in parts if isinstance(part, (Text, Image, File))])
        if len(content) < len(parts):
            kept = {"content": given}
    known = ("tool_use_id", "is_error", "content")
    rest = rest_of(block, *known)
    if kept:
        rest = replay({**kept, **(msgspec.json.decode(rest.json) if rest is not None else {})})
    return ToolResult(
        call_id=string(block, "tool_use_id", where),
        content=content,
        is_error=block.get("is_error") is True,
        cache=cache_of(block),
        replay=rest,
    )


def _image(block: Json, where: str) -> Part | None:
    source = mapping(block.get("source"), f"{where}.source")
    kind = source.get("type")
    cache, rest = cache_of(block), rest_of(block, "source")
    if kind == "base64":
        data = _bytes(source, where)
        return Image(data=data, media_type=_word(source.get("media_type")), cache=cache, replay=rest)
    if kind == "url":
        return Image(url=string(source, "url", f"{where}.source"), cache=cache, replay=rest)
    if kind == "file":
        return Image(file_id=string(source, "file_id", f"{where}.source"), cache=cache, replay=rest)
    return None


def _document(block: Json, where: str) -> Part | None:
    source = mapping(block.get("source"), f"{where}.source")
    kind, place = source.get("type"), f"{where}.source"
    more: dict[str, Any] = {
        "name": _word(block.get("title")),
        "cache": cache_of(block),
        "replay": rest_of(block, "source", "title"),
    }
    if kind == "base64":
        return File(data=_bytes(source, where), media_type=_word(source.get("media_type")), **more)
    if kind == "text":
        data = string(source, "data", place).encode("utf-8", "replace")
        return File(data=data, media_type="text/plain", **more)
    if kind == "url":
        return File(url=string(source, "url", place), **more)
    if kind == "file":
        return File(file_id=string(source, "file_id", place), **more)
    return None


def _bytes(source: Json, where: str) -> bytes:
    try:
        return b64decode(string(source, "data", f"{where}.source"), validate=True)
    except (BadBase64, ValueError):
        raise InputError(f"{where}.source.data: is no valid base64") from None


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) else None


_READ: dict[str, Callable[[Json, str], Part | None]] = {
    "text": _text,
    "thinking": _thinking,
    "redacted_thinking": _redacted,
    "tool_use": _call,
    "tool_result": _result,
    "image": _image,
    "document": _document,
}
