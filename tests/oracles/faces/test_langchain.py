"""LangChain's own standard tests for chat models, over a simulated provider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from baimo.integrations.langchain import ChatBaimo
from baimo.testing import Reply, Simulator
from baimo.types.chat import ChatRequest, Role
from baimo.types.content import ToolCall

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
    return {"string": "word", "integer": 3, "number": 3, "boolean": True, "array": [], "null": None}[kind]


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
    def supports_image_inputs(self) -> bool:
        return True

    @property
    def supports_json_mode(self) -> bool:
        return True
