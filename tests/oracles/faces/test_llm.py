"""The plugin of `llm`: as its library finds it by the entry point, and on its command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import llm
import pytest

from baimo.errors import RateLimitedError
from baimo.testing import Reply, Simulator
from baimo.types.content import Image, ToolCall
from baimo.types.usage import Usage

MODEL = "baimo/openai/gpt-4o"
CALL = ToolCall(id="call_1", name="get_weather", arguments='{"city": "杭州"}')


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Simulator]:
    """Providers on loopback, and a user's configuration that leads to them."""
    with Simulator("openai", "anthropic") as simulator:
        lines = []
        for name, table in simulator.config_for(loopback=True)["providers"].items():
            lines += [
                f"[providers.{name}]",
                *(f"{key} = {json.dumps(value)}" for key, value in table.items()),
            ]
        lines += ["[models.quick]", 'model = "openai/gpt-4o-mini"']
        home = tmp_path / "baimo"
        config = home / "config" if (home / "config").is_dir() else home
        config.mkdir(parents=True, exist_ok=True)
        (config / "config.toml").write_text("\n".join(lines), "utf-8")
        monkeypatch.setenv("BAIMO_HOME", str(home))
        monkeypatch.setenv("LLM_USER_PATH", str(tmp_path / "llm"))
        monkeypatch.chdir(tmp_path)
        yield simulator


def test_models_of_providers_with_a_key_and_aliases_are_there(simulator: Simulator) -> None:
    names = {model.model_id for model in llm.get_models()}
    assert {MODEL, "baimo/anthropic/claude-sonnet-4-5", "baimo/quick"} <= names
    assert not any(name.startswith("baimo/deepseek/") for name in names)
    vectors = {model.model_id for model in llm.get_embedding_models()}
    assert "baimo/openai/text-embedding-3-small" in vectors
    assert "baimo/openai/text-embedding-3-small" not in names


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_with_its_usage(simulator: Simulator, stream: bool) -> None:
    simulator.reply(Reply(text="one two 三四", usage=Usage(input_uncached=5, output_visible=3)))
    response = llm.get_model("baimo/quick").prompt("Hi", system="Be short", stream=stream, max_tokens=9)
    pieces = list(response)
    assert "".join(pieces) == "one two 三四"
    assert len(pieces) > 1 or not stream
    assert (response.usage().input, response.usage().output) == (5, 3)
    assert response.response_json["cost"].endswith("USD")
    asked = simulator.last.chat
    assert (asked.model, asked.max_tokens) == ("gpt-4o-mini", 9)
    assert [message.text for message in asked.messages] == ["Be short", "Hi"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_conversation_with_tools_and_thoughts(simulator: Simulator, stream: bool) -> None:
    simulator.reply(Reply(thinking="Hm.", tool_calls=(CALL,)), "24 C there.", "Sunny.")
    cities = []

    def get_weather(city: str) -> str:
        """The weather there."""
        cities.append(city)
        return "24 C"

    talk = llm.get_model("baimo/anthropic/claude-sonnet-4-5").conversation(tools=[get_weather])
    options = {"reasoning": "2000", "max_tokens": 4000}
    said = talk.chain("Weather in 杭州?", stream=stream, options=options)
    assert said.text() == "24 C there."
    assert cities == ["杭州"]
    turn = simulator.last.chat.messages[1]
    assert (turn.thinking, turn.tool_calls[0].name) == ("Hm.", "get_weather")
    assert talk.chain("And the sky?", stream=stream, options=options).text() == "Sunny."
    assert len(simulator.last.chat.messages) == 5


def test_a_form_and_an_image(simulator: Simulator) -> None:
    simulator.reply('{"name": "Li"}')
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    image = llm.Attachment(content=b"\x89PNG\r\n\x1a\n", type="image/png")
    response = llm.get_model(MODEL).prompt("Who?", schema=schema, attachments=[image])
    assert json.loads(response.text()) == {"name": "Li"}
    asked = simulator.last.chat
    assert asked.response_format is not None
    assert asked.response_format.schema == schema
    assert [part.media_type for part in asked.messages[0].content if isinstance(part, Image)] == ["image/png"]


async def test_the_same_on_asyncio(simulator: Simulator) -> None:
    simulator.reply(Reply(thinking="Hm.", text="one two three"))
    model: Any = llm.get_async_model(MODEL)
    assert [piece async for piece in model.prompt("Hi")] == ["one", " two", " three"]
    assert await model.prompt("Hi", stream=False).text() == "one two three"


def test_vectors(simulator: Simulator) -> None:
    model = llm.get_embedding_model("baimo/openai/text-embedding-3-small")
    one, two = model.embed_multi(["a", "b"])
    assert len(one) == len(two) > 0
    assert model.embed("a") == one


def test_a_refusal_is_our_error(simulator: Simulator) -> None:
    simulator.refuse("over_quota")
    with pytest.raises(Exception) as caught:
        llm.get_model(MODEL).prompt("Hi").text()
    assert not isinstance(caught.value, RateLimitedError)
    assert "openai" in str(caught.value)


def test_a_configuration_that_cannot_be_read_leaves_llm_as_it_is(
    simulator: Simulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "baimo.toml").write_text("nonsense = [", "utf-8")
    assert not any(model.model_id.startswith("baimo/") for model in llm.get_models())
    assert "baimo.toml" in capsys.readouterr().err


def test_the_command_line(simulator: Simulator) -> None:
    simulator.reply("Hello 你好")
    done = subprocess.run(
        [sys.executable, "-m", "llm", "-m", MODEL, "Say hello", "-o", "temperature", "0.5"],
        capture_output=True,
        env={**os.environ, "PYTHONUTF8": "1"},
        timeout=60,
    )
    assert done.stdout.decode().strip() == "Hello 你好"
    assert done.returncode == 0
    assert simulator.last.chat.temperature == 0.5
