"""Volcengine Ark: dated models and endpoint ids, words for errors, and the control plane that gives API keys.

A request to the control plane (`Action=GetApiKey`) must carry a right signature; the key that it gives opens
chat as well as the one of the console.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from baimo.auth.volcengine_v4 import VolcengineV4
from baimo.simulator.words import Caller, Credentials, FaceMaker, RefusedError, ServedRequest, Why
from baimo.types.chat import ChatRequest, Reasoning
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest, WireHead

from .openai import JSON, OpenAIFace, Refusal, bearer, foreign, shown

_KEY = Refusal(401, "The API key in the request is missing or invalid", "Unauthorized", "AuthenticationError")
_RATE = Refusal(
    429,
    "The Requests Per Minute (RPM) limit of the associated endpoint for your account has been exceeded",
    "TooManyRequests",
    "RateLimitExceeded.EndpointRPMExceeded",
)

_REFUSALS: Mapping[Why, Refusal] = {
    Why.MISSING_HEADER: _KEY,
    Why.WRONG_SECRET: _KEY,
    Why.EXPIRED_TOKEN: _KEY,
    Why.UNKNOWN_MODEL: Refusal(
        404,
        "The model or endpoint {detail} does not exist or you do not have access to it",
        "NotFound",
        "InvalidEndpointOrModel.NotFound",
    ),
    Why.OVER_QUOTA: Refusal(
        403,
        "The request failed because your account has an overdue balance",
        "Forbidden",
        "AccountOverdueError",
    ),
    Why.OVER_RATE: _RATE,
    Why.OVER_CONCURRENCY: _RATE,
    Why.INPUT_MODERATED: Refusal(
        400,
        "The request failed because the input text may contain sensitive information",
        "BadRequest",
        "InputTextRiskDetection",
    ),
    Why.CONTEXT_TOO_LONG: Refusal(
        400, "Total tokens of image and text exceed max message tokens", "BadRequest", "InvalidParameter"
    ),
    Why.INVALID_REQUEST: Refusal(400, "{detail}", "BadRequest", "InvalidParameter"),
    Why.NO_SUCH_ADDRESS: Refusal(404, "no such path: {detail}", "NotFound", "NotFound"),
    Why.SERVER_ERROR: Refusal(
        500,
        "The service encountered an unexpected internal error",
        "InternalServerError",
        "InternalServiceError",
    ),
    Why.OVERLOADED: Refusal(
        429, "The service is currently unable to handle this request", "TooManyRequests", "ServerOverloaded"
    ),
}

FETCHED = "fake-fetched-ark-key-00000000001234"
"""The API key that the control plane gives."""

_LIFE_S = 604_800


class VolcengineFace(OpenAIFace):
    """Ark in Beijing."""

    refusals = _REFUSALS
    makes = ("images",)

    def __init__(self, credentials: Credentials | None = None) -> None:
        given = dict((credentials or Credentials()).given)
        self._pair = {
            "access_key": given.pop("access_key", "AKLTfakefakefakefakefakefakefake0001"),
            "secret_key": given.pop("secret_key", "ZmFrZXNlY3JldGZha2VzZWNyZXQwMDAwMDAwMQ=="),
        }
        super().__init__(
            Credentials(given=given),
            name="volcengine",
            hosts=("ark.cn-beijing.volces.com", "ark.cn-beijing.volcengineapi.com"),
            endpoints={"chat": "/api/v3"},
            key="fake-ark-key-000000000000000001234",
            models=("doubao-*", "ep-*", "bot-*", "deepseek-*", "glm-*", "kimi-*"),
        )

    def credentials(self) -> dict[str, str]:
        """The API key, and the access key by which the control plane gives one."""
        return {**super().credentials(), **self._pair}

    def operation(self, request: ServedRequest) -> str | None:
        """Chat, embeddings and images, and at the root the control plane."""
        if not isinstance(request, HttpRequest):
            return None
        path, _, query = request.target.partition(b"?")
        if path == b"/" and request.method == "POST" and b"Action=GetApiKey" in query:
            return "key"
        operation = super().operation(request)
        return operation if operation in ("chat", "embed", "images") else None

    def identify(self, request: ServedRequest, now: float) -> Caller:
        """Check the API key, or of the control plane the signature. Raises RefusedError."""
        if self.operation(request) == "key":
            return self._signed(request, now)
        if hmac.compare_digest(bearer(request).encode(), FETCHED.encode()):
            return Caller(key=shown(FETCHED))
        return super().identify(request, now)

    def _signed(self, request: ServedRequest, now: float) -> Caller:
        """Sign anew, as of the request's own date, and compare."""
        assert isinstance(request, HttpRequest)  # what `operation` has looked at
        fields = {name.lower(): value for name, value in request.headers}
        line = fields.get(b"authorization", b"")
        if not line:
            raise RefusedError(Why.MISSING_HEADER, "there is no Authorization header")
        try:
            date = datetime.strptime(fields[b"x-date"].decode(), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except (KeyError, ValueError):
            raise RefusedError(Why.MISSING_HEADER, "X-Date is missing or of another form") from None
        if abs(date.timestamp() - now) > 900:
            raise RefusedError(Why.EXPIRED_TOKEN, "the clock is off by more than 15 minutes")
        named = line.partition(b"SignedHeaders=")[2].partition(b",")[0].split(b";")
        signed = tuple([(name, fields[name]) for name in named if name in fields])
        secrets = {name: Secret(value) for name, value in self._pair.items()}
        again = VolcengineV4().sign(replace(request, headers=signed), secrets, date.timestamp())
        if not hmac.compare_digest(dict(again.headers)[b"Authorization"], line):
            raise RefusedError(Why.WRONG_SECRET, "the signature is another")
        return Caller(key=shown(self._pair["access_key"]))

    def chat_request(self, request: ServedRequest) -> ChatRequest:
        """What is asked for; models think unless they are told otherwise."""
        asked = super().chat_request(request)
        switch = foreign(asked).get("thinking")
        thinks = not (isinstance(switch, dict) and switch.get("type") == "disabled")
        effort = asked.reasoning.effort if asked.reasoning is not None else None
        return replace(asked, reasoning=Reasoning(enabled=thinks, effort=effort if thinks else None))

    def refuse(
        self, why: Why, request: ServedRequest, *, detail: str = "", retry_after: float | None = None
    ) -> tuple[WireHead, bytes]:
        """Status and body of a refusal; the control plane has a form of its own."""
        told = self.refusal(why, detail)
        if self.operation(request) == "key":
            code = "SignatureDoesNotMatch" if told is _KEY else told.code
            error = {"CodeN": 100010, "Code": code, "Message": detail}
            return WireHead(told.status, JSON), msgspec.json.encode({"ResponseMetadata": {"Error": error}})
        return super().refuse(why, request, detail=detail, retry_after=None)

    def other(self, operation: str, request: ServedRequest, now: float) -> tuple[WireHead, list[bytes]]:
        """An API key for an access key, or images."""
        if operation != "key":
            return super().other(operation, request, now)
        result = {"ApiKey": FETCHED, "ExpiredTime": int(now) + _LIFE_S}
        metadata = {"RequestId": "fake-request-1", "Action": "GetApiKey", "Version": "2024-01-01"}
        body = {"ResponseMetadata": {**metadata, "Service": "ark", "Region": "cn-beijing"}, "Result": result}
        return WireHead(200, JSON), [msgspec.json.encode(body)]


FACES: Mapping[str, FaceMaker] = {"volcengine": VolcengineFace}
