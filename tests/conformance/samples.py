"""For every feature a request that asks for it, or a reply that tells it, and what must come back of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw

from baimo.types.chat import (
    AudioOutput,
    ChatRequest,
    ChatResponse,
    Choice,
    FinishReason,
    Message,
    Reasoning,
    ResponseFormat,
    Role,
    TokenLogprob,
)
from baimo.types.content import (
    Audio,
    Cache,
    Citation,
    File,
    Image,
    Part,
    Refusal,
    Replay,
    ResultPart,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
)
from baimo.types.tools import CustomTool, FunctionTool, Search, ServerTool, ToolChoice
from baimo.types.usage import Usage

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
WEATHER = FunctionTool(name="weather", description="The weather of a city", parameters=SCHEMA)
TIME = FunctionTool(name="time", description="The time in a city", parameters=SCHEMA)
HI = Message(role=Role.USER, content=(Text(text="What is the weather in 北京?"),))
USAGE = Usage(input_uncached=11, output_visible=7)


class Asked(msgspec.Struct, frozen=True):
    """A request, and what of it must be the same after it went over the wire."""

    request: ChatRequest
    look: Callable[[ChatRequest], object]


class Told(msgspec.Struct, frozen=True):
    """A reply, and what of it must be the same after it went over the wire."""

    response: ChatResponse
    look: Callable[[ChatResponse], object]
    ways: tuple[bool, ...] = (False, True)
    """Streamed, or not."""


def asks(*messages: Message, **fields: Any) -> ChatRequest:
    return ChatRequest(model="m", messages=messages or (HI,), **fields)


def user(*parts: Part) -> Message:
    return Message(role=Role.USER, content=(*parts, Text(text="What is this?")))


def said(*parts: Part, reason: FinishReason = FinishReason.STOP, **fields: Any) -> ChatResponse:
    message = Message(role=Role.ASSISTANT, content=parts)
    choice = Choice(message=message, finish_reason=reason, **fields)
    return ChatResponse(choices=(choice,), id="id-1", model="m", created=1_760_000_000, usage=USAGE)


def texts(request: ChatRequest) -> object:
    """Who says what, texts of one message joined."""
    return [(message.role, message.text) for message in request.messages if message.text]


def parts_of(request: ChatRequest, kind: type[Part]) -> list[Any]:
    return [part for message in request.messages for part in message.content if isinstance(part, kind)]


def media(kind: type[Part], *fields: str) -> Callable[[ChatRequest], object]:
    """Those fields of all parts of a kind."""
    return lambda request: [[getattr(part, field) for field in fields] for part in parts_of(request, kind)]


def field(*names: str) -> Callable[[ChatRequest], object]:
    return lambda request: [getattr(request, name) for name in names]


def calls(holder: ChatRequest | ChatResponse) -> object:
    """Calls without their ids, which not every wire has, and arguments without blanks."""
    found = holder.tool_calls if isinstance(holder, ChatResponse) else parts_of(holder, ToolCall)
    return [(call.name, arguments(call), call.kind) for call in found]


def arguments(call: ToolCall) -> object:
    try:
        return msgspec.json.decode(call.arguments)
    except msgspec.DecodeError:
        return call.arguments


def functions(request: ChatRequest) -> object:
    """What is offered, without strictness, which some wires always tell."""
    return [
        (tool.name, tool.description, tool.parameters)
        for tool in request.tools
        if isinstance(tool, FunctionTool)
    ]


def results(request: ChatRequest) -> object:
    """What tools gave back, each with the call that it belongs to by its place."""
    ids = [call.id for call in parts_of(request, ToolCall)]
    return [
        (ids.index(result.call_id), "".join([part.text for part in result.content if isinstance(part, Text)]))
        for result in parts_of(request, ToolResult)
    ]


def images_of_results(request: ChatRequest) -> object:
    return [
        part.data
        for result in parts_of(request, ToolResult)
        for part in result.content
        if isinstance(part, Image)
    ]


def tool_turn(
    *names: str, results: tuple[ResultPart, ...] = (Text(text="12 °C"),), **more: Any
) -> ChatRequest:
    """A conversation in which tools were called and gave something back."""
    made = [ToolCall(id=f"call_{name}", name=name, arguments='{"city":"北京"}') for name in names]
    back = [
        Message(role=Role.TOOL, content=(ToolResult(call_id=f"call_{name}", content=results, **more),))
        for name in names
    ]
    return asks(HI, Message(role=Role.ASSISTANT, content=tuple(made)), *back, tools=(WEATHER, TIME))


def thought(replay: Replay | None, answer: Replay | None) -> ChatRequest:
    """A conversation whose earlier answer was thought about."""
    parts = (Thinking(text="I must look.", replay=replay), Text(text="Fine.", replay=answer))
    return asks(HI, Message(role=Role.ASSISTANT, content=parts), HI)


def thoughts(request: ChatRequest) -> object:
    return [
        (part.text, None if part.replay is None else msgspec.json.decode(part.replay.json))
        for part in parts_of(request, Thinking)
    ]


def chosen(mode: Any, *names: str) -> Asked:
    request = asks(tools=(WEATHER, TIME), tool_choice=ToolChoice(mode=mode, allowed=names))
    return Asked(request, lambda found: (found.tool_choice, [tool.name for tool in found.tools]))  # type: ignore[union-attr]


def schema_of(request: ChatRequest) -> object:
    form = request.response_format
    return None if form is None else (form.type, form.schema)


def replays(kept: dict[str, Any] | None, dialect: str) -> Replay | None:
    return None if kept is None else Replay(dialect=dialect, json=Raw(msgspec.json.encode(kept)))


def asked(dialect: str, facts: dict[str, Any]) -> dict[str, list[Asked]]:
    """The requests. `facts` are what the dialect's folder of cases tells: words that only it knows."""
    plain = {name: [Asked(asks(**{name: value}), field(name))] for name, value in _plain(facts).items()}
    return _messages() | _media() | _tools(dialect, facts) | _choices() | _rest(dialect, facts) | plain


