"""Being the provider: this wire's request bodies to neutral requests.

Names of fields may come in either way of writing. What the documentation names is understood; other fields
are kept and sent on to providers of this wire only.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from baimo.dialect.jsontext import decode
from baimo.errors import InputError, WireError
from baimo.types.chat import ChatRequest, Message, Role
from baimo.types.content import Opaque, Part, Replay, Text, ToolCall, ToolResult
from baimo.wire.http import HeaderFields, HttpRequest

from .contents import text_of_response
from .media import decode_media
from .parts import body_of, decode_part, kept, made_up_id
from .served_settings import decode_settings
from .served_tools import decode_tools
from .words import FORM, NAME, camel, place

_METHODS = {
    "generateContent": "chat",
    "streamGenerateContent": "chat",
    "embedContent": "embed",
    "batchEmbedContents": "embed",
    "predict": "embed",
    "countTokens": "count",
}
_IMAGEN = ("imagen", "imagegeneration")
"""How names begin of models whose `:predict` makes pictures; that of others makes vectors."""

_KNOWN = (
    "contents",
    "systemInstruction",
    "tools",
    "toolConfig",
    "generationConfig",
    "store",
    "serviceTier",
    "model",
)


def operation(method: str, target: bytes, headers: HeaderFields) -> str | None:
    """The operation at an address, or None."""
    path = target.partition(b"?")[0].rstrip(b"/")
    if method in ("GET", "HEAD"):
        if path.endswith(b"/models"):
            return "models"
        found = place(target)
        return "describe" if found is not None and not found[1] else None
    found = place(target)
    if method != "POST" or found is None:
        return None
    name, called = found
    return "images" if called == "predict" and name.startswith(_IMAGEN) else _METHODS.get(called)


def body_fields(wire: HttpRequest) -> dict[str, Any]:
    """A caller's body as an object with names in lowerCamelCase. Raises InputError."""
    raw = body_of(wire)
    if not raw.strip():
        raise InputError("the request has no body")
    try:
        body = decode(raw)
    except WireError as error:
        raise InputError(f"the request's body is no valid JSON: {error.message}") from None
    if not isinstance(body, dict):
        raise InputError("the request's body must be an object")
    return camel(body)


def model_of(wire: HttpRequest) -> tuple[str, str]:
    """The model and the method that a caller's address names. Raises InputError."""
    found = place(wire.target)
    if found is None or not found[0]:
        raise InputError("the address names no model")
    return found


def decode_request(wire: HttpRequest) -> ChatRequest:
    """What a caller asks for. Raises InputError naming the field."""
    model, method = model_of(wire)
    body = body_fields(wire)
    messages = _system(body.get("systemInstruction")) + _Conversation().messages(body.get("contents"))
    foreign: dict[str, Any] = {name: value for name, value in body.items() if name not in _KNOWN}
    fields = decode_settings(body.get("generationConfig"), foreign)
    fields |= decode_tools(body.get("tools"), body.get("toolConfig"), foreign)
    stream = method == "streamGenerateContent"
    if stream and b"alt=sse" not in wire.target.partition(b"?")[2].split(b"&"):
        foreign[FORM] = "array"
    store, tier = body.get("store"), body.get("serviceTier")
    return ChatRequest(
        model=model,
        messages=messages,
        stream=stream,
        store=store if isinstance(store, bool) else None,
        service_tier=tier if isinstance(tier, str) else None,
        foreign=Replay(dialect=NAME, json=Raw(msgspec.json.encode(foreign))) if foreign else None,
        **fields,
    )


def object_at(value: Any, where: str) -> dict[str, Any]:
    """An object with names in lowerCamelCase. Raises InputError for what is none."""
    if not isinstance(value, dict):
        raise InputError(f"{where}: must be an object")
    return camel(value)


def list_at(value: Any, where: str) -> list[Any]:
    """A list; a single entry may stand for a list of one, as the service allows."""
    if value is None:
        return []
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return [value]
    raise InputError(f"{where}: must be a list")


def _system(value: Any) -> tuple[Message, ...]:
    if value is None:
        return ()
    content = object_at(value, "systemInstruction")
    texts: list[Part] = []
    for number, part in enumerate(list_at(content.pop("parts", None), "systemInstruction.parts")):
        fields = object_at(part, f"systemInstruction.parts[{number}]")
        text = fields.get("text")
        if not isinstance(text, str):
            raise InputError(f"systemInstruction.parts[{number}].text: is required")
        texts.append(Text(text=text, replay=kept({k: v for k, v in fields.items() if k != "text"})))
    return (Message(role=Role.SYSTEM, content=tuple(texts), replay=kept(content)),) if texts else ()


