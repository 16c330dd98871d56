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


class ToolChoice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which tools the model may use: `mode` none, auto or required, bounded by `allowed` when given.

    `ToolChoice(mode="required", allowed=("f",))` forces the one tool named f.
    """

    mode: Literal["none", "auto", "required"]
    allowed: tuple[str, ...] = ()
