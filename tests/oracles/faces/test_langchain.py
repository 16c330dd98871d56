"""LangChain's own standard tests for chat models, over a simulated provider."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import add
from typing import Any

import msgspec
import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests
from pydantic import BaseModel

from baimo.errors import InputError
from baimo.integrations.langchain import ChatBaimo
from baimo.testing import Reply, Simulator
from baimo.types.chat import ChatRequest, Role
from baimo.types.content import Image, Text, ToolCall
from baimo.types.usage import Usage

MODEL = "openai/gpt-4o"


def value(schema: dict[str, Any], root: dict[str, Any]) -> Any:
    """Something of that form."""
    if "$ref" in schema:
        return value(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    for choice in schema.get("anyOf", ()):
        return value(choice, root)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object")
    if kind == "object":
        return {name: value(one, root) for name, one in schema.get("properties", {}).items()}
    words = "你好 こんにちは word"
    return {"string": words, "integer": 3, "number": 3, "boolean": True, "array": [], "null": None}[kind]


def model(request: ChatRequest) -> Any:
    """Answers as a model does that takes every tool it is offered and keeps to every form."""
    form = request.response_format
    if form is not None and form.schema is not None:
        return msgspec.json.encode(value(form.schema, form.schema)).decode()
    if form is not None and form.type == "json_object":
        return '{"setup": "Why?", "punchline": "So."}'
    if request.tools and request.messages[-1].role is Role.USER:
        tool: Any = request.tools[0]
        schema = tool.parameters or {}
        arguments = msgspec.json.encode(value(schema, schema)).decode()
        return Reply(tool_calls=(ToolCall(id="call_1", name=tool.name, arguments=arguments),))
    return "Hello, hello! I am a model."


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator("openai", "anthropic", "deepseek") as simulator:
        yield simulator


@pytest.fixture(autouse=True)
def _reset(simulator: Simulator) -> None:
    simulator.reset()
    simulator.script(model)


@pytest.fixture(scope="module")
def clients(simulator: Simulator) -> dict[str, Any]:
    return {"client": simulator.client(), "async_client": simulator.async_client()}


class TestUnits(ChatModelUnitTests):
    """What LangChain asks of the class."""

    @property
    def chat_model_class(self) -> type[ChatBaimo]:
        return ChatBaimo

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": MODEL}

    @property
    def supports_image_inputs(self) -> bool:
        return True


class TestStandard(ChatModelIntegrationTests):
    """What LangChain asks of its answers."""

    clients: dict[str, Any]

    @pytest.fixture(autouse=True)
    def _clients(self, clients: dict[str, Any]) -> None:
        type(self).clients = clients

    @property
    def chat_model_class(self) -> type[ChatBaimo]:
        return ChatBaimo

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": MODEL, **type(self).clients}

    @pytest.fixture
    def model(self, clients: dict[str, Any]) -> ChatBaimo:
        return ChatBaimo(model=MODEL, **clients)

    @property
    def supports_anthropic_inputs(self) -> bool:
        return True

    @property
    def supports_model_override(self) -> bool:
        return True

    @property
    def model_override_value(self) -> str:
        return "gpt-4o-mini"

    @property
    def supports_json_mode(self) -> bool:
        return True


# What is ours to promise.

CALL = ToolCall(id="call_1", name="get_weather", arguments='{"city":"杭州"}')


def get_weather(city: str) -> str:
    """The weather there."""
    return f"24 C in {city}"


class Person(BaseModel):
    """A person."""

    name: str
    age: int


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("name", ["deepseek/deepseek-flash", "anthropic/claude-sonnet-4-5"])
def test_thoughts_are_shown_and_go_back_as_the_provider_wants_them(
    simulator: Simulator, clients: dict[str, Any], name: str, streamed: bool
) -> None:
    simulator.reply(Reply(thinking="Hm, weather.", tool_calls=(CALL,)), "24 C there.")
    chat = ChatBaimo(model=name, reasoning=2000, **clients).bind_tools([get_weather])
    ask = HumanMessage("Weather in 杭州?")
    said: Any = reduce(add, chat.stream([ask])) if streamed else chat.invoke([ask])
    assert said.additional_kwargs["reasoning_content"] == "Hm, weather."
    assert [block["type"] for block in said.content_blocks] == ["reasoning", "tool_call"]
    (call,) = said.tool_calls
    assert (call["name"], call["args"]) == ("get_weather", {"city": "杭州"})
    result = ToolMessage("no such place", tool_call_id=call["id"], status="error")
    assert chat.invoke([ask, said, result]).content == "24 C there."
    assert simulator.last.chat.messages[1].thinking == "Hm, weather."


def test_an_answer_that_was_changed_goes_out_as_it_is_now(
    simulator: Simulator, clients: dict[str, Any]
) -> None:
    simulator.reply("Hello")
    chat = ChatBaimo(model=MODEL, **clients)
    said = chat.invoke("Hi")
    chat.invoke([HumanMessage("Hi"), said.model_copy(update={"content": "Good day"}), HumanMessage("And?")])
    assert [message.text for message in simulator.last.chat.messages] == ["Hi", "Good day", "And?"]
    blocks: Any = [{"type": "reasoning", "reasoning": "Hm"}, {"type": "text", "text": "Yes"}]
    chat.invoke([HumanMessage("Hi"), AIMessage(content=blocks), HumanMessage("And?")])
    assert simulator.last.chat.messages[1].text == "Yes"


def test_images_go_as_bytes_and_by_address(simulator: Simulator, clients: dict[str, Any]) -> None:
    blocks: Any = [
        {"type": "text", "text": "What is it?"},
        {"type": "image", "base64": "iVBORw0KGgo=", "mime_type": "image/png"},
        {"type": "image", "url": "https://example.com/a.png"},
    ]
    ChatBaimo(model=MODEL, **clients).invoke([HumanMessage(content=blocks)])
    text, image, address = simulator.last.chat.messages[0].content
    assert isinstance(text, Text)
    assert isinstance(image, Image)
    assert isinstance(address, Image)
    assert (text.text, image.media_type, image.data) == ("What is it?", "image/png", b"\x89PNG\r\n\x1a\n")
    assert address.url == "https://example.com/a.png"


def test_a_form_by_the_provider_s_own_means(simulator: Simulator, clients: dict[str, Any]) -> None:
    chat = ChatBaimo(model=MODEL, **clients)
    found = chat.with_structured_output(Person, method="json_schema").invoke("Who?")
    assert found == Person(name="你好 こんにちは word", age=3)
    assert simulator.last.chat.response_format is not None
    simulator.reply("no JSON")
    raw: Any = chat.with_structured_output(Person, method="json_schema", include_raw=True).invoke("Who?")
    assert (raw["parsed"], raw["raw"].content) == (None, "no JSON")
    assert raw["parsing_error"] is not None
    with pytest.raises(InputError, match="method must be"):
        chat.with_structured_output(Person, method="guessing")


def test_usage_cost_and_notes_are_told(simulator: Simulator, clients: dict[str, Any]) -> None:
    usage = Usage(input_uncached=10, cache_read=90, output_visible=5)
    simulator.reply(Reply(text="Hi", usage=usage))
    said = ChatBaimo(model=MODEL, **clients).invoke("Hi")
    assert said.usage_metadata is not None
    assert said.usage_metadata["input_tokens"] == 100
    assert said.usage_metadata["input_token_details"]["cache_read"] == 90
    assert said.response_metadata["cost"].endswith(" USD")
    said = ChatBaimo(model="anthropic/claude-sonnet-4-5", seed=3, **clients).invoke("Hi")
    assert any("seed" in note for note in said.response_metadata["notes"])


def test_arguments_that_are_no_json_are_an_invalid_call(
    simulator: Simulator, clients: dict[str, Any]
) -> None:
    bad = ToolCall(id="call_1", name="get_weather", arguments="{nonsense")
    simulator.reply(Reply(tool_calls=(bad,)))
    said = ChatBaimo(model=MODEL, **clients).bind_tools([get_weather]).invoke("Hi")
    assert said.tool_calls == []
    assert said.invalid_tool_calls[0]["args"] == "{nonsense"


def test_tokens_are_told_to_callbacks_and_each_call_may_have_options(
    simulator: Simulator, clients: dict[str, Any]
) -> None:
    tokens: list[str] = []

    class Listener(BaseCallbackHandler):
        def on_llm_new_token(self, token: str, **facts: Any) -> None:
            tokens.append(token)

    simulator.reply("one two three")
    chat = ChatBaimo(model=MODEL, temperature=0.5, options={"user": "me"}, **clients)
    pieces = list(chat.stream("Hi", config={"callbacks": [Listener()]}, max_tokens=7))
    assert "".join(tokens) == "one two three"
    assert len(pieces) > 3
    asked = simulator.last.chat
    assert (asked.temperature, asked.max_tokens, asked.user) == (0.5, 7, "me")
    with pytest.raises(InputError, match="unknown option 'max_token'"):
        chat.invoke("Hi", max_token=3)


async def test_a_client_is_made_where_none_is_given_and_closed_with_the_model() -> None:
    with Simulator("openai") as simulator:
        simulator.reply("Hello")
        chat = ChatBaimo(model=MODEL, config=simulator.config_for(loopback=True))
        assert chat.invoke("Hi").content == "Hello"
        assert (await chat.ainvoke("Hi")).content == "Hello"
        assert "".join([str(piece.content) async for piece in chat.astream("Hi")]) == "Hello"
        chat.close()
        await chat.aclose()
        assert "fake" not in repr(chat)
