"""Being the provider: a caller's messages, block by block, to neutral ones.

What a block says that our parts cannot hold goes into the part's replay, or the block stays opaque.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from baimo.dialect.jsontext import encode
from baimo.errors import InputError
from baimo.types.chat import Message, Role
from baimo.types.content import (
    Audio,
    Cache,
    File,
    Image,
    Part,
    ResultPart,
    Text,
    ToolResult,
    Video,
)

from .blocks import opaque, part_of, replay_of
from .caching import cache_of
from .words import DOCUMENTS, IMAGES, VIDEOS

_ROLES = {"user": Role.USER, "assistant": Role.ASSISTANT, "system": Role.SYSTEM}


class Conversation:
    """Decodes the messages of one request."""

    def messages(self, system: list[dict[str, Any]], wire: list[dict[str, Any]]) -> tuple[Message, ...]:
        """All messages, the system's first. Raises InputError naming the block."""
        found: list[Message] = []
        if system:
            found.append(Message(role=Role.SYSTEM, content=self._parts(system, "system", served="user")))
        before = ""
        for index, fields in enumerate(wire):
            found += self._message(fields, f"messages[{index}]", before)
            before = str(fields.get("role"))
        return tuple(found)

    def _message(self, fields: dict[str, Any], where: str, before: str) -> list[Message]:
        """One message of the wire; a tool's results are messages of their own.

        One that follows another of its role, or is of the system, tells in its replay that it stands by
        itself.
        """
        name, content = fields.get("role"), fields.get("content")
        role = _ROLES.get(name) if isinstance(name, str) else None
        if role is None:
            raise InputError(f"{where}.role: {name!r} is none of user, assistant, system")
        if not isinstance(content, list):
            raise InputError(f"{where}.content: a list of blocks is required")
        parts = self._parts(content, f"{where}.content", served=role.value)
        stands = {key: value for key, value in fields.items() if key not in ("role", "content")}
        if role is Role.SYSTEM or name == before or stands:
            stands["role"] = name
            return [Message(role=role, content=parts, replay=replay_of(stands))]
        if role is not Role.USER:
            return [Message(role=role, content=parts)]
        runs: list[tuple[Role, list[Part]]] = []
        for part in parts:
            kind = Role.TOOL if isinstance(part, ToolResult) else Role.USER
            if not runs or runs[-1][0] is not kind:
                runs.append((kind, []))
            runs[-1][1].append(part)
        return [Message(role=kind, content=tuple(run)) for kind, run in runs] or [Message(role=role)]

    def _parts(self, content: list[Any], where: str, *, served: str) -> tuple[Part, ...]:
        parts: list[Part] = []
        for number, block in enumerate(content):
            at = f"{where}[{number}]"
            if not isinstance(block, dict) or not block:
                raise InputError(f"{at}: must be an object with one block")
            point = block.get("cachePoint")
            if point is not None and parts and parts[-1].cache is None:
                cache: Cache | None = cache_of(point)
                if cache is not None:
                    parts[-1] = replace(parts[-1], cache=cache)
                    continue
            parts.append(self._part(block, at, served))
        return tuple(parts)

    def _part(self, block: dict[str, Any], where: str, served: str) -> Part:
        if "toolResult" in block and served == "user":
            return self._result(block["toolResult"], f"{where}.toolResult")
        if "guardContent" in block:
            text = _inner(block, "guardContent", "text", "text")
            return opaque(block) if text is None else Text(text=text, replay=replay_of(block))
        if "document" in block or "video" in block or "audio" in block or "image" in block:
            return media_of(block, where)
        if "toolUse" in block:
            _require(block["toolUse"], ("toolUseId", "name"), f"{where}.toolUse")
            if not isinstance(block["toolUse"].get("input", {}), dict):
                raise InputError(f"{where}.toolUse.input: must be an object")
        part = part_of(block)
        return opaque(block) if part is None else part

    def _result(self, result: Any, where: str) -> ToolResult:
        """A tool's result; `success` is what is meant without a word and stays where it was said."""
        _require(result, ("toolUseId",), where)
        content = result.get("content")
        pieces: list[ResultPart] = []
        for number, block in enumerate(content if isinstance(content, list) else ()):
            if not isinstance(block, dict):
                raise InputError(f"{where}.content[{number}]: must be an object with one block")
            pieces.append(_piece(block, f"{where}.content[{number}]"))
        is_error = result.get("status") == "error"
        known = ("toolUseId", "content", *(("status",) if is_error else ()))
        rest = {name: value for name, value in result.items() if name not in known}
        return ToolResult(
            call_id=result["toolUseId"], content=tuple(pieces), is_error=is_error, replay=replay_of(rest)
        )


