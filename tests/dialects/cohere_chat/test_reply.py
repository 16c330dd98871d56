"""Replies that no case shows: odd shapes are passed over, and the quick way says what the other does."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialects.cohere_chat import DIALECT, reply
from baimo.dialects.cohere_chat.fastlane import LANES
from baimo.dialects.cohere_chat.usage import count, decode_billed, searches_of
from baimo.errors import InvalidRequestError, ServerError, StreamInterrupted, WireError
from baimo.types.chat import ChatResponse
from baimo.types.content import Citation, Opaque
from baimo.types.events import PartDelta
from baimo.types.fold import fold
from baimo.wire.http import WireHead
from tests.conformance.playing import play
from tests.dialects.cohere_chat.asking import JSON, SSE, events, site

END = {"type": "message-end", "delta": {"finish_reason": "COMPLETE"}}


def whole(message: Any, **beside: Any) -> ChatResponse:
    body = msgspec.json.encode({"message": message, "finish_reason": "COMPLETE", **beside})
    found, error = play(DIALECT.decoder(JSON, site()), [body])
    assert error is None
    return fold(found)


def streamed(*bodies: dict[str, Any], head: WireHead = SSE) -> ChatResponse:
    found, error = play(DIALECT.decoder(head, site()), [events(*bodies)])
    assert error is None
    return fold(found)


def delta(message: dict[str, Any], kind: str = "content-delta", index: Any = 0) -> dict[str, Any]:
    return {"type": kind, "index": index, "delta": {"message": message}}


def test_odd_shapes_in_a_whole_reply_are_passed_over() -> None:
    message = {
        "content": [
            "x",
            {"type": "text", "text": ""},
            {"type": "thinking", "thinking": ""},
            {"type": "text"},
        ],
        "tool_plan": 7,
        "tool_calls": ["x", {"function": 1}, {"function": {"arguments": "{}"}}],
        "citations": ["x", {"sources": "y"}, {"sources": [1]}],
    }
    found = whole(message, logprobs=["x", {"text": 1}, {"text": "a", "logprobs": "b"}], usage=[])
    assert found.message.content == ()
    assert found.choices[0].logprobs is None
    assert whole({"content": [{"type": "text", "text": "a"}], "citations": "x"}).text == "a"


def test_odd_shapes_in_a_stream_are_passed_over() -> None:
    found = streamed(
        {"type": "message-start", "id": 5},
        {"type": "message-start"},
        {"type": "tool-plan-delta", "delta": {"message": 1}},
        {"type": "content-delta", "index": 0, "delta": 1},
        delta({"content": 1}),
        delta({"content": {"type": "text"}}, "content-start"),
        delta({"tool_calls": []}, "tool-call-start"),
        delta({"tool_calls": {"function": {"arguments": "{}"}}}, "tool-call-delta"),
        delta({}, "tool-call-end"),
        delta({}, "content-end"),
        delta({"citations": [1]}, "citation-start"),
        {"x": 1},
        delta({}, "brand-new"),
        delta({"content": {"text": "Hi"}}, index=None),
        END,
    )
    assert found.text == "Hi"
    assert found.id is None


def test_an_event_that_is_no_object_is_passed_over() -> None:
    body = b"data: 7\n\ndata:  \n\n: a comment\n\n" + events(delta({"content": {"text": "Hi"}}), END)
    found, error = play(DIALECT.decoder(SSE, site()), [b"\n", body, events(delta({}))])
    assert error is None
    assert fold(found).text == "Hi"


def test_blocks_of_a_kind_that_is_newer_are_kept_as_they_came() -> None:
    block = {"type": "chart", "n": 1}
    kept = Opaque(dialect="cohere_chat", json=msgspec.Raw(b'{"type":"chart","n":1}'))
    assert whole({"content": [block]}).message.content == (kept,)
    assert streamed(delta({"content": block}, "content-start"), END).message.content == (kept,)


def test_calls_without_ids_are_told_apart() -> None:
    calls = [{"function": {"name": "f", "arguments": {"a": 1}}}, {"function": {"name": "g"}}]
    found = whole({"tool_calls": calls}).tool_calls
    assert [(call.id, call.arguments) for call in found] == [("call_0", '{"a":1}'), ("call_1", "")]


def test_a_half_character_at_the_end_of_a_text_is_replaced() -> None:
    body = b'{"message":{"content":[{"type":"text","text":"Hi\\ud83d"}]},"finish_reason":"COMPLETE"}'
    found, _ = play(DIALECT.decoder(JSON, site()), [body])
    assert fold(found).text == "Hi\ufffd"


def test_citations_find_their_place() -> None:
    def cited(**fields: Any) -> dict[str, Any]:
        return {"sources": [{"type": "document", "id": "d", "document": {"title": "T"}}], **fields}

    blocks = [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Hi"}]
    about = [cited(type="THINKING_CONTENT"), cited(start="x"), cited(content_index=9)]
    thought, text = whole({"content": blocks, "citations": about}).message.content
    assert thought.citations == (Citation(title="T", source="d"),)
    assert text.citations == (Citation(title="T", source="d"),)


def test_citations_in_the_middle_of_reasoning_belong_to_it() -> None:
    source = {"type": "tool", "id": "c:0", "tool_output": {"n": 1}}
    found = streamed(
        delta({"content": {"thinking": "Hm."}}),
        delta({"citations": {"start": 0, "end": 2, "sources": [source]}}, "citation-start"),
        delta({}, "content-end"),
        delta({"content": {"text": "Hi"}}, index=1),
        END,
    )
    thought, text = found.message.content
    assert thought.citations == (Citation(quote='{"n":1}', start=0, end=2, source="c:0"),)
    assert text.citations == ()


def test_a_stream_of_two_texts_keeps_them_apart() -> None:
    found = streamed(
        delta({"content": {"text": "a"}}),
        delta({"content": {"text": "b"}}, index=1),
        delta({}, "content-end"),
        END,
    )
    assert [getattr(part, "text", "") for part in found.message.content] == ["a", "b"]


def test_the_quick_ways_read_what_they_are_for_and_nothing_else() -> None:
    text = msgspec.json.encode(delta({"content": {"text": "a"}}, index=3))
    thought = msgspec.json.encode(delta({"content": {"thinking": "b"}}, index=4))
    more = {"function": {"arguments": "c"}}
    call = msgspec.json.encode(delta({"tool_calls": more}, "tool-call-delta", index=5))
    read = {
        word: LANES[word](event) for word, event in (("text", text), ("thinking", thought), ("call", call))
    }
    told = {word: (one.index, one.delta.message.content.text) for word, one in read.items()}
    assert told == {"text": (3, "a"), "thinking": (4, "b"), "call": (5, "c")}
    named = {"function": {"name": "f", "arguments": "c"}}
    for word, other in (
        ("text", thought),
        ("text", msgspec.json.encode({**delta({"content": {"text": "a"}}), "logprobs": {"text": "a"}})),
        ("thinking", msgspec.json.encode(delta({"content": {"thinking": "b", "text": "a"}}))),
        ("call", msgspec.json.encode(delta({"tool_calls": named}, "tool-call-delta"))),
        ("call", msgspec.json.encode(delta({"tool_calls": more}, "tool-call-start"))),
    ):
        with pytest.raises(msgspec.ValidationError):
            LANES[word](other)


def test_a_piece_of_nothing_is_no_event() -> None:
    decoder = DIALECT.decoder(SSE, site())
    decoder.feed(events(delta({"content": {"text": "a"}})))
    assert decoder.feed(events(delta({"content": {"text": ""}}), delta({"content": {"text": "b"}}))) == [
        PartDelta(index=0, text="b")
    ]


def test_a_stream_is_known_by_its_first_letters_where_the_head_says_nothing() -> None:
    assert streamed(delta({"content": {"text": "Hi"}}), END, head=WireHead(200)).text == "Hi"


def test_a_whole_reply_where_a_stream_was_announced_is_read() -> None:
    body = b'\n {"message":{"content":"Hi"},"finish_reason":"COMPLETE"}'
    assert fold(play(DIALECT.decoder(SSE, site()), [body[:1], body[1:]])[0]).text == "Hi"


def test_a_page_in_place_of_a_stream_is_no_answer() -> None:
    page = WireHead(200, ((b"content-type", b"text/html"),))
    assert isinstance(play(DIALECT.decoder(page, site()), [b"error: sign in\n\n"])[1], WireError)
    assert isinstance(play(DIALECT.decoder(WireHead(200), site()), [b"e\n"])[1], StreamInterrupted)


def test_a_body_beyond_bounds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply, "MAX_BODY", 10)
    decoder = DIALECT.decoder(JSON, site())
    with pytest.raises(WireError, match="larger than 10 bytes"):
        decoder.feed(b'{"message":"aaaaaaaaaaaaa')


@pytest.mark.parametrize("body", [b"", b"  ", b"[]", b"7", b'{"message":null}'])
def test_a_body_that_is_no_reply_is_refused(body: bytes) -> None:
    assert isinstance(play(DIALECT.decoder(JSON, site()), [body])[1], WireError)


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (400, b'"no"', InvalidRequestError, "no"),
        (400, b"[1]", InvalidRequestError, "[1]"),
        (400, b"no JSON", InvalidRequestError, "no JSON"),
        (400, b'{"error":{"a":1}}', InvalidRequestError, '{"a":1}'),
        (400, b'{"error":"no"}', InvalidRequestError, "no"),
        (400, b'{"detail":"no"}', InvalidRequestError, "no"),
        (400, b'{"a":1}', InvalidRequestError, '{"a":1}'),
        (400, b"", InvalidRequestError, "HTTP status 400 without a reason"),
        (502, b'{"message":""}', ServerError, '{"message":""}'),
    ],
)
def test_a_refusal_in_any_form_keeps_its_words(
    status: int, body: bytes, kind: type[Exception], message: str
) -> None:
    _, error = play(DIALECT.decoder(WireHead(status), site()), [body])
    assert type(error) is kind
    assert getattr(error, "message", "") == message


def test_the_services_own_trace_is_the_id_where_there_is_no_other() -> None:
    head = WireHead(500, ((b"x-debug-trace-id", b"t-1"),))
    _, error = play(DIALECT.decoder(head, site()), [b'{"message":"no"}'])
    assert error is not None
    assert error.request_id == "t-1"


def test_an_error_without_a_reason_in_mid_stream_is_raised() -> None:
    _, error = play(DIALECT.decoder(SSE, site()), [b"event: error\ndata: {}\n\n"])
    assert isinstance(error, ServerError)


def test_counts_may_have_a_decimal_point_and_be_missing() -> None:
    assert (count({"a": 2.0}, "a"), count({"a": 2.5}, "a"), count({"a": True}, "a")) == (2, None, None)
    assert decode_billed(None).input is None
    assert searches_of({"billed_units": {"search_units": 1.0}}) == 1
