"""Replies: what stands in the corners of a stream and of a whole answer."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialect.protocols import Site
from baimo.dialects.anthropic_messages import DIALECT, reply
from baimo.dialects.anthropic_messages.blocks import Blocks
from baimo.dialects.anthropic_messages.citations import decode_citations, encode_citations
from baimo.dialects.anthropic_messages.errors import find_refusal
from baimo.dialects.anthropic_messages.fastlane import BEGIN, END, LANES
from baimo.dialects.anthropic_messages.usage import decode_usage, encode_usage, laid_over
from baimo.dialects.anthropic_messages.whole import decode_body
from baimo.errors import (
    Error,
    NotFoundError,
    ProviderError,
    QuotaError,
    RateLimitedError,
    ServerError,
    StreamInterrupted,
    WireError,
)
from baimo.types.chat import ChatResponse
from baimo.types.content import Citation, Opaque, Text, Thinking, ToolCall
from baimo.types.events import PartDelta, PartStarted, UsageReported
from baimo.types.fold import fold
from baimo.types.usage import Usage
from baimo.wire.http import WireHead
from tests.conformance.playing import play
from tests.dialects.anthropic_messages.asking import JSON, STREAM, events, kept, request, site

START = {"type": "message_start", "message": {"id": "m", "usage": {"input_tokens": 1}}}
STOP = {"type": "message_stop"}


def begun(index: int = 0, **block: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(kind: str, index: int = 0, **fields: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **fields}}


def ended(index: int = 0) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


def reason(word: str = "end_turn", **fields: Any) -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": word}, **fields}


def outcome(*bodies: dict[str, Any], apart: bool = False) -> tuple[ChatResponse, Error | None]:
    pieces = [events(one) for one in bodies] if apart else [events(*bodies)]
    found, error = play(DIALECT.decoder(STREAM, site()), pieces)
    return fold(found), error


def whole(**fields: Any) -> tuple[ChatResponse, Error | None]:
    found, error = play(DIALECT.decoder(JSON, site()), [msgspec.json.encode(fields)])
    return fold(found), error


@pytest.mark.parametrize("apart", [True, False])
def test_deltas_of_every_kind_go_the_quick_way_and_come_out_right(apart: bool) -> None:
    """Several events in one read, or one each; odd ones in between."""
    response, error = outcome(
        START,
        begun(0, type="thinking", thinking=""),
        delta("thinking_delta", thinking="a"),
        delta("thinking_delta", thinking="b"),
        {"type": "ping"},
        delta("thinking_delta", thinking="c"),
        delta("signature_delta", signature="s"),
        ended(),
        begun(1, type="text", text=""),
        delta("text_delta", 1, text=""),
        delta("text_delta", 1, text="Hi"),
        delta("text_delta", 0, text="lost"),
        delta("text_delta", 1, text="!"),
        delta("smell_delta", 1, smell="x"),
        delta("text_delta", 1, text="?"),
        ended(1),
        begun(2, type="tool_use", id="c", name="f", input={}),
        delta("input_json_delta", 2, partial_json=""),
        delta("input_json_delta", 2, partial_json='{"a"'),
        delta("input_json_delta", 2, partial_json=":"),
        delta("input_json_delta", 2, partial_json="1}"),
        ended(2),
        reason("tool_use"),
        STOP,
        apart=apart,
    )
    assert error is None
    assert (response.thinking, response.text) == ("abc", "Hi!?")
    assert [call.arguments for call in response.tool_calls] == ['{"a":1}']


def test_the_quick_way_is_taken() -> None:
    """A read of one delta gives one event and leaves no general decoder's work."""
    decoder = DIALECT.decoder(STREAM, site())
    decoder.feed(events(START, begun(0, type="text", text="")))
    assert decoder.feed(events(delta("text_delta", text="a"))) == [PartDelta(index=0, text="a")]
    assert isinstance(decoder, reply.ReplyDecoder)
    assert decoder._lane is LANES[Text]
    payload = (
        BEGIN + b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""}}' + END
    )
    assert decoder.feed(payload) == []


