"""Being the provider: requests are understood, and replies have the form that was asked for."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import Raw

from baimo.dialects.dashscope import DIALECT
from baimo.dialects.dashscope.errors import encode_error
from baimo.dialects.dashscope.served_message import converted, decode_message, named
from baimo.dialects.dashscope.served_reply import StreamEncoder, WholeEncoder, call_id
from baimo.dialects.dashscope.served_request import decode_request
from baimo.dialects.dashscope.words import OURS, Form, encode_finish, form_of
from baimo.errors import (
    AuthError,
    ContentFilteredError,
    Error,
    InputError,
    NotFoundError,
    OverloadedError,
    ProviderError,
    QuotaError,
    RateLimitedError,
    ServerError,
    StreamInterrupted,
    TimedOutError,
)
from baimo.types.chat import ChatRequest, FinishReason, Reasoning, ResponseFormat
from baimo.types.content import (
    Audio,
    Cache,
    Citation,
    Image,
    Opaque,
    Refusal,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
)
from baimo.types.events import ChatEvent, Finished, PartDelta, PartEnded, PartStarted, Started, UsageReported
from baimo.types.fold import fold
from baimo.types.tools import FunctionTool, Search, ServerTool, ToolChoice
from baimo.types.usage import Usage
from baimo.wire.http import SocketRequest, WireRequest
from tests.conformance.playing import play
from tests.dialects.dashscope.asking import asked_for, body_of, post, request, site


def body(*messages: Any, model: str = "qwen-plus", **parameters: Any) -> dict[str, Any]:
    told = messages or ({"role": "user", "content": "Hi"},)
    return {"model": model, "input": {"messages": list(told)}, "parameters": parameters}


def again(told: dict[str, Any], **how: Any) -> dict[str, Any]:
    """The body that our own client makes of a caller's."""
    return body_of(DIALECT.encode_request(asked_for(told, **how), site()))


FULL = body(
    {"role": "system", "content": "Be brief"},
    {"role": "user", "content": "Hi"},
    result_format="message",
    temperature=0.5,
    top_p=0.8,
    top_k=5,
    repetition_penalty=1.1,
    presence_penalty=0.2,
    seed=3,
    stop=["a", "b"],
    max_tokens=9,
    n=2,
    logprobs=True,
    top_logprobs=2,
    tools=[
        {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}
    ],
    tool_choice={"type": "function", "function": {"name": "f"}},
    parallel_tool_calls=False,
    response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": {}, "strict": True}},
    enable_thinking=True,
    thinking_budget=7,
    enable_search=True,
    search_options={"enable_source": True, "forced_search": True, "enable_citation": True},
    incremental_output=True,
    brand_new={"a": 1},
)


def test_all_that_is_documented_is_understood_and_comes_back() -> None:
    asked = asked_for(FULL, sse=True)
    assert (asked.temperature, asked.top_p, asked.top_k, asked.seed, asked.n) == (0.5, 0.8, 5, 3, 2)
    assert (asked.stop, asked.max_tokens, asked.logprobs, asked.top_logprobs) == (("a", "b"), 9, True, 2)
    assert asked.tool_choice == ToolChoice(mode="required", allowed=("f",))
    assert asked.reasoning == Reasoning(enabled=True, budget=7)
    assert asked.search == Search(required=True)
    assert asked.stream
    assert form_of(asked) == OURS
    assert again(FULL, sse=True) == FULL


def test_a_prompt_is_a_message_and_stays_a_prompt() -> None:
    told = {"model": "qwen-turbo", "input": {"prompt": "Hi", "history": []}, "parameters": {}}
    asked = asked_for(told, sse=True)
    assert asked.messages[0].text == "Hi"
    assert form_of(asked) == Form(prompt=True, result=None, incremental=None)
    assert again(told, sse=True) == told


def test_what_stands_beside_the_parameters_goes_on_to_this_wire() -> None:
    told = {**body(result_format="message"), "resources": [1]}
    assert again(told) == told
    without = {"model": "m", "input": {"messages": [{"role": "user", "content": "Hi"}]}}
    assert again(without) == {**without, "parameters": {}}


