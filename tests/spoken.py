"""A model for every endpoint that the simulator has, and one endpoint for each dialect."""

from __future__ import annotations

from collections.abc import Iterator

from baimo.catalogue import load as catalogue
from baimo.testing import Simulator

MODELS = {
    "anthropic": "claude-sonnet-5",
    "azure": "gpt-4o-mini",
    "bedrock": "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "cohere": "command-a-03-2025",
    "deepseek": "deepseek-flash",
    "gemini": "gemini-2.5-flash",
    "hunyuan": "hunyuan-lite",
    "hunyuan tokenhub": "hy3-preview",
    "maas": "deepseek-v3.2",
    "maas-intl": "deepseek-v3.2",
    "minimax": "MiniMax-M2",
    "minimax-intl": "MiniMax-M2",
    "mistral": "mistral-small-latest",
    "moonshot": "moonshot-v1-8k",
    "moonshot-intl": "moonshot-v1-8k",
    "ollama": "qwen3:8b",
    "openai": "gpt-4o-mini",
    "pangu": "0f6b0d6e-0000-4000-8000-00000000fake",
    "qianfan": "ernie-4.5-turbo-128k",
    "qwen": "qwen-plus",
    "qwen-hk": "qwen-plus",
    "qwen-intl": "qwen-plus",
    "qwen-us": "qwen-plus",
    "spark": "4.0Ultra",
    "spark http-x": "spark-x",
    "spark http-x1-preview": "x1-preview",
    "spark http-x2": "spark-x",
    "spark http-x2-flash": "spark-x",
    "tokenhub": "hy3-preview",
    "tokenhub-intl": "hy3-preview",
    "vertex": "gemini-2.5-flash",
    "volcengine": "doubao-seed-1-6-250615",
    "zai": "glm-4.6",
    "zhipu": "glm-4.6",
}
"""By provider, and for an endpoint that has others."""
ALONE = {("ollama", "generate")}
"""Endpoints of one prompt: they know no conversation."""


def model_of(provider: str, endpoint: str) -> str:
    """The name of a model that the endpoint serves, with its provider's."""
    return f"{provider}/{MODELS.get(f'{provider} {endpoint}') or MODELS[provider]}"


def endpoints() -> Iterator[tuple[str, str]]:
    """Every endpoint of every face."""
    with Simulator() as sim:
        for provider in sim.providers:
            for endpoint in sim.endpoints(provider):
                yield provider, endpoint


def conversations() -> list[tuple[str, str]]:
    """Every endpoint, but those that know no conversation."""
    return [one for one in endpoints() if one not in ALONE]


def one_a_dialect() -> list[tuple[str, str]]:
    """The first endpoint of each dialect that knows conversations."""
    found: dict[str, tuple[str, str]] = {}
    for provider, endpoint in conversations():
        row = catalogue.provider(provider)
        dialect = next(one.dialect for one in row.endpoints if one.name == endpoint)
        found.setdefault(dialect, (provider, endpoint))
    return list(found.values())
