"""JSON web tokens signed with HMAC-SHA256, for providers whose keys are not sent but prove themselves.

The bytes of header and payload are their own maker's: a verifier reads them as JSON, in any order of keys.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from hmac import digest
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from baimo.errors import InputError
from baimo.types.secret import Secret
from baimo.wire.http import WireRequest, with_headers

from .signer import SigningStep


class Token(NamedTuple):
    """A token with all that it was made of."""

    header: str
    payload: str
    to_sign: str
    signature: str

    @property
    def text(self) -> str:
        return f"{self.to_sign}.{self.signature}"

    def steps(self) -> tuple[SigningStep, ...]:
        """The texts in the order in which they come about."""
        return (
            SigningStep("header", self.header),
            SigningStep("payload", self.payload),
            SigningStep("string to sign", self.to_sign),
            SigningStep("signature", self.signature),
            SigningStep("Authorization", f"Bearer {self.text}"),
        )


def token(header: str, payload: str, secret: str) -> Token:
    """The token of a header and a payload, both compact JSON."""
    to_sign = f"{_base64(header.encode())}.{_base64(payload.encode())}"
    return Token(header, payload, to_sign, signature(to_sign, secret))


def signature(to_sign: str, secret: str) -> str:
    """The third part of a token, made of the two before it."""
    return _base64(digest(secret.encode(), to_sign.encode(), "sha256"))


def claims(text: str) -> dict[str, Any]:
    """What the payload of a token says. Only for one whose signature is right."""
    payload = text.split(".")[1]
    found: dict[str, Any] = msgspec.json.decode(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


def borne(request: WireRequest, made: Token) -> WireRequest:
    """The request with the token in its Authorization."""
    field = (b"Authorization", f"Bearer {made.text}".encode())
    return replace(request, headers=with_headers(request.headers, (field,)))


def printable(secrets: Mapping[str, Secret], name: str, said: str) -> str:
    """A secret's text, or "" where it is not set. Raises InputError for one that was copied wrongly."""
    secret = secrets.get(name)
    text = secret.reveal() if secret else ""
    if not text.isascii() or not text.isprintable() or " " in text:
        raise InputError(f"{said} holds spaces, line breaks or characters outside ASCII; copy it again")
    return text


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
