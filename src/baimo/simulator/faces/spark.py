"""iFlytek Spark: sockets with a signed address, the HTTP API with an APIPassword, embeddings.

It recomputes every signature, looks at clock, host, app_id and at the pair of path and domain, and refuses in
the provider's three manners: the gateway's `message` at the handshake or under 401, `{code, message, sid}` in
a frame or under HTTP 200, and an `error` object whose code is a text.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

import msgspec

from baimo.dialect.protocols import ChatEncoder
from baimo.dialects.openai_chat import DIALECT as HTTP
from baimo.dialects.openai_chat.manner import Manner
from baimo.dialects.spark_ws import DIALECT as SOCKET
from baimo.dialects.spark_ws.embeddings import DOMAINS, read_body
from baimo.dialects.spark_ws.pairs import Pair, served_at
from baimo.dialects.spark_ws.served_request import Frame, read_frame
from baimo.errors import InputError, ProviderError
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
from baimo.types.chat import ChatRequest
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.wire.http import HeaderFields, HttpRequest, SocketRequest, WireHead

from .openai import bearer
from .spark_signature import Signed, verify

_JSON: HeaderFields = ((b"content-type", b"application/json"),)

_MANNER = Manner(envelope=True, finish=False, usage="finish", calls="switch", space=False)

_HTTP_MODELS: Mapping[str, tuple[str, ...]] = {
    "/v1": (
        *("lite", "general", "generalv3", "pro-128k", "generalv3.5", "max-32k", "4.0Ultra"),
        "kjwx",
    ),
    "/v2": ("spark-x", "x1", "x1-preview"),
    "/x2": ("spark-x",),
    "/agent/v1": ("spark-x",),
}
"""The models of each base address of the HTTP API."""

_ENDPOINTS = {
    "http": "/v1",
    "http-x": "/v2",
    "http-x1-preview": "/v2",
    "http-x2": "/x2",
    "http-x2-flash": "/agent/v1",
}

_CHAT = "/chat/completions"
_SID = "cht000b1a1e@dx0000000000000000"


class _Refusal(msgspec.Struct, frozen=True):
    """The gateway's words under a status, or a number of the service with its words."""

    code: int
    message: str

    @property
    def is_gateway(self) -> bool:
        return self.code < 1000


_NO_MATCH = _Refusal(401, "HMAC signature does not match")
_NO_RIGHT = _Refusal(11200, "AppIdNoAuthError")
_NO_PAIR = _Refusal(10404, "domain and version do not match: {detail}")

REFUSALS: Mapping[Why, _Refusal] = {
    Why.WRONG_SECRET: _NO_MATCH,
    Why.EXPIRED_TOKEN: _NO_MATCH,
    Why.WRONG_HOST: _NO_MATCH,
    Why.UNKNOWN_KEY: _Refusal(401, "HMAC signature cannot be verified"),
    Why.MISSING_HEADER: _Refusal(401, "Unauthorized"),
    Why.SKEWED_CLOCK: _Refusal(
        403,
        "HMAC signature cannot be verified, a valid date or x-date header is required for HMAC "
        "Authentication",
    ),
    Why.NO_SUCH_ADDRESS: _Refusal(404, "no route: {detail}"),
    Why.WRONG_APP_ID: _NO_RIGHT,
    Why.MISSING_PROJECT_SCOPE: _Refusal(10016, "the app_id is not authorized for this version"),
    Why.UNKNOWN_MODEL: _NO_PAIR,
    Why.UNKNOWN_DOMAIN: _NO_PAIR,
    Why.UNKNOWN_DEPLOYMENT: _NO_PAIR,
    Why.OVER_QUOTA: _Refusal(11201, "AppIdDailyOverFlowError"),
    Why.OVER_RATE: _Refusal(11202, "AppIdQpsOverFlowError"),
    Why.OVER_CONCURRENCY: _Refusal(11203, "AppIdConcOverFlowError"),
    Why.INPUT_MODERATED: _Refusal(10013, "input content audit failed"),
    Why.OUTPUT_MODERATED: _Refusal(10014, "output content audit failed"),
    Why.CONTEXT_TOO_LONG: _Refusal(10907, "too many tokens: over the limit of the context"),
    Why.INVALID_REQUEST: _Refusal(10004, "schema error: {detail}"),
    Why.SERVER_ERROR: _Refusal(10012, "engine internal error"),
    Why.OVERLOADED: _Refusal(10110, "service busy, try again later"),
}
"""What is answered. 11201's and 11203's words are made like those that were seen for 11200 and 11202."""

_BY_FIELD = (
    ("payload.message.text", 10003, "message format error"),
    ("parameter.", 10005, "parameter error"),
)
"""An invalid request by the field it names."""

