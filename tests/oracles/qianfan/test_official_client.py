"""Baidu's own Python package, as it comes, finds in the simulated service what it asks the real one for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import qianfan
from qianfan.config import get_config
from qianfan.errors import APIError, AuthError

from baimo.errors import Error, NotFoundError, QuotaError, RateLimitedError, ServerError
from baimo.testing import Reply, Simulator
from baimo.types.chat import ChatRequest, FinishReason
from baimo.types.content import Citation, Text, ToolCall, ToolResult
from baimo.types.events import ChatEvent, Finished, PartDelta, PartEnded, PartStarted, Started, UsageReported
from baimo.types.usage import Usage

ASK = [{"role": "user", "content": "你好"}]
KEYS = ("AK", "SK", "ACCESS_KEY", "SECRET_KEY", "ACCESS_TOKEN")


@pytest.fixture(params=["signature", "application"])
def simulator(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """Opened by an account's signature, and by an application's token."""
    with Simulator("qianfan") as made:
        config, keys = get_config(), made.credentials_of("qianfan")
        for name in KEYS:
            monkeypatch.setattr(config, name, None)
        if request.param == "signature":
            monkeypatch.setattr(config, "ACCESS_KEY", keys["access_key"])
            monkeypatch.setattr(config, "SECRET_KEY", keys["secret_key"])
        else:
            monkeypatch.setattr(config, "AK", keys["app_key"])
            monkeypatch.setattr(config, "SK", keys["app_secret"])
        for name in ("BASE_URL", "CONSOLE_API_BASE_URL", "IAM_BASE_URL"):
            monkeypatch.setattr(config, name, made.origin_of("qianfan"))
        monkeypatch.setattr(config, "DISABLE_CACHE", True)
        monkeypatch.setattr(config, "LLM_API_RETRY_COUNT", 1)
        yield made


def asked(simulator: Simulator) -> ChatRequest:
    """What the simulator understood last."""
    got = simulator.last.asked
    assert isinstance(got, ChatRequest)
    return got


def call(messages: Any = None, **options: Any) -> Any:
    chat = qianfan.ChatCompletion(version="1")
    return chat.do(messages=messages or ASK, endpoint="completions_pro", **options)


def test_a_whole_reply_is_read(simulator: Simulator) -> None:
    simulator.reply(Reply(text="您好 😀", usage=Usage(input_uncached=21, output_visible=4)))
    seen = call(system="简短", temperature=0.5, max_output_tokens=50, stop=["。"])
    assert (seen.body["result"], seen.body["finish_reason"]) == ("您好 😀", "normal")
    assert seen.body["usage"] == {"prompt_tokens": 21, "completion_tokens": 4, "total_tokens": 25}
    got = asked(simulator)
    assert (got.temperature, got.max_tokens, got.stop) == (0.5, 50, ("。",))
    assert [message.text for message in got.messages] == ["简短", "你好"]


def test_a_stream_is_read_piece_by_piece(simulator: Simulator) -> None:
    simulator.reply(Reply(text="one two three", usage=Usage(input_uncached=3, output_visible=5)))
    pieces = [piece.body for piece in call(stream=True)]
    assert "".join(piece["result"] for piece in pieces) == "one two three"
    assert [piece["is_end"] for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert pieces[-1]["usage"]["completion_tokens"] == 5


FUNCTIONS = [
    {
        "name": "weather",
        "description": "查天气",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    }
]


@pytest.mark.parametrize("stream", [True, False])
def test_a_function_is_called_and_its_result_comes_back(simulator: Simulator, stream: bool) -> None:
    wanted = ToolCall(id="c", name="weather", arguments='{"city":"北京"}')
    simulator.reply(Reply(thinking="要查", tool_calls=(wanted,)), "晴。")
    seen = call(functions=FUNCTIONS, stream=stream)
    body = list(seen)[-1].body if stream else seen.body
    told = body["function_call"]
    assert (told["name"], json.loads(told["arguments"]), told["thoughts"]) == (
        "weather",
        {"city": "北京"},
        "要查",
    )
    history = [
        *ASK,
        {"role": "assistant", "content": "", "function_call": told},
        {"role": "function", "name": "weather", "content": '{"weather":"晴"}'},
    ]
    assert call(history, functions=FUNCTIONS).body["result"] == "晴。"
    got = asked(simulator)
    assert got.messages[1].thinking == "要查"
    (result,) = got.messages[2].content
    assert isinstance(result, ToolResult)
    assert getattr(got.tools[0], "name", "") == "weather"


def test_sources_of_a_search_are_told(simulator: Simulator) -> None:
    events: list[ChatEvent] = [
        Started(id="as-1"),
        PartStarted(index=0, part=Text(text="")),
        PartDelta(index=0, text="晴。"),
        PartEnded(index=0, citations=(Citation(url="https://w.example/", title="天气", source="1"),)),
        UsageReported(usage=Usage(input_uncached=1, output_visible=1)),
        Finished(reason=FinishReason.STOP),
    ]
    simulator.script(lambda request: events)
    seen = call(disable_search=False, enable_citation=True)
    (source,) = seen.body["search_info"]["search_results"]
    assert (source["index"], source["url"]) == (1, "https://w.example/")
    assert asked(simulator).search is not None


def failing(error: Error) -> Callable[[ChatRequest], Any]:
    """A script that fails before it says anything: the provider refuses."""

    def script(request: ChatRequest) -> Any:
        raise error

    return script


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RateLimitedError("slow down"), 336501),
        (QuotaError("no more today"), 17),
        (NotFoundError("no such model"), 336005),
        (ServerError("gone"), 336000),
    ],
)
def test_a_refusal_is_its_exception(simulator: Simulator, error: Error, code: int) -> None:
    simulator.script(failing(error))
    with pytest.raises(APIError) as caught:
        call()
    assert caught.value.error_code == code
    with pytest.raises(APIError) as caught:
        list(call(stream=True))
    assert caught.value.error_code == code


def test_a_wrong_secret_is_its_exception(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    config = get_config()
    name = "SECRET_KEY" if config.SECRET_KEY else "SK"
    monkeypatch.setattr(config, name, "FAKEother0000000000000000000000")
    with pytest.raises((APIError, AuthError)) as caught:
        call()
    assert "IAM Certification failed" in str(caught.value) or "is not correct" in str(caught.value)


def test_a_history_out_of_order_is_its_exception(simulator: Simulator) -> None:
    with pytest.raises(APIError, match="odd number"):
        call([*ASK, {"role": "assistant", "content": "a"}])


def test_vectors_come_in_order(simulator: Simulator) -> None:
    seen = qianfan.Embedding().do(texts=["春", "夏"], endpoint="embedding-v1")
    assert [one["index"] for one in seen.body["data"]] == [0, 1]
    assert [len(one["embedding"]) for one in seen.body["data"]] == [384, 384]
    assert seen.body["usage"]["prompt_tokens"]
