"""Being the provider: this wire's request bodies to neutral requests.

What the documentation names is understood; other fields, and options without a neutral name, are kept and
sent on to providers of this wire only.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as BadBase64
from typing import Any, TypeVar

import msgspec
from msgspec import Raw

from baimo.errors import InputError
from baimo.types.chat import ChatRequest, Message, Reasoning, ResponseFormat, Role
from baimo.types.content import Image, Part, Replay, Text, Thinking, ToolCall, ToolResult
from baimo.types.tools import FunctionTool, ServerTool, Tool
from baimo.wire.http import HttpRequest

from .options import decode_options
from .words import FORM, NAME

_OPERATIONS = {
    ("POST", "/api/chat"): "chat",
    ("POST", "/api/generate"): "chat",
    ("POST", "/api/embed"): "embed",
    ("POST", "/api/embeddings"): "embed",
    ("GET", "/api/tags"): "models",
    ("POST", "/api/show"): "describe",
    ("POST", "/api/pull"): "pull",
    ("GET", "/api/ps"): "running",
    ("GET", "/api/version"): "version",
    ("GET", "/"): "greeting",
}
"""Operations by method and path; HEAD is answered like GET."""


def operation(method: str, target: bytes) -> str | None:
    """The operation at an address, or None."""
    path = target.partition(b"?")[0].decode("latin-1")
    return _OPERATIONS.get(("GET" if method == "HEAD" else method, path if path == "/" else path.rstrip("/")))


class _Call(msgspec.Struct):
    function: dict[str, Raw]
    id: str = ""


class _Message(msgspec.Struct):
    """The fields of a message that are understood."""

    role: str
    content: str | None = None
    images: list[str] | None = None
    thinking: str | None = None
    tool_calls: list[_Call] | None = None
    tool_name: str | None = None
    tool_call_id: str | None = None


class _Body(msgspec.Struct):
    """The fields of both forms that are understood."""

    model: str
    stream: bool | None = None
    format: Any = None
    think: bool | str | None = None
    options: dict[str, Any] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    tools: list[dict[str, Any]] | None = None
    messages: list[dict[str, Raw]] | None = None
    prompt: str | None = None
    system: str | None = None
    images: list[str] | None = None


_COMMON = frozenset(("model", "stream", "format", "think", "options", "logprobs", "top_logprobs"))
_OF_FORM = {
    "chat": _COMMON | {"messages", "tools"},
    "generate": _COMMON | {"prompt", "system", "images"},
}
_KNOWN_OF_MESSAGE = frozenset(_Message.__struct_fields__)

_body = msgspec.json.Decoder(_Body)
_message = msgspec.json.Decoder(_Message)
_text = msgspec.json.Decoder(str)
_fields = msgspec.json.Decoder(dict[str, Raw])
_values = msgspec.json.Decoder(dict[str, Any])
_Told = TypeVar("_Told")


def body_of(wire: HttpRequest) -> bytes:
    """A caller's body in one piece. Raises InputError where there is none."""
    raw = wire.body if isinstance(wire.body, bytes) else b"".join(wire.body.chunks())
    if not raw.strip():
        raise InputError("missing request body")
    return raw


