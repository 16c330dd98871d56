"""Being Pangu: the bytes that a caller sees, and the rare things of a reply."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialect.protocols import Site
from baimo.dialects.pangu import DIALECT
from baimo.errors import RateLimitedError, ServerError
from baimo.types.chat import FinishReason
from baimo.types.content import Audio, Refusal, Text, Thinking, ToolCall
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
from baimo.types.fold import fold
from baimo.types.usage import Usage
from baimo.wire.http import WireHead
from tests.conformance.playing import play
from tests.dialects.pangu.asking import request

SITE = Site(base_url="https://h")
USAGE = UsageReported(usage=Usage(input_uncached=3, cache_read=1, output_visible=2, reasoning=1))
HELLO: list[ChatEvent] = [
    Started(id="chat-1", model="pangu-n1", created=1780000000),
    PartStarted(index=0, part=Text(text="")),
    PartDelta(index=0, text="你"),
    PartDelta(index=0, text="好"),
    PartEnded(index=0),
    Finished(reason=FinishReason.STOP, raw="stop"),
    USAGE,
]


def served(events: list[ChatEvent], *, stream: bool) -> tuple[WireHead, list[bytes]]:
    encoder = DIALECT.encoder(request(stream=stream))
    items = [item for event in events for item in encoder.feed(event)]
    return encoder.head(), items + encoder.end()


def chunks(events: list[ChatEvent]) -> list[dict[str, Any]]:
    _, items = served(events, stream=True)
    assert items[-1] == b"data:[DONE]\n\n"
    assert all(item.startswith(b"data:{") and item.endswith(b"}\n\n") for item in items[:-1])
    return [msgspec.json.decode(item[5:]) for item in items[:-1]]


def whole(events: list[ChatEvent]) -> dict[str, Any]:
    _, (body,) = served(events, stream=False)
    decoded: dict[str, Any] = msgspec.json.decode(body)
    return decoded


def test_a_whole_reply_has_the_documented_fields() -> None:
    assert whole(HELLO) == {
        "id": "chat-1",
        "object": "chat.completion",
        "created": 1780000000,
        "model": "pangu-n1",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "你好", "tool_calls": []},
                "logprobs": None,
                "finish_reason": "stop",
                "stop_reason": None,
            }
        ],
        "usage": {"prompt_tokens": 4, "completion_tokens": 3, "total_tokens": 7},
        "prompt_logprobs": None,
    }


def test_the_increments_of_a_stream_stand_in_message() -> None:
    found = chunks(HELLO)
    assert [one["choices"][0]["message"] for one in found] == [
        {"role": "assistant", "content": "你"},
        {"content": "好"},
        {"content": ""},
    ]
    assert [one["choices"][0]["finish_reason"] for one in found] == [None, None, "stop"]
    assert {one["object"] for one in found} == {"chat.completion.chunk"}
    assert "delta" not in str(found)


def test_usage_is_on_every_chunk_as_soon_as_it_is_known() -> None:
    counts = {"prompt_tokens": 4, "completion_tokens": 3, "total_tokens": 7}
    assert [one.get("usage") for one in chunks(HELLO)] == [None, None, counts]
    assert [one.get("usage") for one in chunks([USAGE, *HELLO])] == [counts] * 3
    assert "usage" not in whole(HELLO[:-1])


def test_a_reply_without_a_name_has_one_all_the_same() -> None:
    bare = [Started(), *HELLO[1:]]
    assert (whole(bare)["id"], whole(bare)["model"], whole(bare)["created"]) == ("chat-0", "d-1", 0)
    assert {(one["id"], one["model"]) for one in chunks(bare)} == {("chat-0", "d-1")}


@pytest.mark.parametrize("stream", [True, False])
def test_what_this_wire_has_no_place_for_is_said_as_text_or_not_at_all(stream: bool) -> None:
    events: list[ChatEvent] = [
        Started(id="x"),
        PartStarted(index=0, part=Thinking(text="hm")),
        PartStarted(index=1, part=Refusal(text="")),
        PartDelta(index=1, text="No."),
        PartStarted(index=2, part=Audio(id="a")),
        PartDelta(index=2, data=b"RIFF"),
        Withdrawn(reason="moderation"),
        Finished(reason=FinishReason.REFUSAL),
    ]
    head, items = served(events, stream=stream)
    found, error = play(DIALECT.decoder(head, SITE), items)
    assert error is None
    response = fold(found)
    assert (response.text, response.thinking, response.finish_reason) == ("No.", "hm", FinishReason.STOP)


@pytest.mark.parametrize(
    ("reason", "raw", "word"),
    [
        (FinishReason.STOP, "eos", "stop"),
        (FinishReason.LENGTH, None, "length"),
        (FinishReason.CONTEXT_LENGTH, "model_context_window_exceeded", "length"),
        (FinishReason.CONTENT_FILTER, "sensitive", "content_filter"),
        (FinishReason.ERROR, "network_error", "insufficient_system_resource"),
        (FinishReason.PAUSE, "pause_turn", "stop"),
        (FinishReason.TOOL_CALLS, "stop", "stop"),
        (FinishReason.TOOL_CALLS, "function_call", "tool_calls"),
        (FinishReason.UNKNOWN, "tea", "tea"),
        (FinishReason.UNKNOWN, None, "unknown"),
    ],
)
def test_why_a_reply_ended_is_said_in_this_wires_words(
    reason: FinishReason, raw: str | None, word: str
) -> None:
    events = [*HELLO[:5], Finished(reason=reason, raw=raw)]
    assert whole(events)["choices"][0]["finish_reason"] == word
    assert chunks(events)[-1]["choices"][0]["finish_reason"] == word


def test_calls_of_a_stream_are_numbered_within_their_choice() -> None:
    events: list[ChatEvent] = [
        PartStarted(index=0, part=ToolCall(id="a", name="f", arguments="")),
        PartStarted(index=0, part=ToolCall(id="b", name="g", arguments="{}"), choice=1),
        PartStarted(index=1, part=ToolCall(id="c", name="h", arguments="")),
        PartDelta(index=1, text="{}"),
        Finished(reason=FinishReason.TOOL_CALLS),
        Finished(reason=FinishReason.TOOL_CALLS, choice=1),
    ]
    numbers = [one["choices"][0]["message"].get("tool_calls") for one in chunks(events)]
    assert [calls[0]["index"] for calls in numbers if calls] == [0, 0, 1, 1]


@pytest.mark.parametrize("stream", [True, False])
def test_a_failure_inside_a_reply_is_read_as_one(stream: bool) -> None:
    encoder = DIALECT.encoder(request(stream=stream))
    items = [item for event in HELLO[:3] for item in encoder.feed(event)]
    items += encoder.error(RateLimitedError("qps exceed the limit"))
    events, error = play(DIALECT.decoder(encoder.head(), SITE), items)
    assert type(error) is RateLimitedError
    assert error.provider_code == "PANGU.3267"
    assert fold(events).text == ("你" if stream else "")


def read(*messages: dict[str, Any], finish: str | None = "stop") -> Any:
    body = b"".join(
        b"data:" + msgspec.json.encode({"choices": [{"index": 0, "message": message}]}) + b"\n\n"
        for message in messages
    )
    last = {"choices": [{"index": 0, "message": {}, "finish_reason": finish}]}
    events, error = play(
        DIALECT.decoder(WireHead(200), SITE),
        [body + b"data:" + msgspec.json.encode(last) + b"\n\ndata:[DONE]\n\n"],
    )
    assert error is None
    return fold(events)


def call(**fields: Any) -> dict[str, Any]:
    return {"tool_calls": [fields]}


def test_calls_are_told_apart_by_index_and_by_id() -> None:
    response = read(
        {"reasoning_content": "hm"},
        call(id="a", function={"name": "f", "arguments": '{"x"'}),
        call(function={"arguments": ":1}"}),
        call(id="b", function={"name": "g", "arguments": {"y": 2}}),
    )
    assert [(one.id, one.name, one.arguments) for one in response.tool_calls] == [
        ("a", "f", '{"x":1}'),
        ("b", "g", '{"y":2}'),
    ]
    assert (response.finish_reason, response.thinking) == (FinishReason.TOOL_CALLS, "hm")


def test_odd_calls_and_words_are_no_crash() -> None:
    response = read(
        {"tool_calls": ["x", {"function": "y"}, {"index": 4, "function": {"name": 7}}]},
        {"tool_calls": "z", "content": 5, "reasoning_content": []},
        finish="null",
    )
    assert [(one.id, one.name) for one in response.tool_calls] == [("call_1", ""), ("call_4", "")]
    assert response.finish_reason is FinishReason.UNKNOWN


def test_text_and_thoughts_may_take_turns() -> None:
    response = read(
        {"reasoning_content": "a"}, {"content": "b"}, {"reasoning_content": "c"}, {"content": "d"}
    )
    assert [type(part).__name__ for part in response.message.content] == ["Thinking", "Text"] * 2
    assert (response.thinking, response.text) == ("ac", "bd")


@pytest.mark.parametrize(
    ("count", "read_as"),
    [(5, 5), (5.0, 5), (-1, None), (True, None), ("5", None), (1e300, None), (None, None)],
)
def test_counts_that_are_none_are_unknown(count: Any, read_as: int | None) -> None:
    body = msgspec.json.encode(
        {
            "id": 7,
            "model": "",
            "created": 1780000000.5,
            "choices": [{"index": -1, "message": {"content": "a"}}],
            "usage": {"prompt_tokens": count, "completion_tokens": 1},
        }
    )
    events, error = play(DIALECT.decoder(WireHead(200), SITE), [body])
    assert error is None
    response = fold(events)
    assert (response.usage.input, response.usage.output, response.usage.reasoning) == (read_as, 1, None)
    assert (response.id, response.model, response.created) == (None, "", 1780000000)


def test_a_failure_of_ours_keeps_its_words() -> None:
    encoder = DIALECT.encoder(request(stream=False))
    assert msgspec.json.decode(encoder.error(ServerError("half \ud83d"))[0])["error_code"] == "PANGU.0001"
