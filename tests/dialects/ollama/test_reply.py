"""Replies: what stands in the corners of a line."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialects.ollama import DIALECT
from baimo.dialects.ollama.reply import decode_logprobs, decode_usage, made_up_id
from baimo.errors import NotFoundError, ProviderError, ServerError, StreamInterrupted
from baimo.types.chat import ChatResponse
from baimo.types.events import PartStarted
from baimo.types.fold import fold
from tests.conformance.playing import play
from tests.dialects.ollama.asking import JSON, LINES, lines, site


def response(*objects: dict[str, Any], **quirks: Any) -> ChatResponse:
    events, error = play(DIALECT.decoder(LINES, site(**quirks)), [lines(*objects)])
    assert error is None
    return fold(events)


def said(done: bool = False, **message: Any) -> dict[str, Any]:
    return {"model": "m", "created_at": "2026-11-20T08:09:10Z", "message": message, "done": done}


def test_reasoning_that_comes_again_is_a_part_of_its_own_behind_the_text() -> None:
    got = response(said(thinking="a"), said(content="b"), said(thinking="c"), said(True, content="d"))
    assert [type(part).__name__ for part in got.message.content] == ["Thinking", "Text", "Thinking"]
    assert (got.text, got.thinking) == ("bd", "ac")


def test_reasoning_ends_where_a_tool_is_called() -> None:
    call = {"function": {"name": "f", "arguments": {"a": 1}}}
    events, _ = play(
        DIALECT.decoder(LINES, site()), [lines(said(thinking="a"), said(tool_calls=[call]), said(True))]
    )
    started = [event.index for event in events if isinstance(event, PartStarted)]
    assert started == [0, 1]
    assert [type(event).__name__ for event in events[1:5]] == [
        "PartStarted",
        "PartDelta",
        "PartEnded",
        "PartStarted",
    ]


def test_arguments_that_a_server_gives_as_text_or_not_at_all_are_taken() -> None:
    calls = [{"id": "x", "function": {"name": "f", "arguments": '{"a":1}'}}, {"id": 4, "function": {}}]
    got = response(said(True, tool_calls=calls))
    assert [(call.name, call.arguments) for call in got.tool_calls] == [("f", '{"a":1}'), ("", "{}")]
    assert got.tool_calls[0].id == "x"


def test_only_true_is_done() -> None:
    _, error = play(DIALECT.decoder(LINES, site()), [lines({**said(content="a"), "done": "no"})])
    assert isinstance(error, StreamInterrupted)


def test_a_made_up_id_is_stable_and_differs_from_call_to_call_and_reply_to_reply() -> None:
    one = made_up_id("t", 0, "f", "{}")
    assert one == made_up_id("t", 0, "f", "{}")
    assert len({one, made_up_id("t", 1, "f", "{}"), made_up_id("u", 0, "f", "{}")}) == 3
    assert made_up_id("\ud83d", 0, "f", "{}").startswith("call_")


def test_a_count_that_is_left_out_is_not_known() -> None:
    usage = decode_usage({"eval_count": 3, "total_duration": 9, "model": "m"})
    assert usage is not None
    assert (usage.input_uncached, usage.output_visible, usage.input) == (None, 3, None)
    assert usage.raw is not None
    assert msgspec.json.decode(usage.raw) == {"eval_count": 3, "total_duration": 9}
    assert decode_usage({"done": True}) is None
    odd = decode_usage({"eval_count": -1, "prompt_eval_count": "5"})
    assert odd is not None
    assert odd.total is None


def test_odd_probabilities_are_passed_over() -> None:
    assert decode_logprobs({"token": "a"}) == ()
    (token,) = decode_logprobs([{"token": "a", "logprob": -1, "bytes": ["x"]}, {"token": 1}, 5])
    assert (token.token, token.logprob, token.bytes, token.top) == ("a", -1.0, None, ())


def test_tags_are_split_only_with_the_quirk_and_only_in_the_text() -> None:
    whole = said(True, content="<think>\na\n</think>\n\nb")
    assert response(whole).thinking == ""
    split = response(whole, think_tags=True)
    assert (split.thinking, split.text) == ("a", "b")


def test_an_error_object_of_the_neighbouring_wire_is_understood() -> None:
    for error, message in (
        ({"message": "model 'x' not found"}, "model 'x' not found"),
        ({"c": 1}, '{"c":1}'),
    ):
        _, raised = play(DIALECT.decoder(JSON, site()), [lines({"error": error})])
        assert isinstance(raised, ProviderError)
        assert raised.message == message
    assert isinstance(raised, ServerError)


def test_an_error_that_is_empty_is_none() -> None:
    assert response({"error": "", **said(True, content="a")}).text == "a"


def test_a_refusal_brings_its_cure() -> None:
    _, raised = play(DIALECT.decoder(JSON, site()), [lines({"error": "model 'x' not found"})])
    assert isinstance(raised, NotFoundError)
    assert "ollama pull" in (raised.hint or "")


def test_a_stream_that_stops_inside_its_first_line_is_cut_and_no_reply_that_cannot_be_read() -> None:
    _, raised = play(DIALECT.decoder(LINES, site()), [b'{"model":"m","mess'])
    assert isinstance(raised, StreamInterrupted)
    assert "inside a line" in str(raised)
