"""Replies: what stands in the corners of a piece."""

from __future__ import annotations

import msgspec
import pytest

from baimo.dialects.qianfan_v1 import DIALECT, reply
from baimo.dialects.qianfan_v1.errors import MAX_ERROR_BODY, ErrorDecoder
from baimo.dialects.qianfan_v1.fastlane import decode_piece
from baimo.dialects.qianfan_v1.reply import ReplyDecoder, citations_of
from baimo.dialects.qianfan_v1.usage import decode_usage, encode_usage
from baimo.errors import ProviderError, StreamInterrupted, WireError
from baimo.types.fold import fold
from baimo.types.usage import Usage
from baimo.wire.http import WireHead
from tests.conformance.playing import play
from tests.dialects.qianfan_v1.asking import JSON, SITE, SSE


def stream(*pieces: dict[str, object]) -> bytes:
    return b"".join(b"data: " + msgspec.json.encode(piece) + b"\n\n" for piece in pieces)


def test_a_piece_of_nothing_but_text_takes_the_quick_way() -> None:
    decoder = ReplyDecoder(SSE)
    decoder.feed(stream({"result": "a", "is_end": False}))
    decoder._event = None  # type: ignore[method-assign, assignment]
    assert len(decoder.feed(stream({"result": "b", "is_end": False, "usage": {"prompt_tokens": 1}}))) == 1
    assert len(decoder.feed(stream({"result": "b"}))) == 1
    for more in ({"is_end": True}, {"is_truncated": True}, {"need_clear_history": True}):
        with pytest.raises(TypeError):
            decoder.feed(stream({"result": "c", **more}))
    assert decode_piece(b'{"result":"a"}').result == "a"


def test_usage_of_a_stream_that_breaks_off_is_told_all_the_same() -> None:
    counts = {"prompt_tokens": 2, "completion_tokens": 3}
    pieces: list[dict[str, object]] = [{"result": "a", "usage": {}}, {"result": "b", "usage": counts}]
    events, error = play(DIALECT.decoder(SSE, SITE), [stream(*pieces)])
    assert isinstance(error, StreamInterrupted)
    assert fold(events).usage.output == 3


def test_a_conversation_that_is_held_for_unsafe_is_told_in_a_note() -> None:
    for turn, words in ((-1, "the last question"), (2, "turn 2")):
        decoder = ReplyDecoder(JSON)
        body = {"result": "no", "need_clear_history": True, "ban_round": turn}
        decoder.feed(msgspec.json.encode(body))
        decoder.end()
        (note,) = decoder.notes
        assert words in note.message
    again = ReplyDecoder(SSE)
    again.feed(stream({"result": "a", "need_clear_history": True}, {"need_clear_history": True}))
    assert len(again.notes) == 1


def test_a_whole_reply_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply, "MAX_BODY", 8)
    decoder = DIALECT.decoder(JSON, SITE)
    with pytest.raises(WireError, match="larger than 8"):
        decoder.feed(b'{"result": ""}')


def test_the_end_of_a_huge_refusal_is_passed_over() -> None:
    decoder = ErrorDecoder(WireHead(500))
    for _ in range(3):
        assert decoder.feed(b" " * MAX_ERROR_BODY) == []
    with pytest.raises(ProviderError, match="HTTP status 500"):
        decoder.end()


def test_an_answer_of_nothing_is_one() -> None:
    decoder = DIALECT.decoder(JSON, SITE)
    decoder.feed(b'{"result":"","id":"","created":"x","function_call":null}')
    response = fold(decoder.end())
    assert (response.text, response.id, response.created) == ("", None, None)


def test_odd_calls_and_sources_are_no_crash() -> None:
    decoder = DIALECT.decoder(JSON, SITE)
    decoder.feed(b'{"function_call":{"name":"f","arguments":null,"thoughts":3}}')
    (call,) = fold(decoder.end()).tool_calls
    assert (call.name, call.arguments) == ("f", "")
    assert citations_of(None) == ()
    assert citations_of({"search_results": [{"title": "a", "index": None}]})[0].source is None


def test_usage_goes_both_ways() -> None:
    usage = Usage(input_uncached=3, output_visible=8)
    assert msgspec.structs.replace(decode_usage(dict(encode_usage(usage))), raw=None) == usage
