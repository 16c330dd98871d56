"""Being the provider: replies on the wire."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import Raw

from baimo.dialects.openai_responses import DIALECT
from baimo.errors import (
    AuthError,
    ConfigError,
    ContentFilteredError,
    ContextTooLongError,
    Error,
    InputError,
    NotFoundError,
    OverloadedError,
    QuotaError,
    RateLimitedError,
    ServerError,
    TimedOutError,
)
from baimo.types.chat import FinishReason, Reasoning, TokenLogprob
from baimo.types.content import Audio, Citation, Image, Opaque, Part, Refusal, Text, Thinking, ToolCall
from baimo.types.events import (
    ChatEvent,
    Finished,
    LogprobsReported,
    PartDelta,
    PartEnded,
    PartStarted,
    Started,
    UsageReported,
)
from baimo.types.fold import fold
from baimo.types.tools import FunctionTool
from baimo.types.usage import Usage
from tests.conformance.playing import play
from tests.dialects.openai_responses.asking import JSON, SSE, replay, request, served, site

BEGIN = Started(id="resp_7", model="m-1", created=1_790_000_000)
STOP = Finished(reason=FinishReason.STOP, raw="stop")


def of(*parts: Part) -> list[ChatEvent]:
    """A reply of whole parts."""
    middle: list[ChatEvent] = []
    for index, part in enumerate(parts):
        middle += [PartStarted(index=index, part=part), PartEnded(index=index)]
    return [BEGIN, *middle, UsageReported(usage=Usage(input_uncached=3, output_visible=2)), STOP]


def whole(events: list[ChatEvent], **fields: Any) -> dict[str, Any]:
    decoded: dict[str, Any] = msgspec.json.decode(served(events, stream=False, **fields))
    return decoded


def events_of(body: bytes) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line[6:]) for line in body.split(b"\n") if line.startswith(b"data: ")]


def test_a_whole_reply_repeats_what_was_asked() -> None:
    reply = whole(
        of(Text(text="Hi")),
        tools=(FunctionTool(name="f"),),
        temperature=0.5,
        verbosity="low",
        reasoning=Reasoning(effort="low"),
        metadata={"k": "v"},
    )
    assert (reply["id"], reply["object"], reply["status"], reply["model"]) == (
        "resp_7",
        "response",
        "completed",
        "m-1",
    )
    assert reply["tools"] == [{"type": "function", "name": "f", "parameters": None, "strict": False}]
    assert (reply["temperature"], reply["metadata"]) == (0.5, {"k": "v"})
    assert reply["text"] == {"format": {"type": "text"}, "verbosity": "low"}
    assert reply["reasoning"] == {"effort": "low", "summary": "auto"}
    assert reply["usage"] == {
        "input_tokens": 3,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 2,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 5,
    }


def test_written_caches_are_counted_together() -> None:
    usage = Usage(input_uncached=1, cache_write_5m=2, cache_write_1h=3)
    reply = whole([BEGIN, UsageReported(usage=usage), STOP])
    assert reply["usage"]["input_tokens_details"] == {"cached_tokens": 0, "cache_write_tokens": 5}


def test_a_reply_of_nothing_has_an_id_and_no_usage() -> None:
    reply = whole([STOP])
    assert (reply["id"], reply["model"], reply["usage"], reply["output"]) == ("resp_0", "m", None, [])
    assert whole([])["status"] == "in_progress"


def test_every_kind_of_part_is_an_item() -> None:
    reply = whole(
        of(
            Thinking(text="Hm"),
            Thinking(),
            Text(text="a", citations=(Citation(url="u", title="t", start=0, end=1, quote="q"),)),
            Text(text="b", citations=(Citation(source="file-1"),)),
            Refusal(text="no"),
            ToolCall(id="c", name="f", arguments="{}"),
            ToolCall(id="d", name="g", arguments="x", kind="custom"),
            Image(data=b"RIFF"),
            Image(url="https://a.example/i"),
            Opaque(dialect=DIALECT.name, json=Raw(b'{"type":"web_search_call","id":"ws"}')),
            Opaque(dialect="gemini", json=Raw(b"{}")),
            Audio(data=b"x"),
        )
    )
    kinds = [item["type"] for item in reply["output"]]
    assert kinds == [
        "reasoning",
        "reasoning",
        "message",
        "message",
        "message",
        "function_call",
        "custom_tool_call",
        "image_generation_call",
        "web_search_call",
    ]
    assert reply["output"][0]["summary"] == [{"type": "summary_text", "text": "Hm"}]
    assert reply["output"][1]["summary"] == []
    assert reply["output"][2]["content"][0]["annotations"] == [
        {"type": "url_citation", "start_index": 0, "end_index": 1, "title": "t", "url": "u", "content": "q"}
    ]
    assert reply["output"][3]["content"][0]["annotations"] == [
        {"type": "file_citation", "file_id": "file-1", "filename": "", "index": 0}
    ]
    assert len({item["id"] for item in reply["output"]}) == 9


def test_what_came_by_this_wire_goes_on_as_it_came() -> None:
    thought = {"type": "reasoning", "id": "rs_9", "summary": [], "encrypted_content": "gAAAfake"}
    mine = replay(id="msg_9", phase="final_answer", annotations=[{"type": "odd"}])
    parts = (
        Thinking(text="Hm", replay=replay(**thought)),
        Text(text="a", replay=mine),
        Text(text="b", replay=mine),
    )
    reply = whole(of(*parts))
    assert reply["output"][0] == thought
    assert [part["text"] for part in reply["output"][1]["content"]] == ["a", "b"]
    assert (reply["output"][1]["id"], reply["output"][1]["phase"]) == ("msg_9", "final_answer")


def test_probabilities_stand_beside_a_text() -> None:
    tokens = (
        TokenLogprob(token="H", logprob=-1.0, top=(TokenLogprob(token="é", logprob=-2.0, bytes=(1,)),)),
    )
    entry = {
        "token": "H",
        "logprob": -1.0,
        "bytes": [72],
        "top_logprobs": [{"token": "é", "logprob": -2.0, "bytes": [1]}],
    }
    told = [*of(Thinking(text="x"), Text(text="H"))]
    told.insert(-2, LogprobsReported(tokens=tokens))
    assert whole(told)["output"][1]["content"][0]["logprobs"] == [entry]
    sent = events_of(served(told, stream=True))
    assert [event["logprobs"] for event in sent if event.get("logprobs")] == [[entry]]
    nowhere = [BEGIN, LogprobsReported(tokens=tokens), STOP]
    assert not any(event.get("logprobs") for event in events_of(served(nowhere, stream=True)))


def test_a_stream_is_in_the_documented_order() -> None:
    events: list[ChatEvent] = [
        BEGIN,
        PartStarted(index=0, part=Thinking(replay=replay(id="rs_5"))),
        PartDelta(index=0, text="Hm"),
        PartEnded(index=0, replay=replay(type="reasoning", id="rs_5", summary=[], encrypted_content="e")),
        PartStarted(index=1, part=Text(text="H")),
        PartDelta(index=1, text="i"),
        PartEnded(index=1, citations=(Citation(url="u"),)),
        PartStarted(index=2, part=ToolCall(id="c", name="f", arguments="")),
        PartDelta(index=2, text="{}"),
        PartEnded(index=2, replay=replay(id="fc_late")),
        STOP,
    ]
    sent = events_of(served(events, stream=True))
    assert [event["sequence_number"] for event in sent] == list(range(len(sent)))
    assert [event["type"].removeprefix("response.") for event in sent] == [
        "created",
        "in_progress",
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.annotation.added",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "completed",
    ]
    assert sent[2]["item"] == {"type": "reasoning", "id": "rs_5", "summary": []}
    assert sent[8]["item"]["status"] == "in_progress"
    last = sent[-1]["response"]["output"]
    assert [item["id"] for item in last] == ["rs_5", "msg_1", "fc_2"]
    assert last[0]["encrypted_content"] == "e"
    assert last[1]["content"][0]["text"] == "Hi"
    assert last[2]["arguments"] == "{}"


def test_what_has_no_item_is_left_out_of_a_stream() -> None:
    events: list[ChatEvent] = [
        BEGIN,
        PartStarted(index=0, part=Audio()),
        PartDelta(index=0, text="x"),
        PartEnded(index=0),
        PartStarted(index=1, part=Opaque(dialect=DIALECT.name, json=Raw(b'{"type":"brand_new"}'))),
        PartDelta(index=1, text="x"),
        PartEnded(index=1),
        PartStarted(index=2, part=Text(text="")),
        PartDelta(index=2, text=""),
        PartEnded(index=2),
        STOP,
    ]
    sent = events_of(served(events, stream=True))
    done = [event["item"]["type"] for event in sent if event["type"] == "response.output_item.done"]
    assert done == ["brand_new", "message"]


@pytest.mark.parametrize("stream", [True, False])
def test_a_failure_in_the_middle_is_a_reply_that_failed(stream: bool) -> None:
    encoder = DIALECT.encoder(request(stream=stream))
    items = [item for event in of(Text(text="So"))[:-2] for item in encoder.feed(event)]
    items += encoder.error(RateLimitedError("Slow.", retry_after=1.0))
    events, error = play(DIALECT.decoder(SSE if stream else JSON, site()), items)
    assert isinstance(error, RateLimitedError)
    assert fold(events).text == ("So" if stream else "")


def test_a_failure_without_a_code_is_named_by_its_kind() -> None:
    encoder = DIALECT.encoder(request())
    (body,) = encoder.error(ServerError("Sorry."))
    assert msgspec.json.decode(body)["error"] == {"code": "server_error", "message": "Sorry."}


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ContextTooLongError("x"), 400, "context_length_exceeded"),
        (ContentFilteredError("x"), 400, "content_filter"),
        (InputError("x"), 400, None),
        (AuthError("x"), 401, "invalid_api_key"),
        (NotFoundError("x"), 404, "model_not_found"),
        (QuotaError("x"), 429, "insufficient_quota"),
        (RateLimitedError("x"), 429, "rate_limit_exceeded"),
        (OverloadedError("x"), 503, "server_is_overloaded"),
        (ServerError("x", provider_code="upstream"), 500, "upstream"),
        (ConfigError("x"), 500, None),
        (TimedOutError("x"), 504, None),
        (Error("x"), 502, None),
    ],
)
def test_an_error_of_ours_is_worded(error: Error, status: int, code: str | None) -> None:
    head, body = DIALECT.encode_error(error)
    assert head.status == status
    assert msgspec.json.decode(body)["error"]["code"] == code


def test_a_refusal_tells_when_to_come_back_and_its_id() -> None:
    head, _ = DIALECT.encode_error(RateLimitedError("x", retry_after=1.5, request_id="r"))
    assert (head.get(b"retry-after"), head.get(b"retry-after-ms"), head.get(b"x-request-id")) == (
        "1.5",
        "1500",
        "r",
    )


@pytest.mark.parametrize(
    ("reason", "raw", "status", "why"),
    [
        (FinishReason.LENGTH, "length", "incomplete", "max_output_tokens"),
        (FinishReason.CONTEXT_LENGTH, None, "incomplete", "max_output_tokens"),
        (FinishReason.PAUSE, None, "incomplete", "pause"),
        (FinishReason.ERROR, None, "incomplete", "error"),
        (FinishReason.UNKNOWN, None, "incomplete", "unknown"),
        (FinishReason.UNKNOWN, "steered", "incomplete", "steered"),
        (FinishReason.UNKNOWN, "queued", "queued", None),
    ],
)
def test_every_end_has_a_word(reason: FinishReason, raw: str | None, status: str, why: str | None) -> None:
    reply = whole([BEGIN, Finished(reason=reason, raw=raw)])
    assert reply["status"] == status
    assert reply["incomplete_details"] == (None if why is None else {"reason": why})
