"""API keys of Volcengine Ark, which its control plane gives for an access key (AK) and a secret key (SK).

Read in the package volcengine-python-sdk 5.0.54 (`GetApiKey` of 2024-01-01), November 2026. Odd things: chat
itself is never signed; a key is good for the inference endpoints that it was asked for, for seven days at
most, and only the reply tells until when, in Unix seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

import msgspec

from baimo.dialect import status
from baimo.dialect.protocols import Site
from baimo.errors import AuthError, ConfigError, Error, InputError, ProviderError, WireError
from baimo.steps import Now, Read, Send, Shared, Steps
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest, WireHead, WireRequest, split_url

from .keys import HeaderKey
from .signer import Grant
from .volcengine_v4 import VolcengineV4

URL = "https://ark.{region}.volcengineapi.com"
"""The control plane of a region."""

LIFE_S = 604_800
"""Seconds for which a key is asked for: seven days, the most there are."""

MARGIN_S = 1800.0
"""Seconds before its end at which a key is no longer handed out."""

_TARGET = b"/?Action=GetApiKey&Version=2024-01-01"
_CONNECT_S, _HEAD_S, _READ_S = 10.0, 30.0, 30.0
_MAX_BODY = 1024 * 1024


class VolcengineKey:
    """Sends an API key that is fetched with `access_key` and `secret_key`, once for all calls.

    `resource` is the id of the inference endpoint (`ep-…`), preset endpoint (`ep-m-…`) or bot (`bot-…`) that
    the key is for, `project` the project of a preset endpoint. `url` is the address of the control plane;
    `{region}` in it stands for `region`.
    """

    needs = ("access_key", "secret_key")
    timed = False

    def __init__(
        self, *, resource: str = "", project: str = "", region: str = "cn-beijing", url: str = URL
    ) -> None:
        self._resource = resource
        self._project = project
        self._region = region
        self._url = url
        self._bearer = HeaderKey()
        self._signer = VolcengineV4(region=region)

    def sign(self, request: WireRequest, secrets: Mapping[str, Secret], now: float) -> WireRequest:
        """The request with the fetched key. Raises MissingKeyError where none was fetched."""
        return self._bearer.sign(request, secrets, now)

    def grant(self, site: Site, secrets: Mapping[str, Secret], stale: Grant | None) -> Shared:
        """Fetches a key; its secret is called `api_key`. Raises MissingKeyError or ConfigError."""
        if not self._resource:
            raise ConfigError(
                "an API key of Volcengine is made for one inference endpoint; set endpoint_id (ep-…)",
                provider=site.provider or None,
            )
        try:
            origin, base = split_url(self._url.replace("{region}", self._region))
        except InputError as error:
            raise ConfigError(f"the address of the control plane is wrong: {error.message}") from None
        body: dict[str, object] = {
            "DurationSeconds": LIFE_S,
            "ResourceType": _kind(self._resource),
            "ResourceIds": [self._resource],
        }
        if self._project:
            body["ProjectName"] = self._project
        wire = HttpRequest(
            method="POST",
            origin=origin,
            target=base.encode() + _TARGET,
            headers=((b"Content-Type", b"application/json"),),
            body=msgspec.json.encode(body),
        )
        self._signer.sign(wire, secrets, 0.0)  # a key that is missing is told here
        parts = (wire.url, self._resource, self._project, secrets["access_key"].reveal())
        name = sha256(chr(0).join(parts).encode("utf-8", "replace")).hexdigest()
        return Shared(key=f"volcengine {name}", make=lambda: self._fetch(wire, site, secrets), stale=stale)

    def renews(self, error: Error) -> bool:
        """Whether a fresh key may cure that refusal: the one that was sent is no longer taken."""
        return isinstance(error, AuthError)

    def _fetch(self, wire: HttpRequest, site: Site, secrets: Mapping[str, Secret]) -> Steps:
        """Fetch a key: the grant, and the seconds for which it is given out."""
        wall, _ = yield Now()
        head: WireHead = yield Send(self._signer.sign(wire, secrets, wall), _CONNECT_S, _HEAD_S)
        body = bytearray()
        while piece := (yield Read(_READ_S)):
            body += piece[: _MAX_BODY - len(body)]
        try:
            told = _reply.decode(bytes(body))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            told = _Reply()
        if told.metadata.error is not None or not 200 <= head.status < 300:
            raise _refused(head, bytes(body), told, site)
        if not told.result.key:
            raise WireError("the reply of GetApiKey holds no key")
        left = min(told.result.ends - wall, LIFE_S) if told.result.ends else LIFE_S
        lives = left - MARGIN_S if left >= 2 * MARGIN_S else max(0.0, left / 2)
        return Grant(secrets={"api_key": Secret(told.result.key)}), lives


class _Error(msgspec.Struct):
    code: str = msgspec.field(name="Code", default="")
    message: str = msgspec.field(name="Message", default="")


class _Metadata(msgspec.Struct):
    request_id: str | None = msgspec.field(name="RequestId", default=None)
    error: _Error | None = msgspec.field(name="Error", default=None)


class _Result(msgspec.Struct):
    key: str = msgspec.field(name="ApiKey", default="")
    ends: float = msgspec.field(name="ExpiredTime", default=0.0)


class _Reply(msgspec.Struct):
    metadata: _Metadata = msgspec.field(name="ResponseMetadata", default_factory=_Metadata)
    result: _Result = msgspec.field(name="Result", default_factory=_Result)


_reply = msgspec.json.Decoder(_Reply)


def _kind(resource: str) -> str:
    if resource.startswith("bot-"):
        return "bot"
    return "presetendpoint" if resource.startswith("ep-m-") else "endpoint"


_CODES: Mapping[str, type[ProviderError]] = {
    "InvalidAccessKey": AuthError,
    "SignatureDoesNotMatch": AuthError,
    "InvalidCredential": AuthError,
    "InvalidSecurityToken": AuthError,
}


def _refused(head: WireHead, body: bytes, told: _Reply, site: Site) -> ProviderError:
    error = told.metadata.error or _Error()
    code = head.status if head.status >= 400 else 400
    kind = status.classify(code, code=error.code, type=None, message=error.message, codes=_CODES)
    made = status.refusal(
        kind,
        error.message or f"GetApiKey was refused with status {head.status}",
        head=head,
        provider_code=error.code or None,
        body=body[:4096].decode("utf-8", "replace"),
        request_id=told.metadata.request_id,
    )
    made.provider = site.provider or None
    return made
