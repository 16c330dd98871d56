"""A reply of one wire in another's bytes, as it comes."""

from __future__ import annotations

import msgspec
import pytest

import baimo
from baimo.errors import (
    ConnectError,
    Error,
    OverloadedError,
    RateLimitedError,
    StreamInterrupted,
)
from baimo.types.chat import ChatResponse
from baimo.types.fold import fold
from baimo.wire.http import WireHead
from tests.conformance.playing import play

JSON = WireHead(200, ((b"content-type", b"application/json"),))
LINES = WireHead(200, ((b"content-type", b"application/x-ndjson"),))


def asked(*, stream: bool, to: str = "ollama", **fields: object) -> baimo.Translation:
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": stream, **fields}
    return baimo.translate(body, from_="openai_chat", to=to)


def line(**fields: object) -> bytes:
    return msgspec.json.encode({"model": "m", **fields}) + b"\n"


def said(content: str, **fields: object) -> bytes:
    return line(message={"role": "assistant", "content": content, **fields}, done=False)


DONE = line(message={"role": "assistant", "content": ""}, done=True, done_reason="stop")


def read(head: WireHead | None, items: list[bytes]) -> tuple[ChatResponse, Error | None]:
    """As a client of OpenAI's wire reads it."""
    from baimo.dialect.protocols import Site
    from baimo.dialects.openai_chat import DIALECT

    assert head is not None
    events, error = play(DIALECT.decoder(head, Site(base_url="https://a.example")), items)
    return fold(events), error


def test_a_stream_goes_on_as_it_comes() -> None:
    reply = asked(stream=True).reply(LINES)
    assert reply.head is None
    first = reply.feed(said("Hel"))
    assert b'"Hel"' in b"".join(first)
    assert reply.head is not None
    assert reply.head.media_type == "text/event-stream"
    out = first + reply.feed(said("lo")) + reply.feed(DONE) + reply.end()
    assert out[-1] == b"data: [DONE]\n\n"
    response, error = read(reply.head, out)
    assert (response.text, error, reply.error) == ("Hello", None, None)


def test_a_whole_reply_comes_at_the_end() -> None:
    reply = asked(stream=False).reply(JSON)
    assert reply.feed(said("Hello")[:-1].replace(b'"done":false', b'"done":true')) == []
    assert reply.head is None
    (body,) = reply.end()
    assert msgspec.json.decode(body)["choices"][0]["message"]["content"] == "Hello"
    assert reply.head is not None
    assert reply.head.media_type == "application/json"


def test_a_stream_may_be_wanted_whole_and_a_whole_reply_streamed() -> None:
    whole = asked(stream=False).reply(LINES)
    assert whole.feed(said("Hel")) + whole.feed(said("lo")) + whole.feed(DONE) == []
    body = whole.end()
    assert read(whole.head, body)[0].text == "Hello"
    streamed = asked(stream=True).reply()
    out = streamed.feed(line(message={"role": "assistant", "content": "Hello"}, done=True)) + streamed.end()
    assert read(streamed.head, out)[0].text == "Hello"


def test_a_refusal_becomes_the_callers_own_form_of_it() -> None:
    reply = asked(stream=True).reply(WireHead(429, ((b"retry-after", b"7"),)))
    out = reply.feed(b'{"error":"too many requests"}') + reply.end()
    assert reply.head is not None
    assert reply.head.status == 429
    assert reply.head.get(b"retry-after") == "7"
    assert isinstance(reply.error, RateLimitedError)
    _, error = read(reply.head, out)
    assert isinstance(error, RateLimitedError)
    assert "too many requests" in str(error)


def test_a_failure_after_the_first_words_stands_in_the_stream() -> None:
    reply = asked(stream=True).reply(LINES)
    out = reply.feed(said("Hel")) + reply.feed(line(error="the engine stopped"))
    assert reply.is_over
    assert reply.feed(said("lo")) + reply.end() + reply.broken(OverloadedError("again")) == []
    response, error = read(reply.head, out)
    assert response.text == "Hel"
    assert error is not None
    assert "the engine stopped" in str(error)
    assert reply.head is not None
    assert reply.head.status == 200


