"""Baidu's own Python package speaks the second version of its API, which tells reasoning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import qianfan
from qianfan.config import get_config
from qianfan.errors import RequestError

from baimo.testing import Reply, Simulator
from baimo.types.chat import ChatRequest
from baimo.types.content import Text, ToolCall, ToolResult
from baimo.types.usage import Usage

ASK: list[dict[str, Any]] = [{"role": "user", "content": "你好"}]
MODEL = "ernie-5.0-thinking-latest"
TOOL = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}},
}


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with Simulator("qianfan") as made:
        config = get_config()
        for name in ("AK", "SK", "ACCESS_KEY", "SECRET_KEY", "ACCESS_TOKEN"):
            monkeypatch.setattr(config, name, None)
        monkeypatch.setattr(config, "BEARER_TOKEN", made.credentials_of("qianfan")["api_key"])
        for name in ("BASE_URL", "CONSOLE_API_BASE_URL", "IAM_BASE_URL"):
            monkeypatch.setattr(config, name, made.origin_of("qianfan"))
        monkeypatch.setattr(config, "DISABLE_CACHE", True)
        monkeypatch.setattr(config, "LLM_API_RETRY_COUNT", 1)
        yield made


def call(messages: Any = None, **options: Any) -> Any:
    return qianfan.ChatCompletion(version="2").do(messages=messages or ASK, model=MODEL, **options)


def asked(simulator: Simulator) -> ChatRequest:
    """What the simulator understood last."""
    got = simulator.last.asked
    assert isinstance(got, ChatRequest)
    return got


def test_a_whole_reply_comes_with_its_reasoning(simulator: Simulator) -> None:
    simulator.reply(
        Reply(thinking="要想。", text="您好 😀", usage=Usage(input_uncached=21, output_visible=4))
    )
    seen = call(temperature=0.5, top_p=0.9)
    message = seen.body["choices"][0]["message"]
    assert (message["content"], message["reasoning_content"]) == ("您好 😀", "要想。")
    assert seen.body["usage"]["prompt_tokens"] == 21
    got = asked(simulator)
    assert (got.model, got.temperature, got.top_p, got.messages[0].text) == (MODEL, 0.5, 0.9, "你好")


def test_a_stream_comes_with_its_reasoning_first(simulator: Simulator) -> None:
    simulator.reply(Reply(thinking="要想。", text="您好"))
    deltas = [piece.body["choices"][0]["delta"] for piece in call(stream=True)]
    assert "".join(delta.get("reasoning_content") or "" for delta in deltas) == "要想。"
    assert "".join(delta.get("content") or "" for delta in deltas) == "您好"
    kinds = [kind for delta in deltas for kind in ("reasoning_content", "content") if delta.get(kind)]
    assert kinds == sorted(kinds, reverse=True)


@pytest.mark.parametrize("stream", [False, True])
def test_tools_are_called_and_their_results_come_back(simulator: Simulator, stream: bool) -> None:
    tool_call = ToolCall(id="call_1", name="weather", arguments='{"city":"北京"}')
    simulator.reply(Reply(thinking="要查。", tool_calls=(tool_call,)), Reply(text="晴。"))
    seen = call(tools=[TOOL], stream=stream)
    if stream:
        found = [one for piece in seen for one in piece.body["choices"][0]["delta"].get("tool_calls", ())]
        name = found[0]["function"]["name"]
        arguments = "".join(one["function"]["arguments"] for one in found)
    else:
        (one,) = seen.body["choices"][0]["message"]["tool_calls"]
        name, arguments = one["function"]["name"], one["function"]["arguments"]
    assert (name, arguments) == ("weather", '{"city":"北京"}')
    told = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}
    turns = [
        *ASK,
        {"role": "assistant", "content": "", "tool_calls": [told]},
        {"role": "tool", "tool_call_id": "call_1", "content": "晴"},
    ]
    assert call(turns, tools=[TOOL]).body["choices"][0]["message"]["content"] == "晴。"
    got = asked(simulator)
    assert got.messages[1].tool_calls == (tool_call,)
    (result,) = got.messages[2].content
    assert isinstance(result, ToolResult)
    assert (result.call_id, result.content) == ("call_1", (Text(text="晴"),))


@pytest.mark.parametrize(
    ("why", "status", "code"),
    [
        ("wrong_secret", 401, "invalid_iam_token"),
        ("over_rate", 429, "rpm_rate_limit_exceeded"),
        ("server_error", 500, "internal_error"),
    ],
)
def test_a_refusal_is_its_exception(simulator: Simulator, why: str, status: int, code: str) -> None:
    simulator.refuse(why)
    with pytest.raises(RequestError) as caught:
        call()
    assert (caught.value.status_code, code in str(caught.value)) == (status, True)
