"""One set of parameters for everybody: what people copy from a first tutorial runs unchanged everywhere."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

import baimo
from baimo import dialects
from baimo.types.events import Finished, PartDelta, PartEnded, PartStarted, Started, UsageReported
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest, WireRequest
from tests.client.test_client import JSON, reply
from tests.scripted import Script, ScriptedReply

USUAL: dict[str, Any] = {
    "temperature": 0.7,
    "max_tokens": 1000,
    "top_p": 0.9,
    "frequency_penalty": 0,
    "presence_penalty": 0,
    "n": 1,
    "stop": None,
}

MODELS = {
    "openai/gpt-4o-mini": {"api_key": "fake-key"},
    "pangu/pangu-model": {"api_key": "fake-key"},
    "maas/deepseek-v3.2": {"api_key": "fake-key"},
    "spark/generalv3.5": {"api_password": "fake-password"},
    "hunyuan/hunyuan-turbos-latest": {"api_key": "fake-key"},
    "deepseek/deepseek-flash": {"api_key": "fake-key"},
    "qwen/qwen-plus": {"api_key": "fake-key"},
    "zhipu/glm-4.7": {"api_key": "fake.key"},
}

MOOT = {"deepseek/deepseek-flash": {"no_effect"}}
"""Providers that take all of it and say that some has no effect while the model thinks."""

NATIVE: dict[str, tuple[str, dict[str, str]]] = {
    "hunyuan/hunyuan-lite": ("hunyuan", {"secret_id": "AKIDfake", "secret_key": "fake-key"}),
    "pangu/my-deployment": (
        "pangu",
        {"access_key": "FAKEAK", "secret_key": "fake-key", "project_id": "0" * 32},
    ),
    "pangu/other-deployment": ("pangu", {"app_code": "fake-code", "project_id": "0" * 32}),
    "spark/4.0Ultra": ("spark_ws", {"app_id": "0a1b2c3d", "api_key": "fake-key", "api_secret": "fake"}),
    "spark/spark-x": ("spark_ws", {"app_id": "0a1b2c3d", "api_key": "fake-key", "api_secret": "fake"}),
    "cohere/command-a-03-2025": ("cohere_chat", {"api_key": "fake-key"}),
    "ollama/deepseek-r1:7b": ("ollama", {"api_key": "fake-key"}),
}
"""Models of wires of their own, each with its dialect and its credentials."""

EVENTS = (
    Started(id="r1", model="m", created=1_790_000_000),
    PartStarted(index=0, part=baimo.Text(text="")),
    PartDelta(index=0, text="Hello!"),
    PartEnded(index=0),
    UsageReported(usage=Usage(input_uncached=9, output_visible=3)),
    Finished(reason=baimo.FinishReason.STOP),
)


class Provider:
    """A transport that answers as the dialect itself serves it, and keeps what was asked."""

    def __init__(self, dialect: str) -> None:
        self._dialect: Any = dialects.get(dialect)
        self.sent: list[WireRequest] = []
        self.asked: list[baimo.ChatRequest] = []

    def open(self, request: WireRequest, *, connect_s: float, head_s: float) -> ScriptedReply:
        self.sent.append(request)
        asked = self._dialect.decode_request(request)
        self.asked.append(asked)
        encoder = self._dialect.encoder(asked)
        pieces = [piece for event in EVENTS for piece in encoder.feed(event)]
        return ScriptedReply(encoder.head(), [*pieces, *encoder.end()], [])

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("model", MODELS)
def test_the_usual_parameters_run_unchanged(model: str) -> None:
    provider = model.partition("/")[0]
    script = Script((JSON, [reply("Hello!")]))
    client = baimo.Client(config={}, keys={provider: MODELS[model]}, transport=script)
    answer = client.chat(model, [{"role": "user", "content": "Hi"}], **USUAL)
    assert answer.text == "Hello!"
    assert {note.code for note in answer.notes} <= MOOT.get(model, set())
    sent = script.sent[0].body
    assert isinstance(sent, bytes)
    body = json.loads(sent)
    assert body["temperature"] == 0.7
    assert 1000 in (body.get("max_tokens"), body.get("max_completion_tokens"))
    assert "frequency_penalty" not in body
    assert "n" not in body


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("model", NATIVE)
def test_the_usual_parameters_run_unchanged_on_wires_of_their_own(model: str, streamed: bool) -> None:
    provider = model.partition("/")[0]
    dialect, keys = NATIVE[model]
    transport = Provider(dialect)
    client = baimo.Client(config={}, keys={provider: keys}, transport=transport)
    if streamed:
        with client.stream(model, [{"role": "user", "content": "Hi"}], **USUAL) as stream:
            assert "".join(stream.text) == "Hello!"
        answer = stream.response
    else:
        answer = client.chat(model, [{"role": "user", "content": "Hi"}], **USUAL)
    assert answer.text == "Hello!"
    assert answer.finish_reason == baimo.FinishReason.STOP
    assert answer.usage.output_visible == 3
    (asked,) = transport.asked
    assert (asked.temperature, asked.top_p) == (0.7, 0.9)
    held = asked.max_tokens != 1000
    assert {note.code for note in answer.notes} <= ({"emulated"} if held else set())
    (sent,) = transport.sent
    words = sent.body if isinstance(sent, HttpRequest) else str(sent.frames)
    assert not re.search(
        r'(?i)penalty"\s*:\s*[^0\s]', str(words)
    )  # 0 may be said: a model file may have another
    assert not any(secret in str(words) for name, secret in keys.items() if name not in ("app_id",))
