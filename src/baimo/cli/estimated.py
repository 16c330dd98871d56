"""`--estimate`: what a call may cost, told before it is made. Nothing is sent."""

from __future__ import annotations

import json
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from .calling import model_or_default, open_client
from .words import say

if TYPE_CHECKING:
    from baimo.accounting.estimate import Estimate
    from baimo.client.options import ChatOptions
    from baimo.types.chat import Message
    from baimo.types.money import Money

    from .console import Console

_PLACES = Decimal("0.000001")


def show_estimate(
    console: Console, model: str | None, messages: str | Message, options: ChatOptions, *, as_json: bool
) -> int:
    """Print the estimate; 1 where the cost cannot be bounded."""
    with open_client(console) as client:
        found = client.estimate(model_or_default(client, model), messages, **options)
    if as_json:
        console.line(json.dumps(estimate_facts(found), ensure_ascii=False, indent=2))
    else:
        console.lines(estimate_lines(found))
    return 0 if found.high is not None else 1


def estimate_lines(found: Estimate) -> list[str]:
    """The estimate for people."""
    tokens = say("estimate.tokens", likely=f"{found.input_tokens:,}", most=f"{found.most_input_tokens:,}")
    lines = [say("estimate.model", model=found.model), tokens]
    if found.output_tokens is not None:
        lines.append(say("estimate.answer", count=f"{found.output_tokens:,}"))
    if found.low is not None and found.high is not None:
        lines.append(say("estimate.cost", low=_words(found.low), high=_words(found.high)))
    else:
        lines.append(say("estimate.unbounded", why=found.why))
    return lines


def estimate_facts(found: Estimate) -> dict[str, Any]:
    """The estimate for a program."""
    return {
        "model": found.model,
        "low": _facts(found.low),
        "high": _facts(found.high),
        "input_tokens": found.input_tokens,
        "most_input_tokens": found.most_input_tokens,
        "output_tokens": found.output_tokens,
        "why": found.why,
    }


def _words(money: Money) -> str:
    shown = money.amount.quantize(_PLACES, rounding=ROUND_HALF_UP)
    return f"{shown.normalize():f} {money.currency}"


def _facts(money: Money | None) -> dict[str, str] | None:
    return None if money is None else {"amount": f"{money.amount:f}", "currency": money.currency}
