"""Bedrock from end to end: a conversation with tools and signed thinking, and every way to show who sends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from baimo import Client, Message
from baimo.errors import AuthError, ConfigError, InvalidRequestError
from baimo.simulator.faces.bedrock import sign_of
from baimo.testing import Reply, Simulator
from baimo.types.chat import ChatResponse, Reasoning, Role
from baimo.types.content import Text, Thinking, ToolCall, ToolResult
from baimo.types.tools import FunctionTool

MODEL = "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0"
NOVA = "bedrock/us.amazon.nova-2-lite-v1:0"
TOOL = FunctionTool(name="weather", parameters={"type": "object", "properties": {"city": {"type": "string"}}})
THINK: dict[str, Any] = {
    "tools": (TOOL,),
    "reasoning": Reasoning(budget=1024, enabled=True),
    "max_tokens": 4000,
}


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator("bedrock") as simulator:
        yield simulator


def whole(client: Client, messages: list[Message]) -> ChatResponse:
    return client.chat(MODEL, messages, **THINK)


def streamed(client: Client, messages: list[Message]) -> ChatResponse:
    with client.stream(MODEL, messages, **THINK) as stream:
        for _ in stream:
            pass
    return stream.response


@pytest.mark.parametrize("ask", [whole, streamed])
def test_three_turns_with_tools_and_thinking_are_replayed_as_the_provider_wants(
    sim: Simulator, ask: Callable[[Client, list[Message]], ChatResponse]
) -> None:
    calls = tuple(ToolCall(id=f"t{n}", name="weather", arguments=f'{{"city":"c{n}"}}') for n in (1, 2))
    sim.reply(
        Reply(thinking="First 看看.", text="Looking.", tool_calls=calls),
        Reply(thinking="Now I know.", text="Sunny in both."),
        Reply(thinking="Easy.", text="You are welcome."),
    )
    messages = [Message(role=Role.USER, content=(Text(text="Weather in c1 and c2?"),))]
    with sim.client(max_retries=0) as client:
        first = ask(client, messages)
        assert [call.id for call in first.tool_calls] == ["t1", "t2"]
        results = tuple(ToolResult(call_id=f"t{n}", content=(Text(text="sunny"),)) for n in (1, 2))
        messages += [first.message, Message(role=Role.TOOL, content=results)]
        second = ask(client, messages)
        messages += [second.message, Message(role=Role.USER, content=(Text(text="Thanks!"),))]
        third = ask(client, messages)
        assert [r.text for r in (first, second, third)] == ["Looking.", "Sunny in both.", "You are welcome."]
        seen = [part for part in sim.last.chat.messages[1].content if isinstance(part, Thinking)]
        assert [part.text for part in seen] == ["First 看看."]
        assert sign_of("First 看看.") in bytes(seen[0].replay.json).decode() if seen[0].replay else False
        (thought, *rest) = first.message.content
        bent = Message(role=Role.ASSISTANT, content=(Thinking(text="Bent.", replay=thought.replay), *rest))
        with pytest.raises(InvalidRequestError, match="signature"):
            ask(client, [messages[0], bent, *messages[2:]])
        lost = Message(role=Role.ASSISTANT, content=tuple(rest))
        with pytest.raises(InvalidRequestError, match="Expected"):
            ask(client, [messages[0], lost, messages[2]])


def provider(sim: Simulator, *names: str, **more: Any) -> dict[str, Any]:
    """A configuration with those credentials."""
    known = sim.credentials_of("bedrock")
    keys = {name: known[name] for name in names}
    return {"providers": {"bedrock": {"base_url": sim.origin_of("bedrock"), **keys, **more}}}


@pytest.mark.parametrize(
    "names", [("access_key", "secret_key"), ("access_key", "secret_key", "session_token"), ("api_key",)]
)
def test_whoever_has_keys_of_either_kind_is_let_in(sim: Simulator, names: tuple[str, ...]) -> None:
    sim.reply("Hi")
    with Client(config=provider(sim, *names), max_retries=0) as client:
        response = client.chat(NOVA, "Hello")
    assert response.text == "Hi"
    assert response.request_id
    assert sim.last.headers["host"].startswith("127.0.0.1")


def test_a_region_is_what_is_signed_for(sim: Simulator) -> None:
    table = provider(sim, "access_key", "secret_key", region="eu-west-1")
    with Client(config=table, max_retries=0) as client, pytest.raises(AuthError, match="valid region"):
        client.chat(NOVA, "Hello")


def test_without_any_key_both_kinds_are_named() -> None:
    with Client(config={}) as client, pytest.raises(ConfigError, match="AWS_ACCESS_KEY_ID"):
        client.chat(NOVA, "Hello")


def test_each_family_is_told_in_its_own_words(sim: Simulator) -> None:
    words = {
        MODEL: {"thinking": {"type": "enabled", "budget_tokens": 8192}, "top_k": 3},
        "bedrock/global.anthropic.claude-opus-4-8": {"thinking": {"type": "adaptive"}, "top_k": 3},
        NOVA: {
            "reasoningConfig": {"type": "enabled", "maxReasoningEffort": "medium"},
            "inferenceConfig": {"topK": 3},
        },
    }
    with sim.client(max_retries=0) as client:
        for model, fields in words.items():
            client.chat(model, "Hello", reasoning=Reasoning(effort="medium"), top_k=3)
            sent: Any = sim.last.json
            assert sent["additionalModelRequestFields"] == fields
        client.chat(NOVA, "News?", search=True)
        sent = sim.last.json
        assert sent["toolConfig"]["tools"] == [{"systemTool": {"name": "nova_grounding"}}]
        assert client.count_tokens(NOVA, "one two three").tokens == 3
