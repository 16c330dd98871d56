"""SDK-HMAC-SHA256: Huawei Cloud's signature with an access key (AK) and a secret key (SK).

Usable for every Huawei Cloud API. Every header field of the request is signed but those whose name holds an
underscore and those that transports change. The canonical text of a path ends with a slash that is not sent;
a query is sent in its canonical form.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import quote, unquote, unquote_plus, urlsplit

from msgspec.structs import replace

from baimo.dialect.protocols import Site
from baimo.errors import Error, InputError, MissingKeyError
from baimo.steps import Shared
from baimo.types.secret import Secret
from baimo.wire.http import HeaderFields, HttpRequest, WireRequest

from . import iam
from .signer import Grant, SigningStep

ALGORITHM = b"SDK-HMAC-SHA256"

_DATE = b"x-sdk-date"
_DATE_FORM = re.compile(rb"\d{8}T\d{6}Z")
_DIGEST = b"x-sdk-content-sha256"
_TOKEN = b"x-security-token"
_UNSIGNED = b"UNSIGNED-PAYLOAD"
_NOTHING = sha256(b"").hexdigest().encode()

_REPLACED = frozenset((b"authorization", _TOKEN))
"""Fields that the signature brings itself."""
_NOT_SIGNED = frozenset(
    (
        b"accept-encoding",
        b"connection",
        b"content-length",
        b"expect",
        b"keep-alive",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
"""Fields that transports and proxies add or change."""
_HASHED_TYPES = (b"application/json", b"application/bson")


class _Signed(NamedTuple):
    """A signature with all that it was made of."""

    target: bytes
    fields: HeaderFields
    """All fields to send, save Authorization."""
    canonical: bytes
    to_sign: bytes
    signature: str
    authorization: bytes


class SdkHmac:
    """Signs with `access_key`, `secret_key` and, for temporary credentials, `security_token`.

    `unsigned_payload`: bodies that are no JSON are left out of the signature, as the official SDKs do it;
    else every body is hashed. `url` is the address of IAM with `{region}` in it, where the id of the
    region's project is looked up when the site has none.
    """

    needs = ("access_key", "secret_key")
    timed = True

    def __init__(self, *, unsigned_payload: bool = True, url: str = iam.URL) -> None:
        self._unsigned_payload = unsigned_payload
        self._url = url

    def sign(self, request: WireRequest, secrets: Mapping[str, Secret], now: float) -> WireRequest:
        """The request with X-Sdk-Date and Authorization. An X-Sdk-Date that is there already is used.

        Raises MissingKeyError, or InputError for a date of another form.
        """
        signed = self._signed(request, secrets, now)
        fields = (*signed.fields, (b"Authorization", signed.authorization))
        return replace(request, target=signed.target, headers=fields)

    def explain(
        self, request: WireRequest, secrets: Mapping[str, Secret], now: float
    ) -> tuple[SigningStep, ...]:
        """The intermediate texts of `sign`; a security token is masked in them."""
        signed = self._signed(request, secrets, now)
        canonical = signed.canonical.decode("utf-8", "replace")
        token = secrets.get("security_token")
        if token:
            canonical = canonical.replace(
                f"{_TOKEN.decode()}:{token.reveal()}\n", f"{_TOKEN.decode()}:****\n"
            )
        return (
            SigningStep("canonical request", canonical),
            SigningStep("string to sign", signed.to_sign.decode()),
            SigningStep("signature", signed.signature),
        )

    def grant(self, site: Site, secrets: Mapping[str, Secret], stale: Grant | None) -> Shared | None:
        """Looks up the id of the region's project where the site names none and its addresses need one."""
        is_needed = site.quirks is None or getattr(site.quirks, "needs_project", False)
        if site.project is not None or not is_needed:
            return None
        return iam.project_of(site, self, secrets, url=self._url, stale=stale)

    def renews(self, error: Error) -> bool:
        """Never: a key that was refused is refused again, and five wrong signatures lock it."""
        return False

    def _signed(self, request: WireRequest, secrets: Mapping[str, Secret], now: float) -> _Signed:
        access, key = secrets.get("access_key"), secrets.get("secret_key")
        if not access or not key:
            missing = "access_key" if not access else "secret_key"
            raise MissingKeyError(
                f"no {missing} is set",
                hint="Both halves of an access key are made under My Credentials > Access Keys in the "
                "console.",
            )
        fields, named, date = _fields(request, secrets.get("security_token"), now)
        content_type = named.get(b"content-type")
        if content_type and self._unsigned_payload and not content_type.startswith(_HASHED_TYPES):
            fields = [field for field in fields if field[0].lower() != _DIGEST]
            fields.append((b"X-Sdk-Content-Sha256", _UNSIGNED))
            named[_DIGEST] = _UNSIGNED
        names = sorted(named)
        signed_names = b";".join(names)
        target, path, query = _canonical_target(request.target)
        method, payload = "GET", _NOTHING
        if isinstance(request, HttpRequest):
            method, payload = request.method, _payload(request, named.get(_DIGEST))
        canonical = b"%b\n%b\n%b\n%b\n%b\n%b" % (
            method.upper().encode(),
            path,
            query,
            b"".join([b"%b:%b\n" % (name, named[name]) for name in names]),
            signed_names,
            payload,
        )
        to_sign = b"%b\n%b\n%b" % (ALGORITHM, date, sha256(canonical).hexdigest().encode())
        signature = hmac.digest(_bytes(key), to_sign, "sha256").hex()
        authorization = b"%b Access=%b, SignedHeaders=%b, Signature=%b" % (
            ALGORITHM,
            _bytes(access),
            signed_names,
            signature.encode(),
        )
        return _Signed(target, tuple(fields), canonical, to_sign, signature, authorization)


