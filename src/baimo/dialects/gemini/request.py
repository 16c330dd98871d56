"""Neutral requests to this wire's bodies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from baimo.dialect.aside import set_aside
from baimo.dialect.complaints import Complaints
from baimo.dialect.protocols import Site
from baimo.errors import InputError
from baimo.types.chat import USUAL_TIERS, ChatRequest, Message
from baimo.wire.http import HeaderFields, HttpRequest, header_fields, with_headers

from .contents import ContentsEncoder
from .parts import laid_over
from .quirks import Quirks
from .settings import encode_settings
from .tools import encode_tools
from .words import FORM, FUNCTIONS, NAME, address, collection

_HEAD: HeaderFields = ((b"content-type", b"application/json"), (b"accept", b"application/json"))
_STREAM_HEAD: HeaderFields = ((b"content-type", b"application/json"), (b"accept", b"text/event-stream"))

DEFAULTS = Quirks()


def encode_request(request: ChatRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises InputError or UnsupportedError."""
    quirks: Quirks = site.quirks or DEFAULTS
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider or "Gemini")
    if not request.messages:
        raise InputError("messages is empty; a request needs at least one")
    foreign = foreign_fields(request)
    foreign.pop(FORM, None)
    functions = foreign.pop(FUNCTIONS, {})
    messages = request.messages
    if not quirks.result_media:
        messages = set_aside(messages, lambda part: True, complaints)
    system, contents = ContentsEncoder(complaints, quirks, files_of(site)).encode(messages)
    if not contents:
        raise InputError("messages holds the system's words only; a request needs a turn of the user")
    body: dict[str, Any] = {"contents": contents}
    if system is not None:
        body["systemInstruction"] = system
    body |= encode_tools(request, functions, quirks, complaints)
    settings = encode_settings(request, quirks, complaints)
    if settings:
        body["generationConfig"] = settings
    _beside(request, body, quirks, complaints)
    body = laid_over(laid_over(body, foreign), request.extra)
    method = "streamGenerateContent" if request.stream else "generateContent"
    origin, target = address(site, request.model, method)
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target + b"?alt=sse" if request.stream else target,
        headers=headers(_STREAM_HEAD if request.stream else _HEAD, request.headers),
        body=to_json(body, request.messages),
        notes=tuple(complaints.notes),
    )


def _beside(request: ChatRequest, body: dict[str, Any], quirks: Quirks, complaints: Complaints) -> None:
    """What stands beside contents, tools and settings."""
    if request.service_tier not in USUAL_TIERS:
        body["serviceTier"] = request.service_tier
    if request.store is not None:
        body["store"] = request.store
    if request.metadata:
        if quirks.labels:
            body["labels"] = request.metadata
        else:
            complaints.cannot("metadata")


def files_of(site: Site) -> str:
    """The address in front of the name of a file that was sent before."""
    origin, target = collection(site)
    return f"{origin}{target.decode().removesuffix('models')}files/"


def foreign_fields(request: ChatRequest) -> dict[str, Any]:
    """Fields of a caller's own request of this wire that have no neutral name."""
    if request.foreign is None or request.foreign.dialect != NAME:
        return {}
    fields: dict[str, Any] = msgspec.json.decode(request.foreign.json)
    return fields


def headers(fields: HeaderFields, more: Mapping[str, str]) -> HeaderFields:
    """Header fields with the caller's on top."""
    return with_headers(fields, header_fields(dict(more))) if more else fields


def to_json(body: Any, messages: tuple[Message, ...] = ()) -> bytes:
    """Compact UTF-8. Raises InputError for half surrogates, naming the message that holds one."""
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:
        where = "the request"
        for index, message in enumerate(messages):
            try:
                msgspec.json.encode(message)
            except UnicodeEncodeError:
                where = f"messages[{index}]"
                break
        raise InputError(f"{where} holds half a surrogate pair, which is no valid Unicode text") from None
    except TypeError as error:
        raise InputError(f"the request holds a value that is no JSON: {error}") from None