_WRONG_PASSWORD = _Refusal(401, "HMAC secret key does not match")


class SparkFace:
    """Spark's sockets, its HTTP API and its embeddings, behind one address."""

    name = "spark"
    hosts = (
        "spark-api.xf-yun.com",
        "spark-api-n.xf-yun.com",
        "spark-api-open.xf-yun.com",
        "spark-api-open-preview.xf-yun.com",
        "*.cn-huabei-1.xf-yun.com",
        "emb-cn-huabei-1.xf-yun.com",
    )

    def __init__(self, credentials: Credentials | None = None) -> None:
        own = {
            "app_id": "fakeapp1",
            "api_key": "facade00000000000000000000001234",
            "api_secret": "ZmFrZXNlY3JldDAwMDAwMDAwMDAwMDAx",
            "api_password": "FakePassword0001:FakePassword0002",
        }
        self._keys = (credentials or Credentials()).over(own)

    def credentials(self) -> dict[str, str]:
        """The four that the console shows."""
        return dict(self._keys)

    def configuration(self, origin: str) -> dict[str, dict[str, object]]:
        """For each endpoint its address here and what opens it."""
        signed = {name: self._keys[name] for name in ("app_id", "api_key", "api_secret")}
        tables: dict[str, dict[str, object]] = {
            "socket": {"base_url": "ws" + origin.removeprefix("http"), **signed}
        }
        for name, base in _ENDPOINTS.items():
            tables[name] = {"base_url": origin + base, "api_password": self._keys["api_password"]}
        return tables

    def operation(self, request: ServedRequest) -> str | None:
        """Chat on sockets and below the bases of the HTTP API; embeddings at the root."""
        if isinstance(request, SocketRequest):
            return SOCKET.operation("GET", request.target, request.headers)
        if _base(request) is not None:
            return "chat" if request.method == "POST" else None
        operation = SOCKET.operation(request.method, request.target, request.headers)
        return operation if operation == "embed" else None

    def identify(self, request: ServedRequest, now: float) -> Caller:
        """Check signature, clock, host and app_id, or the APIPassword. Raises RefusedError."""
        base = None if isinstance(request, SocketRequest) else _base(request)
        if base is not None:
            self._check_password(request, base)
            return Caller(key=self._keys["app_id"])
        is_begun = isinstance(request, SocketRequest) and bool(request.frames)
        signed = verify(request, self._keys["api_key"], self._keys["api_secret"])
        if not is_begun:
            signed.check_clock(now)
        self._check_host(request, signed)
        app_id = _app_id(request)
        if app_id is not None and app_id != self._keys["app_id"]:
            raise RefusedError(Why.WRONG_APP_ID, f"header.app_id is {app_id!r}, which is not of this key")
        return Caller(key=self._keys["app_id"])

    def chat_request(self, request: ServedRequest) -> ChatRequest:
        """What is asked for. Raises InputError or RefusedError."""
        if isinstance(request, SocketRequest):
            frame, _ = read_frame(request)
            _check_ranges(_pair(request, frame), frame)
            return SOCKET.decode_request(request)
        asked = HTTP.decode_request(request)
        base = _base(request)
        assert base is not None
        if without_fault(asked.model) not in _HTTP_MODELS[base]:
            raise RefusedError(Why.UNKNOWN_MODEL, f"{asked.model} at {base}")
        return asked

    def encoder(self, request: ServedRequest, asked: ChatRequest) -> ChatEncoder:
        """Writes the reply."""
        return SOCKET.encoder(asked) if isinstance(request, SocketRequest) else HTTP.encoder(asked, _MANNER)

    def refuse(
        self, why: Why, request: ServedRequest, *, detail: str = "", retry_after: float | None = None
    ) -> tuple[WireHead, bytes]:
        """The refusal. There is no word for when to come back."""
        is_password = isinstance(request, HttpRequest) and _base(request) is not None
        said = self._refusal(why, detail)
        if is_password and said.code == 401 and why is not Why.MISSING_HEADER:
            said = _WRONG_PASSWORD
        message = said.message.format(detail=detail)
        if said.is_gateway:
            return WireHead(said.code, _JSON), msgspec.json.encode({"message": message})
        told = {"code": said.code, "message": message, "sid": _SID}
        if isinstance(request, SocketRequest):
            return WireHead(101), msgspec.json.encode({"header": {**told, "status": 2}})
        if not is_password:
            return WireHead(500 if said.code == 11202 else 200, _JSON), msgspec.json.encode({"header": told})
        if 11200 <= said.code < 11300:
            words = f"{message} (sid: {_SID})"
            error = {"message": words, "type": "api_error", "param": None, "code": str(said.code)}
            return WireHead(500, _JSON), msgspec.json.encode({"error": error})
        return WireHead(200, _JSON), msgspec.json.encode(told)

    def interrupt(self, why: Why, request: ServedRequest, encoder: ChatEncoder) -> list[bytes]:
        """A frame or a chunk with another code than 0."""
        said = self._refusal(why, "")
        message = said.message.format(detail=why.value)
        return encoder.error(ProviderError(message, provider_code=str(said.code)))

    def embed_request(self, request: ServedRequest) -> EmbedRequest:
        """What is asked for. Raises InputError or RefusedError."""
        assert isinstance(request, HttpRequest)
        asked = SOCKET.decode_embed_request(request)
        if asked.model not in DOMAINS.values():
            raise RefusedError(Why.UNKNOWN_DOMAIN, f"parameter.emb.domain {asked.model!r}")
        if len(asked.inputs) != 1:
            raise InputError("payload.messages: must hold one message")
        return asked

    def embed_reply(
        self, request: ServedRequest, asked: EmbedRequest, response: EmbedResponse
    ) -> tuple[WireHead, bytes]:
        """The vector."""
        return WireHead(200, _JSON), SOCKET.encode_embed_response(asked, response)

    def other(self, operation: str, request: ServedRequest, now: float) -> tuple[WireHead, list[bytes]]:
        """There is nothing else."""
        raise RefusedError(Why.NO_SUCH_ADDRESS, operation)

    def _refusal(self, why: Why, detail: str) -> _Refusal:
        if why is Why.INVALID_REQUEST:
            for field, code, words in _BY_FIELD:
                if detail.startswith(field):
                    return _Refusal(code, f"{words}: {{detail}}")
        return REFUSALS[why]

    def _check_password(self, request: ServedRequest, base: str) -> None:
        sent = bearer(request)
        good = [self._keys["api_password"]]
        if base != "/v1":
            good.append(f"{self._keys['api_key']}:{self._keys['api_secret']}")
        if not any(hmac.compare_digest(sent.encode(), one.encode()) for one in good):
            raise RefusedError(Why.WRONG_SECRET, "the APIPassword is not the one of this version")

    def _check_host(self, request: ServedRequest, signed: Signed) -> None:
        sent = next((value for name, value in request.headers if name.lower() == b"host"), b"")
        if signed.host.lower() != sent.decode("latin-1").lower():
            raise RefusedError(Why.WRONG_HOST, f"signed for {signed.host}, sent to {sent.decode('latin-1')}")
        if not names_host(signed.host, self.hosts):
            raise RefusedError(Why.WRONG_HOST, f"{signed.host} is no host of Spark")