def test_nothing_counts_after_the_end_mark() -> None:
    response, error = outcome(
        START, begun(0, type="text", text="a"), reason(), STOP, begun(1, type="text", text="b")
    )
    assert (response.text, error) == ("a", None)
    response, error = outcome(START, reason(), STOP, delta("text_delta", text="b"), apart=True)
    assert (response.text, error) == ("", None)


def test_a_block_that_begins_again_ends_the_one_before() -> None:
    response, _ = outcome(
        START, begun(0, type="text", text="a"), begun(0, type="text", text="b"), reason(), STOP
    )
    assert [part.text for part in response.message.content if isinstance(part, Text)] == ["a", "b"]


def test_odd_events_are_passed_over() -> None:
    odd: list[dict[str, Any]] = [
        {"type": "content_block_start", "index": "x", "content_block": 5},
        {"type": "content_block_delta", "index": 0, "delta": 5},
        {"type": "message_start", "message": 5},
        {"type": "message_delta", "delta": 5, "usage": 5},
        {"type": "error"},
        delta("text_delta", text=5),
        delta("input_json_delta", partial_json="x"),
        delta("thinking_delta", thinking="x"),
    ]
    response, error = outcome(START, begun(0, type="text", text=5, citations=5), *odd, reason(), STOP)
    assert error is None
    assert response.text == ""
    found, error = play(
        DIALECT.decoder(STREAM, site()), [b"data: [1]\n\ndata:  \n\n", events(reason(), STOP)]
    )
    assert error is None
    assert len(found) == 1


def test_text_before_half_a_character_and_after_it_is_whole() -> None:
    half = events(delta("text_delta", text="@")).replace(b"@", b"\\ud83d")
    rest = events(delta("text_delta", text="@")).replace(b"@", b"\\ude00")
    pieces = [events(START, begun(0, type="text", text="")), half, rest, events(reason(), STOP)]
    found, _ = play(DIALECT.decoder(STREAM, site()), pieces)
    assert fold(found).text == "😀"
    lone = b'{"content":[{"type":"text","text":"a\\ud83d"}],"stop_reason":"end_turn"}'
    found, _ = play(DIALECT.decoder(JSON, site()), [lone])
    assert fold(found).text == "a\ufffd"


def test_a_provider_s_own_tool_is_kept_with_what_it_was_asked() -> None:
    response, _ = outcome(
        START,
        begun(0, type="server_tool_use", id="s", name="web_search", input={}),
        delta("input_json_delta", partial_json='{"query":'),
        delta("input_json_delta", partial_json='"x"}'),
        ended(),
        begun(1, type="server_tool_use", id="t", name="odd", input={}),
        delta("input_json_delta", 1, partial_json="no json"),
        ended(1),
        begun(2, type="web_search_tool_result", tool_use_id="s", content=[]),
        reason(),
        STOP,
    )
    blocks = [msgspec.json.decode(part.json) for part in response.message.content if isinstance(part, Opaque)]
    assert [one.get("input") for one in blocks] == [{"query": "x"}, "no json", None]
    assert Blocks().count == 0


def test_the_end_tells_where_it_stopped_why_it_refused_and_that_a_limit_was_ours() -> None:
    asked = request()
    for fields, code in (
        ({"stop_reason": "stop_sequence", "stop_sequence": "END"}, ["stopped_at"]),
        ({"stop_reason": "stop_sequence"}, []),
        ({"stop_reason": "refusal", "stop_details": {"category": "bio"}}, ["refused"]),
        ({"stop_reason": "max_tokens"}, ["limit_filled"]),
        ({}, ["finish_missing"]),
    ):
        decoder = DIALECT.decoder_for(asked, JSON, site())
        play(decoder, [msgspec.json.encode({"content": [], **fields})])
        assert [note.code for note in decoder.notes] == code  # type: ignore[attr-defined]
    assert "4096" in reply._notes("max_tokens", {}, {}, 4096)[0].message


