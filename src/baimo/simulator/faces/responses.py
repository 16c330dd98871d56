"""OpenAI's platform: what `OpenAIFace` serves, and the Responses API beside it.

It refuses what the real one refuses: reasoning without the item that it led to, an item without the
reasoning that led to it, reasoning that was altered or that nobody kept, a call without its output and an
output without its call, encrypted reasoning of a model that does not think, a model asked for where it is
not served.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from fnmatch import fnmatchcase
from hashlib import sha256
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from baimo.dialect.protocols import ChatEncoder
from baimo.dialects.openai_responses import DIALECT
from baimo.errors import Error
from baimo.simulator.making import MAKING
from baimo.simulator.reply import count
from baimo.simulator.words import Credentials, FaceMaker, RefusedError, ServedRequest, Why, without_fault
from baimo.types.chat import ChatRequest
from baimo.types.content import Part, Refusal, Replay, Text, Thinking, ToolCall
from baimo.types.counting import TokenCount
from baimo.types.events import ChatEvent, PartDelta, PartEnded, PartStarted, Started
from baimo.wire.http import HttpRequest, WireHead

from .openai import JSON, OpenAIFace
from .openai import Refusal as Told

_THINKING = ("gpt-5*", "gpt-6*", "o?", "o?-*")
"""Models that think."""
_ONLY = ("*-codex*", "o1-pro*", "o3-pro*", "gpt-5-pro*", "gpt-5.5-pro*", "*-deep-research*")
"""Models that the chat API does not serve."""

_SEAL = b"fake seal of nobody"
_ENCRYPTED = "reasoning.encrypted_content"

_ALONE = "Item '{id}' of type 'reasoning' was provided without its required following item."
_UNLED = "Item '{id}' of type '{kind}' was provided without its required 'reasoning' item: '{thought}'."
_ALTERED = "The encrypted content for item {id} could not be verified. Reason: it was altered."
_GONE = (
    "Item with id '{id}' not found. Items are not persisted when `store` is set to false. Try again with "
    "`store` set to true, or remove this item from your input."
)
_NO_OUTPUT = "No tool output found for function call {id}."
_NO_CALL = "No tool call found for function call output with call_id {id}."
_NOT_THINKING = "Encrypted content is not supported with this model."
_NOT_CHAT = "This model is only supported in v1/responses and not in v1/chat/completions: {id}"

_CALLS = {"function_call": "function_call_output", "custom_tool_call": "custom_tool_call_output"}


class PlatformFace(OpenAIFace):
    """A provider that speaks both of OpenAI's wires."""

    makes = MAKING

    def __init__(
        self,
        credentials: Credentials | None = None,
        *,
        endpoints: Mapping[str, str] = MappingProxyType({"chat": "/v1", "responses": "/v1"}),
        **given: Any,
    ) -> None:
        """As `OpenAIFace`."""
        super().__init__(credentials, endpoints=endpoints, **given)
        self._led_to: dict[str, str] = {}
        """Items that reasoning led to, each with the reasoning."""

    def configuration(self, origin: str) -> dict[str, dict[str, object]]:
        """By itself a client chooses the wire by the model; it may be told to use the Responses API."""
        tables = super().configuration(origin)
        return {
            name: table if name == "chat" else {"endpoint": name, **table} for name, table in tables.items()
        }

    def operation(self, request: ServedRequest) -> str | None:
        """Chat by either wire, counts of tokens, embeddings, the list of models."""
        if not isinstance(request, HttpRequest):
            return None
        path = request.target.partition(b"?")[0].decode("latin-1")
        if _is_responses(request) and any(path.startswith(f"{base}/") for base in self._bases.values()):
            return DIALECT.operation(request.method, request.target, request.headers)
        return super().operation(request)

    def chat_request(self, request: ServedRequest) -> ChatRequest:
        """What is asked for. Raises InputError or RefusedError."""
        assert isinstance(request, HttpRequest)
        if not _is_responses(request):
            asked = super().chat_request(request)
            if _is_one(asked.model, _ONLY):
                raise RefusedError(Why.UNKNOWN_MODEL, _NOT_CHAT.format(id=without_fault(asked.model)))
            return asked
        asked = DIALECT.decode_request(request)
        self.check_model(asked.model)
        body = _body(request)
        if _ENCRYPTED in (body.get("include") or ()) and not _is_one(asked.model, _THINKING):
            raise RefusedError(Why.INVALID_REQUEST, _NOT_THINKING)
        items = body.get("input")
        if isinstance(items, list):
            _check(items, keeps=body.get("store") is not False, goes_on="previous_response_id" in body)
            _check_led_to(items, self._led_to)
        return asked

    def encoder(self, request: ServedRequest, asked: ChatRequest) -> ChatEncoder:
        """Writes the reply."""
        assert isinstance(request, HttpRequest)
        if not _is_responses(request):
            return super().encoder(request, asked)
        wanted = _ENCRYPTED in (_body(request).get("include") or ())
        return _Sealing(DIALECT.encoder(asked), encrypts=wanted, led_to=self._led_to)

    def refusal(self, why: Why, detail: str) -> Told:
        """What stands for that reason."""
        if why is Why.UNKNOWN_MODEL and detail.startswith("This model is only"):
            return Told(404, "{detail}", "invalid_request_error", None, "model")
        if why is Why.INVALID_REQUEST and detail.startswith("The encrypted content"):
            return Told(400, "{detail}", "invalid_request_error", "invalid_encrypted_content")
        if why is Why.INVALID_REQUEST and detail.startswith(("Item ", "No tool ")):
            return Told(400, "{detail}", "invalid_request_error", None, "input")
        if why is Why.INVALID_REQUEST and detail == _NOT_THINKING:
            return Told(400, "{detail}", "invalid_request_error", None, "include")
        return super().refusal(why, detail)

    def other(self, operation: str, request: ServedRequest, now: float) -> tuple[WireHead, list[bytes]]:
        """A count of tokens, or the list of models."""
        if operation != "count":
            return super().other(operation, request, now)
        assert isinstance(request, HttpRequest)
        asked = DIALECT.decode_count_request(request)
        self.check_model(asked.model)
        return WireHead(200, JSON), [DIALECT.encode_token_count(TokenCount(tokens=count(asked.text)))]