def test_a_request_of_the_multimodal_address_stays_there() -> None:
    told = body(
        {"role": "user", "content": [{"image": "https://a.example/a.png"}, {"text": "Hi"}]},
        vl_high_resolution_images=True,
    )
    asked = asked_for(told, multimodal=True)
    assert asked.messages[0].content[0] == Image(url="https://a.example/a.png", detail="high")
    assert again(told, multimodal=True) == told
    words = body({"role": "user", "content": [{"text": "Hi"}]}, vl_high_resolution_images=False)
    assert again(words, multimodal=True) == words


def test_parts_of_all_kinds_are_understood() -> None:
    parts = [
        {"text": "a", "cache_control": {"type": "ephemeral"}},
        {"type": "text", "text": "b"},
        {"image": "data:image/gif;base64,R0lG"},
        {"audio": "data:audio/mp3;base64,AAAA"},
        {"audio": "https://a.example/a.wav"},
        {"video": "https://a.example/a.mp4", "fps": 2},
        {"video": "data:video/mp4;base64,AAAA"},
        {"video": ["https://a.example/1.png"], "fps": 2},
        {"image": "https://a.example/a.png", "min_pixels": 9},
    ]
    content = asked_for(body({"role": "user", "content": parts}), multimodal=True).messages[0].content
    assert content[:7] == (
        Text(text="a", cache=Cache()),
        Text(text="b"),
        Image(data=b"GIF", media_type="image/gif"),
        Audio(data=b"\0\0\0", format="mp3"),
        Audio(url="https://a.example/a.wav"),
        Video(url="https://a.example/a.mp4", fps=2.0),
        Video(data=b"\0\0\0", media_type="video/mp4"),
    )
    assert all(isinstance(part, Opaque) for part in content[7:])
    told = again(body({"role": "user", "content": parts}), multimodal=True)["input"]["messages"][0]["content"]
    assert told[:1] + told[2:] == parts[:1] + parts[2:]


CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def test_results_find_their_calls() -> None:
    told = body(
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "", "tool_calls": [CALL, {**CALL, "id": ""}, {**CALL, "id": "c3"}]},
        {"role": "tool", "content": "1", "tool_call_id": "c3", "id": "x", "name": "f"},
        {"role": "tool", "content": "2", "id": "c1", "name": "f", "extra": {"a": 1}},
        {"role": "tool", "content": "3"},
        {"role": "tool", "content": "4", "tool_call_id": "c9"},
        result_format="message",
    )
    messages = asked_for(told).messages
    results = [part for message in messages for part in message.content if isinstance(part, ToolResult)]
    assert [result.call_id for result in results] == ["c3", "c1", "call_1_1", "c9"]
    assert results[0].name == "f"
    wire = again(told)["input"]["messages"]
    assert wire[2:4] == told["input"]["messages"][2:4]
    assert wire[4]["tool_call_id"] == "call_1_1"


