"""Volcengine's own package for Ark, as it comes, speaks to the simulated service as to the real one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import volcenginesdkarkruntime as ark
from volcenginesdkarkruntime._exceptions import (
    ArkAuthenticationError,
    ArkBadRequestError,
    ArkInternalServerError,
    ArkNotFoundError,
    ArkPermissionDeniedError,
    ArkRateLimitError,
)
from volcenginesdkcore.signv4 import SignerV4

from baimo.auth.volcengine_v4 import VolcengineV4
from baimo.simulator.words import Why
from baimo.testing import Reply, Simulator
from baimo.types.chat import ChatRequest
from baimo.types.content import ToolCall
from baimo.types.embeddings import EmbedRequest
from baimo.types.secret import Secret
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest

MODEL = "doubao-seed-2-1-lite-260915"
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
    with Simulator("volcengine") as made:
        yield made


def made(simulator: Simulator, key: str | None = None) -> ark.Ark:
    return ark.Ark(
        api_key=key or simulator.credentials_of("volcengine")["api_key"],
        base_url=f"{simulator.origin_of('volcengine')}/api/v3",
        max_retries=0,
        timeout=10,
    )


@pytest.fixture
def client(simulator: Simulator) -> Iterator[ark.Ark]:
    found = made(simulator)
    yield found
    found.close()


def asked(simulator: Simulator) -> ChatRequest:
    """What the simulator understood last."""
    got = simulator.last.asked
    assert isinstance(got, ChatRequest)
    return got


def test_a_whole_reply_with_its_reasoning(simulator: Simulator, client: ark.Ark) -> None:
    usage = Usage(input_uncached=5, cache_read=2, output_visible=3, reasoning=4)
    simulator.reply(Reply(thinking="想一下。", text="你好 😀", usage=usage))
    seen = client.chat.completions.create(
        model=MODEL, messages=ASK, temperature=0.5, max_tokens=50, thinking={"type": "enabled"}
    )
    message = seen.choices[0].message
    assert (message.content, message.reasoning_content) == ("你好 😀", "想一下。")
    assert seen.choices[0].finish_reason == "stop"
    assert (seen.usage.prompt_tokens, seen.usage.completion_tokens) == (7, 7)
    assert seen.usage.prompt_tokens_details.cached_tokens == 2
    assert seen.usage.completion_tokens_details.reasoning_tokens == 4
    got = asked(simulator)
    assert (got.temperature, got.max_tokens, got.messages[0].text) == (0.5, 50, "Héllo 你好")


def test_a_stream(simulator: Simulator, client: ark.Ark) -> None:
    simulator.reply(Reply(thinking="想一下。", text="你好，世界"))
    chunks: list[Any] = list(
        client.chat.completions.create(
            model="ep-20260101000000-fake", messages=ASK, stream=True, stream_options={"include_usage": True}
        )
    )
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert "".join([delta.content or "" for delta in deltas]) == "你好，世界"
    assert "".join([getattr(delta, "reasoning_content", None) or "" for delta in deltas]) == "想一下。"
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].usage.completion_tokens > 0


@pytest.mark.parametrize("stream", [False, True])
def test_several_calls_of_tools_and_their_results(
    simulator: Simulator, client: ark.Ark, stream: bool
) -> None:
    simulator.reply(Reply(thinking="查。", tool_calls=CALLS), "晴。")
    answer: Any = client.chat.completions.create(model=MODEL, messages=ASK, tools=TOOLS, stream=stream)
    if stream:
        chunks = [chunk.choices[0] for chunk in answer if chunk.choices]
        pieces = [call for choice in chunks for call in choice.delta.tool_calls or ()]
        assert [piece.function.name for piece in pieces if piece.id] == ["get_weather", "get_weather"]
        told = "".join([piece.function.arguments or "" for piece in pieces])
        assert told == "".join([call.arguments for call in CALLS])
    else:
        calls = answer.choices[0].message.tool_calls
        assert [(call.id, call.function.arguments) for call in calls] == [(c.id, c.arguments) for c in CALLS]
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
    last = client.chat.completions.create(model=MODEL, messages=history, tools=TOOLS)
    assert last.choices[0].message.content == "晴。"
    got = asked(simulator)
    assert (got.messages[1].thinking, len(got.messages[1].tool_calls)) == ("查。", 2)


def test_thinking_off_is_understood(simulator: Simulator, client: ark.Ark) -> None:
    client.chat.completions.create(model=MODEL, messages=ASK, thinking={"type": "disabled"})
    got = asked(simulator)
    assert got.reasoning is not None
    assert got.reasoning.enabled is False


def test_vectors(simulator: Simulator, client: ark.Ark) -> None:
    seen = client.embeddings.create(model="doubao-embedding-large", input=["a", "b"], encoding_format="float")
    assert len(seen.data) == 2
    got = simulator.last.asked
    assert isinstance(got, EmbedRequest)
    assert got.inputs == ("a", "b")


@pytest.mark.parametrize(
    ("why", "kind", "code"),
    [
        (Why.INVALID_REQUEST, ArkBadRequestError, "InvalidParameter"),
        (Why.INPUT_MODERATED, ArkBadRequestError, "InputTextRiskDetection"),
        (Why.UNKNOWN_MODEL, ArkNotFoundError, "InvalidEndpointOrModel.NotFound"),
        (Why.OVER_QUOTA, ArkPermissionDeniedError, "AccountOverdueError"),
        (Why.OVER_RATE, ArkRateLimitError, "RateLimitExceeded.EndpointRPMExceeded"),
        (Why.SERVER_ERROR, ArkInternalServerError, "InternalServiceError"),
    ],
)
def test_refusals_are_the_clients_own_errors(
    simulator: Simulator, client: ark.Ark, why: Why, kind: type[Exception], code: str
) -> None:
    simulator.refuse(why)
    with pytest.raises(kind) as caught:
        client.chat.completions.create(model=MODEL, messages=ASK)
    assert code in json.dumps(getattr(caught.value, "body", None) or str(caught.value))


def test_a_wrong_key_is_refused(simulator: Simulator) -> None:
    with pytest.raises(ArkAuthenticationError):
        made(simulator, "another").chat.completions.create(model=MODEL, messages=ASK)


def test_our_signature_is_the_clients() -> None:
    headers = {"Content-Type": "application/json", "Host": "ark.cn-beijing.volcengineapi.com"}
    query = {"Action": "GetApiKey", "Version": "2024-01-01", "Filter": "a b/中"}
    body = '{"ResourceIds":["ep-中"]}'
    theirs = dict(headers)
    pair = ("AKLTfake", "fake-secret==")
    SignerV4.sign("/", "POST", theirs, body, None, query, *pair, "cn-beijing", "ark", "fake-token")
    from datetime import UTC, datetime

    at = datetime.strptime(theirs["X-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    wire = HttpRequest(
        method="POST",
        origin="https://ark.cn-beijing.volcengineapi.com",
        target=f"/?{SignerV4.canonical_query(query)}".encode(),
        headers=tuple((name.encode(), value.encode()) for name, value in headers.items()),
        body=body.encode(),
    )
    names = ("access_key", "secret_key", "session_token")
    secrets = {name: Secret(value) for name, value in zip(names, (*pair, "fake-token"), strict=True)}
    ours = {name.decode(): value.decode() for name, value in VolcengineV4().sign(wire, secrets, at).headers}
    assert ours == theirs
