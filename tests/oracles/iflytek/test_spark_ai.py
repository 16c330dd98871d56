"""iFlytek's chat package, as it comes, speaks to the simulated Spark as it does to the real one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import websocket
from sparkai.core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    FunctionCallMessage,
    HumanMessage,
    ImageChatMessage,
    SystemMessage,
)
from sparkai.errors import SparkAIConnectionError
from sparkai.llm.llm import ChatSparkLLM

from baimo.simulator import faces
from baimo.testing import Reply, Simulator
from baimo.types.chat import Role
from baimo.types.content import Citation, Image, Text, ToolCall
from baimo.types.events import Finished, PartDelta, PartEnded, PartStarted, Started, UsageReported
from baimo.types.usage import Usage

KEYS = faces.make("spark").credentials()
USAGE = Usage(input_uncached=5, output_visible=9)
WEATHER = {
    "name": "get_weather",
    "description": "查询天气",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}
PAIRS = {
    "lite": "/v1.1/chat",
    "general": "/v1.1/chat",
    "generalv2": "/v2.1/chat",
    "generalv3": "/v3.1/chat",
    "pro-128k": "/chat/pro-128k",
    "generalv3.5": "/v3.5/chat",
    "max-32k": "/chat/max-32k",
    "4.0Ultra": "/v4.0/chat",
    "spark-x": "/v1/x1",
    "kjwx": "/v1.1/chat_kjwx",
}


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("spark") as made:
        yield made


def client(
    simulator: Simulator, domain: str = "generalv3.5", path: str | None = None, **fields: Any
) -> ChatSparkLLM:
    """The package's client, pointed at the simulator by its own settings."""
    origin = simulator.origin_of("spark").replace("http", "ws", 1)
    given = {
        "spark_api_url": origin + (path or PAIRS[domain]),
        "spark_app_id": KEYS["app_id"],
        "spark_api_key": KEYS["api_key"],
        "spark_api_secret": KEYS["api_secret"],
        "spark_llm_domain": domain,
        "request_timeout": 10,
        **fields,
    }
    return ChatSparkLLM(**given)


def said(*messages: BaseMessage) -> list[BaseMessage]:
    return list(messages) or [ChatMessage(role="user", content="Héllo 你好")]