class _Conversation:
    """Decodes contents; calls and results without ids are given the same ones."""

    def __init__(self) -> None:
        self._open: list[tuple[str, str]] = []

    def messages(self, contents: Any) -> tuple[Message, ...]:
        if isinstance(contents, str):
            raise InputError("contents: must be a list of contents")
        found = list_at(contents, "contents")
        if not found:
            raise InputError("contents: is required")
        said: list[Message] = []
        for index, one in enumerate(found):
            message = self._message(one, f"contents[{index}]")
            last = said[-1] if said else None
            if (
                last is not None
                and message.role is last.role is Role.ASSISTANT
                and message.replay == last.replay
            ):
                said[-1] = _spoken(last.content + message.content, last.replay)
            else:
                said.append(message)
        return tuple(said)

    def _message(self, value: Any, where: str) -> Message:
        content = object_at(value, where)
        role = content.pop("role", None)
        parts = list_at(content.pop("parts", None), f"{where}.parts")
        if role not in (None, "", "user", "model", "function"):
            raise InputError("Please use a valid role: user, model.")
        decoded = [self._part(one, f"{where}.parts[{number}]") for number, one in enumerate(parts)]
        said = tuple([part for part in decoded if part is not None])
        if role == "model":
            return _spoken(said, kept(content))
        if role == "function":
            content["role"] = role
        is_result = bool(said) and all(isinstance(part, ToolResult) for part in said)
        return Message(role=Role.TOOL if is_result else Role.USER, content=said, replay=kept(content))

    def _part(self, value: Any, where: str) -> Part | None:
        wire = object_at(value, where)
        if "functionResponse" in wire:
            return self._result(object_at(wire["functionResponse"], f"{where}.functionResponse"), wire, where)
        try:
            found = decode_part(wire, made_up_id(where))
        except ValueError as error:
            raise InputError(f"{where}.inlineData.data: {error}") from None
        if found is None:
            return Text(text="") if "text" in wire else None
        part, data = found
        if isinstance(part, ToolCall):
            if not part.name:
                raise InputError(f"{where}.functionCall.name: is required")
            self._open.append((part.id, part.name))
        return msgspec.structs.replace(part, data=data) if data and not isinstance(part, Opaque) else part

    def _result(self, answer: dict[str, Any], wire: dict[str, Any], where: str) -> ToolResult:
        """A result belongs to the call of its id, else to the first open one of its name."""
        name, ident = answer.get("name"), answer.get("id")
        if not isinstance(name, str) or not name:
            raise InputError(f"{where}.functionResponse.name: is required")
        if not isinstance(ident, str) or not ident:
            near = [call for call, called in self._open if called == name]
            ident = near[0] if near else made_up_id(where)
        self._open = [(call, called) for call, called in self._open if call != ident]
        response = answer.get("response", {})
        if not isinstance(response, dict):
            raise InputError(f"{where}.functionResponse.response: must be an object")
        text, is_error = text_of_response(response)
        content: list[Any] = [Text(text=text)]
        for number, one in enumerate(list_at(answer.get("parts"), f"{where}.functionResponse.parts")):
            content.append(_media(one, f"{where}.functionResponse.parts[{number}]"))
        rest = {key: v for key, v in answer.items() if key not in ("id", "name", "response", "parts")}
        beside = {key: v for key, v in wire.items() if key != "functionResponse"}
        if rest:
            beside["functionResponse"] = rest
        return ToolResult(
            call_id=ident, name=name, content=tuple(content), is_error=is_error, replay=kept(beside)
        )


def _spoken(parts: tuple[Part, ...], replay: Replay | None) -> Message:
    """A turn of the model's, which callers who streamed it send in pieces, the last without words."""
    said = tuple([part for part in parts if part != _EMPTY])
    return Message(role=Role.ASSISTANT, content=said or parts[:1], replay=replay)


_EMPTY = Text(text="")


def _media(value: Any, where: str) -> Any:
    wire = object_at(value, where)
    for name in ("inlineData", "fileData"):
        if isinstance(wire.get(name), dict):
            wire[name] = camel(wire[name])
    try:
        found = decode_media(wire)
    except ValueError as error:
        raise InputError(f"{where}.inlineData.data: {error}") from None
    if found is None:
        raise InputError(f"{where}: must hold inlineData or fileData")
    part, data = found
    return msgspec.structs.replace(part, data=data) if data else part
