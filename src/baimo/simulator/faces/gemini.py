"""Google's Gemini API: its key in a header or in the address, its models, its compatible neighbour.

It refuses what the real one refuses: a turn of calls that comes back without its signature of thoughts where
the model signs them (Gemini 3), a signature that was never given, a level of thinking for a model that takes
a budget. Where a script says nothing of signatures, the first call of a turn gets one. What its models draw
and speak is in `gemini_making`.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from baimo.dialect.protocols import ChatEncoder
from baimo.dialects.gemini import DIALECT
from baimo.dialects.gemini.contents import STAND_IN
from baimo.dialects.gemini.errors import error_info, quota_failure, retry_info, wire_error
from baimo.dialects.gemini.parts import SIGNATURE, replay_fields
from baimo.dialects.openai_chat import DIALECT as COMPATIBLE
from baimo.errors import Error, ServerError
from baimo.simulator.making import MAKING
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
from baimo.types.chat import ChatRequest, Message, Role
from baimo.types.content import Replay, ToolCall, ToolResult
from baimo.types.counting import TokenCount
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.events import ChatEvent, PartEnded, PartStarted
from baimo.types.models import ModelInfo
from baimo.wire.http import HttpRequest, WireHead

from . import gemini_making
from .gemini_making import JSON

_CHAT = ("generateContent", "countTokens")
_MODELS = (
    ("gemini-3.8-flash", 1048576, 65536, (*_CHAT, "thinking")),
    ("gemini-3.1-pro-preview", 1048576, 65536, (*_CHAT, "thinking")),
    ("gemini-2.5-flash", 1048576, 65536, (*_CHAT, "thinking")),
    ("gemini-embedding-001", 2048, 1, ("embedContent",)),
)
_KNOWN = ("gemini-*", "gemma-*", "text-embedding-*", "text-multilingual-embedding-*", "tunedModels/*")
_EMBEDS = ("*embedding*",)
SIGNING = (
    "gemini-[3-9]*",
    "gemini-omni-*",
    "gemini-pro-latest",
    "gemini-flash-latest",
    "gemini-flash-lite-latest",
)
"""Models that sign their calls and want the signatures back."""

_UNSIGNED = (
    "Function call is missing a thought_signature in functionCall parts. This is required for tools to work "
    "correctly. Function call `{name}`, position {place}."
)
_CORRUPT = "Corrupted thought signature."
_LEVEL = "Thinking level is not supported for this model."
_UNANSWERED = (
    "Please ensure that the number of function response parts is equal to the number of function call parts "
    "of the function call turn."
)

_REFUSALS: Mapping[Why, tuple[int, str, str]] = {
    Why.WRONG_SECRET: (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
    Why.UNKNOWN_KEY: (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
    Why.MISSING_HEADER: (
        403,
        "PERMISSION_DENIED",
        "Method doesn't allow unregistered callers (callers without established identity).",
    ),
    Why.EXPIRED_TOKEN: (401, "UNAUTHENTICATED", "Request had invalid authentication credentials."),
    Why.UNKNOWN_MODEL: (
        404,
        "NOT_FOUND",
        "models/{detail} is not found for API version v1beta, or is not supported for generateContent.",
    ),
    Why.OVER_QUOTA: (429, "RESOURCE_EXHAUSTED", "You exceeded your current quota."),
    Why.OVER_RATE: (429, "RESOURCE_EXHAUSTED", "You exceeded your current quota."),
    Why.OVER_CONCURRENCY: (429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
    Why.CONTEXT_TOO_LONG: (
        400,
        "INVALID_ARGUMENT",
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
    ),
    Why.NO_SUCH_ADDRESS: (404, "NOT_FOUND", "{detail}"),
    Why.SERVER_ERROR: (500, "INTERNAL", "An internal error has occurred."),
    Why.OVERLOADED: (503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
    Why.INVALID_REQUEST: (400, "INVALID_ARGUMENT", "{detail}"),
}
"""Status, word and text. What this provider has no words for is a request that it refuses."""

_REASONS = {
    Why.WRONG_SECRET: "API_KEY_INVALID",
    Why.UNKNOWN_KEY: "API_KEY_INVALID",
    Why.EXPIRED_TOKEN: "ACCESS_TOKEN_EXPIRED",
}


class GeminiFace:
    """The Gemini API."""

    name = "gemini"
    hosts: tuple[str, ...] = ("generativelanguage.googleapis.com",)

    def __init__(self, credentials: Credentials | None = None) -> None:
        self._keys = (credentials or Credentials()).over(
            {"api_key": "AIzaFakeFakeFakeFakeFakeFakeFakeFake1234"}
        )
        self._given: set[str] = set()

    def credentials(self) -> dict[str, str]:
        """The key."""
        return dict(self._keys)

    def configuration(self, origin: str) -> dict[str, dict[str, object]]:
        """The native API, and the compatible one beside it."""
        bases = {"native": f"{origin}/v1beta", "compatible": f"{origin}/v1beta/openai"}
        return {name: {"endpoint": name, "base_url": base, **self._keys} for name, base in bases.items()}

    def operation(self, request: ServedRequest) -> str | None:
        """Which operation, of either API."""
        if not isinstance(request, HttpRequest):
            return None
        if is_compatible(request):
            found = COMPATIBLE.operation(request.method, request.target, request.headers)
            return found if found in ("chat", "models") else None
        found = DIALECT.operation(request.method, request.target, request.headers)
        return gemini_making.operation_of(request, found)

    def identify(self, request: ServedRequest, now: float) -> Caller:
        """Check the host, and the key: in its header, in the address, or as a bearer of the compatible API.
        Raises RefusedError."""
        assert isinstance(request, HttpRequest)
        sent = sent_fields(request)
        host = sent.get(b"host", "127.0.0.1")
        if not names_host(host, self.hosts):
            raise RefusedError(Why.WRONG_HOST, host)
        given = key_of(request, sent)
        if not given:
            raise RefusedError(Why.MISSING_HEADER, "no key")
        if not hmac.compare_digest(given.encode(), self._keys["api_key"].encode()):
            raise RefusedError(Why.WRONG_SECRET, "the key is another")
        return Caller(key=f"…{given[-4:]}")

    def chat_request(self, request: ServedRequest) -> ChatRequest:
        """What is asked for. Raises InputError or RefusedError."""
        assert isinstance(request, HttpRequest)
        asked = (COMPATIBLE if is_compatible(request) else DIALECT).decode_request(request)
        name = without_fault(asked.model).removeprefix("models/")
        if not _matches(name, _KNOWN) or _matches(name, _EMBEDS):
            raise RefusedError(Why.UNKNOWN_MODEL, name)
        if not is_compatible(request):
            self._check(asked, signs=_matches(name, SIGNING))
        return asked

    def _check(self, asked: ChatRequest, *, signs: bool) -> None:
        """Raises RefusedError for a history or a wish that breaks a rule."""
        messages = asked.messages
        for index, message in enumerate(messages):
            calls = message.tool_calls
            if calls and index + 1 < len(messages):
                answers = [part for part in messages[index + 1].content if isinstance(part, ToolResult)]
                if len(answers) != len(calls):
                    raise RefusedError(Why.INVALID_REQUEST, _UNANSWERED)
            if signs:
                self._check_signatures(message, index, is_current=index > _last_question(messages))
        reasoning = asked.reasoning
        if reasoning is not None and reasoning.effort is not None and not signs:
            raise RefusedError(Why.INVALID_REQUEST, _LEVEL)

    def _check_signatures(self, message: Message, index: int, *, is_current: bool) -> None:
        """The first call of each step of the turn under way must have its signature; none may be false."""
        for place, call in enumerate(message.tool_calls):
            signature = replay_fields(call.replay).get(SIGNATURE)
            if signature is None and place == 0 and is_current:
                detail = _UNSIGNED.format(name=call.name, place=index + 1)
                raise RefusedError(Why.INVALID_REQUEST, detail)
            if signature is not None and signature not in (STAND_IN, *self._given):
                raise RefusedError(Why.INVALID_REQUEST, _CORRUPT)

    def encoder(self, request: ServedRequest, asked: ChatRequest) -> ChatEncoder:
        """Writes the reply."""
        if is_compatible(request):
            return COMPATIBLE.encoder(asked)
        signs = _matches(without_fault(asked.model), SIGNING)
        return _Signing(DIALECT.encoder(asked), self._given, asked, signs=signs)

    def refuse(
        self, why: Why, request: ServedRequest, *, detail: str = "", retry_after: float | None = None
    ) -> tuple[WireHead, bytes]:
        """Google's error; under the compatible address it stands in a list."""
        if why is Why.WRONG_HOST:
            return WireHead(
                404, ((b"content-type", b"text/html; charset=UTF-8"),)
            ), b"<title>Error 404</title>"
        status, word, text = _REFUSALS.get(why, _REFUSALS[Why.INVALID_REQUEST])
        details: list[dict[str, Any]] = []
        if why in _REASONS:
            details.append(error_info(_REASONS[why]))
        if why in (Why.OVER_QUOTA, Why.OVER_RATE):
            period = "Day" if why is Why.OVER_QUOTA else "Minute"
            details.append(quota_failure(f"GenerateRequestsPer{period}PerProjectPerModel"))
        if retry_after is not None:
            details.append(retry_info(retry_after))
        error = wire_error(status, word, text.format(detail=detail or why.value), details)
        return WireHead(status, JSON), msgspec.json.encode([error] if is_compatible(request) else error)

    def interrupt(self, why: Why, request: ServedRequest, encoder: ChatEncoder) -> list[bytes]:
        """An error as an event, and nothing behind it."""
        return encoder.error(ServerError(f"the answer stopped: {why.value}"))

    def embed_request(self, request: ServedRequest) -> EmbedRequest:
        """What is asked for. Raises InputError or RefusedError."""
        assert isinstance(request, HttpRequest)
        asked = DIALECT.decode_embed_request(request)
        if not _matches(without_fault(asked.model), _EMBEDS):
            raise RefusedError(Why.UNKNOWN_MODEL, asked.model)
        return asked

    def embed_reply(
        self, request: ServedRequest, asked: EmbedRequest, response: EmbedResponse
    ) -> tuple[WireHead, bytes]:
        """The vectors."""
        return WireHead(200, JSON), DIALECT.encode_embed_response(asked, response)

    def other(self, operation: str, request: ServedRequest, now: float) -> tuple[WireHead, list[bytes]]:
        """Models, one of them, a count of tokens, or what else than words is made."""
        assert isinstance(request, HttpRequest)
        if operation in MAKING:
            return gemini_making.make(operation, request)
        models = tuple([_model(self.name, *fact) for fact in _MODELS])
        if operation == "count":
            text = DIALECT.decode_count_request(request).text
            return WireHead(200, JSON), [DIALECT.encode_token_count(TokenCount(tokens=len(text.split())))]
        if operation == "describe":
            name = DIALECT.decode_describe_request(request)
            found = next((model for model in models if model.id == name), None)
            if found is None:
                raise RefusedError(Why.UNKNOWN_MODEL, name)
            return WireHead(200, JSON), [DIALECT.encode_description(found)]
        dialect = COMPATIBLE if is_compatible(request) else DIALECT
        return WireHead(200, JSON), [dialect.encode_model_list(models)]