def _messages() -> dict[str, list[Asked]]:
    system = Message(role=Role.SYSTEM, content=(Text(text="Be brief."),))
    developer = Message(role=Role.DEVELOPER, content=(Text(text="Be brief."),))
    ok = Message(role=Role.ASSISTANT, content=(Text(text="Fine."),))
    beginning = Message(role=Role.ASSISTANT, content=(Text(text="It is"),))
    refused = Message(role=Role.ASSISTANT, content=(Refusal(text="I will not."),))
    named = Message(role=Role.USER, name="li", content=HI.content)
    marked = Message(role=Role.USER, content=(Text(text="Long text.", cache=Cache()), Text(text="Hm?")))
    return {
        "system": [Asked(asks(system, HI), texts)],
        "system_later": [Asked(asks(HI, ok, system, HI), texts)],
        "developer": [Asked(asks(developer, HI), texts)],
        "name": [Asked(asks(named), lambda found: [message.name for message in found.messages])],
        "assistant_prefill": [Asked(asks(HI, beginning), texts)],
        "refusal": [
            Asked(asks(HI, refused, HI), lambda found: [part.text for part in parts_of(found, Refusal)])
        ],
        "cache_marks": [
            Asked(asks(marked), lambda found: [part.cache is not None for part in parts_of(found, Text)])
        ],
    }


def _media() -> dict[str, list[Asked]]:
    pdf = b"%PDF-1.4 x"
    return {
        "image_bytes": [Asked(asks(user(Image(data=PNG, media_type="image/png"))), media(Image, "data"))],
        "image_url": [Asked(asks(user(Image(url="https://a.example/b.png"))), media(Image, "url"))],
        "image_file_id": [Asked(asks(user(Image(file_id="file-1"))), media(Image, "file_id"))],
        "image_detail": [
            Asked(asks(user(Image(data=PNG, media_type="image/png", detail="low"))), media(Image, "detail"))
        ],
        "audio_in": [
            Asked(asks(user(Audio(data=b"RIFF0000WAVE", format="wav"))), media(Audio, "data", "format"))
        ],
        "video_bytes": [Asked(asks(user(Video(data=b"film", media_type="video/mp4"))), media(Video, "data"))],
        "video_url": [Asked(asks(user(Video(url="https://a.example/b.mp4"))), media(Video, "url"))],
        "file_bytes": [
            Asked(
                asks(user(File(data=pdf, name="a.pdf", media_type="application/pdf"))),
                media(File, "data", "media_type"),
            )
        ],
        "file_url": [Asked(asks(user(File(url="https://a.example/b.pdf"))), media(File, "url"))],
        "file_id": [Asked(asks(user(File(file_id="file-1"))), media(File, "file_id"))],
        "audio_out": [
            Asked(
                asks(audio=AudioOutput(voice="alloy", format="wav"), modalities=("text", "audio")),
                field("audio", "modalities"),
            )
        ],
    }


