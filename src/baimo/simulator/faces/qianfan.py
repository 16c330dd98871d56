"""Baidu's Qianfan: the second version of its API on OpenAI's wire, and the first with its own.

Which is meant, the path tells: `/v2` is the second, `/rpc/2.0/…/wenxinworkshop` the first, `/oauth/2.0/token`
makes tokens for it. The first one takes a signature, which is computed anew, or such a token, refuses with
HTTP 200, and wants user and assistant in turn.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import parse_qs

import msgspec
from msgspec.structs import replace

from baimo.auth.access_token import PATH
from baimo.auth.bce import signature, usual_fields
from baimo.dialect.protocols import ChatEncoder
from baimo.dialects.qianfan_v1 import DIALECT
from baimo.dialects.qianfan_v1.errors import NO_ID
from baimo.errors import OverloadedError, ServerError
from baimo.simulator.words import (
    Caller,
    Credentials,
    FaceMaker,
    RefusedError,
    ServedRequest,
    Why,
    without_fault,
)
from baimo.types.chat import ChatRequest, FinishReason, Message, Role
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.events import Finished
from baimo.wire.http import HttpRequest, WireHead

from .openai import JSON, OpenAIFace, Refusal, shown

V1 = "/rpc/2.0/ai_custom/v1/wenxinworkshop"
LIFE_S = 2592000
"""How long a token lives, in seconds."""

_CHAT = re.compile(r"completions(_pro|_adv_pro)?|eb-instant|ernie[-_a-z0-9.]+")
_EMBED = ("embedding-v1", "bge_large_zh", "bge_large_en", "tao_8k")

_REFUSALS: Mapping[Why, tuple[int, str]] = {
    Why.MISSING_HEADER: (14, "IAM Certification failed"),
    Why.WRONG_SECRET: (14, "IAM Certification failed"),
    Why.UNKNOWN_KEY: (14, "IAM Certification failed"),
    Why.WRONG_HOST: (14, "IAM Certification failed"),
    Why.SKEWED_CLOCK: (14, "IAM Certification failed"),
    Why.EXPIRED_TOKEN: (111, "Access token expired"),
    Why.MISSING_PROJECT_SCOPE: (6, "No permission to access data"),
    Why.WRONG_APP_ID: (15, "App not exist or create failed"),
    Why.UNKNOWN_MODEL: (336005, "API name not exist: {detail}"),
    Why.UNKNOWN_DOMAIN: (336005, "API name not exist: {detail}"),
    Why.UNKNOWN_DEPLOYMENT: (336005, "API name not exist: {detail}"),
    Why.OVER_QUOTA: (17, "Open api daily request limit reached"),
    Why.OVER_RATE: (336501, "Rate limit reached for RPM"),
    Why.OVER_CONCURRENCY: (18, "Open api qps request limit reached"),
    Why.INPUT_MODERATED: (336003, "the content of messages is not allowed"),
    Why.OUTPUT_MODERATED: (336003, "the answer is not allowed"),
    Why.CONTEXT_TOO_LONG: (336103, "the prompt is too long"),
    Why.INVALID_REQUEST: (336003, "{detail}"),
    Why.NO_SUCH_ADDRESS: (3, "Unsupported openapi method: {detail}"),
    Why.SERVER_ERROR: (336000, "Internal error"),
    Why.OVERLOADED: (336100, "try again"),
}
"""Number and words of each refusal."""

_BAD_TOKEN = "the access token is none of ours"

_BAD = "invalid_request_error"
_V2: Mapping[Why, Refusal] = {
    Why.MISSING_HEADER: Refusal(401, "IAM Certification failed", _BAD, "invalid_iam_token"),
    Why.WRONG_SECRET: Refusal(401, "IAM Certification failed", _BAD, "invalid_iam_token"),
    Why.UNKNOWN_MODEL: Refusal(401, "No permission to use the model {detail}", _BAD, "invalid_model"),
    Why.OVER_RATE: Refusal(
        429, "Rate limit reached for RPM", "rate_limit_exceeded", "rpm_rate_limit_exceeded"
    ),
    Why.CONTEXT_TOO_LONG: Refusal(400, "Prompt tokens too long", _BAD, "tokens_too_long"),
    Why.INVALID_REQUEST: Refusal(400, "{detail}", _BAD, "invalid_argument"),
    Why.SERVER_ERROR: Refusal(500, "Internal error", "internal_error", "internal_error"),
    Why.OVERLOADED: Refusal(503, "The engine is overloaded", "internal_error", "dispatch_internal_error"),
}


class QianfanFace:
    """Both versions, and the maker of tokens."""

    name = "qianfan"
    hosts = ("qianfan.baidubce.com", "aip.baidubce.com")

    def __init__(self, credentials: Credentials | None = None) -> None:
        own = {
            "api_key": "bce-v3/ALTAK-fakefake/0000000000000000fake5678",
            "access_key": "FAKEak00000000000000000000000001",
            "secret_key": "FAKEsk00000000000000000000000001",
            "app_key": "FAKEappkey0000000001",
            "app_secret": "FAKEappsecret0000000001",
            "access_token": "24.fakefakefakefake.2592000.given",
        }
        self._keys = (credentials or Credentials()).over(own)
        self._v2 = OpenAIFace(
            Credentials(given={"api_key": self._keys["api_key"]}),
            name=self.name,
            hosts=self.hosts,
            endpoints={"v2": "/v2"},
            models=("ernie-*", "deepseek-*", "embedding-v1"),
            listed=("ernie-4.5-turbo-128k", "embedding-v1"),
        )
        self._v2.refusals = _V2

    def credentials(self) -> dict[str, str]:
        """A key for v2; for v1 an account's pair, an application's pair, and a token that was made before."""
        return dict(self._keys)

    def configuration(self, origin: str) -> dict[str, dict[str, object]]:
        """For each endpoint its address here and what opens it."""
        pair = {name: self._keys[name] for name in ("access_key", "secret_key")}
        return {
            "v2": {"endpoint": "v2", "base_url": f"{origin}/v2", "api_key": self._keys["api_key"]},
            "v1": {"endpoint": "v1", "base_url": origin + V1, **pair},
        }

    def token(self, now: float) -> str:
        """The token that an application gets at that time: another one every time its life is over."""
        text = f"{self._keys['app_key']} {self._keys['app_secret']} {int(now) // LIFE_S}"
        return f"24.{sha256(text.encode()).hexdigest()[:32]}.{LIFE_S}"

    def operation(self, request: ServedRequest) -> str | None:
        """Chat and embeddings of both versions, the models of the second, tokens."""
        if not isinstance(request, HttpRequest):
            return None
        if _path(request) == PATH:
            return "token" if request.method == "POST" else None
        if _is_v2(request):
            return self._v2.operation(request)
        operation = DIALECT.operation(request.method, request.target, request.headers)
        return operation if _path(request).startswith(f"{V1}/") else None

    def identify(self, request: ServedRequest, now: float) -> Caller:
        """Check the bearer key, the signature or the token. Raises RefusedError."""
        assert isinstance(request, HttpRequest)
        if _path(request) == PATH:
            return Caller(key="token")
        if _is_v2(request):
            return self._v2.identify(request, now)
        given = parse_qs(request.target.partition(b"?")[2].decode("latin-1")).get("access_token")
        if given is None:
            self._verify(request, now)
            return Caller(key=self._keys["access_key"])
        good = (self.token(now), self._keys["access_token"])
        if not any(hmac.compare_digest(given[0].encode(), known.encode()) for known in good):
            raise RefusedError(Why.INVALID_REQUEST, _BAD_TOKEN)
        return Caller(key=shown(given[0]))

    def _verify(self, request: HttpRequest, now: float) -> None:
        """Compute the signature anew over what came. Raises RefusedError."""
        headers = {name.lower().decode("latin-1"): value.decode("latin-1") for name, value in request.headers}
        told = headers.get("authorization", "").split("/")
        if len(told) != 6 or told[0] != "bce-auth-v1":
            raise RefusedError(Why.MISSING_HEADER, "there is neither a signature nor an access_token")
        _, key, time, expires, signed, value = told
        if key != self._keys["access_key"]:
            raise RefusedError(Why.UNKNOWN_KEY, "the access key is another")
        if not _is_valid(time, expires, now):
            raise RefusedError(Why.SKEWED_CLOCK, f"the signature is of {time}")
        names = signed.split(";") if signed else usual_fields(headers)
        if "host" not in names or not set(names) <= set(headers):
            raise RefusedError(Why.MISSING_HEADER, "host must be signed, and what is signed must be there")
        path, _, query = request.target.decode("latin-1").partition("?")
        made = signature(
            access_key=key,
            secret_key=self._keys["secret_key"],
            time=time,
            expires_s=int(expires),
            method=request.method,
            path=path,
            query=query,
            headers=headers,
            signed=names,
        )
        if not hmac.compare_digest(made.value, value):
            raise RefusedError(Why.WRONG_SECRET, "the signature is another")

    def chat_request(self, request: ServedRequest) -> ChatRequest:
        """What is asked for. Raises InputError or RefusedError."""
        assert isinstance(request, HttpRequest)
        if _is_v2(request):
            return self._v2.chat_request(request)
        asked = DIALECT.decode_request(request)
        name = without_fault(asked.model)
        if not _CHAT.fullmatch(name):
            raise RefusedError(Why.UNKNOWN_MODEL, name)
        _check_turns(asked.messages)
        return asked

    def encoder(self, request: ServedRequest, asked: ChatRequest) -> ChatEncoder:
        """Writes the reply."""
        return self._v2.encoder(request, asked) if _is_v2(request) else DIALECT.encoder(asked)

    def refuse(
        self, why: Why, request: ServedRequest, *, detail: str = "", retry_after: float | None = None
    ) -> tuple[WireHead, bytes]:
        """The refusal: of the first version with HTTP 200, and without a word on when to come back."""
        if _is_v2(request):
            return self._v2.refuse(why, request, detail=detail)
        if _path(request) == PATH:
            told = {"error": "invalid_client", "error_description": detail or "Client authentication failed"}
            return WireHead(401, JSON), msgspec.json.encode(told)
        code, words = _REFUSALS[why]
        if detail == _BAD_TOKEN:
            code, words = 110, "Access token invalid or no longer valid"
        body = {"error_code": code, "error_msg": words.format(detail=detail), "id": NO_ID}
        return WireHead(200, JSON), msgspec.json.encode(body)

    def interrupt(self, why: Why, request: ServedRequest, encoder: ChatEncoder) -> list[bytes]:
        """Moderated output ends as filtered; a failure is an error inside the reply."""
        if _is_v2(request):
            return self._v2.interrupt(why, request, encoder)
        if why is Why.OUTPUT_MODERATED:
            end = Finished(reason=FinishReason.CONTENT_FILTER, raw="content_filter")
            return [*encoder.feed(end), *encoder.end()]
        kind = OverloadedError if why is Why.OVERLOADED else ServerError
        return encoder.error(kind(_REFUSALS[why][1].format(detail=why.value)))

    def embed_request(self, request: ServedRequest) -> EmbedRequest:
        """What is asked for. Raises InputError or RefusedError."""
        assert isinstance(request, HttpRequest)
        if _is_v2(request):
            return self._v2.embed_request(request)
        asked = DIALECT.decode_embed_request(request)
        if without_fault(asked.model) not in _EMBED:
            raise RefusedError(Why.UNKNOWN_MODEL, asked.model)
        return replace(asked, dimensions=384)

    def embed_reply(
        self, request: ServedRequest, asked: EmbedRequest, response: EmbedResponse
    ) -> tuple[WireHead, bytes]:
        """The vectors."""
        if _is_v2(request):
            return self._v2.embed_reply(request, asked, response)
        return WireHead(200, JSON), DIALECT.encode_embed_response(asked, response)

    def other(self, operation: str, request: ServedRequest, now: float) -> tuple[WireHead, list[bytes]]:
        """The list of models of the second version, or a token."""
        assert isinstance(request, HttpRequest)
        if operation != "token":
            return self._v2.other(operation, request, now)
        told = parse_qs(request.target.partition(b"?")[2].decode("latin-1"))
        if told.get("grant_type") != ["client_credentials"] or told.get("client_id") != [
            self._keys["app_key"]
        ]:
            raise RefusedError(Why.UNKNOWN_KEY, "unknown client id")
        if told.get("client_secret") != [self._keys["app_secret"]]:
            raise RefusedError(Why.WRONG_SECRET, "Client authentication failed")
        left = LIFE_S - int(now) % LIFE_S
        body = {"access_token": self.token(now), "expires_in": left, "scope": "public", "refresh_token": ""}
        return WireHead(200, JSON), [msgspec.json.encode(body)]


def _path(request: ServedRequest) -> str:
    return request.target.partition(b"?")[0].decode("latin-1")


def _is_v2(request: ServedRequest) -> bool:
    return request.target.startswith(b"/v2/")


def _is_valid(time: str, expires: str, now: float) -> bool:
    """Whether a signature of that time is good now; a clock may go before by five minutes."""
    try:
        began = datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
        return began - 300 <= now <= began + int(expires)
    except ValueError:
        return False


def _check_turns(messages: tuple[Message, ...]) -> None:
    """Raises RefusedError unless user (or function) and assistant alternate, from the user to the user."""
    turns = [message for message in messages if message.role is not Role.SYSTEM]
    if len(turns) % 2 == 0:
        raise RefusedError(Why.INVALID_REQUEST, "the length of messages must be an odd number")
    for number, message in enumerate(turns):
        if (message.role is Role.ASSISTANT) is not bool(number % 2):
            raise RefusedError(Why.INVALID_REQUEST, f"the role of message with index {number} is wrong")
        if not message.content or (message.role is Role.USER and not message.text.strip()):
            raise RefusedError(Why.INVALID_REQUEST, f"the content of message with index {number} is empty")


FACES: Mapping[str, FaceMaker] = {"qianfan": QianfanFace}
