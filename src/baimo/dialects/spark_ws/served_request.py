"""Being the provider: a caller's frame to a neutral request.

What the documentation names is understood; other fields are kept in their sections and sent on to providers
of this wire only.
"""

from __future__ import annotations

import re
from binascii import Error as BadBase64
from binascii import a2b_base64
from typing import Any

import msgspec
from msgspec import Raw

from baimo.errors import InputError
from baimo.types.chat import ChatRequest, Message, Reasoning, Role
from baimo.types.content import Image, Part, Replay, Text
from baimo.types.tools import FunctionTool, ServerTool, Tool
from baimo.wire.http import HeaderFields, WireRequest

from .pairs import NAME, is_whole, served_at


class _Header(msgspec.Struct):
    app_id: str
    uid: str | None = None


class _Thinking(msgspec.Struct):
    type: str


class _Chat(msgspec.Struct):
    domain: str
    temperature: float | None = None
    max_tokens: int | None = None
    top_k: int | None = None
    top_p: float | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    thinking: _Thinking | None = None
    tools: list[dict[str, Any]] = []


class _Parameter(msgspec.Struct):
    chat: _Chat


class _Turns(msgspec.Struct):
    text: list[dict[str, Any]]


class _Function(msgspec.Struct):
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None


class _Functions(msgspec.Struct):
    text: list[_Function]


class _Payload(msgspec.Struct):
    message: _Turns
    functions: _Functions | None = None


class Frame(msgspec.Struct):
    """The fields that are understood."""

    header: _Header
    parameter: _Parameter
    payload: _Payload


_decoder = msgspec.json.Decoder(Frame)
_fields = msgspec.json.Decoder(dict[str, dict[str, Any]])


def operation(method: str, target: bytes, headers: HeaderFields) -> str | None:
    """`chat` at a version's or an assistant's path, `embed` at the root, else None."""
    path = target.partition(b"?")[0].decode("latin-1")
    if method == "GET":
        return "chat" if is_whole(path) else None
    return "embed" if method == "POST" and path in ("/", "") else None


def read_frame(wire: WireRequest) -> tuple[Frame, dict[str, Any]]:
    """The one frame of a call, and what of it is not understood. Raises InputError naming the field."""
    frames = getattr(wire, "frames", ())
    if not frames:
        raise InputError("no frame came: the question is one text frame after the handshake")
    raw = frames[0]
    try:
        frame = _decoder.decode(raw)
        fields = _fields.decode(raw)
    except msgspec.ValidationError as error:
        raise InputError(_named(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the frame is no valid JSON: {error}") from None
    return frame, _unknown(fields)


def decode_request(wire: WireRequest) -> ChatRequest:
    """What a caller asks for. Raises InputError naming the field, and the turn where it is one's."""
    frame, unknown = read_frame(wire)
    chat = frame.parameter.chat
    path = wire.target.partition(b"?")[0].decode("latin-1")
    domain, mark, rest = chat.domain.partition("!")
    pair = served_at(path, domain)
    if pair is None:
        raise InputError(f"parameter.chat.domain: {chat.domain!r} does not belong to {path}")
    thinking = chat.thinking
    return ChatRequest(
        model=pair.model + mark + rest,
        messages=_messages(frame.payload.message.text),
        tools=_tools(frame),
        temperature=chat.temperature,
        max_tokens=chat.max_tokens,
        top_k=chat.top_k,
        top_p=chat.top_p,
        presence_penalty=chat.presence_penalty,
        frequency_penalty=chat.frequency_penalty,
        reasoning=None if thinking is None else Reasoning(enabled=thinking.type != "disabled"),
        user=frame.header.uid,
        stream=True,
        foreign=Replay(dialect=NAME, json=Raw(msgspec.json.encode(unknown))) if unknown else None,
    )


def _tools(frame: Frame) -> tuple[Tool, ...]:
    functions = frame.payload.functions
    offered: list[Tool] = [
        FunctionTool(name=one.name, description=one.description, parameters=one.parameters)
        for one in (functions.text if functions is not None else ())
    ]
    for tool in frame.parameter.chat.tools:
        offered.append(ServerTool(replay=Replay(dialect=NAME, json=Raw(msgspec.json.encode(tool)))))
    return tuple(offered)


def _messages(turns: list[dict[str, Any]]) -> tuple[Message, ...]:
    if not turns:
        raise InputError("payload.message.text: must not be empty")
    messages: list[Message] = []
    for number, turn in enumerate(turns):
        where = f"payload.message.text[{number}]"
        role, content = turn.get("role"), turn.get("content")
        if role not in ("system", "user", "assistant"):
            raise InputError(f"{where}.role: must be system, user or assistant")
        if role == "system" and number:
            raise InputError(f"{where}.role: system is for the first turn only")
        if not isinstance(content, str):
            raise InputError(f"{where}.content: must be a string")
        image = turn.get("content_type") == "image"
        part: Part = Image(data=_bytes(content, where)) if image else Text(text=content)
        last = messages[-1] if messages else None
        if last is not None and last.role == role:
            if not isinstance(last.content[-1], Image) or image:
                raise InputError(f"{where}.role: user and assistant must alternate")
            messages[-1] = Message(role=last.role, content=(*last.content, part))
            continue
        rest = {name: value for name, value in turn.items() if name not in _OF_TURN}
        messages.append(
            Message(
                role=Role(role),
                content=(part,),
                replay=Replay(dialect=NAME, json=Raw(msgspec.json.encode(rest))) if rest else None,
            )
        )
    if messages[-1].role is not Role.USER:
        raise InputError(f"payload.message.text[{len(turns) - 1}].role: the last turn must be the user's")
    return tuple(messages)


_OF_TURN = ("role", "content", "content_type")


def _bytes(text: str, where: str) -> bytes:
    try:
        return a2b_base64(text, strict_mode=True)
    except (BadBase64, ValueError):
        raise InputError(f"{where}.content: is no valid base64") from None


_KNOWN: dict[str, Any] = {
    "header": dict.fromkeys(_Header.__struct_fields__),
    "parameter": {"chat": dict.fromkeys(_Chat.__struct_fields__)},
    "payload": {"message": {"text": None}, "functions": {"text": None}},
}


def _unknown(fields: dict[str, Any], known: dict[str, Any] = _KNOWN) -> dict[str, Any]:
    """The fields that are not understood, in their sections."""
    rest: dict[str, Any] = {}
    for name, value in fields.items():
        if name not in known:
            rest[name] = value
        elif known[name] is not None and isinstance(value, dict):
            inner = _unknown(value, known[name])
            if inner:
                rest[name] = inner
    return rest


def _named(message: str) -> str:
    """A validation message with the path of the field in front."""
    text, _, path = message.partition(" - at ")
    found = re.search(r"`\$\.?(.*)`", path)
    name = found[1] if found else ""
    missing = re.search(r"missing required field `(\w+)`", text)
    if missing:
        name = f"{name}.{missing[1]}" if name else missing[1]
        text = "is required"
    return f"{name or 'the frame'}: {text}"
