"""OpenAI, and whoever is nothing but an OpenAI with another name: a bearer key, four addresses, one shape of
error.

`OpenAIFace` takes what differs as arguments: the key's name, the bases of its endpoints, models, the refusals
and the manner of the replies. Further providers of this wire are made from it.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any

import msgspec

from baimo.dialect.protocols import ChatEncoder
from baimo.dialects.openai_chat import DIALECT
from baimo.dialects.openai_chat.manner import Manner
from baimo.errors import (
    ContentFilteredError,
    Error,
    OverloadedError,
    QuotaError,
    RateLimitedError,
    ServerError,
)
from baimo.simulator import making
from baimo.simulator.making import MAKING
from baimo.simulator.ranking import rank
from baimo.simulator.reply import split
from baimo.simulator.words import (
    Caller,
    Credentials,
    RefusedError,
    ServedRequest,
    Why,
    without_fault,
)
from baimo.types.chat import ChatRequest, FinishReason
from baimo.types.counting import CountRequest, TokenCount
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.events import Finished
from baimo.types.models import ModelInfo
from baimo.wire.http import HeaderFields, HttpRequest, WireHead

JSON: HeaderFields = ((b"content-type", b"application/json"),)


class Refusal(msgspec.Struct, frozen=True):
    """One refusal: `{error: {message, type, param, code}}` under a status. `{detail}` stands for the reason,
    `{key}` for the last characters of the key that was sent."""

    status: int
    message: str
    type: str
    code: str | None = None
    param: str | None = None


OPENAI: Mapping[Why, Refusal] = {
    Why.MISSING_HEADER: Refusal(401, "You did not provide an API key: {detail}", "invalid_request_error"),
    Why.WRONG_SECRET: Refusal(
        401, "Incorrect API key provided: {key}", "invalid_request_error", "invalid_api_key"
    ),
    Why.UNKNOWN_MODEL: Refusal(
        404, "The model `{detail}` does not exist", "invalid_request_error", "model_not_found"
    ),
    Why.OVER_QUOTA: Refusal(
        429, "You exceeded your current quota", "insufficient_quota", "insufficient_quota"
    ),
    Why.OVER_RATE: Refusal(429, "Rate limit reached: {detail}", "requests", "rate_limit_exceeded"),
    Why.OVER_CONCURRENCY: Refusal(429, "Rate limit reached: {detail}", "requests", "rate_limit_exceeded"),
    Why.INPUT_MODERATED: Refusal(
        400,
        "The request was rejected by the safety system",
        "invalid_request_error",
        "content_policy_violation",
    ),
    Why.CONTEXT_TOO_LONG: Refusal(
        400,
        "This model's maximum context length is 128000 tokens; the messages have more. Please reduce the "
        "length of the messages.",
        "invalid_request_error",
        "context_length_exceeded",
    ),
    Why.INVALID_REQUEST: Refusal(400, "{detail}", "invalid_request_error"),
    Why.NO_SUCH_ADDRESS: Refusal(404, "Invalid URL: {detail}", "invalid_request_error"),
    Why.SERVER_ERROR: Refusal(500, "The server had an error while processing the request", "server_error"),
    Why.OVERLOADED: Refusal(
        503, "The engine is currently overloaded", "service_unavailable_error", "server_is_overloaded"
    ),
}
"""What OpenAI answers. A reason that it does not know is an invalid request."""

SERVED = (
    "gpt-*",
    "o?",
    "o?-*",
    "chat-latest",
    "text-embedding-*",
    "dall-e-*",
    "tts-*",
    "whisper-*",
    "omni-moderation-*",
    "text-moderation-*",
)
"""Patterns of OpenAI's models."""

_REASONS = ("o?", "o?-*")
"""Models that think before they answer: they know the newer name of the limit, and no sampling."""
_NO_PARAMETER = "Unsupported parameter: '{name}' is not supported with this model."
_NO_VALUE = (
    "Unsupported value: '{name}' does not support {value:g} with this model. Only the default (1) value is "
    "supported."
)
_ONLY_STREAM = "This model only support stream mode, please enable the stream parameter to access the model. "

_FAILURES: Mapping[Why, type[Error]] = {
    Why.OVER_QUOTA: QuotaError,
    Why.OVER_RATE: RateLimitedError,
    Why.OVER_CONCURRENCY: RateLimitedError,
    Why.OVERLOADED: OverloadedError,
    Why.INPUT_MODERATED: ContentFilteredError,
}


