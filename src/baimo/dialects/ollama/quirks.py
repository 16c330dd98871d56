"""How servers of this wire differ from each other."""

from __future__ import annotations

from typing import Literal

import msgspec


class Quirks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The differences. Each is used in one place of this package."""

    form: Literal["chat", "generate"] = "chat"
    """Which of the two operations is called: `/api/chat`, or `/api/generate` for one question without a
    history."""

    server_context: int = 4096
    """Tokens of context that the server gives a model when the request does not say (OLLAMA_CONTEXT_LENGTH).
    A longer prompt has the server told more, by `options.num_ctx`. 0: never tell it."""

    efforts: tuple[Literal["low", "medium", "high", "max"], ...] = ("low", "medium", "high", "max")
    """The words for how much to think."""

    thinking_always: bool = False
    """Thinking cannot be switched off: true and false are passed over (gpt-oss), words alone count."""

    think_tags: bool = False
    """Old servers: reasoning stands in the text, inside `<think>` and `</think>`."""
