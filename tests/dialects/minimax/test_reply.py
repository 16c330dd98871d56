"""Replies of this wire that the cases do not show."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialect.protocols import Site
from baimo.dialects.minimax import DIALECT, reply
from baimo.dialects.minimax.lane import LANES
from baimo.dialects.minimax.usage import decode_usage
from baimo.errors import AuthError, ServerError, StreamInterrupted, WireError
from baimo.types.content import Opaque, Text, Thinking
from baimo.types.events import Finished, PartDelta, UsageReported
from baimo.wire.http import WireHead
from tests.conformance.playing import play
from tests.dialects.minimax.asking import JSON, SITE, SSE, chunk, decoded

ZEROS = {"usage": {"total_tokens": 0, "total_characters": 0}}


def test_what_the_filters_found_is_kept_as_it_came() -> None:
    flagged = {**chunk("stop", content="b"), "input_sensitive": True, "input_sensitive_type": 3}
    response, _, _ = decoded(chunk(content="a"), flagged)
    (told,) = [part for part in response.message.content if isinstance(part, Opaque)]
    assert told.dialect == "minimax"
    assert msgspec.json.decode(told.json) == {"input_sensitive": True, "input_sensitive_type": 3}


def test_chunks_that_count_nothing_report_no_usage() -> None:
    _, events, _ = decoded({**chunk(content="a"), **ZEROS}, {**chunk("stop"), **ZEROS})
    assert not [event for event in events if isinstance(event, UsageReported)]
    assert decode_usage({"total_tokens": 0}) is None
    assert decode_usage({"total_tokens": 73}) is not None


def test_more_cached_than_the_prompt_holds_is_not_taken_off() -> None:
    usage = decode_usage({"prompt_tokens": 3, "prompt_tokens_details": {"cached_tokens": 9}})
    assert usage is not None
    assert (usage.input_uncached, usage.cache_read) == (3, 9)


def test_choices_are_told_apart_by_their_index() -> None:
    response, _, _ = decoded(
        chunk(content="a"), chunk(content="b", index=1), chunk("stop"), chunk("length", index=1)
    )
    assert [choice.message.text for choice in response.choices] == ["a", "b"]


def test_thoughts_that_come_back_after_words_are_a_part_of_their_own() -> None:
    response, _, _ = decoded(
        chunk(reasoning_content="1"),
        chunk(content="a"),
        chunk(reasoning_content="2"),
        chunk("stop", content="b"),
    )
    assert [type(part) for part in response.message.content] == [Thinking, Text, Thinking, Text]


def test_the_quick_way_tells_the_same_as_the_general_one(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces: list[Any] = [
        {**chunk(reasoning_content="想", role=""), **ZEROS},
        {**chunk(reasoning_content="一下", role=""), **ZEROS},
        {**chunk(content="<", role="assistant"), **ZEROS},
        {**chunk(content="b"), "input_sensitive": False},
        {**chunk(content=""), "output_sensitive": False},
        {**chunk(content="c"), "output_sensitive": True},
        {**chunk(content="\ud83d".encode("utf-16", "surrogatepass").decode("utf-16", "ignore") + "d")},
        chunk("stop", content="e"),
    ]
    _, quick, _ = decoded(*pieces)
    deltas = [event.text for event in quick if isinstance(event, PartDelta)]
    assert deltas == ["想", "一下", "<b", "c", "d", "e"]
    monkeypatch.setattr(reply.ReplyDecoder, "_find_lane", lambda self, payload: None)
    _, general, _ = decoded(*pieces)
    assert quick == general
    assert set(LANES) == {Text, Thinking}


def test_many_events_in_one_piece_end_at_the_end_mark() -> None:
    body = b'data: {"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    events, error = play(DIALECT.decoder(SSE, SITE), [body + b"data: x\n\n", b"data: y"])
    assert error is None
    assert len([event for event in events if isinstance(event, Finished)]) == 1


def test_a_page_in_place_of_a_stream_is_told() -> None:
    _, error = play(DIALECT.decoder(WireHead(200, ((b"content-type", b"text/html"),)), SITE), [b"oops\n\n"])
    assert isinstance(error, WireError)
    assert "a page" in error.message


def test_a_stream_without_anything_is_cut() -> None:
    assert isinstance(play(DIALECT.decoder(SSE, SITE), [])[1], StreamInterrupted)
    assert isinstance(play(DIALECT.decoder(SSE, SITE), [b": hi\n\n"])[1], StreamInterrupted)
    assert isinstance(play(DIALECT.decoder(JSON, SITE), [])[1], WireError)


def test_a_mark_of_byte_order_is_passed_over_even_in_pieces() -> None:
    body = b'\xef\xbb\xbf{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}'
    events, error = play(DIALECT.decoder(JSON, SITE), [body[i : i + 1] for i in range(len(body))])
    assert error is None
    assert isinstance(events[-1], Finished)


def test_a_body_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply, "MAX_BODY", 10)
    _, error = play(DIALECT.decoder(JSON, SITE), [b"{" * 6, b"{" * 6])
    assert isinstance(error, WireError)


def test_a_refusal_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply, "MAX_ERROR_BODY", 4)
    _, error = play(DIALECT.decoder(WireHead(500), SITE), [b"abc", b"defg"])
    assert isinstance(error, ServerError)
    assert error.body == "abcd"


def test_a_refusal_of_another_form_is_that_of_its_status() -> None:
    _, error = play(DIALECT.decoder(WireHead(401), SITE), [b'{"base_resp": {"status_code": 0}}'])
    assert isinstance(error, AuthError)
    _, error = play(DIALECT.decoder(WireHead(401), SITE), [b'["no"]'])
    assert isinstance(error, AuthError)


def test_the_rows_own_table_of_codes_is_asked() -> None:
    body = b'{"base_resp": {"status_code": 1113, "status_msg": "x"}}'
    _, error = play(DIALECT.decoder(JSON, Site(base_url="https://h", codes="zhipu")), [body])
    assert type(error).__name__ == "QuotaError"


def test_a_code_that_is_no_number_is_kept() -> None:
    _, error = play(DIALECT.decoder(JSON, SITE), [b'{"base_resp": {"status_code": [1]}, "id": true}'])
    assert (error and getattr(error, "provider_code", 1)) is None


def test_strange_pieces_are_passed_over() -> None:
    strange = {
        "choices": [
            {
                "index": -1,
                "delta": {
                    "content": 5,
                    "tool_calls": [{"function": 3}],
                    "annotations": [
                        7,
                        {"url": ""},
                        {"url": "https://a.example", "title": "t"},
                        {"url": "https://a.example"},
                    ],
                },
            },
            3,
        ]
    }
    response, _, error = decoded(strange, chunk("stop", content="a"), {"choices": 7})
    assert error is None
    (part,) = response.message.content
    assert [(c.url, c.title) for c in part.citations] == [("https://a.example", "t")]


def test_a_call_that_is_never_named_has_an_empty_name() -> None:
    response, _, _ = decoded(chunk("tool_calls", tool_calls=[{"id": "a", "function": {"arguments": "{}"}}]))
    assert [(call.id, call.name, call.arguments) for call in response.tool_calls] == [("a", "", "{}")]


def test_a_search_that_found_nothing_readable_names_no_source() -> None:
    response, _, error = decoded(chunk(role="tool", content=""), chunk("stop", content="a"))
    assert error is None
    assert not response.message.content[0].citations
