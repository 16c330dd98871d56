"""Keys that stand in a header as they are: a bearer token, or a field of the provider's own."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from baimo.errors import InputError, MissingKeyError
from baimo.types.secret import Secret
from baimo.wire.http import HeaderFields, WireRequest, with_headers


class HeaderKey:
    """Puts the secret `api_key` into one header field, behind an optional prefix."""

    def __init__(self, field: str = "Authorization", prefix: str = "Bearer ") -> None:
        self._field = field.encode("ascii")
        self._prefix = prefix.encode("ascii")
        self._last: tuple[Secret, HeaderFields, HeaderFields] | None = None

    needs = ("api_key",)
    timed = False

    def sign(self, request: WireRequest, secrets: Mapping[str, Secret], now: float) -> WireRequest:
        """The request with the key in its header."""
        secret = secrets.get("api_key")
        last = self._last
        if last is None or last[0] is not secret or last[1] is not request.headers:
            if not secret:
                raise MissingKeyError("no API key is set")
            key = (self._field, self._prefix + _ascii(secret))
            last = self._last = (secret, request.headers, with_headers(request.headers, (key,)))
        return replace(request, headers=last[2])


class NoKey:
    """Signs nothing; a key that is given all the same is sent as a bearer token (local servers)."""

    needs: tuple[str, ...] = ()
    timed = False

    def __init__(self) -> None:
        self._bearer = HeaderKey()

    def sign(self, request: WireRequest, secrets: Mapping[str, Secret], now: float) -> WireRequest:
        """The request as it is, or with the optional key."""
        return self._bearer.sign(request, secrets, now) if secrets.get("api_key") else request


def _ascii(secret: Secret) -> bytes:
    text = secret.reveal()
    try:
        key = text.encode("ascii")
    except UnicodeEncodeError:
        raise InputError(
            "the API key holds characters outside ASCII; was it copied with quotes or spaces?"
        ) from None
    if any(byte < 0x21 or byte == 0x7F for byte in key):
        raise InputError("the API key holds spaces or line breaks; copy it again")
    return key
