"""Reads what the SDK's client wants to send, and words what comes of it. Knows nothing of its classes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote

import msgspec
from msgspec.structs import replace

from baimo.client.answering import fields_of
from baimo.dialect.protocols import ServedDialect
from baimo.dialects import openai_chat, openai_responses
from baimo.errors import (
    BudgetError,
    ConfigError,
    Error,
    LimitReachedError,
    MissingKeyError,
    NotFoundError,
    UnknownProviderError,
    UnsupportedError,
)
from baimo.serving.asked import read_asked, serving
from baimo.types.chat import ChatRequest
from baimo.types.content import Replay
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.models import ModelInfo
from baimo.wire.http import HeaderFields, HttpRequest, WireHead, with_headers

from .openai_places import CHAT, RESPONSES, Places

_DIALECTS: tuple[ServedDialect, ...] = (openai_chat.DIALECT, openai_responses.DIALECT)
_SERVED = ("chat", "embed", "models")
_JSON = ((b"content-type", b"application/json"),)
_OURS = ((b"x-should-retry", b"false"),)
"""The plan has tried again as often as it may: two that do so would multiply."""
_STATUS: tuple[tuple[type[Error], int], ...] = (
    (MissingKeyError, 401),
    (UnknownProviderError, 404),
    (ConfigError, 400),
    (LimitReachedError, 429),
    (BudgetError, 402),
)
_SDK_FIELDS = re.compile(
    r"accept|accept-encoding|authorization|connection|content-length|content-type|host|idempotency-key"
    r"|openai-organization|openai-project|transfer-encoding|user-agent|x-stainless-.*"
)
"""What the SDK says for itself. The provider's own signer says who calls."""
_AT_HOME = ("openai-organization", "openai-project")
_KEPT = ("previous_response_id", "conversation")
_USUAL_READ_S = 600.0
"""The SDK's own limit, where the caller says nothing: ours are closer."""


class Order(NamedTuple):
    """What the SDK's client asks for."""

    dialect: Any
    operation: str
    model: str = ""
    """As a client names it; of an operation on models the provider, empty for all."""
    request: ChatRequest | EmbedRequest | None = None
    headers: Mapping[str, str] = {}
    timeout: float | None = None
    within: Mapping[str, float] | None = None
    wanted: str | None = None
    """The one model that is asked about."""
    asked: EmbedRequest | None = None
    """As the SDK asked for vectors: how numbers travel is between it and us."""


def read(
    places: Places,
    wire: HttpRequest,
    headers: Iterable[tuple[str, str]],
    timeouts: Mapping[str, float | None],
) -> Order:
    """The order in a request of the SDK. Raises baimo's errors for what is not served or not understood."""
    path = wire.target.partition(b"?")[0]
    one = re.search(rb"/models/([^/]+)$", path) if wire.method == "GET" else None
    if one is not None:
        return _one_model(places, unquote(one[1].decode("ascii", "replace")))
    found = serving(_DIALECTS, wire)
    if found is None or found[1] not in _SERVED:
        raise NotFoundError(
            f"{wire.method} {path.decode('latin-1')} is not served here",
            hint="Chat, responses, embeddings and models are. Use the SDK's own client for the rest.",
            status=404,
        )
    dialect, operation = found
    asked = read_asked(dialect, operation, wire)
    if asked.request is None:
        told = parse_qs(wire.target.partition(b"?")[2].decode("ascii", "replace")).get("provider")
        return Order(dialect, operation, told[0] if told else places.home if places.only else "")
    request = asked.request
    model = places.name(request.model, dialect.name)
    if isinstance(request, EmbedRequest):
        read_s = timeouts.get("read")
        timeout = None if read_s == _USUAL_READ_S else read_s
        plain = replace(request, encoding=None, unsupported="drop", headers=_headers(places, model, headers))
        return Order(dialect, operation, model, plain, timeout=timeout, asked=request)
    if request.foreign is not None and dialect.name == RESPONSES:
        _check_kept(places, model, request.foreign)
    return Order(
        dialect,
        operation,
        model,
        request,
        _headers(places, model, headers),
        *_limits(timeouts, stream=request.stream),
    )


def known(places: Places) -> tuple[ModelInfo, ...]:
    """What is known of the models of all providers whose keys are set, without asking anybody."""
    settings = places.settings
    ready = [name for name in settings.provider_names() if settings.key_state(name).is_set]
    infos = [info for name in ready for info in settings.known_models(name)]
    return named(places, infos, provider="")


