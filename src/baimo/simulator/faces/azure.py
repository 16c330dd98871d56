"""Azure OpenAI: both of OpenAI's wires under one resource, in the form of v1 and in the dated one.

A deployment stands in the body, in the dated form in the path; a key comes in `api-key`, or a token of Entra
ID as bearer, which this face makes itself for an application's credentials.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from urllib.parse import parse_qs

import msgspec

from baimo.simulator.words import Caller, Credentials, FaceMaker, RefusedError, ServedRequest, Why
from baimo.wire.http import HttpRequest, WireHead

from .openai import JSON, OPENAI, Refusal, bearer, shown
from .responses import PlatformFace

_DENIED = (
    "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key "
    "for an active subscription and use a correct regional API endpoint for your resource."
)

_REFUSALS: Mapping[Why, Refusal] = {
    **OPENAI,
    Why.MISSING_HEADER: Refusal(401, _DENIED, "", "401"),
    Why.WRONG_SECRET: Refusal(401, _DENIED, "", "401"),
    Why.EXPIRED_TOKEN: Refusal(401, "The access token has expired.", "", "Unauthorized"),
    Why.UNKNOWN_MODEL: Refusal(
        404, "The API deployment for this resource does not exist: {detail}", "", "DeploymentNotFound"
    ),
    Why.OVER_RATE: Refusal(429, "Rate limit is exceeded: {detail}", "", "429"),
    Why.OVER_CONCURRENCY: Refusal(429, "Rate limit is exceeded: {detail}", "", "429"),
    Why.INPUT_MODERATED: Refusal(
        400, "The prompt triggered the content management policy", "", "content_filter", "prompt"
    ),
    Why.NO_SUCH_ADDRESS: Refusal(404, "Resource not found: {detail}", "", "404"),
}

_TOKEN = b"/oauth2/v2.0/token"
_LIFE_S = 3599
_WRONG = "AADSTS7000215: Invalid client secret provided."


class AzureFace(PlatformFace):
    """One resource. `token_life_s` may be set, `made` counts the tokens that were given."""

    refusals = _REFUSALS

    def __init__(self, credentials: Credentials | None = None) -> None:
        own = {
            "api_key": "fake00000000azure000000000key1234",
            "ad_token": "eyFakeTokenOfNobody.0.1234",
            "tenant_id": "00000000-0000-4000-8000-0000000fa0e1",
            "client_id": "00000000-0000-4000-8000-0000000fa0e2",
            "client_secret": "fake-client-secret-of-nobody",
        }
        self._credentials = (credentials or Credentials()).over(own)
        self.token_life_s = float(_LIFE_S)
        self.made = 0
        self._ends: dict[str, float] = {}
        bases = dict.fromkeys(("entra", "key", "app", "responses"), "/openai/v1")
        super().__init__(
            name="azure",
            hosts=("*.openai.azure.com", "*.services.ai.azure.com", "login.microsoftonline.com"),
            endpoints={**bases, "dated": "/openai"},
            models=("gpt-*", "o?", "o?-*", "text-embedding-*"),
        )

    def credentials(self) -> dict[str, str]:
        """A key, a token, and an application's credentials."""
        return dict(self._credentials)

    def configuration(self, origin: str) -> dict[str, dict[str, object]]:
        """For each endpoint the resource here and what it is opened with."""
        app = {name: self._credentials[name] for name in ("tenant_id", "client_id", "client_secret")}
        key = {"resource": origin, "api_key": self._credentials["api_key"]}
        return {
            "key": {"endpoint": "key", **key},
            "entra": {"endpoint": "entra", "resource": origin, "ad_token": self._credentials["ad_token"]},
            "app": {"endpoint": "app", "resource": origin, "authority": origin, **app},
            "responses": {"endpoint": "responses", **key},
            "dated": {"endpoint": "dated", **key},
        }

    def operation(self, request: ServedRequest) -> str | None:
        """As the platform's, and tokens."""
        if isinstance(request, HttpRequest) and _path(request).endswith(_TOKEN):
            return "token" if request.method == "POST" else None
        return super().operation(request)

    def identify(self, request: ServedRequest, now: float) -> Caller:
        """Check the key, the token, or an application's secret. Raises RefusedError."""
        if isinstance(request, HttpRequest) and _path(request).endswith(_TOKEN):
            return self._application(request)
        sent = next((value.decode("latin-1") for name, value in request.headers if name == b"api-key"), None)
        if sent is not None:
            known = self._credentials["api_key"]
        else:
            sent, known = bearer(request), self._credentials["ad_token"]
            if sent in self._ends:
                if self._ends[sent] <= now:
                    raise RefusedError(Why.EXPIRED_TOKEN, "the token has ended")
                return Caller(key=shown(sent))
        if not hmac.compare_digest(sent.encode(), known.encode()):
            raise RefusedError(Why.WRONG_SECRET, "the key is another")
        return Caller(key=shown(known))

    def refuse(
        self, why: Why, request: ServedRequest, *, detail: str = "", retry_after: float | None = None
    ) -> tuple[WireHead, bytes]:
        """Azure's shape; of a token that was not given, Entra ID's."""
        if isinstance(request, HttpRequest) and _path(request).endswith(_TOKEN):
            told = {"error": "invalid_client", "error_description": f"{_WRONG} Trace ID: 0"}
            return WireHead(401, JSON), msgspec.json.encode(told)
        head, body = super().refuse(why, request, detail=detail, retry_after=retry_after)
        error = msgspec.json.decode(body)["error"]
        error = {name: value for name, value in error.items() if value}
        if why is Why.INPUT_MODERATED:
            error["innererror"] = {"code": "ResponsibleAIPolicyViolation"}
        return head, msgspec.json.encode({"error": error})

    def other(self, operation: str, request: ServedRequest, now: float) -> tuple[WireHead, list[bytes]]:
        """A token, or what the platform answers."""
        if operation != "token":
            return super().other(operation, request, now)
        self.made += 1
        token = f"eyFakeTokenOfNobody.{self.made}.1234"
        self._ends[token] = now + self.token_life_s
        told = {"token_type": "Bearer", "expires_in": int(self.token_life_s), "access_token": token}
        return WireHead(200, JSON), [msgspec.json.encode(told)]

    def _application(self, request: HttpRequest) -> Caller:
        assert isinstance(request.body, bytes)  # what a server has received
        form = {name: values[0] for name, values in parse_qs(request.body.decode("latin-1")).items()}
        known = self._credentials
        asked = (form.get("client_id"), form.get("client_secret"), form.get("grant_type"))
        tenant = f"/{known['tenant_id']}/".encode()
        if asked != (known["client_id"], known["client_secret"], "client_credentials") or tenant not in _path(
            request
        ):
            raise RefusedError(Why.WRONG_SECRET, "the application's credentials are others")
        return Caller(key=shown(known["client_id"]))


def _path(request: HttpRequest) -> bytes:
    return request.target.partition(b"?")[0]


FACES: Mapping[str, FaceMaker] = {"azure": AzureFace}
