"""Tokens of Microsoft Entra ID for an application: fetched as steps, shared by all calls.

Read at https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow, November 2026.
Odd things: the request is a form, not JSON; no token ever comes to renew the first one, the credentials
themselves are sent again; the scope names the service, with `/.default` behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import quote, urlencode

import msgspec
from msgspec.structs import replace

from baimo.dialect import status
from baimo.dialect.protocols import Site
from baimo.errors import (
    AuthError,
    ConfigError,
    Error,
    InputError,
    InvalidRequestError,
    MissingKeyError,
    ProviderError,
    WireError,
)
from baimo.steps import Read, Send, Shared, Steps
from baimo.types.secret import Secret
from baimo.wire.http import HeaderFields, HttpRequest, WireHead, WireRequest, split_url, with_headers

from .signer import Grant

AUTHORITY = "https://login.microsoftonline.com"
"""Who gives tokens; other clouds have one of their own."""

SCOPE = "https://ai.azure.com/.default"
"""The service that a token is for."""

MARGIN_S = 300.0
"""Seconds before its end at which a token is no longer handed out."""

_UNTOLD_LIFE_S = 3599.0
"""How long a token lives whose reply does not tell it."""

_CONNECT_S, _HEAD_S, _READ_S = 10.0, 30.0, 30.0
_MAX_BODY = 1024 * 1024

_FORM: HeaderFields = (
    (b"Content-Type", b"application/x-www-form-urlencoded"),
    (b"Accept", b"application/json"),
)

_WHERE: Mapping[str, str] = {
    "tenant_id": "It is the directory's id (portal: Entra ID > App registrations > your application).",
    "client_id": "It is the application's id (portal: Entra ID > App registrations > your application).",
    "client_secret": "It is the secret's value, not its id (portal: Certificates & secrets).",
}

_OURS = ("invalid_client", "unauthorized_client", "invalid_grant")
"""Words for credentials that are not good."""


class EntraToken:
    """Sends an application's token as bearer; it is fetched once for all calls and renewed in time.

    `authority` is the address of who gives them, `scope` the service that they are for.
    """

    timed = False
    needs = ("tenant_id", "client_id", "client_secret")

    def __init__(self, *, authority: str = AUTHORITY, scope: str = SCOPE) -> None:
        self._authority = authority
        self._scope = scope

    def sign(self, request: WireRequest, secrets: Mapping[str, Secret], now: float) -> WireRequest:
        """The request with its token. Raises MissingKeyError where none was fetched."""
        token = secrets.get("entra_token")
        if not token:
            raise MissingKeyError("no entra_token: it must be fetched before a request is signed")
        field = (b"Authorization", b"Bearer " + token.reveal().encode("ascii"))
        return replace(request, headers=with_headers(request.headers, (field,)))

    def grant(self, site: Site, secrets: Mapping[str, Secret], stale: Grant | None) -> Shared:
        """Fetches a token; its secret is called `entra_token`. Raises MissingKeyError or ConfigError."""
        values = []
        for name in self.needs:
            secret = secrets.get(name)
            if not secret:
                raise MissingKeyError(f"no {name} is set", hint=_WHERE[name])
            values.append(secret.reveal())
        tenant, client, password = values
        try:
            origin, base = split_url(self._authority)
        except InputError as error:
            raise ConfigError(f"the authority's address is wrong: {error.message}") from None
        form = {
            "grant_type": "client_credentials",
            "client_id": client,
            "client_secret": password,
            "scope": self._scope,
        }
        wire = HttpRequest(
            method="POST",
            origin=origin,
            target=f"{base}/{quote(tenant, safe='')}/oauth2/v2.0/token".encode(),
            headers=_FORM,
            body=urlencode(form).encode("ascii"),
        )
        return Shared(
            key=_key(wire.url, self._scope, client, password),
            make=lambda: _token(wire, site),
            stale=stale,
        )

    def renews(self, error: Error) -> bool:
        """Whether a fresh token may cure that refusal: it has ended."""
        return isinstance(error, AuthError) and error.status == 401


class _Token(msgspec.Struct):
    """What of a reply is used."""

    access_token: str
    expires_in: int | str | None = None


class _Refusal(msgspec.Struct):
    error: str
    error_description: str = ""
    correlation_id: str | None = None


_token_body = msgspec.json.Decoder(_Token)
_refusal_body = msgspec.json.Decoder(_Refusal)


def _token(wire: HttpRequest, site: Site) -> Steps:
    """Fetch a token: the grant, and the seconds for which it is given out."""
    head: WireHead = yield Send(wire, _CONNECT_S, _HEAD_S)
    body = bytearray()
    while piece := (yield Read(_READ_S)):
        body += piece[: _MAX_BODY - len(body)]
    if head.status != 200:
        raise _refused(head, bytes(body), site)
    try:
        told = _token_body.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise WireError("the reply of Entra ID holds no access_token") from None
    return Grant(secrets={"entra_token": Secret(told.access_token)}), _life(told.expires_in)


def _life(told: int | str | None) -> float:
    """For how many seconds the token is given out: never to its very end."""
    text = str(told)
    left = float(text) if text.isdigit() else _UNTOLD_LIFE_S
    return left - MARGIN_S if left >= 2 * MARGIN_S else left / 2


def _refused(head: WireHead, body: bytes, site: Site) -> ProviderError:
    """What a refused token means. The words hold the id by which Microsoft finds the attempt again."""
    try:
        told = _refusal_body.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        told = _Refusal(error="", error_description=f"HTTP status {head.status}")
    kind = status.by_status(head.status)
    if told.error in _OURS:
        kind = AuthError
    elif told.error == "invalid_scope":
        kind = InvalidRequestError
    first = told.error_description.partition("\r\n")[0].partition(" Trace ID")[0]
    return status.refusal(
        kind,
        f"Entra ID gave no token: {first or told.error}",
        head=head,
        provider_code=told.error or None,
        body=body[:4096].decode("utf-8", "replace"),
        request_id=told.correlation_id,
        provider=site.provider or None,
        hint=_WHERE["client_secret"] if "AADSTS7000215" in told.error_description else None,
    )


def _key(*parts: str) -> str:
    """A name for what is shared, which tells nothing of the parts."""
    return f"entra {sha256(chr(0).join(parts).encode('utf-8', 'replace')).hexdigest()}"
