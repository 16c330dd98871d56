"""Replies: pieces and whole texts, and what stands in the corners of an event."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialects.dashscope import DIALECT, reply
from baimo.dialects.dashscope.calls import Calls
from baimo.dialects.dashscope.choice import ChoiceState, citations_of, decode_logprobs, dicts
from baimo.dialects.dashscope.errors import MAX_ERROR_BODY, ErrorDecoder
from baimo.dialects.dashscope.fastlane import LANES
from baimo.dialects.dashscope.frames import Frames
from baimo.dialects.dashscope.growth import Growth
from baimo.dialects.dashscope.reply import ReplyDecoder
from baimo.dialects.dashscope.usage import decode_usage, encode_usage
from baimo.errors import ContentFilteredError, ProviderError, StreamInterrupted, WireError
from baimo.types.chat import FinishReason
from baimo.types.content import Opaque, Text, Thinking
from baimo.types.events import PartDelta, UsageReported
from baimo.types.fold import fold
from baimo.types.usage import Usage
from baimo.wire.http import WireHead
from baimo.wire.sse import MAX_EVENT
from tests.conformance.playing import play
from tests.dialects.dashscope.asking import JSON, SSE, decoded, request, said, site, stream


def grown(output: str, *texts: str) -> list[str]:
    growth = Growth(output)
    return [growth.more(text, is_last=number == len(texts)) for number, text in enumerate(texts, 1)]


def test_pieces_stay_pieces_and_whole_texts_become_pieces() -> None:
    assert grown("incremental", "a", "a", "ab") == ["a", "a", "ab"]
    assert grown("cumulative", "a", "ab", "", "ab", "abc") == ["a", "b", "", "", "c"]


def test_half_a_character_is_held_until_the_rest_of_it_is_there() -> None:
    assert grown("cumulative", "你\ufffd", "你好", "你好\ufffd") == ["你", "好", "\ufffd"]


def test_what_is_not_known_is_told_apart_by_what_comes() -> None:
    assert grown("unknown", "ab", "abc", "abcd") == ["ab", "c", "d"]
    assert grown("unknown", "ab", "c", "abc") == ["ab", "c", "abc"]


def test_a_request_decides_how_the_events_of_its_reply_are_read() -> None:
    events = said("a"), said("ab", "stop")
    assert decoded(*events, asked=request(stream=True))[0].text == "aab"
    whole = request(stream=True, extra={"parameters": {"incremental_output": False}})
    assert decoded(*events, asked=whole)[0].text == "ab"
    pieces = request(stream=True, extra={"parameters": {"incremental_output": True}})
    assert decoded(*events, asked=pieces)[0].text == "aab"
    told_nothing = request(stream=True, extra={"parameters": {"incremental_output": None}})
    assert decoded(*events, asked=told_nothing)[0].text == "ab"
    assert decoded(*events, asked=request(stream=True), output="cumulative")[0].text == "ab"


def test_a_refusal_is_read_as_one_whatever_was_asked() -> None:
    head = WireHead(400, ((b"x-request-id", b"r-9"),))
    events, error = play(DIALECT.decoder_for(request(), head, site()), [b"{}"])
    assert not events
    assert isinstance(error, ProviderError)
    assert error.request_id == "r-9"


def test_the_end_of_a_huge_refusal_is_passed_over() -> None:
    decoder = ErrorDecoder(WireHead(500))
    for _ in range(3):
        decoder.feed(b" " * MAX_ERROR_BODY)
    with pytest.raises(ProviderError, match="HTTP status 500"):
        decoder.end()


def test_reasoning_that_comes_again_is_a_part_of_its_own() -> None:
    got, _, _ = decoded(
        said("", reasoning_content="a"), said("b"), said("", reasoning_content="c"), said("d", "stop")
    )
    assert [type(part) for part in got.message.content] == [Thinking, Text, Thinking, Text]
    assert (got.text, got.thinking) == ("bd", "ac")


def test_the_commonest_events_take_the_quick_way() -> None:
    """An event that only the quick way may take: the other one would refuse it."""
    for first, later in (
        (said("a"), said("b")),
        (said([{"text": "a"}]), said([{"text": "b"}])),
        (said("", reasoning_content="a"), said("", reasoning_content="b")),
        (said([], reasoning_content="a"), said([], reasoning_content="b")),
    ):
        decoder = ReplyDecoder(SSE, "incremental")
        decoder.feed(stream(first))
        decoder._event = None  # type: ignore[method-assign, assignment]
        (event,) = decoder.feed(stream(later))
        assert isinstance(event, PartDelta)
        assert event.text == "b"
        with pytest.raises(TypeError):
            decoder.feed(stream(said("c", "stop")))
    assert len(LANES) == 2


def test_pieces_of_several_events_or_of_none_are_read_too() -> None:
    decoder = ReplyDecoder(SSE, "incremental")
    whole = stream(said("a"), said("b"), said("c"), said("d"), said("", "stop"))
    at = whole.index(b"id:2")
    events = decoder.feed(whole[:at]) + decoder.feed(whole[at:-20]) + decoder.feed(whole[-20:])
    assert fold(events + decoder.end()).text == "abcd"


def test_an_event_with_more_than_text_is_not_for_the_quick_way() -> None:
    got, _, error = decoded(
        said("a"), said("b"), said([{"text": "c"}]), said([{"text": "d", "more": 1}]), said([], "stop")
    )
    assert error is None
    assert got.text == "abcd"
    assert any(isinstance(part, Opaque) for part in got.message.content)


def test_usage_is_told_once_with_the_end() -> None:
    events = [{**said(str(n)), "usage": {"input_tokens": 5, "output_tokens": n}} for n in range(1, 6)]
    _, found, _ = decoded(*events, said("", "stop"))
    assert [event.usage.output for event in found if isinstance(event, UsageReported)] == [5]


def test_usage_of_a_stream_that_breaks_off_is_told_all_the_same() -> None:
    events = [{**said(str(n)), "usage": {"input_tokens": 5, "output_tokens": n}} for n in range(1, 6)]
    got, _, error = decoded(*events)
    assert isinstance(error, StreamInterrupted)
    assert got.usage.output == 5


def test_an_end_without_a_reason_is_told_of_where_a_whole_reply_has_it() -> None:
    decoder = DIALECT.decoder(JSON, site())
    decoder.feed(msgspec.json.encode(said("a", None)))  # type: ignore[arg-type]
    response = fold(decoder.end())
    assert (response.text, response.finish_reason) == ("a", FinishReason.UNKNOWN)
    assert isinstance(decoder, ReplyDecoder)
    assert [note.code for note in decoder.notes] == ["finish_missing"]


def test_a_whole_reply_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply, "MAX_BODY", 8)
    decoder = DIALECT.decoder(JSON, site())
    with pytest.raises(WireError, match="larger than 8"):
        decoder.feed(b'{"output": {}}')


def test_an_event_is_bounded() -> None:
    with pytest.raises(WireError, match="larger than"):
        Frames().feed(b"data:" + b"x" * MAX_EVENT)


def test_frames_are_those_of_any_stream_of_events() -> None:
    frames = Frames()
    assert frames.feed(b"id:1\nevent:result\ndata:a\n") == []
    assert frames.feed(b"\n:wait\n\nevent:result\ndata:b\ndata:c\n\nda") == [b"a", b"b\nc"]
    assert frames.feed(b"ta: d\r\n") == []
    assert frames.feed(b"\r\ndata: e") == [b"d"]
    assert frames.end() == [b"e"]
    (named,) = Frames().feed(b"event:error\ndata:no\n\n")
    assert getattr(named, "event", "") == "error"


def test_pieces_of_calls_that_are_none_are_passed_over() -> None:
    state = ChoiceState(0, "incremental")
    state.chunk({"message": {"tool_calls": "odd", "content": 3}, "finish_reason": 7}, [])
    state.chunk({"message": None, "logprobs": {"content": []}}, [])
    assert state.finish is None
    assert state.plain() is None
    assert not Calls(state._parts, "incremental").any
    assert citations_of(None) == ()
    assert citations_of({"search_results": [{"title": "a", "index": None}]})[0].source is None
    assert decode_logprobs({"content": [{"token": "a", "logprob": "no"}]}) == ()
    assert dicts({"a": 1}) == []


def test_calls_find_their_pieces_by_index_or_by_id() -> None:
    def piece(arguments: str, **more: Any) -> dict[str, Any]:
        return {"function": {"name": more.pop("name", None), "arguments": arguments}, **more}

    got, _, _ = decoded(
        said(tool_calls=[piece("", index=0, name="f")]),
        said(tool_calls=[piece("{", index=0, id="a")]),
        said(tool_calls=[piece("{", index=0, id="b", name="g")]),
        said(tool_calls=[piece("}", id="a")]),
        said(finish="stop", tool_calls=[piece("}", id="b")]),
    )
    assert [(call.name, call.arguments) for call in got.tool_calls] == [("f", "{}"), ("g", "{}")]


def test_usage_goes_both_ways() -> None:
    usage = Usage(
        input_uncached=3,
        cache_read=4,
        cache_write_5m=5,
        audio_in=6,
        image_in=7,
        output_visible=8,
        reasoning=9,
        audio_out=10,
    )
    assert msgspec.structs.replace(decode_usage(encode_usage(usage)), raw=None) == usage
    assert encode_usage(Usage()) == {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
    assert decode_usage({"total_tokens": 4}).input == 4


@pytest.mark.parametrize("status", [200, 400])
def test_what_the_inspection_refuses_is_told_by_its_code_whatever_the_words(status: int) -> None:
    body = msgspec.json.encode({"code": "DataInspectionFailed", "message": "no", "request_id": "r"})
    _, error = play(DIALECT.decoder(WireHead(status, JSON.headers), site()), [body])
    assert isinstance(error, ContentFilteredError)
