"""How providers and families of models differ on this wire."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

ReasoningReplay: TypeAlias = Literal["paired", "items", "text"]


class Quirks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Each field says what differs; the defaults suit a server of which nothing is known."""

    developer_role: bool = True
    """Whether the role developer is known; where not, its messages are sent as system."""
    efforts: tuple[str, ...] = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
    """The words for how much to think. Without "none" the models always think; empty: nothing can be said."""
    summary: Literal["auto", "concise", "detailed", "none"] = "auto"
    """Which summary of its reasoning is asked for together with `reasoning`."""
    encrypted: Literal["asked", "always", "never"] = "asked"
    """When reasoning is asked for in the form that can be sent back: whenever `reasoning` or `store=False`
    is, in every call, or never."""
    reasoning_replay: ReasoningReplay = "paired"
    """What of earlier reasoning goes back: items before the item that came behind them, as OpenAI demands;
    items wherever they stand; or those, and for reasoning that came by another wire its text."""
    search_tool: str = "web_search"
    """The type of the tool that searches the web; empty where there is none."""
    blocked_sites: str = ""
    """The filter that names sites not to be searched; empty where there is none."""
    cache_marks: bool = False
    """Whether parts may be marked for the cache with `prompt_cache_breakpoint`."""
    refused: tuple[str, ...] = ()
    """Fields that the provider refuses: temperature, metadata, image, file, custom_tools, json_object, …"""
