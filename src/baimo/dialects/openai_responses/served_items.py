"""Being the provider: a caller's input items to messages.

Reasoning, words and calls of one answer become one message of the assistant; an item of a kind that has no
neutral word stays in that message as it came.
"""

from __future__ import annotations

from typing import Any

from baimo.errors import InputError
from baimo.types.chat import Message, Role
from baimo.types.content import Cache, File, Image, Part, Refusal, ResultPart, Text, ToolResult

from .itemparts import Item, kept, message_replay, opaque, parts_of, spoken
from .served_fields import Json, cache_of, held, mapping, optional, string

_ROLES = {role.value: role for role in (Role.SYSTEM, Role.DEVELOPER, Role.USER, Role.ASSISTANT)}
_MESSAGE_OWN = frozenset(("type", "role", "content"))
_RESULT_OWN = frozenset(("type", "call_id", "output"))
_RESULTS = ("function_call_output", "custom_tool_call_output")


def decode_items(items: list[Any]) -> tuple[Message, ...]:
    """The messages. Raises InputError naming the item and the field."""
    messages: list[Message] = []
    answer: list[Part] = []
    for index, item in enumerate(items):
        where = f"input[{index}]"
        fields = mapping(item, where)
        kind = fields.get("type", "message" if "role" in fields else None)
        if not isinstance(kind, str):
            raise InputError(f"{where}.type: is required")
        is_message = kind == "message"
        if is_message and fields.get("role") == "assistant":
            answer += _answer(fields, where)
        elif is_message or kind in _RESULTS:
            _end(answer, messages)
            messages.append(_message(fields, where) if is_message else _result(fields, kind, where))
        else:
            answer += _made(fields, kind, where)
    _end(answer, messages)
    return tuple(messages)


def _end(answer: list[Part], messages: list[Message]) -> None:
    """An answer is over where another speaks."""
    if answer:
        messages.append(Message(role=Role.ASSISTANT, content=tuple(answer)))
        answer.clear()


def _made(item: Item, kind: str, where: str) -> list[Part]:
    """Reasoning, a call, or an item of another kind: what it must hold is checked."""
    if kind in ("function_call", "custom_tool_call"):
        for name in ("call_id", "name", "input" if kind == "custom_tool_call" else "arguments"):
            string(item, name, where)
    elif kind == "reasoning" and not isinstance(item.get("summary"), list):
        raise InputError(f"{where}.summary: must be a list")
    return parts_of({**item, "type": kind})


def _answer(item: Item, where: str) -> list[Part]:
    """Words of an earlier answer: with an id they are an item as it was given out, else a plain message."""
    content = item.get("content")
    if isinstance(content, str):
        return [Text(text=content, replay=message_replay(item))]
    if not isinstance(content, list):
        raise InputError(f"{where}.content: is required")
    found: list[Part] = []
    for number, part in enumerate(content):
        place = f"{where}.content[{number}]"
        kind = mapping(part, place).get("type")
        string(part, "refusal" if kind == "refusal" else "text", place)
        one = spoken(item, part)
        assert isinstance(one, (Text, Refusal))  # its words were just looked at
        found.append(one)
    return found


def _message(item: Item, where: str) -> Message:
    role = _ROLES.get(string(item, "role", where))
    if role is None:
        raise InputError(f"{where}.role: must be one of {', '.join(_ROLES)}")
    unknown = {name: value for name, value in item.items() if name not in _MESSAGE_OWN}
    return Message(role=role, content=_content(item.get("content"), f"{where}.content"), replay=kept(unknown))


def _result(item: Item, kind: str, where: str) -> Message:
    unknown = {name: value for name, value in item.items() if name not in _RESULT_OWN}
    if kind == "custom_tool_call_output":
        unknown["type"] = kind
    content: list[ResultPart] = []
    for number, part in enumerate(_content(item.get("output"), f"{where}.output")):
        if not isinstance(part, (Text, Image, File)):
            raise InputError(f"{where}.output[{number}]: a tool's result holds texts, images and files")
        content.append(part)
    result = ToolResult(call_id=string(item, "call_id", where), content=tuple(content))
    return Message(role=Role.TOOL, content=(result,), replay=kept(unknown))


def _content(content: Any, where: str) -> tuple[Part, ...]:
    if isinstance(content, str):
        return (Text(text=content),)
    if not isinstance(content, list):
        raise InputError(f"{where}: is required")
    return tuple([_part(mapping(part, f"{where}[{n}]"), f"{where}[{n}]") for n, part in enumerate(content)])


def _part(part: Json, where: str) -> Part:
    kind = string(part, "type", where)
    cache = cache_of(part)
    if kind in ("input_text", "output_text"):
        return Text(text=string(part, "text", where), cache=cache)
    if kind == "input_image":
        return _image(part, where, cache)
    if kind == "input_file":
        return _file(part, where, cache)
    return opaque(part)


def _image(part: Json, where: str, cache: Cache | None) -> Image:
    url, file_id = optional(part, "image_url", where), optional(part, "file_id", where)
    data, media_type = None, None
    if url is not None and url.startswith("data:"):
        data, media_type = held(url, f"{where}.image_url")
        url = None
    elif url is None and file_id is None:
        raise InputError(f"{where}: image_url or file_id is required")
    detail = optional(part, "detail", where)
    return Image(data=data, url=url, file_id=file_id, media_type=media_type, detail=detail, cache=cache)


def _file(part: Json, where: str, cache: Cache | None) -> File:
    url, file_id = optional(part, "file_url", where), optional(part, "file_id", where)
    given, data, media_type = optional(part, "file_data", where), None, None
    if given is not None:
        data, media_type = held(given, f"{where}.file_data")
    elif url is None and file_id is None:
        raise InputError(f"{where}: file_data, file_url or file_id is required")
    name = optional(part, "filename", where)
    return File(data=data, url=url, file_id=file_id, name=name, media_type=media_type, cache=cache)
