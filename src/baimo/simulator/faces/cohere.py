"""Cohere: its own API and its compatible one, one key for both, models by their names.

It refuses what the real one refuses: results of tools that nobody called, calls without results, a form of
the answer together with documents, texts for vectors without a word of what they are for.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

import msgspec

from baimo.dialect.protocols import ChatEncoder
from baimo.dialects.cohere_chat import DIALECT
from baimo.dialects.openai_chat import DIALECT as COMPATIBLE
from baimo.errors import ServerError
from baimo.simulator import making
from baimo.simulator.ranking import rank
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
from baimo.types.content import ToolResult
from baimo.types.counting import TokenCount
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.events import Finished
from baimo.types.models import ModelInfo
from baimo.wire.http import HeaderFields, HttpRequest, WireHead

from .openai import bearer, foreign, shown

_JSON: HeaderFields = ((b"content-type", b"application/json"),)

_COMPATIBLE = b"/compatibility/v1/"

_CHATS = ("chat", "json_mode", "tools")

_MODELS: tuple[ModelInfo, ...] = (
    ModelInfo(id="command-a-03-2025", provider="cohere", context=288000, capabilities=_CHATS),
    ModelInfo(
        id="command-a-plus-05-2026", provider="cohere", context=128000, capabilities=(*_CHATS, "vision")
    ),
    ModelInfo(
        id="command-a-reasoning-08-2025",
        provider="cohere",
        context=288000,
        capabilities=(*_CHATS, "reasoning"),
    ),
    ModelInfo(id="embed-v4.0", provider="cohere", context=128000, capabilities=("embed", "vision")),
    ModelInfo(id="rerank-v3.5", provider="cohere", context=4096, capabilities=("rerank",)),
    ModelInfo(id="cohere-transcribe-03-2026", provider="cohere", capabilities=("transcribe",)),
)
_SERVED = {
    "chat": ("command*", "c4ai-*"),
    "embed": ("embed-*",),
    "rerank": ("rerank-*",),
    "transcribe": ("cohere-transcribe-*",),
    "count": ("*",),
}
"""Patterns of the models that an operation knows."""

Texts: TypeAlias = Mapping[Why, tuple[int, str]]

_REFUSALS: Texts = {
    Why.MISSING_HEADER: (401, "no api key supplied"),
    Why.WRONG_SECRET: (401, "invalid api token"),
    Why.UNKNOWN_KEY: (401, "invalid api token"),
    Why.EXPIRED_TOKEN: (498, "invalid token"),
    Why.UNKNOWN_MODEL: (404, "model '{detail}' not found, make sure the correct model ID was used"),
    Why.OVER_QUOTA: (402, "Please add or update your payment method"),
    Why.OVER_RATE: (429, "You are past the per minute request limit, please wait and try again later."),
    Why.OVER_CONCURRENCY: (
        429,
        "You are past the per minute request limit, please wait and try again later.",
    ),
    Why.OVERLOADED: (503, "service unavailable"),
    Why.SERVER_ERROR: (500, "internal server error"),
    Why.NO_SUCH_ADDRESS: (404, "page not found"),
    Why.CONTEXT_TOO_LONG: (
        400,
        "too many tokens: total number of tokens in the prompt cannot exceed 128000 - received 128001. Try "
        "using a shorter prompt, or enabling prompt truncating.",
    ),
    Why.INVALID_REQUEST: (400, "invalid request: {detail}"),
}
"""Status and text. What Cohere does not know (a clock, an app, moderation) is a request that it refuses."""


class CohereFace:
    """Cohere's cloud."""

    name = "cohere"
    hosts = ("api.cohere.com", "api.cohere.ai")

    def __init__(self, credentials: Credentials | None = None) -> None:
        self._keys = {
            "api_key": "fakecoherekey00000000000000000000001234",
            **(credentials or Credentials()).given,
        }

    def credentials(self) -> dict[str, str]:
        """The keys that are taken; any of them opens everything."""
        return dict(self._keys)

    def configuration(self, origin: str) -> dict[str, dict[str, object]]:
        """The service itself for its own API, a path of it for the compatible one."""
        bases = {"native": origin, "compatible": f"{origin}/compatibility/v1"}
        return {name: {"endpoint": name, "base_url": base, **self._keys} for name, base in bases.items()}

    def operation(self, request: ServedRequest) -> str | None:
        """Which operation, of either API."""
        if not isinstance(request, HttpRequest):
            return None
        if _is_compatible(request):
            found = COMPATIBLE.operation(request.method, request.target, request.headers)
            return found if found in ("chat", "embed") else None
        return DIALECT.operation(request.method, request.target, request.headers)

    def identify(self, request: ServedRequest, now: float) -> Caller:
        """Check the host and the bearer key. Raises RefusedError."""
        host = next((v.decode("latin-1") for n, v in request.headers if n.lower() == b"host"), "127.0.0.1")
        if not names_host(host, self.hosts):
            raise RefusedError(Why.WRONG_HOST, host)
        sent = bearer(request)
        for known in self._keys.values():
            if hmac.compare_digest(sent.encode(), known.encode()):
                return Caller(key=shown(known))
        raise RefusedError(Why.WRONG_SECRET, "the bearer key is another")

    def chat_request(self, request: ServedRequest) -> ChatRequest:
        """What is asked for. Raises InputError or RefusedError."""
        assert isinstance(request, HttpRequest)
        asked = (COMPATIBLE if _is_compatible(request) else DIALECT).decode_request(request)
        _require_known("chat", asked.model)
        _require_results(asked.messages)
        if asked.response_format is not None and "documents" in foreign(asked):
            raise RefusedError(Why.INVALID_REQUEST, "response_format is not supported with RAG.")
        if asked.tool_choice is not None and not asked.tools:
            raise RefusedError(Why.INVALID_REQUEST, "tool_choice can only be specified with tools")
        return asked

    def encoder(self, request: ServedRequest, asked: ChatRequest) -> ChatEncoder:
        """Writes the reply."""
        return (COMPATIBLE if _is_compatible(request) else DIALECT).encoder(asked)

    def refuse(
        self, why: Why, request: ServedRequest, *, detail: str = "", retry_after: float | None = None
    ) -> tuple[WireHead, bytes]:
        """`{"id": …, "message": "text"}`; a wrong host gets no JSON."""
        if why is Why.WRONG_HOST:
            return WireHead(403), b""
        status, text = _REFUSALS.get(why, _REFUSALS[Why.INVALID_REQUEST])
        fields = _JSON
        if retry_after is not None:
            fields = (*fields, (b"retry-after", f"{retry_after:g}".encode()))
        body = {
            "id": "00000000-0000-4000-8000-000000000000",
            "message": text.format(detail=detail or why.value),
        }
        return WireHead(status, fields), msgspec.json.encode(body)

    def interrupt(self, why: Why, request: ServedRequest, encoder: ChatEncoder) -> list[bytes]:
        """Moderated output ends with a reason of its own; a failure is told in the last event."""
        if why is Why.OUTPUT_MODERATED:
            return [*encoder.feed(Finished(reason=FinishReason.CONTENT_FILTER)), *encoder.end()]
        return encoder.error(ServerError(_REFUSALS.get(why, _REFUSALS[Why.SERVER_ERROR])[1]))

    def embed_request(self, request: ServedRequest) -> EmbedRequest:
        """What is asked for. Raises InputError or RefusedError."""
        assert isinstance(request, HttpRequest)
        asked = (COMPATIBLE if _is_compatible(request) else DIALECT).decode_embed_request(request)
        _require_known("embed", asked.model)
        return asked

    def embed_reply(
        self, request: ServedRequest, asked: EmbedRequest, response: EmbedResponse
    ) -> tuple[WireHead, bytes]:
        """The vectors."""
        dialect: Any = COMPATIBLE if _is_compatible(request) else DIALECT
        return WireHead(200, _JSON), dialect.encode_embed_response(asked, response)

    def other(self, operation: str, request: ServedRequest, now: float) -> tuple[WireHead, list[bytes]]:
        """Ranks, the text of sound, tokens, models and what is known of one."""
        assert isinstance(request, HttpRequest)
        if operation == "rerank":
            ranking = DIALECT.decode_rerank_request(request)
            _require_known("rerank", ranking.model)
            body = DIALECT.encode_rerank_response(ranking, rank(ranking))
        elif operation == "transcribe":
            sound = DIALECT.decode_transcribe_request(request)
            _require_known("transcribe", sound.model)
            body = DIALECT.encode_transcription(sound, making.transcription(sound))
        elif operation == "count":
            counting = DIALECT.decode_count_request(request)
            pieces = tuple([counting.text[at : at + 4] for at in range(0, len(counting.text), 4)])
            body = DIALECT.encode_token_count(TokenCount(tokens=len(pieces), pieces=pieces))
        elif operation == "describe":
            body = DIALECT.encode_description(_model(DIALECT.decode_describe_request(request)))
        else:
            body = DIALECT.encode_model_list(_MODELS)
        return WireHead(200, _JSON), [body]


