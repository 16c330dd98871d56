"""How models of this wire differ from each other; which one is which, the catalogue's row tells."""

from __future__ import annotations

from typing import Literal

import msgspec


class Quirks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The differences. Each is used in one place of this package."""

    top_k: Literal["refused", "top_k", "nova", "k"] = "refused"
    """Where `top_k` stands in additionalModelRequestFields: under its own name, as `k`, or as `topK` in
    `inferenceConfig` (Amazon Nova)."""

    thinking: Literal["refused", "budget", "adaptive", "effort", "nova"] = "refused"
    """How a model is told to think, in additionalModelRequestFields. budget: `thinking` with a number of
    tokens; adaptive: `thinking` that the model measures itself, the effort in outputConfig; effort:
    `reasoning_effort`; nova: `reasoningConfig`."""

    reasoning_replay: Literal["signed", "all", "none"] = "signed"
    """Which earlier reasoning is sent back: what carries a signature or is encrypted, all of it, or none."""

    cache_points: Literal["none", "messages", "short", "all"] = "none"
    """Where `prompt_cache` puts cache points. messages: behind the system's words and the last message, for
    five minutes; short: behind the tools too; all: also for an hour where that is asked for. Points that are
    laid by hand go out in any case."""

    embeddings: Literal["titan", "cohere"] = "titan"
    """Whose words a request for vectors is in: Amazon's, one text a call, or Cohere's."""

    search_tool: str = ""
    """The system tool that searches the web."""