def named(places: Places, infos: Iterable[ModelInfo], *, provider: str) -> tuple[ModelInfo, ...]:
    """A list as the caller may use it: with the providers' names, but at an address of one's own."""
    if places.only and provider == places.home:
        return tuple(infos)
    return tuple([replace(info, id=f"{info.provider}/{info.id}") for info in infos])


def listed(order: Order, infos: tuple[ModelInfo, ...]) -> bytes:
    """The body of a list, or of the one model of it that was asked for. Raises NotFoundError."""
    if order.wanted is None:
        body: bytes = order.dialect.encode_model_list(infos)
        return body
    found = tuple([info for info in infos if info.id == order.wanted])
    if not found:
        raise NotFoundError(f"no model is called {order.wanted!r}", status=404)
    entries = msgspec.json.decode(order.dialect.encode_model_list(found[:1]))
    return msgspec.json.encode(entries["data"][0])


def embedded(order: Order, response: EmbedResponse) -> tuple[WireHead, bytes]:
    """Head and body of vectors, as numbers or as base64, whichever the SDK asked for."""
    fields = list(fields_of(response.notes, response.cost))
    if response.request_id is not None:
        fields.append((b"x-request-id", response.request_id.encode("latin-1", "replace")))
    body: bytes = order.dialect.encode_embed_response(order.asked, response)
    return WireHead(200, (*_JSON, *fields)), body


def good(body: bytes) -> tuple[WireHead, bytes]:
    """Head and body of a reply that nothing is told of."""
    return WireHead(200, _JSON), body


def headed(head: WireHead, fields: HeaderFields) -> WireHead:
    """A head with more fields."""
    return WireHead(head.status, with_headers(head.headers, fields))


def refusal(error: Error) -> tuple[WireHead, bytes]:
    """Head and body of a failure: in the words of the wire, with our message, hint and code."""
    head, body = openai_chat.DIALECT.encode_error(error)
    told = msgspec.json.decode(body)
    told["error"]["message"] = _message(error)
    told["error"]["code"] = told["error"]["code"] or error.code
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), head.status)
    fields = (*_OURS, (b"x-baimo-code", error.code.encode()))
    return WireHead(status, with_headers(head.headers, fields)), msgspec.json.encode(told)


def _message(error: Error) -> str:
    """What happened and what to do, without what the exception has fields for."""
    where = f"{error.provider}: " if error.provider else ""
    return f"{where}{error.message}" + (f" ({error.hint})" if error.hint else "")


def _check_kept(places: Places, named: str, foreign: Replay) -> None:
    """Refuse to leave out earlier turns that are kept elsewhere: the answer would be to another question."""
    kept = [name for name in _KEPT if msgspec.json.decode(foreign.json).get(name) is not None]
    at = places.settings.resolve(named, RESPONSES)[0][0]
    if kept and at.dialect.name != RESPONSES:
        raise UnsupportedError(
            f"{kept[0]}: {at.name} is not reached by the Responses API, and keeps no earlier turns",
            hint="Send them as items of input.",
        )


def _one_model(places: Places, wanted: str) -> Order:
    name = places.name(wanted, CHAT)
    provider = places.home if places.only else name.partition("/")[0]
    return Order(openai_chat.DIALECT, "models", provider, wanted=wanted if places.only else name)


def _headers(places: Places, named: str, headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Fields that the caller laid over his call; his organization is nobody else's business."""
    at_home = named.startswith((f"{places.home}/", f"{places.responses_home}/"))
    return {
        name: value
        for name, value in headers
        if not _SDK_FIELDS.fullmatch(name.lower()) or (at_home and name.lower() in _AT_HOME)
    }


def _limits(
    timeouts: Mapping[str, float | None], *, stream: bool
) -> tuple[float | None, dict[str, float] | None]:
    """The SDK's limits in ours: what bounds a read bounds a whole answer, or the wait for each piece."""
    read_s, connect_s = timeouts.get("read"), timeouts.get("connect")
    if read_s is None or read_s == _USUAL_READ_S:
        return None, None
    within = {} if connect_s is None else {"connect": connect_s}
    if not stream:
        return read_s, within
    return None, {**within, "first_event": read_s, "idle": read_s}
