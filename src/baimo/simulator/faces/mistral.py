"""Mistral: a bearer key, fields that it does not know refused with 422, reasoning in parts of the content.

It refuses what the real one refuses: ids of calls that are not nine letters or digits, calls without results,
an answer at the end that is not marked as the beginning of another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from baimo.dialect.protocols import ChatEncoder
from baimo.dialects.openai_chat import DIALECT
from baimo.dialects.openai_chat.manner import Manner
from baimo.errors import Error
from baimo.simulator.words import Credentials, FaceMaker, RefusedError, ServedRequest, Why
from baimo.types.chat import ChatRequest, Message, Role
from baimo.types.content import ToolCall, ToolResult
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.events import ChatEvent, PartDelta, PartEnded, PartStarted
from baimo.wire.http import HttpRequest, WireHead

from .openai import JSON, OpenAIFace, Refusal

_REFUSALS: Mapping[Why, Refusal] = {
    Why.MISSING_HEADER: Refusal(401, "Unauthorized", "detail"),
    Why.WRONG_SECRET: Refusal(401, "Unauthorized", "detail"),
    Why.UNKNOWN_MODEL: Refusal(400, "Invalid model: {detail}", "invalid_model", "1500"),
    Why.OVER_QUOTA: Refusal(402, "Payment required", "payment_required"),
    Why.OVER_RATE: Refusal(429, "Requests rate limit exceeded", "rate_limited", "1300"),
    Why.OVER_CONCURRENCY: Refusal(429, "Requests rate limit exceeded", "rate_limited", "1300"),
    Why.CONTEXT_TOO_LONG: Refusal(
        400,
        "Prompt contains 131073 tokens, too large for model with 131072 maximum context length",
        "invalid_request_prompt",
        "3051",
    ),
    Why.INVALID_REQUEST: Refusal(400, "{detail}", "invalid_request_message_order", "3230"),
    Why.NO_SUCH_ADDRESS: Refusal(404, "no Route matched with those values", "detail"),
    Why.SERVER_ERROR: Refusal(500, "Internal server error", "internal_server_error"),
    Why.OVERLOADED: Refusal(503, "Service unavailable.", "unreachable_backend", "1100"),
}

_FIELDS = frozenset(
    (
        "model",
        "messages",
        "temperature",
        "top_p",
        "max_tokens",
        "stream",
        "stop",
        "random_seed",
        "metadata",
        "response_format",
        "tools",
        "tool_choice",
        "presence_penalty",
        "frequency_penalty",
        "min_tokens",
        "repetition_penalty",
        "top_k",
        "logprobs",
        "top_logprobs",
        "prompt_logprobs",
        "top_prompt_logprobs",
        "n",
        "prediction",
        "parallel_tool_calls",
        "reasoning_effort",
        "prompt_mode",
        "guardrails",
        "prompt_cache_key",
        "service_tier",
        "safe_prompt",
        "prompt",
        "suffix",
    )
)
"""Fields of a body; any other is an error."""

_EXTRA = "Extra inputs are not permitted"
_FILL = b"/v1/fim/completions"


class MistralFace(OpenAIFace):
    """Mistral's cloud."""

    manner = Manner(usage="finish")
    refusals = _REFUSALS

    def __init__(self, credentials: Credentials | None = None) -> None:
        super().__init__(
            credentials,
            name="mistral",
            hosts=("api.mistral.ai",),
            key="fakemistralkey000000000000001234",
            models=("mistral-*", "magistral-*", "ministral-*", "codestral-*", "devstral-*", "pixtral-*"),
            listed=("mistral-small-latest", "magistral-medium-latest", "mistral-embed"),
        )

    def operation(self, request: ServedRequest) -> str | None:
        """Chat, filling in, vectors, the list of models."""
        if isinstance(request, HttpRequest) and _fills(request) and request.method == "POST":
            return "chat"
        return super().operation(request)

    def chat_request(self, request: ServedRequest) -> ChatRequest:
        """What is asked for. Raises InputError or RefusedError."""
        assert isinstance(request, HttpRequest)
        assert isinstance(request.body, bytes)  # what a server has received
        if not _fills(request):
            asked = super().chat_request(request)
            self._forbid_strangers(request.body)
            _check(asked.messages)
            return asked
        body: Any = msgspec.json.decode(request.body)
        self._forbid_strangers(request.body)
        message = {"role": "user", "content": body.pop("prompt", "")}
        known = {name: value for name, value in body.items() if name != "suffix"}
        raw = msgspec.json.encode({**known, "messages": [message]})
        asked = DIALECT.decode_request(replace(request, body=raw))
        self.check_model(asked.model)
        return asked

    def _forbid_strangers(self, raw: bytes) -> None:
        for name in msgspec.json.decode(raw):
            if name not in _FIELDS:
                raise RefusedError(Why.INVALID_REQUEST, f"{_EXTRA}: {name}")

    def embed_request(self, request: ServedRequest) -> EmbedRequest:
        """What is asked for; the number of dimensions has a name of its own."""
        asked = super().embed_request(request)
        size = asked.extra.get("output_dimension")
        return replace(asked, dimensions=size) if isinstance(size, int) else asked

    def embed_reply(
        self, request: ServedRequest, asked: EmbedRequest, response: EmbedResponse
    ) -> tuple[WireHead, bytes]:
        """The vectors, under an id."""
        head, body = super().embed_reply(request, asked, response)
        return head, msgspec.json.encode({"id": "embd-0", **msgspec.json.decode(body)})

    def other(self, operation: str, request: ServedRequest, now: float) -> tuple[WireHead, list[bytes]]:
        """The list of models, each with its kind and what it can do."""
        head, (body,) = super().other(operation, request, now)
        listed = msgspec.json.decode(body)
        for model in listed["data"]:
            chats = not model["id"].endswith("-embed")
            able = {"completion_chat": chats, "function_calling": chats, "completion_fim": False}
            model |= {"type": "base", "capabilities": able}
        return head, [msgspec.json.encode(listed)]

    def encoder(self, request: ServedRequest, asked: ChatRequest) -> ChatEncoder:
        """Writes the reply, reasoning as a part of its content."""
        return _InParts(super().encoder(request, asked))

    def refuse(
        self, why: Why, request: ServedRequest, *, detail: str = "", retry_after: float | None = None
    ) -> tuple[WireHead, bytes]:
        """`{object: "error", message, type, param, code}`, `{detail}`, or 422 with a list of faults."""
        fields = JSON if retry_after is None else (*JSON, (b"retry-after", f"{retry_after:g}".encode()))
        told = self.refusal(why, detail)
        message: Any = told.message.format(detail=detail)
        if detail.startswith(_EXTRA):
            fault = {"type": "extra_forbidden", "loc": ["body", detail.rpartition(" ")[2]], "msg": _EXTRA}
            told, message = Refusal(422, "", "invalid_request_error"), {"detail": [fault]}
        if told.type == "detail":
            return WireHead(told.status, fields), msgspec.json.encode({"detail": message})
        error = {"message": message, "type": told.type, "param": None, "code": told.code}
        return WireHead(told.status, fields), msgspec.json.encode({"object": "error", **error})


