"""Being the provider: what goes back, whole and as a stream."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import Raw

from baimo.dialects.openai_chat import DIALECT
from baimo.errors import (
    ConfigError,
    ConnectError,
    ContextTooLongError,
    Error,
    InputError,
    RateLimitedError,
    TimedOutError,
)
from baimo.types.chat import FinishReason
from baimo.types.content import Audio, Image, Opaque, Replay, Text, Thinking, ToolCall
from baimo.types.events import (
    ChatEvent,
    Finished,
    PartDelta,
    PartEnded,
    PartStarted,
    Started,
    UsageReported,
    Withdrawn,
)
from baimo.types.usage import Usage
from tests.dialects.openai_chat.asking import request


def streamed(*events: ChatEvent, **fields: Any) -> list[dict[str, Any]]:
    """The chunks of a stream without its end mark."""
    encoder = DIALECT.encoder(request(stream=True, **fields))
    items = [item for event in events for item in encoder.feed(event)] + encoder.end()
    assert items.pop() == b"data: [DONE]\n\n"
    return [msgspec.json.decode(item.removeprefix(b"data: ")) for item in items]


def whole(*events: ChatEvent) -> dict[str, Any]:
    encoder = DIALECT.encoder(request())
    assert [item for event in events for item in encoder.feed(event)] == []
    (body,) = encoder.end()
    decoded: dict[str, Any] = msgspec.json.decode(body)
    return decoded


TEXT: list[ChatEvent] = [
    PartStarted(index=0, part=Text(text="")),
    PartDelta(index=0, text="Hi"),
    PartEnded(index=0),
    Finished(reason=FinishReason.STOP),
]


def test_the_heads_tell_a_stream_from_a_whole_reply() -> None:
    assert DIALECT.encoder(request()).head().media_type == "application/json"
    assert DIALECT.encoder(request(stream=True)).head().media_type == "text/event-stream"


def test_the_first_chunk_of_each_choice_names_the_role() -> None:
    first, *rest = streamed(*TEXT)
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": "Hi"}
    assert all("role" not in chunk["choices"][0]["delta"] for chunk in rest)
    assert first["model"] == "m"


def test_a_reply_without_facts_still_has_what_the_wire_requires() -> None:
    body = whole(*TEXT)
    assert (body["id"], body["created"], body["model"], body["object"]) == (
        "chatcmpl-0",
        0,
        "m",
        "chat.completion",
    )
    assert "usage" not in body
    (chunk, _) = streamed(Started(), *TEXT)
    assert (chunk["id"], chunk["created"]) == ("chatcmpl-0", 0)


def test_usage_is_sent_only_when_asked_for_and_as_the_last_chunk() -> None:
    usage = UsageReported(usage=Usage(input_uncached=3, cache_write_1h=2, cache_write_5m=1, output_visible=4))
    assert all("usage" not in chunk for chunk in streamed(*TEXT, usage))
    *chunks, last = streamed(*TEXT, usage, include_usage=True)
    assert last["choices"] == []
    assert last["usage"] == {
        "prompt_tokens": 6,
        "completion_tokens": 4,
        "total_tokens": 10,
        "prompt_tokens_details": {"cache_write_tokens": 3},
    }
    assert all(chunk["usage"] is None for chunk in chunks)
    unknown = streamed(*TEXT, include_usage=True)
    assert all(chunk["usage"] is None for chunk in unknown)  # never 0 for want of knowledge


def test_a_part_that_begins_with_text_loses_none_of_it() -> None:
    events: list[ChatEvent] = [
        PartStarted(index=0, part=Thinking(text="H")),
        PartDelta(index=0, text="m"),
        PartStarted(index=1, part=Text(text="A")),
        PartStarted(index=2, part=ToolCall(id="c", name="f", arguments="{")),
        PartDelta(index=2, text="}"),
        PartEnded(index=2),
    ]
    deltas = [chunk["choices"][0]["delta"] for chunk in streamed(*events)]
    assert [delta.get("reasoning_content") for delta in deltas[:2]] == ["H", "m"]
    assert deltas[2]["content"] == "A"
    assert deltas[3]["tool_calls"][0]["function"] == {"name": "f", "arguments": "{"}
    assert deltas[4]["tool_calls"] == [{"index": 0, "function": {"arguments": "}"}}]


def test_a_tool_call_first_leaves_the_content_null() -> None:
    (chunk,) = streamed(PartStarted(index=0, part=ToolCall(id="c", name="f", arguments="")))
    assert chunk["choices"][0]["delta"]["content"] is None


def test_sound_is_sent_in_whole_groups_of_base64() -> None:
    events: list[ChatEvent] = [
        PartStarted(index=0, part=Audio(id="a", data=b"1")),
        PartDelta(index=0, data=b"23"),
        PartDelta(index=0, data=b"4", text="Hi"),
        PartEnded(index=0),
        PartStarted(index=1, part=Audio(transcript="x")),
        PartEnded(index=1),
    ]
    sounds = [chunk["choices"][0]["delta"]["audio"] for chunk in streamed(*events)]
    assert sounds == [
        {"id": "a"},
        {"data": "MTIz"},
        {"transcript": "Hi"},
        {"data": "NA=="},
        {"id": "", "transcript": "x"},
    ]


def test_pictures_are_shown_and_what_only_others_understand_is_not() -> None:
    opaque = Opaque(dialect="x", json=Raw(b"{}"))
    events: list[ChatEvent] = [
        PartStarted(index=0, part=Image(data=b"x")),
        PartEnded(index=0),
        PartStarted(index=1, part=Image(url="https://a.example")),
        PartEnded(index=1),
        PartStarted(index=2, part=Image()),
        PartDelta(index=2, data=b"y"),
        PartDelta(index=2, data=b"z"),
        PartEnded(index=2),
        PartStarted(index=3, part=Image()),
        PartEnded(index=3),
        PartStarted(index=4, part=opaque),
        PartDelta(index=4, text="x"),
        PartEnded(index=4),
        Withdrawn(reason="x"),
    ]
    urls = [chunk["choices"][0]["delta"]["images"][0]["image_url"]["url"] for chunk in streamed(*events)]
    assert urls == ["data:image/png;base64,eA==", "https://a.example", "data:image/png;base64,eXo="]
    message = whole(*events)["choices"][0]["message"]
    assert len(message["images"]) == 4
    assert message["content"] is None


def test_what_another_dialect_wants_back_is_not_shown() -> None:
    strange = Replay(dialect="x", json=Raw(b'{"secret":1}'))
    ours = Replay(dialect="openai_chat", json=Raw(b'{"extra_content":1}'))
    call = ToolCall(id="c", name="f", arguments="{}")
    events: list[ChatEvent] = [
        PartStarted(index=0, part=Thinking()),
        PartEnded(index=0, replay=strange),
        PartStarted(index=1, part=call),
        PartEnded(index=1, replay=ours),
        PartStarted(index=2, part=call),
        PartEnded(index=2, replay=strange),
    ]
    text = msgspec.json.encode([streamed(*events), whole(*events)])
    assert b"secret" not in text
    assert text.count(b'"extra_content":1') == 2


FINISHES = [
    (FinishReason.STOP, "eos", "stop"),
    (FinishReason.TOOL_CALLS, "stop", "stop"),
    (FinishReason.TOOL_CALLS, "function_call", "function_call"),
    (FinishReason.TOOL_CALLS, None, "tool_calls"),
    (FinishReason.REFUSAL, None, "stop"),
    (FinishReason.CONTEXT_LENGTH, None, "model_context_window_exceeded"),
    (FinishReason.UNKNOWN, "brand_new", "brand_new"),
    (FinishReason.UNKNOWN, None, "unknown"),
]


@pytest.mark.parametrize(("reason", "raw", "word"), FINISHES)
def test_why_it_ended_is_said_in_this_wires_words(reason: FinishReason, raw: str | None, word: str) -> None:
    (chunk,) = streamed(Finished(reason=reason, raw=raw))
    assert chunk["choices"][0]["finish_reason"] == word


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ContextTooLongError("x"), 400, "context_length_exceeded"),
        (InputError("x"), 400, None),
        (ConfigError("x"), 500, None),
        (TimedOutError("x"), 504, None),
        (ConnectError("x"), 502, None),
        (RateLimitedError("x", retry_after=2), 429, "rate_limit_exceeded"),
    ],
)
def test_each_error_of_ours_has_its_status(error: Error, status: int, code: str | None) -> None:
    head, body = DIALECT.encode_error(error)
    assert head.status == status
    assert msgspec.json.decode(body)["error"]["code"] == code
    assert head.get(b"retry-after") == (None if error.retry_after is None else "2")


def test_an_error_carries_the_id_of_the_call_and_survives_odd_text() -> None:
    head, body = DIALECT.encode_error(InputError("half \ud83d", request_id="r-1"))
    assert head.get(b"x-request-id") == "r-1"
    assert msgspec.json.decode(body)["error"]["message"] == "half ?"


def test_a_failure_is_told_in_the_form_of_the_reply() -> None:
    (item,) = DIALECT.encoder(request(stream=True)).error(RateLimitedError("slow", provider_code="x"))
    assert item.startswith(b'data: {"error":{"message":"slow"')
    (body,) = DIALECT.encoder(request()).error(RateLimitedError("slow"))
    assert msgspec.json.decode(body)["error"]["type"] == "rate_limit_error"
