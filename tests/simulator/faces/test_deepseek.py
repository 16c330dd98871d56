"""The face of DeepSeek refuses what the real one refuses, and answers as it does."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialect.protocols import Site
from baimo.dialects.openai_chat import DIALECT
from baimo.errors import (
    AuthError,
    ContentFilteredError,
    Error,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    ProviderError,
    QuotaError,
    RateLimitedError,
    ServerError,
)
from baimo.simulator import faces
from baimo.simulator.engine import Simulation
from baimo.simulator.faces.deepseek import DeepSeekFace
from baimo.simulator.reply import Reply
from baimo.simulator.scripts import replies
from baimo.simulator.words import Why
from baimo.types.chat import ChatRequest
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest, SocketRequest
from tests.conformance.playing import play
from tests.simulator.faces.test_openai import answer, post, read

KEY = "sk-fakefakefakefakefakefakefake1234"
USER = {"role": "user", "content": "Weather?"}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CALLED = {"role": "assistant", "content": "", "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "24 C"}


def ask(*messages: Any, path: str = "/chat/completions", **fields: Any) -> HttpRequest:
    body = {"model": "deepseek-flash", "messages": messages or (USER,), **fields}
    return post(body, path, key=KEY)


@pytest.fixture
def simulation() -> Simulation:
    return Simulation([DeepSeekFace()])


def refused(simulation: Simulation, request: HttpRequest) -> ProviderError:
    _, error = read(simulation, request, codes="deepseek")
    assert isinstance(error, ProviderError)
    return error


def test_the_face_is_found_by_its_name() -> None:
    face = faces.make("deepseek")
    assert face.credentials() == {"api_key": KEY}
    assert face.configuration("http://h") == {"chat": {"base_url": "http://h", "api_key": KEY}}


@pytest.mark.parametrize("path", ["/chat/completions", "/v1/chat/completions", "/beta/chat/completions"])
def test_all_its_addresses_answer(simulation: Simulation, path: str) -> None:
    assert read(simulation, ask(path=path))[1] is None


@pytest.mark.parametrize("path", ["/v2/chat/completions", "/embeddings", "/completions", "/beta"])
def test_other_addresses_do_not(simulation: Simulation, path: str) -> None:
    assert isinstance(refused(simulation, ask(path=path)), NotFoundError)


def test_a_socket_asks_for_nothing_here() -> None:
    assert DeepSeekFace().operation(SocketRequest(origin="ws://h", target=b"/chat/completions")) is None


def test_usage_comes_unasked_with_the_finish_and_tells_hits(simulation: Simulation) -> None:
    usage = Usage(input_uncached=4, cache_read=16, output_visible=2, reasoning=3)
    simulation.script = replies([Reply(text="Hi", thinking="Hm", usage=usage)])
    head, body = answer(simulation, ask(stream=True))
    assert body.startswith(b": keep-alive\n\ndata: {")
    *_, last, done = body.strip().split(b"\n\n")
    assert done == b"data: [DONE]"
    chunk = msgspec.json.decode(last.removeprefix(b"data: "))
    assert chunk["choices"][0]["finish_reason"] == "stop"
    assert chunk["usage"]["prompt_cache_hit_tokens"] == 16
    assert chunk["usage"]["prompt_cache_miss_tokens"] == 4
    assert read(simulation, ask(stream=True))[1] is None
    assert head.media_type == "text/event-stream"


def test_a_whole_reply_follows_blank_lines(simulation: Simulation) -> None:
    simulation.script = replies([Reply(text="Hi", thinking="Hm")])
    _, body = answer(simulation, ask())
    assert body.startswith(b"\n\n\n{")
    simulation.script = replies([Reply(text="Hi", thinking="Hm")])
    response, error = read(simulation, ask())
    assert error is None
    assert (response.text, response.thinking) == ("Hi", "Hm")


@pytest.mark.parametrize("beside", [{}, {"reasoning_content": ""}])
def test_a_tool_turn_without_its_reasoning_is_refused_while_thinking(
    simulation: Simulation, beside: dict[str, str]
) -> None:
    error = refused(simulation, ask(USER, {**CALLED, **beside}, RESULT, USER))
    assert (type(error), error.status) == (InvalidRequestError, 400)
    assert "`reasoning_content`" in error.message
    assert error.hint is not None
    assert "as it came" in error.hint


@pytest.mark.parametrize(
    "request_",
    [
        ask(USER, {**CALLED, "reasoning_content": "Hm"}, RESULT),
        ask(USER, CALLED, RESULT, thinking={"type": "disabled"}),
        ask(USER, CALLED, RESULT, model="deepseek-chat"),
        ask(USER, {"role": "assistant", "content": "Hello"}, USER),
    ],
)
def test_a_history_that_keeps_the_rules_is_taken(simulation: Simulation, request_: HttpRequest) -> None:
    assert read(simulation, request_)[1] is None


THOUGHT = {**CALLED, "reasoning_content": "Hm"}


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (ask(USER, THOUGHT), "must be followed by a tool message"),
        (ask(USER, THOUGHT, USER, RESULT), "must be followed by a tool message"),
        (ask(USER, {"role": "assistant", "content": "W", "prefix": True}), "beta"),
        (ask(response_format={"type": "json_object"}), "'json'"),
        (ask(tools=[{"type": "custom", "custom": {"name": "f"}}]), "expected `function`"),
    ],
)
def test_what_breaks_a_rule_is_refused(simulation: Simulation, request_: HttpRequest, words: str) -> None:
    error = refused(simulation, request_)
    assert error.status == 400
    assert words in error.message


def test_a_prefix_is_continued_at_the_beta_address(simulation: Simulation) -> None:
    request = ask(USER, {"role": "assistant", "content": "W", "prefix": True}, path="/beta/chat/completions")
    assert read(simulation, request)[1] is None


def test_a_json_object_is_made_where_the_word_is_said(simulation: Simulation) -> None:
    request = ask({"role": "user", "content": "As JSON"}, response_format={"type": "json_object"})
    assert read(simulation, request)[1] is None


def test_whether_it_thinks_is_known_to_the_script(simulation: Simulation) -> None:
    for fields in (
        {},
        {"thinking": {"type": "disabled"}},
        {"thinking": "odd", "reasoning_effort": "low"},
        {"model": "deepseek-chat!stall"},
    ):
        request = ask(**fields)
        asked = DeepSeekFace().chat_request(request)
        assert asked.reasoning is not None
        wanted = (True, "low") if "reasoning_effort" in fields else (not fields, None)
        assert (asked.reasoning.enabled, asked.reasoning.effort) == wanted


@pytest.mark.parametrize("stream", [False, True])
def test_a_text_is_filled_in(simulation: Simulation, stream: bool) -> None:
    simulation.script = replies([Reply(text="  return 1")])
    body = {"model": "deepseek-flash", "prompt": "def f():", "suffix": "f()", "stream": stream}
    request = post(body, "/beta/completions", key=KEY)
    response, error = read(simulation, request)
    assert error is None
    assert response.text == "  return 1"
    (received,) = simulation.log.all()
    assert isinstance(received.asked, ChatRequest)
    assert received.asked.messages[0].text == "def f():"


@pytest.mark.parametrize(
    ("why", "kind", "status"),
    [
        (Why.MISSING_HEADER, AuthError, 401),
        (Why.WRONG_SECRET, AuthError, 401),
        (Why.UNKNOWN_KEY, AuthError, 401),
        (Why.UNKNOWN_MODEL, NotFoundError, 400),
        (Why.OVER_QUOTA, QuotaError, 402),
        (Why.OVER_RATE, RateLimitedError, 429),
        (Why.OVER_CONCURRENCY, RateLimitedError, 429),
        (Why.INPUT_MODERATED, ContentFilteredError, 400),
        (Why.INVALID_REQUEST, InvalidRequestError, 422),
        (Why.SERVER_ERROR, ServerError, 500),
        (Why.OVERLOADED, OverloadedError, 503),
    ],
)
def test_every_reason_has_its_status_and_is_read_as_what_it_was(
    why: Why, kind: type[Error], status: int
) -> None:
    head, body = DeepSeekFace().refuse(why, ask(), detail="so it is")
    assert head.status == status
    _, error = play(DIALECT.decoder(head, Site(base_url="http://h", codes="deepseek")), [body])
    assert type(error) is kind
    assert bool(error.hint) == (kind not in (NotFoundError, ContentFilteredError))


def test_a_wrong_key_shows_its_last_characters_only(simulation: Simulation) -> None:
    error = refused(simulation, post({"model": "deepseek-flash", "messages": [USER]}, "/chat/completions"))
    assert "****1234" in error.message


def test_a_failure_in_the_middle_follows_the_waiting_line() -> None:
    face, request = DeepSeekFace(), ask(stream=True)
    encoder = face.encoder(request, face.chat_request(request))
    items = face.interrupt(Why.OVERLOADED, request, encoder)
    assert items[0] == b": keep-alive\n\n"
    _, error = play(DIALECT.decoder(encoder.head(), Site(base_url="http://h")), items)
    assert type(error) is OverloadedError


@pytest.mark.parametrize("path", ["/models", "/v1/models"])
def test_the_models_are_listed(simulation: Simulation, path: str) -> None:
    head, body = answer(simulation, msgspec.structs.replace(ask(path=path), method="GET"))
    models = DIALECT.decode_models(head, body, Site(base_url="http://h", provider="deepseek"))
    assert [model.id for model in models] == ["deepseek-flash", "deepseek-v4-pro"]


def test_the_balance_is_told(simulation: Simulation) -> None:
    _, body = answer(simulation, msgspec.structs.replace(ask(path="/user/balance"), method="GET"))
    (told,) = msgspec.json.decode(body)["balance_infos"]
    assert (told["currency"], told["total_balance"]) == ("CNY", "88.00")


THOUGHT = {"role": "assistant", "content": "24 C", "reasoning_content": "I know."}
THOUGHT_CALL = {**CALLED, "reasoning_content": "I must look."}


@pytest.mark.parametrize(
    ("model", "history"),
    [
        ("deepseek-r1", (THOUGHT,)),
        ("deepseek-r1-0528", (THOUGHT_CALL, RESULT)),
        ("deepseek-reasoner", (THOUGHT,)),
    ],
)
def test_the_first_generation_refuses_reasoning_that_comes_back(
    simulation: Simulation, model: str, history: tuple[Any, ...]
) -> None:
    error = refused(simulation, ask(USER, *history, USER, model=model))
    assert isinstance(error, InvalidRequestError)
    assert (error.status, error.provider_code) == (400, "invalid_request_error")
    assert "Please remove the reasoning_content from your message" in str(error)
    bare = [{name: value for name, value in one.items() if name != "reasoning_content"} for one in history]
    assert model == "deepseek-reasoner" or read(simulation, ask(USER, *bare, USER, model=model))[1] is None


def test_the_name_of_two_generations_wants_the_reasoning_of_calls_alone(simulation: Simulation) -> None:
    model = "deepseek-reasoner"
    assert read(simulation, ask(USER, THOUGHT_CALL, RESULT, model=model))[1] is None
    assert "must be passed back" in str(refused(simulation, ask(USER, CALLED, RESULT, model=model)))
    begun = {**THOUGHT, "prefix": True}
    assert read(simulation, ask(USER, begun, model=model, path="/beta/chat/completions"))[1] is None


def test_the_present_generation_passes_over_reasoning_that_is_not_needed(simulation: Simulation) -> None:
    assert read(simulation, ask(USER, THOUGHT, USER))[1] is None
