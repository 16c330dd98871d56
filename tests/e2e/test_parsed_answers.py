"""Values from a provider of every wire: each is asked in its own way, whole and streamed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Annotated, Any

import msgspec
import pytest

from baimo.simulator.reply import Answer, Reply
from baimo.testing import Simulator
from baimo.types.chat import ChatRequest
from baimo.types.content import ToolCall
from tests.spoken import model_of


class Pet(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(min_length=1)]
    likes: list[str]
    age: int = 1


VALUE = {"name": "小明", "likes": ["鱼", "naps"], "age": None}
PET = Pet("小明", ["鱼", "naps"])


def answer(request: ChatRequest) -> Answer:
    """The value, in the way that it is asked for."""
    if request.tool_choice is not None:
        arguments = json.dumps(VALUE)
        return Reply(tool_calls=(ToolCall(id="call_1", name=request.tools[0].name, arguments=arguments),))  # type: ignore[union-attr]
    said = json.dumps(VALUE, ensure_ascii=False)
    return said if request.response_format is not None else f"```json\n{said}\n```"


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator() as simulator:
        simulator.script(answer)
        yield simulator


EACH = pytest.mark.parametrize(
    ("provider", "endpoint", "how", "path"),
    [
        ("anthropic", "messages", "json_schema", "output_config.format.type=json_schema"),
        ("bedrock", "converse", "json_schema", "outputConfig.textFormat.type=json_schema"),
        ("cohere", "native", "json_schema", "response_format.json_schema.type=object"),
        ("deepseek", "chat", "json_object", "response_format.type=json_object"),
        ("gemini", "native", "json_schema", "generationConfig.responseJsonSchema.type=object"),
        ("hunyuan", "native", "tool", "ToolChoice=custom"),
        ("minimax", "native", "prompt", "response_format="),
        ("mistral", "chat", "json_schema", "response_format.json_schema.strict=True"),
        ("ollama", "native", "json_schema", "format.type=object"),
        ("openai", "chat", "json_schema", "response_format.json_schema.strict=True"),
        ("openai", "responses", "json_schema", "text.format.strict=True"),
        ("pangu", "v1", "prompt", "response_format="),
        ("qianfan", "v1", "json_object", "response_format=json_object"),
        ("qwen", "native", "json_object", "parameters.response_format.type=json_object"),
        ("spark", "socket", "prompt", "parameter.chat.response_format="),
        ("zhipu", "chat", "json_object", "response_format.type=json_object"),
    ],
)


@EACH
def test_each_wire_gives_a_value_in_its_own_way(
    sim: Simulator, provider: str, endpoint: str, how: str, path: str
) -> None:
    with sim.client(endpoints={provider: endpoint}, max_retries=0) as client:
        model = model_of(provider, endpoint)
        parsed = client.parse(model, "Who is it?", into=Pet)
        assert (parsed.value, parsed.how) == (PET, how)
        place, _, wanted = path.partition("=")
        found: Any = sim.last.json
        for name in place.split("."):
            found = (found or {}).get(name)
        assert str(found or "") == wanted
        narrowed_or_emulated = how != "json_schema" or provider != "ollama"
        assert bool(parsed.response.notes) == narrowed_or_emulated

        with client.parse_stream(model, "Who is it?", into=Pet) as stream:
            states = [deepcopy(partial) for partial in stream]
        assert stream.result.value == PET
        assert stream.result.how == how
        assert states[-1] == VALUE
        assert all(set(state) <= set(VALUE) for state in states)
        assert len(states) > 2 or how == "tool"  # arguments may come in one piece
