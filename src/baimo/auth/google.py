"""Access tokens of Google Cloud: fetched as steps with a service account's key, shared by all calls.

Read at https://developers.google.com/identity/protocols/oauth2/service-account and in google-auth 2, November
2026. The key file of a service account signs a short claim (a JWT by RS256), for which the token service
gives an access token that lives for an hour; the file that `gcloud auth application-default login` writes
holds a refresh token instead. RS256 needs the package `cryptography`.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import msgspec
from msgspec.structs import replace

from baimo.dialect.protocols import Site
from baimo.errors import (
    AuthError,
    ConfigError,
    Error,
    InputError,
    MissingExtraError,
    MissingKeyError,
    ProviderError,
    WireError,
)
from baimo.steps import Now, Read, Send, Shared, Steps
from baimo.types.secret import Secret
from baimo.wire.http import HeaderFields, HttpRequest, WireHead, WireRequest, split_url, with_headers

from .signer import Grant

URL = "https://oauth2.googleapis.com/token"
"""The token service, where a key file names none."""

SCOPE = "https://www.googleapis.com/auth/cloud-platform"

MARGIN_S = 300.0
"""Seconds before its end at which a token is no longer handed out."""

_LIFE_S = 3600
_GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_CONNECT_S, _HEAD_S, _READ_S = 10.0, 30.0, 30.0
_MAX_BODY = 1024 * 1024
_FORM: HeaderFields = ((b"Content-Type", b"application/x-www-form-urlencoded"),)
_LOOPBACK = r"http://(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$"

_WHERE = (
    "It is the text of a service account's key file (console: IAM & Admin > Service Accounts > Keys > JSON): "
    'service_account = { file = "key.json" }, or GOOGLE_APPLICATION_CREDENTIALS with its path.'
)


class KeyFile(msgspec.Struct, kw_only=True):
    """What of a key file is used."""

    type: str = ""
    client_email: str = ""
    private_key: str = ""
    private_key_id: str = ""
    token_uri: str = ""
    client_id: str = ""
    client_secret: str = ""
    refresh_token: str = ""


_key_file = msgspec.json.Decoder(KeyFile)


class GoogleToken:
    """Sends an access token as a bearer; it is fetched once for all calls of a key and renewed in time.

    The secret `service_account` is the text of a key file. `url` is the token service's address, where it
    is not the one that the file names; `scope` what the token is for.
    """

    timed = False
    needs = ("service_account",)

    def __init__(self, *, url: str = "", scope: str = SCOPE) -> None:
        self._url = url
        self._scope = scope

    def sign(self, request: WireRequest, secrets: Mapping[str, Secret], now: float) -> WireRequest:
        """The request with its token. Raises MissingKeyError where none was fetched."""
        token = secrets.get("google_token")
        if not token:
            raise MissingKeyError("no google_token: it must be fetched before a request is signed")
        field = (b"Authorization", b"Bearer " + token.reveal().encode("ascii", "replace"))
        return replace(request, headers=with_headers(request.headers, (field,)))

    def grant(self, site: Site, secrets: Mapping[str, Secret], stale: Grant | None) -> Shared:
        """Fetches a token; its secret is called `google_token`. Raises MissingKeyError or ConfigError."""
        secret = secrets.get("service_account")
        if not secret:
            raise MissingKeyError("no service_account is set", hint=_WHERE)
        text = secret.reveal()
        file = read_key_file(text)
        url = self._url or file.token_uri or URL
        origin, path = _address(url)
        named = sha256(f"{url}\0{self._scope}\0{text}".encode("utf-8", "replace")).hexdigest()
        wire = HttpRequest(method="POST", origin=origin, target=path.encode(), headers=_FORM)
        return Shared(
            key=f"google token {named}", make=lambda: _token(wire, file, url, self._scope, site), stale=stale
        )

    def renews(self, error: Error) -> bool:
        """Whether a fresh token may cure that refusal: it has ended. Never for another kind of credential."""
        return isinstance(error, AuthError) and error.status == 401 and error.provider_code in _RENEWED


_RENEWED = ("ACCESS_TOKEN_EXPIRED", "UNAUTHENTICATED", "401", None)


def read_key_file(text: str) -> KeyFile:
    """A key file that can be used. Raises ConfigError that says what is wrong with it, and nothing of it."""
    try:
        file = _key_file.decode(text)
    except (msgspec.MsgspecError, UnicodeError):
        raise ConfigError("service_account is no key file of Google Cloud", hint=_WHERE) from None
    wanted: tuple[str, ...]
    if file.type == "service_account":
        wanted = ("client_email", "private_key")
    elif file.type == "authorized_user":
        wanted = ("client_id", "client_secret", "refresh_token")
    else:
        raise ConfigError(
            f"a key file of the type {file.type!r} cannot be used; it must be service_account or "
            "authorized_user",
            hint=_WHERE,
        )
    for name in wanted:
        if not getattr(file, name):
            raise ConfigError(f"the key file has no {name}", hint=_WHERE)
    return file


def assertion(file: KeyFile, url: str, scope: str, now: float) -> str:
    """The signed claim of a service account: a JWT by RS256, good for an hour from `now`."""
    head = {"alg": "RS256", "typ": "JWT"}
    if file.private_key_id:
        head["kid"] = file.private_key_id
    issued = int(now)
    claim = {"iss": file.client_email, "scope": scope, "aud": url, "iat": issued, "exp": issued + _LIFE_S}
    signed = f"{_encoded(msgspec.json.encode(head))}.{_encoded(msgspec.json.encode(claim))}"
    return f"{signed}.{_encoded(rs256(file.private_key, signed.encode()))}"


def rs256(pem: str, message: bytes) -> bytes:
    """The signature of a message by RSA with SHA-256. Raises MissingExtraError, or ConfigError for a key that
    is none."""
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import padding, rsa
    except ImportError as error:
        raise MissingExtraError(
            "keys of service accounts need the package cryptography", hint="pip install 'baimo[google]'"
        ) from error
    try:
        key: Any = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ConfigError("the key file's private_key is no RSA key", hint=_WHERE)
    return key.sign(message, padding.PKCS1v15(), hashes.SHA256())


def _encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _token(wire: HttpRequest, file: KeyFile, url: str, scope: str, site: Site) -> Steps:
    """Fetch a token: the grant, and the seconds for which it is given out."""
    wall, _ = yield Now()
    if file.type == "service_account":
        form = {"grant_type": _GRANT_TYPE, "assertion": assertion(file, url, scope, wall)}
    else:
        form = {
            "grant_type": "refresh_token",
            "client_id": file.client_id,
            "client_secret": file.client_secret,
            "refresh_token": file.refresh_token,
        }
    head: WireHead = yield Send(replace(wire, body=urlencode(form).encode()), _CONNECT_S, _HEAD_S)
    body = bytearray()
    while piece := (yield Read(_READ_S)):
        body += piece[: _MAX_BODY - len(body)]
    if head.status != 200:
        raise _refused(head, bytes(body), site)
    return _granted(bytes(body))


class _Reply(msgspec.Struct):
    access_token: str
    expires_in: float = float(_LIFE_S)


class _Refusal(msgspec.Struct):
    error: str = ""
    error_description: str = ""


_reply = msgspec.json.Decoder(_Reply)
_refusal = msgspec.json.Decoder(_Refusal)


def _granted(body: bytes) -> tuple[Grant, float]:
    try:
        reply = _reply.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise WireError("the token service's reply holds no access_token") from None
    left = reply.expires_in
    lives = left - MARGIN_S if left >= 2 * MARGIN_S else left / 2
    return Grant(secrets={"google_token": Secret(reply.access_token)}), lives


_CURES = {
    "invalid_grant": "The key was deleted, the account switched off, or this machine's clock is wrong; after "
    "`gcloud auth application-default login` an older login is no longer good.",
    "invalid_client": "The key file's client is not known: log in anew.",
}


def _refused(head: WireHead, body: bytes, site: Site) -> ProviderError:
    from baimo.dialect.status import by_status

    try:
        told = _refusal.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        told = _Refusal()
    kind = (
        AuthError
        if told.error in (*_CURES, "unauthorized_client", "access_denied")
        else by_status(head.status)
    )
    said = told.error_description or told.error or f"HTTP status {head.status}"
    return kind(
        f"Google's token service gave no token: {said[:400]}",
        status=head.status,
        provider_code=told.error or None,
        hint=_CURES.get(told.error),
        provider=site.provider or None,
    )


def _address(url: str) -> tuple[str, str]:
    """Origin and path of the token service: over TLS, or on this very machine."""
    try:
        origin, path = split_url(url)
    except InputError as error:
        raise ConfigError(f"the address of the token service is wrong: {error.message}") from None
    if not origin.startswith("https://") and re.fullmatch(_LOOPBACK, origin) is None:
        raise ConfigError(f"the address of the token service must begin with https://, not as {origin} does")
    return origin, path or "/"
