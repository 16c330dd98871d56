"""What a signer is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from baimo.types.secret import Secret
from baimo.wire.http import WireRequest


class Signer(Protocol):
    """Turns a request into a signed one. No I/O; `now` is wall time in seconds."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The names of the secrets it must be given."""

    @property
    def timed(self) -> bool:
        """Whether signatures depend on the time; where not, `now` may be 0."""

    def sign(self, request: WireRequest, secrets: Mapping[str, Secret], now: float) -> WireRequest:
        """The request with its credentials. Raises MissingKeyError for a secret that is not there."""
