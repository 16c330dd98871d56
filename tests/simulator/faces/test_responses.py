"""The face of OpenAI's platform: the Responses API and its rules on what comes back."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo import Client, Message
from baimo.errors import InvalidRequestError, NotFoundError
from baimo.simulator.faces import make
from baimo.simulator.reply import Reply
from baimo.simulator.scripts import fixed
from baimo.testing.simulator import Simulator
from baimo.types.chat import ChatRequest
from baimo.types.content import Text, ToolCall, ToolResult
from baimo.wire.http import HttpRequest, SocketRequest

TOOL: Any = {
    "type": "function",
    "function": {"name": "temperature", "parameters": {"type": "object", "properties": {}}},
}


def clerk(asked: ChatRequest) -> Reply:
    """Thinks, and calls a tool until its result is there."""
    last = asked.messages[-1]
    if isinstance(last.content[-1], ToolResult):
        return Reply(thinking="It came.", text="18 degrees.")
    if "temperature" in last.text:
        return Reply(thinking="Ask.", tool_calls=(ToolCall(id="call_1", name="temperature", arguments="{}"),))
    return Reply(thinking="Hm.", text="Hello.")


def client(sim: Simulator, **more: Any) -> Client:
    """A client that uses the Responses API for all models."""
    config = sim.config_for({"openai": "responses"})
    config["providers"]["openai"].update(more)
    return sim.client(config=config)


def playing(script: Any) -> Simulator:
    sim = Simulator("openai")
    sim.script(script)
    return sim


def history(sim: Simulator, **options: Any) -> list[Any]:
    """A conversation of three turns with thinking and a tool."""
    with client(sim) as one:
        said: list[Any] = [Message(role="user", content="Hi")]  # type: ignore[arg-type]
        for question in (None, "The temperature?", None, "Thanks"):
            if question is not None:
                said.append(Message(role="user", content=question))  # type: ignore[arg-type]
            reply = one.chat("openai/gpt-6-luna", said, tools=[TOOL], reasoning="low", **options)
            said.append(reply.message)
            for call in reply.tool_calls:
                result = ToolResult(call_id=call.id, content=(Text(text="18"),))
                said.append(Message(role="tool", content=(result,)))  # type: ignore[arg-type]
        return said


@pytest.mark.parametrize("options", [{}, {"store": False}])
def test_three_turns_with_thinking_and_a_tool_go_through(options: dict[str, Any]) -> None:
    with playing(clerk) as sim:
        said = history(sim, **options)
    assert [message.role.value for message in said] == [
        "user",
        "assistant",
        "user",
        "assistant",
        "tool",
        "assistant",
        "user",
        "assistant",
    ]
    assert [message.thinking for message in said if message.role == "assistant"] == [
        "Hm.",
        "Ask.",
        "It came.",
        "Hm.",
    ]
    ids = [msgspec.json.decode(p.replay.json)["id"] for m in said for p in m.content if p.replay is not None]
    assert len(ids) == len(set(ids)) == 8


def altered(message: Any, **fields: Any) -> Any:
    """The message with its reasoning item changed."""
    thought = message.content[0]
    item = {**msgspec.json.decode(thought.replay.json), **fields}
    item = {name: value for name, value in item.items() if value is not None}
    replay = msgspec.structs.replace(thought.replay, json=msgspec.Raw(msgspec.json.encode(item)))
    changed = msgspec.structs.replace(thought, replay=replay)
    return msgspec.structs.replace(message, content=(changed, *message.content[1:]))


@pytest.mark.parametrize(
    ("fields", "options", "words"),
    [
        ({"summary": []}, {}, "could not be verified"),
        ({"encrypted_content": "gAAAAother"}, {}, "could not be verified"),
        ({"encrypted_content": None}, {"store": False}, "Items are not persisted"),
        ({"encrypted_content": None, "id": "other"}, {}, "not found"),
    ],
)
def test_reasoning_that_was_changed_is_refused(
    fields: dict[str, Any], options: dict[str, Any], words: str
) -> None:
    with playing(clerk) as sim:
        said = history(sim)[:3]
        with client(sim) as one, pytest.raises(InvalidRequestError, match=words):
            one.chat("openai/gpt-6-luna", [said[0], altered(said[1], **fields), said[2]], **options)


def post(sim: Simulator, items: Any, **fields: Any) -> Any:
    """What comes back for a body of one's own."""
    with client(sim) as one:
        return one.chat("openai/gpt-6-luna", "x", extra={"input": items, **fields})