@pytest.mark.parametrize("domain", PAIRS)
def test_every_version_is_answered(simulator: Simulator, domain: str) -> None:
    simulator.reply(Reply(text="床前明月光 😀", usage=USAGE))
    result = client(simulator, domain).generate([said()])
    assert result.generations[0][0].text == "床前明月光 😀"
    assert result.llm_output is not None
    usage = result.llm_output["token_usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (5, 9, 14)


def test_a_conversation_is_understood(simulator: Simulator) -> None:
    talk = said(
        SystemMessage(content="你是李白"),
        HumanMessage(content="你是谁"),
        AIMessage(content="我是李白"),
        HumanMessage(content="写诗"),
    )
    client(simulator, "4.0Ultra", temperature=0.9, top_k=2, max_tokens=4096).generate([talk])
    asked = simulator.last.chat
    assert [(message.role, message.text) for message in asked.messages] == [
        (Role.SYSTEM, "你是李白"),
        (Role.USER, "你是谁"),
        (Role.ASSISTANT, "我是李白"),
        (Role.USER, "写诗"),
    ]
    assert (asked.temperature, asked.top_k, asked.max_tokens) == (0.9, 2, 4096)
    assert asked.user == "spark_sdk_user"


def test_a_stream_comes_in_pieces(simulator: Simulator) -> None:
    simulator.reply(Reply(text="one two three", usage=USAGE))
    chunks = list(client(simulator, streaming=True).stream(said()))
    texts = [str(chunk.content) for chunk in chunks if chunk.content]
    assert len(texts) == 3
    assert "".join(texts) == "one two three"
    assert chunks[-1].additional_kwargs["token_usage"]["total_tokens"] == 14


def test_an_asynchronous_stream_comes_in_pieces(simulator: Simulator) -> None:
    simulator.reply("one two")

    async def read() -> list[str]:
        return [str(chunk.content) async for chunk in client(simulator, streaming=True).astream(said())]

    assert "".join(asyncio.run(read())) == "one two"


def test_reasoning_before_the_answer_does_no_harm(simulator: Simulator) -> None:
    simulator.reply(Reply(thinking="think hard", text="answer"))
    result = client(simulator, "spark-x").generate([said()])
    assert result.generations[0][0].text == "answer"


def test_sources_do_no_harm(simulator: Simulator) -> None:
    cited = (Citation(url="https://a.example", title="A"),)
    events = [
        Started(id="cht1"),
        PartStarted(index=0, part=Text(text="")),
        PartDelta(index=0, text="told"),
        PartEnded(index=0, citations=cited),
        UsageReported(usage=USAGE),
        Finished(reason="stop"),  # type: ignore[arg-type]
    ]
    simulator.script(lambda asked: events)
    assert client(simulator).generate([said()]).generations[0][0].text == "told"


def test_a_function_is_called(simulator: Simulator) -> None:
    simulator.reply(Reply(tool_calls=(ToolCall(id="c", name="get_weather", arguments='{"city":"合肥"}'),)))
    result = client(simulator).generate([said()], function_definition=[WEATHER])
    message = result.generations[0][0].message
    assert isinstance(message, FunctionCallMessage)
    assert message.function_call == {"arguments": '{"city":"合肥"}', "name": "get_weather"}
    (tool,) = simulator.last.chat.tools
    assert (tool.name, tool.description, tool.parameters) == tuple(WEATHER.values())


def test_an_image_is_understood(simulator: Simulator) -> None:
    picture = ImageChatMessage(role="user", content="iVBORw==", content_type="image")
    client(simulator, "image", "/v2.1/image").generate([said(picture, HumanMessage(content="what?"))])
    (message,) = simulator.last.chat.messages
    assert message.content == (Image(data=b"\x89PNG"), Text(text="what?"))


def test_a_fine_tuned_model_is_named_by_its_resource(simulator: Simulator) -> None:
    tuned = client(simulator, "xfake1", "/v1.1/chat", model_kwargs={"patch_id": "r1"})
    tuned.generate([said()])
    assert simulator.last.chat.model == "maas/xfake1"
    assert b'"patch_id":["r1"]' in simulator.last.frames[0].replace(b" ", b"")


@pytest.mark.parametrize(
    ("why", "code"),
    [
        ("over_rate", 11202),
        ("over_concurrency", 11203),
        ("over_quota", 11201),
        ("input_moderated", 10013),
        ("unknown_domain", 10404),
        ("missing_project_scope", 10016),
        ("overloaded", 10110),
        ("server_error", 10012),
    ],
)
def test_a_refusal_is_the_packages_error(simulator: Simulator, why: str, code: int) -> None:
    simulator.refuse(why)
    with pytest.raises(SparkAIConnectionError) as caught:
        client(simulator).generate([said()])
    assert caught.value.error_code == code


def test_a_wrong_pair_of_path_and_domain_is_refused(simulator: Simulator) -> None:
    with pytest.raises(SparkAIConnectionError) as caught:
        client(simulator, "generalv3.5", "/v4.0/chat").generate([said()])
    assert caught.value.error_code == 10404


def test_another_applications_id_is_refused(simulator: Simulator) -> None:
    with pytest.raises(SparkAIConnectionError) as caught:
        client(simulator, spark_app_id="someapp1").generate([said()])
    assert caught.value.error_code == 11200


def test_moderated_output_is_an_error_in_mid_stream(simulator: Simulator) -> None:
    simulator.reply("one two secret")
    simulator.moderate(output=["secret"])
    texts = []
    with pytest.raises(SparkAIConnectionError) as caught:
        for chunk in client(simulator, streaming=True).stream(said()):
            texts.append(str(chunk.content))
    assert caught.value.error_code == 10014
    assert "".join(texts) == "one two"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("spark_api_secret", "HMAC signature does not match"),
        ("spark_api_key", "HMAC signature cannot be verified"),
    ],
)
def test_a_wrong_key_is_refused_at_the_handshake(simulator: Simulator, name: str, words: str) -> None:
    with pytest.raises(SparkAIConnectionError) as caught:
        client(simulator, **{name: "fakewrong"}).generate([said()])
    failure = caught.value.message
    assert isinstance(failure, websocket.WebSocketBadStatusException)
    assert failure.status_code == 401
    assert words in str(failure.resp_body)
