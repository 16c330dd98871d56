"""Tools as a request offers them, and which of them the model may or must use."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

from .content import Cache, Replay


class FunctionTool(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="function"):
    """A function the model may call with JSON arguments."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    """JSON Schema of the arguments; None where the function takes none."""
    strict: bool | None = None
    cache: Cache | None = None


class CustomTool(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="custom"):
    """A tool the model calls with free text, which a grammar may bound."""

    name: str
    description: str | None = None
    grammar: str | None = None
    syntax: Literal["lark", "regex"] | None = None


class ServerTool(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="server"):
    """A tool that the provider runs itself (web search, retrieval, ...), in that dialect's own words."""

    replay: Replay


Tool: TypeAlias = FunctionTool | CustomTool | ServerTool


class Search(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Searching the web by the provider's own means. None leaves a matter to the provider.

    >>> Search(allowed_domains=("gov.cn",), max_uses=3).required is None
    True
    """

    required: bool | None = None
    """True: every answer is searched for; else the model decides."""
    max_uses: int | None = None
    """The most searches for one answer."""
    max_results: int | None = None
    """The most pages that one search gives to the model."""
    context_size: Literal["low", "medium", "high"] | None = None
    """How much of what was found the model reads."""
    allowed_domains: tuple[str, ...] = ()
    """Only these sites, without scheme: `("gov.cn",)`."""
    blocked_domains: tuple[str, ...] = ()
    """None of these sites."""
    country: str | None = None
    """Where the user is: two letters by ISO 3166-1, "CN"."""


class ToolChoice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which tools the model may use: `mode` none, auto or required, bounded by `allowed` when given.

    `ToolChoice(mode="required", allowed=("f",))` forces the one tool named f.
    """

    mode: Literal["none", "auto", "required"]
    allowed: tuple[str, ...] = ()