CALL = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "c", "output": "1"}
THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": []}


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ([THOUGHT], "without its required following item"),
        ([THOUGHT, {"role": "assistant", "content": "x"}], "without its required following item"),
        ([THOUGHT, THOUGHT, {"role": "user", "content": "x"}], "without its required following item"),
        ([CALL], "No tool output found for function call c"),
        ([OUTPUT], "No tool call found"),
    ],
)
def test_an_item_without_its_fellow_is_refused(items: Any, words: str) -> None:
    with Simulator("openai") as sim, pytest.raises(InvalidRequestError, match=words):
        post(sim, items)


def test_items_that_belong_together_are_taken() -> None:
    with playing(fixed("Fine.")) as sim:
        assert post(sim, [THOUGHT, CALL, OUTPUT]).text
        assert post(sim, [THOUGHT, {"type": "message", "role": "assistant", "id": "m", "content": "x"}]).text
        assert post(sim, [THOUGHT, {"type": "web_search_call", "id": "ws"}]).text
        assert post(sim, [OUTPUT], previous_response_id="resp_1").text
        assert post(sim, "Hi").text


def test_a_model_that_does_not_think_gives_no_encrypted_reasoning() -> None:
    with Simulator("openai") as sim, client(sim) as one:
        asked = {"include": ["reasoning.encrypted_content"]}
        with pytest.raises(InvalidRequestError, match="Encrypted content is not supported"):
            one.chat("openai/gpt-4o", "Hi", extra=asked)
        assert one.chat("openai/gpt-4o", "Hi", store=False).text


def test_a_refusal_of_encrypted_reasoning_is_mended() -> None:
    with Simulator("openai") as sim, client(sim, quirks={"encrypted": "always"}) as one:
        reply = one.chat("openai/gpt-x", "Hi")
    assert reply.text
    assert [note.code for note in reply.notes] == ["mended"]


def test_a_model_of_responses_alone_goes_there_by_itself() -> None:
    with Simulator("openai") as sim:
        with sim.client() as one:
            assert one.chat("openai/gpt-5-codex", "Hi").text
        assert sim.last.target == "/v1/responses"
        with (
            client(sim, endpoint="chat") as one,
            pytest.raises(NotFoundError, match="only supported in v1/responses"),
        ):
            one.chat("openai/gpt-5-codex", "Hi")


def test_a_plain_model_stays_where_it_was() -> None:
    with Simulator("openai") as sim, sim.client() as one:
        one.chat("openai/gpt-6-luna", "Hi")
        assert sim.last.target == "/v1/chat/completions"


def test_streams_and_failures_are_told_as_on_the_wire() -> None:
    with playing(fixed("One two three")) as sim, client(sim) as one:
        with one.stream("openai/gpt-6-luna", "Hi") as stream:
            assert "".join(stream.text) == "One two three"
        with pytest.raises(NotFoundError):
            one.chat("openai/nosuch", "Hi")


def test_models_and_counts_are_answered() -> None:
    with Simulator("openai") as sim, client(sim) as one:
        assert "gpt-6-luna" in [model.id for model in one.models("openai")]
        assert one.count_tokens("openai/gpt-6-luna", "Hello there").tokens == 2


def test_nothing_else_is_served() -> None:
    face = make("openai")
    bare = HttpRequest(method="POST", origin="http://h", target=b"/responses")
    assert face.operation(bare) is None
    assert face.operation(SocketRequest(origin="ws://h", target=b"/v1/responses")) is None
