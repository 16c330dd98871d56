"""Amazon Bedrock: Converse, ConverseStream and CountTokens, signed or by an API key.

Every signature is computed anew. Reasoning that Claude gives is signed, and must come back as it was; users
and assistants must take turns, every call must be answered, and a conversation with calls must offer tools.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from baimo.dialect.protocols import ChatEncoder
from baimo.dialects.bedrock_converse import DIALECT
from baimo.dialects.bedrock_converse.served_reply import ReplyEncoder
from baimo.errors import ContentFilteredError, OverloadedError, RateLimitedError, ServerError
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
from baimo.types.chat import ChatRequest, FinishReason
from baimo.types.content import Replay, Thinking
from baimo.types.counting import TokenCount
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.events import ChatEvent, Finished, PartDelta, PartEnded, PartStarted
from baimo.wire.http import HeaderFields, HttpRequest, WireHead

from .aws_signature import verify
from .openai import bearer, shown

REQUEST_ID = "5im01a70-0000-4000-8000-000000000001"

_HEAD: HeaderFields = ((b"content-type", b"application/json"), (b"x-amzn-requestid", REQUEST_ID.encode()))
_SPACE = "http://internal.amazon.com/coral/com.amazon.bedrock/"
_EMBEDS = ("*amazon.titan-embed-*", "*cohere.embed-*")
_MODELS = (
    "*anthropic.claude*",
    "*amazon.*",
    "*meta.llama*",
    "*mistral.*",
    "*openai.*",
    "*deepseek.*",
    "*cohere.*",
)
_SIGNING = ("*anthropic.claude*",)
"""Models whose reasoning is signed."""
_SIGNED_WITH = b"a key that nobody outside knows"

_INVALID = "ValidationException"
_REFUSALS: Mapping[Why, tuple[int, str, str]] = {
    Why.WRONG_SECRET: (
        403,
        "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided.",
    ),
    Why.UNKNOWN_KEY: (
        403,
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    ),
    Why.SKEWED_CLOCK: (403, "InvalidSignatureException", "Signature expired: {detail}"),
    Why.WRONG_HOST: (403, "InvalidSignatureException", "Credential should be scoped to a valid region."),
    Why.MISSING_HEADER: (403, "MissingAuthenticationTokenException", "Missing Authentication Token"),
    Why.EXPIRED_TOKEN: (
        403,
        "ExpiredTokenException",
        "The security token included in the request is expired",
    ),
    Why.WRONG_APP_ID: (403, "AccessDeniedException", "Authentication failed: API key is not valid."),
    Why.MISSING_PROJECT_SCOPE: (
        403,
        "AccessDeniedException",
        "You don't have access to the model with the specified model ID.",
    ),
    Why.UNKNOWN_MODEL: (400, _INVALID, "The provided model identifier is invalid."),
    Why.UNKNOWN_DOMAIN: (400, _INVALID, "The provided model identifier is invalid."),
    Why.UNKNOWN_DEPLOYMENT: (404, "ResourceNotFoundException", "Could not find the model {detail}"),
    Why.OVER_QUOTA: (400, "ServiceQuotaExceededException", "Your request exceeds the service quota."),
    Why.OVER_RATE: (
        429,
        "ThrottlingException",
        "Too many requests, please wait before trying again.",
    ),
    Why.OVER_CONCURRENCY: (429, "ThrottlingException", "Too many connections, please wait."),
    Why.INPUT_MODERATED: (400, _INVALID, "The input was blocked by the content filter."),
    Why.OUTPUT_MODERATED: (400, _INVALID, "The output was blocked by the content filter."),
    Why.CONTEXT_TOO_LONG: (400, _INVALID, "Input is too long for requested model."),
    Why.INVALID_REQUEST: (400, _INVALID, "{detail}"),
    Why.NO_SUCH_ADDRESS: (404, "UnknownOperationException", "{detail}"),
    Why.SERVER_ERROR: (500, "InternalServerException", "The system encountered an unexpected error."),
    Why.OVERLOADED: (503, "ServiceUnavailableException", "Bedrock is unable to process your request."),
}
"""Status, exception and words of each refusal."""


class BedrockFace:
    """The runtime of one region."""

    name = "bedrock"
    region = "us-east-1"
    hosts = ("bedrock-runtime.us-east-1.amazonaws.com",)

    def __init__(self, credentials: Credentials | None = None) -> None:
        own = {
            "access_key": "AKIAFAKEFAKEFAKE1234",
            "secret_key": "fakeSecretAccessKey/OfNobody00000000+001",
            "session_token": "fakeSessionToken/OfNobody+0000000000001=",
            "api_key": "bedrock-api-key-fakeOfNobody00000001234",
        }
        self._keys = (credentials or Credentials()).over(own)

    def credentials(self) -> dict[str, str]:
        """A pair of keys with a session token at will, or an API key."""
        return dict(self._keys)

    def configuration(self, origin: str) -> dict[str, dict[str, object]]:
        """The endpoint, by the pair of keys."""
        pair = {name: self._keys[name] for name in ("access_key", "secret_key")}
        return {"converse": {"base_url": origin, "region": self.region, **pair}}

    def operation(self, request: ServedRequest) -> str | None:
        """Chat, embeddings, or a count of tokens."""
        if not isinstance(request, HttpRequest):
            return None
        return DIALECT.operation(request.method, request.target, request.headers)

    def identify(self, request: ServedRequest, now: float) -> Caller:
        """Check the API key, or the signature with all that it covers. Raises RefusedError."""
        assert isinstance(request, HttpRequest)
        line = next((value for name, value in request.headers if name.lower() == b"authorization"), b"")
        if line[:7].lower() == b"bearer ":
            known = self._keys["api_key"]
            if not hmac.compare_digest(bearer(request).encode(), known.encode()):
                raise RefusedError(Why.WRONG_APP_ID, "the API key is another")
            return Caller(key=shown(known))
        sender = verify(
            request,
            now,
            keys={self._keys["access_key"]: self._keys["secret_key"]},
            service="bedrock",
            region=self.region,
            hosts=self.hosts,
            token=self._keys["session_token"],
        )
        return Caller(key=sender)

    def chat_request(self, request: ServedRequest) -> ChatRequest:
        """What is asked for. Raises InputError or RefusedError."""
        assert isinstance(request, HttpRequest)
        asked = DIALECT.decode_request(request)
        name = without_fault(asked.model)
        if not _is_one(name, _MODELS):
            raise RefusedError(Why.UNKNOWN_MODEL, name)
        assert isinstance(request.body, bytes)  # what a server has received
        body = msgspec.json.decode(request.body)
        _check_turns(body)
        if _is_one(name, _SIGNING):
            _check_reasoning(body, must=asked.reasoning is not None and asked.reasoning.enabled is True)
        return asked

    def encoder(self, request: ServedRequest, asked: ChatRequest) -> ChatEncoder:
        """Writes the reply; reasoning of models that sign it is signed."""
        return _Encoder(asked, signs=_is_one(asked.model, _SIGNING))

    def refuse(
        self, why: Why, request: ServedRequest, *, detail: str = "", retry_after: float | None = None
    ) -> tuple[WireHead, bytes]:
        """The exception; nothing tells when to come back."""
        status, name, words = _REFUSALS[why]
        head = WireHead(status, (*_HEAD, (b"x-amzn-errortype", f"{name}:{_SPACE}".encode())))
        return head, msgspec.json.encode({"message": words.format(detail=detail)})

    def interrupt(self, why: Why, request: ServedRequest, encoder: ChatEncoder) -> list[bytes]:
        """Moderated output ends with its reason; a failure is an exception inside the stream."""
        if why is Why.OUTPUT_MODERATED:
            end = Finished(reason=FinishReason.CONTENT_FILTER, raw="content_filtered")
            return [*encoder.feed(end), *encoder.end()]
        kinds = {
            Why.OVERLOADED: OverloadedError,
            Why.OVER_RATE: RateLimitedError,
            Why.INPUT_MODERATED: ContentFilteredError,
        }
        return encoder.error(kinds.get(why, ServerError)(_REFUSALS[why][2].format(detail=why.value)))

    def embed_request(self, request: ServedRequest) -> EmbedRequest:
        """What is asked for. Raises InputError or RefusedError."""
        assert isinstance(request, HttpRequest)
        asked = DIALECT.decode_embed_request(request)
        name = without_fault(asked.model)
        if not _is_one(name, _EMBEDS):
            raise RefusedError(Why.UNKNOWN_MODEL, name)
        return asked

    def embed_reply(
        self, request: ServedRequest, asked: EmbedRequest, response: EmbedResponse
    ) -> tuple[WireHead, bytes]:
        """The vectors; how many tokens were read, the head tells."""
        count = str(response.usage.input or 0).encode()
        head = WireHead(200, (*_HEAD, (b"x-amzn-bedrock-input-token-count", count)))
        return head, DIALECT.encode_embed_response(asked, response)

    def other(self, operation: str, request: ServedRequest, now: float) -> tuple[WireHead, list[bytes]]:
        """A count of tokens."""
        assert isinstance(request, HttpRequest)
        asked = DIALECT.decode_count_request(request)
        tokens = len(split(asked.text))
        return WireHead(200, _HEAD), [DIALECT.encode_token_count(TokenCount(tokens=tokens))]


class _Encoder(ReplyEncoder):
    """Writes replies under a request's id, with reasoning signed."""

    def __init__(self, asked: ChatRequest, *, signs: bool) -> None:
        super().__init__(asked)
        self._signs = signs
        self._thoughts: dict[int, str] = {}

    def head(self) -> WireHead:
        head = super().head()
        return WireHead(head.status, (head.headers[0], _HEAD[1]))

    def feed(self, event: ChatEvent) -> list[bytes]:
        if self._signs and isinstance(event, PartStarted) and isinstance(event.part, Thinking):
            self._thoughts[event.index] = event.part.text
        elif isinstance(event, PartDelta) and event.index in self._thoughts:
            self._thoughts[event.index] += event.text
        elif isinstance(event, PartEnded) and event.index in self._thoughts:
            sign = {"signature": sign_of(self._thoughts[event.index])}
            event = replace(event, replay=Replay(dialect=DIALECT.name, json=Raw(msgspec.json.encode(sign))))
        return super().feed(event)