def test_an_answer_keeps_its_reasoning_and_its_calls() -> None:
    told = body({"role": "assistant", "reasoning_content": "hm", "content": None, "tool_calls": [CALL]})
    assert asked_for(told).messages[0].content == (
        Thinking(text="hm"),
        ToolCall(id="c1", name="f", arguments="{}"),
    )
    begun = body({"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "partial": True})
    assert asked_for(begun).messages[-1].text == "b"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (b"{oops", "no valid JSON"),
        ({"model": "m"}, "input: is required"),
        ({"model": "m", "input": {}}, "cannot both be none"),
        ({"model": "m", "input": {"messages": []}}, "cannot both be none"),
        ({"model": "m", "input": {"messages": 3}}, "input.messages"),
        (body({"role": "owner", "content": "a"}), r"input.messages\[0\].role"),
        (body({"role": "tool", "content": "a"}), "tool_call_id: is required"),
        (body({"role": "tool", "content": "a", "id": 3}), r"messages\[0\].id"),
        (body({"role": "user", "content": [{"image": "data:image/png;base64,%"}]}), "no valid base64"),
        (body(temperature="hot"), "parameters.temperature"),
        (body(tools=[{"type": "function", "function": {}}]), r"tools\[0\].function.name: is required"),
        (body(tool_choice="required"), "tool_choice"),
        (body(tool_choice={}), "tool_choice.function"),
        (body(response_format={"type": "xml"}), "response_format"),
        (body(enable_search=True, search_options=3), "search_options"),
    ],
)
def test_what_cannot_be_understood_names_its_field(told: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        decode_request(post(told))
    assert named("Expected `int`") == "the body: Expected `int`"
    with pytest.raises(InputError, match="x: "):
        converted("a", int, "x")


def test_a_socket_is_no_request_of_this_wire() -> None:
    wire: WireRequest = SocketRequest(origin="ws://h", target=b"/")
    with pytest.raises(InputError, match="plain HTTP"):
        DIALECT.decode_request(wire)


def test_older_words_are_kept() -> None:
    tools = [{"type": "function", "function": {"name": "f", "parameters": [{"name": "a"}]}}, {"type": "code"}]
    asked = asked_for(
        body(tools=tools, tool_choice="auto", stop="x", response_format={"type": "json_object"})
    )
    assert all(isinstance(tool, ServerTool) for tool in asked.tools)
    assert asked.stop == ("x",)
    assert asked.response_format == ResponseFormat(type="json_object")
    assert asked.tool_choice == ToolChoice(mode="auto")
    assert asked_for(body(tool_choice="none")).tool_choice == ToolChoice(mode="none")
    assert again(body(tools=tools, result_format="message"))["parameters"]["tools"] == tools
    assert isinstance(asked_for(body(tools=[{"function": {"name": "f"}}])).tools[0], FunctionTool)


def test_search_is_understood_as_far_as_there_are_words() -> None:
    plain = body(result_format="message", enable_search=True, search_options={"enable_source": True})
    assert again(plain) == plain
    assert asked_for(body(enable_search=False, search_options={"a": 1})).search is None
    asked = asked_for(
        body(enable_search=True, search_options={"search_strategy": "max", "assigned_site_list": ["a.cn"]})
    )
    assert asked.search == Search(context_size="high", allowed_domains=("a.cn",))
    told = body(enable_search=True, search_options={"search_strategy": "agent", "freshness": 7})
    assert again(told)["parameters"]["search_options"] == {
        "search_strategy": "agent",
        "freshness": 7,
        "enable_source": False,
    }
    off = body(result_format="message", enable_search=False, search_options={"a": 1})
    assert again(off) == off


def events(*, choices: int = 1) -> list[ChatEvent]:
    found: list[ChatEvent] = [Started(id="r-7", model="m")]
    for choice in range(choices):
        parts: list[tuple[Any, str]] = [
            (Thinking(text="th"), "ink"),
            (Text(text=""), "words"),
            (Refusal(text=""), "no"),
            (Image(url="https://a.example/a.png"), ""),
            (Image(data=b"a"), ""),
            (Opaque(dialect="dashscope", json=Raw(b'{"box":[1]}')), ""),
            (Opaque(dialect="other", json=Raw(b"{}")), "lost"),
        ]
        for index, (part, text) in enumerate(parts):
            found.append(PartStarted(index=index, part=part, choice=choice))
            if text:
                found.append(PartDelta(index=index, text=text, choice=choice))
            found.append(PartEnded(index=index, choice=choice))
        found.append(Finished(reason=FinishReason.STOP, choice=choice))
    source = Citation(url="https://a.example", source="4")
    found[-2] = PartEnded(index=6, citations=(source, Citation(title="b")), choice=choices - 1)
    return found


def served(asked: ChatRequest, found: list[ChatEvent]) -> bytes:
    encoder = DIALECT.encoder(asked)
    items = [item for event in found for item in encoder.feed(event)]
    return b"".join(items + encoder.end())


FORMS = [
    {"result_format": "message", "incremental_output": True},
    {"result_format": "message", "incremental_output": False},
    {"result_format": "message"},
    {"incremental_output": True},
    {},
]


@pytest.mark.parametrize("multimodal", [False, True])
@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("sse", [False, True])
def test_a_reply_has_the_form_that_was_asked_for(sse: bool, form: dict[str, Any], multimodal: bool) -> None:
    asked = asked_for(body(**form), sse=sse, multimodal=multimodal)
    raw = served(asked, events())
    found, error = play(DIALECT.decoder_for(asked, DIALECT.encoder(asked).head(), site()), [raw])
    assert error is None
    got = fold(found)
    assert (got.text, got.thinking) == ("wordsno", "think")
    messages = form.get("result_format") == "message" or multimodal
    assert (b'"choices"' in raw) is messages
    assert (b'"text":"wordsno"' in raw or b'"content":"wordsno"' in raw) or sse
    repeats = sse and not form.get("incremental_output")
    assert (raw.count(b"think") > 1) is repeats
    assert [c.url for part in got.message.content for c in part.citations] == ["https://a.example", None]
    assert any(isinstance(part, Image) for part in got.message.content) is messages


def test_calls_of_tools_come_as_messages_whatever_was_asked_for() -> None:
    tools = [{"type": "function", "function": {"name": "f"}}]
    call = ToolCall(id="c1", name="f", arguments="")
    found: list[ChatEvent] = [
        PartStarted(index=0, part=call),
        PartDelta(index=0, text="{}"),
        PartEnded(index=0),
        Finished(reason=FinishReason.TOOL_CALLS),
    ]
    for sse in (False, True):
        asked = asked_for(body(tools=tools), sse=sse)
        raw = served(asked, found)
        again, _ = play(DIALECT.decoder_for(asked, DIALECT.encoder(asked).head(), site()), [raw])
        assert fold(again).tool_calls == (ToolCall(id="c1", name="f", arguments="{}"),)


def test_counts_of_a_stream_are_of_the_choice_that_is_told() -> None:
    asked = asked_for(body(n=2, incremental_output=True, result_format="message"), sse=True)
    found = events(choices=2)
    found.append(UsageReported(usage=Usage(input_uncached=5, output_visible=9)))
    again, _ = play(DIALECT.decoder_for(asked, DIALECT.encoder(asked).head(), site()), [served(asked, found)])
    assert (fold(again).usage.input, fold(again).usage.output) == (5, 9)
    assert len(fold(again).choices) == 2


def test_a_reply_of_nothing_ends_all_the_same() -> None:
    encoder = StreamEncoder(request(stream=True))
    assert b'"finish_reason":"stop"' in b"".join(encoder.end())
    assert encoder.feed(Started()) == []


def test_ids_are_those_of_the_service_in_form_and_stay() -> None:
    assert call_id(request()) == call_id(request())
    assert [len(part) for part in call_id(request()).split("-")] == [8, 4, 4, 4, 12]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ContentFilteredError("a"), 400, "DataInspectionFailed"),
        (AuthError("a"), 401, "InvalidApiKey"),
        (NotFoundError("a"), 404, "ModelNotFound"),
        (QuotaError("a"), 400, "Arrearage"),
        (RateLimitedError("a"), 429, "Throttling.RateQuota"),
        (OverloadedError("a"), 503, "ModelServingError"),
        (ServerError("a"), 500, "InternalError"),
        (TimedOutError("a"), 500, "InternalError.Timeout"),
        (InputError("a"), 400, "InvalidParameter"),
        (StreamInterrupted("a"), 500, "InternalError"),
        (RateLimitedError("a", status=429, provider_code="Throttling.AllocationQuota"), 429, None),
        (ServerError("a", status=200, provider_code="InternalError.Algo"), 500, "InternalError.Algo"),
        (QuotaError("a", provider_code="1113"), 400, "Arrearage"),
    ],
)
def test_an_error_is_told_in_this_wires_words(error: Error, status: int, code: str | None) -> None:
    head, raw = DIALECT.encode_error(error)
    told = msgspec.json.decode(raw)
    assert (head.status, told["code"]) == (status, code or "Throttling.AllocationQuota")
    (item,) = StreamEncoder(request(stream=True)).error(error)
    assert b"event:error\n:HTTP_STATUS/%d\ndata:" % status in item
    assert WholeEncoder(request()).error(error) == [encode_error(error)[1]]


def test_an_error_in_a_stream_is_read_as_it_was_meant() -> None:
    encoder = StreamEncoder(request(stream=True))
    items = [item for event in events()[:4] for item in encoder.feed(event)]
    items += encoder.error(RateLimitedError("slow \ud83d down"))
    found, error = play(DIALECT.decoder(encoder.head(), site()), items)
    assert isinstance(error, ProviderError)
    assert isinstance(error, RateLimitedError)
    assert fold(found).thinking == "think"


def test_a_reason_without_a_word_is_the_providers_own_or_stop() -> None:
    assert encode_finish(FinishReason.UNKNOWN, "brand_new") == "brand_new"
    assert encode_finish(FinishReason.UNKNOWN, None) == "stop"
    assert encode_finish(FinishReason.REFUSAL, "refusal") == "stop"


def test_a_message_tells_where_it_is_wrong() -> None:
    with pytest.raises(InputError, match=r"input.messages\[3\].content\[0\].text"):
        decode_message({"role": Raw(b'"user"'), "content": Raw(b'[{"text": 3}]')}, 3, [], sharp=False)
