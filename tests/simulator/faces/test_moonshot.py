"""The faces of Moonshot refuse what the real ones refuse, above all an answer without its reasoning."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.errors import (
    AuthError,
    ContentFilteredError,
    ContextTooLongError,
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
from baimo.simulator.faces.moonshot import MoonshotFace
from baimo.simulator.reply import Reply
from baimo.simulator.words import Why
from baimo.testing import Simulator
from baimo.types.chat import FinishReason, Message
from baimo.types.content import ToolCall
from baimo.types.tools import FunctionTool
from baimo.wire.http import HttpRequest
from tests.simulator.faces.test_openai import answer, post, read

KEY = "sk-fakeMoonshotKey000000000000000001234"
USER = {"role": "user", "content": "Weather?"}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "24 C"}
CALLED = {"role": "assistant", "content": "", "tool_calls": [CALL]}
OFF = {"thinking": {"type": "disabled"}}


def ask(*messages: Any, key: str | None = KEY, **fields: Any) -> HttpRequest:
    return post({"model": "kimi-k2.6", "messages": messages or (USER,), **fields}, key=key)


@pytest.fixture
def simulation() -> Simulation:
    return Simulation([MoonshotFace()])


def refused(simulation: Simulation, request: HttpRequest) -> ProviderError:
    _, error = read(simulation, request, codes="moonshot")
    assert isinstance(error, ProviderError)
    return error


def count(*messages: Any, model: str = "kimi-k2.6") -> HttpRequest:
    return post({"model": model, "messages": messages}, "/v1/tokenizers/estimate-token-count", key=KEY)


def test_tokens_are_counted_and_an_empty_message_is_refused(simulation: Simulation) -> None:
    head, told = answer(simulation, count({"role": "system", "content": "Be brief."}, USER))
    assert head.status == 200
    assert msgspec.json.decode(told)["data"]["total_tokens"] > 2
    assert "position 1 with role user must not be empty" in str(
        refused(simulation, count(USER, {"role": "user", "content": ""}))
    )
    assert isinstance(refused(simulation, count(USER, model="gpt-4o")), NotFoundError)


def test_both_sites_have_a_face() -> None:
    assert faces.make("moonshot").hosts == ("api.moonshot.cn",)
    assert faces.make("moonshot-intl").hosts == ("api.moonshot.ai",)


@pytest.mark.parametrize("key", [None, "sk-another"])
def test_a_wrong_key_is_refused(simulation: Simulation, key: str | None) -> None:
    error = refused(simulation, ask(key=key))
    assert isinstance(error, AuthError)
    assert error.provider_code == "invalid_authentication_error"


def test_an_answer_that_used_tools_must_come_back_with_its_reasoning(simulation: Simulation) -> None:
    error = refused(simulation, ask(USER, CALLED, RESULT))
    assert isinstance(error, InvalidRequestError)
    assert "reasoning_content is missing in assistant tool call message at index 1" in error.message
    for messages, fields in (
        ((USER, {**CALLED, "reasoning_content": "hm"}, RESULT), {}),
        ((USER, CALLED, RESULT), OFF),
    ):
        assert read(simulation, ask(*messages, **fields))[1] is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"temperature": 0.3}, "invalid temperature"),
        ({"frequency_penalty": 0.5}, "invalid frequency_penalty"),
        ({"model": "kimi-k3", **OFF}, "invalid thinking"),
        ({"messages": [USER, {"role": "assistant", "content": ""}, USER]}, "must not be empty"),
    ],
)
def test_a_broken_rule_is_refused_in_its_words(simulation: Simulation, fields: Any, says: str) -> None:
    error = refused(simulation, ask(**fields))
    assert isinstance(error, InvalidRequestError)
    assert says in error.message


def test_older_models_take_sampling_and_do_not_think(simulation: Simulation) -> None:
    request = ask(USER, CALLED, RESULT, model="moonshot-v1-8k", temperature=0.3, reasoning_effort="low")
    assert read(simulation, request)[1] is None
    assert simulation.log.all()[-1].asked.reasoning.enabled is False  # type: ignore[union-attr]


def test_models_and_balance_are_told(simulation: Simulation) -> None:
    def get(path: str) -> Any:
        wire = post(b"", path, key=KEY)
        return msgspec.json.decode(
            answer(
                simulation,
                HttpRequest(method="GET", origin=wire.origin, target=wire.target, headers=wire.headers),
            )[1]
        )

    assert [model["id"] for model in get("/v1/models")["data"]] == ["kimi-k2.6", "kimi-k3"]
    assert get("/v1/users/me/balance")["data"]["available_balance"] == 49.5
    face = MoonshotFace()
    assert face.operation(post({}, "/v1/embeddings")) is None


@pytest.mark.parametrize(
    ("why", "kind"),
    [
        (Why.UNKNOWN_MODEL, NotFoundError),
        (Why.OVER_QUOTA, QuotaError),
        (Why.OVER_RATE, RateLimitedError),
        (Why.OVERLOADED, OverloadedError),
        (Why.INPUT_MODERATED, ContentFilteredError),
        (Why.CONTEXT_TOO_LONG, ContextTooLongError),
        (Why.SERVER_ERROR, ServerError),
    ],
)
def test_a_refusal_reads_back_as_its_kind(why: Why, kind: type[ProviderError]) -> None:
    with Simulator("moonshot") as simulator, simulator.client(max_retries=0) as client:
        simulator.refuse(why)
        with pytest.raises(kind):
            client.chat("moonshot/kimi-k2.6", "Hi")


def test_three_turns_with_tools_and_thinking() -> None:
    call = ToolCall(id="call_1", name="look_up", arguments='{"city":"上海"}')
    with Simulator("moonshot") as simulator, simulator.client() as client:
        simulator.reply(
            Reply(thinking="查一下。", tool_calls=(call,)), Reply(thinking="好。", text="晴。"), "再见。"
        )
        said: list[Any] = [Message(role="user", content="天气？")]  # type: ignore[arg-type]
        tools = [FunctionTool(name="look_up")]
        first = client.chat("moonshot/kimi-k3", said, tools=tools)
        said += [first.message, {"role": "tool", "tool_call_id": "call_1", "content": "晴"}]
        second = client.chat("moonshot/kimi-k3", said, tools=tools)
        assert simulator.last.asked.messages[1].thinking == "查一下。"  # type: ignore[union-attr]
        said += [second.message, Message(role="user", content="谢谢")]  # type: ignore[arg-type]
        assert client.chat("moonshot/kimi-k3", said, tools=tools).text == "再见。"


def test_a_search_of_its_own_is_answered_by_sending_the_answer_back() -> None:
    search = ToolCall(id="s_1", name="$web_search", arguments='{"query":"上海 天气"}')
    with Simulator("moonshot") as simulator, simulator.client() as client:
        simulator.reply(Reply(thinking="搜。", tool_calls=(search,)), "晴。")
        said: list[Any] = [Message(role="user", content="天气？")]  # type: ignore[arg-type]
        first = client.chat("moonshot/kimi-k3", said, search=True)
        assert first.finish_reason is FinishReason.TOOL_CALLS
        assert client.chat("moonshot/kimi-k3", [*said, first.message], search=True).text == "晴。"
        echoed = simulator.last.asked.messages[-1]  # type: ignore[union-attr]
        assert echoed.content[0].content[0].text == '{"query":"上海 天气"}'  # type: ignore[union-attr]
