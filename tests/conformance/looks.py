"""For every feature what of a conversation shows it, whatever else is in that conversation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from baimo.types.chat import ChatRequest, ChatResponse, Role
from baimo.types.content import (
    Audio,
    File,
    Image,
    Part,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Video,
)
from baimo.types.tools import CustomTool, FunctionTool, ServerTool

SHOWN_WITH = {
    "tools": {
        "tool_choice_none",
        "tool_choice_named",
        "tool_choice_allowed",
        "tool_choice_required",
        "tool_result_error",
        "strict_tools",
        "parallel_calls",
    }
}
"""Features that change how another looks where they are not carried: fewer tools are offered, say."""

NOT_BETWEEN = frozenset(("thinking_replay", "server_tools", "service_tier"))
"""What is of one dialect only: its signatures, its tools, its classes of service mean nothing to another."""


def parts_of(request: ChatRequest, kind: type[Part]) -> list[Any]:
    return [part for message in request.messages for part in message.content if isinstance(part, kind)]


def arguments(call: ToolCall) -> object:
    """As a value where they are JSON: not every wire keeps blanks."""
    try:
        return msgspec.json.decode(call.arguments)
    except msgspec.DecodeError:
        return call.arguments


def calls(holder: ChatRequest | ChatResponse, kind: str) -> object:
    """Calls without their ids, which not every wire has."""
    found = holder.tool_calls if isinstance(holder, ChatResponse) else parts_of(holder, ToolCall)
    return [(call.name, arguments(call)) for call in found if call.kind == kind]


def results(request: ChatRequest) -> Iterator[object]:
    """What tools gave back, each with the call that it belongs to by its place."""
    ids = [call.id for call in parts_of(request, ToolCall)]
    for result in parts_of(request, ToolResult):
        yield ids.index(result.call_id), "".join([p.text for p in result.content if isinstance(p, Text)])


def squeezed(text: str) -> str:
    """Without white space: wires join the texts of a message in their own ways."""
    return "".join(text.split())


def spoken(request: ChatRequest, *roles: Role) -> list[tuple[Role, str]]:
    """Who says what; what one says in a row is one."""
    said: list[tuple[Role, str]] = []
    for message in request.messages:
        text = squeezed(message.text)
        if message.role not in roles or not text:
            continue
        if said and said[-1][0] is message.role:
            text = said.pop()[1] + text
        said.append((message.role, text))
    return said


def _media(kind: type[Part], field: str) -> Callable[[ChatRequest], object]:
    return lambda request: [
        found for p in parts_of(request, kind) if (found := getattr(p, field)) is not None
    ]


def _field(name: str) -> Callable[[ChatRequest], object]:
    return lambda request: getattr(request, name)


def _tools(request: ChatRequest) -> object:
    """A schema without properties is as good as none."""
    offered = [
        (tool.name, tool.description, tool.parameters if (tool.parameters or {}).get("properties") else None)
        for tool in request.tools
        if isinstance(tool, FunctionTool)
    ]
    return offered, calls(request, "function"), list(results(request))


def _choice(request: ChatRequest) -> object:
    """That the only tool must be called is the same as that some tool must."""
    choice = request.tool_choice
    if choice is None:
        return None
    names = [tool.name for tool in request.tools if not isinstance(tool, ServerTool)]
    is_only = choice.mode == "required" and not choice.allowed and len(names) == 1
    return choice.mode, names if is_only else sorted(choice.allowed)


def _reasoning(name: str) -> Callable[[ChatRequest], object]:
    return lambda request: None if request.reasoning is None else getattr(request.reasoning, name)


def is_off(request: ChatRequest) -> object:
    """Whether thinking is switched off, however that was said."""
    asked = request.reasoning
    return None if asked is None else asked.enabled is False or asked.effort == "none"


def _format(request: ChatRequest) -> object:
    form = request.response_format
    return None if form is None else (form.type, form.schema)


_PLAIN = """
    temperature top_p top_k min_p frequency_penalty presence_penalty repetition_penalty seed stop logit_bias
    max_tokens n verbosity prediction search stream prompt_cache_key service_tier store metadata user
