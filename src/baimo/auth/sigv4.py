"""AWS Signature Version 4 in header form: what Amazon Bedrock and every other AWS API takes.

Read in botocore 1.44 (`auth.py`), in the cases of AWS's own signing test suite (awslabs/aws-c-auth) and at
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html, November 2026. Odd
things: a path that is sent percent-encoded is signed with its percent signs encoded once more (S3 alone signs
it as it is sent), without its dots and double slashes; Bedrock's service is `bedrock`, not the first label of
its host; the session token is signed like any other field.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

from msgspec.structs import replace

from baimo.errors import ConfigError, InputError, MissingKeyError
from baimo.types.secret import Secret
from baimo.wire.http import HeaderFields, HttpRequest, WireRequest

from .signer import SigningStep

ALGORITHM = "AWS4-HMAC-SHA256"

_DATE_FORM = re.compile(r"\d{8}T\d{6}Z")
_HOST_FORM = re.compile(
    r"(?P<service>[a-z0-9-]+)\.(?P<region>[a-z]{2}(?:-[a-z]+)+-\d+)\.amazonaws\.com(?:\.cn)?"
)
_REPLACED = ("authorization", "x-amz-security-token")
"""Fields that the signature brings itself."""
_NOT_SIGNED = frozenset(
    (
        "accept-encoding",
        "baggage",
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "traceparent",
        "tracestate",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "x-amzn-trace-id",
    )
)
"""Fields that transports, proxies and tracers add or change."""

_NAMES = {
    "access_key": "access key id",
    "secret_key": "secret access key",
    "session_token": "session token",
}


class Signature(NamedTuple):
    """One signature with its intermediate texts."""

    canonical_request: str
    string_to_sign: str
    scope: str
    """`date/region/service/aws4_request`."""
    value: str


def signature(
    *,
    secret_key: str,
    region: str,
    service: str,
    date: str,
    method: str,
    target: bytes,
    headers: Mapping[str, str],
    payload_hash: str,
    encode_twice: bool = True,
) -> Signature:
    """The signature of one request. `headers` are all that are signed, by lower-case names; `date` is
    X-Amz-Date."""
    scope = f"{date[:8]}/{region}/{service}/aws4_request"
    canonical = _canonical_request(method, target, headers, payload_hash, twice=encode_twice)
    return _signature(signing_key(secret_key, date[:8], region, service), scope, date, canonical)


def signing_key(secret_key: str, day: str, region: str, service: str) -> bytes:
    """The key of one day, region and service, derived from the secret."""
    key = f"AWS4{secret_key}".encode()
    for text in (day, region, service, "aws4_request"):
        key = hmac.digest(key, text.encode(), "sha256")
    return key


def _signature(key: bytes, scope: str, date: str, canonical: str) -> Signature:
    digest = sha256(canonical.encode()).hexdigest()
    text = f"{ALGORITHM}\n{date}\n{scope}\n{digest}"
    return Signature(canonical, text, scope, hmac.digest(key, text.encode(), "sha256").hex())


def _canonical_request(
    method: str, target: bytes, headers: Mapping[str, str], payload_hash: str, *, twice: bool
) -> str:
    path, query = _canonical_target(target, twice)
    names = sorted(headers)
    lines = "".join([f"{name}:{headers[name]}\n" for name in names])
    return f"{method}\n{path}\n{query}\n{lines}\n{';'.join(names)}\n{payload_hash}"


@lru_cache(maxsize=256)
def _canonical_target(target: bytes, twice: bool) -> tuple[str, str]:
    raw, _, query = target.partition(b"?")
    path = raw.decode("latin-1") or "/"
    if twice:
        path = quote(_without_dots(raw or b"/"), safe="/~")
    pairs = [pair.partition(b"=") for pair in query.split(b"&")] if query else []
    ordered = sorted([(_again(name), _again(value)) for name, _, value in pairs])
    return path, "&".join([f"{name}={value}" for name, value in ordered])


def _without_dots(path: bytes) -> bytes:
    """The path without dots and double slashes, as services resolve it."""
    kept: list[bytes] = []
    for segment in path.split(b"/"):
        if segment == b"..":
            del kept[-1:]
        elif segment not in (b"", b"."):
            kept.append(segment)
    return b"/" + b"/".join(kept) + (b"/" if kept and path.endswith(b"/") else b"")


def _again(text: bytes) -> str:
    """A name or value of a query, percent-encoded in the one way that is signed."""
    return quote(unquote_to_bytes(text), safe="-_.~")


class _Day(NamedTuple):
    """What holds for one secret, day, region and service."""

    secret: Secret | None
    scope: str
    key: bytes


class SigV4:
    """Signs requests to any AWS API with `access_key`, `secret_key` and, for temporary credentials,
    `session_token`.

    `service` and `region` go into the credential's scope; without them they are taken from a host of the form
    `service.region.amazonaws.com`. `encode_twice=False` signs the path as it is sent, which S3 wants.
    """

    needs = ("access_key", "secret_key")
    timed = True

    def __init__(
        self, *, service: str | None = None, region: str | None = None, encode_twice: bool = True
    ) -> None:
        self._service = service
        self._region = region
        self._encode_twice = encode_twice
        self._last: _Day | None = None

    def sign(self, request: WireRequest, secrets: Mapping[str, Secret], now: float) -> HttpRequest:
        """The request with X-Amz-Date, Host, X-Amz-Security-Token and Authorization. An X-Amz-Date that is
        there already is used.

        Raises MissingKeyError, ConfigError where service or region are not known, or InputError for a date of
        another form.
        """
        return self._work(request, secrets, now)[0]

    def explain(
        self, request: WireRequest, secrets: Mapping[str, Secret], now: float
    ) -> tuple[SigningStep, ...]:
        """Canonical request, string to sign, signature and Authorization, as `sign` makes them; a session
        token is masked in them."""
        signed, made = self._work(request, secrets, now)
        canonical = made.canonical_request
        token = secrets.get("session_token")
        if token:
            name = "x-amz-security-token"
            canonical = canonical.replace(f"{name}:{token.reveal()}\n", f"{name}:****\n")
        return (
            SigningStep("canonical request", canonical),
            SigningStep("string to sign", made.string_to_sign),
            SigningStep("signature", made.value),
            SigningStep("Authorization", dict(signed.headers)[b"Authorization"].decode()),
        )

    def _work(
        self, request: WireRequest, secrets: Mapping[str, Secret], now: float
    ) -> tuple[HttpRequest, Signature]:
        if not isinstance(request, HttpRequest):
            raise ConfigError("sigv4 signs HTTP requests; a WebSocket needs another scheme")
        access_key = _reveal(secrets, "access_key")
        token = _reveal(secrets, "session_token") if secrets.get("session_token") else None
        fields, named = _fields(request, token, now)
        date = named["x-amz-date"]
        day = self._day(secrets, date[:8], named["host"])
        canonical = _canonical_request(
            request.method,
            request.target,
            named,
            named.get("x-amz-content-sha256") or _payload_hash(request),
            twice=self._encode_twice,
        )
        made = _signature(day.key, day.scope, date, canonical)
        line = (
            f"{ALGORITHM} Credential={access_key}/{made.scope}, SignedHeaders={';'.join(sorted(named))}, "
            f"Signature={made.value}"
        )
        return replace(request, headers=(*fields, (b"Authorization", line.encode()))), made

    def _day(self, secrets: Mapping[str, Secret], date: str, host: str) -> _Day:
        """The derived key: it is the same for a whole day, and four rounds of work."""
        secret = secrets.get("secret_key")
        region, service = self._place(host)
        scope = f"{date}/{region}/{service}/aws4_request"
        last = self._last
        if last is None or last.secret is not secret or last.scope != scope:
            key = signing_key(_reveal(secrets, "secret_key"), date, region, service)
            last = self._last = _Day(secret, scope, key)
        return last

    def _place(self, host: str) -> tuple[str, str]:
        region, service = self._region, self._service
        if region and service:
            return region, service
        found = _HOST_FORM.fullmatch(host.partition(":")[0])
        if found is None:
            raise ConfigError(
                f"sigv4 needs a service and a region, which the host {host!r} does not tell",
                hint="Give the options service and region.",
            )
        return region or found["region"], service or found["service"]


def _fields(request: HttpRequest, token: str | None, now: float) -> tuple[HeaderFields, dict[str, str]]:
    """The fields to send, save Authorization, and the signed ones by lower-case name."""
    fields: list[tuple[bytes, bytes]] = []
    named: dict[str, str] = {}
    for name, value in request.headers:
        low = name.decode("latin-1").lower()
        if low in _REPLACED:
            continue
        fields.append((name, value))
        if low not in _NOT_SIGNED:
            text = " ".join(value.decode("utf-8", "replace").split())
            named[low] = f"{named[low]},{text}" if low in named else text
    if "host" not in named:
        named["host"] = _host(request.origin)
        fields.append((b"Host", named["host"].encode("latin-1")))
    if "x-amz-date" not in named:
        named["x-amz-date"] = _date(int(now))
        fields.append((b"X-Amz-Date", named["x-amz-date"].encode()))
    elif not _DATE_FORM.fullmatch(named["x-amz-date"]):
        raise InputError("X-Amz-Date must be written as 20261122T101112Z, in UTC")
    if token is not None:
        named["x-amz-security-token"] = token
        fields.append((b"X-Amz-Security-Token", token.encode()))
    return tuple(fields), named


@lru_cache(maxsize=16)
def _date(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y%m%dT%H%M%SZ")


def _host(origin: str) -> str:
    """The Host of an origin: without the port where it is the scheme's own."""
    scheme, _, host = origin.partition("://")
    return host.removesuffix(":443" if scheme == "https" else ":80")


def _reveal(secrets: Mapping[str, Secret], name: str) -> str:
    secret = secrets.get(name)
    if not secret:
        raise MissingKeyError(f"no {name} is set (the {_NAMES[name]} of AWS)")
    text = secret.reveal()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise InputError(
            f"the {_NAMES[name]} holds spaces, line breaks or characters outside ASCII; copy it again"
        )
    return text


def _payload_hash(request: HttpRequest) -> str:
    body = request.body
    if isinstance(body, bytes):
        return sha256(body).hexdigest()
    digest = sha256()
    for chunk in body.chunks():
        digest.update(chunk)
    return digest.hexdigest()
