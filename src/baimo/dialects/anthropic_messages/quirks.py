"""How hosts and models of this wire differ."""

from __future__ import annotations

from typing import Literal

import msgspec

from baimo.dialect.interval import Interval


class Paths(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Addresses behind the base address; `{model}` stands for the model."""

    chat: str = "/v1/messages"
    stream: str = ""
    """Of streams, where they have one of their own."""


class Quirks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The flags that rows may set; the defaults suit Anthropic's host and models that nobody knows yet."""

    version: str = "2023-06-01"
    """The header `anthropic-version`. The version 2026-10-21 has no sampling parameters."""
    body_version: str = ""
    """`anthropic_version` in the body: of clouds that serve Claude. The model stands in the address then."""
    paths: Paths = Paths()
    max_tokens: int = 4096
    """The limit of an answer that is sent where none was asked for: the wire requires one."""
    thinking: Literal["either", "adaptive", "budget", "switch"] = "either"
    """How the model is told to think: "budget": in tokens alone, an effort becomes one; "adaptive": by an
    effort alone; "either": both; "switch": on, off or by an effort, no budget counts."""
    efforts: tuple[str, ...] = ("low", "medium", "high", "xhigh", "max")
    """Efforts it knows; the nearest of them stands for another."""
    thinking_limits: bool = True
    """Whether sampling and forced tools are refused while the model thinks."""
    unsigned_thinking: bool = False
    """Whether earlier reasoning may come back without a signature."""
    temperature: Interval = Interval("[0, 1]")
    refused: tuple[str, ...] = ()
    """What it does not take: temperature, top_p, top_k, stop, tools, strict, image, image_url, file, search,
    cache, response_format, user, service_tier, parallel_tool_calls, forced_tool."""
    prefill: bool = False
    """Whether an answer goes on where the last message, an assistant's, ends."""
    system_turns: bool = False
    """Whether a message of the system may stand among the others."""
    search_tool: str = "web_search_20250305"
    """The dated name of the provider's own web search."""
