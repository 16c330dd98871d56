"""Tokens of Huawei Cloud's IAM, and the projects it knows: fetched as steps, shared by all calls.

Read at https://support.huaweicloud.com/api-iam/iam_30_0001.html, November 2026. Odd things: success is 201,
the token stands in a header field of the reply, its project and its end in the body; a token that is not
bound to a project opens no Pangu.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Literal, Protocol
from urllib.parse import quote

import msgspec
from msgspec.structs import replace

from baimo.dialect.protocols import Site
from baimo.errors import AuthError, ConfigError, Error, InputError, MissingKeyError, ProviderError, WireError
from baimo.steps import Now, Read, Send, Shared, Steps
from baimo.types.secret import Secret
from baimo.wire.http import HeaderFields, HttpRequest, WireHead, WireRequest, split_url, with_headers

from .signer import Grant

URL = "https://iam.{region}.myhuaweicloud.com"
"""IAM of a region."""

MARGIN_S = 300.0
"""Seconds before its end at which a token is no longer handed out."""

_UNTOLD_LIFE_S = 23 * 3600.0
"""How long a token is used whose reply does not tell its end: tokens live for 24 hours."""

_PROJECT_LIFE_S = 7 * 24 * 3600.0
"""How long a project's id is kept; it never changes."""

_CONNECT_S, _HEAD_S, _READ_S = 10.0, 30.0, 30.0
_MAX_BODY = 1024 * 1024

_JSON: HeaderFields = ((b"Content-Type", b"application/json"),)

_ENDED = (
    r"(?i)token[^.]{0,40}(?:expire|must be updated|invalid|no longer)|expires_at"
    r"|decrypt token|requires authentication"
)
"""How services word that a token is no longer good."""

_NO_TOKEN = r"(?i)signature|secretkey|ak access|aksk|token not found"
"""Words of the same codes for what is no token's fault."""

_ACCESS_KEY = r"[A-Z0-9]{20}"
"""What an access key looks like."""


class _RequestSigner(Protocol):
    def sign(self, request: WireRequest, secrets: Mapping[str, Secret], now: float) -> WireRequest:
        """The request with its credentials."""


class IamToken:
    """Sends a token in X-Auth-Token; it is fetched once for all calls of a credential and renewed in time.

    `method` is "password" (`iam_user`, `iam_password`, `iam_domain`: the user, the user's password, the
    account) or "hw_ak_sk" (`access_key`, `secret_key`). `url` is the address of IAM; `{region}` in it stands
    for the site's region. The token is bound to the site's project, else to that of its region.
    """

    timed = False

    def __init__(self, *, method: Literal["password", "hw_ak_sk"] = "password", url: str = URL) -> None:
        if method not in _NEEDS:
            raise ConfigError(f"unknown method {method!r}; IAM gives tokens for {' and '.join(_NEEDS)}")
        self._method = method
        self._url = url
        self.needs = _NEEDS[method]

    def sign(self, request: WireRequest, secrets: Mapping[str, Secret], now: float) -> WireRequest:
        """The request with its token. Raises MissingKeyError where none was fetched."""
        token = secrets.get("iam_token")
        if not token:
            raise MissingKeyError("no iam_token: it must be fetched before a request is signed")
        field = (b"X-Auth-Token", token.reveal().encode("ascii"))
        return replace(request, headers=with_headers(request.headers, (field,)))

    def grant(self, site: Site, secrets: Mapping[str, Secret], stale: Grant | None) -> Shared:
        """Fetches a token; its secret is called `iam_token`. Raises MissingKeyError or ConfigError."""
        values = []
        for name in self.needs:
            secret = secrets.get(name)
            if not secret:
                raise MissingKeyError(f"no {name} is set", hint=_WHERE[name])
            values.append(secret.reveal())
        if site.project is None and not site.region:
            raise ConfigError("a token needs a region or a project_id to be bound to", provider=site.provider)
        scope = {"id": site.project} if site.project is not None else {"name": site.region}
        origin, base = _address(self._url, site.region)
        identity = _IDENTITIES[self._method](*values)
        body = {"auth": {"identity": {"methods": [self._method], **identity}, "scope": {"project": scope}}}
        wire = HttpRequest(
            method="POST",
            origin=origin,
            target=f"{base}/v3/auth/tokens?nocatalog=true".encode(),
            headers=_JSON,
            body=msgspec.json.encode(body),
        )
        looks_like_keys = self._method == "password" and re.fullmatch(_ACCESS_KEY, values[0]) is not None
        return Shared(
            key=_key("token", wire.url, self._method, str(scope), *values),
            make=lambda: _token(wire, site, by_keys=looks_like_keys),
            stale=stale,
        )

    def renews(self, error: Error) -> bool:
        """Whether a fresh token may cure that refusal: it has ended. Never for a refused signature."""
        if not isinstance(error, AuthError):
            return False
        from baimo.dialect.codes import huawei

        words = f"{error.message} {error.body or ''}"
        if re.search(_NO_TOKEN, words):
            return False
        code = huawei.CODES.find(error.provider_code)
        return (code is not None and code.renews) or (
            error.status == 401 and re.search(_ENDED, words) is not None
        )