def _tools(dialect: str, facts: dict[str, Any]) -> dict[str, list[Asked]]:
    server = facts.get("server_tool", {"type": "our_own"})
    custom = CustomTool(name="shell", description="Runs a line")
    shell = ToolCall(id="call_shell", name="shell", arguments="ls -l", kind="custom")
    ran = Message(role=Role.TOOL, content=(ToolResult(call_id="call_shell", content=(Text(text="x"),)),))
    return {
        "tools": [
            Asked(asks(tools=(WEATHER, TIME)), functions),
            Asked(tool_turn("weather"), lambda found: (calls(found), results(found))),
        ],
        "parallel_calls": [
            Asked(tool_turn("weather", "time"), lambda found: (calls(found), results(found))),
        ],
        "serial_tools": [
            Asked(asks(tools=(WEATHER,), parallel_tool_calls=False), field("parallel_tool_calls"))
        ],
        "strict_tools": [
            Asked(
                asks(tools=(msgspec.structs.replace(WEATHER, strict=True),)),
                lambda found: [tool.strict for tool in found.tools if isinstance(tool, FunctionTool)],
            )
        ],
        "custom_tools": [
            Asked(asks(tools=(custom,)), field("tools")),
            Asked(asks(HI, Message(role=Role.ASSISTANT, content=(shell,)), ran, tools=(custom,)), calls),
        ],
        "server_tools": [
            Asked(
                asks(
                    tools=(ServerTool(replay=Replay(dialect=dialect, json=Raw(msgspec.json.encode(server)))),)
                ),
                lambda found: [
                    msgspec.json.decode(tool.replay.json)
                    for tool in found.tools
                    if isinstance(tool, ServerTool)
                ],
            )
        ],
        "tool_result_images": [
            Asked(tool_turn("weather", results=(Image(data=PNG, media_type="image/png"),)), images_of_results)
        ],
        "tool_result_error": [
            Asked(
                tool_turn("weather", is_error=True),
                lambda found: [part.is_error for part in parts_of(found, ToolResult)],
            )
        ],
    }


def _choices() -> dict[str, list[Asked]]:
    return {
        "tool_choice_none": [chosen("none")],
        "tool_choice_auto": [chosen("auto")],
        "tool_choice_required": [chosen("required")],
        "tool_choice_named": [chosen("required", "weather")],
        "tool_choice_allowed": [chosen("auto", "weather", "time")],
    }


def _rest(dialect: str, facts: dict[str, Any]) -> dict[str, list[Asked]]:
    return {
        "thinking_replay": [
            Asked(
                thought(
                    *[replays(facts.get(name), dialect) for name in ("thinking_replay", "answer_replay")]
                ),
                thoughts,
            )
        ],
        "reasoning_off": [Asked(asks(reasoning=Reasoning(enabled=False)), _thinks)],
        "reasoning_on": [Asked(asks(reasoning=Reasoning(enabled=True)), _thinks)],
        "reasoning_effort": [
            Asked(
                asks(reasoning=Reasoning(effort="high")),
                lambda found: None if found.reasoning is None else found.reasoning.effort,
            )
        ],
        "reasoning_budget": [
            Asked(
                asks(reasoning=Reasoning(budget=2048)),
                lambda found: None if found.reasoning is None else found.reasoning.budget,
            )
        ],
        "json_object": [Asked(asks(response_format=ResponseFormat(type="json_object")), schema_of)],
        "json_schema": [
            Asked(
                asks(response_format=ResponseFormat(type="json_schema", name="place", schema=SCHEMA)),
                schema_of,
            )
        ],
        "logprobs": [Asked(asks(logprobs=True, top_logprobs=2), field("logprobs", "top_logprobs"))],
        "search": [Asked(asks(search=Search()), field("search"))],
        "stream": [Asked(asks(stream=True), field("stream"))],
    }


