"""TC3-HMAC-SHA256, the signature of Tencent Cloud's APIs.

Read at https://cloud.tencent.com/document/product/1021/34193 (signature v3) and in the packages
tencentcloud-sdk-python-common 3.1.195 and tencentcloud-sdk-nodejs-common 4.1.220, November 2026. Odd things:
action, version and region are header fields and not signed unless one asks for it; `x-tc-action` is signed in
lower case but sent with its capitals; the path is always `/`; the query of a POST is signed as an empty one;
the date of the scope is the day in UTC.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple

from msgspec.structs import replace

from baimo.errors import ConfigError, InputError, MissingKeyError
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest, WireRequest, with_headers

from .signer import SigningStep

ALGORITHM = "TC3-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
"""Stands for a body that is not part of the signature; `X-TC-Content-SHA256` says so."""

_NEEDED = ("content-type", "host")


class Signature(NamedTuple):
    """One signature with its intermediate texts."""

    canonical_request: str
    string_to_sign: str
    scope: str
    """`date/service/tc3_request`."""
    value: str


def signature(
    *,
    secret_key: str,
    service: str,
    timestamp: int,
    method: str,
    query: str,
    headers: Mapping[str, str],
    signed: Sequence[str],
    payload_hash: str,
) -> Signature:
    """The signature of one request. `headers` has lower-case names, `signed` of them in order."""
    day = timestamp // 86400
    date = datetime.fromtimestamp(day * 86400, UTC).strftime("%Y-%m-%d")
    return _signature(
        signing_key(secret_key, date, service),
        f"{date}/{service}/tc3_request",
        timestamp,
        _canonical_request(method, query, headers, signed, payload_hash),
    )


def signing_key(secret_key: str, date: str, service: str) -> bytes:
    """The key of one day and service, derived from the secret."""
    key = f"TC3{secret_key}".encode()
    for text in (date, service, "tc3_request"):
        key = hmac.digest(key, text.encode(), "sha256")
    return key


def _canonical_request(
    method: str, query: str, headers: Mapping[str, str], signed: Sequence[str], payload_hash: str
) -> str:
    lines = [f"{name}:{headers[name]}\n" for name in signed]
    if "x-tc-action" in signed:
        lines = [line.lower() if line.startswith("x-tc-action:") else line for line in lines]
    # The block of headers ends with a line end of its own: one blank line follows it.
    return f"{method}\n/\n{query}\n{''.join(lines)}\n{';'.join(signed)}\n{payload_hash}"


def _signature(key: bytes, scope: str, timestamp: int, canonical: str) -> Signature:
    digest = sha256(canonical.encode()).hexdigest()
    text = f"{ALGORITHM}\n{timestamp}\n{scope}\n{digest}"
    return Signature(canonical, text, scope, hmac.digest(key, text.encode(), "sha256").hex())


class _Day(NamedTuple):
    """What holds for one key, service and day."""

    day: int
    secret: Secret | None
    service: str
    scope: str
    key: bytes


class TC3:
    """Signs requests to any Tencent Cloud API.

    `service` is the service in the credential's scope; without it the first label of the host. `signed` are
    the header fields to sign: `content-type` and `host` at least, `x-tc-action` besides for those who want
    it. The request's maker sets X-TC-Action, X-TC-Version and X-TC-Region; X-TC-Timestamp, X-TC-Token, Host
    and Authorization are ours, and a Content-Type where there is none. Raises ConfigError for a wrong option.
    """

    needs = ("secret_id", "secret_key")
    timed = True

    def __init__(self, *, service: str | None = None, signed: Sequence[str] = _NEEDED) -> None:
        names = sorted({name.lower() for name in signed})
        if isinstance(signed, str) or not set(_NEEDED) <= set(names):
            raise ConfigError("tc3 must sign content-type and host; `signed` is a list that names both")
        self._service = service
        self._signed = tuple(names)
        self._last: _Day | None = None

    def sign(self, request: WireRequest, secrets: Mapping[str, Secret], now: float) -> HttpRequest:
        """The signed request. Raises MissingKeyError, or InputError for a field that cannot be signed."""
        return self._work(request, secrets, now)[0]

    def explain(
        self, request: WireRequest, secrets: Mapping[str, Secret], now: float
    ) -> tuple[SigningStep, ...]:
        """Canonical request, string to sign, signature and Authorization, as `sign` makes them."""
        signed, made = self._work(request, secrets, now)
        return (
            SigningStep("canonical request", made.canonical_request),
            SigningStep("string to sign", made.string_to_sign),
            SigningStep("signature", made.value),
            SigningStep("Authorization", dict(signed.headers)[b"Authorization"].decode()),
        )

    def _work(
        self, request: WireRequest, secrets: Mapping[str, Secret], now: float
    ) -> tuple[HttpRequest, Signature]:
        if not isinstance(request, HttpRequest):
            raise ConfigError("tc3 signs HTTP requests; a WebSocket needs another scheme")
        secret_id = _reveal(secrets, "secret_id")
        headers = {
            field.lower().decode("latin-1"): value.decode("latin-1").strip()
            for field, value in request.headers
        }
        more: list[tuple[bytes, bytes]] = []
        if "content-type" not in headers:
            headers["content-type"] = _TYPES.get(request.method, "application/json")
            more.append((b"Content-Type", headers["content-type"].encode()))
        if "host" not in headers:
            headers["host"] = _host(request.origin)
            more.append((b"Host", headers["host"].encode("latin-1")))
        for name in self._signed:
            if name not in headers:
                raise InputError(f"the request has no header {name!r}, which tc3 is to sign")
        timestamp = int(now)
        day = self._day(secrets, timestamp // 86400, self._service or headers["host"].partition(".")[0])
        made = _signature(
            day.key,
            day.scope,
            timestamp,
            _canonical_request(
                request.method,
                "" if request.method == "POST" else request.target.partition(b"?")[2].decode("latin-1"),
                headers,
                self._signed,
                _payload_hash(request, headers),
            ),
        )
        more.append((b"X-TC-Timestamp", str(timestamp).encode()))
        if secrets.get("token"):
            more.append((b"X-TC-Token", _reveal(secrets, "token").encode()))
        line = (
            f"{ALGORITHM} Credential={secret_id}/{made.scope}, SignedHeaders={';'.join(self._signed)}, "
            f"Signature={made.value}"
        )
        more.append((b"Authorization", line.encode()))
        return replace(request, headers=with_headers(request.headers, tuple(more))), made

    def _day(self, secrets: Mapping[str, Secret], day: int, service: str) -> _Day:
        """The derived key: it is the same for a whole day, and four rounds of work."""
        secret = secrets.get("secret_key")
        last = self._last
        if last is None or last.secret is not secret or last.day != day or last.service != service:
            text = _reveal(secrets, "secret_key")
            date = datetime.fromtimestamp(day * 86400, UTC).strftime("%Y-%m-%d")
            key = signing_key(text, date, service)
            last = self._last = _Day(day, secret, service, f"{date}/{service}/tc3_request", key)
        return last


_TYPES = {"GET": "application/x-www-form-urlencoded"}
"""What a request without a Content-Type is taken to hold, where that is not JSON."""

_NAMES = {"secret_id": "SecretId", "secret_key": "SecretKey", "token": "session token"}


def _reveal(secrets: Mapping[str, Secret], name: str) -> str:
    secret = secrets.get(name)
    if not secret:
        raise MissingKeyError(f"no {name} is set ({_NAMES[name]} of Tencent Cloud)")
    text = secret.reveal()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise InputError(
            f"the {_NAMES[name]} holds spaces, line breaks or characters outside ASCII; copy it again"
        )
    return text


def _host(origin: str) -> str:
    """The Host of an origin: without the port where it is the scheme's own."""
    scheme, _, host = origin.partition("://")
    return host.removesuffix(":443" if scheme == "https" else ":80")


def _payload_hash(request: HttpRequest, headers: Mapping[str, str]) -> str:
    if headers.get("x-tc-content-sha256") == UNSIGNED:
        return sha256(UNSIGNED.encode()).hexdigest()
    body = request.body
    if isinstance(body, bytes):
        return sha256(body).hexdigest()
    digest = sha256()
    for chunk in body.chunks():
        digest.update(chunk)
    return digest.hexdigest()
