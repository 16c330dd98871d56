"""Who is asked for what, in the words of the GenAI conventions of OpenTelemetry.

Conventions: the semantic conventions of OpenTelemetry 1.41.1, the last release that holds those of GenAI
itself; all of them are still in development. Read 2026-11-28 at
https://github.com/open-telemetry/semantic-conventions-genai, where they have lived since.
"""

from __future__ import annotations

from typing import TypeVar

from baimo.types.record import CallRecord

SCHEMA = "https://opentelemetry.io/schemas/1.41.1"

_PROVIDERS = {
    "azure": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "gemini": "gcp.gemini",
    "kimi-coding": "moonshot_ai",
    "mistral": "mistral_ai",
    "moonshot": "moonshot_ai",
    "moonshot-intl": "moonshot_ai",
    "vertex": "gcp.vertex_ai",
    "xai": "x_ai",
}
"""Ours to theirs where they differ; the conventions allow any other name."""

IN_PROCESS = frozenset({"local"})
"""Providers whose models run in this process."""

CANCELLED = "cancelled"
"""What stands as the type of the error of a call that its caller left."""

_FEW = 512
"""That many different things are remembered; caches of more begin anew."""


def provider_name(provider: str) -> str:
    """A provider as the conventions call it.

    >>> provider_name("moonshot"), provider_name("qwen")
    ('moonshot_ai', 'qwen')
    """
    return _PROVIDERS.get(provider, provider)


def target(call: CallRecord) -> tuple[str, str]:
    """Provider and model of a call: who answered or was asked last, else the first that might have been."""
    if call.provider is not None and call.model is not None:
        return call.provider, call.model
    provider, _, model = (call.asked[0] if call.asked else "").partition("/")
    return call.provider or provider, call.model or model


def error_type(call: CallRecord) -> str | None:
    """The stable code of what went wrong; None where nothing did."""
    if call.outcome == "answered":
        return None
    return CANCELLED if call.outcome == "cancelled" else call.error or "_OTHER"


K = TypeVar("K")
V = TypeVar("V")


class Remembered(dict[K, V]):
    """A cache that cannot grow without end."""

    def keep(self, key: K, value: V) -> V:
        if len(self) >= _FEW:
            self.clear()
        self[key] = value
        return value
