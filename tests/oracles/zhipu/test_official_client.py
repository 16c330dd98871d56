"""Zhipu's own Python package, as it comes, finds in the simulated service what it asks the real one for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import zai
from zai.core import (
    APIAuthenticationError,
    APIInternalError,
    APIReachLimitError,
    APIRequestFailedError,
)
from zai.core._jwt_token import generate_token

from baimo.auth.zhipu_jwt import ZhipuJwt
from baimo.simulator.words import Why
from baimo.testing import Reply, Simulator
from baimo.types.chat import ChatRequest, FinishReason
from baimo.types.content import ToolCall
from baimo.types.embeddings import EmbedRequest
from baimo.types.secret import Secret
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest

MODEL = "glm-5.2"
ASK: Any = [{"role": "user", "content": "Héllo 你好"}]
TOOLS: Any = [
    {
        "type": "function",
        "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}},
    }
]
CALLS = (
    ToolCall(id="call_1", name="get_weather", arguments='{"city":"上海"}'),
    ToolCall(id="call_2", name="get_weather", arguments='{"city":"北京"}'),
)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("zhipu") as made:
        yield made


def made(simulator: Simulator, key: str | None = None, **options: Any) -> zai.ZhipuAiClient:
    return zai.ZhipuAiClient(
        api_key=key or simulator.credentials_of("zhipu")["api_key"],
        base_url=f"{simulator.origin_of('zhipu')}/api/paas/v4",
        max_retries=0,
        timeout=10,
        **options,
    )


@pytest.fixture
def client(simulator: Simulator) -> Iterator[zai.ZhipuAiClient]:
    with made(simulator) as found:
        yield found


def asked(simulator: Simulator) -> ChatRequest:
    """What the simulator understood last."""
    got = simulator.last.asked
    assert isinstance(got, ChatRequest)
    return got


def test_a_whole_reply_with_its_reasoning(simulator: Simulator, client: zai.ZhipuAiClient) -> None:
    usage = Usage(input_uncached=5, cache_read=2, output_visible=3, reasoning=4)
    simulator.reply(Reply(thinking="想一下。", text="你好 😀", usage=usage))
    seen: Any = client.chat.completions.create(
        model=MODEL, messages=ASK, temperature=0.5, max_tokens=50, reasoning_effort="high"
    )
    message = seen.choices[0].message
    assert (message.role, message.content, message.reasoning_content) == ("assistant", "你好 😀", "想一下。")
    assert seen.choices[0].finish_reason == "stop"
    assert (seen.usage.prompt_tokens, seen.usage.completion_tokens, seen.usage.total_tokens) == (7, 7, 14)
    got = asked(simulator)
    assert (got.temperature, got.max_tokens, got.messages[0].text) == (0.5, 50, "Héllo 你好")
    assert got.reasoning is not None
    assert got.reasoning.effort == "high"


def test_a_stream(simulator: Simulator, client: zai.ZhipuAiClient) -> None:
    simulator.reply(Reply(thinking="想一下。", text="你好，世界"))
    chunks: list[Any] = list(
        client.chat.completions.create(model=MODEL, messages=ASK, stream=True, thinking={"type": "enabled"})
    )
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert "".join([delta.content or "" for delta in deltas]) == "你好，世界"
    assert "".join([getattr(delta, "reasoning_content", None) or "" for delta in deltas]) == "想一下。"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert chunks[-1].usage.completion_tokens > 0


@pytest.mark.parametrize("stream", [False, True])
def test_several_calls_of_tools_and_their_results(
    simulator: Simulator, client: zai.ZhipuAiClient, stream: bool
) -> None:
    simulator.reply(Reply(thinking="查。", tool_calls=CALLS), "晴。")
    answer: Any = client.chat.completions.create(
        model=MODEL, messages=ASK, tools=TOOLS, tool_choice="auto", stream=stream
    )
    if stream:
        chunks = [chunk.choices[0] for chunk in answer]
        pieces = [call for choice in chunks for call in choice.delta.tool_calls or ()]
        names = [(piece.id, piece.function.name) for piece in pieces if piece.id]
        assert names == [(call.id, call.name) for call in CALLS]
        assert "".join([piece.function.arguments or "" for piece in pieces]) == "".join(
            [call.arguments for call in CALLS]
        )
        assert chunks[-1].finish_reason == "tool_calls"
    else:
        calls = answer.choices[0].message.tool_calls
        assert [(call.id, call.function.arguments) for call in calls] == [(c.id, c.arguments) for c in CALLS]
        assert answer.choices[0].finish_reason == "tool_calls"
    history = [
        *ASK,
        {
            "role": "assistant",
            "content": "",
            "reasoning_content": "查。",
            "tool_calls": [
                {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}}
                for c in CALLS
            ],
        },
        *({"role": "tool", "tool_call_id": c.id, "content": "晴"} for c in CALLS),
    ]
    last: Any = client.chat.completions.create(model=MODEL, messages=history, tools=TOOLS)
    assert last.choices[0].message.content == "晴。"
    got = asked(simulator)
    assert got.messages[1].thinking == "查。"
    assert [call.arguments for call in got.messages[1].tool_calls] == [call.arguments for call in CALLS]


def test_a_search_and_thinking_off_are_understood(simulator: Simulator, client: zai.ZhipuAiClient) -> None:
    tool = {"type": "web_search", "web_search": {"enable": True, "search_engine": "search_std"}}
    client.chat.completions.create(
        model=MODEL, messages=ASK, tools=[tool], thinking={"type": "disabled"}, user_id="u-1"
    )
    got = asked(simulator)
    assert len(got.tools) == 1
    assert got.reasoning is not None
    assert got.reasoning.enabled is False


def test_an_answer_that_was_cut_says_so(simulator: Simulator, client: zai.ZhipuAiClient) -> None:
    simulator.reply(Reply(text="半句", finish=FinishReason.LENGTH))
    seen: Any = client.chat.completions.create(model=MODEL, messages=ASK)
    assert seen.choices[0].finish_reason == "length"


def test_vectors(simulator: Simulator, client: zai.ZhipuAiClient) -> None:
    seen = client.embeddings.create(model="embedding-3", input=["a", "b"], dimensions=8)
    assert [entry.index for entry in seen.data] == [0, 1]
    assert all(len(entry.embedding) == 8 for entry in seen.data)
    got = simulator.last.asked
    assert isinstance(got, EmbedRequest)
    assert got.inputs == ("a", "b")


@pytest.mark.parametrize(
    ("why", "kind", "code"),
    [
        (Why.INVALID_REQUEST, APIRequestFailedError, "1210"),
        (Why.UNKNOWN_MODEL, APIRequestFailedError, "1211"),
        (Why.OVER_RATE, APIReachLimitError, "1302"),
        (Why.OVER_QUOTA, APIReachLimitError, "1113"),
        (Why.SERVER_ERROR, APIInternalError, "1234"),
    ],
)
def test_refusals_are_the_clients_own_errors(
    simulator: Simulator, client: zai.ZhipuAiClient, why: Why, kind: type[Exception], code: str
) -> None:
    simulator.refuse(why)
    with pytest.raises(kind, match=f'"code": ?"{code}"'):
        client.chat.completions.create(model=MODEL, messages=ASK)


def test_a_wrong_key_is_refused(simulator: Simulator) -> None:
    with made(simulator, "another.key") as client, pytest.raises(APIAuthenticationError, match="1000"):
        client.chat.completions.create(model=MODEL, messages=ASK)


def test_the_clients_own_token_opens_the_service(simulator: Simulator) -> None:
    """Made of the key; the key itself is not sent."""
    generate_token.cache_clear()
    with made(simulator, disable_token_cache=False) as client:
        client.chat.completions.create(model=MODEL, messages=ASK)
    assert simulator.last.caller == "…1234"  # named by the id that the token tells, not by the secret


def test_our_token_is_the_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    key = "0123456789abcdef.fakesecretthatislongenoughforall"
    for now in (1_790_000_000.0, 1_790_000_000.4567):
        generate_token.cache_clear()
        monkeypatch.setattr("time.time", lambda now=now: now)
        wire = HttpRequest(method="POST", origin="http://h", target=b"/")
        signed = ZhipuJwt().sign(wire, {"api_key": Secret(key)}, now)
        assert dict(signed.headers)[b"Authorization"] == f"Bearer {generate_token(key)}".encode()