def _fills(request: HttpRequest) -> bool:
    return request.target.partition(b"?")[0] == _FILL


def _check(messages: tuple[Message, ...]) -> None:
    """Raises RefusedError for a history that breaks a rule."""
    for index, message in enumerate(messages):
        calls = [call.id for call in message.tool_calls]
        for ident in calls:
            if len(ident) != 9 or not (ident.isascii() and ident.isalnum()):
                rule = "Tool call id was {id} but must be a-z, A-Z, 0-9, with a length of 9."
                raise RefusedError(Why.INVALID_REQUEST, rule.replace("{id}", ident))
        if len(calls) != len(_results(messages[index + 1 :])) and calls:
            raise RefusedError(Why.INVALID_REQUEST, "Not the same number of function calls and responses")
    last = messages[-1]
    if last.role is Role.ASSISTANT and not _is_prefix(last):
        rule = "Expected last role User or Tool (or Assistant with prefix True) for serving but got assistant"
        raise RefusedError(Why.INVALID_REQUEST, rule)


def _results(messages: tuple[Message, ...]) -> list[str]:
    """The calls whose results stand right behind."""
    found: list[str] = []
    for message in messages:
        if message.role is not Role.TOOL:
            break
        found += [part.call_id for part in message.content if isinstance(part, ToolResult)]
    return found


def _is_prefix(message: Message) -> bool:
    return message.replay is not None and msgspec.json.decode(message.replay.json).get("prefix") is True


class _InParts:
    """Writes OpenAI's form as Mistral does: reasoning is a part of the content, beside the text, and calls of
    tools come whole.
    """

    def __init__(self, encoder: ChatEncoder) -> None:
        self._encoder = encoder
        self._calls: dict[tuple[int, int], ToolCall] = {}

    def head(self) -> WireHead:
        """Status and header fields."""
        return self._encoder.head()

    def feed(self, event: ChatEvent) -> list[bytes]:
        """The bytes of one event."""
        if isinstance(event, PartStarted) and isinstance(event.part, ToolCall):
            self._calls[event.choice, event.index] = event.part
            return []
        if isinstance(event, (PartDelta, PartEnded)):
            key = (event.choice, event.index)
            call = self._calls.get(key)
            if call is not None and isinstance(event, PartDelta):
                self._calls[key] = replace(call, arguments=call.arguments + event.text)
                return []
            if call is not None:
                begun = PartStarted(index=event.index, part=self._calls.pop(key), choice=event.choice)
                return [_dressed(item) for one in (begun, event) for item in self._encoder.feed(one)]
        return [_dressed(item) for item in self._encoder.feed(event)]

    def end(self) -> list[bytes]:
        """What ends the reply."""
        return [_dressed(item) for item in self._encoder.end()]

    def error(self, error: Error) -> list[bytes]:
        """A failure in the middle."""
        return self._encoder.error(error)


def _dressed(item: bytes) -> bytes:
    prefix = b"data: " if item.startswith(b"data: ") else b""
    payload = item[len(prefix) :].strip()
    if not payload.startswith(b"{"):
        return item
    body: dict[str, Any] = msgspec.json.decode(payload)
    for choice in body["choices"]:
        said = choice.get("delta", choice.get("message", {}))
        said.pop("refusal", None)
        thought = said.pop("reasoning_content", "")
        if thought:
            parts: list[dict[str, Any]] = [
                {"type": "thinking", "thinking": [{"type": "text", "text": thought}]}
            ]
            if said.get("content"):
                parts.append({"type": "text", "text": said["content"]})
            said["content"] = parts
    return prefix + msgspec.json.encode(body) + (b"\n\n" if prefix else b"")


FACES: Mapping[str, FaceMaker] = {"mistral": MistralFace}
