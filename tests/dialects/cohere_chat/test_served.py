"""Being the provider: callers' bodies, and what replies look like on the wire."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import Raw

from baimo.dialects.cohere_chat import DIALECT
from baimo.dialects.cohere_chat.message import PLANNED
from baimo.errors import (
    AuthError,
    ConfigError,
    ContextTooLongError,
    Error,
    InputError,
    NotFoundError,
    OverloadedError,
    QuotaError,
    RateLimitedError,
    ServerError,
    TimedOutError,
    TransportError,
)
from baimo.types.chat import ChatRequest, FinishReason, Message, Reasoning, ResponseFormat, Role, TokenLogprob
from baimo.types.content import (
    Citation,
    Image,
    Opaque,
    Part,
    Refusal,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from baimo.types.events import (
    ChatEvent,
    Finished,
    LogprobsReported,
    PartDelta,
    PartEnded,
    PartStarted,
    Started,
    UsageReported,
    Withdrawn,
)
from baimo.types.tools import ServerTool, ToolChoice
from baimo.types.usage import Usage
from tests.conformance.playing import play
from tests.dialects.cohere_chat.asking import JSON, SSE, asked, posted, request, site

ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.mark.parametrize(
    ("method", "target", "operation"),
    [
        ("POST", b"/v2/chat", "chat"),
        ("POST", b"/v2/chat/?x=1", "chat"),
        ("POST", b"/v2/embed", "embed"),
        ("POST", b"/v2/rerank", "rerank"),
        ("POST", b"/v1/rerank", "rerank"),
        ("POST", b"/v1/tokenize", "count"),
        ("GET", b"/v1/models?page_size=1", "models"),
        ("GET", b"/v1/models/command-a", "describe"),
        ("POST", b"/v1/models/command-a", None),
        ("GET", b"/v2/chat", None),
        ("POST", b"/v1/chat", None),
    ],
)
def test_an_address_tells_the_operation(method: str, target: bytes, operation: str | None) -> None:
    assert DIALECT.operation(method, target, ()) == operation


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"messages": []}, "messages: must hold at least one"),
        ({"messages": [{"role": "boss", "content": "x"}]}, r"messages\[0\]\.role: Invalid enum value"),
        ({"messages": [{"role": "user"}]}, r"messages\[0\]\.content: is required"),
        ({"messages": [{"role": "tool", "content": "x"}]}, r"messages\[0\]\.tool_call_id: is required"),
        ({"messages": [{"role": "tool", "tool_call_id": "c"}]}, r"messages\[0\]\.content: is required"),
        ({"messages": [{"role": "user", "content": [{}]}]}, r"content\[0\]\.type: is required"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, r"content\[0\]\.text: must be"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            "image_url: must be an object",
        ),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "image_url", "image_url": {"url": "data:a/b;base64,?"}}],
                    }
                ]
            },
            "no valid base64",
        ),
        (
            {"messages": [{"role": "tool", "tool_call_id": "c", "content": [{"type": "document"}]}]},
            r"content\[0\]\.document\.data: is required",
        ),
        (
            {"messages": [{"role": "tool", "tool_call_id": "c", "content": [{"type": "new"}]}]},
            "texts and documents only",
        ),
        ({"messages": [{"role": "assistant", "tool_calls": [{"id": "c"}]}]}, "function: is required"),
        ({"tools": [{"type": "function"}]}, r"tools\[0\]\.function: Expected `object`"),
        ({"tool_choice": "AUTO"}, "tool_choice: Invalid enum value"),
        ({"k": "x"}, "k: Expected"),
    ],
)
def test_a_wrong_body_is_refused_by_the_name_of_its_field(change: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        asked({**ASK, **change})


def test_a_body_that_is_no_json_is_refused() -> None:
    for raw in (b"", b"{", b"\xff"):
        with pytest.raises(InputError, match="no valid JSON"):
            asked(raw)
    with pytest.raises(InputError, match="the body: Expected"):
        asked(b"[]")


def test_a_body_comes_in_pieces_as_well() -> None:
    class Pieces:
        def chunks(self) -> list[bytes]:
            raw = msgspec.json.encode(ASK)
            return [raw[:9], raw[9:]]

    wire = msgspec.structs.replace(posted(b""), body=Pieces())
    assert DIALECT.decode_request(wire).model == "m"


def test_everything_that_is_asked_for_is_understood() -> None:
    found = asked(
        {
            **ASK,
            "stream": True,
            "tools": [{"type": "function", "function": {"name": "f"}}, {"type": "new", "n": 1}],
            "strict_tools": True,
            "tool_choice": "NONE",
            "p": 0.5,
            "k": 3,
            "response_format": {"type": "json_object", "json_schema": {"a": 1}},
            "thinking": {"type": "disabled"},
            "documents": ["x"],
        }
    )
    function, server = found.tools
    assert getattr(function, "strict", None) is True
    assert isinstance(server, ServerTool)
    assert found.tool_choice == ToolChoice(mode="none")
    assert found.response_format == ResponseFormat(type="json_schema", schema={"a": 1})
    assert found.reasoning == Reasoning(enabled=False)
    assert found.foreign is not None
    assert msgspec.json.decode(found.foreign.json) == {"documents": ["x"]}
    plain = asked({**ASK, "response_format": {"type": "text"}, "tool_choice": "REQUIRED", "thinking": {}})
    assert plain.response_format == ResponseFormat(type="text")
    assert plain.tool_choice == ToolChoice(mode="required")
    assert plain.reasoning == Reasoning(enabled=True)


def test_messages_of_every_kind_are_understood() -> None:
    url = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": 1}}
    document = {"type": "document", "document": {"data": "18C", "id": "d"}}
    found = asked(
        {
            "model": "m",
            "messages": [
                {"role": "developer", "content": "Be brief.", "new": 1},
                {"role": "user", "content": [url, {"type": "chart"}]},
                {
                    "role": "assistant",
                    "content": [{"type": "thinking", "thinking": "Hm."}],
                    "tool_plan": "Ask.",
                },
                {"role": "assistant"},
                {"role": "tool", "tool_call_id": "c", "content": [document, {"type": "text", "text": "x"}]},
            ],
        }
    ).messages
    assert found[0].role is Role.DEVELOPER
    assert found[0].replay is not None
    assert found[1].content == (
        Image(data=b"\0\0\0", media_type="image/png"),
        Opaque(dialect="cohere_chat", json=Raw(b'{"type":"chart"}')),
    )
    assert found[2].content == (Thinking(text="Hm."), Thinking(text="Ask.", replay=PLANNED))
    assert found[3].text == ""
    (result,) = found[4].content
    assert isinstance(result, ToolResult)
    assert [piece.text for piece in result.content if isinstance(piece, Text)] == ["18C", "x"]


def spoken(*events: ChatEvent, of: ChatRequest | None = None) -> list[dict[str, Any]]:
    """The events of a stream."""
    encoder = DIALECT.encoder(of or request(stream=True))
    items = [item for event in events for item in encoder.feed(event)] + encoder.end()
    assert items[-1] == b"data: [DONE]\n\n"
    assert all(item.startswith(b"event: ") for item in items[:-1])
    return [msgspec.json.decode(item.partition(b"data: ")[2]) for item in items[:-1]]


def part(index: int, part: Part, *texts: str, citations: tuple[Citation, ...] = ()) -> list[ChatEvent]:
    deltas: list[ChatEvent] = [PartDelta(index=index, text=text) for text in texts]
    return [PartStarted(index=index, part=part), *deltas, PartEnded(index=index, citations=citations)]


def test_a_stream_is_written_as_the_service_writes_it() -> None:
    found = spoken(
        Started(id="r-1", model="m"),
        *part(0, Thinking(), "Hm."),
        *part(1, Thinking(replay=PLANNED, text="I"), " ask."),
        *part(2, ToolCall(id="c", name="f", arguments="{"), "}"),
        UsageReported(usage=Usage(input_uncached=1, cache_read=2, output_visible=3, reasoning=4, image_in=5)),
        Finished(reason=FinishReason.TOOL_CALLS),
    )
    assert [one["type"] for one in found] == [
        "message-start", "content-start", "content-delta", "content-end", "tool-plan-delta",
        "tool-plan-delta", "tool-call-start", "tool-call-delta", "tool-call-delta", "tool-call-end",
        "message-end",
    ]  # fmt: skip
    assert found[0]["id"] == "r-1"
    assert found[1]["delta"]["message"]["content"] == {"type": "thinking", "thinking": ""}
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}
    assert found[6]["delta"]["message"]["tool_calls"] == call
    assert found[-1]["delta"] == {
        "finish_reason": "TOOL_CALL",
        "usage": {
            "billed_units": {"input_tokens": 8, "output_tokens": 7},
            "tokens": {"input_tokens": 8, "output_tokens": 7, "reasoning_tokens": 4, "image_tokens": 5},
            "cached_tokens": 2,
        },
    }


def test_what_is_billed_is_told_apart_from_what_was_read() -> None:
    usage = Usage(input_uncached=60, output_visible=9, billed_input=4, billed_output=3)
    told = spoken(UsageReported(usage=usage))[-1]["delta"]["usage"]
    assert told["billed_units"] == {"input_tokens": 4, "output_tokens": 3}
    assert told["tokens"] == {"input_tokens": 60, "output_tokens": 9}


def test_sources_that_are_results_of_tools_are_told_as_such() -> None:
    message = Message(role=Role.TOOL, content=(ToolResult(call_id="w_1"),))
    citations = (
        Citation(start=0, end=2, source="w_1:0", quote="rain"),
        Citation(source="doc", title="T", url="https://a.example"),
    )
    found = spoken(*part(0, Text(text="It rains."), citations=citations), of=request(message, stream=True))
    told = [one["delta"]["message"]["citations"] for one in found if one["type"] == "citation-start"]
    assert told[0] == {
        "text": "It",
        "start": 0,
        "end": 2,
        "sources": [{"type": "tool", "id": "w_1:0", "tool_output": {"content": "rain"}}],
        "type": "TEXT_CONTENT",
        "content_index": 0,
    }
    source = {"type": "document", "id": "doc", "document": {"title": "T", "url": "https://a.example"}}
    assert told[1]["sources"] == [source]
    assert [one["index"] for one in found if one["type"] == "citation-end"] == [0, 1]


def test_a_plan_may_cite() -> None:
    cited = (Citation(start=0, end=1, source="d"),)
    plan = Thinking(text="Ask.", replay=PLANNED, citations=cited)
    encoder = DIALECT.encoder(request())
    encoder.feed(PartStarted(index=0, part=plan))
    (body,) = encoder.end()
    message = msgspec.json.decode(body)["message"]
    assert message["tool_plan"] == "Ask."
    assert message["citations"][0]["type"] == "PLAN"
    found = spoken(*part(0, Thinking(replay=PLANNED), "Ask.", citations=cited))
    assert found[2]["delta"]["message"]["citations"]["type"] == "PLAN"


def test_what_this_wire_cannot_show_is_left_out() -> None:
    chart = Opaque(dialect="cohere_chat", json=Raw(b'{"type":"chart"}'))
    other = Opaque(dialect="other", json=Raw(b"{}"))
    events: list[ChatEvent] = [
        *part(0, other, "x"),
        *part(1, chart),
        *part(2, Image(url="https://a.example")),
        PartStarted(index=0, part=Text(text="second"), choice=1),
        Withdrawn(reason="x"),
        *part(3, Refusal(text="No.")),
    ]
    found = spoken(*events)
    kinds = ["message-start", "content-start", "content-end", "content-start", "content-delta", "content-end"]
    assert [one["type"] for one in found] == [*kinds, "message-end"]
    encoder = DIALECT.encoder(request())
    for event in events:
        encoder.feed(event)
    message = msgspec.json.decode(encoder.end()[0])["message"]
    assert message["content"] == [{"type": "chart"}, {"type": "text", "text": "No."}]


@pytest.mark.parametrize("stream", [True, False])
def test_log_probabilities_are_told(stream: bool) -> None:
    encoder = DIALECT.encoder(request(stream=stream))
    events = [*part(0, Text(text="Hi")), LogprobsReported(tokens=(TokenLogprob(token="Hi", logprob=-0.5),))]
    items = [item for event in events for item in encoder.feed(event)] + encoder.end()
    found, error = play(DIALECT.decoder(SSE if stream else JSON, site()), items)
    assert error is None
    told = [event.tokens for event in found if isinstance(event, LogprobsReported)]
    assert told == [(TokenLogprob(token="Hi", logprob=-0.5),)]


@pytest.mark.parametrize("stream", [True, False])
def test_a_reply_of_nothing_is_complete(stream: bool) -> None:
    encoder = DIALECT.encoder(request(stream=stream))
    assert encoder.head().media_type == ("text/event-stream" if stream else "application/json")
    assert b'"finish_reason":"COMPLETE"' in b"".join(encoder.end())


@pytest.mark.parametrize("stream", [True, False])
def test_a_failure_in_the_middle_is_an_error_to_the_caller(stream: bool) -> None:
    encoder = DIALECT.encoder(request(stream=stream))
    items = encoder.error(ServerError("it broke \ud800"))
    _, error = play(DIALECT.decoder(SSE if stream else JSON, site()), items)
    assert isinstance(error, ServerError)
    assert error.message == "it broke ?"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (AuthError("x"), 401),
        (QuotaError("x"), 402),
        (NotFoundError("x"), 404),
        (ContextTooLongError("x"), 400),
        (RateLimitedError("x", retry_after=2), 429),
        (OverloadedError("x"), 503),
        (ServerError("x", request_id="r"), 500),
        (InputError("x"), 400),
        (ConfigError("x"), 500),
        (TimedOutError("x"), 504),
        (TransportError("x"), 502),
    ],
)
def test_an_error_of_ours_becomes_a_refusal(error: Error, status: int) -> None:
    head, body = DIALECT.encode_error(error)
    assert head.status == status
    assert head.get(b"retry-after") == ("2" if error.retry_after else None)
    told = msgspec.json.decode(body)
    assert told == {"message": "x", **({"id": "r"} if error.request_id else {})}
