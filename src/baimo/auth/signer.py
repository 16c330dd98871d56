"""What a signer is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol, runtime_checkable

import msgspec

from baimo.dialect.protocols import Site
from baimo.errors import Error
from baimo.steps import Shared
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


class SigningStep(NamedTuple):
    """One intermediate text of a signature, for people who look for the byte that differs."""

    name: str
    """`canonical request`, `string to sign`, `signature`, …"""
    text: str


@runtime_checkable
class Explaining(Protocol):
    """A signer that shows its working."""

    def explain(
        self, request: WireRequest, secrets: Mapping[str, Secret], now: float
    ) -> tuple[SigningStep, ...]:
        """The intermediate texts of `sign` with the same arguments, in order; no secret is among them."""


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider gave for a credential: secrets for the signer, and what it told besides."""

    secrets: Mapping[str, Secret] = {}
    """Laid over the deployment's own before signing: a token."""
    project: str | None = None
    """The project's id, for addresses that need one."""


@runtime_checkable
class Granting(Protocol):
    """A signer that needs something fetched before it can sign: a token, a project's id."""

    def grant(self, site: Site, secrets: Mapping[str, Secret], stale: Grant | None) -> Shared | None:
        """The step whose result is a Grant; None where nothing need be fetched.

        `stale` is a grant that the provider no longer takes: it is not given again.
        """

    def renews(self, error: Error) -> bool:
        """Whether a fresh grant may cure that refusal."""