def _base(request: HttpRequest) -> str | None:
    """The base address of the HTTP API that a request goes to."""
    path = request.target.partition(b"?")[0].decode("latin-1")
    base = path.removesuffix(_CHAT)
    return base if base != path and base in _HTTP_MODELS else None


def _app_id(request: ServedRequest) -> str | None:
    """The application that a frame or a body names; None where it cannot be read (yet)."""
    try:
        if isinstance(request, HttpRequest):
            return read_body(request).header.app_id
        return read_frame(request)[0].header.app_id
    except InputError:
        return None


def _pair(request: SocketRequest, frame: Frame) -> Pair:
    """The pair of path and domain. Raises RefusedError where they do not belong together.

    A domain that no version has is a service of the caller's own: those have a resource id, or begin with x.
    """
    path = request.target.partition(b"?")[0].decode("latin-1")
    domain = without_fault(frame.parameter.chat.domain)
    pair = served_at(path, domain)
    is_own = pair is not None and pair.model == f"maas/{domain}"
    if pair is None or (is_own and not domain.startswith("x") and b'"patch_id"' not in _first(request)):
        raise RefusedError(Why.UNKNOWN_DOMAIN, f"{domain} at {path}")
    return pair


def _first(request: SocketRequest) -> bytes:
    frame = request.frames[0]
    return frame.encode() if isinstance(frame, str) else frame


def _check_ranges(pair: Pair, frame: Frame) -> None:
    """Raises InputError for a parameter outside its range."""
    chat = frame.parameter.chat
    if chat.temperature is not None and chat.temperature not in pair.temperature:
        raise InputError(f"parameter.chat.temperature: must be in {pair.temperature.text}")
    if chat.top_k is not None and not 1 <= chat.top_k <= 6:
        raise InputError("parameter.chat.top_k: must be in [1, 6]")
    if chat.max_tokens is not None and not 1 <= chat.max_tokens <= (pair.max_tokens or chat.max_tokens):
        raise InputError(f"parameter.chat.max_tokens: must be in [1, {pair.max_tokens}]")


FACES: Mapping[str, FaceMaker] = {"spark": SparkFace}