def _is_responses(request: HttpRequest) -> bool:
    return b"/responses" in request.target.partition(b"?")[0]


def _is_one(model: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(without_fault(model), pattern) for pattern in patterns)


def _body(request: HttpRequest) -> dict[str, Any]:
    assert isinstance(request.body, bytes)  # what a server has received
    body: dict[str, Any] = msgspec.json.decode(request.body)
    return body


def _check(items: list[dict[str, Any]], *, keeps: bool, goes_on: bool) -> None:
    """Raises RefusedError for a history that breaks a rule."""
    called = {item["call_id"] for item in items if item.get("type") in _CALLS}
    answered = {item["call_id"] for item in items if item.get("type") in _CALLS.values()}
    for index, item in enumerate(items):
        kind, ident = item.get("type"), item.get("call_id")
        if kind == "reasoning":
            _check_reasoning(item, items[index + 1 :], keeps=keeps)
        elif kind in _CALLS and ident not in answered:
            raise RefusedError(Why.INVALID_REQUEST, _NO_OUTPUT.format(id=ident))
        elif kind in _CALLS.values() and ident not in called and not goes_on:
            raise RefusedError(Why.INVALID_REQUEST, _NO_CALL.format(id=ident))


def _check_reasoning(item: dict[str, Any], behind: list[dict[str, Any]], *, keeps: bool) -> None:
    ident, sealed = str(item.get("id")), item.get("encrypted_content")
    if sealed is None and not (keeps and ident.startswith("rs_")):
        raise RefusedError(Why.INVALID_REQUEST, _GONE.format(id=ident))
    if sealed is not None and sealed != _seal(ident, item["summary"]):
        raise RefusedError(Why.INVALID_REQUEST, _ALTERED.format(id=ident))
    after = next((one for one in behind if one.get("type") != "reasoning"), {})
    if after.get("type", "message") == "message" and "id" not in after:
        raise RefusedError(Why.INVALID_REQUEST, _ALONE.format(id=ident))


