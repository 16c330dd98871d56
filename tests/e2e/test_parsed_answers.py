"""Values from every simulated provider: each is asked in its own way, whole and streamed, awaited or not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated

import msgspec
import pytest

from baimo.simulator.reply import Answer, Reply
from baimo.testing import Simulator
from baimo.types.chat import ChatRequest
from baimo.types.content import ToolCall
from tests.e2e.test_three_turns import EACH, model_of


class Pet(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(min_length=1)]
    likes: list[str]
    age: int = 1


VALUE = {"name": "小明", "likes": ["鱼", "naps"], "age": None}
PET = Pet("小明", ["鱼", "naps"])
WAYS = {
    ("deepseek", "default"): "json_object",
}
"""Where the way is another than a schema."""


def answer(request: ChatRequest) -> Answer:
    """The value, in the way that it is asked for."""
    if request.tool_choice is not None:
        return Reply(
            tool_calls=(ToolCall(id="call_1", name=request.tools[0].name, arguments=json.dumps(VALUE)),)
        )
    if request.response_format is None:
        return f"```json\n{json.dumps(VALUE, ensure_ascii=False)}\n```"
    return json.dumps(VALUE, ensure_ascii=False)


def way_of(request: ChatRequest) -> str:
    """How the simulator was asked."""
    if request.response_format is not None:
        return request.response_format.type
    return "tool" if request.tools else "prompt"


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator() as simulator:
        simulator.script(answer)
        yield simulator


@EACH
def test_every_provider_gives_a_value(sim: Simulator, provider: str, endpoint: str) -> None:
    with sim.client(endpoints={provider: endpoint}, max_retries=0) as client:
        parsed = client.parse(model_of(provider, endpoint), "Who is it?", into=Pet)
    print(provider, endpoint, parsed.how, parsed.response.notes)
    assert parsed.value == PET
    assert way_of(sim.last.chat) == parsed.how