def asked_beside(
    wire: HttpRequest, decoder: msgspec.json.Decoder[_Told], known: frozenset[str]
) -> tuple[_Told, dict[str, Any]]:
    """What a caller asks for besides chat, and the fields that are not `known`. Raises InputError naming the
    field.
    """
    raw = body_of(wire)
    try:
        asked = decoder.decode(raw)
        return asked, {name: value for name, value in _values.decode(raw).items() if name not in known}
    except msgspec.ValidationError as error:
        raise InputError(named(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request's body is no valid JSON: {error}") from None


def decode_request(wire: HttpRequest) -> ChatRequest:
    """What a caller asks for. Raises InputError naming the field, and the message where it is one's."""
    raw = body_of(wire)
    form = "generate" if wire.target.partition(b"?")[0].rstrip(b"/").endswith(b"/generate") else "chat"
    try:
        body = _body.decode(raw)
        known = _OF_FORM[form]
        foreign: dict[str, Any] = {
            name: value for name, value in _fields.decode(raw).items() if name not in known
        }
        options, kept = decode_options(body.options or {})
    except msgspec.ValidationError as error:
        raise InputError(named(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request's body is no valid JSON: {error}") from None
    if not body.model:
        raise InputError("model is required")
    if kept:
        foreign["options"] = kept
    if form == "generate":
        foreign[FORM] = form
    return ChatRequest(
        model=body.model,
        messages=_asked(body) if form == "generate" else _Conversation().messages(body.messages or []),
        tools=tuple([_tool(tool, index) for index, tool in enumerate(body.tools or ())]),
        logprobs=body.logprobs or None,
        top_logprobs=body.top_logprobs or None,
        response_format=_format(body.format),
        reasoning=_reasoning(body.think),
        stream=body.stream is not False,
        foreign=Replay(dialect=NAME, json=Raw(msgspec.json.encode(foreign))) if foreign else None,
        **options,
    )


def _asked(body: _Body) -> tuple[Message, ...]:
    """The messages of a prompt; none where it is empty, for that loads the model."""
    messages = [Message(role=Role.SYSTEM, content=(Text(text=body.system),))] if body.system else []
    parts: list[Part] = [Text(text=body.prompt)] if body.prompt else []
    parts += [_image(image, f"images[{number}]") for number, image in enumerate(body.images or ())]
    return (*messages, Message(role=Role.USER, content=tuple(parts))) if parts else ()


class _Conversation:
    """Decodes messages; calls and results without ids are given the same ones."""

    def __init__(self) -> None:
        self._open: list[tuple[str, str]] = []

    def messages(self, wire: list[dict[str, Raw]]) -> tuple[Message, ...]:
        return tuple([self._message(fields, index) for index, fields in enumerate(wire)])

    def _message(self, fields: dict[str, Raw], index: int) -> Message:
        where = f"messages[{index}]"
        try:
            known = {name: value for name, value in fields.items() if name in _KNOWN_OF_MESSAGE}
            wire = _message.decode(msgspec.json.encode(known))
        except msgspec.ValidationError as error:
            raise InputError(named(str(error), where)) from None
        try:
            role = Role(wire.role.lower())
        except ValueError:
            raise InputError(
                f"{where}.role: {wire.role!r} is none of system, user, assistant, tool"
            ) from None
        parts: list[Part] = []
        if wire.thinking:
            parts.append(Thinking(text=wire.thinking))
        if role is Role.TOOL:
            parts.append(self._result(wire, where))
        elif wire.content or not (wire.images or wire.tool_calls or parts):
            parts.append(Text(text=wire.content or ""))
        for number, image in enumerate(wire.images or ()):
            parts.append(_image(image, f"{where}.images[{number}]"))
        for number, call in enumerate(wire.tool_calls or ()):
            parts.append(self._call(call, index, number))
        unknown = {name: value for name, value in fields.items() if name not in _KNOWN_OF_MESSAGE}
        replay = Replay(dialect=NAME, json=Raw(msgspec.json.encode(unknown))) if unknown else None
        return Message(role=role, content=tuple(parts), replay=replay)

    def _call(self, call: _Call, index: int, number: int) -> ToolCall:
        where = f"messages[{index}].tool_calls[{number}].function"
        try:
            name = _text.decode(call.function.get("name", Raw(b"null")))
            given = call.function.get("arguments", Raw(b"{}"))
            _fields.decode(given)
        except msgspec.ValidationError as error:
            raise InputError(f"{where}: a name and an object of arguments are required ({error})") from None
        ident = call.id or f"call_{index}_{number}"
        self._open.append((ident, name))
        return ToolCall(id=ident, name=name, arguments=bytes(given).decode())

    def _result(self, wire: _Message, where: str) -> ToolResult:
        """A result belongs to the call of its id, else to the first open one of its name, or at all."""
        ident = wire.tool_call_id or ""
        if not ident:
            named_so = [call for call, name in self._open if name == wire.tool_name]
            ident = next(iter(named_so or [call for call, _ in self._open]), wire.tool_name or "")
        if not ident:
            raise InputError(f"{where}.tool_name: is required where no call came before")
        self._open = [(call, name) for call, name in self._open if call != ident]
        return ToolResult(call_id=ident, content=(Text(text=wire.content or ""),), name=wire.tool_name)


def _image(text: str, where: str) -> Image:
    try:
        return Image(data=b64decode(text, validate=True))
    except (BadBase64, ValueError):
        raise InputError(f"{where}: is no valid base64") from None


class _Function(msgspec.Struct):
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None


def _tool(tool: dict[str, Any], index: int) -> Tool:
    if tool.get("type", "function") != "function":
        return ServerTool(replay=Replay(dialect=NAME, json=Raw(msgspec.json.encode(tool))))
    try:
        function = msgspec.convert(tool.get("function"), _Function)
    except msgspec.ValidationError as error:
        raise InputError(named(str(error), f"tools[{index}].function")) from None
    return FunctionTool(name=function.name, description=function.description, parameters=function.parameters)


def _format(form: Any) -> ResponseFormat | None:
    if form is None or form == "":
        return None
    if form == "json":
        return ResponseFormat(type="json_object")
    if not isinstance(form, dict):
        raise InputError('format: must be "json" or a JSON schema')
    return ResponseFormat(type="json_schema", schema=form)


_LEVELS: dict[str, Any] = {level: level for level in ("low", "medium", "high", "max")}


def _reasoning(think: bool | str | None) -> Reasoning | None:
    if think is None or think == "":
        return None
    if isinstance(think, bool):
        return Reasoning(enabled=think)
    if think not in _LEVELS:
        raise InputError(f"think: invalid think value {think!r}; must be true, false or {', '.join(_LEVELS)}")
    return Reasoning(effort=_LEVELS[think])


def named(message: str, prefix: str = "") -> str:
    """A validation message with the path of the field in front."""
    text, _, path = message.partition(" - at ")
    found = re.search(r"`\$\.?(.*)`", path)
    name = found[1] if found else ""
    missing = re.search(r"missing required field `(\w+)`", text)
    if missing:
        name, text = (f"{name}.{missing[1]}" if name else missing[1]), "is required"
    return f"{'.'.join(filter(None, (prefix, name))) or 'the body'}: {text}"
