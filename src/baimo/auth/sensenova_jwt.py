"""The token of SenseTime's SenseNova, made from an access key id (AK) and its secret (SK).

Read in the package sensenova 1.0.6, November 2026. Odd things: times are in seconds and cut, not rounded;
a token is good five seconds before it was made, for clocks that are off. A plain API key needs none of this.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from baimo.errors import MissingKeyError
from baimo.types.secret import Secret
from baimo.wire.http import WireRequest

from . import hs256
from .signer import SigningStep

HEADER = '{"alg":"HS256","typ":"JWT"}'

LIFE_S = 1800
"""Seconds for which a token is good."""

EARLY_S = 5
"""Seconds before its making from which it is good."""


class SenseNovaJwt:
    """Sends a token made of `access_key` and `secret_key`."""

    needs = ("access_key", "secret_key")
    timed = True

    def sign(self, request: WireRequest, secrets: Mapping[str, Secret], now: float) -> WireRequest:
        """The request with a fresh token. Raises MissingKeyError, or InputError for a key copied wrongly."""
        return hs256.borne(request, _token(secrets, now))

    def explain(
        self, request: WireRequest, secrets: Mapping[str, Secret], now: float
    ) -> tuple[SigningStep, ...]:
        """Header, payload, string to sign, signature and Authorization, as `sign` makes them."""
        return _token(secrets, now).steps()


def _token(secrets: Mapping[str, Secret], now: float) -> hs256.Token:
    access = hs256.printable(secrets, "access_key", "the access key id")
    secret = hs256.printable(secrets, "secret_key", "the secret access key")
    for name, value in (("access_key", access), ("secret_key", secret)):
        if not value:
            raise MissingKeyError(f"no {name} is set (AK and SK of SenseNova's console)")
    claims = {"iss": access, "exp": int(now) + LIFE_S, "nbf": int(now) - EARLY_S}
    return hs256.token(HEADER, msgspec.json.encode(claims).decode(), secret)
