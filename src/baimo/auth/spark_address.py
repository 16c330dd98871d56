"""iFlytek's URL signature: HMAC-SHA256 of host, date and request line, sent as query parameters.

Read at https://www.xfyun.cn/doc/spark/general_url_authentication.html and in the packages spark-ai-python
0.4.5 and xfyunsdkcore 0.0.3, November 2026. Odd things: a WebSocket handshake carries no Authorization field,
all three values stand in its address; the lines are joined with line feeds and none stands at the end; the
APISecret is used as the text it is, although it looks like base64; the provider's clock may be 300 s away.
Other services of iFlytek sign the body's digest besides and send plain header fields: `form="header"`.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from hmac import digest
from typing import Literal, NamedTuple
from urllib.parse import quote

from msgspec.structs import replace

from baimo.errors import ConfigError, InputError, MissingKeyError
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest, WireRequest, with_headers

from .signer import SigningStep

CLOCK_S = 300
"""How far the provider lets a clock be off, in seconds."""

# Names of our own: those of the time library follow the locale.
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_NEEDS = (
    "iFlytek's signature needs api_key and api_secret, and app_id in the request; the console shows all three"
)


def http_date(now: float) -> str:
    """A time in Unix seconds as HTTP writes it.

    >>> http_date(1683283419)
    'Fri, 05 May 2023 10:43:39 GMT'
    """
    at = datetime.fromtimestamp(int(now), UTC)
    return (
        f"{_DAYS[at.weekday()]}, {at.day:02d} {_MONTHS[at.month - 1]} {at.year:04d}"
        f" {at.hour:02d}:{at.minute:02d}:{at.second:02d} GMT"
    )


def string_to_sign(host: str, date: str, method: str, path: str, body_digest: str | None = None) -> str:
    """The text that is signed; `path` is without its query."""
    text = f"host: {host}\ndate: {date}\n{method} {path} HTTP/1.1"
    return text if body_digest is None else f"{text}\ndigest: {body_digest}"


def signature_of(text: str, api_secret: str) -> str:
    """Base64 of the HMAC, 44 characters."""
    return _base64(digest(api_secret.encode(), text.encode(), "sha256"))


def body_digest_of(body: bytes) -> str:
    """What the field `Digest` holds."""
    return "SHA-256=" + _base64(sha256(body).digest())


class _Signed(NamedTuple):
    host: str
    date: str
    body_digest: str | None
    origin: str
    signature: str

    def authorization(self, api_key: str) -> str:
        """Who signed, how and what: not yet in base64."""
        names = "host date request-line" if self.body_digest is None else "host date request-line digest"
        return (
            f'api_key="{api_key}", algorithm="hmac-sha256", headers="{names}", signature="{self.signature}"'
        )


class SparkUrl:
    """Signs handshakes and HTTP requests. `form` is "query", or "header" for services that want a digest."""

    needs = ("api_key", "api_secret")
    timed = True

    def __init__(self, *, form: Literal["query", "header"] = "query") -> None:
        if form not in ("query", "header"):
            raise ConfigError(f"the form of a signature is 'query' or 'header', not {form!r}")
        self._form = form

    def sign(self, request: WireRequest, secrets: Mapping[str, Secret], now: float) -> WireRequest:
        """The request with authorization, date and host behind its query, or in its head.

        Raises MissingKeyError for a secret that is not there, InputError for one that cannot be right.
        """
        signed = self._compute(request, secrets, now)
        authorization = signed.authorization(_text(secrets, "api_key"))
        if signed.body_digest is not None:
            fields = (
                (b"host", signed.host.encode()),
                (b"date", signed.date.encode()),
                (b"digest", signed.body_digest.encode()),
                (b"authorization", authorization.encode()),
            )
            return replace(request, headers=with_headers(request.headers, fields))
        coded = _in_query(_base64(authorization.encode()))
        query = f"authorization={coded}&date={_date_in_query(signed.date)}&host={quote(signed.host, safe='')}"
        join = b"&" if b"?" in request.target else b"?"
        return replace(request, target=request.target + join + query.encode())

    def explain(
        self, request: WireRequest, secrets: Mapping[str, Secret], now: float
    ) -> tuple[SigningStep, ...]:
        """The texts of the signature; of the key only the last characters are shown."""
        signed = self._compute(request, secrets, now)
        steps = [
            SigningStep("date", signed.date),
            SigningStep("string to sign", signed.origin),
            SigningStep("signature", signed.signature),
            SigningStep("authorization", signed.authorization(secrets["api_key"].masked())),
        ]
        if signed.body_digest is not None:
            steps.insert(1, SigningStep("digest", signed.body_digest))
        return tuple(steps)

    def _compute(self, request: WireRequest, secrets: Mapping[str, Secret], now: float) -> _Signed:
        _text(secrets, "api_key")
        api_secret = _text(secrets, "api_secret")
        method, body_digest = "GET", None
        if isinstance(request, HttpRequest):
            method = request.method
            if self._form == "header":
                body = request.body
                body_digest = body_digest_of(body if isinstance(body, bytes) else b"".join(body.chunks()))
        elif self._form == "header":
            raise InputError("a handshake has no body to sign: the form of the signature must be 'query'")
        host, date = _host(request), http_date(now)
        path = request.target.partition(b"?")[0].decode("ascii") or "/"
        origin = string_to_sign(host, date, method, path, body_digest)
        return _Signed(host, date, body_digest, origin, signature_of(origin, api_secret))


def _host(request: WireRequest) -> str:
    """The host as the server sees it: a field of the caller's own wins over the address."""
    for name, value in request.headers:
        if name.lower() == b"host":
            return value.decode("latin-1")
    return request.origin.partition("://")[2]


def _text(secrets: Mapping[str, Secret], name: str) -> str:
    secret = secrets.get(name)
    if not secret:
        raise MissingKeyError(f"no {name} is set: {_NEEDS}")
    text = secret.reveal()
    if not text.isascii() or not text.isprintable() or " " in text or '"' in text:
        raise InputError(f"the {name} holds spaces, quotes or characters outside ASCII; copy it again")
    return text


def _base64(data: bytes) -> str:
    return b2a_base64(data, newline=False).decode("ascii")


def _in_query(text: str) -> str:
    """Base64 as a query may hold it."""
    return text.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")


def _date_in_query(date: str) -> str:
    return date.replace(",", "%2C").replace(":", "%3A").replace(" ", "+")
