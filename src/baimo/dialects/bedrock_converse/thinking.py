"""`reasoning=` in the words that each family of models has for it."""

from __future__ import annotations

from typing import Any

from baimo.dialect.complaints import Complaints
from baimo.types.chat import Reasoning

from .quirks import Quirks

_LEAST = 1024
"""The smallest budget that a model takes."""
_BUDGETS = {"minimal": 1024, "low": 2048, "medium": 8192, "high": 16384, "xhigh": 24576, "max": 32768}
"""What an effort is in tokens, where only tokens can be told."""
_ORDER = ("minimal", "low", "medium", "high", "xhigh", "max")
_EFFORTS = {
    "effort": ("low", "medium", "high"),
    "nova": ("low", "medium", "high"),
    "adaptive": ("low", "medium", "high", "max"),
}


def encode_thinking(
    reasoning: Reasoning,
    max_tokens: int | None,
    quirks: Quirks,
    more: dict[str, Any],
    body: dict[str, Any],
    complaints: Complaints,
) -> None:
    """Put what is asked into the model's own fields, and an adaptive effort into the body."""
    way = quirks.thinking
    off = reasoning.enabled is False or reasoning.effort == "none"
    if way == "refused":
        complaints.cannot("how much to think, for this model", "its words for it are not known")
    elif way == "effort":
        _effort_only(reasoning, off, more, complaints)
    elif off:
        name = "reasoningConfig" if way == "nova" else "thinking"
        more[name] = {"type": "disabled"}
    elif way == "budget":
        more["thinking"] = {"type": "enabled", "budget_tokens": _budget(reasoning, max_tokens, complaints)}
    else:
        if reasoning.budget is not None:
            complaints.cannot("a budget for thinking in tokens", "it takes an effort")
        effort = _nearest(reasoning.effort, way, complaints)
        if way == "nova":
            more["reasoningConfig"] = {"type": "enabled", "maxReasoningEffort": effort or "medium"}
            return
        more["thinking"] = {"type": "adaptive"}
        if effort is not None:
            body["outputConfig"] = {"effort": effort}


def _effort_only(reasoning: Reasoning, off: bool, more: dict[str, Any], complaints: Complaints) -> None:
    if reasoning.budget is not None:
        complaints.cannot("a budget for thinking in tokens", "it takes an effort")
    if off:
        complaints.cannot("not to think", "it always does")
    else:
        effort = _nearest(reasoning.effort, "effort", complaints)
        if effort is not None:
            more["reasoning_effort"] = effort


def _nearest(effort: str | None, way: str, complaints: Complaints) -> str | None:
    """The effort, or the nearest that the model knows."""
    known = _EFFORTS[way]
    if effort is None or effort in known:
        return effort
    place = _ORDER.index(effort)
    nearest = min(known, key=lambda word: abs(_ORDER.index(word) - place))
    complaints.cannot(f"the effort {effort!r}", f"it knows {', '.join(known)}; {nearest!r} is nearest")
    return nearest


def _budget(reasoning: Reasoning, max_tokens: int | None, complaints: Complaints) -> int:
    """Tokens to think with: what is asked, else what the effort is worth; less than the whole answer may
    have."""
    if reasoning.budget is not None:
        if reasoning.budget < _LEAST:
            complaints.clamped(
                "the budget for thinking", reasoning.budget, f"{_LEAST} tokens or more", _LEAST
            )
        return max(reasoning.budget, _LEAST)
    effort = reasoning.effort or "medium"
    budget = _BUDGETS[effort]
    if max_tokens is not None and budget >= max_tokens:
        budget = max(_LEAST, max_tokens // 2)
    if reasoning.effort is not None:
        complaints.emulated(f"the effort {effort!r} was sent as a budget of {budget} tokens for thinking")
    return budget
