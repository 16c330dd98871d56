"""Which features a request asks for, and which a reply tells: names of the list in `dialect.features`."""

from __future__ import annotations

from collections.abc import Iterator

from baimo.types.chat import ChatRequest, Message, Role
from baimo.types.content import (
    Audio,
    File,
    Image,
    Part,
    Refusal,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
)
from baimo.types.events import (
    ChatEvent,
    LogprobsReported,
    PartEnded,
    PartStarted,
    UsageReported,
)
from baimo.types.tools import CustomTool, FunctionTool, ServerTool, ToolChoice

_PLAIN: tuple[tuple[str, object], ...] = (
    ("temperature", None),
    ("top_p", None),
    ("top_k", None),
    ("min_p", 0.0),
    ("frequency_penalty", 0.0),
    ("presence_penalty", 0.0),
    ("repetition_penalty", 1.0),
    ("seed", None),
    ("stop", ()),
    ("logit_bias", {}),
    ("max_tokens", None),
    ("n", 1),
    ("verbosity", None),
    ("prediction", None),
    ("search", None),
    ("stream", False),
    ("prompt_cache_key", None),
    ("service_tier", None),
    ("store", False),
    ("metadata", {}),
    ("user", None),
)
"""Features that are a field of the request, and the value that asks for nothing."""


def asked(request: ChatRequest) -> frozenset[str]:
    """The features that a request asks for."""
    found = {
        name for name, nothing in _PLAIN if (value := getattr(request, name)) is not None and value != nothing
    }
    found.update(_messages(request.messages))
    found.update(_tools(request))
    found.update(_answer(request))
    return frozenset(found)


def _messages(messages: tuple[Message, ...]) -> Iterator[str]:
    is_begun = False
    for message in messages:
        if message.role in (Role.SYSTEM, Role.DEVELOPER):
            yield "system_later" if is_begun else message.role.value
        else:
            is_begun = True
        if message.name is not None:
            yield "name"
        if len(message.tool_calls) > 1:
            yield "parallel_calls"
        for part in message.content:
            yield from _part(part)
    if messages and messages[-1].role is Role.ASSISTANT and messages[-1].text:
        yield "assistant_prefill"


def _part(part: Part) -> Iterator[str]:
    if part.cache is not None:
        yield "cache_marks"
    if isinstance(part, Text):
        return
    if isinstance(part, Thinking):
        yield "thinking_replay"
    elif isinstance(part, Refusal):
        yield "refusal"
    elif isinstance(part, ToolCall):
        yield "custom_tools" if part.kind == "custom" else "tools"
    elif isinstance(part, ToolResult):
        yield from _result(part)
    elif isinstance(part, (Image, File)):
        kind = "image" if isinstance(part, Image) else "file"
        is_id = f"{kind}_file_id" if kind == "image" else "file_id"
        yield f"{kind}_bytes" if part.data is not None else f"{kind}_url" if part.url is not None else is_id
        if isinstance(part, Image) and part.detail not in (None, "auto"):
            yield "image_detail"
    elif isinstance(part, Video):
        yield "video_url" if part.data is None else "video_bytes"
    elif isinstance(part, Audio):
        yield "audio_in"


def _result(part: ToolResult) -> Iterator[str]:
    if part.is_error:
        yield "tool_result_error"
    for piece in part.content:
        if isinstance(piece, Image):
            yield "tool_result_images"
        if piece.cache is not None:
            yield "cache_marks"


def _tools(request: ChatRequest) -> Iterator[str]:
    for tool in request.tools:
        if isinstance(tool, CustomTool):
            yield "custom_tools"
        elif isinstance(tool, ServerTool):
            yield "server_tools"
        else:
            yield from _function(tool)
    if request.parallel_tool_calls is False:
        yield "serial_tools"
    if request.tool_choice is not None:
        yield _choice(request.tool_choice)


def _function(tool: FunctionTool) -> Iterator[str]:
    yield "tools"
    if tool.strict:
        yield "strict_tools"
    if tool.cache is not None:
        yield "cache_marks"


def _choice(choice: ToolChoice) -> str:
    if choice.mode == "required" and len(choice.allowed) == 1:
        return "tool_choice_named"
    return "tool_choice_allowed" if choice.allowed else f"tool_choice_{choice.mode}"


def _answer(request: ChatRequest) -> Iterator[str]:
    """How the answer should be made, where that is more than a plain field."""
    if request.logprobs or request.top_logprobs is not None:
        yield "logprobs"
    if request.audio is not None or "audio" in request.modalities:
        yield "audio_out"
    if "image" in request.modalities:
        yield "image_out"
    if request.response_format is not None and request.response_format.type != "text":
        yield request.response_format.type
    if request.stream and request.include_usage:
        yield "stream_usage"
    reasoning = request.reasoning
    if reasoning is None:
        return
    if reasoning.enabled is False or reasoning.effort == "none":
        yield "reasoning_off"
        return
    if reasoning.effort is not None:
        yield "reasoning_effort"
    if reasoning.budget is not None:
        yield "reasoning_budget"
    if reasoning.enabled and reasoning.effort is None and reasoning.budget is None:
        yield "reasoning_on"


class Watcher:
    """Sees a reply's events and keeps which features they tell."""

    def __init__(self, request: ChatRequest) -> None:
        self._tells_usage = request.stream and request.include_usage
        self._calls: set[int] = set()
        self.found: set[str] = set()

    def see(self, event: ChatEvent) -> None:
        """One event of the reply."""
        if isinstance(event, PartStarted):
            self._begun(event)
        elif isinstance(event, PartEnded):
            if event.citations:
                self.found.add("citations")
        elif isinstance(event, LogprobsReported):
            self.found.add("logprobs")
        elif isinstance(event, UsageReported):
            usage = event.usage
            told = {
                "stream_usage": self._tells_usage,
                "usage_cached": usage.cache_read,
                "usage_reasoning": usage.reasoning,
            }
            self.found.update([name for name, value in told.items() if value])

    def _begun(self, event: PartStarted) -> None:
        part = event.part
        if event.choice:
            self.found.add("n")
        if part.citations:
            self.found.add("citations")
        if isinstance(part, ToolCall):
            if event.choice in self._calls:
                self.found.add("parallel_calls")
            self._calls.add(event.choice)
            self.found.add("custom_tools" if part.kind == "custom" else "tools")
        else:
            name = _TOLD.get(type(part))
            if name is not None:
                self.found.add(name)


_TOLD: dict[type, str] = {
    Thinking: "thinking",
    Refusal: "refusal",
    Audio: "audio_out",
    Image: "image_out",
}