def _fields(
    request: WireRequest, token: Secret | None, now: float
) -> tuple[list[tuple[bytes, bytes]], dict[bytes, bytes], bytes]:
    """The fields to send, the signed ones by lower-case name, and the date among them."""
    fields: list[tuple[bytes, bytes]] = []
    named: dict[bytes, bytes] = {}
    for name, value in request.headers:
        low = name.lower()
        if low in _REPLACED:
            continue
        text = value.strip()
        fields.append((name, text))
        if b"_" not in low and low not in _NOT_SIGNED:
            named[low] = text if low not in named else b"%b,%b" % (named[low], text)
    if token:
        named[_TOKEN] = _bytes(token)
        fields.append((b"X-Security-Token", named[_TOKEN]))
    date = named.get(_DATE)
    if date is None:
        date = named[_DATE] = _date(int(now))
        fields.append((b"X-Sdk-Date", date))
    elif not _DATE_FORM.fullmatch(date):
        raise InputError("X-Sdk-Date must be written as 20261122T101112Z, in UTC")
    if b"host" not in named:
        named[b"host"] = _host(request.origin)
        fields.append((b"Host", named[b"host"]))
    return fields, named, date


def _payload(request: HttpRequest, digest: bytes | None) -> bytes:
    """What stands for the body: its hash, or what the request says instead of one."""
    body = request.body
    if not body:
        return _NOTHING
    if digest is not None:
        return digest
    if isinstance(body, bytes):
        return sha256(body).hexdigest().encode()
    whole = sha256()
    for piece in body.chunks():
        whole.update(piece)
    return whole.hexdigest().encode()


@lru_cache(maxsize=16)
def _date(second: int) -> bytes:
    return datetime.fromtimestamp(second, UTC).strftime("%Y%m%dT%H%M%SZ").encode()


@lru_cache(maxsize=256)
def _host(origin: str) -> bytes:
    """The Host field as a connection writes it: without the scheme's own port."""
    parts = urlsplit(origin)
    default = 443 if parts.scheme in ("https", "wss") else 80
    host = parts.netloc.removesuffix(f":{default}")
    return host.encode("ascii" if host.isascii() else "idna")


@lru_cache(maxsize=256)
def _canonical_target(target: bytes) -> tuple[bytes, bytes, bytes]:
    """The target to send, and the canonical path and query in it."""
    raw, _, query = target.partition(b"?")
    segments = unquote(raw.decode("utf-8", "replace")).split("/")
    path = "/".join([quote(segment, safe="~") for segment in segments])
    if not path.endswith("/"):
        path += "/"
    pairs = [pair.partition("=") for pair in query.decode("utf-8", "replace").split("&") if pair]
    ordered = sorted([(unquote_plus(name), unquote_plus(value)) for name, _, value in pairs])
    text = "&".join([f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in ordered])
    return (raw + b"?" + text.encode() if text else raw), path.encode(), text.encode()


def _bytes(secret: Secret) -> bytes:
    text = secret.reveal()
    if not text.isascii() or any(char.isspace() for char in text):
        raise InputError("a key holds blanks or characters outside ASCII; copy it again")
    return text.encode()