def test_a_whole_answer_of_one_text_is_told_in_the_order_that_folds_at_once() -> None:
    body = {
        "content": [{"type": "text", "text": "a"}],
        "stop_reason": "end_turn",
        "usage": {"output_tokens": 2},
    }
    found, _ = play(DIALECT.decoder(JSON, site()), [msgspec.json.encode(body)])
    assert [type(event).__name__ for event in found] == [
        *("Started", "PartStarted", "UsageReported", "PartEnded", "Finished")
    ]


def test_a_whole_call_begins_with_its_arguments() -> None:
    call = {"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}}
    found, _ = play(DIALECT.decoder(JSON, site()), [msgspec.json.encode({"content": [call, 5]})])
    (part,) = [event.part for event in found if isinstance(event, PartStarted)]
    assert isinstance(part, ToolCall)
    assert part.arguments == '{"a":1}'
    assert not [event for event in found if isinstance(event, PartDelta)]


def test_counts_replace_each_other() -> None:
    told: dict[str, Any] = {"input_tokens": 3, "output_tokens": 1}
    assert laid_over(told, {"output_tokens": 9, "input_tokens": None}) == {
        "input_tokens": 3,
        "output_tokens": 9,
    }
    assert laid_over(told, 5) is told
    found, _ = play(DIALECT.decoder(STREAM, site()), [events(START, reason(usage={"input_tokens": 1}), STOP)])
    assert len([event for event in found if isinstance(event, UsageReported)]) == 1


def test_usage_is_in_classes_that_do_not_overlap() -> None:
    later = {"cache_creation": {"ephemeral_5m_input_tokens": 2}, "cache_creation_input_tokens": 5}
    usage = decode_usage({**later, "output_tokens": 3, "output_tokens_details": {"thinking_tokens": 7}})
    assert (usage.cache_write_5m, usage.cache_write_1h) == (5, None)
    assert (usage.output_visible, usage.reasoning, usage.input_uncached) == (0, 3, None)
    assert encode_usage(Usage(input_uncached=1, image_in=2, audio_out=4)) == {
        "input_tokens": 3,
        "output_tokens": 4,
    }


def test_sources_are_told_by_page_by_document_and_by_the_callers_own() -> None:
    found = decode_citations(
        [
            {"type": "page_location", "cited_text": "q", "document_index": 0, "document_title": "Book"},
            {"type": "char_location", "file_id": "file_1", "document_index": 2},
            {"type": "search_result_location", "source": "kb/1", "title": "T"},
            {"type": "new"},
            5,
        ]
    )
    assert found == (
        Citation(title="Book", quote="q", source="0"),
        Citation(source="file_1"),
        Citation(title="T", source="kb/1"),
    )
    entries = encode_citations(Text(text="a", citations=(Citation(url="https://h/", quote="q"), found[2])))
    assert [entry["type"] for entry in entries] == ["web_search_result_location", "search_result_location"]
    assert decode_citations(entries) == (Citation(url="https://h/", quote="q"), found[2])
    assert encode_citations(Text(text="a", replay=kept(citations=5))) == []


def test_bodies_that_are_no_answer_are_told_as_such() -> None:
    for raw, kind in (
        (b"  ", WireError),
        (b"[]", WireError),
        (b"\xef\xbb\xbf{", WireError),
        (b"hm", WireError),
    ):
        _, error = play(DIALECT.decoder(JSON, site()), [raw])
        assert isinstance(error, (kind, StreamInterrupted))
    _, error = play(DIALECT.decoder(STREAM, site()), [b"\xef", b"\xbb\xbf"])
    assert isinstance(error, StreamInterrupted)
    _, error = play(DIALECT.decoder(STREAM, site()), [])
    assert isinstance(error, StreamInterrupted)
    _, error = play(DIALECT.decoder(WireHead(200, ((b"content-type", b"text/html"),)), site()), [b"Hello"])
    assert isinstance(error, WireError)
    response, error = whole(content=[], stop_reason="end_turn")
    assert error is None
    assert response.message.content == ()


def test_a_body_without_an_end_is_bounded() -> None:
    decoder = DIALECT.decoder(JSON, site())
    decoder.feed(b"{" + b" " * (reply.MAX_BODY - 1))
    with pytest.raises(WireError, match="larger"):
        decoder.feed(b" ")


def test_an_answer_may_come_in_several_pieces() -> None:
    body = msgspec.json.encode({"content": [{"type": "text", "text": "a"}], "stop_reason": "end_turn"})
    found, _ = play(DIALECT.decoder(JSON, site()), [b"\n", body[:9], body[9:]])
    assert fold(found).text == "a"


def refusal(status: int, body: Any, table: str | None = None, **headers: str) -> ProviderError:
    fields = tuple((name.replace("_", "-").encode(), value.encode()) for name, value in headers.items())
    at = Site(base_url="https://h", codes=table)
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    _, error = play(DIALECT.decoder(WireHead(status, fields), at), [raw])
    assert isinstance(error, ProviderError)
    return error


def test_refusals_of_other_hosts_are_read_by_their_own_tables() -> None:
    error = refusal(402, {"error": {"message": "Insufficient Balance", "code": "invalid"}}, "deepseek")
    assert type(error) is QuotaError
    assert error.hint
    own = {"code": "Throttling", "message": "slow", "request_id": "r"}
    throttled = refusal(429, own, "qwen")
    assert (type(throttled), throttled.request_id) == (RateLimitedError, "r")
    cured = refusal(404, {"error": {"type": "not_found_error", "message": "model: x"}}, "anthropic")
    assert type(cured) is NotFoundError
    assert "baimo models" in (cured.hint or "")
    conflict = refusal(409, {"error": {"type": "conflict_error", "message": "x"}}, "anthropic")
    assert conflict.retryable
    assert type(refusal(500, b"<p>")) is ServerError
    assert find_refusal({"message": "x", "content": []}) is None
    assert find_refusal({"error": ""}) is None
    limited = {"error": {"type": "rate_limit_error", "message": "x", "details": {"error_code": "other"}}}
    assert type(refusal(429, limited)) is RateLimitedError


def test_bodies_of_other_operations_are_checked() -> None:
    for raw in (b"", b"<p>", b"[1]"):
        with pytest.raises(WireError):
            decode_body(JSON, raw)
    with pytest.raises(ProviderError):
        decode_body(JSON, b'{"type":"error","error":{"type":"api_error","message":"x"}}')
    with pytest.raises(ServerError):
        decode_body(WireHead(500), b"{}")
    assert Thinking().text == ""


def test_reads_of_several_deltas_go_the_quick_way_again_and_again() -> None:
    decoder = DIALECT.decoder(STREAM, site())
    decoder.feed(events(START, begun(0, type="text", text="")))
    found = []
    for read in (
        [delta("text_delta", text="a"), delta("text_delta", text="b")],
        [
            delta("text_delta", text=""),
            delta("text_delta", text="c"),
            delta("smell_delta"),
            delta("text_delta", 9, text="lost"),
        ],
        [delta("text_delta", text="d"), delta("text_delta", text=""), delta("text_delta", text="e")],
        [delta("text_delta", text="f"), ended(), delta("text_delta", text="lost")],
        [delta("text_delta", text="lost")],
        [begun(1, type="text", text="g"), reason(), STOP],
    ):
        found += decoder.feed(events(*read))
    assert "".join([event.text for event in found if isinstance(event, PartDelta)]) == "abcdef"
    assert decoder.end() == []
