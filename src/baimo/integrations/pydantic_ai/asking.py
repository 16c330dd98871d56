"""Messages, settings and tools of pydantic-ai in neutral words."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic_ai import messages as theirs
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.tools import ToolDefinition

from baimo.errors import UnsupportedError
from baimo.integrations.replayed import KEY, unpacked
from baimo.types.chat import Message, ResponseFormat, Role
from baimo.types.content import Audio, File, Image, Part, Text, ToolCall, ToolResult, Video
from baimo.types.tools import FunctionTool, ToolChoice

_SAME = (
    "max_tokens",
    "temperature",
    "top_p",
    "top_k",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "parallel_tool_calls",
    "service_tier",
)
"""Settings that have the same name with us."""
_OTHERS = (("stop_sequences", "stop"), ("extra_headers", "headers"), ("extra_body", "extra"))


def messages_of(messages: Sequence[theirs.ModelMessage], instructions: Sequence[str]) -> tuple[Message, ...]:
    """The neutral messages; the instructions stand behind the system's own words.

    Raises UnsupportedError for a part that cannot be sent.
    """
    said: list[Message] = []
    for message in messages:
        if isinstance(message, theirs.ModelResponse):
            said.append(_answer(message))
        else:
            said += _request(message)
    at = next((at for at, one in enumerate(said) if one.role is not Role.SYSTEM), len(said))
    said[at:at] = [_spoken(Role.SYSTEM, text) for text in instructions]
    return tuple(said)


def options_of(settings: Mapping[str, Any], asked: ModelRequestParameters) -> dict[str, Any]:
    """Options of a chat."""
    options = {name: settings[name] for name in _SAME if settings.get(name) is not None}
    options |= {ours: settings[name] for name, ours in _OTHERS if settings.get(name)}
    timeout = settings.get("timeout")
    if isinstance(timeout, (int, float)):
        options["timeout"] = timeout
    if asked.thinking is not None:
        options["reasoning"] = asked.thinking
    tools = [*asked.declared_function_tools, *asked.output_tools]
    if tools:
        options["tools"] = [_tool(tool) for tool in tools]
        options["tool_choice"] = _choice(settings.get("tool_choice"), asked)
    if asked.output_object is not None and asked.output_mode in ("native", "prompted"):
        options["response_format"] = _form(asked)
        options["validate"] = False  # the agent looks at it, and asks again
    return options


def _request(message: theirs.ModelRequest) -> list[Message]:
    said: list[Message] = []
    files: list[Part] = []
    for part in message.parts:
        match part:
            case theirs.SystemPromptPart():
                said.append(_spoken(Role.SYSTEM, part.content))
            case theirs.UserPromptPart():
                said.append(Message(role=Role.USER, content=tuple(_content(part.content))))
            case theirs.ToolReturnPart():
                text, beside = part.model_response_str_and_user_content()
                files += _content(beside)
                failed = part.outcome != "success"
                said.append(_result(part.tool_call_id, part.tool_name, text, failed=failed))
            case theirs.RetryPromptPart() if part.tool_name is not None:
                said.append(_result(part.tool_call_id, part.tool_name, part.model_response(), failed=True))
            case theirs.RetryPromptPart():
                said.append(_spoken(Role.USER, part.model_response()))
            case _:
                raise UnsupportedError(f"a part of the kind {part.part_kind!r} cannot be sent")
    if files:
        said.append(Message(role=Role.USER, content=tuple(files)))
    return said


def _answer(message: theirs.ModelResponse) -> Message:
    texts = [part.content for part in message.parts if isinstance(part, theirs.TextPart)]
    calls = [part for part in message.parts if isinstance(part, theirs.ToolCallPart)]
    kept = (message.provider_details or {}).get(KEY)
    ids = tuple([call.tool_call_id for call in calls])
    found = unpacked(kept, text="".join(texts), calls=ids)
    if found is not None:
        return found
    parts: list[Part] = [Text(text=text) for text in texts if text]
    parts += [
        ToolCall(id=call.tool_call_id, name=call.tool_name, arguments=call.args_as_json_str())
        for call in calls
    ]
    return Message(role=Role.ASSISTANT, content=tuple(parts))


def _content(content: str | Iterable[Any] | None) -> list[Part]:
    if content is None or isinstance(content, str):
        return [Text(text=content)] if content else []
    found = [_piece(one) for one in content]
    return [part for part in found if part is not None]


def _piece(one: Any) -> Part | None:
    match one:
        case str():
            return Text(text=one)
        case theirs.TextContent():
            return Text(text=one.content)
        case theirs.ImageUrl():
            return Image(url=one.url, detail=(one.vendor_metadata or {}).get("detail"))
        case theirs.AudioUrl():
            return Audio(url=one.url, format=one.format)
        case theirs.VideoUrl():
            return Video(url=one.url)
        case theirs.DocumentUrl():
            return File(url=one.url, media_type=one.media_type)
        case theirs.BinaryContent():
            return _bytes(one)
        case theirs.CachePoint():
            return None
    raise UnsupportedError(f"a {type(one).__name__} cannot be sent")


def _bytes(one: theirs.BinaryContent) -> Part:
    data = one.data if isinstance(one.data, bytes) else base64.b64decode(one.data)
    if one.is_image:
        return Image(data=data, media_type=one.media_type)
    if one.is_audio:
        return Audio(data=data, format=one.format)
    if one.is_video:
        return Video(data=data, media_type=one.media_type)
    return File(data=data, media_type=one.media_type, name=one.identifier)


def _result(call_id: str, name: str, text: str, *, failed: bool) -> Message:
    result = ToolResult(call_id=call_id, name=name, content=(Text(text=text),), is_error=failed)
    return Message(role=Role.TOOL, content=(result,))


def _spoken(role: Role, text: str) -> Message:
    return Message(role=role, content=(Text(text=text),))


def _tool(tool: ToolDefinition) -> FunctionTool:
    return FunctionTool(
        name=tool.name,
        description=tool.description,
        parameters=tool.parameters_json_schema,
        strict=tool.strict,
    )


def _choice(wanted: Any, asked: ModelRequestParameters) -> ToolChoice:
    """Which tools may be used; an answer that must have a form must come by one."""
    if wanted in ("none", "required"):
        return ToolChoice(mode=wanted)
    if isinstance(wanted, (list, tuple)):
        return ToolChoice(mode="required", allowed=tuple(wanted))
    is_free = asked.allow_text_output or not asked.output_tools
    return ToolChoice(mode="auto" if is_free else "required")


def _form(asked: ModelRequestParameters) -> ResponseFormat:
    form = asked.output_object
    if form is None or asked.output_mode == "prompted":
        return ResponseFormat(type="json_object")
    return ResponseFormat(
        type="json_schema",
        name=form.name or "answer",
        description=form.description,
        schema=form.json_schema,
        strict=form.strict,
    )
