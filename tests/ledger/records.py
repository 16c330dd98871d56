"""Records of calls for tests of the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from baimo.ledger import store
from baimo.types.money import Money
from baimo.types.record import AttemptRecord, CallRecord
from baimo.types.usage import Usage

AT = 1_767_225_600.0
"""The first of January 2026."""


def attempt(**facts: Any) -> AttemptRecord:
    whole: dict[str, Any] = {
        "provider": "acme",
        "endpoint": "chat",
        "model": "big",
        "dialect": "openai_chat",
        "address": "https://api.acme.test",
        "began_s": 0.0,
        "first_s": 0.2,
        "took_s": 1.5,
        "outcome": "answered",
    }
    return AttemptRecord(**{**whole, **facts})


def id_of(number: int, at: float | None = None) -> str:
    """The id of the record of that number: as every id, it begins with the time."""
    return f"{int((AT + number if at is None else at) * 1000):012x}{number:020x}"


def record(number: int = 0, *, cost: str | None = "0.1", currency: str = "CNY", **facts: Any) -> CallRecord:
    whole: dict[str, Any] = {
        "id": id_of(number, facts.get("at")),
        "operation": "chat",
        "at": AT + number,
        "took_s": 1.5,
        "asked": ("acme/big",),
        "provider": "acme",
        "model": "big",
        "outcome": "answered",
        "attempts": (attempt(),),
        "usage": Usage(input_uncached=100, cache_read=20, output_visible=30, reasoning=5),
        "cost": None if cost is None else Money(Decimal(cost), currency),
    }
    return CallRecord(**{**whole, **facts})


def batch_of(calls: Iterable[CallRecord]) -> store.Batch:
    gathered = store.Gathered()
    gathered.add(calls)
    return gathered.row()


def raw(text: str) -> msgspec.Raw:
    return msgspec.Raw(text.encode())