class _Signing:
    """Gives the first call of an answer a signature where the model signs and the script has none."""

    def __init__(self, encoder: ChatEncoder, given: set[str], asked: ChatRequest, *, signs: bool) -> None:
        self._encoder = encoder
        self._given = given
        self._signs = signs
        self._salt = f"{asked.model} {len(asked.messages)}"
        self._first: dict[int, int] = {}

    def head(self) -> WireHead:
        """Status and header fields."""
        return self._encoder.head()

    def feed(self, event: ChatEvent) -> list[bytes]:
        """The bytes of one event."""
        if isinstance(event, PartStarted) and isinstance(event.part, ToolCall):
            is_first = event.choice not in self._first
            self._first.setdefault(event.choice, event.index)
            if self._signs and is_first and event.part.replay is None:
                event = replace(event, part=replace(event.part, replay=self._signature(event.part)))
        self._keep(event)
        return self._encoder.feed(event)

    def end(self) -> list[bytes]:
        """What ends the reply."""
        return self._encoder.end()

    def error(self, error: Error) -> list[bytes]:
        """A failure in the middle."""
        return self._encoder.error(error)

    def _signature(self, call: ToolCall) -> Replay:
        made = sha256(f"{self._salt} {call.name} {call.id}".encode("utf-8", "replace")).hexdigest()
        return Replay(dialect=DIALECT.name, json=Raw(msgspec.json.encode({SIGNATURE: made})))

    def _keep(self, event: ChatEvent) -> None:
        """Every signature that goes out may come back."""
        replay = event.part.replay if isinstance(event, PartStarted) else None
        if isinstance(event, PartEnded):
            replay = event.replay
        signature = replay_fields(replay).get(SIGNATURE)
        if signature is not None:
            self._given.add(signature)


