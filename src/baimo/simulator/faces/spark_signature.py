"""Checks what `baimo.auth.spark_address` signs, as the gateway before Spark does: by computing it again."""

from __future__ import annotations

import hmac
import re
from base64 import b64decode
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qs

import msgspec

from baimo.auth.spark_address import CLOCK_S, signature_of, string_to_sign
from baimo.simulator.words import RefusedError, ServedRequest, Why
from baimo.wire.http import HttpRequest

_FIELD = re.compile(r'(?:hmac )?(\w+)\s*=\s*"([^"]*)"')
"""One field of the authorization. Relays that work write `hmac username=` for `api_key=`."""


class Signed(msgspec.Struct, frozen=True):
    """What a good signature was made of."""

    host: str
    date: str

    def check_clock(self, now: float) -> None:
        """Raises RefusedError where the date is none, or too far away."""
        try:
            at = parsedate_to_datetime(self.date).timestamp()
        except ValueError:
            raise RefusedError(Why.SKEWED_CLOCK, f"{self.date!r} is no date") from None
        if abs(now - at) > CLOCK_S:
            raise RefusedError(Why.SKEWED_CLOCK, f"the clock is {abs(now - at):.0f} s off")


def verify(request: ServedRequest, api_key: str, api_secret: str) -> Signed:
    """Host and date that were signed. Raises RefusedError for a signature that is not there or not right."""
    path, _, query = request.target.decode("latin-1").partition("?")
    told = {name: values[0] for name, values in parse_qs(query).items()}
    if "authorization" not in told:
        raise RefusedError(Why.MISSING_HEADER, "the address has no authorization")
    if "date" not in told:
        raise RefusedError(Why.SKEWED_CLOCK, "the address has no date")
    fields = _fields(told["authorization"])
    key = fields.get("api_key") or fields.get("username")
    if key != api_key:
        raise RefusedError(Why.UNKNOWN_KEY, "the authorization names no api_key that is known")
    if (fields.get("algorithm"), fields.get("headers")) != ("hmac-sha256", "host date request-line"):
        raise RefusedError(Why.UNKNOWN_KEY, "the authorization names another algorithm or other headers")
    signed = Signed(told.get("host", ""), told["date"])
    method = request.method if isinstance(request, HttpRequest) else "GET"
    text = string_to_sign(signed.host, signed.date, method, path)
    if not hmac.compare_digest(signature_of(text, api_secret), fields.get("signature", "")):
        raise RefusedError(Why.WRONG_SECRET, f"signed should be {text!r}")
    return signed


def _fields(authorization: str) -> dict[str, str]:
    try:
        text = b64decode(authorization, validate=True).decode("ascii")
    except ValueError:
        raise RefusedError(Why.UNKNOWN_KEY, "authorization is no base64 of a text") from None
    return dict(_FIELD.findall(text))
