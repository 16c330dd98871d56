"""The faces of Zhipu and Z.ai take keys and tokens, and refuse what the real ones refuse."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.auth import hs256
from baimo.auth.zhipu_jwt import HEADER, ZhipuJwt
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
from baimo.simulator.faces.zhipu import ZhipuFace
from baimo.simulator.reply import Reply
from baimo.simulator.scripts import replies
from baimo.simulator.words import Why
from baimo.testing import Simulator
from baimo.types.chat import FinishReason, Message
from baimo.types.content import ToolCall
from baimo.types.secret import Secret
from baimo.types.tools import FunctionTool
from baimo.wire.http import HttpRequest, SocketRequest
from tests.simulator.faces.test_openai import answer, post, read

KEY = "fakefakefakefakefakefakefake1234.fakesecretfake00"
NOW = 1_790_000_000.0
"""The wall time of `answer`."""
USER = {"role": "user", "content": "Weather?"}


def ask(*messages: Any, key: str | None = KEY, **fields: Any) -> HttpRequest:
    body = {"model": "glm-5.2", "messages": messages or (USER,), **fields}
    return post(body, "/api/paas/v4/chat/completions", key=key)


def token(now: float, key: str = KEY) -> str:
    steps = dict(ZhipuJwt().explain(ask(), {"api_key": Secret(key)}, now))
    return steps["Authorization"].removeprefix("Bearer ")


def test_tokens_are_counted_at_an_address_of_its_own(simulation: Simulation) -> None:
    body = {"model": "glm-4.6", "messages": [USER]}
    head, told = answer(simulation, post(body, "/api/paas/v4/tokenizer", key=KEY))
    assert head.status == 200
    assert msgspec.json.decode(told)["usage"] == {"prompt_tokens": 2}
    unknown = post({**body, "model": "gpt-4o"}, "/api/paas/v4/tokenizer", key=KEY)
    assert isinstance(refused(simulation, unknown), ProviderError)


@pytest.fixture
def simulation() -> Simulation:
    return Simulation([ZhipuFace()])


def refused(simulation: Simulation, request: HttpRequest) -> ProviderError:
    _, error = read(simulation, request, codes="zhipu")
    assert isinstance(error, ProviderError)
    return error


def test_both_sites_have_a_face() -> None:
    assert faces.make("zhipu").hosts == ("open.bigmodel.cn",)
    assert faces.make("zai").hosts == ("api.z.ai",)
    at = {"base_url": "http://h/api/paas/v4", "api_key": KEY}
    tables = faces.make("zhipu").configuration("http://h")
    assert tables == {name: {"endpoint": name, **at} for name in ("chat", "jwt")}


@pytest.mark.parametrize("key", [KEY, token(NOW), token(NOW - 200)])
def test_the_key_and_a_fresh_token_of_it_open_it(simulation: Simulation, key: str) -> None:
    response, error = read(simulation, ask(key=key))
    assert error is None
    assert response.text == "Weather?"


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (None, "1001"),
        ("another.key", "1000"),
        (token(NOW - 300), "1003"),
        (token(NOW + 300), "1003"),
        (token(NOW, "fakefakefakefakefakefakefake1234.another"), "1000"),
        (hs256.token(HEADER, '{"api_key":"x"}', "fakesecretfake00").text, "1000"),
    ],
)
def test_other_keys_and_tokens_are_refused(simulation: Simulation, key: str | None, code: str) -> None:
    error = refused(simulation, ask(key=key))
    assert isinstance(error, AuthError)
    assert (error.status, error.provider_code) == (401, code)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (ask(model="glm-5.3", thinking={"type": "disabled"}), "1210"),
        (ask(temperature=1.5), "1210"),
        (ask(tools=[{"type": "function", "function": {"name": "f"}}], tool_choice="required"), "1210"),
        (ask(USER, {"role": "assistant", "content": None}, USER), "1214"),
        (ask(model="gpt-6"), "1211"),
    ],
)
def test_a_broken_rule_is_refused_with_its_number(
    simulation: Simulation, request_: HttpRequest, code: str
) -> None:
    error = refused(simulation, request_)
    assert isinstance(error, (InvalidRequestError, NotFoundError))
    assert (error.status, error.provider_code) == (400, code)


@pytest.mark.parametrize(
    ("why", "kind"),
    [
        (Why.OVER_QUOTA, QuotaError),
        (Why.OVER_RATE, RateLimitedError),
        (Why.OVERLOADED, OverloadedError),
        (Why.INPUT_MODERATED, ContentFilteredError),
        (Why.CONTEXT_TOO_LONG, ContextTooLongError),
        (Why.SERVER_ERROR, ServerError),
    ],
)
def test_a_refusal_reads_back_as_its_kind(why: Why, kind: type[ProviderError]) -> None:
    with Simulator("zhipu") as simulator, simulator.client(max_retries=0) as client:
        simulator.refuse(why)
        with pytest.raises(kind):
            client.chat("zhipu/glm-5.2", "Hi")


def test_thinking_is_on_unless_it_is_switched_off(simulation: Simulation) -> None:
    simulation.script = replies([Reply(text="a", thinking="b")] * 2)
    for fields in ({"reasoning_effort": "high"}, {"thinking": {"type": "disabled"}}):
        read(simulation, ask(**fields))
    first, second = [received.asked for received in simulation.log.all()]
    assert (first.reasoning.enabled, first.reasoning.effort) == (True, "high")  # type: ignore[union-attr]
    assert second.reasoning.enabled is False  # type: ignore[union-attr]


def test_usage_comes_unasked_with_the_finish(simulation: Simulation) -> None:
    _, body = answer(simulation, ask(stream=True))
    last = [line for line in body.split(b"\n\n") if line][-2]
    chunk = msgspec.json.decode(last.removeprefix(b"data: "))
    assert chunk["choices"][0]["finish_reason"] == "stop"
    assert chunk["usage"]["prompt_tokens"] > 0


def test_there_is_no_list_of_models_and_no_socket() -> None:
    face = ZhipuFace()
    assert face.operation(HttpRequest(method="GET", origin="http://h", target=b"/api/paas/v4/models")) is None
    assert face.operation(SocketRequest(origin="ws://h", target=b"/")) is None


@pytest.mark.parametrize("endpoint", ["chat", "jwt"])
def test_three_turns_with_tools_and_thinking(endpoint: str) -> None:
    call = ToolCall(id="call_1", name="look_up", arguments='{"city":"上海"}')
    with Simulator("zhipu") as simulator, simulator.client(endpoints={"zhipu": endpoint}) as client:
        simulator.reply(
            Reply(thinking="查一下。", tool_calls=(call,)), Reply(thinking="好。", text="晴。"), "再见。"
        )
        said: list[Any] = [Message(role="user", content="天气？")]  # type: ignore[arg-type]
        tools = [FunctionTool(name="look_up")]
        first = client.chat("zhipu/glm-5.2", said, tools=tools)
        assert first.finish_reason is FinishReason.TOOL_CALLS
        said += [first.message, {"role": "tool", "tool_call_id": "call_1", "content": "晴"}]
        second = client.chat("zhipu/glm-5.2", said, tools=tools)
        assert (second.text, second.thinking) == ("晴。", "好。")
        assert simulator.last.asked.messages[1].thinking == "查一下。"  # type: ignore[union-attr]
        said += [second.message, Message(role="user", content="谢谢")]  # type: ignore[arg-type]
        assert client.chat("zhipu/glm-5.2", said, tools=tools).text == "再见。"


def test_texts_are_ranked_on_the_mainland_site() -> None:
    texts = ["Ruby is red", "Paris is the capital of France"]
    with Simulator("zhipu") as simulator, simulator.client() as client:
        ranks = client.rerank("zhipu/rerank", "capital of France", texts, top_n=1)
        assert [(one.index, one.document) for one in ranks.results] == [(1, texts[1])]
        assert ranks.sent is not None and ranks.sent.url.endswith("/api/paas/v4/rerank")
        with pytest.raises(ProviderError):
            client.rerank("zhipu/glm-5.2", "capital of France", texts)