def sent_fields(request: ServedRequest) -> dict[bytes, str]:
    """Header fields by name."""
    return {name.lower(): value.decode("latin-1") for name, value in request.headers}


def key_of(request: HttpRequest, sent: Mapping[bytes, str]) -> str:
    """The key that a caller sent, wherever it stands; empty for none."""
    query = parse_qs(request.target.partition(b"?")[2].decode("latin-1"))
    bearer = sent.get(b"authorization", "").removeprefix("Bearer ").strip()
    return sent.get(b"x-goog-api-key", "") or "".join(query.get("key", [])) or bearer


def is_compatible(request: ServedRequest) -> bool:
    """Whether the OpenAI form is asked for."""
    return b"/openai/" in request.target.partition(b"?")[0]


def _last_question(messages: tuple[Message, ...]) -> int:
    """Where the turn under way begins: the last message of the user's that is no result of a tool."""
    return max((i for i, one in enumerate(messages) if one.role is Role.USER), default=-1)


def _model(provider: str, name: str, context: int, most: int, capabilities: tuple[str, ...]) -> ModelInfo:
    return ModelInfo(id=name, provider=provider, context=context, max_output=most, capabilities=capabilities)


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


FACES: Mapping[str, FaceMaker] = {"gemini": GeminiFace}
