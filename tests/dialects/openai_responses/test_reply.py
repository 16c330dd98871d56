"""Replies: what cases cannot show, and what a decoder does with what nobody documents."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialects.openai_responses import DIALECT, reply
from baimo.dialects.openai_responses.errors import MAX_ERROR_BODY
from baimo.errors import ProviderError, ServerError, StreamInterrupted, WireError
from baimo.types.chat import FinishReason, TokenLogprob
from baimo.types.content import Citation, Image, Opaque, Text, Thinking, ToolCall
from baimo.types.events import PartDelta
from baimo.types.usage import Usage
from baimo.wire.http import WireHead
from tests.conformance.playing import play
from tests.dialects.openai_responses.asking import JSON, SSE, ended, read, replay, site, stream

TEXT = "response.output_text.delta"


def whole(**fields: Any) -> Any:
    """What a whole reply of those fields becomes."""
    body = msgspec.json.encode({"status": "completed", "output": [], **fields})
    events, error = play(DIALECT.decoder(JSON, site()), [body])
    assert error is None
    from baimo.types.fold import fold

    return fold(events)


def message(*content: Any, **fields: Any) -> dict[str, Any]:
    return {"type": "message", "id": "msg", "role": "assistant", "content": content, **fields}


def test_what_the_provider_wants_back_is_kept() -> None:
    note = {
        "type": "container_file_citation",
        "file_id": "f",
        "filename": "a",
        "start_index": 1,
        "end_index": 2,
    }
    got = whole(output=[message({"type": "output_text", "text": "Hi", "annotations": [note]}, phase="x")])
    assert got.message.content == (
        Text(
            text="Hi",
            citations=(Citation(source="f", title="a", start=1, end=2),),
            replay=replay(id="msg", phase="x", annotations=[note]),
        ),
    )


def test_a_picture_is_one_and_goes_back() -> None:
    made = {"type": "image_generation_call", "id": "ig", "result": "UklGRg=="}
    got = whole(output=[made])
    assert got.message.content == (Image(data=b"RIFF", media_type="image/png", replay=replay(id="ig")),)


@pytest.mark.parametrize("result", [None, "", "%", 7])
def test_a_picture_that_is_none_stays_as_it_came(result: Any) -> None:
    (part,) = whole(output=[{"type": "image_generation_call", "result": result}]).message.content
    assert isinstance(part, Opaque)


def test_odd_items_and_parts_are_no_failure() -> None:
    got = whole(
        output=[
            7,
            message(7, {"type": "brand_new"}, {"type": "output_text", "text": "a"}),
            message(),
            {"type": "message", "content": "x"},
            {"type": "function_call", "id": "fc"},
        ],
        usage={"input_tokens": 3.0, "input_tokens_details": 7, "output_tokens": -1},
        created_at=0,
        incomplete_details=7,
    )
    assert got.text == "a"
    assert got.tool_calls == (ToolCall(id="fc", name="", arguments="", replay=replay(id="fc")),)
    assert got.usage.input == 3
    assert (got.usage.output, got.created) == (None, None)


def test_classes_of_usage_never_exceed_their_sum() -> None:
    counts = {
        "input_tokens": 10,
        "input_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 5},
        "output_tokens": 4,
        "output_tokens_details": {"reasoning_tokens": 9},
    }
    usage = msgspec.structs.replace(whole(usage=counts).usage, raw=None)
    assert usage == Usage(input_uncached=0, cache_read=8, cache_write_5m=2, output_visible=0, reasoning=4)


def test_an_unknown_state_is_told_as_it_is() -> None:
    got = whole(status="cancelled")
    assert (got.finish_reason, got.choices[0].finish_raw) == (FinishReason.UNKNOWN, "cancelled")
    decoder = DIALECT.decoder(JSON, site())
    play(decoder, [b'{"status":"in_progress","output":[]}'])
    assert [note.code for note in decoder.notes] == ["unfinished"]  # type: ignore[attr-defined]


def test_events_without_places_belong_to_the_first_item() -> None:
    got, error = read(
        {"type": "response.created", "response": 7},
        {"type": "response.output_item.added", "item": 7},
        {"type": TEXT, "delta": "a"},
        {"type": TEXT, "delta": "b", "output_index": 0, "content_index": 0},
        {"type": TEXT, "delta": "", "output_index": 0, "content_index": 0},
        {"type": TEXT, "delta": "c", "output_index": 0, "content_index": 1},
        {"type": "response.output_item.done", "item": 7},
        ended(),
    )
    assert error is None
    assert [part.text for part in got.message.content if isinstance(part, Text)] == ["ab", "c"]


def test_what_comes_after_an_items_end_is_passed_over() -> None:
    done = message({"type": "output_text", "text": "a"})
    got, error = read(
        {"type": "response.output_item.added", "output_index": 0, "item": message()},
        {"type": "response.output_item.added", "output_index": 0, "item": message()},
        {"type": "response.output_item.done", "output_index": 0, "item": done},
        {"type": "response.output_item.done", "output_index": 0, "item": done},
        {"type": TEXT, "output_index": 0, "delta": "late", "logprobs": [{"token": "l", "logprob": -1}]},
        {"type": "response.output_text.done", "output_index": 0, "text": "late"},
        {"type": "response.output_text.annotation.added", "output_index": 0, "annotation": {"url": "u"}},
        {"type": "response.reasoning_text.delta", "output_index": 0, "delta": "late"},
        {"type": "response.function_call_arguments.delta", "output_index": 0, "delta": "late"},
        {"type": "response.content_part.added", "output_index": 0, "part": 7},
        ended(),
        {"type": TEXT, "output_index": 0, "delta": "later"},
    )
    assert error is None
    assert got.text == "a"
    assert got.thinking == ""


def test_words_that_come_whole_count_once() -> None:
    got, error = read(
        {"type": "response.reasoning_summary_text.done", "output_index": 0, "summary_index": 0, "text": "H"},
        {"type": "response.reasoning_text.done", "output_index": 0, "content_index": 0, "text": "m"},
        {"type": "response.output_text.done", "output_index": 1, "text": "a"},
        {"type": "response.output_text.done", "output_index": 1, "text": "a"},
        {"type": "response.refusal.done", "output_index": 2, "refusal": "no"},
        {"type": "response.refusal.delta", "output_index": 2, "delta": 7},
        ended(),
    )
    assert error is None
    assert (got.thinking, got.text, got.refusal) == ("H\n\nm", "a", "no")


def test_an_items_end_may_tell_what_no_event_did() -> None:
    got, error = read(
        {"type": "response.output_item.added", "output_index": 0, "item": {"type": "reasoning"}},
        {
            "type": "response.output_item.done",
            "output_index": 0,
            "item": {"type": "reasoning", "summary": [{"text": "H"}, {"text": ""}]},
        },
        {"type": "response.output_item.added", "output_index": 1, "item": message()},
        {
            "type": "response.output_item.done",
            "output_index": 1,
            "item": message(
                {
                    "type": "output_text",
                    "text": "a",
                    "logprobs": [{"token": "a", "logprob": -1, "bytes": ["x"]}],
                },
                {"type": "refusal", "refusal": "no"},
                {"type": "brand_new"},
            ),
        },
        ended(),
    )
    assert error is None
    assert (got.thinking, got.text, got.refusal) == ("H", "a", "no")
    assert got.choices[0].logprobs == (TokenLogprob(token="a", logprob=-1.0),)


def test_probabilities_that_stand_beside_the_whole_text_count_where_no_piece_told_them() -> None:
    token = {"token": "a", "logprob": -1, "top_logprobs": [{"token": 7}]}
    got, _ = read(
        {"type": TEXT, "output_index": 0, "delta": "a"},
        {"type": "response.output_text.done", "output_index": 0, "text": "a", "logprobs": [token]},
        {"type": "response.output_text.done", "output_index": 0, "text": "a", "logprobs": [token]},
        ended(),
    )
    assert got.choices[0].logprobs == (TokenLogprob(token="a", logprob=-1.0),)


def test_an_item_that_never_ends_ends_with_the_reply() -> None:
    note = {"url": "https://a.example/", "start_index": "x"}
    got, error = read(
        {"type": "response.reasoning_text.delta", "output_index": 0, "delta": "H"},
        {"type": "response.reasoning_text.delta", "output_index": 0, "content_index": 0, "delta": "m"},
        {
            "type": "response.output_item.added",
            "output_index": 1,
            "item": {"type": "function_call", "call_id": "c", "name": "f"},
        },
        {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": "{"},
        {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": "}"},
        {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": None},
        {"type": "response.output_text.annotation.added", "output_index": 2, "annotation": note},
        {"type": "response.output_text.annotation.added", "output_index": 2, "annotation": 7},
        {"type": TEXT, "output_index": 2, "delta": "a"},
        ended(),
    )
    assert error is None
    assert got.message.content == (
        Thinking(text="Hm"),
        ToolCall(id="c", name="f", arguments="{}"),
        Text(text="a", citations=(Citation(url="https://a.example/"),)),
    )


def test_pieces_of_reasoning_are_kept_apart() -> None:
    piece = "response.reasoning_summary_text.delta"
    got, _ = read(
        {"type": piece, "output_index": 0, "summary_index": 0, "delta": "a"},
        {"type": piece, "output_index": 0, "summary_index": 0, "delta": "b"},
        {"type": piece, "output_index": 0, "summary_index": 1, "delta": "c"},
        {"type": piece, "output_index": 0, "summary_index": 1, "delta": "d"},
        ended(),
    )
    assert got.thinking == "ab\n\ncd"


def test_half_a_character_waits_for_the_other() -> None:
    decoder = DIALECT.decoder(SSE, site())
    decoder.feed(stream({"type": TEXT, "output_index": 0, "content_index": 0, "delta": "a"}))
    half = stream({"type": TEXT, "output_index": 0, "content_index": 0, "delta": "@"})
    half = half.replace(b"@", b"\\ud83d")
    assert decoder.feed(half) == []
    rest = half.replace(b"\\ud83d", b"\\ude00b")
    assert decoder.feed(rest) == [PartDelta(index=0, text="😀b")]


def test_a_blank_event_is_none() -> None:
    body = b"data:  \n\n" + stream(ended(message({"type": "output_text", "text": "a"})))
    events, error = play(DIALECT.decoder(SSE, site()), [body])
    assert error is None
    assert events


def test_a_body_may_begin_with_a_mark_of_its_encoding() -> None:
    body = b'\xef\xbb\xbf {"status":"completed","output":[]}'
    for pieces in ([body], [body[:1], body[1:2], body[2:]], [b" ", body], [body[:9], body[9:]]):
        _, error = play(DIALECT.decoder(JSON, site()), pieces)
        assert error is None


def test_a_stream_that_never_begins_is_interrupted() -> None:
    _, error = play(DIALECT.decoder(SSE, site()), [])
    assert isinstance(error, StreamInterrupted)
    _, error = play(DIALECT.decoder(SSE, site()), [b": wait\n\n"])
    assert isinstance(error, StreamInterrupted)


def test_a_page_that_looks_like_events_is_a_page() -> None:
    head = WireHead(200, ((b"content-type", b"text/html"),))
    _, error = play(DIALECT.decoder(head, site()), [b"error: no\n\n"])
    assert isinstance(error, WireError)
    assert "a page" in str(error)


def test_an_event_that_is_no_json_is_an_error() -> None:
    _, error = play(DIALECT.decoder(SSE, site()), [b"data: {oops\n\n"])
    assert isinstance(error, WireError)


def test_a_body_without_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply, "MAX_BODY", 30)
    _, error = play(DIALECT.decoder(JSON, site()), [b'{"output":[' + b" " * 20, b" " * 20])
    assert isinstance(error, WireError)
    assert "larger than 30" in str(error)


def test_a_refusals_body_is_kept_within_bounds() -> None:
    decoder = DIALECT.decoder(WireHead(500), site())
    for _ in range(3):
        assert decoder.feed(b"x" * MAX_ERROR_BODY) == []
    with pytest.raises(ServerError) as caught:
        decoder.end()
    assert len(caught.value.body or "") <= 4096


def test_a_refusal_is_read_with_the_providers_own_table() -> None:
    at = msgspec.structs.replace(site(), codes="deepseek")
    _, error = play(
        DIALECT.decoder(WireHead(402), at), [b'{"error":{"message":"Insufficient Balance","code":"402"}}']
    )
    assert isinstance(error, ProviderError)
    assert error.hint


@pytest.mark.parametrize("body", [b"7", b"[]", b'{"error":{"message":"","type":"x","request_id":7}}'])
def test_a_refusal_may_say_anything(body: bytes) -> None:
    _, error = play(DIALECT.decoder(WireHead(500), site()), [body])
    assert isinstance(error, ServerError)


def test_a_blank_refusal_is_told_by_its_status() -> None:
    _, error = play(DIALECT.decoder(WireHead(500), site()), [b'{"error":" "}'])
    assert isinstance(error, ServerError)
    assert "HTTP status 500" in error.message


def test_a_wait_in_the_head_goes_before_one_in_words() -> None:
    head = WireHead(429, ((b"retry-after", b"9"),))
    body = b'{"error":{"message":"Try again in 2s.","code":"rate_limit_exceeded"}}'
    _, error = play(DIALECT.decoder(head, site()), [body])
    assert error is not None
    assert error.retry_after is None