def sign_of(thought: str) -> str:
    """The signature of a model's reasoning."""
    return "Eq" + hmac.digest(_SIGNED_WITH, thought.encode(), "sha256").hex() + "=="


def _check_turns(body: dict[str, Any]) -> None:
    """Users and assistants take turns, calls are answered at once, and their tools are offered."""
    before = ""
    open_calls: set[str] = set()
    has_calls = False
    for index, message in enumerate(body["messages"]):
        role = message["role"]
        if role == "system":
            continue
        if role == before:
            raise RefusedError(
                Why.INVALID_REQUEST,
                "A conversation must alternate between user and assistant roles. Make sure the conversation "
                "alternates between user and assistant roles and try again.",
            )
        if not before and role != "user":
            raise RefusedError(
                Why.INVALID_REQUEST, "A conversation must start with a user message. Try again with one."
            )
        calls, results = _calls(message, "toolUse"), _calls(message, "toolResult")
        has_calls = has_calls or bool(calls or results)
        if role == "user" and results != open_calls:
            raise RefusedError(
                Why.INVALID_REQUEST,
                f"Expected toolResult blocks at messages.{index}.content for the following Ids: "
                f"{', '.join(sorted(open_calls)) or 'none'}",
            )
        open_calls = calls if role == "assistant" else set()
        before = role
    if has_calls and "toolConfig" not in body:
        raise RefusedError(
            Why.INVALID_REQUEST,
            "The toolConfig field must be defined when using toolUse and toolResult content blocks.",
        )


