"""Being the provider: this wire's request bodies to neutral requests.

What the documentation names is understood; other fields of the body and of messages are kept and sent on to
providers of this wire only.
"""

from __future__ import annotations

import re
from typing import Any, Literal
from urllib.parse import unquote

import msgspec
from msgspec import Raw

from baimo.errors import InputError
from baimo.types.chat import AudioOutput, ChatRequest, Message, Reasoning, ResponseFormat, Role
from baimo.types.content import Replay, Text
from baimo.wire.http import HttpRequest

from .finish import NAME
from .served_fields import Json, mapping, named, string
from .served_message import decode_message
from .served_tools import decode_choice, decode_tool


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

    messages: list[dict[str, Raw]] | None = None
    prompt: str | list[str] | None = None
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
    logprobs: bool | int | None = None
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
    web_search_options: Any = None
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


def decode_request(wire: HttpRequest) -> ChatRequest:
    """What a caller asks for. Raises InputError naming the field, and the message where it is one's."""
    raw = wire.body if isinstance(wire.body, bytes) else b"".join(wire.body.chunks())
    try:
        body = _body.decode(raw)
        unknown = {name: value for name, value in _fields.decode(raw).items() if name not in _KNOWN}
    except msgspec.ValidationError as error:
        raise InputError(named(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request's body is no valid JSON: {error}") from None
    messages = _messages(body)
    stop = (body.stop,) if isinstance(body.stop, str) else tuple(body.stop or ())
    limit = body.max_completion_tokens
    found = None
    if body.web_search_options is not None:
        from . import search

        found = search.served(body.web_search_options)
        if found is None:
            unknown["web_search_options"] = Raw(msgspec.json.encode(body.web_search_options))
    return ChatRequest(
        model=_deployment(wire.target) if body.model is None else body.model,
        messages=messages,
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
        logprobs=None if body.logprobs is None else bool(body.logprobs),
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
        search=found,
        stream=bool(body.stream),
        include_usage=bool(body.stream_options and body.stream_options.include_usage)
        if body.stream
        else None,
        foreign=Replay(dialect=NAME, json=Raw(msgspec.json.encode(unknown))) if unknown else None,
    )


def _messages(body: _Body) -> tuple[Message, ...]:
    """The messages; the prompt of a completion without roles is the user's."""
    if body.prompt is not None and not body.messages:
        texts = (body.prompt,) if isinstance(body.prompt, str) else tuple(body.prompt)
        return (Message(role=Role.USER, content=tuple([Text(text=text) for text in texts])),)
    if body.messages is None:
        raise InputError("messages: is required")
    if not body.messages:
        raise InputError("messages is empty; a request needs at least one")
    return tuple([decode_message(fields, index) for index, fields in enumerate(body.messages)])


def _deployment(target: bytes) -> str:
    """The model, where the address names it: `…/deployments/{model}/chat/completions`."""
    found = re.search(rb"/deployments/([^/?]+)/", target)
    if found is None:
        raise InputError("model: is required")
    return unquote(found[1].decode("ascii", "replace"))


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
    voice = audio.voice if isinstance(audio.voice, str) else string(audio.voice, "id", "audio.voice")
    return AudioOutput(voice=voice, format=audio.format)


def _prediction(prediction: Json | None) -> str | None:
    if prediction is None:
        return None
    content = prediction.get("content")
    if isinstance(content, list):
        return "".join(
            [string(mapping(part, "prediction.content"), "text", "prediction.content") for part in content]
        )
    return string(prediction, "content", "prediction")