def test_words_that_came_with_a_failure_are_shown_before_it() -> None:
    reply = asked(stream=True).reply(LINES)
    out = reply.feed(said("Hel") + line(error="the engine stopped"))
    response, error = read(reply.head, out)
    assert (response.text, error is None) == ("Hel", False)


@pytest.mark.parametrize("stream", [True, False])
def test_a_reply_that_breaks_off_is_an_error_and_no_answer(stream: bool) -> None:
    reply = asked(stream=stream).reply(LINES)
    out = reply.feed(said("Hel")) + reply.end()
    assert isinstance(reply.error, StreamInterrupted)
    _, error = read(reply.head, out)
    assert error is not None


def test_a_lost_connection_is_told_to_the_caller() -> None:
    reply = asked(stream=True).reply(LINES)
    (body,) = reply.broken(ConnectError("no route to the provider"))
    assert reply.head is not None
    assert reply.head.status >= 500
    assert b"no route to the provider" in body


def test_a_limit_that_is_held_on_our_side_ends_the_callers_reply() -> None:
    translated = asked(stream=True, to="hunyuan", max_tokens=2)
    reply = translated.reply(WireHead(200, ((b"content-type", b"text/event-stream"),)))
    out: list[bytes] = []
    for number in range(1, 9):
        choice = {"Index": 0, "Delta": {"Role": "assistant", "Content": f"{number} "}, "FinishReason": ""}
        chunk = {"Choices": [choice], "Usage": {"PromptTokens": 1, "CompletionTokens": number}}
        out += reply.feed(b"data: " + msgspec.json.encode(chunk) + b"\n\n")
    assert reply.is_over
    assert reply.end() == []
    response, error = read(reply.head, out)
    assert error is None
    assert (response.text, response.finish_reason) == ("1 2 ", "length")


def test_what_the_callers_wire_has_no_place_for_is_told() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": False}
    translated = baimo.translate(body, from_="ollama", to="openai_chat")
    reply = translated.reply(JSON)
    message = {
        "role": "assistant",
        "content": "Sunny.",
        "refusal": "No.",
        "annotations": [
            {"type": "url_citation", "url_citation": {"url": "https://a.example", "title": "A"}},
        ],
        "reasoning_content": "Hm.",
        "reasoning_details": [{"type": "reasoning.text", "signature": "s"}],
    }
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    reply.feed(msgspec.json.encode({"id": "i", "model": "m", "choices": choices}))
    reply.end()
    found = {(note.code, note.message.partition(" (")[0]) for note in reply.notes}
    assert found == {
        ("dropped", "left out of the reply: what only openai_chat understands"),
        ("dropped", "citations"),
        ("emulated", "refusal"),
    }
    assert all("has no place for it" in note.message for note in reply.notes if "citations" in note.message)


def test_what_only_the_provider_understands_is_told_once() -> None:
    translated = asked(stream=False, to="hunyuan")
    reply = translated.reply(JSON)
    choice = {"Message": {"Role": "assistant", "Content": "Hi"}, "FinishReason": "stop"}
    answer = {"Choices": [choice], "RequestId": "r", "Processes": {"Message": "looking"}}
    reply.feed(msgspec.json.encode({"Response": answer}))
    reply.end()
    assert [note.message for note in reply.notes] == ["left out of the reply: what only hunyuan understands"]


def test_what_the_caller_himself_gave_to_be_sent_back_is_no_loss() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
    reply = baimo.translate(body, from_="openai_chat", to="openai_chat").reply(JSON)
    message = {"content": "Hi", "reasoning_content": "Hm.", "reasoning_details": [{"type": "x"}]}
    reply.feed(msgspec.json.encode({"choices": [{"message": message, "finish_reason": "stop"}]}))
    assert b"reasoning_details" in b"".join(reply.end())
    assert reply.notes == ()