def _calls(message: dict[str, Any], kind: str) -> set[str]:
    """Ids of the calls or results of a message; those of the provider's own tools are left out."""
    found = [block[kind] for block in message["content"] if kind in block]
    return {one["toolUseId"] for one in found if "type" not in one or one["type"] == "tool_use"}


def _check_reasoning(body: dict[str, Any], *, must: bool) -> None:
    """Reasoning comes back signed and unaltered; where thinking is on, the calls that it led to come with
    it."""
    messages = body["messages"]
    for index, message in enumerate(messages):
        thoughts = [block["reasoningContent"] for block in message["content"] if "reasoningContent" in block]
        for number, thought in enumerate(thoughts):
            told = thought.get("reasoningText")
            if told is not None and told.get("signature") != sign_of(told.get("text", "")):
                raise RefusedError(
                    Why.INVALID_REQUEST,
                    f"messages.{index}.content.{number}: Invalid `signature` in `thinking` block",
                )
        is_last = must and index == len(messages) - 2 and message["role"] == "assistant"
        if is_last and _calls(message, "toolUse") and "reasoningContent" not in message["content"][0]:
            raise RefusedError(
                Why.INVALID_REQUEST,
                f"messages.{index}.content.0.type: Expected `thinking` or `redacted_thinking`, but found "
                "`tool_use`.",
            )


def _is_one(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


FACES: Mapping[str, FaceMaker] = {"bedrock": BedrockFace}