def _piece(block: dict[str, Any], where: str) -> ResultPart:
    """A block of a tool's result. An object is read as its text, and so is a block that is new to us."""
    if isinstance(block.get("text"), str):
        return Text(text=block["text"])
    if any(name in block for name in ("image", "document", "video")):
        part = media_of(block, where)
        if isinstance(part, (Image, File, Video)):
            return part
    if "json" in block:
        return Text(text=encode(block["json"]), replay=replay_of(block))
    found = _inner(block, "searchResult", "content")
    texts = [
        piece["text"]
        for piece in (found if isinstance(found, list) else ())
        if isinstance(piece, dict) and isinstance(piece.get("text"), str)
    ]
    return Text(text="\n".join(texts) or encode(block), replay=replay_of(block))


def media_of(block: dict[str, Any], where: str) -> Part:
    """A picture, document, film or sound; where our parts cannot hold its source, the block stays opaque."""
    kind = next(name for name in ("image", "document", "video", "audio") if name in block)
    content = block[kind]
    _require(content, (), f"{where}.{kind}")
    source, word = content.get("source"), content.get("format")
    _require(source, (), f"{where}.{kind}.source")
    rest = {name: value for name, value in content.items() if name not in ("source", "format", "name")}
    data = _bytes(source.get("bytes"), f"{where}.{kind}.source.bytes")
    place = source.get("s3Location")
    uri = place.get("uri") if isinstance(place, dict) else None
    if data is None and uri is None:
        data = _words(source)
        rest["source"] = source
    elif uri is not None and len(place) > 1:
        rest["source"] = source
    if data is None and uri is None:
        return opaque(block)
    if kind == "audio":
        return Audio(data=data, url=uri, format=str(word or "") or None, replay=replay_of(rest))
    formats = _FORMATS[kind]
    if word not in formats:
        rest["format"] = word
    fields: dict[str, Any] = {"data": data, "url": uri, "media_type": formats.get(str(word))}
    if kind == "image":
        return Image(**fields, replay=replay_of(rest))
    if kind == "video":
        return Video(**fields, replay=replay_of(rest))
    name = content.get("name")
    return File(**fields, name=name if isinstance(name, str) else None, replay=replay_of(rest))


_FORMATS: Mapping[str, Mapping[str, str]] = {"image": IMAGES, "video": VIDEOS, "document": DOCUMENTS}


def _words(source: dict[str, Any]) -> bytes | None:
    """The text of a document that came as one, or in pieces."""
    text, pieces = source.get("text"), source.get("content")
    if isinstance(text, str):
        return text.encode()
    texts = [
        piece["text"]
        for piece in (pieces if isinstance(pieces, list) else ())
        if isinstance(piece, dict) and isinstance(piece.get("text"), str)
    ]
    return "\n".join(texts).encode() if texts else None


def _bytes(text: Any, where: str) -> bytes | None:
    if text is None:
        return None
    try:
        return b64decode(text, validate=True)
    except (BadBase64, ValueError, TypeError):
        raise InputError(f"{where}: is no valid base64") from None


def _require(value: Any, names: tuple[str, ...], where: str) -> None:
    if not isinstance(value, dict):
        raise InputError(f"{where}: must be an object")
    for name in names:
        if not isinstance(value.get(name), str) or not value[name]:
            raise InputError(f"{where}.{name}: is required")


def _inner(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
