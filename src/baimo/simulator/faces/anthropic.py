"""Anthropic: the Messages API with a key in a field of its own, a version, and signed thinking.

What the provider is strict about is checked: the version, the limit of the answer, that each call has its
result in the very next message, that thinking comes back as it was signed in a turn with tools. A prompt
that was marked for the cache is read from it the second time.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from baimo.dialect.protocols import ChatEncoder
from baimo.dialects.anthropic_messages import DIALECT
from baimo.errors import Error, OverloadedError, QuotaError, RateLimitedError, ServerError
from baimo.simulator.reply import count
from baimo.simulator.words import (
    Caller,
    Credentials,
    FaceMaker,
    RefusedError,
    ServedRequest,
    Why,
    without_fault,
)
from baimo.types.chat import ChatRequest, FinishReason
from baimo.types.counting import TokenCount
from baimo.types.events import Finished
from baimo.types.models import ModelInfo
from baimo.wire.http import HeaderFields, HttpRequest, WireHead

from .anthropic_cache import PromptCache
from .anthropic_rules import check_request
from .anthropic_thinking import SignedThinking, check_thinking

VERSIONS = ("2023-06-01", "2026-10-21")
REQUEST_ID = "req_simulated_0001"

_JSON: HeaderFields = ((b"content-type", b"application/json"), (b"request-id", REQUEST_ID.encode()))

_MODELS = ("claude-haiku-4-5", "claude-opus-4-8", "claude-sonnet-5")

_INVALID = (400, "invalid_request_error", "{detail}")
_REFUSALS: Mapping[Why, tuple[int, str, str]] = {
    Why.MISSING_HEADER: (401, "authentication_error", "{detail}"),
    Why.WRONG_SECRET: (401, "authentication_error", "invalid x-api-key"),
    Why.UNKNOWN_KEY: (401, "authentication_error", "invalid x-api-key"),
    Why.EXPIRED_TOKEN: (401, "authentication_error", "invalid x-api-key"),
    Why.WRONG_HOST: (403, "permission_error", "{detail}"),
    Why.UNKNOWN_MODEL: (404, "not_found_error", "model: {detail}"),
    Why.NO_SUCH_ADDRESS: (404, "not_found_error", "{detail}"),
    Why.OVER_QUOTA: (402, "billing_error", "Your credit balance is too low"),
    Why.OVER_RATE: (429, "rate_limit_error", "This request would exceed your rate limit: {detail}"),
    Why.OVER_CONCURRENCY: (429, "rate_limit_error", "Too many concurrent requests: {detail}"),
    Why.CONTEXT_TOO_LONG: (400, "invalid_request_error", "prompt is too long: more than 200000 tokens"),
    Why.INPUT_MODERATED: (400, "invalid_request_error", "Output blocked by content filtering policy"),
    Why.SERVER_ERROR: (500, "api_error", "Internal server error"),
    Why.OVERLOADED: (529, "overloaded_error", "Overloaded"),
}
"""Status, type and message. What is not here is an invalid request."""

_FAILURES: Mapping[Why, type[Error]] = {
    Why.OVER_QUOTA: QuotaError,
    Why.OVER_RATE: RateLimitedError,
    Why.OVER_CONCURRENCY: RateLimitedError,
    Why.OVERLOADED: OverloadedError,
}


class AnthropicFace:
    """Anthropic's API."""

    name = "anthropic"
    hosts = ("api.anthropic.com",)

    def __init__(self, credentials: Credentials | None = None) -> None:
        self._keys = (credentials or Credentials()).over({"api_key": "sk-ant-fake-00000000000000001234"})
        self._cache = PromptCache()

    def credentials(self) -> dict[str, str]:
        """The key, taken in its own field or as a bearer."""
        return dict(self._keys)

    def configuration(self, origin: str) -> dict[str, dict[str, object]]:
        """The one endpoint."""
        return {"messages": {"base_url": origin, **self._keys}}

    def operation(self, request: ServedRequest) -> str | None:
        """chat, count or models, of Anthropic's own addresses."""
        if not isinstance(request, HttpRequest) or not request.target.startswith(b"/v1/m"):
            return None
        return DIALECT.operation(request.method, request.target, request.headers)

    def identify(self, request: ServedRequest, now: float) -> Caller:
        """Check the key and the version. Raises RefusedError."""
        sent = {name.lower(): value.decode("latin-1").strip() for name, value in request.headers}
        key = sent.get(b"x-api-key") or sent.get(b"authorization", "").removeprefix("Bearer ").strip()
        if not key:
            raise RefusedError(Why.MISSING_HEADER, "x-api-key header is required")
        if not hmac.compare_digest(key.encode(), self._keys["api_key"].encode()):
            raise RefusedError(Why.WRONG_SECRET, "the key is another")
        version = sent.get(b"anthropic-version", "")
        if version not in VERSIONS:
            told = f'"{version}" is not a valid version' if version else "header is required"
            raise RefusedError(Why.INVALID_REQUEST, f"anthropic-version: {told}")
        return Caller(key=f"…{key[-4:]}")

    def chat_request(self, request: ServedRequest) -> ChatRequest:
        """What is asked for. Raises InputError or RefusedError."""
        assert isinstance(request, HttpRequest)
        assert isinstance(request.body, bytes)  # what a server has received
        asked = DIALECT.decode_request(request)
        _check_model(asked.model)
        body: dict[str, Any] = msgspec.json.decode(request.body)
        version = next(value for name, value in request.headers if name.lower() == b"anthropic-version")
        check_request(body, version.decode("latin-1"))
        check_thinking(body, without_fault(asked.model))
        return asked

    def encoder(self, request: ServedRequest, asked: ChatRequest) -> ChatEncoder:
        """Writes the reply, its thinking signed, its usage as the cache has it."""
        assert isinstance(request.body, bytes)  # type: ignore[union-attr]
        used = self._cache.look(msgspec.json.decode(request.body))  # type: ignore[union-attr]
        return SignedThinking(DIALECT.encoder(asked), asked, used, REQUEST_ID)

    def refuse(
        self, why: Why, request: ServedRequest, *, detail: str = "", retry_after: float | None = None
    ) -> tuple[WireHead, bytes]:
        """Status and body of a refusal; a limit tells when to come back."""
        status, kind, message = _REFUSALS.get(why, _INVALID)
        fields = _JSON
        if retry_after is not None:
            fields = (*fields, (b"retry-after", f"{retry_after:g}".encode()))
        error = {"type": kind, "message": message.format(detail=detail or why.value)}
        body = {"type": "error", "error": error, "request_id": REQUEST_ID}
        return WireHead(status, fields), msgspec.json.encode(body)

    def interrupt(self, why: Why, request: ServedRequest, encoder: ChatEncoder) -> list[bytes]:
        """Moderated output ends as a refusal; a failure is an event of its own."""
        if why is Why.OUTPUT_MODERATED:
            return [*encoder.feed(Finished(reason=FinishReason.REFUSAL, raw="refusal")), *encoder.end()]
        message = _REFUSALS.get(why, _INVALID)[2].format(detail=why.value)
        return encoder.error(_FAILURES.get(why, ServerError)(message))

    def other(self, operation: str, request: ServedRequest, now: float) -> tuple[WireHead, list[bytes]]:
        """The count of a prompt's tokens, and the list of models."""
        assert isinstance(request, HttpRequest)
        if operation == "count":
            asked = DIALECT.decode_count_request(request)
            _check_model(asked.model)
            return WireHead(200, _JSON), [DIALECT.encode_token_count(TokenCount(tokens=count(asked.text)))]
        models = tuple([ModelInfo(id=name, provider=self.name, created=0) for name in _MODELS])
        return WireHead(200, _JSON), [DIALECT.encode_model_list(models)]


def _check_model(model: str) -> None:
    name = without_fault(model)
    if not fnmatchcase(name, "claude-*"):
        raise RefusedError(Why.UNKNOWN_MODEL, name)


FACES: Mapping[str, FaceMaker] = {"anthropic": AnthropicFace}