def project_of(
    site: Site, signer: _RequestSigner, secrets: Mapping[str, Secret], *, url: str, stale: Grant | None
) -> Shared:
    """The step that looks up the id of the project of the site's region. Raises ConfigError without one."""
    if not site.region:
        raise ConfigError("the address needs a project_id, or a region to look it up", provider=site.provider)
    region = site.region
    origin, base = _address(url, region)
    wire = HttpRequest(
        method="GET",
        origin=origin,
        target=f"{base}/v3/projects?name={quote(region, safe='')}".encode(),
        headers=_JSON,
    )
    access = secrets.get("access_key")

    def make() -> Steps:
        wall, _ = yield Now()
        head, body = yield from _fetched(signer.sign(wire, secrets, wall))
        if head.status != 200:
            raise _refused(head, body, site, None if head.status == 401 else _NO_PROJECT)
        return Grant(project=_only_project(body, site, region)), _PROJECT_LIFE_S

    key = _key("project", wire.url, access.reveal() if access else "")
    return Shared(key=key, make=make, stale=stale)


def _token(wire: HttpRequest, site: Site, *, by_keys: bool) -> Steps:
    """Fetch a token: the grant, and the seconds for which it is given out."""
    wall, _ = yield Now()
    head, body = yield from _fetched(wire)
    token = head.get(b"x-subject-token")
    if head.status != 201:
        if 200 <= head.status < 300:
            raise WireError(f"IAM answered with status {head.status} where 201 was due; no token was made")
        raise _refused(head, body, site, _KEYS_AS_USER if by_keys and head.status == 401 else None)
    if not token:
        raise WireError("IAM's reply carries no X-Subject-Token")
    told = _told(body)
    project = told.project.id if told.project is not None else None
    if project is None and site.project is None and getattr(site.quirks, "needs_project", False):
        raise WireError("IAM's reply names no project: the token is not bound to one")
    return Grant(secrets={"iam_token": Secret(token)}, project=project), _life(told, wall)


def _fetched(wire: WireRequest) -> Steps:
    """Send, and read the whole reply: its head and its body."""
    head: WireHead = yield Send(wire, _CONNECT_S, _HEAD_S)
    body = bytearray()
    while piece := (yield Read(_READ_S)):
        body += piece[: _MAX_BODY - len(body)]
    return head, bytes(body)


class _Project(msgspec.Struct):
    id: str | None = None
    name: str | None = None


class _Token(msgspec.Struct):
    """What of a token's description is used."""

    expires_at: str | None = None
    issued_at: str | None = None
    project: _Project | None = None


class _TokenBody(msgspec.Struct):
    token: _Token


class _Projects(msgspec.Struct):
    projects: list[_Project]