def _plain(facts: dict[str, Any]) -> dict[str, Any]:
    """Features that are one field of a request."""
    return {
        "temperature": 0.5,
        "top_p": 0.5,
        "top_k": 5,
        "min_p": 0.25,
        "frequency_penalty": 0.5,
        "presence_penalty": 0.5,
        "repetition_penalty": 1.5,
        "seed": 7,
        "stop": ("END",),
        "logit_bias": {"1234": -5.0},
        "max_tokens": 64,
        "n": 2,
        "verbosity": "low",
        "prediction": "It is 12 °C.",
        "prompt_cache_key": "key-1",
        "service_tier": facts.get("service_tier", "priority"),
        "store": True,
        "metadata": {"room": "9"},
        "user": "user-1",
    }


def _thinks(request: ChatRequest) -> object:
    """Whether thinking is switched off, however that was said."""
    asked = request.reasoning
    return None if asked is None else not (asked.enabled is False or asked.effort == "none")


def told(dialect: str, facts: dict[str, Any]) -> dict[str, list[Told]]:
    """The replies."""
    call = ToolCall(id="call_1", name="weather", arguments='{"city":"北京"}')
    other = ToolCall(id="call_2", name="time", arguments='{"city":"北京"}')
    shell = ToolCall(id="call_1", name="shell", arguments="ls -l", kind="custom")
    sound = Audio(id="audio-1", data=b"sound!", transcript="It is.", expires_at=1_760_000_999)
    cited = Text(
        text="It is 12 °C.",
        citations=(Citation(url="https://a.example/w", title="Weather", start=0, end=12),),
    )
    token = TokenLogprob(token="It", logprob=-0.5, bytes=(73, 116))
    thinking = Thinking(text="I must look.", replay=replays(facts.get("thinking_replay"), dialect))
    text = Text(text="It is 12 °C.")
    tool_calls = FinishReason.TOOL_CALLS
    n = said(text).choices[0]
    two = msgspec.structs.replace(said(text), choices=(n, msgspec.structs.replace(n, index=1)))
    return {
        "thinking": [Told(said(thinking, text), lambda found: (found.thinking, found.text))],
        "refusal": [
            Told(said(Refusal(text="I will not."), reason=FinishReason.REFUSAL), lambda found: found.refusal)
        ],
        "tools": [Told(said(call, reason=tool_calls), calls)],
        "parallel_calls": [Told(said(call, other, reason=tool_calls), calls)],
        "custom_tools": [Told(said(shell, reason=tool_calls), calls)],
        "citations": [Told(said(cited), _cited)],
        "logprobs": [Told(said(text, logprobs=(token,)), _tokens)],
        "audio_out": [Told(said(sound), lambda found: _held(found, Audio))],
        "image_out": [
            Told(said(text, Image(data=PNG, media_type="image/png")), lambda found: _held(found, Image))
        ],
        "n": [Told(two, lambda found: [choice.message.text for choice in found.choices])],
        "stream_usage": [Told(said(text), lambda found: (found.usage.input, found.usage.output), (True,))],
        "usage_cached": [
            Told(
                msgspec.structs.replace(
                    said(text), usage=Usage(input_uncached=11, cache_read=5, output_visible=7)
                ),
                lambda found: (found.usage.input, found.usage.cache_read),
            )
        ],
        "usage_reasoning": [
            Told(
                msgspec.structs.replace(
                    said(thinking, text), usage=Usage(input_uncached=11, output_visible=7, reasoning=3)
                ),
                lambda found: (found.usage.output, found.usage.reasoning),
            )
        ],
    }


def _cited(response: ChatResponse) -> object:
    return [citation.url for part in response.message.content for citation in part.citations]


def _tokens(response: ChatResponse) -> object:
    found = response.choices[0].logprobs
    return None if found is None else [(token.token, token.logprob) for token in found]


def _held(response: ChatResponse, kind: type[Audio | Image]) -> object:
    return [part.data for part in response.message.content if isinstance(part, kind)]
