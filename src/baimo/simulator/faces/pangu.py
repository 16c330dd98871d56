"""Huawei's Pangu in both of its forms, with IAM beside it, and ModelArts MaaS.

V1 takes a signature by access key, a token of IAM or an AppCode; V2 and MaaS take a bearer key only. The
gateway's refusals have one form: `{error_code, error_msg, request_id}`.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from fnmatch import fnmatchcase

import msgspec

from baimo.dialect.protocols import ChatEncoder
from baimo.dialects.openai_chat import DIALECT as OPENAI
from baimo.dialects.openai_chat.manner import Manner
from baimo.dialects.pangu import DIALECT as V1
from baimo.dialects.pangu.address import deployment_in
from baimo.simulator.words import (
    Caller,
    Credentials,
    FaceMaker,
    RefusedError,
    ServedRequest,
    Why,
    names_host,
    without_fault,
)
from baimo.types.chat import ChatRequest, FinishReason
from baimo.types.events import Finished
from baimo.wire.http import HttpRequest, WireHead

from .iam import BAD_TOKEN, LOCKED, SIGNATURE, Iam, header
from .openai import OpenAIFace, bearer, shown

_V2 = "/api/v2"
_IAM_WORDS = "Incorrect IAM authentication information: "
_APP_WORDS = "Incorrect app authentication information: app not found, appkey ****"


class Refusal(msgspec.Struct, frozen=True):
    """One refusal; `{detail}` stands for the reason."""

    status: int
    code: str
    message: str


_NO_API = Refusal(404, "APIG.0101", "The API does not exist or has not been published in the environment")
_NO_RESOURCE = Refusal(404, "PANGU.3254", "The requested resource does not exist.")
_BUSY = Refusal(
    429, "APIG.0308", "The throttling threshold has been reached: policy user over ratelimit. {detail}"
)

_REFUSALS: Mapping[Why, Refusal] = {
    Why.WRONG_SECRET: Refusal(401, "APIG.0301", _IAM_WORDS + SIGNATURE),
    Why.UNKNOWN_KEY: Refusal(401, "APIG.0301", _IAM_WORDS + "Get secretKey failed,err:ak not exist"),
    Why.SKEWED_CLOCK: Refusal(401, "APIG.0301", _IAM_WORDS + "calc ak sk signature fail:signature expired"),
    Why.WRONG_HOST: _NO_API,
    Why.MISSING_HEADER: Refusal(401, "APIG.0301", _IAM_WORDS + "x-auth-token not found"),
    Why.EXPIRED_TOKEN: Refusal(401, "APIG.0301", _IAM_WORDS + "{detail}"),
    Why.WRONG_APP_ID: Refusal(401, "APIG.0303", _APP_WORDS),
    Why.UNKNOWN_MODEL: _NO_RESOURCE,
    Why.UNKNOWN_DOMAIN: _NO_RESOURCE,
    Why.UNKNOWN_DEPLOYMENT: _NO_RESOURCE,
    Why.MISSING_PROJECT_SCOPE: Refusal(401, "PANGU.0011", "Authentication failed."),
    Why.OVER_QUOTA: Refusal(403, "ModelArts.81005", "The free quota has been used up."),
    Why.OVER_RATE: _BUSY,
    Why.OVER_CONCURRENCY: Refusal(429, "PANGU.3267", "qps exceed the limit."),
    Why.INPUT_MODERATED: Refusal(403, "ModelArts.81011", "The content may contain sensitive information."),
    Why.OUTPUT_MODERATED: Refusal(403, "ModelArts.81011", "The content may contain sensitive information."),
    Why.CONTEXT_TOO_LONG: Refusal(400, "PANGU.3318", "The content is too long."),
    Why.INVALID_REQUEST: Refusal(400, "PANGU.0010", "parameter illegal. {detail}"),
    Why.NO_SUCH_ADDRESS: _NO_API,
    Why.SERVER_ERROR: Refusal(500, "PANGU.0001", "unknown error."),
    Why.OVERLOADED: Refusal(503, "ModelArts.4203", "The service is unavailable."),
}

_V2_REFUSALS: Mapping[Why, Refusal] = {
    **_REFUSALS,
    Why.WRONG_SECRET: Refusal(401, "PANGU.0011", "Authentication failed."),
    Why.UNKNOWN_KEY: Refusal(401, "PANGU.0011", "Authentication failed."),
    Why.MISSING_HEADER: Refusal(401, "PANGU.0012", "Authentication information is missing."),
}

_MAAS_REFUSALS: Mapping[Why, Refusal] = {
    **_REFUSALS,
    Why.WRONG_SECRET: Refusal(401, "ModelArts.81003", "Invalid api key."),
    Why.UNKNOWN_KEY: Refusal(401, "ModelArts.81003", "Invalid api key."),
    Why.MISSING_HEADER: Refusal(400, "ModelArts.81002", "Invalid Authorization header."),
    Why.EXPIRED_TOKEN: Refusal(401, "ModelArts.81003", "Invalid api key."),
    Why.UNKNOWN_MODEL: Refusal(404, "ModelArts.81009", "Invalid model: {detail}"),
    Why.OVER_RATE: Refusal(429, "ModelArts.81101", "Too many requests, exceeded rate limit. {detail}"),
    Why.OVER_CONCURRENCY: Refusal(429, "ModelArts.81101", "Too many requests, exceeded rate limit."),
    Why.INPUT_MODERATED: Refusal(400, "ModelArts.81013", "The input did not pass the content check."),
    Why.INVALID_REQUEST: Refusal(400, "ModelArts.81001", "Invalid request body: {detail}"),
    Why.SERVER_ERROR: Refusal(500, "PANGU.0031", "inner service exception."),
}


class PanguFace:
    """Pangu's V1, its form with pools, its V2, and IAM, under one address.

    `iam` makes the tokens: its `token_life_s` may be set, its `made` counts them.
    """

    name = "pangu"
    hosts = ("pangu.*.myhuaweicloud.com", "iam.*.myhuaweicloud.com", "iam.myhuaweicloud.com")
    region = "cn-southwest-2"
    project = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
    deployments = ("????????-????-????-????-????????????", "pangu-*")
    """Patterns of the deployments, and of V2's models, that are there."""

    def __init__(self, credentials: Credentials | None = None) -> None:
        own = {
            "access_key": "AKFAKE00000000000001",
            "secret_key": "fakeSecretKeyOfNobody0000000000000000001",
            "security_token": "fake-security-token",
            "iam_user": "fake-iam-user",
            "iam_password": "fake-iam-password",
            "iam_domain": "fake-account",
            "app_code": "fake-app-code-of-nobody",
            "api_key": "fake-pangu-api-key",
        }
        self._credentials = (credentials or Credentials()).over(own)
        self.iam = Iam(self._credentials, region=self.region, project=self.project)

    def credentials(self) -> dict[str, str]:
        """Every credential that is taken."""
        return dict(self._credentials)

    def configuration(self, origin: str) -> dict[str, dict[str, object]]:
        """V1 by access key, with the project looked up at IAM under the same address, and V2."""
        return {"v1": self.configured_by(origin, "access_key", "secret_key"), "v2": self._v2(origin)}

    def configured_by(self, origin: str, *secrets: str) -> dict[str, object]:
        """The table for V1 with those secrets: `iam_user iam_password iam_domain`, or `app_code`."""
        chosen = {name: self._credentials[name] for name in secrets}
        project = {"project_id": self.project} if "app_code" in chosen else {}
        return {"base_url": origin, "iam_endpoint": origin, "region": self.region, **project, **chosen}

    def operation(self, request: ServedRequest) -> str | None:
        """Chat in either form, or a service of IAM."""
        if not isinstance(request, HttpRequest):
            return None
        if _is_v2(request):
            path = request.target.partition(b"?")[0]
            wanted = request.method == "POST" and path == f"{_V2}/chat/completions".encode()
            return "chat" if wanted else None
        return self.iam.operation(request) or V1.operation(request.method, request.target, request.headers)

    def identify(self, request: ServedRequest, now: float) -> Caller:
        """Check host and credential. Raises RefusedError, or InputError for a login that cannot be read."""
        assert isinstance(request, HttpRequest)
        if not names_host(header(request, b"host") or "", self.hosts):
            raise RefusedError(Why.WRONG_HOST, "no such host here")
        if _is_v2(request):
            return self._by_key(request, "api_key", bearer(request))
        if self.iam.operation(request) == "token":
            return self.iam.check_login(request)
        code, token = header(request, b"x-apig-appcode"), header(request, b"x-auth-token")
        if code is not None and self.iam.operation(request) is None:
            return self._by_key(request, "app_code", code)
        if token is not None:
            return self._by_token(request, token, now)
        if header(request, b"authorization") is not None:
            caller = self.iam.check_signature(request, now)
            self._check_project(request, caller.project)
            return caller
        raise RefusedError(Why.MISSING_HEADER, "no X-Auth-Token, X-Apig-AppCode or signature")

    def chat_request(self, request: ServedRequest) -> ChatRequest:
        """What is asked for. Raises InputError, or RefusedError for an unknown project or deployment."""
        assert isinstance(request, HttpRequest)
        asked = OPENAI.decode_request(request) if _is_v2(request) else V1.decode_request(request)
        name = without_fault(asked.model)
        if not any(fnmatchcase(name, pattern) for pattern in self.deployments):
            why = Why.UNKNOWN_MODEL if _is_v2(request) else Why.UNKNOWN_DEPLOYMENT
            raise RefusedError(why, f"no deployment {name!r}; there is {' and '.join(self.deployments)}")
        return asked

    def encoder(self, request: ServedRequest, asked: ChatRequest) -> ChatEncoder:
        """Writes the reply."""
        if _is_v2(request):
            return OPENAI.encoder(asked, Manner(usage="every", space=False))
        return V1.encoder(asked)

    def refuse(
        self, why: Why, request: ServedRequest, *, detail: str = "", retry_after: float | None = None
    ) -> tuple[WireHead, bytes]:
        """The gateway's refusal, or IAM's."""
        if isinstance(request, HttpRequest) and self.iam.operation(request) == "token":
            return self.iam.refuse(why, detail)
        return _told(self._refusal(why, request, detail), detail, retry_after)

    def interrupt(self, why: Why, request: ServedRequest, encoder: ChatEncoder) -> list[bytes]:
        """Moderated output ends with its finish reason; a failure is a chunk without choices."""
        return _interrupted(self._refusal(why, request, ""), why, encoder)

    def other(self, operation: str, request: ServedRequest, now: float) -> tuple[WireHead, list[bytes]]:
        """A token, or the projects."""
        assert isinstance(request, HttpRequest)
        made = self.iam.make_token(request, now) if operation == "token" else self.iam.list_projects(request)
        return made[0], [made[1]]

    def _v2(self, origin: str) -> dict[str, object]:
        return {"base_url": origin + _V2, "region": self.region, "api_key": self._credentials["api_key"]}

    def _by_key(self, request: HttpRequest, name: str, sent: str) -> Caller:
        known = self._credentials[name]
        if not hmac.compare_digest(known.encode(), sent.encode()):
            raise RefusedError(
                Why.WRONG_APP_ID if name == "app_code" else Why.WRONG_SECRET, f"{name} is another"
            )
        self._check_project(request, self.project)
        return Caller(key=shown(known), project=self.project)

    def _by_token(self, request: HttpRequest, token: str, now: float) -> Caller:
        issued = self.iam.check_token(token, now)
        if issued.project is None and self.iam.operation(request) is None:
            raise RefusedError(
                Why.MISSING_PROJECT_SCOPE, "the token is bound to the account, not to a project"
            )
        self._check_project(request, issued.project)
        return Caller(key=self._credentials["iam_user"], project=issued.project)

    def _check_project(self, request: HttpRequest, project: str | None) -> None:
        """Raises RefusedError where the address names another project than the credential's."""
        named = deployment_in(request.target)
        if named is not None and named[0] != project:
            raise RefusedError(Why.UNKNOWN_DEPLOYMENT, f"no project {named[0]!r} for this credential")

    def _refusal(self, why: Why, request: ServedRequest, detail: str) -> Refusal:
        if _is_v2(request):
            return _V2_REFUSALS[why]
        told = _REFUSALS[why]
        if why is Why.WRONG_SECRET and detail in (BAD_TOKEN, LOCKED):
            return Refusal(told.status, told.code, _IAM_WORDS + detail)
        if why is Why.EXPIRED_TOKEN and not detail.startswith("token expires"):
            return Refusal(told.status, "APIG.0307", "The token must be updated.")
        if why is Why.INVALID_REQUEST and "is required" in detail:
            return Refusal(400, "PANGU.3278", "required parameter missing. {detail}")
        return told


