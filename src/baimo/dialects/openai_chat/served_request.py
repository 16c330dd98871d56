"""Being the provider: this wire's request bodies to neutral requests.

What the documentation names is understood; other fields of the body and of messages are kept and sent on to
providers of this wire only.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as BadBase64
from typing import Any, Literal, TypeAlias
from urllib.parse import unquote

import msgspec
from msgspec import UNSET, Raw, UnsetType

from baimo.errors import InputError
from baimo.types.chat import AudioOutput, ChatRequest, Message, Reasoning, ResponseFormat, Role
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
from baimo.types.tools import CustomTool, FunctionTool, ServerTool, Tool, ToolChoice
from baimo.wire.http import HttpRequest

from .finish import NAME

Json: TypeAlias = dict[str, Any]


class _Function(msgspec.Struct):
    name: str
    description: str | None = None
    parameters: Json | None = None
    strict: bool | None = None


class _JsonSchema(msgspec.Struct):
    name: str | None = None
    schema: Json | None = None
    strict: bool | None = None
    description: str | None = None


class _Format(msgspec.Struct):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: _JsonSchema | None = None
    schema: Json | None = None


class _StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class _Audio(msgspec.Struct):
    voice: str | Json
    format: str = "wav"


class _Body(msgspec.Struct):
    """The fields that are understood."""

    messages: list[dict[str, Raw]]
    model: str | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    repetition_penalty: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    n: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    logit_bias: dict[str, float] | None = None
    response_format: _Format | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: Any = None
    parallel_tool_calls: bool | None = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    verbosity: Literal["low", "medium", "high"] | None = None
    audio: _Audio | None = None
    modalities: tuple[str, ...] | None = None
    prediction: Json | None = None
    service_tier: str | None = None
    store: bool | None = None
    metadata: dict[str, str] | None = None
    user: str | None = None
    prompt_cache_key: str | None = None
    stream: bool | None = None
    stream_options: _StreamOptions | None = None


_KNOWN = frozenset(_Body.__struct_fields__)
_body = msgspec.json.Decoder(_Body)
_fields = msgspec.json.Decoder(dict[str, Raw])


class _Call(msgspec.Struct):
    id: str
    type: Literal["function", "custom"] = "function"
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


def decode_request(wire: HttpRequest) -> ChatRequest:
    """What a caller asks for. Raises InputError naming the field, and the message where it is one's."""
    raw = wire.body if isinstance(wire.body, bytes) else b"".join(wire.body.chunks())
    try:
        body = _body.decode(raw)
        unknown = {name: value for name, value in _fields.decode(raw).items() if name not in _KNOWN}
    except msgspec.ValidationError as error:
        raise InputError(_named(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request's body is no valid JSON: {error}") from None
    if not body.messages:
        raise InputError("messages is empty; a request needs at least one")
    stop = (body.stop,) if isinstance(body.stop, str) else tuple(body.stop or ())
    limit = body.max_completion_tokens
    return ChatRequest(
        model=_deployment(wire.target) if body.model is None else body.model,
        messages=tuple([decode_message(fields, index) for index, fields in enumerate(body.messages)]),
        tools=tuple([decode_tool(tool, index) for index, tool in enumerate(body.tools or ())]),
        tool_choice=decode_choice(body.tool_choice),
        parallel_tool_calls=body.parallel_tool_calls,
        temperature=body.temperature,
        top_p=body.top_p,
        top_k=body.top_k,
        min_p=body.min_p,
        repetition_penalty=body.repetition_penalty,
        frequency_penalty=body.frequency_penalty,
        presence_penalty=body.presence_penalty,
        seed=body.seed,
        stop=stop,
        max_tokens=body.max_tokens if limit is None else limit,
        n=body.n,
        logprobs=body.logprobs,
        top_logprobs=body.top_logprobs,
        logit_bias=body.logit_bias,
        response_format=_format(body.response_format),
        reasoning=None if body.reasoning_effort is None else Reasoning(effort=body.reasoning_effort),
        verbosity=body.verbosity,
        audio=_voice(body.audio),
        modalities=body.modalities or (),
        prediction=_prediction(body.prediction),
        service_tier=body.service_tier,
        store=body.store,
        metadata=body.metadata,
        user=body.user,
        prompt_cache_key=body.prompt_cache_key,
        stream=bool(body.stream),
        include_usage=bool(body.stream_options and body.stream_options.include_usage)
        if body.stream
        else None,
        foreign=Replay(dialect=NAME, json=Raw(msgspec.json.encode(unknown))) if unknown else None,
    )


def _deployment(target: bytes) -> str:
    """The model, where the address names it: `…/deployments/{model}/chat/completions`."""
    found = re.search(rb"/deployments/([^/?]+)/", target)
    if found is None:
        raise InputError("model: is required")
    return unquote(found[1].decode("ascii", "replace"))


def _named(message: str, prefix: str = "") -> str:
    """A validation message with the path of the field in front."""
    text, _, path = message.partition(" - at ")
    found = re.search(r"`\$(?:\.)?(.*)`", path)
    name = found[1] if found else ""
    missing = re.search(r"missing required field `(\w+)`", text)
    if missing:
        name = f"{name}.{missing[1]}" if name else missing[1]
        text = "is required"
    where = f"{prefix}.{name}" if prefix and name else prefix or name or "the body"
    return f"{where}: {text}"


def decode_message(fields: dict[str, Raw], index: int) -> Message:
    """One message of a body. Raises InputError naming it and the field."""
    where = f"messages[{index}]"
    try:
        wire = msgspec.convert(
            {name: msgspec.json.decode(value) for name, value in fields.items() if name in _KNOWN_OF_MESSAGE},
            _Message,
        )
    except msgspec.ValidationError as error:
        raise InputError(_named(str(error), where)) from None
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
        kind=call.type,
        replay=Replay(dialect=NAME, json=Raw(msgspec.json.encode(extras))) if extras else None,
    )


def _part(part: Json, where: str) -> Part:
    kind = part.get("type")
    if not isinstance(kind, str):
        raise InputError(f"{where}.type: is required")
    cache = _cache(part)
    body = part.get(kind)
    if kind == "text":
        return Text(text=_str(part, "text", where), cache=cache)
    if kind == "refusal":
        return Refusal(text=_str(part, "refusal", where))
    if kind in ("image_url", "video_url"):
        address = {"url": body} if isinstance(body, str) else _object(body, f"{where}.{kind}")
        return _picture(kind, address, part, f"{where}.{kind}", cache)
    if kind == "input_audio":
        sound = _object(body, f"{where}.{kind}")
        data = _bytes(_str(sound, "data", f"{where}.{kind}"), f"{where}.{kind}.data")
        return Audio(data=data, format=sound.get("format"), cache=cache)
    if kind == "file":
        return _file(_object(body, f"{where}.file"), f"{where}.file", cache)
    if kind == "thinking":
        words = part.get("thinking")
        pieces = words if isinstance(words, list) else [{"text": words}]
        return Thinking(
            text="".join([str(piece.get("text") or "") for piece in pieces if isinstance(piece, dict)])
        )
    return Opaque(dialect=NAME, json=Raw(msgspec.json.encode(part)))


def _picture(kind: str, address: Json, part: Json, where: str, cache: Cache | None) -> Part:
    url = _str(address, "url", where)
    data, media_type = None, None
    if url.startswith("data:"):
        data, media_type = _from_data_url(url, where)
    if kind == "video_url":
        link = url if data is None else None
        return Video(data=data, url=link, media_type=media_type, fps=part.get("fps"), cache=cache)
    detail = address.get("detail")
    return Image(
        data=data, url=url if data is None else None, media_type=media_type, detail=detail, cache=cache
    )


def _file(file: Json, where: str, cache: Cache | None) -> File:
    name, data, media_type = file.get("filename"), None, None
    if "file_data" in file:
        data, media_type = _from_data_url(_str(file, "file_data", where), f"{where}.file_data")
    elif not isinstance(file.get("file_id"), str):
        raise InputError(f"{where}: file_data or file_id is required")
    return File(data=data, file_id=file.get("file_id"), name=name, media_type=media_type, cache=cache)


def _cache(part: Json) -> Cache | None:
    for name in ("prompt_cache_breakpoint", "cache_control"):
        mark = part.get(name)
        if isinstance(mark, dict):
            ttl = mark.get("ttl")
            return Cache(ttl=ttl if ttl in ("5m", "30m", "1h", "12h") else None)
    return None


def _from_data_url(url: str, where: str) -> tuple[bytes, str | None]:
    head, comma, data = url.partition(",")
    if not comma:
        return _bytes(url, where), None
    return _bytes(data, where), head.removeprefix("data:").partition(";")[0] or None


def _bytes(text: str, where: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (BadBase64, ValueError):
        raise InputError(f"{where}: is no valid base64") from None


def _str(fields: Json, name: str, where: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise InputError(f"{where}.{name}: must be a string")
    return value


def _object(value: Any, where: str) -> Json:
    if not isinstance(value, dict):
        raise InputError(f"{where}: must be an object")
    return value


def decode_tool(tool: Json, index: int) -> Tool:
    """One tool of a body. Raises InputError naming it and the field."""
    where, kind = f"tools[{index}]", tool.get("type", "function" if "function" in tool else None)
    if kind == "function":
        try:
            function = msgspec.convert(tool.get("function"), _Function)
        except msgspec.ValidationError as error:
            raise InputError(_named(str(error), f"{where}.function")) from None
        return FunctionTool(
            name=function.name,
            description=function.description,
            parameters=function.parameters,
            strict=function.strict,
            cache=_cache(tool),
        )
    if kind == "custom":
        custom = _object(tool.get("custom"), f"{where}.custom")
        form = custom.get("format")
        grammar = form.get("grammar") if isinstance(form, dict) else None
        grammar = grammar if isinstance(grammar, dict) else {}
        return CustomTool(
            name=_str(custom, "name", f"{where}.custom"),
            description=custom.get("description"),
            grammar=grammar.get("definition"),
            syntax=grammar.get("syntax"),
        )
    if not isinstance(kind, str):
        raise InputError(f"{where}.type: is required")
    return ServerTool(replay=Replay(dialect=NAME, json=Raw(msgspec.json.encode(tool))))


def decode_choice(choice: Any) -> ToolChoice | None:
    """Which tools may be used. Raises InputError naming the field."""
    if choice is None:
        return None
    if choice in ("none", "auto", "required"):
        return ToolChoice(mode=choice)
    if choice == "any":
        return ToolChoice(mode="required")
    kind = choice.get("type") if isinstance(choice, dict) else None
    if kind == "allowed_tools":
        allowed = _object(choice.get(kind), "tool_choice.allowed_tools")
        entries = [_object(entry, "tool_choice.allowed_tools.tools") for entry in allowed.get("tools") or ()]
        names = tuple([_named_tool(entry) for entry in entries])
        return ToolChoice(mode="required" if allowed.get("mode") == "required" else "auto", allowed=names)
    if kind in ("function", "custom"):
        return ToolChoice(mode="required", allowed=(_named_tool(choice),))
    raise InputError("tool_choice: must be none, auto, required or name a tool")


def _named_tool(entry: Json) -> str:
    kind = str(entry.get("type"))
    return _str(_object(entry.get(kind), f"tool_choice.{kind}"), "name", f"tool_choice.{kind}")


def _format(form: _Format | None) -> ResponseFormat | None:
    if form is None or form.type != "json_schema":
        return None if form is None else ResponseFormat(type=form.type)
    inner = form.json_schema or _JsonSchema(schema=form.schema)
    return ResponseFormat(
        type="json_schema",
        name=inner.name,
        schema=inner.schema,
        strict=inner.strict,
        description=inner.description,
    )


def _voice(audio: _Audio | None) -> AudioOutput | None:
    if audio is None:
        return None
    voice = audio.voice if isinstance(audio.voice, str) else _str(audio.voice, "id", "audio.voice")
    return AudioOutput(voice=voice, format=audio.format)


def _prediction(prediction: Json | None) -> str | None:
    if prediction is None:
        return None
    content = prediction.get("content")
    if isinstance(content, list):
        return "".join(
            [_str(_object(part, "prediction.content"), "text", "prediction.content") for part in content]
        )
    return _str(prediction, "content", "prediction")