class OpenAIFace:
    """A provider that speaks the dialect `openai_chat`."""

    manner: Manner | None = None
    """How its replies are written where they differ from OpenAI's."""
    refusals: Mapping[Why, Refusal] = OPENAI
    makes: tuple[str, ...] = ()
    """Of the operations in `MAKING` those that are served."""
    counts = False
    """Whether tokens are counted."""
    ranks: tuple[str, ...] = ()
    """Patterns of the models that rank texts."""

    def __init__(
        self,
        credentials: Credentials | None = None,
        *,
        name: str = "openai",
        hosts: tuple[str, ...] = ("api.openai.com",),
        endpoints: Mapping[str, str] = MappingProxyType({"chat": "/v1"}),
        secret: str = "api_key",
        key: str = "sk-fake-0000000000000000000000001234",
        models: tuple[str, ...] = SERVED,
        listed: tuple[str, ...] = ("gpt-6-luna", "text-embedding-3-small"),
        streaming: tuple[str, ...] = (),
    ) -> None:
        """`endpoints` gives for each endpoint's name in the catalogue the path of its base address.

        `secret` is what the configuration calls the key. `models` are patterns of the names that are served,
        `listed` those that the list of models tells, `streaming` patterns of those that answer only as a
        stream, as some of DashScope's do.
        """
        self.name = name
        self.hosts = hosts
        self._bases = dict(endpoints)
        self._keys = {secret: key, **(credentials or Credentials()).given}
        self._models = models
        self._listed = listed
        self._streaming = streaming

    def credentials(self) -> dict[str, str]:
        """The keys that are taken; any of them opens everything."""
        return dict(self._keys)

    def configuration(self, origin: str) -> dict[str, dict[str, object]]:
        """For each endpoint its base address here, and the key."""
        return {endpoint: {"base_url": origin + base, **self._keys} for endpoint, base in self._bases.items()}

    def operation(self, request: ServedRequest) -> str | None:
        """Which operation, if the path is one below a base."""
        if not isinstance(request, HttpRequest):
            return None
        operation = DIALECT.operation(request.method, request.target, request.headers)
        path = request.target.partition(b"?")[0].decode("latin-1")
        known = any(path.startswith(f"{base}/") for base in self._bases.values())
        if not known or operation == "complete" or (operation in MAKING and operation not in self.makes):
            return None
        if (operation == "count" and not self.counts) or (operation == "rerank" and not self.ranks):
            return None
        return operation

    def identify(self, request: ServedRequest, now: float) -> Caller:
        """Check the bearer key. Raises RefusedError."""
        sent = bearer(request)
        for known in self._keys.values():
            if hmac.compare_digest(sent.encode(), known.encode()):
                return Caller(key=shown(known))
        raise RefusedError(Why.WRONG_SECRET, "the bearer key is another")

    def chat_request(self, request: ServedRequest) -> ChatRequest:
        """What is asked for. Raises InputError or RefusedError."""
        assert isinstance(request, HttpRequest)
        asked = DIALECT.decode_request(request)
        self.check_model(asked.model)
        self._check_words(request, asked)
        return asked

    def _check_words(self, request: HttpRequest, asked: ChatRequest) -> None:
        """Raises RefusedError for what the model takes only in other words, or not at all."""
        name = without_fault(asked.model)
        if not asked.stream and _is_one(name, self._streaming):
            raise RefusedError(Why.INVALID_REQUEST, _ONLY_STREAM)
        if not _is_one(name, _REASONS):
            return
        assert isinstance(request.body, bytes)  # what a server has received
        if asked.max_tokens is not None and "max_tokens" in msgspec.json.decode(request.body):
            why = _NO_PARAMETER.format(name="max_tokens")
            raise RefusedError(Why.INVALID_REQUEST, f"{why} Use 'max_completion_tokens' instead.")
        if asked.temperature not in {None, 1}:
            why = _NO_VALUE.format(name="temperature", value=asked.temperature)
            raise RefusedError(Why.INVALID_REQUEST, why)
        for parameter in ("top_p", "frequency_penalty", "presence_penalty", "logprobs", "stop"):
            if getattr(asked, parameter):
                raise RefusedError(Why.INVALID_REQUEST, _NO_PARAMETER.format(name=parameter))

    def check_model(self, model: str) -> None:
        """Raises RefusedError for a model that is not served."""
        name = without_fault(model)
        if not _is_one(name, self._models):
            raise RefusedError(Why.UNKNOWN_MODEL, name)

    def encoder(self, request: ServedRequest, asked: ChatRequest) -> ChatEncoder:
        """Writes the reply."""
        return DIALECT.encoder(asked, self.manner)

    def refuse(
        self, why: Why, request: ServedRequest, *, detail: str = "", retry_after: float | None = None
    ) -> tuple[WireHead, bytes]:
        """Status and body of a refusal; a limit tells when to come back."""
        told = self.refusal(why, detail)
        fields = JSON
        if retry_after is not None:
            fields = (
                *fields,
                (b"retry-after", f"{retry_after:g}".encode()),
                (b"retry-after-ms", str(round(retry_after * 1000)).encode()),
            )
        message = told.message.format(detail=detail, key=_sent_key(request))
        error = {"message": message, "type": told.type, "param": told.param, "code": told.code}
        return WireHead(told.status, fields), msgspec.json.encode({"error": error})

    def refusal(self, why: Why, detail: str) -> Refusal:
        """What stands for that reason."""
        if why is Why.UNKNOWN_KEY:
            why = Why.WRONG_SECRET
        if why is Why.INVALID_REQUEST and detail.startswith("Unsupported "):
            _, name, _ = detail.split("'", 2)
            code = "unsupported_value" if detail.startswith("Unsupported value") else "unsupported_parameter"
            return Refusal(400, "{detail}", "invalid_request_error", code, name)
        return self.refusals.get(why) or self.refusals[Why.INVALID_REQUEST]

    def interrupt(self, why: Why, request: ServedRequest, encoder: ChatEncoder) -> list[bytes]:
        """Moderated output ends with its finish reason; a failure is an error inside the reply."""
        if why is Why.OUTPUT_MODERATED:
            end = Finished(reason=FinishReason.CONTENT_FILTER, raw="content_filter")
            return [*encoder.feed(end), *encoder.end()]
        kind = _FAILURES.get(why, ServerError)
        return encoder.error(kind(self.refusal(why, "").message.format(detail=why.value, key="")))

    def embed_request(self, request: ServedRequest) -> EmbedRequest:
        """What is asked for. Raises InputError or RefusedError."""
        assert isinstance(request, HttpRequest)
        asked = DIALECT.decode_embed_request(request)
        self.check_model(asked.model)
        return asked

    def embed_reply(
        self, request: ServedRequest, asked: EmbedRequest, response: EmbedResponse
    ) -> tuple[WireHead, bytes]:
        """The vectors."""
        return WireHead(200, JSON), DIALECT.encode_embed_response(asked, response)

    def other(self, operation: str, request: ServedRequest, now: float) -> tuple[WireHead, list[bytes]]:
        """The list of models, ranks, a count of tokens, or what else than words is made."""
        if operation in MAKING:
            assert isinstance(request, HttpRequest)
            return self.make(operation, request)
        if operation == "rerank":
            assert isinstance(request, HttpRequest)
            ranking = DIALECT.decode_rerank_request(request)
            if not _is_one(without_fault(ranking.model), self.ranks):
                raise RefusedError(Why.UNKNOWN_MODEL, without_fault(ranking.model))
            return WireHead(200, JSON), [DIALECT.encode_rerank_response(ranking, rank(ranking))]
        if operation == "count":
            assert isinstance(request, HttpRequest)
            return WireHead(200, JSON), [self.count(DIALECT.decode_count_request(request))]
        models = tuple(ModelInfo(id=name, provider=self.name, created=0) for name in self._listed)
        return WireHead(200, JSON), [DIALECT.encode_model_list(models)]

    def count(self, asked: CountRequest) -> bytes:
        """How many tokens the texts have, as the simulator counts them. Raises RefusedError."""
        self.check_model(asked.model)
        return DIALECT.encode_token_count(TokenCount(tokens=len(list(split(asked.text)))))

    def make(self, operation: str, request: HttpRequest) -> tuple[WireHead, list[bytes]]:
        """Images, sound, its text, or what moderation says of a text."""
        head = WireHead(200, JSON)
        if operation == "images":
            picture = DIALECT.decode_images_request(request)
            self.check_model(picture.model)
            return head, [DIALECT.encode_images_response(picture, making.images(picture))]
        if operation == "transcribe":
            sound = DIALECT.decode_transcribe_request(request)
            self.check_model(sound.model)
            if sound.stream and not sound.model.startswith("whisper"):
                return DIALECT.encode_transcript(sound, making.transcription(sound))
            return head, [DIALECT.encode_transcription(sound, making.transcription(sound))]
        if operation == "speak":
            text = DIALECT.decode_speak_request(request)
            self.check_model(text.model)
            return DIALECT.encode_speech(text, making.speech(text))
        looked_at = DIALECT.decode_moderate_request(request)
        self.check_model(looked_at.model)
        return head, [DIALECT.encode_moderation(looked_at, making.moderation(looked_at))]


def _is_one(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def bearer(request: ServedRequest) -> str:
    """The key of a bearer header. Raises RefusedError where there is none."""
    for name, value in request.headers:
        if name.lower() == b"authorization":
            scheme, _, key = value.decode("latin-1").strip().partition(" ")
            if scheme.lower() == "bearer" and key.strip():
                return key.strip()
            raise RefusedError(Why.MISSING_HEADER, "Authorization must be `Bearer KEY`")
    raise RefusedError(Why.MISSING_HEADER, "there is no Authorization header")


def shown(key: str) -> str:
    """The last characters of a key: they name it without being it."""
    return f"…{key[-4:]}"


def _sent_key(request: ServedRequest) -> str:
    try:
        return f"****{bearer(request)[-4:]}"
    except RefusedError:
        return "****"


def foreign(asked: ChatRequest) -> dict[str, Any]:
    """The fields of a request's body that the dialect does not know."""
    if asked.foreign is None:
        return {}
    fields: dict[str, Any] = msgspec.json.decode(asked.foreign.json)
    return fields
