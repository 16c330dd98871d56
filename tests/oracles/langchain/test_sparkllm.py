"""LangChain's class for Spark, as it comes, speaks to the simulated Spark as it does to the real one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_community.chat_models.sparkllm import ChatSparkLLM
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from baimo.simulator import faces
from baimo.testing import Reply, Simulator
from baimo.types.usage import Usage

KEYS = faces.make("spark").credentials()
TALK = [SystemMessage("你是李白"), HumanMessage("你是谁"), AIMessage("我是李白"), HumanMessage("写诗")]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("spark") as made:
        yield made


def client(simulator: Simulator, model: str = "4.0Ultra", path: str = "/v4.0/chat", **fields: Any) -> Any:
    """The class, pointed at the simulator by its own settings."""
    given = {
        "spark_api_url": simulator.origin_of("spark").replace("http", "ws", 1) + path,
        "spark_llm_domain": model,
        "request_timeout": 10,
        **{f"spark_{name}": KEYS[name] for name in ("app_id", "api_key", "api_secret")},
        **fields,
    }
    return ChatSparkLLM(**given)


def test_a_conversation_is_answered(simulator: Simulator) -> None:
    simulator.reply(Reply(text="床前明月光 😀", usage=Usage(input_uncached=5, output_visible=9)))
    message = client(simulator).invoke(TALK)
    assert message.content == "床前明月光 😀"
    assert message.response_metadata["token_usage"]["total_tokens"] == 14
    said = [(turn.role.value, turn.text) for turn in simulator.last.chat.messages]
    assert said == [("system", "你是李白"), ("user", "你是谁"), ("assistant", "我是李白"), ("user", "写诗")]


@pytest.mark.parametrize(("model", "path"), [("4.0Ultra", "/v4.0/chat"), ("spark-x", "/v1/x1")])
def test_a_stream_comes_in_pieces(simulator: Simulator, model: str, path: str) -> None:
    simulator.reply("one two three")
    texts = [chunk.content for chunk in client(simulator, model, path).stream("Hi") if chunk.content]
    assert texts == ["one", " two", " three"]


def test_reasoning_is_read(simulator: Simulator) -> None:
    simulator.reply(Reply(thinking="hm", text="answer"))
    (made,) = client(simulator, "spark-x", "/v1/x1").generate([[HumanMessage("Hi")]]).generations[0]
    assert made.text == "answer"
    assert made.generation_info["reasoning_content"] == "hm"


def test_a_refusal_is_its_error(simulator: Simulator) -> None:
    simulator.refuse("over_rate")
    with pytest.raises(ConnectionError, match="11202"):
        client(simulator).invoke("Hi")


def test_a_wrong_secret_is_refused_at_the_handshake(simulator: Simulator) -> None:
    with pytest.raises(ConnectionError, match="HMAC signature does not match"):
        client(simulator, spark_api_secret="fakewrong").invoke("Hi")
