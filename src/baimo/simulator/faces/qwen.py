"""Alibaba's Model Studio: DashScope's own API and the compatible one, with the keys of one region.

Which is meant, the path tells: `/api/v1` is DashScope's own, `/compatible-mode/v1` OpenAI's wire. It refuses
what the real one refuses: a model at the address of other models, a whole reply of a model that only streams,
whole texts in a stream of a model that thinks, results without calls, a JSON object that nobody speaks of.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace

from baimo.dialect.protocols import ChatEncoder
from baimo.dialects.dashscope import DIALECT
from baimo.dialects.dashscope.address import is_multimodal
from baimo.dialects.dashscope.words import form_of
from baimo.errors import ContentFilteredError, OverloadedError, RateLimitedError, ServerError
from baimo.simulator.ranking import rank
from baimo.simulator.reply import split
from baimo.simulator.words import (
    Caller,
    Credentials,
    FaceMaker,
    RefusedError,
    ServedRequest,
    Why,
    without_fault,
)
from baimo.types.chat import ChatRequest, Message, Role
from baimo.types.content import ToolResult
from baimo.types.counting import TokenCount
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.wire.http import HttpRequest, WireHead

from .openai import JSON, OpenAIFace, Refusal, bearer, foreign, shown
from .qwen_making import KEPT, QwenMaking

REQUEST_ID = "00000000-0000-4000-8000-00000000d45c"
"""The id of every refused call."""

_MODELS = ("qwen*", "qwq-*", "qvq-*", "deepseek-*", "glm-*", "kimi-*", "text-embedding-*")
_RANKS = ("*-rerank*",)
_MULTIMODAL = ("qwen*-vl*", "qvq-*", "qwen-audio*", "qwen2-audio*", "qwen3.5-*")
_ONLY_STREAM = ("qwq-*", "qvq-*")
_OPEN_WEIGHTS = ("qwen3-*b", "qwen3-*b-*")
"""Models whose thinking must be off in a whole reply."""

_NO_KEY = (401, "InvalidApiKey", "No API-key provided.")
_BAD_KEY = (401, "InvalidApiKey", "Invalid API-key provided.")
_RATE = (429, "Throttling.RateQuota", "Requests rate limit exceeded, please try again later.")

_REFUSALS: Mapping[Why, tuple[int, str, str]] = {
    Why.MISSING_HEADER: _NO_KEY,
    Why.WRONG_SECRET: _BAD_KEY,
    Why.UNKNOWN_KEY: _BAD_KEY,
    Why.EXPIRED_TOKEN: _BAD_KEY,
    Why.MISSING_PROJECT_SCOPE: (403, "AccessDenied", "Access denied."),
    Why.UNKNOWN_MODEL: (400, "InvalidParameter", "Model not exist."),
    Why.OVER_QUOTA: (400, "Arrearage", "Access denied, please make sure your account is in good standing."),
    Why.OVER_RATE: _RATE,
    Why.OVER_CONCURRENCY: _RATE,
    Why.INPUT_MODERATED: (400, "DataInspectionFailed", "Input data may contain inappropriate content."),
    Why.OUTPUT_MODERATED: (400, "DataInspectionFailed", "Output data may contain inappropriate content."),
    Why.CONTEXT_TOO_LONG: (
        400,
        "InvalidParameter",
        "Range of input length should be [1, 129024]; the prompt is too long",
    ),
    Why.INVALID_REQUEST: (400, "InvalidParameter", "{detail}"),
    Why.NO_SUCH_ADDRESS: (404, "InvalidURL", "Invalid URL: {detail}"),
    Why.SERVER_ERROR: (500, "InternalError", "An internal error has occured, please try again later."),
    Why.OVERLOADED: (503, "ModelServingError", "Too many requests: the system is at its limits."),
}
"""Status, code and words of each refusal."""

_INVALID = "invalid_request_error"
_LIMIT = Refusal(429, "You exceeded your current request limit", "limit_requests", "limit_requests")
_UNFIT = "data_inspection_failed"
_COMPATIBLE: Mapping[Why, Refusal] = {
    Why.MISSING_HEADER: Refusal(401, "You didn't provide an API key.", _INVALID, "invalid_api_key"),
    Why.WRONG_SECRET: Refusal(401, "Incorrect API key provided.", _INVALID, "invalid_api_key"),
    Why.UNKNOWN_MODEL: Refusal(
        404,
        "The model `{detail}` does not exist or you do not have access to it.",
        _INVALID,
        "model_not_found",
    ),
    Why.OVER_QUOTA: Refusal(
        400, "Access denied, please make sure your account is in good standing.", "Arrearage", "Arrearage"
    ),
    Why.OVER_RATE: _LIMIT,
    Why.OVER_CONCURRENCY: _LIMIT,
    Why.INPUT_MODERATED: Refusal(
        400,
        "Input data may contain inappropriate content.",
        _UNFIT,
        _UNFIT,
    ),
    Why.INVALID_REQUEST: Refusal(400, "{detail}", _INVALID, "invalid_parameter_error"),
    Why.NO_SUCH_ADDRESS: Refusal(404, "Not found: {detail}", _INVALID, "invalid_url"),
    Why.SERVER_ERROR: Refusal(500, "An internal error has occured.", "internal_error", "internal_error"),
    Why.OVERLOADED: Refusal(503, "The model is busy.", "model_serving_error", "model_serving_error"),
}

_URL = "url error, please check url！"
_STREAM = "This model only support stream mode, please enable the stream parameter to access the model. "
_THINKING = "parameter.enable_thinking must be set to false for non-streaming calls"
_PIECES = 'The incremental_output parameter must be "true" when enable_thinking is true'
_WORD = "'messages' must contain the word 'json' in some form, to use a 'response_format' of 'json_object'."
_TOOL = 'messages with role "tool" must be a response to a preceeding message with "tool_calls".'
_BOUNDS: tuple[tuple[str, float, float, str], ...] = (
    ("top_p", 0.0, 1.0, "Range of top_p should be (0.0, 1.0]"),
    ("presence_penalty", -2.0, 2.0, "Presence_penalty should be in [-2.0, 2.0]"),
    ("n", 1, 4, "Range of n should be [1, 4]"),
)


class _Compatible(OpenAIFace):
    """The compatible API: errors carry the call's id beside them."""

    refusals = _COMPATIBLE
    ranks = _RANKS

    def chat_request(self, request: ServedRequest) -> ChatRequest:
        """What is asked for. Raises InputError or RefusedError."""
        asked = super().chat_request(request)
        thinks = foreign(asked).get("enable_thinking")
        if not asked.stream and _is_one(without_fault(asked.model), _OPEN_WEIGHTS) and thinks is not False:
            raise RefusedError(Why.INVALID_REQUEST, _THINKING)
        return asked

    def refuse(
        self, why: Why, request: ServedRequest, *, detail: str = "", retry_after: float | None = None
    ) -> tuple[WireHead, bytes]:
        """Status and body of a refusal. Nothing tells when to come back."""
        head, body = super().refuse(why, request, detail=detail)
        told = {**msgspec.json.decode(body), "request_id": REQUEST_ID}
        return head, msgspec.json.encode(told)