"""

ASKED: dict[str, Callable[[ChatRequest], object]] = {
    **{name: _field(name) for name in _PLAIN.split()},
    "system": lambda request: spoken(request, Role.SYSTEM),
    "system_later": lambda request: spoken(request, Role.SYSTEM, Role.USER, Role.ASSISTANT),
    "developer": lambda request: spoken(request, Role.DEVELOPER),
    "name": lambda request: [message.name for message in request.messages],
    "assistant_prefill": lambda request: (request.messages[-1].role, squeezed(request.messages[-1].text)),
    "refusal": lambda request: [part.text for part in parts_of(request, Refusal)],
    "image_bytes": _media(Image, "data"),
    "image_url": _media(Image, "url"),
    "image_file_id": _media(Image, "file_id"),
    "image_detail": _media(Image, "detail"),
    "audio_in": _media(Audio, "data"),
    "video_bytes": _media(Video, "data"),
    "video_url": _media(Video, "url"),
    "file_bytes": _media(File, "data"),
    "file_url": _media(File, "url"),
    "file_id": _media(File, "file_id"),
    "image_out": lambda request: "image" in request.modalities,
    "audio_out": _field("audio"),
    "tools": _tools,
    "parallel_calls": lambda request: [n for message in request.messages if (n := len(message.tool_calls))],
    "serial_tools": lambda request: request.parallel_tool_calls is False,
    "strict_tools": lambda request: [t.strict for t in request.tools if isinstance(t, FunctionTool)],
    "custom_tools": lambda request: (
        [tool.name for tool in request.tools if isinstance(tool, CustomTool)],
        calls(request, "custom"),
    ),
    **dict.fromkeys(
        ("tool_choice_none", "tool_choice_auto", "tool_choice_required", "tool_choice_named"), _choice
    ),
    "tool_choice_allowed": _choice,
    "tool_result_images": lambda request: [
        part.data
        for result in parts_of(request, ToolResult)
        for part in result.content
        if isinstance(part, Image)
    ],
    "tool_result_error": lambda request: [part.is_error for part in parts_of(request, ToolResult)],
    "reasoning_off": is_off,
    "reasoning_on": is_off,
    "reasoning_effort": _reasoning("effort"),
    "reasoning_budget": _reasoning("budget"),
    "logprobs": lambda request: (request.logprobs, request.top_logprobs),
    "json_object": _format,
    "json_schema": _format,
    "cache_marks": lambda request: [part.text for part in parts_of(request, Text) if part.cache is not None],
}
"""Of a request."""


def _sources(response: ChatResponse) -> object:
    return [citation.url for part in response.message.content for citation in part.citations]


def _tokens(response: ChatResponse) -> object:
    found = response.choices[0].logprobs
    return None if found is None else [(token.token, token.logprob, len(token.top)) for token in found]


def _held(kind: type[Audio | Image]) -> Callable[[ChatResponse], object]:
    return lambda response: [part.data for part in response.message.content if isinstance(part, kind)]


TOLD: dict[str, Callable[[ChatResponse], object]] = {
    "thinking": lambda response: response.thinking,
    "refusal": lambda response: response.refusal,
    "tools": lambda response: calls(response, "function"),
    "parallel_calls": lambda response: len(response.tool_calls),
    "custom_tools": lambda response: calls(response, "custom"),
    "citations": _sources,
    "logprobs": _tokens,
    "audio_out": _held(Audio),
    "image_out": _held(Image),
    "n": lambda response: [choice.message.text for choice in response.choices],
    "stream_usage": lambda response: (response.usage.input, response.usage.output),
    "usage_cached": lambda response: (response.usage.input, response.usage.cache_read),
    "usage_reasoning": lambda response: (response.usage.output, response.usage.reasoning),
}
"""Of a reply."""
