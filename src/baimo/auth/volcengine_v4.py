"""HMAC-SHA256, the signature of Volcengine's APIs, with an access key (AK) and a secret key (SK).

Read in the packages volcenginesdk-core 5.0.54 and volcengine 1.0.229, November 2026. Odd things: it is AWS's
fourth signature with other words: the first key is the secret itself without a word before it, the scope ends
in `request`, and the body's digest is always a signed header field. Only the control plane takes it: chat
wants an API key, which the control plane gives (`volcengine_key`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from hmac import digest
from typing import NamedTuple
from urllib.parse import quote, unquote, unquote_plus

from msgspec.structs import replace

from baimo.errors import ConfigError, InputError, MissingKeyError
from baimo.types.secret import Secret
from baimo.wire.http import HeaderFields, HttpRequest, WireRequest

from . import hs256
from .signer import SigningStep

ALGORITHM = "HMAC-SHA256"

_OURS = frozenset((b"authorization", b"x-date", b"x-content-sha256", b"x-security-token"))
"""Fields that the signature brings itself."""
_SIGNED = frozenset(("content-type", "content-md5", "host"))
"""Fields that are signed beside those whose name begins with X-."""


class _Made(NamedTuple):
    """A signature with all that it was made of."""

    target: bytes
    fields: HeaderFields
    canonical: str
    to_sign: str
    signature: str
    authorization: str


class VolcengineV4:
    """Signs requests to any API of Volcengine with `access_key`, `secret_key` and maybe `session_token`.

    `service` and `region` are those of the credential's scope. Raises ConfigError for an empty one.
    """

    needs = ("access_key", "secret_key")
    timed = True

    def __init__(self, *, service: str = "ark", region: str = "cn-beijing") -> None:
        if not service or not region:
            raise ConfigError("volcengine_v4 needs a service and a region")
        self._service = service
        self._region = region

    def sign(self, request: WireRequest, secrets: Mapping[str, Secret], now: float) -> HttpRequest:
        """The signed request; its query in its canonical form. Raises MissingKeyError or InputError."""
        request = _http(request)
        made = self._made(request, secrets, now)
        fields = (*made.fields, (b"Authorization", made.authorization.encode()))
        return replace(request, target=made.target, headers=fields)

    def explain(
        self, request: WireRequest, secrets: Mapping[str, Secret], now: float
    ) -> tuple[SigningStep, ...]:
        """The intermediate texts of `sign`; a session token is masked in them."""
        made = self._made(_http(request), secrets, now)
        token = secrets.get("session_token")
        canonical = made.canonical
        if token:
            canonical = canonical.replace(f":{token.reveal()}\n", ":****\n")
        return (
            SigningStep("canonical request", canonical),
            SigningStep("string to sign", made.to_sign),
            SigningStep("signature", made.signature),
            SigningStep("Authorization", made.authorization),
        )

    def _made(self, request: HttpRequest, secrets: Mapping[str, Secret], now: float) -> _Made:
        access, secret, token = _revealed(secrets)
        date = datetime.fromtimestamp(int(now), UTC).strftime("%Y%m%dT%H%M%SZ")
        body = _digest(request)
        fields = [field for field in request.headers if field[0].lower() not in _OURS]
        if not any(name.lower() == b"host" for name, _ in fields):
            fields.append((b"Host", _host(request.origin).encode("latin-1")))
        fields += [(b"X-Date", date.encode()), (b"X-Content-Sha256", body.encode())]
        if token:
            fields.append((b"X-Security-Token", token.encode()))
        lines = _lines(fields)
        names = ";".join(lines)
        target, path, query = _canonical_target(request.target)
        canonical = "\n".join(
            (
                request.method,
                path,
                query,
                "".join([f"{name}:{value}\n" for name, value in lines.items()]),
                names,
                body,
            )
        )
        scope = f"{date[:8]}/{self._region}/{self._service}/request"
        to_sign = f"{ALGORITHM}\n{date}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
        key = secret.encode()
        for word in (date[:8], self._region, self._service, "request"):
            key = digest(key, word.encode(), "sha256")
        signature = digest(key, to_sign.encode(), "sha256").hex()
        authorization = (
            f"{ALGORITHM} Credential={access}/{scope}, SignedHeaders={names}, Signature={signature}"
        )
        return _Made(target, tuple(fields), canonical, to_sign, signature, authorization)


def _http(request: WireRequest) -> HttpRequest:
    if not isinstance(request, HttpRequest):
        raise ConfigError("volcengine_v4 signs HTTP requests; a WebSocket needs another scheme")
    return request


def _revealed(secrets: Mapping[str, Secret]) -> tuple[str, str, str]:
    found = [
        hs256.printable(secrets, name, f"the {name}")
        for name in ("access_key", "secret_key", "session_token")
    ]
    for name, value in zip(("access_key", "secret_key"), found, strict=False):
        if not value:
            raise MissingKeyError(
                f"no {name} is set",
                hint="Both halves of an access key are made at https://console.volcengine.com/iam/keymanage.",
            )
    return found[0], found[1], found[2]


def _lines(fields: HeaderFields | list[tuple[bytes, bytes]]) -> dict[str, str]:
    """The signed fields by lower-case name, in order."""
    found: dict[str, str] = {}
    for name, value in fields:
        low = name.decode("latin-1").lower()
        if low in _SIGNED or low.startswith("x-"):
            if low in found:
                raise InputError(f"the request has two headers {low!r}, which volcengine_v4 is to sign")
            text = value.decode("latin-1").strip()
            found[low] = text.removesuffix(":443").removesuffix(":80") if low == "host" else text
    return dict(sorted(found.items()))


def _canonical_target(target: bytes) -> tuple[bytes, str, str]:
    """The target to send, and the canonical path and query in it."""
    raw, _, query = target.partition(b"?")
    path = quote(unquote(raw.decode("utf-8", "replace")), safe="/~") or "/"
    pairs = [pair.partition("=") for pair in query.decode("utf-8", "replace").split("&") if pair]
    ordered = sorted([(unquote_plus(name), unquote_plus(value)) for name, _, value in pairs])
    text = "&".join([f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in ordered])
    sent = path.encode()
    return (sent + b"?" + text.encode() if text else sent), path, text


def _host(origin: str) -> str:
    scheme, _, host = origin.partition("://")
    return host.removesuffix(":443" if scheme == "https" else ":80")


def _digest(request: HttpRequest) -> str:
    body = request.body
    if isinstance(body, bytes):
        return sha256(body).hexdigest()
    whole = sha256()
    for piece in body.chunks():
        whole.update(piece)
    return whole.hexdigest()
