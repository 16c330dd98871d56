"""Calls that are asked again: because nothing was in the answer, or because of their wording."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

import baimo
from baimo.dialect.protocols import Site
from baimo.dialects.openai_chat import DIALECT, Quirks
from baimo.errors import EmptyAnswerError, InvalidRequestError, ServerError
from baimo.exchange import Deployment, Outcome, exchange
from baimo.operations import ChatOperation
from baimo.plan import plan
from baimo.resilience.retry import RetryPolicy
from baimo.resilience.timing import TimeLimits
from baimo.simulator.faces.openai import OpenAIFace
from baimo.testing import Simulator
from baimo.types.chat import Message, Role
from baimo.types.content import Text, Thinking, ToolCall, ToolResult
from baimo.types.fold import fold
from baimo.wire.http import HttpRequest, WireHead
from tests.playing import Play
from tests.scripted import chat_request, deployment
from tests.test_exchange import Granted, Token

OK = WireHead(200, ((b"content-type", b"application/json"),))
EVENTS = WireHead(200, ((b"content-type", b"text/event-stream"),))
BAD = WireHead(400, ((b"content-type", b"application/json"),))
RETRY = RetryPolicy(attempts=2, first_wait_s=1.0)
NOTHING = b'{"id":"r1","choices":[{"message":{"content":""},"finish_reason":"stop"}]}'
WORDS = b'{"id":"r2","choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}'
EMPTY_STREAM = (
    b'data: {"id":"r1","choices":[{"delta":{"role":"assistant","content":""}}]}\n\n',
    b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n',
    b"data: [DONE]\n\n",
    b"",
)
STREAM_ONLY = b'{"error":{"message":"This model only support stream mode","code":"invalid_parameter_error"}}'
WHOLE_STREAM = (
    b'data: {"id":"r2","choices":[{"delta":{"content":"Hi"}}]}\n\n',
    b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
    b"",
)


def at(**changes: Any) -> Deployment:
    return deployment(dialect=DIALECT, site=Site(base_url="http://acme.test", provider="acme"), **changes)


def run(play: Play, *, stream: bool = False, where: Deployment | None = None, **fields: Any) -> Outcome:
    operation = ChatOperation(replace(chat_request(stream=stream), **fields))
    outcome = play.run(exchange(operation, where or at(), retry=RETRY, limits=TimeLimits()))
    assert isinstance(outcome, Outcome)
    return outcome


def body(play: Play, number: int) -> dict[str, Any]:
    wire = play.sent[number].wire
    assert isinstance(wire, HttpRequest)
    assert isinstance(wire.body, bytes)
    said: dict[str, Any] = json.loads(wire.body)
    return said


def test_an_empty_answer_is_asked_for_again_and_counted_as_billed() -> None:
    play = Play(OK, NOTHING, b"", OK, WORDS, b"")
    outcome = run(play)
    assert fold(play.events).text == "Hi"
    assert (outcome.sent.attempts, outcome.sent.maybe_billed) == (2, 1)
    assert len(play.waits) == 1


def test_an_answer_that_stays_empty_is_an_error_of_its_own_and_nothing_is_shown() -> None:
    play = Play(OK, NOTHING, b"", OK, NOTHING, b"")
    with pytest.raises(EmptyAnswerError) as caught:
        run(play)
    assert play.events == []
    assert caught.value.attempts == 2
    assert caught.value.provider == "acme"


def test_an_empty_answer_moves_on_to_the_next_model() -> None:
    play = Play(OK, NOTHING, b"", OK, NOTHING, b"", OK, WORDS, b"")
    route = ((at(),), (at(provider="other"),))
    outcome = play.run(
        plan(ChatOperation(chat_request()), route, retry=RETRY, limits=[TimeLimits(), TimeLimits()])
    )
    assert outcome.at.provider == "other"


def test_an_empty_stream_is_asked_for_again_for_nothing_of_it_was_shown() -> None:
    play = Play(EVENTS, *EMPTY_STREAM, EVENTS, *WHOLE_STREAM)
    outcome = run(play, stream=True)
    response = fold(play.events)
    assert (response.id, response.text) == ("r2", "Hi")
    assert (outcome.sent.attempts, outcome.sent.maybe_billed) == (2, 1)
    with pytest.raises(EmptyAnswerError):
        run(Play(EVENTS, *EMPTY_STREAM, EVENTS, *EMPTY_STREAM), stream=True)


def test_a_stream_that_ends_for_a_reason_is_shown_though_nothing_was_said() -> None:
    limited = (EMPTY_STREAM[0], EMPTY_STREAM[1].replace(b"stop", b"length"), *EMPTY_STREAM[2:])
    play = Play(EVENTS, *limited)
    run(play, stream=True)
    assert fold(play.events).finish_reason == "length"


def test_a_model_that_only_streams_gives_a_whole_answer_at_once() -> None:
    play = Play(BAD, STREAM_ONLY, b"", EVENTS, *WHOLE_STREAM)
    outcome = run(play)
    assert fold(play.events).text == "Hi"
    assert play.trace.count("Emit") == 1
    assert play.waits == []
    assert "stream" not in body(play, 0)
    assert body(play, 1)["stream"] is True
    assert [note.code for note in outcome.notes] == ["mended"]
    assert (outcome.sent.attempts, outcome.sent.maybe_billed) == (1, 0)
    quirks = DIALECT.quirks({"stream_only": True})
    quirked = replace(at(), site=replace(at().site, quirks=quirks))
    row = Play(EVENTS, *WHOLE_STREAM)
    run(row, where=quirked)
    assert body(row, 0) == body(play, 1)  # as if the row had told it
    assert row.events == play.events


def test_a_refusal_that_no_other_words_help_is_raised_with_what_the_user_may_do() -> None:
    refusal = b'{"error":{"message":"temperature is not supported"}}'
    play = Play(BAD, refusal, b"")
    with pytest.raises(InvalidRequestError) as caught:
        run(play, temperature=0.5)
    assert 'unsupported="drop"' in str(caught.value)
    assert len(play.sent) == 1


def test_after_the_second_mending_the_refusal_stands() -> None:
    refusals = [
        part
        for name in ("temperature", "top_p", "seed")
        for part in (BAD, b'{"error":{"message":"%s is not supported"}}' % name.encode(), b"")
    ]
    play = Play(*refusals)
    with pytest.raises(InvalidRequestError, match="seed"):
        run(play, temperature=0.5, top_p=0.5, seed=1, unsupported="drop")
    assert len(play.sent) == 3


def test_what_was_shown_is_not_asked_for_in_other_words() -> None:
    late = b"data: " + STREAM_ONLY + b"\n\n"
    play = Play(EVENTS, WHOLE_STREAM[0], late, b"")
    with pytest.raises(baimo.StreamInterrupted):
        run(play, stream=True)
    assert len(play.sent) == 1


def test_a_mended_call_may_still_be_tried_again() -> None:
    play = Play(BAD, STREAM_ONLY, b"", WireHead(500), b"", EVENTS, *WHOLE_STREAM)
    outcome = run(play)
    assert outcome.sent.attempts == 2
    assert body(play, 2)["stream"] is True
    broken = Play(BAD, STREAM_ONLY, b"", WireHead(500), b"", WireHead(500), b"")
    with pytest.raises(ServerError):
        run(broken)


def test_a_call_with_a_token_is_signed_again_in_its_new_words() -> None:
    play = Granted(BAD, STREAM_ONLY, b"", EVENTS, *WHOLE_STREAM)
    run(play, where=at(signer=Token()))
    assert [send.wire.headers for send in play.sent] == [((b"token", b"fake-1"),), ((b"token", b"fake-2"),)]
    assert body(play, 1)["stream"] is True


CONFIG = {
    "providers": {
        "acme": {
            "dialect": "openai_chat",
            "base_url": "https://api.openai.com/v1",
            "api_key": "sk-fake-0000000000000000000000001234",
        }
    }
}
FACE = OpenAIFace(models=("gpt-*", "o?", "qwq-*"), streaming=("qwq-*",))


def test_a_provider_that_nobody_has_looked_at_is_called_in_words_that_it_takes() -> None:
    with Simulator(FACE) as simulator:
        simulator.reply("Hello")
        with simulator.client(config=CONFIG) as client:
            streamed = client.chat("acme/qwq-plus", "Hi")
            assert streamed.text == "Hello"
            assert "only as a stream" in streamed.notes[0].message
            limited = client.chat("acme/o3", "Hi", max_tokens=50)
            assert limited.text == "Hello"
            assert [note.code for note in limited.notes] == ["mended"]
            assert limited.sent is not None
            assert b"max_completion_tokens" in limited.sent.body
            with pytest.raises(InvalidRequestError, match='unsupported="drop"'):
                client.chat("acme/o3", "Hi", temperature=0.5)
            dropped = client.chat("acme/o3", "Hi", temperature=0.5, stop="x", unsupported="drop")
            assert [note.code for note in dropped.notes].count("mended") == 2
            assert client.chat("acme/o3", "Hi", temperature=1).text == "Hello"


def test_reasoning_goes_back_to_a_host_that_asks_for_it_and_stays_out_where_it_is_refused() -> None:
    call = ToolCall(id="c1", name="f", arguments="{}")
    history = (
        *chat_request().messages,
        Message(role=Role.ASSISTANT, content=(Thinking(text="I must look."), call)),
        Message(role=Role.TOOL, content=(ToolResult(call_id="c1", content=(Text(text="24 C"),)),)),
    )
    wants = b'{"error":{"message":"The `reasoning_content` in the thinking mode must be passed back."}}'
    play = Play(BAD, wants, b"", OK, WORDS, b"")
    outcome = run(play, messages=history)
    assert "reasoning_content" not in body(play, 0)["messages"][1]
    assert body(play, 1)["messages"][1]["reasoning_content"] == "I must look."
    assert [note.code for note in outcome.notes] == ["mended"]
    refuses = b'{"error":{"message":"Please remove the reasoning_content from your message."}}'
    play = Play(BAD, refuses, b"", OK, WORDS, b"")
    site = Site(base_url="http://acme.test", provider="acme", quirks=Quirks(reasoning_replay="always"))
    run(play, messages=history, where=replace(at(), site=site))
    assert body(play, 0)["messages"][1]["reasoning_content"] == "I must look."
    assert "reasoning_content" not in body(play, 1)["messages"][1]
