"""Baidu's access tokens: fetched with the key and secret of an application, sent in the address.

Read at https://ai.baidu.com/ai-doc/REFERENCE/Ck3dwjhhu and in the package qianfan 0.4.12.3, November 2026.
Odd things: the credentials stand in the query of a POST without a body; tokens live for 30 days; a refused
token is told by a number in a reply with status 200.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Literal
from urllib.parse import quote

import msgspec
from msgspec.structs import replace

from baimo.dialect.protocols import Site
from baimo.errors import AuthError, ConfigError, Error, InputError, MissingKeyError, ProviderError, WireError
from baimo.steps import Read, Send, Shared, Steps
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest, WireHead, WireRequest, split_url

from .signer import Grant

PATH = "/oauth/2.0/token"
"""Where tokens are made, at the host that they are for."""

_MARGIN_S = 3600.0
"""Seconds before its end at which a token is no longer handed out; at the most half of its life."""

_UNTOLD_LIFE_S = 24 * 3600.0
"""How long a token is used whose reply does not tell its life."""

_CONNECT_S, _HEAD_S, _READ_S = 10.0, 30.0, 30.0
_MAX_BODY = 1024 * 1024

_WHERE = (
    "It is the API Key or the Secret Key of an application in the console of Qianfan (应用接入), which is no "
    "access key of the account and no key that begins with bce-v3/."
)

_NEEDS: Mapping[str, tuple[str, ...]] = {
    "client_credentials": ("app_key", "app_secret"),
    "given": ("access_token",),
}


class AccessToken:
    """Puts `access_token` into the query of every request.

    `method` is "client_credentials" (`app_key`, `app_secret`: the token is fetched once for all calls of a
    credential, and again when it is refused) or "given" (`access_token`, somebody else's business). `url` is
    where tokens are made, else the host that is called.
    """

    timed = False

    def __init__(
        self, *, method: Literal["client_credentials", "given"] = "client_credentials", url: str = ""
    ) -> None:
        if method not in _NEEDS:
            raise ConfigError(f"unknown method {method!r}; an access token is {' or '.join(_NEEDS)}")
        self._method = method
        self._url = url
        self.needs = _NEEDS[method]

    def sign(self, request: WireRequest, secrets: Mapping[str, Secret], now: float) -> WireRequest:
        """The request with its token. Raises MissingKeyError where there is none."""
        token = secrets.get("access_token")
        if not token:
            raise MissingKeyError("no access_token: it must be fetched before a request is signed")
        mark = b"&" if b"?" in request.target else b"?"
        told = quote(token.reveal(), safe="").encode()
        return replace(request, target=request.target + mark + b"access_token=" + told)

    def grant(self, site: Site, secrets: Mapping[str, Secret], stale: Grant | None) -> Shared | None:
        """Fetches a token, unless one was given. Raises MissingKeyError or ConfigError."""
        if self._method == "given":
            return None
        values = []
        for name in self.needs:
            secret = secrets.get(name)
            if not secret:
                raise MissingKeyError(f"no {name} is set", hint=_WHERE)
            values.append(secret.reveal())
        origin, path = self._address(site)
        told = [f"{name}={quote(v, safe='')}" for name, v in zip(_FIELDS, values, strict=True)]
        query = "&".join(("grant_type=client_credentials", *told))
        wire = HttpRequest(
            method="POST",
            origin=origin,
            target=f"{path}?{query}".encode(),
            headers=((b"Content-Type", b"application/json"), (b"Accept", b"application/json")),
        )
        key = sha256(chr(0).join((origin, path, *values)).encode("utf-8", "replace")).hexdigest()
        return Shared(key=f"baidu token {key}", make=lambda: _token(wire, site), stale=stale)

    def renews(self, error: Error) -> bool:
        """Whether a fresh token may cure that refusal: the token is wrong or has ended."""
        if self._method == "given" or not isinstance(error, AuthError):
            return False
        from baimo.dialect.codes import baidu

        code = baidu.CODES.find(error.provider_code)
        return code is not None and code.renews

    def _address(self, site: Site) -> tuple[str, str]:
        try:
            origin, path = split_url(self._url or site.base_url)
        except InputError as error:
            raise ConfigError(f"the address of tokens is wrong: {error.message}") from None
        return origin, path if self._url and path else PATH


_FIELDS = ("client_id", "client_secret")


class _Told(msgspec.Struct):
    access_token: str | None = None
    expires_in: float | None = None
    error: str | None = None
    error_description: str | None = None


_told = msgspec.json.Decoder(_Told)


def _token(wire: HttpRequest, site: Site) -> Steps:
    """Fetch a token: the grant, and the seconds for which it is given out."""
    head: WireHead = yield Send(wire, _CONNECT_S, _HEAD_S)
    body = bytearray()
    while piece := (yield Read(_READ_S)):
        body += piece[: _MAX_BODY - len(body)]
    try:
        told = _told.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        told = _Told()
    if told.error is not None or head.status >= 400:
        raise _refused(head, told, site)
    if not told.access_token:
        raise WireError("the reply carries no access_token")
    life = told.expires_in if told.expires_in is not None and told.expires_in > 0 else _UNTOLD_LIFE_S
    grant = Grant(secrets={"access_token": Secret(told.access_token)})
    return grant, max(life - _MARGIN_S, life / 2)


def _refused(head: WireHead, told: _Told, site: Site) -> ProviderError:
    """An application that is not known, or whose secret is another, is an AuthError whatever the status."""
    from baimo.dialect.status import by_status

    is_client = told.error in ("invalid_client", "invalid_request", "unauthorized_client")
    kind = AuthError if is_client or head.status == 401 else by_status(max(head.status, 400))
    error = kind(
        told.error_description or told.error or f"HTTP status {head.status} where a token was due",
        status=head.status,
        provider_code=told.error,
        hint=_WHERE if kind is AuthError else None,
    )
    error.provider = site.provider or None
    return error
