"""Tencent Hunyuan: the signed native API, the compatible one of the same platform, and TokenHub.

Which is meant, the host tells, and on loopback the path: `/v1` is TokenHub, `/compatible/v1` the compatible
API, the root is native. The native one recomputes every signature and refuses with HTTP 200.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

import msgspec
from msgspec.structs import replace

from baimo.dialect.protocols import ChatEncoder
from baimo.dialects.hunyuan import DIALECT
from baimo.dialects.hunyuan.address import VERSION
from baimo.dialects.hunyuan.embeddings import DIMENSIONS
from baimo.errors import InputError, OverloadedError, ServerError
from baimo.simulator.reply import split
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
from baimo.types.chat import ChatRequest, FinishReason, Message, Role
from baimo.types.counting import TokenCount
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.events import Finished
from baimo.wire.http import HttpRequest, WireHead

from .openai import JSON, OpenAIFace
from .tencent_signature import NEEDED, verify
from .tokenhub import REQUEST_ID, TokenHubFace

NATIVE = ("hunyuan.tencentcloudapi.com", "hunyuan.*.tencentcloudapi.com")
COMPATIBLE = ("api.hunyuan.cloud.tencent.com",)
TOKENHUB = ("tokenhub.tencentmaas.com",)

_MODELS = ("hunyuan", "hunyuan-*")

REFUSALS: Mapping[Why, tuple[str, str]] = {
    Why.WRONG_SECRET: ("AuthFailure.SignatureFailure", "the provided credentials could not be validated"),
    Why.WRONG_HOST: ("AuthFailure.SignatureFailure", "the provided credentials could not be validated"),
    Why.UNKNOWN_KEY: ("AuthFailure.SecretIdNotFound", "the SecretId was not found"),
    Why.SKEWED_CLOCK: ("AuthFailure.SignatureExpire", "the timestamp is expired, check the local time"),
    Why.EXPIRED_TOKEN: ("AuthFailure.TokenFailure", "the token is wrong or expired"),
    Why.MISSING_HEADER: ("AuthFailure.InvalidAuthorization", "{detail}"),
    Why.MISSING_PROJECT_SCOPE: ("UnauthorizedOperation", "the operation was not granted"),
    Why.WRONG_APP_ID: ("UnauthorizedOperation", "the operation was not granted"),
    Why.UNKNOWN_MODEL: ("InvalidParameterValue.Model", "the model {detail} does not exist"),
    Why.UNKNOWN_DOMAIN: ("InvalidParameterValue.Model", "the model {detail} does not exist"),
    Why.UNKNOWN_DEPLOYMENT: ("InvalidParameterValue.Model", "the model {detail} does not exist"),
    Why.OVER_QUOTA: ("FailedOperation.ResourcePackExhausted", "the resource package is used up"),
    Why.OVER_RATE: ("RequestLimitExceeded", "your current request times exceed the limit"),
    Why.OVER_CONCURRENCY: ("RequestLimitExceeded", "too many concurrent requests, 5 are the most"),
    Why.INPUT_MODERATED: ("OperationDenied.TextIllegalDetected", "the text did not pass the check"),
    Why.OUTPUT_MODERATED: ("OperationDenied.TextIllegalDetected", "the text did not pass the check"),
    Why.CONTEXT_TOO_LONG: (
        "InvalidParameter",
        "the messages exceed the context",
    ),  # it has no code of its own
    Why.INVALID_REQUEST: ("InvalidParameter", "{detail}"),
    Why.NO_SUCH_ADDRESS: ("InvalidAction", "the action is not found: {detail}"),
    Why.SERVER_ERROR: ("InternalError", "an internal error occurred"),
    Why.OVERLOADED: ("FailedOperation.EngineServerLimitExceeded", "the engine is busy, try again later"),
}
"""Code and words of each refusal. What tells too many calls at once is not documented."""

_VERSION = ("NoSuchVersion", "{detail}")
_MISSING = ("MissingParameter", "{detail}")


class HunyuanFace:
    """The three ways to Hunyuan's models."""

    name = "hunyuan"
    hosts = (*TOKENHUB, *COMPATIBLE, *NATIVE)

    def __init__(self, credentials: Credentials | None = None) -> None:
        own = {
            "api_key": "sk-fakeHunyuanKey000000000000000001234",
            "secret_id": "AKIDfakefakefakefakefakefakefake1234",
            "secret_key": "fakeSecretKey0000000000000000001",
            "token": "fakeSessionToken0000000000000001",
        }
        self._keys = (credentials or Credentials()).over(own)
        key = Credentials(given={"api_key": self._keys["api_key"]})
        self._tokenhub = TokenHubFace(key, name=self.name, endpoints={"tokenhub": "/v1"})
        self._compatible = OpenAIFace(
            key,
            name=self.name,
            hosts=COMPATIBLE,
            endpoints={"compatible": "/compatible/v1", "real": "/v1"},
            models=_MODELS,
            listed=("hunyuan-turbos-latest", "hunyuan-embedding"),
        )

    def credentials(self) -> dict[str, str]:
        """An API key for TokenHub and the compatible API; a pair for the native one, with a token at will."""
        return dict(self._keys)

    def configuration(self, origin: str) -> dict[str, dict[str, object]]:
        """For each endpoint its address here and what opens it."""
        key = self._keys["api_key"]
        pair = {name: self._keys[name] for name in ("secret_id", "secret_key")}
        return {
            "tokenhub": {"endpoint": "tokenhub", "base_url": f"{origin}/v1", "api_key": key},
            "compatible": {
                "endpoint": "compatible",
                "base_url": f"{origin}/compatible/v1",
                "api_key": key,
            },
            "native": {"endpoint": "native", "base_url": origin, **pair},
        }

    def operation(self, request: ServedRequest) -> str | None:
        """Chat, embeddings and models on OpenAI's wire; chat, embeddings and counts on the native one."""
        if not isinstance(request, HttpRequest):
            return None
        face = self._compatible_face(request)
        if face is not None:
            return face.operation(request)
        path = request.target.partition(b"?")[0]
        return DIALECT.operation(request.method, request.target, request.headers) if path == b"/" else None

    def identify(self, request: ServedRequest, now: float) -> Caller:
        """Check the bearer key, or the signature with all it covers. Raises RefusedError."""
        assert isinstance(request, HttpRequest)
        face = self._compatible_face(request)
        if face is not None:
            return face.identify(request, now)
        sender = verify(
            request,
            now,
            keys={self._keys["secret_id"]: self._keys["secret_key"]},
            service="hunyuan",
            hosts=NATIVE,
            token=self._keys["token"],
        )
        version = _field(request, b"x-tc-version")
        if version != VERSION:
            raise RefusedError(Why.INVALID_REQUEST, f"X-TC-Version {version} is unknown")
        return Caller(key=sender)

    def chat_request(self, request: ServedRequest) -> ChatRequest:
        """What is asked for. Raises InputError or RefusedError."""
        assert isinstance(request, HttpRequest)
        face = self._compatible_face(request)
        if face is not None:
            return face.chat_request(request)
        asked = DIALECT.decode_request(request)
        name = without_fault(asked.model)
        if not any(fnmatchcase(name, pattern) for pattern in _MODELS):
            raise RefusedError(Why.UNKNOWN_MODEL, name)
        _check_order(asked.messages)
        return asked

    def encoder(self, request: ServedRequest, asked: ChatRequest) -> ChatEncoder:
        """Writes the reply."""
        face = self._compatible_face(request)
        return DIALECT.encoder(asked) if face is None else face.encoder(request, asked)

    def refuse(
        self, why: Why, request: ServedRequest, *, detail: str = "", retry_after: float | None = None
    ) -> tuple[WireHead, bytes]:
        """The refusal: natively with HTTP 200, and without a word on when to come back."""
        face = self._compatible_face(request)
        if face is not None:
            return face.refuse(why, request, detail=detail, retry_after=retry_after)
        code, words = _refusal(why, request, detail)
        error = {"Code": code, "Message": words.format(detail=detail)}
        return WireHead(200, JSON), msgspec.json.encode(
            {"Response": {"Error": error, "RequestId": REQUEST_ID}}
        )

    def interrupt(self, why: Why, request: ServedRequest, encoder: ChatEncoder) -> list[bytes]:
        """Moderated output ends with `sensitive`; a failure is an ErrorMsg inside the stream."""
        face = self._compatible_face(request)
        if face is not None:
            return face.interrupt(why, request, encoder)
        if why is Why.OUTPUT_MODERATED:
            end = Finished(reason=FinishReason.CONTENT_FILTER, raw="sensitive")
            return [*encoder.feed(end), *encoder.end()]
        kind = OverloadedError if why is Why.OVERLOADED else ServerError
        return encoder.error(kind(REFUSALS[why][1].format(detail=why.value)))

    def embed_request(self, request: ServedRequest) -> EmbedRequest:
        """What is asked for. Raises InputError or RefusedError."""
        assert isinstance(request, HttpRequest)
        face = self._compatible_face(request)
        if face is not None:
            return face.embed_request(request)
        return replace(DIALECT.decode_embed_request(request), dimensions=DIMENSIONS)

    def embed_reply(
        self, request: ServedRequest, asked: EmbedRequest, response: EmbedResponse
    ) -> tuple[WireHead, bytes]:
        """The vectors."""
        face = self._compatible_face(request)
        if face is not None:
            return face.embed_reply(request, asked, response)
        return WireHead(200, JSON), DIALECT.encode_embed_response(asked, response)

    def other(self, operation: str, request: ServedRequest, now: float) -> tuple[WireHead, list[bytes]]:
        """The list of models of a compatible API, or a count of tokens."""
        assert isinstance(request, HttpRequest)
        face = self._compatible_face(request)
        if face is not None:
            return face.other(operation, request, now)
        text = DIALECT.decode_count_request(request).text
        pieces = tuple(split(text))
        count = TokenCount(tokens=len(pieces), characters=len(text), pieces=pieces, request_id=REQUEST_ID)
        return WireHead(200, JSON), [DIALECT.encode_token_count(count)]

    def _compatible_face(self, request: ServedRequest) -> OpenAIFace | None:
        """The face that answers on OpenAI's wire; None where the native API is meant."""
        host = _field(request, b"host")
        for hosts, face in ((TOKENHUB, self._tokenhub), (COMPATIBLE, self._compatible)):
            if not names_host(host, ()) and names_host(host, hosts):
                return face
        if not names_host(host, ()):
            return None
        if request.target.startswith(b"/compatible/"):
            return self._compatible
        return self._tokenhub if request.target.startswith(b"/v1/") else None