def _check_led_to(items: list[dict[str, Any]], led_to: Mapping[str, str]) -> None:
    """An item that came behind reasoning, and is named by its id, comes back behind it."""
    before: dict[str, Any] = {}
    for item in items:
        ident = str(item.get("id"))
        thought = led_to.get(ident)
        if thought is not None and before.get("id") != thought:
            told = _UNLED.format(id=ident, kind=item.get("type", "message"), thought=thought)
            raise RefusedError(Why.INVALID_REQUEST, told)
        before = item


def _seal(ident: str, summary: list[dict[str, Any]]) -> str:
    """What stands for the encrypted reasoning: it fits one item alone."""
    text = msgspec.json.encode([ident, [piece.get("text") for piece in summary]])
    return "gAAAAfake" + hmac.new(_SEAL, text, sha256).hexdigest()


class _Sealing:
    """Gives the items of a reply ids that no other reply has, and reasoning its seal."""

    def __init__(self, encoder: ChatEncoder, *, encrypts: bool, led_to: dict[str, str]) -> None:
        self._encoder = encoder
        self._encrypts = encrypts
        self._led_to = led_to
        self._thought: str | None = None
        self._reply = "0"
        self._parts: dict[int, Part] = {}
        self._texts: dict[int, str] = {}

    def head(self) -> WireHead:
        """Status and header fields."""
        return self._encoder.head()

    def feed(self, event: ChatEvent) -> list[bytes]:
        """The bytes of one event."""
        if isinstance(event, Started):
            self._reply = (event.id or "0").replace("-", "")
        elif isinstance(event, PartStarted) and isinstance(event.part, (Text, Refusal, Thinking, ToolCall)):
            ident = self._id(event.part, event.index)
            if isinstance(event.part, Thinking):
                self._thought = ident
            elif self._thought is not None:
                self._led_to[ident], self._thought = self._thought, None
            part = replace(event.part, replay=_kept(id=ident))
            self._parts[event.index], self._texts[event.index] = part, getattr(part, "text", "")
            event = replace(event, part=part)
        elif isinstance(event, PartDelta) and event.index in self._texts:
            self._texts[event.index] += event.text
        elif isinstance(event, PartEnded) and isinstance(self._parts.get(event.index), Thinking):
            event = replace(event, replay=self._reasoning(event.index))
        return self._encoder.feed(event)

    def end(self) -> list[bytes]:
        """What ends the reply."""
        return self._encoder.end()

    def error(self, error: Error) -> list[bytes]:
        """A failure in the middle."""
        return self._encoder.error(error)

    def _id(self, part: Part, index: int) -> str:
        return f"{_PREFIXES.get(type(part), 'msg')}_{self._reply}{index:02d}"

    def _reasoning(self, index: int) -> Replay:
        """The whole item."""
        ident, text = self._id(self._parts[index], index), self._texts[index]
        summary = [{"type": "summary_text", "text": text}] if text else []
        item: dict[str, Any] = {"type": "reasoning", "id": ident, "summary": summary}
        if self._encrypts:
            item["encrypted_content"] = _seal(ident, summary)
        return _kept(**item)


_PREFIXES: Mapping[type, str] = {Thinking: "rs", ToolCall: "fc"}


def _kept(**fields: Any) -> Replay:
    return Replay(dialect=DIALECT.name, json=Raw(msgspec.json.encode(fields)))


FACES: Mapping[str, FaceMaker] = {"openai": PlatformFace}