_token_body = msgspec.json.Decoder(_TokenBody)
_projects = msgspec.json.Decoder(_Projects)


def _told(body: bytes) -> _Token:
    try:
        return _token_body.decode(body).token
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _Token()


def _life(told: _Token, now: float) -> float:
    """For how many seconds from `now` the token is given out: never to its very end.

    Where our clock says that a fresh token has ended, or lives longer than IAM gave it, IAM's times count.
    """
    end, begin = _unix(told.expires_at), _unix(told.issued_at)
    if end is None:
        return _UNTOLD_LIFE_S
    left = end - now
    whole = end - begin if begin is not None else left
    if not 0 < left <= whole:
        left = max(0.0, whole)
    return left - MARGIN_S if left >= 2 * MARGIN_S else left / 2


def _unix(text: str | None) -> float | None:
    """Unix seconds of a time such as 2026-11-22T10:11:12.000000Z."""
    try:
        time = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return (time if time.tzinfo is not None else time.replace(tzinfo=UTC)).timestamp()


def _only_project(body: bytes, site: Site, region: str) -> str:
    try:
        listed = _projects.decode(body).projects
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise WireError("IAM's list of projects cannot be read") from None
    ids = [project.id for project in listed if project.id and project.name in (region, None)]
    if len(ids) != 1:
        count = "no project" if not ids else f"{len(ids)} projects"
        raise ConfigError(
            f"the account has {count} of the name {region}", hint=_NO_PROJECT, provider=site.provider or None
        )
    return ids[0]


def _refused(head: WireHead, body: bytes, site: Site, hint: str | None) -> ProviderError:
    from baimo.dialect.codes import huawei

    error = huawei.refusal(head, body, service="IAM")
    error.hint = hint or error.hint
    error.provider = site.provider or None
    return error


def _address(template: str, region: str | None) -> tuple[str, str]:
    if "{region}" in template:
        if not region:
            raise ConfigError("the address of IAM needs a region")
        template = template.replace("{region}", quote(region, safe=""))
    try:
        origin, base = split_url(template)
    except InputError as error:
        raise ConfigError(f"the address of IAM is wrong: {error.message}") from None
    return origin, base.removesuffix("/v3/auth/tokens").removesuffix("/v3")


def _key(*parts: str) -> str:
    """A name for what is shared, which tells nothing of the parts."""
    return f"huawei {parts[0]} {sha256(chr(0).join(parts).encode('utf-8', 'replace')).hexdigest()}"


def _password(user: str, password: str, domain: str) -> dict[str, Any]:
    return {"password": {"user": {"name": user, "password": password, "domain": {"name": domain}}}}


def _access(key: str, secret: str) -> dict[str, Any]:
    return {"hw_ak_sk": {"access": {"key": key}, "secret": {"key": secret}}}


_IDENTITIES: Mapping[str, Callable[..., dict[str, Any]]] = {"password": _password, "hw_ak_sk": _access}

_NEEDS: Mapping[str, tuple[str, ...]] = {
    "password": ("iam_user", "iam_password", "iam_domain"),
    "hw_ak_sk": ("access_key", "secret_key"),
}

_WHERE: Mapping[str, str] = {
    "iam_user": "It is the name of an IAM user of your account (console: IAM > Users), not the account "
    "itself.",
    "iam_password": "It is the IAM user's own password.",
    "iam_domain": "It is the account's name (console: My Credentials > API Credentials).",
    "access_key": "It is made in the console under My Credentials > Access Keys.",
    "secret_key": "It is shown once, when the access key is made (console: My Credentials > Access Keys).",
}

_KEYS_AS_USER = (
    "iam_user looks like an access key (AK): AK and SK are no user name and password. Set them as access_key "
    "and secret_key, or give an IAM user, the user's password and the account's name."
)
_NO_PROJECT = (
    "Set project_id: the console shows it under My Credentials > API Credentials, beside the region's name."
)