class QwenFace:
    """Model Studio in one region."""

    def __init__(
        self,
        credentials: Credentials | None = None,
        *,
        name: str = "qwen",
        host: str = "dashscope.aliyuncs.com",
    ) -> None:
        self.name = name
        self.hosts = (host,)
        given = credentials or Credentials()
        self._keys = given.over({"api_key": "sk-fakefakefakefakefakefakefake5678"})
        self._making = QwenMaking()
        self._compatible = _Compatible(
            given,
            name=name,
            hosts=self.hosts,
            endpoints={"chat": "/compatible-mode/v1", "ranks": "/compatible-api/v1"},
            key=self._keys["api_key"],
            models=_MODELS,
            listed=("qwen-plus", "qwen3-max", "text-embedding-v4"),
            streaming=_ONLY_STREAM,
        )

    def credentials(self) -> dict[str, str]:
        """The key, which opens both."""
        return dict(self._keys)

    def configuration(self, origin: str) -> dict[str, dict[str, object]]:
        """For each endpoint its address here and the key."""
        addresses = {"chat": "/compatible-mode/v1", "native": "/api/v1"}
        return {
            endpoint: {"endpoint": endpoint, "base_url": origin + base, **self._keys}
            for endpoint, base in addresses.items()
        }

    def operation(self, request: ServedRequest) -> str | None:
        """All of DashScope's own; chat, embeddings, ranks, models of the compatible; files that were made."""
        if not isinstance(request, HttpRequest):
            return None
        if _is_compatible(request):
            return self._compatible.operation(request)
        operation = DIALECT.operation(request.method, request.target, request.headers)
        operation = operation if request.target.startswith(b"/api/v1/") else None
        return self._making.operation(request, operation)

    def identify(self, request: ServedRequest, now: float) -> Caller:
        """Check the bearer key, which files do without. Raises RefusedError."""
        if request.target.startswith(KEPT):
            return Caller(key="anybody")
        known = self._keys["api_key"]
        if not hmac.compare_digest(bearer(request).encode(), known.encode()):
            raise RefusedError(Why.WRONG_SECRET, "the bearer key is another")
        return Caller(key=shown(known))

    def chat_request(self, request: ServedRequest) -> ChatRequest:
        """What is asked for. Raises InputError or RefusedError."""
        assert isinstance(request, HttpRequest)
        if _is_compatible(request):
            return self._compatible.chat_request(request)
        asked = DIALECT.decode_request(request)
        name = self._served(asked.model)
        if is_multimodal(request.target) is not _is_one(name, _MULTIMODAL):
            raise RefusedError(Why.INVALID_REQUEST, _URL)
        _check_words(asked, name)
        _check_messages(asked.messages)
        return asked

    def encoder(self, request: ServedRequest, asked: ChatRequest) -> ChatEncoder:
        """Writes the reply."""
        face = self._compatible if _is_compatible(request) else None
        return DIALECT.encoder(asked) if face is None else face.encoder(request, asked)

    def refuse(
        self, why: Why, request: ServedRequest, *, detail: str = "", retry_after: float | None = None
    ) -> tuple[WireHead, bytes]:
        """Status and body of a refusal. Nothing tells when to come back."""
        if _is_compatible(request):
            return self._compatible.refuse(why, request, detail=detail)
        status, code, words = _REFUSALS.get(why) or _REFUSALS[Why.INVALID_REQUEST]
        told = {"code": code, "message": words.format(detail=detail), "request_id": REQUEST_ID}
        return WireHead(status, (*JSON, (b"x-request-id", REQUEST_ID.encode()))), msgspec.json.encode(told)

    def interrupt(self, why: Why, request: ServedRequest, encoder: ChatEncoder) -> list[bytes]:
        """An event that is an error; of a whole reply nothing but the error."""
        if _is_compatible(request):
            return self._compatible.interrupt(why, request, encoder)
        kind = _FAILURES.get(why, ServerError)
        status, code, words = _REFUSALS.get(why) or _REFUSALS[Why.SERVER_ERROR]
        error = kind(words.format(detail=why.value), status=status, provider_code=code, request_id=REQUEST_ID)
        return encoder.error(error)

    def embed_request(self, request: ServedRequest) -> EmbedRequest:
        """What is asked for. Raises InputError or RefusedError."""
        assert isinstance(request, HttpRequest)
        if _is_compatible(request):
            return self._compatible.embed_request(request)
        asked = DIALECT.decode_embed_request(request)
        name = self._served(asked.model)
        return replace(asked, dimensions=asked.dimensions or (1536 if name < "text-embedding-v3" else 1024))

    def embed_reply(
        self, request: ServedRequest, asked: EmbedRequest, response: EmbedResponse
    ) -> tuple[WireHead, bytes]:
        """The vectors."""
        if _is_compatible(request):
            return self._compatible.embed_reply(request, asked, response)
        return WireHead(200, JSON), DIALECT.encode_embed_response(asked, response)

    def other(self, operation: str, request: ServedRequest, now: float) -> tuple[WireHead, list[bytes]]:
        """What the compatible API has besides, ranks, a count of tokens, or what is made besides words."""
        assert isinstance(request, HttpRequest)
        if _is_compatible(request):
            return self._compatible.other(operation, request, now)
        if operation == "rerank":
            ranking = DIALECT.decode_rerank_request(request)
            self._served(ranking.model, _RANKS)
            return WireHead(200, JSON), [DIALECT.encode_rerank_response(ranking, rank(ranking))]
        if operation != "count":
            return self._making.answer(operation, request)
        asked = DIALECT.decode_count_request(request)
        self._served(asked.model)
        pieces = tuple(split(asked.text))
        count = TokenCount(tokens=len(pieces), pieces=pieces, request_id=REQUEST_ID)
        return WireHead(200, JSON), [DIALECT.encode_token_count(count)]

    def _served(self, model: str, patterns: tuple[str, ...] = _MODELS) -> str:
        """The model's name. Raises RefusedError for one that is not served."""
        name = without_fault(model)
        if not _is_one(name, patterns):
            raise RefusedError(Why.UNKNOWN_MODEL, name)
        return name


