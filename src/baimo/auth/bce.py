"""bce-auth-v1, the signature of Baidu's AI Cloud.

Read at https://cloud.baidu.com/doc/Reference/s/njwvz1yfu and in the packages bce-python-sdk 0.9.79 and
qianfan 0.4.12.3, November 2026. Odd things: the signing key is the hexadecimal text of a digest, not its
bytes; the values of header fields are escaped as those of a query are; the body is not signed; the time
stands in the signature itself and is the only thing that ends it.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote, unquote

from msgspec.structs import replace

from baimo.errors import ConfigError, InputError, MissingKeyError
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest, WireRequest, with_headers

from .signer import SigningStep


class Signature(NamedTuple):
    """One signature with its intermediate texts."""

    prefix: str
    canonical_request: str
    value: str


def signature(
    *,
    access_key: str,
    secret_key: str,
    time: str,
    expires_s: int,
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    signed: Sequence[str],
) -> Signature:
    """The signature of one request. `headers` has lower-case names; `path` and `query` stand as they are
    sent; `time` is written as 2026-11-29T02:03:04Z.
    """
    prefix = f"bce-auth-v1/{access_key}/{time}/{expires_s}"
    lines = sorted(f"{_escaped(name)}:{_escaped(headers[name].strip())}" for name in signed)
    canonical = "\n".join((method, path, canonical_query(query), "\n".join(lines)))
    key = hmac.digest(secret_key.encode(), prefix.encode(), "sha256").hex()
    value = hmac.digest(key.encode(), canonical.encode(), "sha256").hex()
    return Signature(prefix, canonical, value)


def usual_fields(headers: Mapping[str, str]) -> list[str]:
    """What is signed where a signature names no fields: of `headers` (names in lower case) those that have a
    value and are among the five kinds that Baidu signs by itself.

    >>> usual_fields({"host": "h", "accept": "*/*", "x-bce-date": "2026-11-29T02:03:04Z", "content-md5": ""})
    ['host', 'x-bce-date']
    """
    return [
        name
        for name, value in headers.items()
        if value.strip() and (name in _USUAL or name.startswith("x-bce-"))
    ]


_USUAL = ("host", "content-length", "content-type", "content-md5")


def canonical_query(query: str) -> str:
    """The query as it is signed: every name with a value, escaped anew, in order, without `authorization`."""
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    told = [f"{_escaped(unquote(name))}={_escaped(unquote(value))}" for name, _, value in pairs]
    return "&".join(sorted(pair for pair in told if not pair.lower().startswith("authorization=")))


def _escaped(text: str) -> str:
    return quote(text, safe="~")


class BceAuthV1:
    """Signs with access key and secret key of Baidu's AI Cloud, for `expires_s` seconds."""

    needs = ("access_key", "secret_key")
    timed = True

    def __init__(
        self, *, signed: Sequence[str] = ("content-type", "host", "x-bce-date"), expires_s: int = 1800
    ) -> None:
        names = tuple(sorted(name.lower() for name in signed))
        if "host" not in names:
            raise ConfigError("bce_auth_v1 must sign the header 'host'")
        self._signed = names
        self._expires_s = expires_s

    def sign(self, request: WireRequest, secrets: Mapping[str, Secret], now: float) -> HttpRequest:
        """The signed request. Raises MissingKeyError, or InputError for a field that cannot be signed."""
        return self._work(request, secrets, now)[0]

    def explain(
        self, request: WireRequest, secrets: Mapping[str, Secret], now: float
    ) -> tuple[SigningStep, ...]:
        """Prefix, canonical request, signature and Authorization, as `sign` makes them."""
        signed, made = self._work(request, secrets, now)
        return (
            SigningStep("prefix", made.prefix),
            SigningStep("canonical request", made.canonical_request),
            SigningStep("signature", made.value),
            SigningStep("Authorization", dict(signed.headers)[b"Authorization"].decode()),
        )

    def _work(
        self, request: WireRequest, secrets: Mapping[str, Secret], now: float
    ) -> tuple[HttpRequest, Signature]:
        if not isinstance(request, HttpRequest):
            raise ConfigError("bce_auth_v1 signs HTTP requests; a WebSocket needs another scheme")
        access_key, secret_key = (_reveal(secrets, name) for name in self.needs)
        time = datetime.fromtimestamp(int(now), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        headers = {name.lower().decode("latin-1"): value.decode("latin-1") for name, value in request.headers}
        more: list[tuple[bytes, bytes]] = []
        if "host" not in headers:
            scheme, _, host = request.origin.partition("://")
            headers["host"] = host.removesuffix(":443" if scheme == "https" else ":80")
            more.append((b"Host", headers["host"].encode("latin-1")))
        if "x-bce-date" in self._signed and "x-bce-date" not in headers:
            headers["x-bce-date"] = time
            more.append((b"x-bce-date", time.encode()))
        for name in self._signed:
            if name not in headers:
                raise InputError(f"the request has no header {name!r}, which bce_auth_v1 is to sign")
        path, _, query = request.target.decode("latin-1").partition("?")
        made = signature(
            access_key=access_key,
            secret_key=secret_key,
            time=time,
            expires_s=self._expires_s,
            method=request.method,
            path=path,
            query=query,
            headers=headers,
            signed=self._signed,
        )
        line = f"{made.prefix}/{';'.join(self._signed)}/{made.value}"
        more.append((b"Authorization", line.encode()))
        return replace(request, headers=with_headers(request.headers, tuple(more))), made


_NAMES = {"access_key": "Access Key", "secret_key": "Secret Key"}


def _reveal(secrets: Mapping[str, Secret], name: str) -> str:
    secret = secrets.get(name)
    if not secret:
        raise MissingKeyError(f"no {name} is set ({_NAMES[name]} of Baidu's AI Cloud)")
    text = secret.reveal()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise InputError(
            f"the {_NAMES[name]} holds spaces, line breaks or characters outside ASCII; copy it again"
        )
    return text
