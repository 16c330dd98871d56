"""Counting tokens, both ways: what a text or a prompt would cost as input of a model."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from baimo.dialect.counted import counted_fields
from baimo.dialect.protocols import Site
from baimo.dialect.status import request_id
from baimo.errors import InputError, WireError
from baimo.types.counting import CountRequest, TokenCount
from baimo.wire.http import HttpRequest, WireHead, header_fields, with_headers

from .request import encode_request
from .whole import decode_body
from .words import HEAD, address, lay_over, to_json

_COUNTED = frozenset(
    (
        *("model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls"),
        *("reasoning", "text", "truncation", "previous_response_id", "conversation"),
    )
)
"""Fields of a request that this operation takes."""
_TEXTS = ("text", "content", "arguments", "output")
"""Fields of an item that hold texts."""


def encode_count(request: CountRequest, site: Site) -> HttpRequest:
    """The unsigned request."""
    origin, target = address(site, "/responses/input_tokens")
    body: dict[str, Any] = {"model": request.model, "input": request.text}
    if request.chat is not None:
        wire = encode_request(replace(request.chat, model=request.model), site)
        body = counted_fields(wire, _COUNTED)
        lay_over(body, request.extra)
        return replace(wire, origin=origin, target=target, body=to_json(body))
    lay_over(body, request.extra)
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target,
        headers=with_headers(HEAD, header_fields(dict(request.headers))),
        body=to_json(body),
    )


class _Reply(msgspec.Struct):
    input_tokens: int


def decode_count(head: WireHead, body: bytes, site: Site) -> TokenCount:
    """The count of a whole reply. Raises ProviderError or WireError."""
    content = decode_body(head, body, site.codes)
    try:
        reply = msgspec.convert(content, _Reply)
    except msgspec.ValidationError as error:
        raise WireError(f"the reply is no count of tokens: {error}") from None
    return TokenCount(tokens=reply.input_tokens, request_id=request_id(head))


class _Asked(msgspec.Struct):
    model: str
    input: str | list[Any]
    instructions: str | None = None


_asked = msgspec.json.Decoder(_Asked)


def decode_count_request(wire: HttpRequest) -> CountRequest:
    """Being the provider: what a caller asks for. Raises InputError naming the field."""
    raw = wire.body if isinstance(wire.body, bytes) else b"".join(wire.body.chunks())
    try:
        asked = _asked.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request is no request for a count: {error}") from None
    words = [*([asked.instructions] if asked.instructions else []), *_words(asked.input)]
    return CountRequest(model=asked.model, text="\n".join(words))


def _words(given: Any) -> list[str]:
    """The texts of an input: one string, or items with texts somewhere in them."""
    if isinstance(given, str):
        return [given]
    if isinstance(given, list):
        return [word for one in given for word in _words(one)]
    if isinstance(given, dict):
        return [
            word for name in ("text", "content", "arguments", "output") for word in _words(given.get(name))
        ]
    return []


def encode_token_count(count: TokenCount) -> bytes:
    """Being the provider: the body of the reply."""
    return msgspec.json.encode({"object": "response.input_tokens", "input_tokens": count.tokens})
