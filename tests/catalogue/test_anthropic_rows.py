"""Rows of Anthropic's wire: what models take, and where other providers serve it."""

from __future__ import annotations

from typing import Any

import pytest

from baimo.catalogue import load
from baimo.catalogue.rows import Endpoint
from baimo.dialects.anthropic_messages import DIALECT, Quirks


def endpoint(provider: str, name: str) -> Endpoint:
    return next(one for one in load.provider(provider).endpoints if one.name == name)


def quirks(model: str) -> Quirks:
    return DIALECT.quirks(endpoint("anthropic", "messages").quirks_for(model))


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("claude-3-7-sonnet-20250219", {"thinking": "budget", "prefill": True, "refused": ()}),
        ("claude-sonnet-4-20250514", {"thinking": "budget"}),
        ("claude-opus-4-1-20250805", {"thinking": "budget"}),
        ("claude-haiku-4-5", {"thinking": "budget", "refused": (), "system_turns": False}),
        ("claude-sonnet-4-5-20250929", {"thinking": "budget", "prefill": True}),
        ("claude-opus-4-6", {"thinking": "either", "efforts": ("low", "medium", "high", "max")}),
        ("claude-opus-4-7", {"thinking": "adaptive", "system_turns": False}),
        ("claude-opus-4-8", {"thinking": "adaptive", "system_turns": True}),
        ("claude-sonnet-5", {"refused": ("temperature", "top_p", "top_k")}),
        ("claude-opus-5-5", {"refused": ("temperature", "top_p", "top_k", "forced_tool")}),
        ("claude-of-tomorrow", {"thinking": "either", "refused": (), "max_tokens": 4096}),
    ],
)
def test_each_family_is_told_what_it_takes(model: str, told: dict[str, Any]) -> None:
    found = quirks(model)
    assert {name: getattr(found, name) for name in told} == told


def test_every_endpoint_of_this_wire_has_quirks_that_it_knows() -> None:
    found = [
        (row.name, one)
        for row in load.providers()
        for one in row.endpoints
        if one.dialect == "anthropic_messages"
    ]
    assert len(found) >= 17
    for _, one in found:
        assert isinstance(DIALECT.quirks(one.quirks), Quirks)
    assert all(one.name == "anthropic" for name, one in found if name != "anthropic")


def test_a_provider_s_first_endpoint_stays_what_it_was() -> None:
    for provider in ("deepseek", "qwen", "zhipu", "moonshot", "minimax", "stepfun"):
        assert load.provider(provider).endpoints[0].dialect == "openai_chat"


def test_claude_on_vertex_is_taken_for_its_models_alone() -> None:
    claude = endpoint("vertex", "anthropic")
    assert claude.serves("claude-opus-4-8")
    assert not claude.serves("google/gemini-3-pro")
    base = claude.address({"project": "p", "location": "us-east5"})
    assert base.endswith("/projects/p/locations/us-east5/publishers/anthropic/models")