_FAILURES: Mapping[Why, Any] = {
    Why.OUTPUT_MODERATED: ContentFilteredError,
    Why.OVERLOADED: OverloadedError,
    Why.OVER_RATE: RateLimitedError,
}


def _is_compatible(request: ServedRequest) -> bool:
    return request.target.startswith((b"/compatible-mode/", b"/compatible-api/"))


def _is_one(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _check_words(asked: ChatRequest, name: str) -> None:
    """Raises RefusedError for parameters that are out of range or do not go together."""
    if asked.temperature is not None and not 0 <= asked.temperature < 2:
        raise RefusedError(Why.INVALID_REQUEST, "Temperature should be in [0.0, 2.0)")
    for field, low, high, words in _BOUNDS:
        value = getattr(asked, field)
        if value is not None and not low <= value <= high:
            raise RefusedError(Why.INVALID_REQUEST, words)
    thinks = asked.reasoning is not None and asked.reasoning.enabled is True
    off = asked.reasoning is not None and asked.reasoning.enabled is False
    if not asked.stream and _is_one(name, _ONLY_STREAM):
        raise RefusedError(Why.INVALID_REQUEST, _STREAM)
    if not asked.stream and _is_one(name, _OPEN_WEIGHTS) and not off:
        raise RefusedError(Why.INVALID_REQUEST, _THINKING)
    if asked.stream and thinks and form_of(asked).incremental is False:
        raise RefusedError(Why.INVALID_REQUEST, _PIECES)
    form = asked.response_format
    said = "".join([message.text for message in asked.messages])
    if form is not None and form.type == "json_object" and "json" not in said.lower():
        raise RefusedError(Why.INVALID_REQUEST, _WORD)


def _check_messages(messages: tuple[Message, ...]) -> None:
    """Raises RefusedError for a result whose call does not stand before it."""
    called: set[str] = set()
    for message in messages:
        called.update(call.id for call in message.tool_calls)
        for part in message.content:
            if isinstance(part, ToolResult) and part.call_id not in called:
                raise RefusedError(Why.INVALID_REQUEST, _TOOL)
    if messages[-1].role is Role.SYSTEM:
        raise RefusedError(Why.INVALID_REQUEST, "The last message must be of the user or of a tool.")


FACES: Mapping[str, FaceMaker] = {
    "qwen": QwenFace,
    "qwen-hk": partial(QwenFace, name="qwen-hk", host="cn-hongkong.dashscope.aliyuncs.com"),
    "qwen-intl": partial(QwenFace, name="qwen-intl", host="dashscope-intl.aliyuncs.com"),
    "qwen-us": partial(QwenFace, name="qwen-us", host="dashscope-us.aliyuncs.com"),
}