class MaasFace(OpenAIFace):
    """ModelArts MaaS: a bearer key, replies as OpenAI's with usage on every chunk, errors of its own."""

    manner = Manner(usage="every")

    def __init__(
        self, credentials: Credentials | None = None, *, name: str = "maas", base: str = "/v1", host: str = ""
    ) -> None:
        super().__init__(
            credentials,
            name=name,
            hosts=(host or "api.modelarts-maas.com",),
            endpoints={"chat": base},
            key="fake-maas-key-of-nobody",
            models=("deepseek-*", "qwen*", "glm-*", "kimi-*", "pangu-*"),
            listed=("deepseek-v3.1",),
        )

    def refuse(
        self, why: Why, request: ServedRequest, *, detail: str = "", retry_after: float | None = None
    ) -> tuple[WireHead, bytes]:
        """The gateway's refusal."""
        return _told(_MAAS_REFUSALS[why], detail, retry_after)

    def interrupt(self, why: Why, request: ServedRequest, encoder: ChatEncoder) -> list[bytes]:
        """Moderated output ends with its finish reason; a failure is a chunk without choices."""
        return _interrupted(_MAAS_REFUSALS[why], why, encoder)


def _told(told: Refusal, detail: str, retry_after: float | None) -> tuple[WireHead, bytes]:
    fields = [(b"content-type", b"application/json"), (b"x-request-id", b"sim-request")]
    if retry_after is not None:
        fields.append((b"retry-after", f"{retry_after:g}".encode()))
    return WireHead(told.status, tuple(fields)), msgspec.json.encode(_body(told, detail))


def _interrupted(told: Refusal, why: Why, encoder: ChatEncoder) -> list[bytes]:
    if why is Why.OUTPUT_MODERATED:
        end = Finished(reason=FinishReason.CONTENT_FILTER, raw="content_filter")
        return [*encoder.feed(end), *encoder.end()]
    body = msgspec.json.encode(_body(told, why.value))
    return [b"data:" + body + b"\n\n" if encoder.head().media_type == "text/event-stream" else body]


def _body(told: Refusal, detail: str) -> dict[str, str]:
    words = told.message.format(detail=detail).strip()
    return {"error_code": told.code, "error_msg": words, "request_id": "sim-request"}


def _is_v2(request: ServedRequest) -> bool:
    return request.target.startswith(f"{_V2}/".encode())


def _maas_intl(credentials: Credentials, /) -> MaasFace:
    return MaasFace(
        credentials, name="maas-intl", base="/openai/v1", host="api-ap-southeast-1.modelarts-maas.com"
    )


FACES: Mapping[str, FaceMaker] = {"pangu": PanguFace, "maas": MaasFace, "maas-intl": _maas_intl}
