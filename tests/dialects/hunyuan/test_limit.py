"""A limit of tokens that is held here: where it ends an answer, and where it does not."""

from __future__ import annotations

import msgspec
import pytest

from baimo.dialects.hunyuan import DIALECT
from baimo.dialects.hunyuan.limit import LimitedDecoder
from baimo.errors import ServerError, StreamInterrupted
from baimo.types.chat import FinishReason
from baimo.types.events import ChatEvent
from baimo.types.fold import fold
from baimo.wire.http import WireHead
from tests.conformance.playing import play
from tests.dialects.hunyuan.asking import JSON, SITE, SSE, chunk, request


def body(*chunks: object) -> bytes:
    return b"".join(b"data: " + msgspec.json.encode(one) + b"\n\n" for one in chunks)


LONG = body(*[chunk("", at, Content=f"{at} ") for at in range(1, 7)], chunk("stop", 6))


def limited(limit: int, raw: bytes, head: WireHead = SSE) -> tuple[list[ChatEvent], LimitedDecoder]:
    decoder = DIALECT.decoder_for(request(max_tokens=limit), head, SITE)
    assert isinstance(decoder, LimitedDecoder)
    events, error = play(decoder, [raw])
    assert error is None
    return events, decoder


def test_the_answer_ends_where_the_providers_count_reaches_the_limit() -> None:
    events, decoder = limited(3, LONG)
    response = fold(events)
    assert response.text == "1 2 3 "
    assert response.finish_reason is FinishReason.LENGTH
    assert response.usage.output == 3
    assert decoder.is_over
    assert decoder.feed(LONG) == []
    assert decoder.end() == []


def test_however_the_bytes_are_cut_it_ends_at_the_same_place() -> None:
    whole, _ = limited(3, LONG)
    for at in range(1, len(LONG)):
        decoder = DIALECT.decoder_for(request(max_tokens=3), SSE, SITE)
        events, error = play(decoder, [LONG[:at], LONG[at:]])
        assert error is None
        assert fold(events) == fold(whole), at


@pytest.mark.parametrize("limit", [6, 7, 1000])
def test_an_answer_that_ends_by_itself_ends_as_it_does(limit: int) -> None:
    events, decoder = limited(limit, LONG)
    assert fold(events).finish_reason is FinishReason.STOP
    assert not decoder.is_over


def test_every_part_that_is_open_ends() -> None:
    call = {"Id": "c1", "Index": 0, "Function": {"Name": "f", "Arguments": "{"}}
    raw = body(
        chunk("", 1, ReasoningContent="hm"),
        chunk("", 2, Content="a", ToolCalls=[call]),
        chunk("", 3, Content="b"),
    )
    events, _ = limited(2, raw)
    kinds = [type(event).__name__ for event in events]
    assert kinds.count("PartStarted") == kinds.count("PartEnded") == 3
    assert kinds[-1] == "Finished"


def test_a_cut_behind_the_limit_is_no_cut() -> None:
    raw = body(chunk("", 2, Content="a")) + b'data: {"Choices":[{"Delta":{"Content":"b"}}]}\n\ndata: {"Cho'
    events, _ = limited(2, raw)
    assert fold(events).finish_reason is FinishReason.LENGTH


def test_a_failure_behind_the_limit_in_the_same_bytes_is_not_told() -> None:
    failed = {"ErrorMsg": {"Code": 4000, "Msg": "internal"}}
    events, _ = limited(2, body(chunk("", 2, Content="a"), chunk("", 3, Content="b"), failed))
    assert fold(events).text == "a"


def test_a_failure_before_the_limit_is_told_with_what_came() -> None:
    failed = {"ErrorMsg": {"Code": 4000, "Msg": "internal"}}
    decoder = DIALECT.decoder_for(request(max_tokens=9), SSE, SITE)
    events, error = play(decoder, [body(chunk("", 2, Content="a"), failed)])
    assert isinstance(error, ServerError)
    assert fold(events).text == "a"
    decoder = DIALECT.decoder_for(request(max_tokens=9), SSE, SITE)
    _, error = play(decoder, [body(chunk("", 2, Content="a"))])
    assert isinstance(error, StreamInterrupted)


def test_without_counts_nothing_can_be_held() -> None:
    events, _ = limited(1, body(chunk(Content="a"), chunk(Content="b"), chunk("stop")))
    assert fold(events).text == "ab"


def test_a_reply_without_a_limit_or_a_refusal_is_decoded_as_it_is() -> None:
    assert not isinstance(DIALECT.decoder_for(request(), SSE, SITE), LimitedDecoder)
    assert not isinstance(DIALECT.decoder_for(request(max_tokens=5), WireHead(502), SITE), LimitedDecoder)


def test_the_id_of_the_call_is_told_through() -> None:
    raw = b'{"Response":{"RequestId":"r-1","Choices":[{"Message":{"Content":"a"},"FinishReason":"stop"}]}}'
    _, decoder = limited(5, raw, JSON)
    assert decoder.request_id == "r-1"
