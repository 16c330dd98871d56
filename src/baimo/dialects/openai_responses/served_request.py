"""Being the provider: this wire's request bodies to neutral requests.

What has a neutral name is understood; other fields are kept and sent on to providers of this wire only. So is
the fact that a request came by this wire: what it leaves out means there what it means here.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Raw

from baimo.errors import InputError
from baimo.types.chat import ChatRequest, Message, Reasoning, ResponseFormat, Role
from baimo.types.content import Replay, Text
from baimo.wire.http import HttpRequest

from .itemparts import kept
from .items import AS_INSTRUCTIONS
from .request import EFFORTS, TOOL_FIELDS
from .served_fields import Json, named
from .served_items import decode_items
from .served_tools import decode_choice, decode_tool
from .words import LOGPROBS, NAME


class _Format(msgspec.Struct):
    type: Literal["text", "json_object", "json_schema"]
    name: str | None = None
    schema: Json | None = None
    strict: bool | None = None
    description: str | None = None


class _Body(msgspec.Struct):
    """The fields that are understood."""

    model: str = ""
    """A stored prompt may name it in its place."""
    input: str | list[Any] | None = None
    instructions: str | list[Any] | None = None
    tools: list[Any] | None = None
    tool_choice: Any = None
    parallel_tool_calls: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_logprobs: int | None = None
    max_output_tokens: int | None = None
    text: Json | None = None
    reasoning: Json | None = None
    include: list[str] | None = None
    service_tier: str | None = None
    store: bool | None = None
    metadata: dict[str, str] | None = None
    user: str | None = None
    prompt_cache_key: str | None = None
    stream: bool | None = None


_KNOWN = frozenset(_Body.__struct_fields__)
_VERBOSITY = ("low", "medium", "high")

_body = msgspec.json.Decoder(_Body)
_fields = msgspec.json.Decoder(dict[str, Any])


def decode_request(wire: HttpRequest) -> ChatRequest:
    """What a caller asks for. Raises InputError naming the field, and the item where it is one's."""
    raw = wire.body if isinstance(wire.body, bytes) else b"".join(wire.body.chunks())
    try:
        body = _body.decode(raw)
        foreign = {name: value for name, value in _fields.decode(raw).items() if name not in _KNOWN}
    except msgspec.ValidationError as error:
        raise InputError(named(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request's body is no valid JSON: {error}") from None
    if not body.model and not foreign.get("prompt"):
        raise InputError("model: is required")
    tool_fields: dict[str, Json] = {}
    tools = tuple([decode_tool(tool, index, tool_fields) for index, tool in enumerate(body.tools or ())])
    if tool_fields:
        foreign[TOOL_FIELDS] = tool_fields
    choice = None if body.tool_choice is None else decode_choice(body.tool_choice)
    if choice is None and body.tool_choice is not None:
        foreign["tool_choice"] = body.tool_choice
    if body.include is not None:
        foreign["include"] = body.include
    form, verbosity = _text(body.text or {}, foreign)
    return ChatRequest(
        model=body.model,
        messages=_messages(body),
        tools=tools,
        tool_choice=choice,
        parallel_tool_calls=body.parallel_tool_calls,
        temperature=body.temperature,
        top_p=body.top_p,
        logprobs=True if body.include and LOGPROBS in body.include else None,
        top_logprobs=_top(body, foreign),
        max_tokens=body.max_output_tokens,
        response_format=form,
        verbosity=verbosity,
        reasoning=_reasoning(body.reasoning or {}, foreign),
        service_tier=body.service_tier,
        store=body.store,
        metadata=body.metadata,
        user=body.user,
        prompt_cache_key=body.prompt_cache_key,
        stream=bool(body.stream),
        foreign=Replay(dialect=NAME, json=Raw(msgspec.json.encode(foreign))),
    )


def _messages(body: _Body) -> tuple[Message, ...]:
    """The instructions, marked as such, and the input."""
    said = body.instructions
    messages: tuple[Message, ...] = ()
    if isinstance(said, str):
        mark = kept({AS_INSTRUCTIONS: True})
        messages = (Message(role=Role.SYSTEM, content=(Text(text=said),), replay=mark),)
    elif said is not None:
        messages = decode_items(said)
    if isinstance(body.input, str):
        return (*messages, Message(role=Role.USER, content=(Text(text=body.input),)))
    return (*messages, *decode_items(body.input or []))


def _text(text: Json, foreign: Json) -> tuple[ResponseFormat | None, Any]:
    """The answer's form and how wordy it is to be; the rest is kept."""
    rest = {name: value for name, value in text.items() if name not in ("format", "verbosity")}
    verbosity, form = text.get("verbosity"), None
    if verbosity not in (None, *_VERBOSITY):
        rest["verbosity"] = verbosity
        verbosity = None
    if text.get("format") is not None:
        try:
            found = msgspec.convert(text["format"], _Format)
        except msgspec.ValidationError as error:
            raise InputError(named(str(error), "text.format")) from None
        form = ResponseFormat(
            type=found.type,
            name=found.name,
            schema=found.schema,
            strict=found.strict,
            description=found.description,
        )
    if rest:
        foreign["text"] = rest
    return form, verbosity


def _reasoning(reasoning: Json, foreign: Json) -> Reasoning | None:
    """How much to think; how its summary is to be made, and what else there is, is kept."""
    rest = dict(reasoning)
    effort = rest.pop("effort") if rest.get("effort") in EFFORTS else None
    if rest:
        foreign["reasoning"] = rest
    return None if effort is None else Reasoning(effort=effort)


def _top(body: _Body, foreign: Json) -> int | None:
    """How many other tokens are told; without the probabilities themselves it is a field like others."""
    if body.top_logprobs is not None and not (body.include and LOGPROBS in body.include):
        foreign["top_logprobs"] = body.top_logprobs
        return None
    return body.top_logprobs
