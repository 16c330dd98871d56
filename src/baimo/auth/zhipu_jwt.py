"""The token of Zhipu and Z.ai, made from an API key that itself is not sent.

Read in the packages zhipuai 2.1.5 and zai-sdk 0.0.3.4, November 2026. Odd things: times are in milliseconds
and rounded; the header says `sign_type` SIGN; both services take the key itself as a bearer token just as
well, and their own packages send it so unless told otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from baimo.errors import InputError, MissingKeyError
from baimo.types.secret import Secret
from baimo.wire.http import WireRequest

from . import hs256
from .signer import SigningStep

HEADER = '{"alg":"HS256","sign_type":"SIGN","typ":"JWT"}'

LIFE_S = 210
"""Seconds for which a token is good."""


class ZhipuJwt:
    """Sends a token instead of the secret `api_key`, whose form is `id.secret`."""

    needs = ("api_key",)
    timed = True

    def sign(self, request: WireRequest, secrets: Mapping[str, Secret], now: float) -> WireRequest:
        """The request with a fresh token. Raises MissingKeyError, or InputError for a key of another
        form."""
        return hs256.borne(request, _token(secrets, now))

    def explain(
        self, request: WireRequest, secrets: Mapping[str, Secret], now: float
    ) -> tuple[SigningStep, ...]:
        """Header, payload, string to sign, signature and Authorization, as `sign` makes them."""
        return _token(secrets, now).steps()


def _token(secrets: Mapping[str, Secret], now: float) -> hs256.Token:
    key = hs256.printable(secrets, "api_key", "the API key")
    if not key:
        raise MissingKeyError("no api_key is set")
    ident, dot, secret = key.partition(".")
    if not (ident and dot and secret) or "." in secret:
        raise InputError("a token is made from a key of the form id.secret; this key is another")
    at = round(now * 1000)
    claims = {"api_key": ident, "exp": at + LIFE_S * 1000, "timestamp": at}
    return hs256.token(HEADER, msgspec.json.encode(claims).decode(), secret)
