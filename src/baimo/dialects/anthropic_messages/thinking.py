"""How much to think, in this wire's two forms: a budget in tokens, or an effort."""

from __future__ import annotations

from typing import Any

from baimo.dialect.complaints import Complaints
from baimo.dialect.interval import Interval
from baimo.types.chat import Reasoning

from .quirks import Quirks

LEAST = 1024
"""The smallest budget that is taken."""

_ORDER = ("minimal", "low", "medium", "high", "xhigh", "max")
_BUDGETS = {"minimal": 1024, "low": 2048, "medium": 8192, "high": 16384, "xhigh": 24576, "max": 24576}
"""What an effort is in tokens, for models that know budgets alone."""

_TOP_P = Interval("[0.95, 1]")


def encode_reasoning(
    reasoning: Reasoning, limit: int | None, quirks: Quirks, complaints: Complaints
) -> tuple[dict[str, Any] | None, str | None]:
    """The fields `thinking` and `output_config.effort`. `limit` is the answer's, of which thinking is a
    part."""
    effort, budget = reasoning.effort, reasoning.budget
    if reasoning.enabled is False or effort == "none":
        return {"type": "disabled"}, None
    if budget is None and quirks.thinking == "budget":
        if effort is not None or reasoning.enabled:
            budget = _BUDGETS[effort or "medium"]
            if limit is not None and limit > LEAST:
                budget = min(budget, max(LEAST, limit // 2))
            complaints.emulated(f"this model thinks by a budget: {budget} tokens were sent")
            effort = None
    elif budget is not None and quirks.thinking in ("adaptive", "switch"):
        complaints.cannot("a budget for thinking in tokens", "its models take an effort")
        budget = None
    if budget is not None:
        return {"type": "enabled", "budget_tokens": _bounded(budget, limit, complaints)}, _known(
            effort, quirks, complaints
        )
    if effort is None and not reasoning.enabled:
        return None, None
    kind = "enabled" if quirks.thinking == "switch" else "adaptive"
    return {"type": kind}, _known(effort, quirks, complaints)


def room(reasoning: Reasoning, quirks: Quirks) -> int:
    """Tokens that thinking of that kind may take."""
    if reasoning.enabled is False or reasoning.effort == "none":
        return 0
    if reasoning.budget is not None and quirks.thinking in ("either", "budget"):
        return max(LEAST, reasoning.budget)
    return _BUDGETS[reasoning.effort or "medium"] if reasoning.effort or reasoning.enabled else 0


def _bounded(budget: int, limit: int | None, complaints: Complaints) -> int:
    """A budget that the wire takes: not too small, and less than the answer may have in all."""
    if budget < LEAST:
        complaints.clamped("the budget for thinking", budget, f"{LEAST} or more", LEAST)
        budget = LEAST
    if limit is not None and budget >= limit:
        most = max(LEAST, limit - 1)
        complaints.clamped("the budget for thinking", budget, f"less than max_tokens, which is {limit}", most)
        budget = most
    return budget


def _known(effort: str | None, quirks: Quirks, complaints: Complaints) -> str | None:
    """The effort, or the nearest that the model knows."""
    if effort is None or effort in quirks.efforts:
        return effort
    if not quirks.efforts:
        complaints.cannot(f"the effort {effort!r}")
        return None
    place = _ORDER.index(effort)
    nearest = min(quirks.efforts, key=lambda word: abs(_ORDER.index(word) - place))
    known = ", ".join(quirks.efforts)
    complaints.cannot(f"the effort {effort!r}", f"it knows {known}; {nearest!r} is nearest")
    return nearest


def bound(body: dict[str, Any], complaints: Complaints) -> None:
    """Take out what the provider refuses while the model thinks."""
    why = "while the model thinks"
    if body.get("temperature", 1) != 1:
        complaints.cannot("temperature", why)
        del body["temperature"]
    if "top_k" in body:
        complaints.cannot("top_k", why)
        del body["top_k"]
    if "top_p" in body:
        body["top_p"] = complaints.within("top_p while the model thinks", body["top_p"], _TOP_P)
    choice = body.get("tool_choice")
    if choice is not None and choice["type"] in ("any", "tool"):
        complaints.cannot("that a tool must be called", why)
        choice.pop("name", None)
        choice["type"] = "auto"