def _field(request: ServedRequest, wanted: bytes) -> str:
    found = next((value for name, value in request.headers if name.lower() == wanted), b"")
    return found.decode("latin-1").strip()


def _refusal(why: Why, request: ServedRequest, detail: str) -> tuple[str, str]:
    """Code and words: a field that is missing has others than one that is wrong."""
    if why in (Why.MISSING_HEADER, Why.NO_SUCH_ADDRESS):
        missing = [name for name in NEEDED if not _field(request, name.encode())]
        if missing:
            return "MissingParameter", f"the header {missing[0]} is missing"
    if why is Why.INVALID_REQUEST and detail.startswith("X-TC-Version"):
        return _VERSION
    if why is Why.INVALID_REQUEST and detail.endswith("is required"):
        return _MISSING
    return REFUSALS[why]


def _check_order(messages: tuple[Message, ...]) -> None:
    """System at most first, then user and assistant in turn, at the end a user or a tool; nothing empty."""
    turns = list(messages)
    if turns[0].role is Role.SYSTEM:
        del turns[0]
    before: Role | None = None
    for message in turns:
        role = message.role
        after = _BEFORE.get(role, ())
        if before not in after:
            raise InputError(
                f"Messages: {role.value} must not follow {before.value if before else 'nothing'}"
            )
        if not message.content or (role is Role.USER and not _says(message)):
            raise InputError(f"Messages: the content of a message of {role.value} must not be empty")
        before = role
    if before not in (Role.USER, Role.TOOL):
        raise InputError("Messages: the last one must be of the user or of a tool")


_BEFORE: Mapping[Role, tuple[Role | None, ...]] = {
    Role.USER: (None, Role.ASSISTANT),
    Role.ASSISTANT: (Role.USER, Role.TOOL),
    Role.TOOL: (Role.ASSISTANT, Role.TOOL),
}
"""What may stand before a message of each role."""


def _says(message: Message) -> bool:
    return any(getattr(part, "text", "something") for part in message.content)


FACES: Mapping[str, FaceMaker] = {"hunyuan": HunyuanFace}
