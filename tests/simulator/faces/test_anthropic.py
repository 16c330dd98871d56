"""The face of Anthropic: key and version, the rules of turns, signed thinking, a cache of prompts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from baimo import AuthError, InvalidRequestError, Message, NotFoundError, OverloadedError
from baimo.errors import ContextTooLongError, QuotaError, RateLimitedError
from baimo.simulator.engine import Moderation, Simulation
from baimo.simulator.faces.anthropic import AnthropicFace
from baimo.simulator.faces.anthropic_cache import PromptCache
from baimo.simulator.faces.anthropic_rules import check_request
from baimo.simulator.faces.anthropic_thinking import check_thinking, signature_of
from baimo.simulator.reply import Reply
from baimo.simulator.words import Credentials, Head, Piece, RefusedError, Why
from baimo.testing import Simulator
from baimo.types.content import Replay, Text, Thinking, ToolCall, ToolResult
from baimo.types.tools import FunctionTool
from baimo.wire.http import HttpRequest, SocketRequest, WireHead

KEY = "sk-ant-fake-00000000000000001234"
ASK: dict[str, Any] = {
    "model": "claude-sonnet-5",
    "max_tokens": 99,
    "messages": [{"role": "user", "content": "Hi"}],
}
MODEL = "anthropic/claude-haiku-4-5"
NOW = FunctionTool(name="now")


def post(
    body: Any = ASK, path: str = "/v1/messages", method: str = "POST", **fields: str | None
) -> HttpRequest:
    head = {"host": "h", "x-api-key": KEY, "anthropic-version": "2023-06-01"}
    told = {**head, **{name.replace("_", "-"): value for name, value in fields.items()}}
    return HttpRequest(
        method=method,
        origin="http://h",
        target=path.encode(),
        headers=tuple((name.encode(), value.encode()) for name, value in told.items() if value is not None),
        body=msgspec.json.encode(body),
    )


def answer(request: HttpRequest, simulation: Simulation | None = None) -> tuple[int, Any]:
    """Status and decoded body of what comes back."""
    head, pieces = WireHead(0), []
    simulation = simulation or Simulation([AnthropicFace()])
    for act in simulation.call("anthropic", request, wall=1_790_000_000.0, mono=0.0).acts():
        if isinstance(act, Head):
            head = act.head
        elif isinstance(act, Piece):
            pieces.append(act.data)
    return head.status, msgspec.json.decode(b"".join(pieces))


def refusal(request: HttpRequest) -> tuple[int, str, str]:
    status, body = answer(request)
    return status, body["error"]["type"], body["error"]["message"]


def test_a_key_in_its_field_or_as_a_bearer_opens_it() -> None:
    assert answer(post())[0] == 200
    assert answer(post(x_api_key=None, authorization=f"Bearer {KEY}"))[0] == 200
    assert refusal(post(x_api_key="sk-ant-other"))[:2] == (401, "authentication_error")
    assert "required" in refusal(post(x_api_key=None))[2]
    face = AnthropicFace(Credentials(given={"api_key": "sk-ant-mine"}))
    assert face.credentials() == {"api_key": "sk-ant-mine"}
    assert face.configuration("http://h") == {"messages": {"base_url": "http://h", "api_key": "sk-ant-mine"}}


def test_a_version_is_required_and_the_newer_has_no_sampling() -> None:
    assert "header is required" in refusal(post(anthropic_version=None))[2]
    assert "not a valid version" in refusal(post(anthropic_version="2024-01-01"))[2]
    assert answer(post({**ASK, "temperature": 0.5}))[0] == 200
    assert "not supported" in refusal(post({**ASK, "top_p": 1}, anthropic_version="2026-10-21"))[2]


def test_only_its_own_addresses_and_models_are_served() -> None:
    assert refusal(post(path="/v1/complete"))[:2] == (404, "not_found_error")
    assert refusal(post({**ASK, "model": "gpt-4"})) == (404, "not_found_error", "model: gpt-4")
    assert AnthropicFace().operation(SocketRequest(origin="ws://h", target=b"/v1/messages")) is None
    status, listed = answer(post(path="/v1/models", method="GET"))
    assert status == 200
    assert "claude-sonnet-5" in [one["id"] for one in listed["data"]]
    counted = {"model": "claude-sonnet-5", "messages": ASK["messages"]}
    assert answer(post(counted, "/v1/messages/count_tokens")) == (200, {"input_tokens": 1})


USED = {"type": "tool_use", "id": "a", "name": "f", "input": {}}
GIVEN = {"type": "tool_result", "tool_use_id": "a", "content": "x"}


def turns(*contents: Any, first: str = "user") -> dict[str, Any]:
    roles = ["user", "assistant"] if first == "user" else ["assistant", "user"]
    return {
        **ASK,
        "messages": [{"role": roles[at % 2], "content": content} for at, content in enumerate(contents)],
    }


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({**ASK, "max_tokens": None}, "max_tokens: Field required"),
        (turns("Hi", first="assistant"), "first message"),
        (turns("Hi", [], "And?"), "non-empty content"),
        (turns([{"type": "text", "text": ""}]), "must be non-empty"),
        (turns("Hi", [USED]), "without `tool_result` blocks immediately after: a"),
        (turns("Hi", [USED], [{"type": "text", "text": "x"}, GIVEN]), "immediately after"),
        (turns("Hi", "No", [GIVEN]), "unexpected `tool_use_id`"),
        (turns([GIVEN]), "unexpected `tool_use_id`"),
        (
            {**ASK, "system": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}] * 5},
            "maximum of 4",
        ),
    ],
)
def test_the_rules_of_turns_are_held(body: dict[str, Any], words: str) -> None:
    status, kind, message = refusal(post(body))
    assert (status, kind) == (400, "invalid_request_error")
    assert words in message


def test_neighbours_of_one_role_are_one_turn() -> None:
    both = [{**USED, "id": "b"}, USED]
    said = turns("Hi", both, [GIVEN])["messages"]
    rest = {"role": "user", "content": [{**GIVEN, "tool_use_id": "b"}, {"type": "text", "text": "x"}]}
    assert answer(post({**ASK, "messages": [*said, rest]}))[0] == 200


def test_what_follows_the_rules_is_answered() -> None:
    for body in (turns("Hi", [USED], [GIVEN, {"type": "text", "text": "x"}]), turns("Hi", "So")):
        assert answer(post(body))[0] == 200
        check_request(body, "2023-06-01")


SIGNED = {"type": "thinking", "thinking": "t", "signature": signature_of("t")}
F = {"name": "f", "input_schema": {}}
BUDGET = {"type": "enabled", "budget_tokens": 1024}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"thinking": {"type": "enabled"}}, "greater than or equal to 1024"),
        ({"thinking": {"type": "enabled", "budget_tokens": 5000}}, "`max_tokens` must be greater"),
        ({"thinking": {"type": "adaptive"}, "temperature": 0.5}, "`temperature` may only"),
        (
            {
                "thinking": BUDGET,
                "tool_choice": {"type": "any"},
                "tools": [{"name": "f", "input_schema": {}}],
            },
            "forces tool use",
        ),
        (turns("Hi", [{**SIGNED, "thinking": "other"}], "And?"), "messages.1.content.0: Invalid `signature`"),
        (turns("Hi", [{**SIGNED, "signature": ""}], "And?"), "Invalid `signature`"),
        ({**turns("Hi", [USED], [GIVEN]), "thinking": BUDGET}, "Expected `thinking`"),
        (
            {**turns("Hi", [SIGNED, USED], [GIVEN], [USED], [GIVEN]), "thinking": BUDGET},
            "messages.3.content.0.type: Expected `thinking`",
        ),
    ],
)
def test_wrong_thinking_is_refused_as_the_provider_does(body: dict[str, Any], words: str) -> None:
    status, _, message = refusal(post({**ASK, **body, "max_tokens": 3000}))
    assert status == 400
    assert words in message


def test_thinking_of_earlier_turns_may_be_left_out() -> None:
    body = {**turns("Hi", [USED], [GIVEN], "So", "And?"), "thinking": BUDGET, "max_tokens": 3000}
    check_thinking(body, "claude-sonnet-5")
    with pytest.raises(RefusedError):
        check_thinking({**body, "max_tokens": 9}, "claude-sonnet-5")


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator("anthropic") as made:
        yield made


def called(number: int) -> ToolCall:
    return ToolCall(id=f"call_{number}", name="now", arguments="{}")


@pytest.mark.parametrize("streams", [True, False])
def test_a_conversation_with_tools_and_thinking_passes_over_three_turns(
    sim: Simulator, streams: bool
) -> None:
    sim.script(
        lambda asked: (
            Reply(text="It is noon.", thinking="Done.")
            if asked.messages[-1].role == "tool" and len(asked.messages) > 4
            else Reply(tool_calls=(called(len(asked.messages)),), thinking="I must look.")
        )
    )
    messages = [Message(role="user", content="What time?")]  # type: ignore[arg-type]
    client = sim.client(max_retries=0)
    for _ in range(3):
        if streams:
            with client.stream(MODEL, messages, tools=[NOW], reasoning=2000) as stream:
                list(stream)
            response = stream.response
        else:
            response = client.chat(MODEL, messages, tools=[NOW], reasoning=2000)
        messages.append(response.message)
        assert response.thinking
        for call in response.tool_calls:
            result = ToolResult(call_id=call.id, content=(Text(text="12:00"),))
            messages.append(Message(role="tool", content=(result,)))  # type: ignore[arg-type]
    assert response.text == "It is noon."
    altered = next(part for part in messages[1].content if isinstance(part, Thinking))
    wrong = msgspec.structs.replace(altered, text="I need not look.")
    without = tuple(part for part in messages[1].content if not isinstance(part, Thinking))
    first = Message(role="assistant", content=(wrong, *without))  # type: ignore[arg-type]
    with pytest.raises(InvalidRequestError, match="Invalid `signature`"):
        client.chat(MODEL, [messages[0], first, messages[2]], tools=[NOW], reasoning=2000)
    missing = Message(role="assistant", content=without)  # type: ignore[arg-type]
    with pytest.raises(InvalidRequestError, match="Expected `thinking`"):
        client.chat(MODEL, [messages[0], missing, messages[2]], tools=[NOW], reasoning=2000)


def test_a_model_that_must_think_does_so_whatever_the_script_says(sim: Simulator) -> None:
    sim.reply("Noon.")
    response = sim.client().chat(MODEL, "What time?", reasoning=True)
    assert (response.thinking, response.text) == ("Let me see.", "Noon.")
    (thought, _) = response.message.content
    assert isinstance(thought.replay, Replay)


def test_a_marked_prompt_is_written_to_the_cache_and_read_the_next_time(sim: Simulator) -> None:
    client = sim.client()
    asked: dict[str, Any] = {"system": "You know " + "many words " * 30, "prompt_cache": True}
    first = client.chat(MODEL, "One?", **asked).usage
    assert (first.cache_read, (first.cache_write_5m or 0) > 60) == (0, True)
    again = client.chat(MODEL, "Two?", **asked).usage
    assert (again.cache_read or 0) > 60
    assert (again.cache_write_5m or 0) < 30
    assert again.input == first.input
    assert client.chat(MODEL, "One?").usage.cache_read == 0
    hour = client.chat(MODEL, "Three?", prompt_cache="1h")
    assert (hour.usage.cache_write_1h or 0) > 0
    assert hour.usage.cache_write_5m == 0
    assert hour.request_id == "req_simulated_0001"


def test_the_cache_knows_a_prompt_by_all_that_stands_before_the_mark() -> None:
    cache = PromptCache()
    mark = {"cache_control": {"type": "ephemeral"}}
    body = {**ASK, "tools": [{"name": "f", **mark}], "system": [{"type": "text", "text": "a b c", **mark}]}
    copy = lambda **more: msgspec.json.decode(msgspec.json.encode({**body, **more}))  # noqa: E731
    assert cache.look(copy()).read == 0
    used = cache.look(copy())
    assert used.read > 0
    assert used.written == 0
    assert cache.look(copy(model="claude-opus-4-8")).read == 0


def test_refusals_are_what_a_client_knows_them_by(sim: Simulator) -> None:
    client = sim.client(max_retries=0)
    for why, kind in (
        (Why.WRONG_SECRET, AuthError),
        (Why.UNKNOWN_MODEL, NotFoundError),
        (Why.OVER_QUOTA, QuotaError),
        (Why.OVER_RATE, RateLimitedError),
        (Why.OVERLOADED, OverloadedError),
        (Why.CONTEXT_TOO_LONG, ContextTooLongError),
        (Why.WRONG_APP_ID, InvalidRequestError),
    ):
        sim.refuse(why, times=1)
        with pytest.raises(kind) as caught:
            client.chat(MODEL, "Hi")
        assert caught.value.request_id == "req_simulated_0001"


def test_limits_tell_when_to_come_back() -> None:
    head, _ = AnthropicFace().refuse(Why.OVER_RATE, post(), retry_after=2.5)
    assert (head.status, head.get(b"retry-after")) == (429, "2.5")


def test_a_reply_that_must_stop_ends_as_a_refusal_or_an_error() -> None:
    simulation = Simulation([AnthropicFace()])
    simulation.moderation = Moderation(output=("secret",))
    simulation.script = lambda request: "The secret is out."
    assert answer(post(), simulation)[1]["stop_reason"] == "refusal"
    encoder = AnthropicFace().encoder(post(), AnthropicFace().chat_request(post({**ASK, "stream": True})))
    (event,) = AnthropicFace().interrupt(Why.OVERLOADED, post(), encoder)
    assert b"overloaded_error" in event
