"""The face of MiniMax: everything under HTTP 200."""

from __future__ import annotations

from typing import Any

import pytest

from baimo.errors import (
    AuthError,
    ContentFilteredError,
    ContextTooLongError,
    InvalidRequestError,
    OverloadedError,
    ProviderError,
    QuotaError,
    RateLimitedError,
    ServerError,
    StreamInterrupted,
)
from baimo.simulator import faces
from baimo.simulator.faces.minimax import MiniMaxFace
from baimo.simulator.reply import Reply
from baimo.simulator.words import Why
from baimo.testing import Simulator
from baimo.types.chat import Message
from baimo.types.content import ToolCall
from baimo.types.tools import FunctionTool
from baimo.wire.http import SocketRequest
from tests.simulator.faces.test_openai import post

NATIVE = {"minimax": "native"}


def test_both_sites_have_a_face() -> None:
    assert "api.minimaxi.com" in faces.make("minimax").hosts
    assert faces.make("minimax-intl").hosts == ("api.minimax.io",)
    face = MiniMaxFace()
    assert face.operation(SocketRequest(origin="ws://h", target=b"/v1/")) is None
    assert face.operation(post({}, "/text/chatcompletion_v2")) is None
    assert face.operation(post({}, "/v1/text/chatcompletion_v2")) == "chat"


@pytest.mark.parametrize(
    ("why", "kind", "code"),
    [
        (Why.MISSING_HEADER, AuthError, "1004"),
        (Why.UNKNOWN_KEY, AuthError, "2049"),
        (Why.OVER_QUOTA, QuotaError, "1008"),
        (Why.OVER_RATE, RateLimitedError, "1002"),
        (Why.OVER_CONCURRENCY, RateLimitedError, "1041"),
        (Why.OVERLOADED, OverloadedError, "1024"),
        (Why.INPUT_MODERATED, ContentFilteredError, "1026"),
        (Why.CONTEXT_TOO_LONG, ContextTooLongError, "1039"),
        (Why.SERVER_ERROR, ServerError, "1013"),
        (Why.UNKNOWN_MODEL, InvalidRequestError, "2013"),
    ],
)
def test_a_refusal_reads_back_as_its_kind(why: Why, kind: type[ProviderError], code: str) -> None:
    with Simulator("minimax") as simulator, simulator.client(endpoints=NATIVE, max_retries=0) as client:
        simulator.refuse(why)
        with pytest.raises(kind) as caught:
            client.chat("minimax/MiniMax-M2.7", "Hi")
    assert (caught.value.status, caught.value.provider_code) == (200, code)


def test_an_answer_that_is_moderated_ends_with_a_number() -> None:
    with Simulator("minimax") as simulator, simulator.client(endpoints=NATIVE, max_retries=0) as client:
        simulator.moderate(output=["secret"])
        simulator.reply("a secret b")
        with (
            pytest.raises(StreamInterrupted) as caught,
            client.stream("minimax/MiniMax-M2.7", "Hi") as stream,
        ):
            for _ in stream:
                pass
    assert isinstance(caught.value.__cause__, ContentFilteredError)


def test_vectors_are_made() -> None:
    with Simulator("minimax") as simulator, simulator.client(endpoints=NATIVE) as client:
        assert len(client.embed("minimax/embo-01", ["a", "b"]).vectors) == 2


def test_three_turns_with_tools_and_thinking() -> None:
    call = ToolCall(id="call_1", name="look_up", arguments='{"city":"上海"}')
    with Simulator("minimax") as simulator, simulator.client(endpoints=NATIVE) as client:
        simulator.reply(
            Reply(thinking="查一下。", tool_calls=(call,)), Reply(thinking="好。", text="晴。"), "再见。"
        )
        said: list[Any] = [Message(role="user", content="天气？")]  # type: ignore[arg-type]
        tools = [FunctionTool(name="look_up")]
        first = client.chat("minimax/MiniMax-M2.7", said, tools=tools)
        said += [first.message, {"role": "tool", "tool_call_id": "call_1", "content": "晴"}]
        with client.stream("minimax/MiniMax-M2.7", said, tools=tools) as stream:
            for _ in stream:
                pass
        second = stream.response
        assert (second.text, second.thinking) == ("晴。", "好。")
        assert simulator.last.asked.messages[1].thinking == "查一下。"  # type: ignore[union-attr]
        said += [second.message, Message(role="user", content="谢谢")]  # type: ignore[arg-type]
        assert client.chat("minimax/MiniMax-M2.7", said, tools=tools).text == "再见。"


def test_thinking_that_is_switched_off_stays_off() -> None:
    with Simulator("minimax") as simulator, simulator.client(endpoints=NATIVE) as client:
        client.chat("minimax/MiniMax-M3", "Hi", reasoning="off")
        assert simulator.last.asked.reasoning.enabled is False  # type: ignore[union-attr]
