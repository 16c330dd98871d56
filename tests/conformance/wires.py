"""What a wire carries, as `dialect.json` among its cases tells: the laws ask no more of it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import msgspec

DATA = Path(__file__).parents[1] / "data" / "cases"


class Wire(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One wire API."""

    ends: list[str]
    """Texts of which one has come before a streamed reply may end well."""
    finishes: dict[str, list[str | None]]
    """For each finish reason the wire's words for it; None where it has none."""
    framed: bool = False
    """A reply is messages of a socket: `response.body` and `request.body` hold one a line."""
    parts: tuple[str, ...] = ("text",)
    """Of thinking, text, refusal, audio, call."""
    calls: int = 2
    """The most tool calls of one reply."""
    call_ids: bool = True
    """False where the wire has no ids of calls: they are made up when reading."""
    custom_calls: bool = False
    citations: bool = False
    replays: list[str] = []
    """Fields that a thinking part wants back."""
    whole_items: bool = False
    """Every part carries what its provider wants back, ids at least: made up where none came."""
    logprobs: bool = False
    choices: int = 1
    usage: tuple[str, ...] = ("input_uncached", "output_visible")
    """Fields of Usage that the wire tells."""
    always: tuple[str, ...] = ("input_uncached", "output_visible")
    """Those it requires: what is not known is told as 0."""
    site: dict[str, str] = {}
    """Facts of the site that its requests need."""
    model: str = "m"
    """A model that its requests may name."""
    models: dict[str, str] = {}
    """Models that alone can do a feature."""
    not_streamed: tuple[str, ...] = ()
    """Features that only a whole reply carries."""
    samples: dict[str, Any] = {}
    """What only this wire knows, to ask for: `thinking_replay` and `answer_replay` (what a thinking part and
    the text behind it give to be sent back), `server_tool`, `service_tier`."""


@cache
def wire_of(dialect: str) -> Wire:
    """What the dialect's folder tells."""
    return msgspec.json.decode((DATA / dialect / "dialect.json").read_bytes(), type=Wire)