def _is_compatible(request: ServedRequest) -> bool:
    return request.target.startswith(_COMPATIBLE)


def _require_known(operation: str, model: str) -> None:
    """Raises RefusedError for a model that does not do this."""
    name = without_fault(model)
    if not any(fnmatchcase(name, pattern) for pattern in _SERVED[operation]):
        raise RefusedError(Why.UNKNOWN_MODEL, name)


def _model(name: str) -> ModelInfo:
    found = next((model for model in _MODELS if model.id == name), None)
    if found is None:
        raise RefusedError(Why.UNKNOWN_MODEL, name)
    return found


def _require_results(messages: tuple[Message, ...]) -> None:
    """Raises RefusedError unless each call has its result right behind it, and each result its call."""
    open_calls: set[str] = set()
    for message in messages:
        results = [part.call_id for part in message.content if isinstance(part, ToolResult)]
        for ident in results:
            if ident not in open_calls:
                raise RefusedError(
                    Why.INVALID_REQUEST, f"tool call id {ident} not found in previous tool calls"
                )
            open_calls.discard(ident)
        if message.role is not Role.TOOL and open_calls:
            lacking = ", ".join(sorted(open_calls))
            raise RefusedError(Why.INVALID_REQUEST, f"tool calls {lacking} have no results")
        open_calls |= {call.id for call in message.tool_calls}
    if open_calls:
        lacking = ", ".join(sorted(open_calls))
        raise RefusedError(Why.INVALID_REQUEST, f"tool calls {lacking} have no results")


FACES: Mapping[str, FaceMaker] = {"cohere": CohereFace}
