"""Rows of providers that speak OpenAI's wire nearly: what each is known to do otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from baimo.catalogue import load
from baimo.dialects.openai_chat import DIALECT


@pytest.mark.parametrize(
    ("provider", "model", "told"),
    [
        ("vercel", "google/gemini-3-flash", {"reasoning_tokens": "outside"}),
        ("huggingface", "org/name:backend", {"think_tags": True}),
        ("nvidia", "deepseek-ai/deepseek-r1", {"think_tags": True}),
        ("cerebras", "zai-glm-4.7", {"reasoning_field": "think_tags"}),
        ("cerebras", "gpt-oss-120b", {"reasoning_field": "reasoning"}),
        ("together", "org/any", {"thinking_switch": "reasoning_enabled", "max_tokens_field": "max_tokens"}),
    ],
)
def test_each_does_what_is_known_of_it(provider: str, model: str, told: dict[str, Any]) -> None:
    endpoint = load.provider(provider).endpoints[0]
    found = DIALECT.quirks(endpoint.quirks_for(model))
    assert {name: getattr(found, name) for name in told} == told


def test_the_number_of_alternatives_is_told_where_a_boolean_is_refused() -> None:
    found = DIALECT.quirks(load.provider("together").endpoints[0].quirks)
    assert "logprobs_number" in found.extras
