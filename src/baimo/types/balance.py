"""What is left on an account."""

from __future__ import annotations

import msgspec
from msgspec import Raw

from .money import Money


class Balance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The money on a provider's account, as the provider tells it: an amount for each currency it is in."""

    provider: str
    amounts: tuple[Money, ...]
    """What can be spent. Below 0 where the account is in arrears."""
    granted: tuple[Money, ...] = ()
    """The part of it that is a gift, where that is told."""
    topped_up: tuple[Money, ...] = ()
    """The part of it that was paid in, where that is told."""
    available: bool | None = None
    """Whether calls can be made with it; None where the provider does not say so."""
    raw: Raw | None = None
    """The provider's own reply."""

    def __str__(self) -> str:
        return ", ".join(map(str, self.amounts))
