"""Signatures for people's own HTTP code; offered as `baimo.auth`. Nothing is sent."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, TypeAlias
from urllib.parse import quote, urlsplit

import msgspec

from baimo.auth import schemes
from baimo.auth.keys import HeaderKey, NoKey
from baimo.auth.signer import Explaining, Signer, SigningStep
from baimo.errors import ConfigError, InputError
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest, SocketRequest, WireRequest, header_fields, split_url

Secrets: TypeAlias = Mapping[str, str | Secret]

_AS_IT_STANDS = "/%:@!$&'()*+,;=?~-._"
"""Characters of a path and a query that are sent as they are given."""


class SignedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request with its signature. Send all four as they stand: any other byte makes it another request."""

    method: str
    url: str
    headers: dict[str, str]
    """Those that were given and those of the signature; names as they are to be sent."""
    body: bytes

    def __repr__(self) -> str:
        origin = self.url.partition("?")[0]
        return f"SignedRequest({self.method} {origin}, headers {', '.join(self.headers)})"


def sign(
    scheme: str,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] = {},
    body: bytes | str = b"",
    secrets: Secrets,
    now: float | None = None,
    **options: Any,
) -> SignedRequest:
    """Sign a request by `tc3`, `sdk_hmac_sha256`, `sigv4`, `iam_token`, `spark_url`, `bce_auth_v1`,
    `zhipu_jwt`, `sensenova_jwt`, `volcengine_v4`, `bearer` or `header`.

    `secrets` are named as in the configuration. tc3: `secret_id`, `secret_key` and maybe `token`;
    sdk_hmac_sha256: `access_key`, `secret_key` and maybe `security_token`; sigv4 and volcengine_v4:
    `access_key`, `secret_key` and maybe `session_token`; bce_auth_v1 and sensenova_jwt: `access_key` and
    `secret_key`; spark_url: `api_key` and `api_secret`; iam_token: `iam_token`, the value that the function
    gives; zhipu_jwt, bearer and header: `api_key`. `now` is Unix seconds, None the clock. `options` are those
    of the scheme: `service` and `signed` for tc3, `service` and `region` for sigv4 and volcengine_v4, `field`
    and `prefix` for header.

    >>> sign("bearer", "GET", "https://api.example/v1/models", secrets={"api_key": "fake"}).headers
    {'Authorization': 'Bearer fake'}

    Raises MissingKeyError naming a secret that is not there, ConfigError for an unknown scheme or option,
    InputError for an address or a header that cannot be sent.
    """
    request = _request(method, url, headers, body)
    signed = _signer(scheme, options).sign(request, _secret(secrets), _time(now))
    sent = signed.body if isinstance(signed, HttpRequest) and isinstance(signed.body, bytes) else b""
    return SignedRequest(
        method=signed.method if isinstance(signed, HttpRequest) else "GET",
        url=signed.url,
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in signed.headers},
        body=sent,
    )


def explain(
    scheme: str,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] = {},
    body: bytes | str = b"",
    secrets: Secrets,
    now: float | None = None,
    **options: Any,
) -> tuple[SigningStep, ...]:
    """The intermediate texts of `sign` with the same arguments, to find the byte that differs.

    Each has a `name` (canonical request, string to sign, …) and its `text`; no secret is among them.
    Raises ConfigError for a scheme that has none, and what `sign` raises.
    """
    signer = _signer(scheme, options)
    if not isinstance(signer, Explaining):
        raise ConfigError(f"the scheme {scheme!r} computes nothing that could be explained")
    return signer.explain(_request(method, url, headers, body), _secret(secrets), _time(now))


def spark_url(
    url: str,
    *,
    api_key: str | Secret,
    api_secret: str | Secret,
    method: str = "GET",
    now: float | None = None,
) -> str:
    """An address of iFlytek with its signature: what a WebSocket handshake, or an HTTP call, is sent to.

    It holds for some minutes. `method` is that of an HTTP call; a handshake is always GET. `now` is Unix
    seconds, None the clock.
    """
    secrets = {"api_key": api_key, "api_secret": api_secret}
    return sign("spark_url", method, url, secrets=secrets, now=now).url


def _signer(scheme: str, options: Mapping[str, Any]) -> Signer:
    if scheme not in schemes.KEYS:
        return schemes.signer(scheme, options)
    unknown = set(options) - ({"field", "prefix"} if scheme == "header" else set())
    if unknown:
        raise ConfigError(f"the scheme {scheme!r} has no option {min(unknown)!r}")
    if scheme == "none":
        return NoKey()
    if scheme == "bearer":
        return HeaderKey()
    return HeaderKey(options.get("field", "Authorization"), options.get("prefix", ""))


def _request(method: str, url: str, headers: Mapping[str, str], body: bytes | str) -> WireRequest:
    origin, _ = split_url(url)
    parts = urlsplit(url.strip())
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    target = (path if path.isascii() and " " not in path else quote(path, safe=_AS_IT_STANDS)).encode()
    fields = header_fields(dict(headers))
    if origin.startswith("ws"):
        if body:
            raise InputError("a WebSocket handshake has no body")
        return SocketRequest(origin=origin, target=target, headers=fields)
    data = body.encode() if isinstance(body, str) else bytes(body)
    return HttpRequest(method=method.upper(), origin=origin, target=target, headers=fields, body=data)


def _secret(secrets: Secrets) -> dict[str, Secret]:
    return {name: one if isinstance(one, Secret) else Secret(one) for name, one in secrets.items()}


def _time(now: float | None) -> float:
    return time.time() if now is None else now
