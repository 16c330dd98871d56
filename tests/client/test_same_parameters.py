"""One set of parameters for everybody: what people copy from a first tutorial runs unchanged everywhere."""

from __future__ import annotations

import json
from typing import Any

import pytest

import baimo
from tests.client.test_client import JSON, reply
from tests.scripted import Script

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
    "ollama/deepseek-r1:7b": {},
    "deepseek/deepseek-flash": {"api_key": "fake-key"},
    "qwen/qwen-plus": {"api_key": "fake-key"},
    "zhipu/glm-4.7": {"api_key": "fake.key"},
}


@pytest.mark.parametrize("model", MODELS)
def test_the_usual_parameters_run_unchanged(model: str) -> None:
    provider = model.partition("/")[0]
    keys: dict[str, Any] = {provider: MODELS[model]} if MODELS[model] else {}
    script = Script((JSON, [reply("Hello!")]))
    client = baimo.Client(config={}, keys=keys, transport=script)
    answer = client.chat(model, [{"role": "user", "content": "Hi"}], **USUAL)
    assert answer.text == "Hello!"
    assert {note.code for note in answer.notes} <= {"no_effect"}
    assert bool(answer.notes) == (provider == "deepseek")  # its models think, whatever the temperature
    sent = script.sent[0].body
    assert isinstance(sent, bytes)
    body = json.loads(sent)
    assert body["temperature"] == 0.7
    assert 1000 in (body.get("max_tokens"), body.get("max_completion_tokens"))
    assert "frequency_penalty" not in body
    assert "n" not in body
